//! Reads what came back: the text between the markers, the exit status, and who it was that failed without one.

use std::collections::BTreeMap;

use crate::{Place, ReachError, Verb, run::Answer};

/// What a channel gave until it closed.
#[derive(Debug, Default)]
pub(crate) struct Raw {
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
    /// Of the command that ran the shell; 128 and more for a signal.
    pub(crate) exit: Option<i32>,
}

/// The text between the markers, and the script's exit status; none without an end marker.
pub(crate) fn between_markers(stdout: &[u8], nonce: &str) -> Option<(String, i32)> {
    let text = String::from_utf8_lossy(stdout);
    let mark = format!("@@redflag:{nonce}:");
    let (before, status) = text.rsplit_once(&mark)?;
    let status = status.trim_end().parse().ok()?;
    // A login shell's start-up files may have written something first.
    let begin = format!("{mark}begin\n");
    let body = before
        .split_once(&begin)
        .map_or(before, |(_noise, body)| body);
    Some((body.trim_end_matches(['\n', '\r']).to_owned(), status))
}

/// Says how a script ended, by what came back from it.
pub(crate) fn judge(
    place: &Place,
    verb: Verb,
    nonce: &str,
    raw: &Raw,
) -> Result<Answer, ReachError> {
    let stderr = words(&raw.stderr);
    match between_markers(&raw.stdout, nonce) {
        Some((stdout, 0)) => Ok(Answer { stdout, stderr }),
        Some((stdout, status)) => Err(ReachError::Script {
            place: place.clone(),
            verb,
            status,
            stderr: if stderr.is_empty() {
                words(stdout.as_bytes())
            } else {
                stderr
            },
        }),
        None => Err(without_marker(place.clone(), verb, raw)),
    }
}

/// `name=value` lines as a map; other lines are passed over.
pub(crate) fn values(text: &str) -> BTreeMap<&str, &str> {
    text.lines()
        .filter_map(|line| line.trim().split_once('='))
        .collect()
}

/// Remote words on one line, without control characters, at most 600 characters.
pub(crate) fn words(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut words = String::new();
    for part in text.split_whitespace() {
        if !words.is_empty() {
            words.push(' ');
        }
        words.extend(part.chars().filter(|c| !c.is_control()));
    }
    if let Some((end, _)) = words.char_indices().nth(600) {
        words.truncate(end);
        words.push('…');
    }
    words
}

/// Names the cause when no marker came, by the words of lxc-attach, pct, sudo or the shell.
pub(crate) fn without_marker(place: Place, verb: Verb, raw: &Raw) -> ReachError {
    let mut words = words(&raw.stderr);
    if words.is_empty() {
        words = self::words(&raw.stdout);
    }
    let says = |part: &str| words.contains(part);
    let nobody = raw.exit == Some(64) && says("redflag-enter: only");
    if place.vmid.is_some() || nobody {
        let stopped = says("Failed to get init pid")
            || says("not running")
            || says("Failed to attach to container that is not running");
        if stopped {
            return ReachError::NotRunning { place, words };
        }
        let unknown = (says("Configuration file") && says("does not exist"))
            || says("No such container")
            || says("Container does not exist")
            || says("is not defined");
        if unknown {
            return ReachError::NoSuchGuest { place, words };
        }
        let refused = says("Permission denied")
            || says("Operation not permitted")
            || says("Insufficient privileges")
            || says("please run as root")
            || says("a password is required")
            || says("is not allowed to execute")
            || says("is not in the sudoers file")
            || says("sudo: not found")
            || says("redflag-enter: only")
            || says("command not found")
            || says("lxc-attach: not found");
        if refused {
            return ReachError::NotAllowed { place, words };
        }
    }
    if words.is_empty() {
        words = "it wrote nothing".to_owned();
    }
    ReachError::NoMarker {
        place,
        verb,
        exit: raw.exit,
        words,
    }
}

#[cfg(test)]
mod tests {
    use domain::Vmid;

    use super::*;
    use crate::{NodeAddress, Verb, Via};

    fn place() -> Place {
        Place {
            via: Via::Ssh(NodeAddress {
                host: "pve1".into(),
                port: 22,
                user: "root".into(),
            }),
            vmid: Some(Vmid::try_from(101).expect("in range")),
        }
    }

    #[test]
    fn noise_of_a_login_shell_before_the_begin_marker_is_dropped() {
        let out = b"Welcome!\n@@redflag:ab:begin\npve1\n\n@@redflag:ab:0\n";
        assert_eq!(between_markers(out, "ab"), Some(("pve1".into(), 0)));
    }

    #[test]
    fn an_answer_without_begin_marker_is_whole() {
        let out = b"pve1\n@@redflag:ab:3\n";
        assert_eq!(between_markers(out, "ab"), Some(("pve1".into(), 3)));
    }

    #[test]
    fn a_marker_with_another_nonce_or_cut_off_does_not_count() {
        assert_eq!(between_markers(b"x\n@@redflag:cd:0\n", "ab"), None);
        assert_eq!(between_markers(b"x\n@@redflag:ab:", "ab"), None);
        assert_eq!(between_markers(b"@@redflag:ab:begin\n", "ab"), None);
    }

    #[test]
    fn the_words_of_lxc_attach_and_pct_name_the_cause() {
        let cause = |stderr: &str| {
            let raw = Raw {
                stderr: stderr.into(),
                ..Raw::default()
            };
            without_marker(place(), Verb::Probe, &raw)
        };
        let attach = "lxc-attach: 101: ../src/lxc/attach.c: get_attach_context: 406 Connection refused - Failed to get init pid";
        assert!(matches!(cause(attach), ReachError::NotRunning { .. }));
        assert!(matches!(
            cause("container '101' not running!"),
            ReachError::NotRunning { .. }
        ));
        assert!(matches!(
            cause("Configuration file 'nodes/pve1/lxc/101.conf' does not exist"),
            ReachError::NoSuchGuest { .. }
        ));
        assert!(matches!(
            cause("bash: line 1: lxc-attach: command not found"),
            ReachError::NotAllowed { .. }
        ));
        assert!(matches!(
            cause("This account is currently not available."),
            ReachError::NoMarker { .. }
        ));
    }

    #[test]
    fn remote_words_are_one_short_line_without_control_characters() {
        let text = words("a\x1b[31m b\n\tc".as_bytes());
        assert_eq!(text, "a[31m b c");
        assert!(words(&vec![b'x'; 5000]).chars().count() <= 601);
    }
}
