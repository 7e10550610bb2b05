//! Phases of a check, one after the other, with their times in a table at the end.

use std::time::{Duration, Instant};

use crate::{Failure, Result};

enum Ended {
    Passed(Duration),
    Skipped(String),
    Failed(Duration, Failure),
}

/// Phases that have been run. After the first failure no further one is.
#[derive(Default)]
pub(crate) struct Phases {
    ended: Vec<(String, Ended)>,
    left_out: Vec<String>,
}

impl Phases {
    fn failed(&self) -> bool {
        self.ended
            .iter()
            .any(|(_, ended)| matches!(ended, Ended::Failed(..)))
    }

    /// Runs one.
    pub(crate) fn run(&mut self, name: &str, work: impl FnOnce() -> Result<()>) {
        if self.failed() {
            self.left_out.push(name.to_owned());
            return;
        }
        println!("\n━━ {name}");
        let begin = Instant::now();
        let ended = match work() {
            Ok(()) => Ended::Passed(begin.elapsed()),
            Err(failure) => {
                println!("━━ {name} failed: {failure}");
                Ended::Failed(begin.elapsed(), failure)
            }
        };
        self.ended.push((name.to_owned(), ended));
    }

    /// Says that one cannot be run here, and why.
    pub(crate) fn skip(&mut self, name: &str, reason: impl Into<String>) {
        self.ended
            .push((name.to_owned(), Ended::Skipped(reason.into())));
    }

    /// Prints the table. With `skips_fail`, what could not be run counts as failed.
    ///
    /// # Errors
    /// Names the phases that failed.
    pub(crate) fn end(self, skips_fail: bool) -> Result<()> {
        println!("\n━━ summary");
        let mut all = Duration::ZERO;
        let mut bad = Vec::new();
        for (name, ended) in &self.ended {
            match ended {
                Ended::Passed(took) => {
                    all += *took;
                    println!("  passed  {:>8.1} s  {name}", took.as_secs_f64());
                }
                Ended::Skipped(reason) => {
                    println!("  skipped             {name}: {reason}");
                    if skips_fail {
                        bad.push(format!("{name} was skipped: {reason}"));
                    }
                }
                Ended::Failed(took, failure) => {
                    all += *took;
                    println!("  FAILED  {:>8.1} s  {name}", took.as_secs_f64());
                    bad.push(format!("{name}: {failure}"));
                }
            }
        }
        for name in &self.left_out {
            println!("  not run             {name}");
        }
        println!("          {:>8.1} s  in all", all.as_secs_f64());
        if bad.is_empty() {
            return Ok(());
        }
        Err(Failure::new(bad.join("\n       ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_runs_after_a_failure() {
        let mut phases = Phases::default();
        phases.run("first", || Err(Failure::new("broken")));
        phases.run("second", || unreachable!("it must not run"));
        let failure = phases.end(false).expect_err("the first one failed");
        assert!(failure.to_string().contains("first: broken"), "{failure}");
    }

    #[test]
    fn a_skip_is_a_failure_only_where_it_must_not_be() {
        let skipped = || {
            let mut phases = Phases::default();
            phases.run("first", || Ok(()));
            phases.skip("second", "no root");
            phases
        };
        assert!(skipped().end(false).is_ok(), "on a developer's machine");
        let failure = skipped().end(true).expect_err("where everything must run");
        assert!(failure.to_string().contains("no root"), "{failure}");
    }
}
