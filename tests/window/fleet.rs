//! The main job, step by step, as its user does it: the wizard, the tree, plans and operations.

use std::{
    collections::BTreeMap,
    fmt,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use lab::facts::{ClusterFacts, NodeFacts};
use serde::Deserialize;
use serde_json::json;

use super::{SOON, Window, page::by_id};

/// Longest wait for an operation on a few guests.
pub const OPERATION: Duration = Duration::from_secs(180);

/// How long a view may take to come after a click.
const GLIMPSE: Duration = Duration::from_secs(5);

/// How many jobs of an operation ended how, by the words of `JobCounts`.
pub type Counts = BTreeMap<String, u32>;

/// A row of the tree as it is read on the screen.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Row {
    pub level: usize,
    pub name: String,
    pub vmid: Option<u32>,
    pub state: String,
    pub updates: String,
    /// As is heard; empty where there is no container engine.
    pub images: String,
    pub agent: String,
}

/// What simulated guests get; they compare its checksum and then run their own.
pub fn stand_in_agent(folder: &Path) -> anyhow::Result<String> {
    let file = folder.join("agent");
    std::fs::write(&file, b"a stand-in for the agent's program")?;
    Ok(file.display().to_string())
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = self
            .vmid
            .map_or_else(String::new, |vmid| format!("{vmid} "));
        let name = format!(
            "{}{number}{}",
            "  ".repeat(self.level.saturating_sub(1)),
            self.name
        );
        let line = format!(
            "{name:<30} {:<18} {:<18} {:<14} {}",
            self.state, self.updates, self.images, self.agent
        );
        f.write_str(line.trim_end())
    }
}

impl Window {
    /// Adds a cluster through the wizard, up to the page that says what was found. Answers its sentence.
    pub async fn add_cluster(&self, cluster: &ClusterFacts) -> anyhow::Result<String> {
        self.to_permissions(cluster).await?;
        self.after_permissions(cluster).await
    }

    /// The wizard's first half: up to the page that says what the token may do.
    pub async fn to_permissions(&self, cluster: &ClusterFacts) -> anyhow::Result<()> {
        self.click("add-cluster").await?;
        self.fill("wizard-address", &cluster.address).await?;
        self.click("wizard-next").await?;
        self.accept_certificate(cluster).await?;
        self.fill("wizard-token-id", &cluster.token.id).await?;
        self.fill("wizard-token-secret", &cluster.token.secret)
            .await?;
        self.click("wizard-next").await?;
        self.at_step("permissions").await
    }

    /// Its second half, with a token that may do what is required.
    pub async fn after_permissions(&self, cluster: &ClusterFacts) -> anyhow::Result<String> {
        self.click("wizard-next").await?;
        self.at_step("access").await?;
        let mut entered = Vec::new();
        for node in &cluster.nodes {
            let ready = self
                .enter_node(node)
                .await
                .with_context(|| format!("node {}", node.name))?;
            if ready {
                entered.push(node.name.as_str());
            }
        }
        self.click("wizard-next").await?;
        let sentence = self
            .reads(&by_id("wizard-discovered"), "Found", SOON)
            .await?;
        // The tree hears of the last node a moment after the wizard has its answer.
        self.until(
            "the access to every node that was entered",
            SOON,
            "const shut = arguments[0].map((name) => `No access to ${name}.`);
             const rows = [...document.querySelectorAll('[data-testid^=found-]')];
             return !rows.some((row) => shut.some((words) => row.innerText.includes(words)))",
            vec![json!(entered)],
        )
        .await?;
        Ok(sentence)
    }

    /// Waits for a page of the wizard; an error on the page before is told at once.
    async fn at_step(&self, step: &str) -> anyhow::Result<()> {
        let arrived = self
            .until(
                &format!("the wizard's page {step}"),
                SOON,
                "const error = document.querySelector('[data-testid=wizard-error]');
                 if (error !== null) return error.innerText;
                 const step = document.querySelector(arguments[0]);
                 return step !== null && step.getAttribute('aria-current') === 'step'",
                vec![json!(by_id(&format!("wizard-step-{step}")))],
            )
            .await?;
        if let Some(error) = arrived.as_str() {
            anyhow::bail!("the wizard says: {error}");
        }
        Ok(())
    }

    /// Compares what the window shows with what the lab knows, as one compares with the node's own shell.
    async fn accept_certificate(&self, cluster: &ClusterFacts) -> anyhow::Result<()> {
        self.at_step("certificate").await?;
        let shown = self
            .find(&by_id("wizard-fingerprint"))
            .await?
            .attr("data-value")
            .await?;
        let expected = cluster.fingerprint.to_string();
        anyhow::ensure!(
            shown.as_deref() == Some(expected.as_str()),
            "the window shows {shown:?}, the node has {expected}"
        );
        self.fill("wizard-pasted", &expected).await?;
        self.click("wizard-next").await?;
        self.at_step("token").await
    }

