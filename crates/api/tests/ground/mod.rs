//! A lab with one desktop, whose messages are written down as a person reads them.

use std::{fmt::Write, path::Path, time::Duration};

use anyhow::Result;
use api::{Error, Rhythm};
use domain::fleet::{ClusterRow, Link};
use lab::{Lab, Options, Rule, Scenario};
use serde_json::{Value, json};

use crate::desktop::Desktop;

/// A lab with one desktop and one cluster, and what was read so far.
pub(crate) struct Ground {
    pub(crate) lab: Lab,
    pub(crate) desktop: Desktop,
    pub(crate) cluster: Value,
    pub(crate) label: String,
    /// What differs from run to run, and what stands for it.
    pub(crate) names: Vec<(String, String)>,
    pub(crate) text: String,
    _folder: tempfile::TempDir,
}

pub(crate) async fn ground(scenario: Scenario, ssh: bool) -> Result<Ground> {
    let options = Options {
        ssh,
        ..Options::quick()
    };
    let lab = Lab::start(scenario, options).await?;
    let folder = tempfile::tempdir()?;
    let desktop = open(folder.path()).await?;
    let facts = &lab.facts().clusters[0];
    let cluster = desktop.add_cluster(facts).await?;
    desktop
        .call("discover", json!({ "cluster": cluster }))
        .await?;
    let mut names = Vec::new();
    for node in &facts.nodes {
        let name = &node.name;
        names.push((node.address.to_string(), format!("{name}:8006")));
        if let Some(ssh) = &node.ssh {
            names.push((ssh.address.to_string(), format!("{name}:22")));
            names.push((ssh.address.ip().to_string(), format!("{name}.ip")));
            names.push((ssh.host_key.clone(), format!("SHA256:key-of-{name}")));
        }
        names.push((node.fingerprint.to_string(), format!("AA:…:{name}")));
    }
    for guest in desktop.guests().await? {
        // Which LXC is asked first is chance.
        names.push((format!("LXC {}:", guest.vmid), "LXC [n]:".to_owned()));
    }
    let label = lab.world().read(|w| w.clusters[0].label.clone());
    Ok(Ground {
        lab,
        desktop,
        cluster,
        label,
        names,
        text: String::new(),
        _folder: folder,
    })
}

async fn open(folder: &Path) -> Result<Desktop> {
    let rhythm = Rhythm {
        config: Duration::from_secs(2),
        answer: Duration::from_secs(3),
        ..Rhythm::default()
    };
    Desktop::open_at(folder, folder.join("no-agent"), "127.0.0.1:0", rhythm).await
}

impl Ground {
    pub(crate) fn note(&mut self, line: &str) {
        let mut line = line.to_owned();
        for (is, stands) in &self.names {
            line = line.replace(is.as_str(), stands);
        }
        self.text.push_str(&line);
    }

    pub(crate) fn heading(&mut self, title: &str) {
        self.note(&format!("\n{title}\n"));
    }

    pub(crate) fn refused(&mut self, error: &Error) {
        let mut text = format!("    {:?}: {}\n", error.code, error.message);
        for (part, mark) in [(&error.words, "why"), (&error.next, "next")] {
            if let Some(part) = part {
                writeln!(text, "    {mark}: {part}").unwrap();
            }
        }
        assert!(error.next.is_some(), "it says what to do next: {error:?}");
        let words = error.words.clone().unwrap_or_default();
        let next = error.next.clone().unwrap_or_default();
        let advice = next.trim_end_matches('.');
        assert!(!words.contains(advice), "nothing stands twice: {error:?}");
        assert!(
            !format!("{error:?}").contains("guest"),
            "people read LXC: {error:?}"
        );
        self.note(&text);
    }

    /// What the tree says of the cluster.
    pub(crate) async fn link(&mut self) -> Result<()> {
        let which = json!({ "cluster": self.cluster });
        let details = self.desktop.call("cluster_details", which).await?;
        let row: ClusterRow = serde_json::from_value(details["row"].clone())?;
        let text = match row.link {
            Link::Unreachable { error, next_try } => {
                assert!(next_try.is_some());
                format!("unreachable: {error}")
            }
            Link::Refused { error } => format!("refused: {error}"),
            Link::CertificateChanged { error } => format!("certificate changed: {error}"),
            other => format!("{other:?}"),
        };
        self.note(&format!("    tree, {text}\n"));
        Ok(())
    }

    /// What a full discovery says while this goes wrong.
    pub(crate) async fn discovery(&mut self, title: &str, rule: Rule) -> Result<()> {
        self.lab.faults().clear();
        self.lab.faults().add(rule);
        self.heading(title);
        let which = json!({ "cluster": self.cluster });
        match self.desktop.call("discover", which).await {
            Err(error) => {
                self.refused(&error);
                self.link().await?;
            }
            Ok(summary) => {
                let problems: Vec<String> = serde_json::from_value(summary["problems"].clone())?;
                for problem in &problems {
                    assert!(!problem.contains("guest"), "people read LXC: {problem}");
                    self.note(&format!("    problem: {problem}\n"));
                }
                if problems.is_empty() {
                    self.note("    nothing is missing\n");
                }
            }
        }
        self.lab.faults().clear();
        // A refused token is not asked with again; switched off and on, it is.
        for enabled in [false, true] {
            let request = json!({ "cluster": self.cluster, "enabled": enabled });
            self.desktop.call("set_enabled", request).await?;
        }
        Ok(())
    }

    pub(crate) async fn end(self) -> String {
        self.desktop.app.shutdown().await;
        self.lab.stop().await;
        self.text
    }
}
