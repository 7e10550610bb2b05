//! `apt-get update`: waits for the lock, follows it, and tells which repositories answered.

use std::time::{Duration, Instant};

use domain::{
    inventory::Repository,
    operation::{LogLevel, Problem},
};

use super::{Apt, failure, locks};
use crate::{
    clock, mask,
    packages::{Progress, Refreshed, Stopped},
    stream::{End, Event, Verdict, follow, with_status},
    tools::ending,
};

/// A mirror that sends nothing for this long is given up.
const STALL: Duration = Duration::from_secs(5 * 60);
/// The part of a scan's percentage that the refresh is.
const SHARE: f32 = 0.7;

/// Fetches the lists.
pub(super) fn run(apt: &Apt<'_>, progress: &mut dyn Progress) -> Result<Refreshed, Stopped> {
    let began = Instant::now();
    loop {
        locks::wait(apt.layout, &locks::LISTS, locks::PATIENCE, progress)?;
        let (end, lines) = update(apt, progress)?;
        let words = || failure::words(lines.iter().map(String::as_str));
        let code = match end {
            End::Exit(code) => code,
            End::Stopped => return Err(Stopped::Cancelled),
            End::Stalled => {
                return Err(Stopped::Failed(Problem {
                    what: format!(
                        "apt-get update stood still for {} and was stopped",
                        clock::span(STALL)
                    ),
                    words: Some(words()),
                    next: Some("Check the guest's network and its package sources.".into()),
                }));
            }
        };
        // Someone was quicker between our look and apt's own.
        if code != Some(0)
            && locks::is_refusal(&lines.join("\n"))
            && began.elapsed() < locks::PATIENCE
        {
            std::thread::sleep(Duration::from_secs(1));
            continue;
        }
        let (repositories, mut general) = parse(&lines);
        if code != Some(0) && general.is_none() && repositories.iter().all(|r| r.error.is_none()) {
            general = Some(format!("apt-get update: {}: {}", ending(code), words()));
        }
        return Ok(Refreshed {
            at: Some(clock::now()),
            good_at: None,
            repositories,
            general,
            sources: apt.sources(),
        });
    }
}

fn update(apt: &Apt<'_>, progress: &mut dyn Progress) -> Result<(End, Vec<String>), Stopped> {
    let mut command = apt.command("apt-get")?;
    command.args(["-q", "-o", "APT::Color=0"]);
    // Without it a repository that cannot be reached for the moment ends with status 0.
    command.args(["-o", "APT::Update::Error-Mode=any"]);
    command.args([
        "-o",
        "DPkg::Lock::Timeout=30",
        "-o",
        "Acquire::http::Timeout=30",
    ]);
    let pipe = with_status(&mut command).map_err(|e| apt.lost("a pipe for apt's progress", &e))?;
    command.arg("update");
    let mut lines = Vec::new();
    let end = follow("apt-get update", command, Some(pipe), STALL, |event| {
        match event {
            Event::Line(line) => {
                progress.log(LogLevel::Output, &mask::urls(&line));
                lines.push(line);
            }
            Event::Status(line) => {
                if let Some((_, percent)) = super::status::progress(&line) {
                    progress.percent((percent * SHARE) as u8);
                }
            }
            Event::Quiet => progress.quiet(),
        }
        if progress.cancelled() {
            Verdict::Stop
        } else {
            Verdict::Continue
        }
    });
    Ok((end.map_err(|e| apt.lost("apt-get update", &e))?, lines))
}

/// Repositories in the order apt names them, with the error of each; and errors that belong to none of them.
pub(super) fn parse(lines: &[String]) -> (Vec<Repository>, Option<String>) {
    let mut found: Vec<(String, String, Option<String>)> = Vec::new();
    let mut lines_left = lines.iter().peekable();
    while let Some(line) = lines_left.next() {
        let Some((word, uri, suite)) = fetched(line) else {
            continue;
        };
        let index = match found.iter().position(|(u, s, _)| *u == uri && *s == suite) {
            Some(index) => index,
            None => {
                found.push((uri, suite, None));
                found.len() - 1
            }
        };
        if word == "Err" {
            let reason = lines_left
                .next_if(|l| l.starts_with(' '))
                .map_or("it could not be fetched", |l| l.trim());
            found[index].2.get_or_insert_with(|| reason.to_owned());
        }
    }
    let mut general = Vec::new();
    for line in lines {
        let Some(words) = complaint(line) else {
            continue;
        };
        let mut owner = found.iter_mut().find(|(uri, suite, _)| {
            let plain = without_user(uri);
            let named = |uri: &str| {
                words.contains(&format!("{uri} {suite} "))
                    || words.contains(&format!("{uri}/dists/{suite}/"))
                    || words.contains(&format!("{uri}/{}", suite.trim_start_matches("./")))
                        && suite.starts_with('.')
            };
            named(uri) || named(&plain)
        });
        match &mut owner {
            Some((_, _, error)) => {
                error.get_or_insert_with(|| words.to_owned());
            }
            None if line.starts_with("E:") => general.push(words),
            None => {}
        }
    }
    let repositories = found
        .into_iter()
        .map(|(uri, suite, error)| Repository {
            name: mask::urls(&format!("{uri} {suite}")),
            error: error.map(|e| mask::urls(&e)),
        })
        .collect();
    let general = (!general.is_empty()).then(|| mask::urls(&general.join("\n")));
    (repositories, general)
}

