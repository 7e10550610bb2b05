//! How the agent of a guest stands, and what may be said about its updates.

use domain::{
    Timestamp,
    docker::DockerScan,
    fleet::{AgentState, GuestRow, ImageCounts, Power, STALE_AFTER_MS, UnknownReason, UpdateState},
    image::ImageState,
    inventory::{PackageScan, UpdateCounts},
    rule::Rule,
};

use super::Guest;

/// (current, old) counts that a row adds to its parents.
pub(super) fn counts(row: &GuestRow) -> (UpdateCounts, UpdateCounts) {
    let none = UpdateCounts::default();
    match &row.updates {
        UpdateState::Updates { counts } => (*counts, none),
        UpdateState::UpToDate { blocked, ignored } => (
            UpdateCounts {
                blocked: *blocked,
                ignored: *ignored,
                ..none
            },
            none,
        ),
        UpdateState::Stale { counts, .. }
        | UpdateState::Error {
            counts: Some(counts),
            ..
        } => (none, *counts),
        UpdateState::Error { counts: None, .. }
        | UpdateState::Unknown { .. }
        | UpdateState::Unsupported { .. } => (none, none),
    }
}

/// None where no container engine was found.
pub(super) fn image_counts(guest: &Guest) -> Option<ImageCounts> {
    let engines = &guest.inventory.as_ref()?.inventory.docker;
    if engines.is_empty() {
        return None;
    }
    let failed = engines
        .iter()
        .filter(|e| matches!(e, DockerScan::Failed { .. }));
    let mut counts = ImageCounts {
        total: u32::try_from(guest.images.len()).unwrap_or(u32::MAX),
        unclear: u32::try_from(failed.count()).unwrap_or(u32::MAX),
        updates: 0,
    };
    for image in &guest.images {
        let state = &image.checked.state;
        counts.updates += u32::from(matches!(state, ImageState::Update { .. }));
        counts.unclear += u32::from(state.is_unclear());
    }
    Some(counts)
}

pub(super) fn agent_state(guest: &Guest, now: Timestamp) -> AgentState {
    let Some(agent) = &guest.agent else {
        return AgentState::NotInstalled;
    };
    let last_seen = agent.record.last_seen;
    if guest.record.power == Power::Stopped {
        AgentState::Off { last_seen }
    } else if agent.is_online(now) {
        AgentState::Online {
            version: agent.record.version.clone(),
            since: last_seen.unwrap_or(now),
            older: crate::operations::scope::is_older(&agent.record.version),
            via: agent.via.clone(),
        }
    } else {
        AgentState::Offline {
            last_seen,
            trouble: agent.trouble.clone(),
        }
    }
}

/// What may be said about the updates of a guest; `old` when its node does not answer.
pub(super) fn update_state(
    guest: &Guest,
    rules: &[Rule],
    old: bool,
    now: Timestamp,
) -> UpdateState {
    if guest.record.template {
        return UpdateState::Unsupported {
            reason: "Template".into(),
        };
    }
    let running = guest.record.power == Power::Running;
    let Some(report) = &guest.inventory else {
        let why = match (running, &guest.agent) {
            (false, _) => UnknownReason::NotRunning,
            (true, None) => UnknownReason::NoAgent,
            (true, Some(_)) => UnknownReason::NotScanned,
        };
        return UpdateState::Unknown { why };
    };
    let counts = report.inventory.counts_under(|update| {
        guest
            .ruling(rules, &update.package, now)
            .map(|rule| rule.kind)
    });
    match &report.inventory.packages {
        PackageScan::Unsupported { reason } => UpdateState::Unsupported {
            reason: reason.clone(),
        },
        PackageScan::Failed { reason } => UpdateState::Error {
            reason: reason.clone(),
            counts: None,
            repairable: false,
        },
        PackageScan::Apt {
            interrupted: Some(words),
            ..
        } => UpdateState::Error {
            reason: format!("an earlier dpkg run was interrupted: {words}"),
            counts: Some(counts),
            repairable: true,
        },
        PackageScan::Apt {
            lists_at,
            repositories,
            interrupted: None,
            ..
        } => {
            let failing: Vec<_> = repositories
                .iter()
                .filter_map(|r| r.error.as_ref().map(|e| (&r.name, e)))
                .collect();
            // The lists may be older than the scan that read them. Their age is a difference of two times of the
            // guest's clock, which need not agree with ours.
            let known_at = lists_at.map(|lists| {
                report
                    .scanned_at
                    .plus_millis(-report.inventory.scanned_at.since(lists))
            });
            let agent_silent = guest.agent.as_ref().is_none_or(|a| !a.is_online(now));
            match known_at {
                None if counts.total == 0 => UpdateState::Unknown {
                    why: UnknownReason::NotScanned,
                },
                None => UpdateState::Stale {
                    counts,
                    since: report.scanned_at,
                },
                Some(since)
                    if old || !running || agent_silent || now.since(since) > STALE_AFTER_MS =>
                {
                    UpdateState::Stale { counts, since }
                }
                Some(_) if counts.total > 0 => UpdateState::Updates { counts },
                Some(_) => match failing.first() {
                    // Nothing pending in what could be read says nothing about what could not.
                    Some((name, error)) => UpdateState::Error {
                        reason: format!("{name}: {error}"),
                        counts: Some(counts),
                        repairable: false,
                    },
                    None => UpdateState::UpToDate {
                        blocked: counts.blocked,
                        ignored: counts.ignored,
                    },
                },
            }
        }
    }
}
