//! Picks out of a failed run's output the words that say why.

use crate::mask;

/// The most lines that are quoted.
const LINES: usize = 30;

/// apt's and dpkg's own words about a failure, without secrets: from the first complaint of dpkg on, else every
/// line that apt marks as an error, else the end of the output.
pub(super) fn words<'a>(lines: impl IntoIterator<Item = &'a str>) -> String {
    let lines: Vec<&str> = lines
        .into_iter()
        .map(str::trim_end)
        .filter(|l| !l.is_empty())
        .collect();
    let from_dpkg = lines.iter().position(|l| {
        l.starts_with("dpkg: error")
            || l.starts_with("dpkg: unrecoverable")
            || l.starts_with("dpkg-deb: error")
    });
    let chosen: Vec<&str> = match from_dpkg {
        // The lines before it are often the failing script's own.
        Some(at) => lines[at.saturating_sub(3)..]
            .iter()
            .copied()
            .take(LINES)
            .collect(),
        None => {
            let errors: Vec<&str> = lines
                .iter()
                .copied()
                .filter(|l| l.starts_with("E: ") || l.starts_with("Err:"))
                .take(LINES)
                .collect();
            if errors.is_empty() {
                lines[lines.len().saturating_sub(LINES / 2)..].to_vec()
            } else {
                errors
            }
        }
    };
    mask::urls(&chosen.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dpkgs_words_come_with_the_scripts_own() {
        let text = "Setting up rf-fail (1.1) ...\nrf-fail says no\ndpkg: error processing package rf-fail (--configure):\n installed rf-fail package post-installation script subprocess returned error exit status 3\nErrors were encountered while processing:\n rf-fail\nE: Sub-process /usr/bin/dpkg returned an error code (1)\n";
        let words = words(text.lines());
        assert!(words.contains("rf-fail says no"), "{words}");
        assert!(words.contains("exit status 3"), "{words}");
    }

    #[test]
    fn apts_errors_are_chosen_and_masked() {
        let text = "Reading package lists...\nE: Failed to fetch http://u:secret@x/y  404\n";
        assert_eq!(words(text.lines()), "E: Failed to fetch http://…@x/y  404");
        assert_eq!(words(["only this", ""]), "only this");
        assert_eq!(words([]), "");
    }
}
