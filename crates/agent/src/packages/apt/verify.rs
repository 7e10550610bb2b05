//! Looks at what an installation really did, whatever apt says about it.

use std::time::{Duration, Instant};

use domain::{
    operation::{LogLevel, ServiceCheck},
    plan::PackageChange,
};
use wire::Applied;

use super::{Apt, conffiles, database, database::Database};
use crate::{
    guest,
    guest::services::State,
    packages::{Installed, Progress},
};

/// How long a service may take to come back after its restart.
const SETTLE: Duration = Duration::from_secs(15);

/// How the guest was right before.
pub(super) struct Before {
    pub(super) installed: Installed,
    services: Vec<String>,
    manual: Option<Vec<String>>,
    leftovers: Vec<String>,
}

impl Before {
    /// The guest as it is now, with the packages in `installed`.
    pub(super) fn now(apt: &Apt<'_>, installed: Installed) -> Self {
        Self {
            installed,
            services: guest::services::running(apt.tools),
            manual: manual(apt),
            leftovers: guest::leftovers::under_etc(apt.layout),
        }
    }
}

/// What really changed, and how the guest is now. `promised` is what was approved.
pub(super) fn changes(
    apt: &Apt<'_>,
    promised: &[PackageChange],
    before: &Before,
    progress: &mut dyn Progress,
) -> Applied {
    let mut result = Applied {
        database_sound: database::audit(apt.layout, apt.tools)
            .ok()
            .map(|a| a.is_none()),
        ..Applied::default()
    };
    match Database::read(apt.layout, apt.tools) {
        Ok(now) => {
            let now = now.versions_after(&before.installed);
            result.changes = database::difference(&before.installed, &now);
            result.not_done = database::not_done(promised, &now);
        }
        Err(words) => {
            progress.log(LogLevel::Error, &words);
            result.not_done = promised.to_vec();
        }
    }
    result.kept_files = guest::leftovers::under_etc(apt.layout)
        .into_iter()
        .filter(|f| !before.leftovers.contains(f))
        .collect();
    result.differences = conffiles::differences(apt, &result.kept_files);
    result.services = services(apt, &before.services, progress);
    restore_marks(apt, before.manual.as_deref(), progress);
    result
}

fn services(apt: &Apt<'_>, before: &[String], progress: &mut dyn Progress) -> Vec<ServiceCheck> {
    let began = Instant::now();
    let mut now = guest::services::states(apt.tools, before);
    // A restart that is under way is given time; what is down is down.
    while now.iter().any(|(_, state)| *state == State::Moving) && began.elapsed() < SETTLE {
        std::thread::sleep(Duration::from_millis(500));
        now = guest::services::states(apt.tools, before);
    }
    let checks: Vec<ServiceCheck> = now
        .into_iter()
        .map(|(unit, state)| ServiceCheck {
            unit,
            active: state == State::Active,
        })
        .collect();
    for service in checks.iter().filter(|s| !s.active) {
        progress.log(
            LogLevel::Warning,
            &format!(
                "{} ran before the update and does not run now",
                service.unit
            ),
        );
    }
    checks
}

/// Packages marked as installed on purpose; none when apt-mark cannot say.
fn manual(apt: &Apt<'_>) -> Option<Vec<String>> {
    let out = apt.ask("apt-mark", &["showmanual"]).ok()?;
    out.ok()
        .then(|| out.stdout.lines().map(str::to_owned).collect())
}

/// An update must not make an automatically installed package a wanted one.
fn restore_marks(apt: &Apt<'_>, before: Option<&[String]>, progress: &mut dyn Progress) {
    let (Some(before), Some(now)) = (before, manual(apt)) else {
        return;
    };
    let new: Vec<&str> = now
        .iter()
        .filter(|p| !before.contains(p))
        .map(String::as_str)
        .collect();
    if new.is_empty() {
        return;
    }
    let mut arguments = vec!["auto"];
    arguments.extend(&new);
    let restored = apt.ask("apt-mark", &arguments).is_ok_and(|out| out.ok());
    let words = if restored {
        "marked again as installed automatically"
    } else {
        "now marked as installed manually"
    };
    progress.log(LogLevel::Warning, &format!("{words}: {}", new.join(", ")));
}
