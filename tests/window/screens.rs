//! Every screen of the program, one after the other, with something on each: for pictures, and for checks that shall hold
//! on all of them.

use serde_json::{Value, json};

use super::{
    SOON, Window,
    hand::{HEADER, key},
    images::DOCKER,
    page::by_id,
};

/// An LXC with updates.
const PENDING: &str = "nextcloud";

/// Names of the screens, in the order in which they are visited.
pub const SCREENS: &[&str] = &[
    "fleet",
    "fleet-by-update-type",
    "fleet-by-severity",
    "fleet-by-package",
    "fleet-filtered",
    "fleet-selected",
    "fleet-menu",
    "cluster",
    "node",
    "lxc-updates",
    "lxc-images",
    "lxc-history",
    "lxc-agent",
    "lxc-resources",
    "lxc-settings",
    "updates",
    "images",
    "operations",
    "operation",
    "history",
    "audit",
    "plan",
    "plan-images",
    "commands",
    "shortcuts",
    "main-menu",
    "settings-general",
    "settings-clusters",
    "settings-access",
    "settings-agents",
    "settings-scanning",
    "settings-notifications",
    "settings-security",
    "settings-data",
    "settings-appearance",
    "settings-about",
    "wizard",
];

impl Window {
    /// Changes what the user has chosen; `change` is a script's body over `chosen`.
    pub async fn prefer(&self, change: &str) -> anyhow::Result<()> {
        let mut chosen: Value = self.rpc("preferences", json!({})).await?;
        let changed = self
            .evaluate(
                &format!("const chosen = arguments[0]; {change}; return chosen"),
                vec![chosen.take()],
            )
            .await?;
        self.rpc::<Value>("set_preferences", changed)
            .await
            .map(drop)
    }

    /// Goes to a screen of a fleet that has been scanned.
    pub async fn visit(&self, screen: &str) -> anyhow::Result<()> {
        self.leave().await?;
        self.enter_screen(screen).await?;
        self.rest().await
    }

    async fn enter_screen(&self, screen: &str) -> anyhow::Result<()> {
        if let Some(page) = screen.strip_prefix("settings-") {
            self.click("view-settings").await?;
            self.click(screen).await?;
            let page = by_id(&format!("settings-page-{page}"));
            return self.find(&page).await.map(drop);
        }
        match screen {
            "updates" | "images" | "operations" | "history" | "audit" => {
                let view = format!("view-{screen}");
                self.click(&view).await?;
                let there = format!("{}[aria-current=page]", by_id(&view));
                self.find(&there).await.map(drop)
            }
            "operation" => {
                self.click("view-operations").await?;
                self.click_on(".list [data-kind]").await?;
                self.find(&by_id("operation-counts")).await.map(drop)
            }
            "wizard" => {
                self.to_fleet().await?;
                self.click("add-cluster").await?;
                self.find(&by_id("wizard")).await.map(drop)
            }
            "commands" | "shortcuts" | "main-menu" => {
                self.to_fleet().await?;
                match screen {
                    "commands" => self.click("commands").await,
                    "main-menu" => self.click("main-menu").await,
                    _ => self.press(&['\u{E031}']).await,
                }?;
                let shown = match screen {
                    "commands" => "palette",
                    "main-menu" => "main-menu-list",
                    _ => "shortcuts",
                };
                self.find(&by_id(shown)).await.map(drop)
            }
            _ => self.visit_fleet(screen).await,
        }
    }

    async fn visit_fleet(&self, screen: &str) -> anyhow::Result<()> {
        self.to_fleet().await?;
        let row = |name: &str| format!("[role=row][data-name=\"{name}\"]{HEADER}");
        match screen {
            "fleet-by-update-type" | "fleet-by-severity" | "fleet-by-package" => {
                let kind = match screen {
                    "fleet-by-update-type" => "updateType",
                    "fleet-by-severity" => "severity",
                    _ => "package",
                };
                self.click(&format!("group-{kind}")).await?;
                self.find("[data-testid^=\"row-group:\"]").await.map(drop)
            }
            "fleet-filtered" => {
                let field = self.find(&by_id("filter")).await?;
                field.send_keys("tag").await?;
                self.press(&[key::SHIFT, ':']).await?;
                field.send_keys("prod state").await?;
                self.press(&[key::SHIFT, ':']).await?;
                field.send_keys("running ").await?;
                self.reads(&by_id("filter-matches"), "of", SOON)
                    .await
                    .map(drop)
            }
            "fleet-selected" => {
                self.click_on(&row(PENDING)).await?;
                self.press(&[key::SPACE]).await?;
                self.press(&[key::DOWN]).await?;
                self.press(&[key::SPACE]).await?;
                self.reads(&by_id("panel"), "2 LXCs", SOON).await.map(drop)
            }
            "fleet-menu" => {
                self.right_click(&row("pve2")).await?;
                self.find(&by_id("menu")).await.map(drop)
            }
            "cluster" => self.open_row("Homelab Cluster 1").await,
            "node" => self.open_row("pve1").await,
            "plan" | "plan-images" => {
                let action = if screen == "plan" {
                    "update"
                } else {
                    "update-images"
                };
                let name = if screen == "plan" { "pve2" } else { DOCKER };
                self.choose(name, action).await?;
                self.find("[data-testid=plan-approve]:not(:disabled)")
                    .await
                    .map(drop)
            }
            "fleet" => Ok(()),
            _ => {
                let tab = screen.strip_prefix("lxc-").unwrap_or(screen);
                self.open_row(if tab == "images" { DOCKER } else { PENDING })
                    .await?;
                self.click(&format!("tab-{tab}")).await?;
                // What a tab shows is read when it is opened.
                let words = match tab {
                    "updates" => "APT packages",
                    "images" => "Docker",
                    "resources" => "CPU",
                    _ => "",
                };
                self.reads(&by_id("panel"), words, SOON).await.map(drop)
            }
        }
    }

    /// Closes what lies over the page, and takes back what a screen was made with.
    async fn leave(&self) -> anyhow::Result<()> {
        // One at a time, each until it has really gone: what closes gives the focus back.
        let open = "[role=dialog], [role=menu]";
        for _ in 0..3 {
            let script = "return document.querySelector(arguments[0]) !== null";
            if self.evaluate(script, vec![json!(open)]).await? != json!(true) {
                break;
            }
            self.press(&[key::ESCAPE]).await?;
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        }
        self.gone(open, SOON).await?;
        self.to_fleet().await?;
        self.prefer("chosen.grouping = 'hierarchy'").await?;
        for _ in 0..3 {
            let filtered = "return document.querySelector('[data-testid=filter-matches]') !== null";
            if self.evaluate(filtered, vec![]).await? != json!(true) {
                break;
            }
            self.click("filter").await?;
            self.press(&[key::ESCAPE]).await?;
        }
        // Escape takes back a selection.
        self.click_on(&format!("[role=row][data-name=pve1]{HEADER}"))
            .await?;
        self.press(&[key::ESCAPE]).await?;
        Ok(())
    }
}
