//! On which stretch of the way between a guest and this computer connections are lost. Pure: it judges what was tried
//! from inside the guest and from its node.

use std::net::SocketAddr;

use domain::operation::Problem;
use reach::{Knock, Knocked};

/// What is known about the way from one guest.
#[derive(Clone, Debug, Default)]
pub(crate) struct Way {
    pub(crate) guest: String,
    pub(crate) node: String,
    /// Tried by the agent from inside.
    pub(crate) inside: Vec<Knocked>,
    /// Tried by the node; none where it could not be asked.
    pub(crate) outside: Option<Vec<Knocked>>,
    /// Proxmox's firewall is on for one of its networks.
    pub(crate) firewall: bool,
    /// The VLANs that its networks are in.
    pub(crate) vlans: Vec<u16>,
}

impl Way {
    /// Whether the guest reaches this computer.
    pub(crate) fn is_open(&self) -> bool {
        self.inside.iter().any(|k| k.how == Knock::Answers)
    }

    fn by_node(&self, endpoint: SocketAddr) -> Option<Knock> {
        let outside = self.outside.as_ref()?;
        Some(outside.iter().find(|k| k.endpoint == endpoint)?.how)
    }

    /// The address that says most: one that the node reaches, else the likeliest.
    fn telling(&self) -> Option<&Knocked> {
        let reached = |k: &&Knocked| self.by_node(k.endpoint) == Some(Knock::Answers);
        self.inside
            .iter()
            .find(reached)
            .or_else(|| self.inside.first())
    }

    /// What keeps the guest from reaching this computer, and what to do; none where nothing does.
    pub(crate) fn verdict(&self) -> Option<Problem> {
        if self.is_open() {
            return None;
        }
        let tried = self.telling()?;
        let (guest, node, at) = (&self.guest, &self.node, tried.endpoint);
        let reached = self.by_node(at);
        let words = self.words();
        let problem = |what: String, next: String| Problem {
            what,
            words: Some(words),
            next: Some(next),
        };
        Some(match (tried.how, reached) {
            (Knock::NoRoute, _) => problem(
                format!("{guest} has no route to this computer ({})", at.ip()),
                format!(
                    "Give {guest} a gateway that leads here, or leave it: where {node} can be entered by SSH, RedFlag goes through it."
                ),
            ),
            (Knock::Foreign, _) => problem(
                format!("Something that is not this RedFlag answers {guest} at {at}"),
                format!(
                    "Look for a proxy or a forwarded port between {guest} and this computer, or for another machine with this address."
                ),
            ),
            (Knock::Silent | Knock::Refused | Knock::Failed, Some(Knock::Answers)) => problem(
                format!(
                    "A firewall between {guest} and {node} {} connections to this computer: {node} reaches {at}, {guest} does not",
                    if tried.how == Knock::Refused {
                        "rejects"
                    } else {
                        "drops"
                    }
                ),
                self.remedy(at),
            ),
            (Knock::Refused, Some(_)) => problem(
                format!(
                    "This computer refuses connections to port {}, from {guest} and from {node}",
                    at.port()
                ),
                format!(
                    "Its own firewall rejects them: allow incoming TCP to port {} for RedFlag.",
                    at.port()
                ),
            ),
            (_, Some(_)) => problem(
                format!(
                    "Neither {guest} nor {node} reaches this computer at port {}",
                    at.port()
                ),
                format!(
                    "Most often it is this computer's own firewall: allow incoming TCP to port {} for RedFlag. Else look at the router between this computer and the cluster.",
                    at.port()
                ),
            ),
            (_, None) => problem(
                format!("{guest} does not reach this computer at {at}"),
                format!(
                    "Allow TCP to port {} of this computer, in its own firewall and in those on the way.",
                    at.port()
                ),
            ),
        })
    }

