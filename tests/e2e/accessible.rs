//! What people with other senses and other hands get: axe finds nothing serious on any screen in either theme, and the
//! engine itself knows the tree's roles and names.

use std::path::Path;

use anyhow::Context as _;
use fantoccini::wd::WebDriverCompatibleCommand;
use serde_json::{Value, json};

use crate::window::{SOON, Window, images::DemoFleet, screens::SCREENS};

/// axe's findings that stop somebody, as `rule: where`. The guards at the ends of a menu pass the focus on in the moment in
/// which they get it: they are there for the keyboard and nobody stays on one.
const FINDINGS: &str = "
const done = arguments[arguments.length - 1];
axe.run({ exclude: [['[data-base-ui-focus-guard]']] }, { resultTypes: ['violations'] }).then(
  (found) => done(found.violations
    .filter((one) => one.impact === 'serious' || one.impact === 'critical')
    .flatMap((one) => one.nodes.map((node) => `${one.id}: ${node.target.join(' ')}: ${node.failureSummary}`))),
  (error) => done([`axe failed: ${error}`]),
);";

#[tokio::test(flavor = "multi_thread")]
async fn no_screen_shuts_anybody_out() -> anyhow::Result<()> {
    let axe = Path::new(env!("CARGO_MANIFEST_DIR")).join("ui/node_modules/axe-core/axe.min.js");
    let axe = std::fs::read_to_string(&axe).with_context(|| axe.display().to_string())?;
    let demo = DemoFleet::open(Path::new(env!("CARGO_BIN_EXE_redflag"))).await?;
    let window = &demo.window;
    window.shows("Add cluster", SOON).await?;
    window.evaluate(&axe, vec![]).await?;
    let mut found = findings(window, "first run").await?;

    window.add_cluster(&demo.lab.facts().clusters[0]).await?;
    window.install_agents().await?;
    window.to_fleet().await?;
    window.click("scan-all").await?;
    window.newest_ended("scan").await?;
    window.to_fleet().await?;
    roles_and_names(window).await?;
    for theme in ["dark", "light"] {
        window
            .prefer(&format!(
                // Colours on the way to their places would be measured there.
                "chosen.look.theme = '{theme}'; chosen.look.reducedMotion = true"
            ))
            .await?;
        for name in SCREENS {
            window
                .visit(name)
                .await
                .with_context(|| format!("on the way to {name}"))?;
            found.extend(findings(window, &format!("{name}, {theme}")).await?);
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
    demo.close().await
}

async fn findings(window: &Window, place: &str) -> anyhow::Result<Vec<String>> {
    let found = window.eventually(FINDINGS, vec![]).await?;
    let found: Vec<String> = serde_json::from_value(found)?;
    Ok(found
        .into_iter()
        .map(|words| format!("{place}: {words}"))
        .collect())
}

/// As assistive programs are told by the engine, not as the page means it.
async fn roles_and_names(window: &Window) -> anyhow::Result<()> {
    for (selector, role, name) in [
        ("[data-testid=tree]", "treegrid", "Fleet"),
        ("[role=row][data-name=pve1]", "row", "pve1"),
        ("[role=row][data-name=nextcloud]", "row", "nextcloud"),
        (
            "[role=row][data-name=nextcloud] [role=rowheader]",
            "rowheader",
            // The engine calls the row by it; of its own it has its text.
            "",
        ),
    ] {
        let element = window.find(selector).await?;
        let ask = |what| Computed {
            element: element.element_id().to_string(),
            what,
        };
        let client = window.client();
        let computed: Value = client.issue_cmd(ask("computedrole")).await?;
        assert_eq!(computed, json!(role), "{selector}");
        let label: Value = client.issue_cmd(ask("computedlabel")).await?;
        let label = label.as_str().unwrap_or_default().to_owned();
        assert!(label.contains(name), "{selector} is called {label:?}");
    }
    Ok(())
}

/// WebDriver's questions about what the engine tells assistive programs.
#[derive(Debug)]
struct Computed {
    element: String,
    what: &'static str,
}

impl WebDriverCompatibleCommand for Computed {
    fn endpoint(
        &self,
        base_url: &url::Url,
        session_id: Option<&str>,
    ) -> Result<url::Url, url::ParseError> {
        let session = session_id.unwrap_or_default();
        base_url.join(&format!(
            "session/{session}/element/{}/{}",
            self.element, self.what
        ))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        (http::Method::GET, None)
    }
}
