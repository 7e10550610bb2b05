//! What a terminal shows, as far as it must be understood: the last line, and marks in the stream. Pure.

/// What stands on the screen before anything is typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// Nothing at all: a shell without a prompt, or a program that is silent.
    Nothing,
    /// The last line may be a shell's prompt.
    Prompt,
    /// A login prompt, or the question for a password.
    Login,
    /// lxc-console or lxc-attach say that the guest does not run.
    NotRunning,
    /// The console's program has ended.
    Ended,
    /// A program that fills the screen, or a question; the last lines.
    Foreign(String),
}

/// The text of a terminal's output: escape sequences and carriage returns taken out, lines that were written over
/// kept as they were written.
pub(crate) fn plain(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\u{1b}' => match chars.next() {
                // A control sequence ends with a letter or one of a few signs.
                Some('[') => {
                    for c in chars.by_ref() {
                        if ('@'..='~').contains(&c) {
                            break;
                        }
                    }
                }
                // An operating system command (a window's title) ends with a bell or `ESC \`.
                Some(']') => {
                    while let Some(c) = chars.next() {
                        if c == '\u{7}' || (c == '\u{1b}' && chars.next_if_eq(&'\\').is_some()) {
                            break;
                        }
                    }
                }
                // A character set has one more sign.
                Some('(' | ')') => {
                    let _ = chars.next();
                }
                _ => {}
            },
            '\n' | '\t' => plain.push(c),
            c if c.is_control() => {}
            c => plain.push(c),
        }
    }
    plain
}

/// Says what a screen shows.
pub(crate) fn look(bytes: &[u8]) -> Look {
    let whole = contains(bytes, b"\x1b[?1049h") || contains(bytes, b"\x1b[?47h");
    let left = contains(bytes, b"\x1b[?1049l") || contains(bytes, b"\x1b[?47l");
    let text = plain(bytes);
    if text.contains("is not running") && text.contains("lxc-") {
        return Look::NotRunning;
    }
    if has_ended(bytes) {
        return Look::Ended;
    }
    if whole && !left {
        return Look::Foreign(last_lines(&text));
    }
    let Some(last) = text.lines().rev().map(str::trim).find(|l| !l.is_empty()) else {
        return Look::Nothing;
    };
    let small = last.to_ascii_lowercase();
    if small.ends_with("login:") || small.ends_with("password:") {
        return Look::Login;
    }
    let asks = small.ends_with(['?', ']', ':', ')']) && !small.ends_with("~]");
    let pages = small == "(end)" || small.starts_with("--more--") || small.ends_with("(end)");
    if asks || pages {
        return Look::Foreign(last_lines(&text));
    }
    Look::Prompt
}

/// Whether the session on the node has said that it ends.
pub(crate) fn has_ended(bytes: &[u8]) -> bool {
    contains(bytes, b"dtach terminating")
}

/// Whether what has come since the look may be from a visit of ours that was cut off: nothing, or its marks, but no
/// echo of what was typed just now.
pub(crate) fn is_ours(bytes: &[u8]) -> bool {
    let text = plain(bytes);
    let text = text.trim();
    text.is_empty() || (text.contains("@@redflag:") && !text.contains("@@redflag:%"))
}

/// The last lines of a screen, short, for people.
pub(crate) fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim)
        .filter(|l| !l.is_empty())
        .collect();
    let from = lines.len().saturating_sub(3);
    crate::output::words(lines[from..].join(" / ").as_bytes())
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// What has come from a terminal and was not taken yet.
#[derive(Debug, Default)]
pub(crate) struct Stream {
    bytes: Vec<u8>,
    /// Up to here no mark can begin any more.
    searched: usize,
}

