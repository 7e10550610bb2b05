//! Configuration files that somebody changed: told before an update, and how the new versions differ after it.

use std::{collections::BTreeMap, time::Duration};

use domain::operation::{DIFFERENCE_LIMIT, FileDifference};

use super::{Apt, scan::BATCH};
use crate::{guest::leftovers, mask};

const LIMIT: Duration = Duration::from_secs(60);

/// Those of `packages` (`name:arch`) that are not as their package brought them. A file that is gone does not count:
/// dpkg leaves it so.
pub(super) fn changed(apt: &Apt<'_>, packages: &[String]) -> Result<Vec<String>, String> {
    let mut shipped = BTreeMap::new();
    for batch in packages.chunks(BATCH) {
        let mut arguments = vec!["-W", "-f", "${Conffiles}\\n"];
        arguments.extend(batch.iter().map(String::as_str));
        let out = apt.ask("dpkg-query", &arguments)?;
        shipped.extend(parse(&out.stdout));
    }
    let root = apt.layout.at("");
    let files: Vec<(String, String)> = shipped
        .keys()
        .map(|path| (path.clone(), apt.layout.at(path.trim_start_matches('/'))))
        .filter(|(_, file)| file.is_file())
        .map(|(path, file)| (path, file.to_string_lossy().into_owned()))
        .collect();
    let mut changed = Vec::new();
    for batch in files.chunks(BATCH) {
        let mut arguments = vec!["--"];
        arguments.extend(batch.iter().map(|(_, file)| file.as_str()));
        let out = apt.ask("md5sum", &arguments)?;
        for line in out.stdout.lines() {
            let Some((sum, file)) = line.split_once("  ") else {
                continue;
            };
            let inside = file.strip_prefix(root.to_string_lossy().trim_end_matches('/'));
            let path = inside.unwrap_or(file);
            if shipped.get(path).is_some_and(|known| known != sum) {
                changed.push(path.to_owned());
            }
        }
    }
    changed.sort();
    Ok(changed)
}

/// Lines of `${Conffiles}`: ` /etc/ssh/sshd_config 3d4f… [obsolete]`. Obsolete ones and new ones ask nothing.
pub(super) fn parse(text: &str) -> Vec<(String, String)> {
    let file = |line: &str| {
        let mut words = line.strip_prefix(' ')?.rsplit(' ');
        let sum = words.next()?;
        let is_sum = sum.len() == 32 && sum.bytes().all(|b| b.is_ascii_hexdigit());
        let path = line.strip_prefix(' ')?.strip_suffix(sum)?.trim_end();
        (is_sum && path.starts_with('/')).then(|| (path.to_owned(), sum.to_owned()))
    };
    text.lines().filter_map(file).collect()
}

/// From the files in use to the new ones at `paths`, without what looks like a secret.
pub(super) fn differences(apt: &Apt<'_>, paths: &[String]) -> Vec<FileDifference> {
    let difference = |path: &String| {
        let used = leftovers::in_use(path)?;
        let at = |path: &str| apt.layout.at(path.trim_start_matches('/'));
        let (old, new) = (at(used), at(path));
        let (old, new) = (old.to_string_lossy(), new.to_string_lossy());
        let arguments = ["-u", "--label", used, "--label", path, "--", &old, &new];
        // Status 1 says that there is a difference.
        let out = apt.tools.run("diff", &arguments, LIMIT).ok()?;
        let text = mask::settings(&out.stdout);
        let cut = text.floor_char_boundary(DIFFERENCE_LIMIT);
        Some(FileDifference {
            path: path.clone(),
            text: text[..cut].to_owned(),
        })
    };
    paths.iter().filter_map(difference).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shipped_files_are_read_and_obsolete_ones_are_not() {
        let text = " /etc/a.conf 0123456789abcdef0123456789abcdef\n /etc/old 0123456789abcdef0123456789abcdef obsolete\n /etc/new newconffile\n\n";
        assert_eq!(
            parse(text),
            [(
                "/etc/a.conf".to_owned(),
                "0123456789abcdef0123456789abcdef".to_owned()
            )]
        );
    }
}