    /// Connects a node over SSH, or leaves it out where it does not answer. Whether it is connected.
    async fn enter_node(&self, node: &NodeFacts) -> anyhow::Result<bool> {
        let id = |part: &str| format!("wizard-access-{}-{part}", node.name);
        let Some(ssh) = node.ssh.as_ref().filter(|_| node.online) else {
            self.click(&id("skip")).await?;
            return Ok(false);
        };
        self.fill(&id("host"), &ssh.address.ip().to_string())
            .await?;
        self.fill(&id("port"), &ssh.address.port().to_string())
            .await?;
        self.fill(&id("user"), &ssh.user).await?;
        self.click(&id("probe")).await?;
        let shown = self.reads(&by_id(&id("key")), "SHA256:", SOON).await?;
        anyhow::ensure!(
            shown.contains(&ssh.host_key),
            "the window shows the host key {shown}, the node has {}",
            ssh.host_key
        );
        self.click(&id("accept")).await?;
        self.fill(&id("password"), &ssh.password).await?;
        self.click(&id("save")).await?;
        let ready = by_id(&id("ready"));
        let error = by_id(&id("error"));
        let ended = self
            .until(
                "an answer of the node",
                SOON,
                "const error = document.querySelector(arguments[1]);
                 if (error !== null) return error.innerText;
                 return document.querySelector(arguments[0]) !== null",
                vec![json!(ready), json!(error)],
            )
            .await?;
        match ended.as_str() {
            Some(error) => anyhow::bail!("the window says: {error}"),
            None => Ok(true),
        }
    }

    /// On the wizard's last page: installs agents where that can be done, and waits for the end.
    pub async fn install_agents(&self) -> anyhow::Result<Counts> {
        self.click("wizard-install-agents").await?;
        self.approve().await?;
        self.ended().await
    }

    /// Approves the plan on the screen.
    pub async fn approve(&self) -> anyhow::Result<()> {
        self.click("plan-approve").await?;
        self.gone(&by_id("plan"), SOON).await
    }

    /// Chooses an item of the context menu of the row with that name.
    pub async fn choose(&self, row: &str, action: &str) -> anyhow::Result<()> {
        self.right_click(&format!("[role=row][data-name=\"{row}\"] [role=rowheader]"))
            .await?;
        self.click(&format!("action-{action}")).await
    }

    /// Goes to the newest operation of a kind and waits for its end. `kind`: `enrol`, `scan` or `update`.
    pub async fn newest_ended(&self, kind: &str) -> anyhow::Result<Counts> {
        self.click("view-operations").await?;
        let row = format!(".list [data-kind=\"{kind}\"]");
        let counts = by_id("operation-counts");
        let deadline = Instant::now() + SOON;
        // A row that moves down under the pointer, since another operation has begun, is not hit.
        loop {
            self.click_on(&row).await?;
            let there = "return document.querySelector(arguments[0]) !== null";
            let seen = self
                .until("the operation", GLIMPSE, there, vec![json!(counts)])
                .await;
            match seen {
                Ok(_) => return self.ended().await,
                Err(error) if Instant::now() > deadline => return Err(error),
                Err(_) => {}
            }
        }
    }

    /// Waits until the operation on the screen has ended. Answers how its jobs did.
    pub async fn ended(&self) -> anyhow::Result<Counts> {
        let counts = self
            .until(
                "the end of the operation",
                OPERATION,
                "const box = document.querySelector('[data-testid=operation-counts]');
                 if (box === null || document.querySelector('[data-testid=operation-cancel]') !== null) return null;
                 const counts = {};
                 for (const one of box.querySelectorAll('[data-count]')) counts[one.dataset.count] = Number(one.dataset.value);
                 const open = (counts.running ?? 0) + (counts.waiting ?? 0);
                 return open === 0 && Object.keys(counts).length > 0 ? counts : null",
                vec![],
            )
            .await?;
        Ok(serde_json::from_value(counts)?)
    }

    /// Goes to the tree.
    pub async fn to_fleet(&self) -> anyhow::Result<()> {
        self.click("view-fleet").await?;
        self.find(&by_id("tree")).await.map(drop)
    }

    /// The rows that are on the screen.
    pub async fn rows(&self) -> anyhow::Result<Vec<Row>> {
        let rows = self
            .evaluate(
                "const words = (cell) => (cell?.innerText ?? '').replace(/\\s+/g, ' ').trim();
                 return [...document.querySelectorAll('[data-testid=tree] [role=row][data-name]')]
                   .sort((a, b) => Number(a.getAttribute('aria-rowindex')) - Number(b.getAttribute('aria-rowindex')))
                   .map((row) => {
                     const cells = row.querySelectorAll(':scope > [role=gridcell][data-cell]');
                     return {
                       level: Number(row.getAttribute('aria-level')),
                       name: row.dataset.name,
                       vmid: row.dataset.vmid === undefined ? null : Number(row.dataset.vmid),
                       state: words(cells[0]),
                       updates: words(cells[1]),
                       images: words(cells[2]),
                       agent: words(cells[3]),
                     };
                   })",
                vec![],
            )
            .await?;
        Ok(serde_json::from_value(rows)?)
    }

    /// Puts the focus on the row with that name and opens the panel beside the tree.
    pub async fn open_row(&self, name: &str) -> anyhow::Result<()> {
        self.click_on(&format!(
            "[role=row][data-name=\"{name}\"] [role=rowheader]"
        ))
        .await?;
        self.find(&by_id("panel")).await.map(drop)
    }

    /// Waits until the row with that name looks as wanted.
    pub async fn row_becomes(
        &self,
        name: &str,
        what: &str,
        wanted: impl Fn(&Row) -> bool,
    ) -> anyhow::Result<Row> {
        let deadline = Instant::now() + SOON;
        loop {
            let rows = self.rows().await?;
            if let Some(row) = rows.iter().find(|row| row.name == name && wanted(row)) {
                return Ok(row.clone());
            }
            anyhow::ensure!(
                Instant::now() < deadline,
                "{name} did not become {what}:\n{}",
                tree(&rows)
            );
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

/// The tree as text, a row a line.
pub fn tree(rows: &[Row]) -> String {
    rows.iter().map(|row| format!("{row}\n")).collect()
}