impl Stream {
    pub(crate) fn push(&mut self, piece: &[u8]) {
        self.bytes.extend_from_slice(piece);
    }

    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The text before the next mark of that name, and the word behind it: `@@redflag:KEY:NAME:WORD:`. What is given
    /// back is taken out; none while the mark is not whole.
    pub(crate) fn until(&mut self, key: &str, name: &str) -> Option<(Vec<u8>, String)> {
        let mark = format!("@@redflag:{key}:{name}:");
        let mark = mark.as_bytes();
        let rest = self.bytes.get(self.searched..)?;
        let Some(found) = rest.windows(mark.len()).position(|w| w == mark) else {
            self.searched = self.bytes.len().saturating_sub(mark.len() - 1);
            return None;
        };
        let at = self.searched + found;
        let behind = self.bytes.get(at + mark.len()..)?;
        let Some(end) = behind.iter().position(|b| *b == b':') else {
            // The word is still on its way.
            self.searched = at;
            return None;
        };
        let word = String::from_utf8_lossy(&behind[..end]).into_owned();
        let mut taken: Vec<u8> = self.bytes.drain(..at + mark.len() + end + 1).collect();
        taken.truncate(at);
        self.searched = 0;
        Some((taken, word))
    }
}

/// A terminal's text as a pipe would have given it: every carriage return is the terminal's own.
pub(crate) fn as_piped(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().copied().filter(|b| *b != b'\r').collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_proxmox_and_shells_show_is_told_apart() {
        for (screen, expected) in [
            ("", Look::Nothing),
            ("\x1b[H\x1b[J", Look::Nothing),
            ("\x1b[H\x1b[J\x1b[?2004hroot@web:/# ", Look::Prompt),
            ("\r\x1b[K\rroot@web:/etc# ", Look::Prompt),
            ("/ # ", Look::Prompt),
            ("[root@web ~]", Look::Prompt),
            (
                "\x1b]0;root@web: /\x07\x1b[01;32mroot@web\x1b[00m:/# ",
                Look::Prompt,
            ),
            (
                "Debian GNU/Linux 12 web tty1\r\n\r\nweb login: ",
                Look::Login,
            ),
            ("web login: root\r\nPassword: ", Look::Login),
            (
                "lxc-console: 101: ../src/lxc/tools/lxc_console.c: main: 129 101 is not running\r\n\x1b[999H\r\n\
                 [EOF - dtach terminating]\r\n\x1b[?25h",
                Look::NotRunning,
            ),
            ("bye\r\n[EOF - dtach terminating]\r\n", Look::Ended),
        ] {
            assert_eq!(look(screen.as_bytes()), expected, "{screen:?}");
        }
    }

    #[test]
    fn programs_and_questions_are_foreign_and_shown() {
        for screen in [
            "\x1b[?1049h\x1b[1;1H~\x1b[2;1H\"/etc/fstab\" 3L",
            "After this operation, 12 kB will be used.\r\nDo you want to continue? [Y/n] ",
            "Are you sure?",
            "lines 1-20/50 (END)",
        ] {
            assert!(
                matches!(look(screen.as_bytes()), Look::Foreign(shown) if !shown.is_empty()),
                "{screen:?}"
            );
        }
        assert_eq!(
            look(b"\x1b[?1049hvim\x1b[?1049lroot@web:/# "),
            Look::Prompt,
            "it has been left"
        );
    }

    #[test]
    fn an_echo_is_not_taken_for_a_visit_of_ours() {
        for ours in [
            "\x1b[H\x1b[J",
            "base64: invalid input\r\n\r\n@@redflag:0af3:took7:1:\r\n",
        ] {
            assert!(is_ours(ours.as_bytes()), "{ours:?}");
        }
        for other in [
            " printf '\\n@@redflag:%s%s:here:%s:\\n' 0a f3 \"$(id -u)\"\r\n",
            "Remove everything? [y/N] ",
        ] {
            assert!(!is_ours(other.as_bytes()), "{other:?}");
        }
    }

    #[test]
    fn a_mark_is_found_in_any_pieces_and_never_in_its_own_echo() {
        let text =
            b"printf '@@redflag:%s%s:end:%s:' ab cd 0\r\r\nout\r\n@@redflag:abcd:end:12:rest";
        for size in 1..text.len() {
            let mut stream = Stream::default();
            let mut found = None;
            for piece in text.chunks(size) {
                stream.push(piece);
                found = found.or(stream.until("abcd", "end"));
            }
            let (before, word) = found.expect("it is there");
            assert_eq!(word, "12");
            assert!(as_piped(&before).ends_with(b"0\nout\n"));
            assert_eq!(stream.until("abcd", "end"), None);
        }
    }
}
