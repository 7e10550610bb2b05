//! What changed in a package, from where its repository keeps changelogs.

use domain::operation::Problem;

use super::{Apt, failure};
use crate::mask;

/// The most that is handed on, in bytes: the newest entries stand first.
const LIMIT: usize = 64 * 1024;

pub(super) fn fetch(apt: &Apt<'_>, package: &str) -> Result<String, Problem> {
    let problem = |words: String| Problem {
        what: format!("the changelog of {package} cannot be fetched"),
        words: Some(mask::urls(&words)),
        next: Some(
            "Not every repository keeps changelogs. Check the guest's network, then try again."
                .to_owned(),
        ),
    };
    let name = package.strip_prefix('-').unwrap_or(package);
    let out = apt
        .ask("apt-get", &["-q", "changelog", name])
        .map_err(problem)?;
    if !out.ok() {
        let lines = out.stderr.lines().chain(out.stdout.lines());
        return Err(problem(failure::words(lines)));
    }
    // Before it stand apt's own lines about the transfer.
    let text = out.stdout.trim_start();
    let begin = text
        .lines()
        .take_while(|line| {
            line.starts_with("Get:") || line.starts_with("Fetched ") || line.is_empty()
        })
        .map(|line| line.len() + 1)
        .sum::<usize>();
    let text = text.get(begin..).unwrap_or_default();
    let cut = text.floor_char_boundary(LIMIT);
    Ok(text[..cut].to_owned())
}
