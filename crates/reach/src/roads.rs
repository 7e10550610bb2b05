//! Which road into guests is the best one here, and why the others are not. Pure: it judges what was found out.

use domain::access::{Fit, Road, RoadKind};

/// What a try to enter a node by SSH told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SshKnown {
    /// Nobody has tried.
    NotTried,
    /// This many of the nodes can be entered.
    Works { nodes: usize },
    /// The words of the failure.
    Fails { words: String },
}

/// Whether the nodes' packages let API tokens onto consoles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenConsole {
    Supported,
    /// What is installed, and what would do.
    TooOld {
        installed: String,
        needed: Option<String>,
    },
    /// The token may not read the list of packages.
    Unknown,
}

/// What is known about a cluster and the guests that shall get an agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// Nodes that the chosen guests are on.
    pub nodes: usize,
    pub ssh: SshKnown,
    pub token_console: TokenConsole,
    /// VM.Console on all chosen guests.
    pub may_open: bool,
    /// VM.Config.Options: `cmode` may be set.
    pub may_set_mode: bool,
    /// VM.PowerMgmt: guests may be started again.
    pub may_restart: bool,
    /// Chosen guests whose console is a shell already.
    pub with_shell: usize,
    /// Chosen guests whose console is something else.
    pub without_shell: usize,
}

/// All roads, the best first.
pub fn recommend(known: &Known) -> Vec<Road> {
    // SSH is fast and shows nothing to anybody; the paste always works but is the user's work on every node.
    let mut roads = vec![ssh(known), console(known), paste(known)];
    roads.sort_by_key(|road| road.fit);
    roads
}

fn road(kind: RoadKind, fit: Fit, reason: impl Into<String>) -> Road {
    Road {
        kind,
        fit,
        reason: reason.into(),
    }
}

fn count(number: usize, one: &str, many: &str) -> String {
    match number {
        1 => format!("one {one}"),
        n => format!("{n} {many}"),
    }
}

fn ssh(known: &Known) -> Road {
    let kind = RoadKind::Ssh;
    match &known.ssh {
        SshKnown::Works { nodes } if *nodes >= known.nodes => road(
            kind,
            Fit::Ready,
            "Every node can be entered by SSH: seconds for all LXCs, and nothing is changed in Proxmox.",
        ),
        SshKnown::Works { nodes } => road(
            kind,
            Fit::NeedsSomething,
            format!(
                "{nodes} of {} can be entered by SSH; set up the others first.",
                count(known.nodes, "node", "nodes")
            ),
        ),
        SshKnown::NotTried => road(
            kind,
            Fit::NeedsSomething,
            format!(
                "Needs access to {} by SSH, set up once: a password used one time, your own key, or an account that may only enter LXCs.",
                count(known.nodes, "node", "nodes")
            ),
        ),
        SshKnown::Fails { words } => road(
            kind,
            Fit::No,
            format!("SSH does not work here now: {words}"),
        ),
    }
}

fn console(known: &Known) -> Road {
    let kind = RoadKind::Console;
    if let TokenConsole::TooOld { installed, needed } = &known.token_console {
        let what = match needed {
            Some(needed) => format!("it works from {needed} on"),
            None => "no version for this release of Proxmox VE can".to_owned(),
        };
        return road(
            kind,
            Fit::No,
            format!(
                "The node's pve-container {installed} lets no API token onto consoles; {what}."
            ),
        );
    }
    if !known.may_open {
        return road(
            kind,
            Fit::No,
            "The API token lacks VM.Console on these LXCs.",
        );
    }
    if known.without_shell == 0 {
        return match known.token_console {
            TokenConsole::Supported => road(
                kind,
                Fit::Ready,
                "The API token is enough: the consoles are shells already. Some ten seconds for each LXC.",
            ),
            _ => road(
                kind,
                Fit::NeedsSomething,
                "The consoles are shells already, but the token may not read (Sys.Audit) whether the node's packages let tokens in; it can be tried.",
            ),
        };
    }
    let whom = match known.with_shell {
        0 => count(known.without_shell, "LXC", "LXCs"),
        _ => format!(
            "{} of {} LXCs",
            known.without_shell,
            known.with_shell + known.without_shell
        ),
    };
    let lacking: Vec<&str> = [
        (known.may_set_mode, "VM.Config.Options"),
        (known.may_restart, "VM.PowerMgmt"),
    ]
    .into_iter()
    .filter_map(|(has, name)| (!has).then_some(name))
    .collect();
    if lacking.is_empty() {
        road(
            kind,
            Fit::NeedsSomething,
            format!(
                "The API token is enough, but {whom} must be restarted twice: the console becomes a shell for the installation and is set back afterwards."
            ),
        )
    } else {
        road(
            kind,
            Fit::No,
            format!(
                "The console of {whom} is no shell, and the API token may not change that: it lacks {}.",
                lacking.join(" and ")
            ),
        )
    }
}