/// `Err:14 file:/srv/none gone/main amd64 Packages` → (`Err`, `file:/srv/none`, `gone`)
fn fetched(line: &str) -> Option<(&str, String, String)> {
    let (word, rest) = line.split_once(':')?;
    if !matches!(word, "Hit" | "Get" | "Ign" | "Err") {
        return None;
    }
    let mut words = rest.split_ascii_whitespace();
    words.next()?.parse::<u32>().ok()?;
    let uri = words.next()?.trim_end_matches('/');
    let suite = words.next()?;
    let file = words.find(|w| !w.starts_with('['))?;
    let whole = matches!(file, "InRelease" | "Release" | "Release.gpg");
    let suite = match suite.rsplit_once('/') {
        Some((suite, component)) if !whole && !component.is_empty() => suite,
        _ => suite,
    };
    Some((word, uri.to_owned(), suite.to_owned()))
}

/// The words of a line that says a repository, or the refresh, failed.
fn complaint(line: &str) -> Option<&str> {
    if let Some(words) = line.strip_prefix("E: ") {
        return (!words.starts_with("Some index files failed to download")).then_some(words);
    }
    let words = line.strip_prefix("W: ")?;
    const TELLING: [&str; 7] = [
        "Failed to fetch",
        "GPG error",
        "signature verification",
        "is not signed",
        "does not have a Release file",
        "is not valid yet",
        "expired",
    ];
    TELLING.iter().any(|t| words.contains(t)).then_some(words)
}

fn without_user(uri: &str) -> String {
    match uri.split_once("://") {
        Some((scheme, rest)) => match rest.split_once('@') {
            Some((_, rest)) => format!("{scheme}://{rest}"),
            None => uri.to_owned(),
        },
        None => uri.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn each_repository_carries_its_own_error() {
        for release in ["debian-11", "debian-13"] {
            let read = |kind: &str| {
                let path = format!(
                    "{}/tests/fixtures/refresh-{release}.{kind}.txt",
                    env!("CARGO_MANIFEST_DIR")
                );
                std::fs::read_to_string(path).unwrap()
            };
            let (repositories, general) = parse(&lines(&(read("out") + &read("err"))));
            assert_eq!(general, None, "{release}");
            let failed: Vec<_> = repositories
                .iter()
                .filter(|r| r.error.is_some())
                .map(|r| r.name.as_str())
                .collect();
            assert_eq!(
                failed,
                ["http://127.0.0.1:1/debian broken", "file:/srv/none gone"],
                "{release}"
            );
            assert_eq!(repositories.len(), 6, "{release}: {repositories:?}");
            insta::assert_debug_snapshot!(format!("refresh-{release}"), repositories);
        }
    }

    #[test]
    fn errors_without_an_err_line_find_their_repository() {
        let text = "\
Hit:1 http://deb.debian.org/debian bookworm InRelease
Get:2 https://joe:pw@repo.example/apt/ stable InRelease [1,234 B]
Hit:3 http://flat.example/x ./ InRelease
W: GPG error: https://repo.example/apt stable InRelease: The following signatures were invalid: EXPKEYSIG 00
E: The repository 'https://repo.example/apt stable InRelease' is not signed.
W: Target Packages (main/binary-amd64/Packages) is configured multiple times
E: Release file for http://deb.debian.org/debian/dists/bookworm/InRelease is not valid yet (invalid for another 3h 2min). Updates for this repository will not be applied.
";
        let (repositories, general) = parse(&lines(text));
        assert_eq!(general, None);
        let rows: Vec<_> = repositories
            .iter()
            .map(|r| (r.name.as_str(), r.error.as_deref().map(|e| &e[..12])))
            .collect();
        assert_eq!(
            rows,
            [
                (
                    "http://deb.debian.org/debian bookworm",
                    Some("Release file")
                ),
                ("https://…@repo.example/apt stable", Some("GPG error: h")),
                ("http://flat.example/x ./", None),
            ]
        );
    }

    #[test]
    fn an_error_of_no_repository_is_general() {
        let (repositories, general) = parse(&lines(
            "E: Malformed entry 1 in list file /etc/apt/sources.list (Suite)\nE: The list of sources could not be read.\n",
        ));
        assert!(repositories.is_empty());
        assert!(general.unwrap().starts_with("Malformed entry 1"));
    }

    proptest! {
        #[test]
        fn never_panics(text in "(Err|Get|E|W)?[:0-9 a-z/@.\\[\n]{0,120}") {
            let _ = parse(&lines(&text));
        }
    }
}
