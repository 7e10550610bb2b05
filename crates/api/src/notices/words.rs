//! The sentences of messages.

use domain::{
    operation::{Operation, OperationKind},
    preferences::Digest,
};

use super::{
    Notice,
    changes::{Found, Place},
};

/// Names that are listed before "and 3 more".
const NAMES: usize = 4;

fn counted(n: u32, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

fn updates(total: u32, security: u32) -> String {
    match (total, security) {
        (_, 0) => counted(total, "update", "updates"),
        (total, security) if total <= security => {
            counted(security, "security update", "security updates")
        }
        (total, security) => format!(
            "{}, {security} security",
            counted(total, "update", "updates")
        ),
    }
}

fn kind(kind: OperationKind) -> &'static str {
    match kind {
        OperationKind::Enrol => "Install agent",
        OperationKind::Scan => "Scan",
        OperationKind::Update => "Update",
        OperationKind::RestartAgent => "Restart agent",
        OperationKind::RestartGuest => "Restart",
        OperationKind::RemoveAgent => "Remove agent",
        OperationKind::UpgradeAgent => "Upgrade agent",
        OperationKind::Repair => "Repair",
        OperationKind::UpdateImages => "Update images",
    }
}

/// Lines of the first few, and how many more there are.
fn lines(all: Vec<String>, one: &str, many: &str) -> String {
    let more = u32::try_from(all.len().saturating_sub(NAMES)).unwrap_or(u32::MAX);
    let mut shown: Vec<String> = all.into_iter().take(NAMES).collect();
    if more > 0 {
        shown.push(format!("and {}", counted(more, one, many)));
    }
    shown.join("\n")
}

/// The LXCs with security updates first, then those with most.
fn found_lines(mut found: Vec<Found>) -> String {
    found.sort_by(|a, b| (b.security, b.total, &a.name).cmp(&(a.security, a.total, &b.name)));
    let line = |found: Found| format!("{}: {}", found.name, updates(found.total, found.security));
    lines(
        found.into_iter().map(line).collect(),
        "more LXC",
        "more LXCs",
    )
}

fn sum(found: &[Found]) -> (u32, u32) {
    let sum = |read: fn(&Found) -> u32| found.iter().map(read).sum();
    (sum(|f| f.total), sum(|f| f.security))
}

/// New updates that nobody asked for.
pub(super) fn found(found: Vec<Found>) -> Option<Notice> {
    if found.is_empty() {
        return None;
    }
    let (total, security) = sum(&found);
    Some(Notice {
        digest: Digest::Updates,
        title: format!("New: {}", updates(total, security)),
        body: found_lines(found),
    })
}

/// The end of an operation; `found` are the news of a scan.
pub(super) fn ended(operation: &Operation, found: Vec<Found>) -> Notice {
    let counts = &operation.counts;
    let failed = counts.failed + counts.interrupted;
    let all = failed + counts.succeeded + counts.skipped + counts.cancelled + counts.waiting;
    let name = format!("{} · {}", kind(operation.kind), operation.subject);
    let news = found_lines(found.clone());
    if failed > 0 {
        let next = "Open RedFlag to see why, and to try again.";
        let body = if news.is_empty() {
            next.into()
        } else {
            format!("{news}\n{next}")
        };
        return Notice {
            digest: Digest::Failed,
            title: format!("{name}: {failed} of {all} failed"),
            body,
        };
    }
    if counts.cancelled > 0 {
        return Notice {
            digest: Digest::Finished,
            title: format!("{name}: stopped"),
            body: format!("{} of {all} done before", counts.succeeded),
        };
    }
    if operation.kind == OperationKind::Scan && !found.is_empty() {
        let (total, security) = sum(&found);
        return Notice {
            digest: Digest::Updates,
            title: format!("{name} found {}", updates(total, security)),
            body: news,
        };
    }
    let did = counted(counts.succeeded, "LXC", "LXCs");
    let left = match counts.skipped {
        0 => did,
        left => format!("{did}, {left} left out"),
    };
    let end = if operation.kind == OperationKind::Scan {
        "nothing new"
    } else {
        "done"
    };
    Notice {
        digest: Digest::Finished,
        title: format!("{name}: {end}"),
        body: left,
    }
}

/// What does not answer any more. Nodes of a cluster that is away itself are not told beside it.
pub(super) fn away(all: Vec<(Place, String)>) -> Option<Notice> {
    let gone = |cluster| {
        all.iter()
            .any(|(place, _)| *place == Place::Cluster(cluster))
    };
    let line = |(place, name): &(Place, String)| match place {
        Place::Cluster(_) => Some(format!("Cluster {name}")),
        Place::Node(key) if gone(key.cluster) => None,
        Place::Node(_) => Some(format!("Node {name}")),
        Place::Agent(_) => Some(format!("Agent in {name}")),
    };
    let told: Vec<String> = all.iter().filter_map(line).collect();
    let title = match told.as_slice() {
        [] => return None,
        [one] => format!("{one} does not answer"),
        many => format!("{} places do not answer", many.len()),
    };
    let body = match told.len() {
        1 => "What is shown of it is the last known picture.".into(),
        _ => lines(told, "more", "more"),
    };
    Some(Notice {
        digest: Digest::Unreachable,
        title,
        body,
    })
}

/// What waited for the end of quiet hours: by itself, or all in one.
pub(super) fn together(mut held: Vec<Notice>) -> Option<Notice> {
    if held.len() < 2 {
        return held.pop();
    }
    let worst = [
        Digest::Failed,
        Digest::Unreachable,
        Digest::Updates,
        Digest::Finished,
    ];
    let digest = worst
        .into_iter()
        .find(|digest| held.iter().any(|notice| notice.digest == *digest))?;
    held.sort_by_key(|notice| worst.iter().position(|digest| *digest == notice.digest));
    let number = held.len();
    let titles = held.into_iter().map(|notice| notice.title).collect();
    Some(Notice {
        digest,
        title: format!("{number} messages from quiet hours"),
        body: lines(titles, "more", "more"),
    })
}