fn paste(known: &Known) -> Road {
    road(
        RoadKind::Paste,
        Fit::NeedsSomething,
        match known.nodes {
            0 | 1 => "Always works where the node reaches this computer: you paste one command into the node's shell. It is good once, for an hour.".to_owned(),
            n => format!(
                "Always works where the nodes reach this computer: you paste one command into the shell of each of the {n} nodes. Each is good once, for an hour."
            ),
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> Known {
        Known {
            nodes: 2,
            ssh: SshKnown::NotTried,
            token_console: TokenConsole::Supported,
            may_open: true,
            may_set_mode: true,
            may_restart: true,
            with_shell: 3,
            without_shell: 0,
        }
    }

    fn order(known: &Known) -> Vec<(RoadKind, Fit)> {
        recommend(known).iter().map(|r| (r.kind, r.fit)).collect()
    }

    #[test]
    fn what_works_at_once_comes_first_and_ssh_before_the_rest() {
        use {Fit::*, RoadKind::*};
        let mut case = known();
        assert_eq!(
            order(&case),
            [
                (Console, Ready),
                (Ssh, NeedsSomething),
                (Paste, NeedsSomething)
            ]
        );
        case.ssh = SshKnown::Works { nodes: 2 };
        assert_eq!(order(&case)[0], (Ssh, Ready));
        case.ssh = SshKnown::Works { nodes: 1 };
        assert_eq!(order(&case)[..2], [(Console, Ready), (Ssh, NeedsSomething)]);
        case.ssh = SshKnown::Fails {
            words: "connection refused".into(),
        };
        case.may_open = false;
        assert_eq!(
            order(&case),
            [(Paste, NeedsSomething), (Ssh, No), (Console, No)]
        );
    }

    #[test]
    fn each_road_says_why_it_does_not_work_here() {
        let reason = |case: &Known, kind| {
            let roads = recommend(case);
            let found = roads.into_iter().find(|road| road.kind == kind);
            found.expect("all are there").reason
        };
        let mut case = known();
        case.token_console = TokenConsole::TooOld {
            installed: "5.2.6".into(),
            needed: Some("5.3.4".into()),
        };
        let text = reason(&case, RoadKind::Console);
        assert!(text.contains("5.2.6") && text.contains("5.3.4"), "{text}");
        case = known();
        case.may_open = false;
        assert!(reason(&case, RoadKind::Console).contains("VM.Console"));
        case = known();
        case.without_shell = 2;
        let text = reason(&case, RoadKind::Console);
        assert!(
            text.contains("2 of 5 LXCs") && text.contains("restarted"),
            "{text}"
        );
        case.may_restart = false;
        case.may_set_mode = false;
        let text = reason(&case, RoadKind::Console);
        assert!(
            text.contains("VM.Config.Options and VM.PowerMgmt"),
            "{text}"
        );
        case.ssh = SshKnown::Fails {
            words: "no answer within 8 s".into(),
        };
        assert!(reason(&case, RoadKind::Ssh).contains("no answer within 8 s"));
        assert!(reason(&case, RoadKind::Paste).contains("each of the 2 nodes"));
        case.token_console = TokenConsole::Unknown;
        case.without_shell = 0;
        assert!(reason(&case, RoadKind::Console).contains("can be tried"));
    }
}
