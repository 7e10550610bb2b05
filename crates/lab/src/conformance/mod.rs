//! The lab's own answers beside transcripts of a live Proxmox VE 8.4.21: for every recording of a call that
//! RedFlag makes, and of every error.

mod cases;
mod client;
mod compare;
mod transcript;

use std::{fmt, path::Path, time::Duration};

use anyhow::{Context, Result};

use self::cases::Case;
pub use self::{
    client::Client,
    compare::{differences, shape},
    transcript::Transcript,
};
use crate::{Lab, Options, Scenario};

/// What came of one recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Same,
    /// Each difference in words.
    Differs(Vec<String>),
    /// Not compared, and why.
    LeftOut(&'static str),
}

/// All recordings by name, in order.
#[derive(Clone, Debug, Default)]
pub struct Report {
    pub verdicts: Vec<(String, Verdict)>,
}

impl Report {
    /// How many were compared.
    pub fn covered(&self) -> usize {
        let compared = |v: &&(String, Verdict)| !matches!(v.1, Verdict::LeftOut(_));
        self.verdicts.iter().filter(compared).count()
    }

    /// How many differ.
    pub fn different(&self) -> usize {
        let differ = |v: &&(String, Verdict)| matches!(v.1, Verdict::Differs(_));
        self.verdicts.iter().filter(differ).count()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, verdict) in &self.verdicts {
            if let Verdict::Differs(list) = verdict {
                writeln!(f, "{name}")?;
                for difference in list {
                    writeln!(f, "  {difference}")?;
                }
            }
        }
        for (name, verdict) in &self.verdicts {
            if let Verdict::LeftOut(why) = verdict {
                writeln!(f, "left out {name:<38} {why}")?;
            }
        }
        writeln!(
            f,
            "covered {} of {} recordings, {} different",
            self.covered(),
            self.verdicts.len(),
            self.different()
        )
    }
}

/// Asks a lab for everything that was recorded in `folder`.
///
/// # Errors
/// When the folder cannot be read or the lab does not start; a difference is no error but a verdict.
pub async fn run(folder: &Path) -> Result<Report> {
    let options = Options {
        // Figures come and tasks end when a case wants it so.
        statistics: Duration::from_secs(86_400),
        task_time: Duration::from_secs(86_400),
        ssh: false,
        ..Options::quick()
    };
    let lab = Lab::start(Scenario::recorded(), options).await?;
    let pristine = lab.world().read(|w| w.clusters.clone());
    let mut names = Vec::new();
    let files = std::fs::read_dir(folder)
        .with_context(|| format!("cannot read the folder {}", folder.display()))?;
    for file in files {
        let name = file?.file_name().into_string().unwrap_or_default();
        names.extend(name.strip_suffix(".txt").map(str::to_owned));
    }
    names.sort();
    let mut report = Report::default();
    for name in names {
        let recorded = Transcript::read(&folder.join(format!("{name}.txt")))?;
        let verdict = match (Case::of(&name), recorded) {
            (Case::LeftOut(why), _) => Verdict::LeftOut(why),
            (Case::Compare, None) => Verdict::Differs(vec!["cannot be read".into()]),
            (Case::Compare, Some(was)) => {
                lab.world().change(|w| w.clusters.clone_from(&pristine));
                cases::prepare(&lab, &name, &was)?;
                match cases::ask(&lab, &name, &was).await {
                    Err(error) => Verdict::Differs(vec![format!("no answer: {error:#}")]),
                    Ok(is) => match differences(&was, &is) {
                        none if none.is_empty() => Verdict::Same,
                        some => Verdict::Differs(some),
                    },
                }
            }
        };
        report.verdicts.push((name, verdict));
    }
    lab.stop().await;
    Ok(report)
}
