//! Faults that are put in on purpose, by place and with a probability from a seed.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use crate::seed::Seed;

/// What goes wrong with one answer of the API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It comes late.
    Delay(Duration),
    /// Another answer than the true one: 401 (after its pause), 403, 500, 595, 596, …; `reason` stands in the status
    /// line.
    Answer { status: u16, reason: String },
    /// The connection ends before the answer, the request was carried out.
    Cut,
    /// The connection ends before the request is carried out.
    CutBefore,
    /// The connection is reset before the answer, the request was carried out.
    Reset,
    /// The connection ends in the middle of the body.
    CutBody,
    /// The body trickles over this time.
    SlowBody(Duration),
    /// The true head with another body: text that is no JSON, too much of it, too deeply nested, …
    Body(String),
    /// Bytes that are no HTTP at all.
    Garbage,
    /// No answer ever, and the connection stays.
    Silent,
}

/// Which requests a rule is about; what is none fits everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Where {
    /// Label of the cluster.
    pub cluster: Option<String>,
    /// Name of the node that is asked.
    pub node: Option<String>,
    pub method: Option<String>,
    /// Part of the path, such as `/lxc/100/`.
    pub path: Option<String>,
}

/// A fault and where it happens.
#[derive(Clone, Debug)]
pub struct Rule {
    pub at: Where,
    pub fault: Fault,
    /// 0 to 1.
    pub probability: f64,
    /// How often it happens before it is used up; none means always.
    pub times: Option<u32>,
}

impl Rule {
    /// A fault that always happens, everywhere.
    pub fn always(fault: Fault) -> Self {
        Self {
            at: Where::default(),
            fault,
            probability: 1.0,
            times: None,
        }
    }

    /// The same on these requests only.
    #[must_use]
    pub fn at(mut self, at: Where) -> Self {
        self.at = at;
        self
    }

    /// The same so many times only.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    /// The same with a probability of 0 to 1.
    #[must_use]
    pub fn probability(mut self, probability: f64) -> Self {
        self.probability = probability;
        self
    }
}

/// All rules of a lab. Cheap to clone; the first rule that fits is taken.
#[derive(Clone, Debug)]
pub struct Faults {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug)]
struct Inner {
    rules: Vec<Rule>,
    seed: Seed,
    happened: u64,
}

impl Faults {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            inner: Arc::new(Mutex::new(Inner {
                rules: Vec::new(),
                seed: Seed::new(seed),
                happened: 0,
            })),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a rule.
    pub fn add(&self, rule: Rule) {
        self.lock().rules.push(rule);
    }

    /// Removes all rules.
    pub fn clear(&self) {
        self.lock().rules.clear();
    }

    /// How many faults have happened.
    pub fn happened(&self) -> u64 {
        self.lock().happened
    }

    /// The fault of one request, if it has one.
    pub(crate) fn of(&self, cluster: &str, node: &str, method: &str, path: &str) -> Option<Fault> {
        let mut inner = self.lock();
        let Inner {
            rules,
            seed,
            happened,
        } = &mut *inner;
        for rule in rules.iter_mut() {
            let fits = |want: &Option<String>, is: &str| want.as_deref().is_none_or(|w| w == is);
            let here = fits(&rule.at.cluster, cluster)
                && fits(&rule.at.node, node)
                && fits(&rule.at.method, method)
                && rule.at.path.as_deref().is_none_or(|p| path.contains(p));
            if !here || rule.times == Some(0) || seed.unit() >= rule.probability {
                continue;
            }
            if let Some(times) = &mut rule.times {
                *times -= 1;
            }
            *happened += 1;
            return Some(rule.fault.clone());
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::{Fault, Faults, Rule, Where};

    #[test]
    fn the_same_seed_gives_the_same_faults() {
        let run = |seed| {
            let faults = Faults::new(seed);
            faults.add(Rule::always(Fault::Cut).probability(0.3));
            (0..64)
                .map(|_| faults.of("c", "n", "GET", "/version").is_some())
                .collect::<Vec<_>>()
        };
        assert_eq!(run(7), run(7));
        assert_ne!(run(7), run(8));
        let hits = run(7).into_iter().filter(|hit| *hit).count();
        assert!((5..40).contains(&hits), "{hits}");
    }

    #[test]
    fn a_rule_happens_where_it_is_put_and_as_often_as_it_says() {
        let faults = Faults::new(1);
        let at = Where {
            node: Some("pve2".into()),
            path: Some("/lxc/100/".into()),
            ..Where::default()
        };
        faults.add(Rule::always(Fault::Silent).at(at).times(1));
        assert_eq!(
            faults.of("c", "pve1", "GET", "/nodes/pve1/lxc/100/config"),
            None
        );
        assert_eq!(faults.of("c", "pve2", "GET", "/version"), None);
        let path = "/nodes/pve2/lxc/100/config";
        assert_eq!(faults.of("c", "pve2", "GET", path), Some(Fault::Silent));
        assert_eq!(faults.of("c", "pve2", "GET", path), None);
        assert_eq!(faults.happened(), 1);
    }
}
