//! Which systemd services run, before and after an update.

use std::time::Duration;

use crate::Tools;

const LIMIT: Duration = Duration::from_secs(30);

/// Services that come and go by themselves: their absence after an update says nothing.
const TRANSIENT: [&str; 15] = [
    "redflag-",
    "user@",
    "user-runtime-dir@",
    "session-",
    "run-",
    "apt-daily",
    "apt-news",
    "esm-cache",
    "packagekit",
    "fwupd",
    "man-db",
    "systemd-hostnamed",
    "systemd-localed",
    "systemd-timedated",
    "systemd-tmpfiles",
];

/// Names of services that run now, sorted; none where there is no systemd.
pub fn running(tools: &Tools) -> Vec<String> {
    let arguments = [
        "list-units",
        "--type=service",
        "--state=running",
        "--no-legend",
        "--no-pager",
        "--plain",
    ];
    let mut units = match tools.run("systemctl", &arguments, LIMIT) {
        Ok(out) if out.ok() => parse(&out.stdout),
        _ => Vec::new(),
    };
    units.sort();
    units
}

pub(super) fn parse(text: &str) -> Vec<String> {
    text.lines()
        .filter_map(|line| line.split_ascii_whitespace().next())
        .filter(|unit| unit.ends_with(".service"))
        .filter(|unit| !TRANSIENT.iter().any(|t| unit.starts_with(t)))
        .map(str::to_owned)
        .collect()
}

/// How one service is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Active,
    /// On its way up or down.
    Moving,
    Down,
}

/// How each of `units` is now; nothing when systemd cannot be asked.
pub fn states(tools: &Tools, units: &[String]) -> Vec<(String, State)> {
    if units.is_empty() {
        return Vec::new();
    }
    let mut arguments = vec!["is-active", "--"];
    arguments.extend(units.iter().map(String::as_str));
    // One line a unit; the exit status only says whether all are.
    let Ok(out) = tools.run("systemctl", &arguments, LIMIT) else {
        return Vec::new();
    };
    let states: Vec<&str> = out.stdout.lines().map(str::trim).collect();
    if states.len() != units.len() {
        return Vec::new();
    }
    units
        .iter()
        .cloned()
        .zip(states.into_iter().map(state))
        .collect()
}

fn state(word: &str) -> State {
    match word {
        "active" | "reloading" | "refreshing" => State::Active,
        "activating" | "deactivating" => State::Moving,
        _ => State::Down,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_lasting_services_are_watched() {
        let text = "cron.service loaded active running Regular background program\nredflag-agent.service loaded active running x\napt-daily.service loaded active running y\nssh.service loaded active running z\nnoise\n";
        assert_eq!(parse(text), ["cron.service", "ssh.service"]);
    }
}
