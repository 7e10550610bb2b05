//! What apt and dpkg print, as plain functions of text: for fuzzing and for the replay of its corpus.

use super::{
    conffiles, database, dpkg_status, failure, locks, policy, refresh, release, show, simulation,
    status,
};

/// `apt-get -s`, and why a selection cannot be had.
pub fn simulation(text: &str) {
    let _ = simulation::parse(text);
    let _ = simulation::unmet(text);
}

/// `apt-cache policy` and `apt-cache show`.
pub fn cache(text: &str) {
    for policy in policy::parse(text) {
        let _ = policy.candidate_version();
    }
    let _ = show::parse(text);
}

/// `apt-get update`, and the head of a release file.
pub fn refresh(text: &str) {
    let lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let _ = refresh::parse(&lines);
    let _ = release::head("deb.example_dists_stable_InRelease", lines.into_iter());
}

/// apt's status pipe and dpkg's output while packages are installed.
pub fn progress(text: &str) {
    for line in text.lines() {
        if let Some((_, percent)) = status::progress(line) {
            assert!((0.0..=100.0).contains(&percent), "{percent}");
        }
        let _ = status::conffile(line);
        let _ = locks::is_refusal(line);
    }
    let _ = failure::words(text.lines());
}

/// `dpkg-query`, dpkg's own file, and its list of configuration files.
pub fn database(text: &str) {
    let _ = dpkg_status::parse(text);
    let _ = conffiles::parse(text);
    let database = database::parse(text);
    let versions = database.versions();
    assert!(database::difference(&versions, &versions).is_empty());
    let _ = database.find(text.get(..8).unwrap_or(text));
}
