//! What the user has decided about updates beyond single approvals: ignore, snooze, hold. Rules are inherited from the
//! cluster to its nodes and guests; the one that says most exactly what it is about counts.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{ClusterId, GuestId, NodeName, RuleId, Timestamp, operation::Target};

/// What a rule does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum RuleKind {
    /// Not counted, and not in an update of everything. Asked for by name it is installed.
    Ignore,
    /// The same until a moment.
    Snooze,
    /// Never installed by RedFlag.
    Hold,
}

/// One rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    pub id: RuleId,
    pub scope: Target,
    /// The package that it is about; none for all.
    pub package: Option<String>,
    pub kind: RuleKind,
    /// When it ends by itself.
    pub until: Option<Timestamp>,
    /// The account of the operating system.
    pub by: String,
    pub at: Timestamp,
}

/// Where a guest is, as far as rules are concerned.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    pub cluster: ClusterId,
    pub node: &'a NodeName,
    pub guest: GuestId,
}

impl Rule {
    /// Whether it is over.
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.until.is_some_and(|until| until <= now)
    }

    /// How exactly it is about a package in a place; none when it is not.
    fn exactness(&self, place: Place<'_>, package: &str) -> Option<(bool, u8)> {
        let named = match &self.package {
            Some(name) if name == package => true,
            Some(_) => return None,
            None => false,
        };
        let depth = match &self.scope {
            Target::Fleet => 0,
            Target::Cluster { cluster } if *cluster == place.cluster => 1,
            Target::Node { node } if node.cluster == place.cluster && node.node == *place.node => 2,
            Target::Guest { guest } if *guest == place.guest => 3,
            Target::Cluster { .. } | Target::Node { .. } | Target::Guest { .. } => return None,
        };
        Some((named, depth))
    }
}

/// The rule that counts for a package of a guest. One that names the package goes before one about all; else the
/// nearest, and of equals the newest.
pub fn ruling<'a>(
    rules: impl IntoIterator<Item = &'a Rule>,
    place: Place<'_>,
    package: &str,
    now: Timestamp,
) -> Option<&'a Rule> {
    rules
        .into_iter()
        .filter(|rule| !rule.is_over(now))
        .filter_map(|rule| Some((rule.exactness(place, package)?, rule.at, rule)))
        .max_by_key(|(exactness, at, _)| (*exactness, *at))
        .map(|(.., rule)| rule)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::NodeKey;

    #[test]
    fn the_most_exact_rule_counts_and_one_that_is_over_does_not() {
        let (cluster, guest) = (ClusterId::new(), GuestId::new());
        let node: NodeName = "pve1".parse().expect("a name");
        let place = Place {
            cluster,
            node: &node,
            guest,
        };
        let key = NodeKey {
            cluster,
            node: node.clone(),
        };
        let rule = |scope: &Target, package: Option<&str>, kind, until: Option<i64>, at| Rule {
            id: RuleId::new(),
            scope: scope.clone(),
            package: package.map(Into::into),
            kind,
            until: until.map(Timestamp),
            by: "ada".into(),
            at: Timestamp(at),
        };
        let (all, below, here) = (
            Target::Cluster { cluster },
            Target::Node { node: key },
            Target::Guest { guest },
        );
        let rules = vec![
            rule(&all, None, RuleKind::Ignore, None, 1),
            rule(&below, Some("curl"), RuleKind::Hold, None, 2),
            rule(&here, None, RuleKind::Snooze, Some(50), 3),
            rule(
                &Target::Cluster {
                    cluster: ClusterId::new(),
                },
                Some("vim"),
                RuleKind::Hold,
                None,
                4,
            ),
        ];
        let kind = |package: &str, now| {
            ruling(&rules, place, package, Timestamp(now)).map(|rule| rule.kind)
        };
        assert_eq!(
            kind("curl", 10),
            Some(RuleKind::Hold),
            "it names the package"
        );
        assert_eq!(kind("vim", 10), Some(RuleKind::Snooze), "the nearest one");
        assert_eq!(kind("vim", 50), Some(RuleKind::Ignore), "inherited again");
        assert_eq!(
            ruling(&rules[1..2], place, "vim", Timestamp(1)).map(|rule| rule.kind),
            None
        );
    }
}