    fn remedy(&self, at: SocketAddr) -> String {
        let (guest, port) = (&self.guest, at.port());
        if self.firewall {
            format!(
                "Proxmox's firewall is on for {guest}: allow outgoing TCP to {at} there. If it does, look at the firewall inside {guest}."
            )
        } else if let Some(vlan) = self.vlans.first() {
            format!(
                "{guest} is in VLAN {vlan}: allow TCP to {at} on the router between the VLANs. If it does, look at the firewall inside {guest}."
            )
        } else {
            format!(
                "Look at the firewall inside {guest}: outgoing TCP to port {port} must be allowed."
            )
        }
    }

    /// Every try, in the words of those who tried.
    fn words(&self) -> String {
        let word = |how: Knock| match how {
            Knock::Answers => "answers",
            Knock::Refused => "refuses",
            Knock::Silent => "is silent",
            Knock::NoRoute => "no route",
            Knock::Foreign => "is another",
            Knock::Failed => "fails",
        };
        let told = |who: &str, knocked: &[Knocked]| {
            let each: Vec<String> = knocked
                .iter()
                .map(|k| match k.words.as_str() {
                    "" => format!("{} {}", k.endpoint, word(k.how)),
                    words => format!("{} {} ({words})", k.endpoint, word(k.how)),
                })
                .collect();
            format!("from {who}: {}", each.join(", "))
        };
        let mut all = vec![told(&self.guest, &self.inside)];
        if let Some(outside) = &self.outside {
            all.push(told(&self.node, outside));
        }
        all.join("; ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn knocked(how: Knock) -> Vec<Knocked> {
        vec![Knocked {
            endpoint: SocketAddr::from(([10, 0, 0, 5], 47100)),
            how,
            words: String::new(),
        }]
    }

    fn way(inside: Knock, outside: Option<Knock>) -> Way {
        Way {
            guest: "web".into(),
            node: "pve1".into(),
            inside: knocked(inside),
            outside: outside.map(knocked),
            ..Way::default()
        }
    }

    fn told(way: &Way) -> String {
        let problem = way.verdict().expect("it is closed");
        format!("{} | {}", problem.what, problem.next.unwrap_or_default())
    }

    #[test]
    fn a_way_that_is_open_has_no_problem() {
        assert!(way(Knock::Answers, None).verdict().is_none());
    }

    #[test]
    fn what_only_the_guest_cannot_reach_is_kept_back_on_its_side_of_the_node() {
        let mut case = way(Knock::Silent, Some(Knock::Answers));
        assert_eq!(
            told(&case),
            "A firewall between web and pve1 drops connections to this computer: pve1 reaches 10.0.0.5:47100, web does not | \
             Look at the firewall inside web: outgoing TCP to port 47100 must be allowed."
        );
        case.vlans = vec![30];
        assert!(told(&case).contains("web is in VLAN 30"), "{}", told(&case));
        case.firewall = true;
        assert!(
            told(&case).contains("Proxmox's firewall is on for web"),
            "{}",
            told(&case)
        );
        let case = way(Knock::Refused, Some(Knock::Answers));
        assert!(
            told(&case).contains("rejects connections"),
            "{}",
            told(&case)
        );
    }

    #[test]
    fn what_nobody_reaches_is_kept_back_at_this_computer() {
        let case = way(Knock::Silent, Some(Knock::Silent));
        assert!(
            told(&case).contains("this computer's own firewall"),
            "{}",
            told(&case)
        );
        let case = way(Knock::Refused, Some(Knock::Refused));
        assert!(
            told(&case).starts_with("This computer refuses connections to port 47100"),
            "{}",
            told(&case)
        );
        let case = way(Knock::Silent, None);
        assert!(
            told(&case).starts_with("web does not reach this computer"),
            "{}",
            told(&case)
        );
    }

    #[test]
    fn no_route_and_a_stranger_are_named_as_such() {
        let case = way(Knock::NoRoute, Some(Knock::Answers));
        assert!(
            told(&case).starts_with("web has no route to this computer (10.0.0.5)"),
            "{}",
            told(&case)
        );
        let case = way(Knock::Foreign, Some(Knock::Answers));
        assert!(told(&case).contains("not this RedFlag"), "{}", told(&case));
    }
}
