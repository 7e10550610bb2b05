//! The console of a simulated guest: a login prompt, somebody's program, or a shell that knows what RedFlag types.

use std::{collections::HashMap, sync::Arc};

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::shared::{Key, Screen, Stage};
use crate::{ground::Ground, ssh};

/// Plays it until it ends.
pub(super) async fn play(
    ground: &Arc<Ground>,
    place: (usize, u32),
    mode: &str,
    running: bool,
    mut stage: Stage,
) {
    let screen = stage.screen();
    let vmid = place.1;
    let (name, foreign) = ground.live.read(|w| {
        let guest = w.clusters.get(place.0).and_then(|c| c.guests.get(&vmid));
        guest.map_or_else(
            || (String::new(), None),
            |guest| (guest.name.clone(), guest.console.foreign.clone()),
        )
    });
    if !running {
        let program = if mode == "shell" { "attach" } else { "console" };
        screen.show(
            format!(
                "lxc-{program}: {vmid}: ../src/lxc/tools/lxc_{program}.c: main: 129 {vmid} is not running\r\n"
            )
            .as_bytes(),
        );
        return;
    }
    if let Some(shows) = foreign {
        screen.show(shows.as_bytes());
        while let Some(key) = stage.keys.recv().await {
            if let Key::Size(..) = key {
                screen.show(shows.as_bytes());
            }
        }
        return;
    }
    if mode != "shell" {
        screen
            .show(format!("\r\nDebian GNU/Linux 12 {name} tty1\r\n\r\n{name} login: ").as_bytes());
        while stage.keys.recv().await.is_some() {}
        return;
    }
    let mut shell = Shell {
        ground: ground.clone(),
        place,
        screen,
        prompt: format!("root@{name}:/# "),
        plain: false,
        key: String::new(),
        line: Vec::new(),
        reading: None,
        held: HashMap::new(),
    };
    shell.show(&format!("\x1b[?2004h{}", shell.prompt));
    while let Some(key) = stage.keys.recv().await {
        match key {
            Key::Size(..) if !shell.plain => shell.show(&format!("\r\x1b[K\r{}", shell.prompt)),
            Key::Size(..) => {}
            Key::Typed(bytes) => {
                for byte in bytes {
                    if !shell.byte(byte) {
                        return;
                    }
                }
            }
        }
    }
}

/// What a reader of base64 does with its bytes at the end.
enum Then {
    Run,
    Take(String),
}

struct Shell {
    ground: Arc<Ground>,
    place: (usize, u32),
    screen: Screen,
    prompt: String,
    /// Without prompt and echo: `/bin/sh -s` has taken the place of the shell with a prompt.
    plain: bool,
    key: String,
    line: Vec<u8>,
    reading: Option<(Then, Vec<u8>)>,
    held: HashMap<String, Vec<u8>>,
}

/// A terminal that collects lines keeps no more of one.
const LONGEST_LINE: usize = 4_095;

impl Shell {
    fn show(&self, text: &str) {
        self.screen.show(text.replace('\n', "\r\n").as_bytes());
    }

    /// False when the shell has ended.
    fn byte(&mut self, byte: u8) -> bool {
        match byte {
            b'\n' | b'\r' => {
                let line = String::from_utf8_lossy(&std::mem::take(&mut self.line)).into_owned();
                if !self.plain {
                    self.show(&format!("{line}\r\n\x1b[?2004l\r"));
                }
                self.entered(&line)
            }
            // Interrupt: the plain shell ends, the one with a prompt forgets the line.
            3 if self.plain => {
                self.mark("left", "0");
                false
            }
            // Interrupt, or the key that takes a line back.
            3 | 0x15 => {
                self.line.clear();
                true
            }
            byte => {
                if self.line.len() < LONGEST_LINE {
                    self.line.push(byte);
                }
                true
            }
        }
    }

    fn mark(&self, name: &str, word: &str) {
        self.show(&format!("\n@@redflag:{}:{name}:{word}:\n", self.key));
    }

    fn entered(&mut self, line: &str) -> bool {
        if let Some((then, bytes)) = &mut self.reading {
            let text = line
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"+/=".contains(&b));
            if text && !line.is_empty() {
                bytes.extend(STANDARD.decode(line).unwrap_or_default());
                return true;
            }
            let then = match then {
                Then::Run => Then::Run,
                Then::Take(index) => Then::Take(index.clone()),
            };
            let bytes = std::mem::take(bytes);
            self.reading = None;
            self.done(&then, bytes);
            return true;
        }
        if self.plain {
            return self.plainly(line);
        }
        let words: Vec<&str> = line.split_whitespace().collect();
        let halves = |after: &str| {
            let at = words.iter().position(|word| word.contains(after))?;
            let half = |n: usize| words.get(at + n).map(|w| w.trim_end_matches(';'));
            Some(format!("{}{}", half(1)?, half(2)?))
        };
        if words == ["exit"] {
            self.show("exit\n");
            return false;
        }
        if let Some(key) = halves(":here:") {
            self.key = key;
            self.mark("here", "0");
        } else if let Some(key) = halves(":shell:") {
            self.key = key;
            self.mark("shell", "0");
            self.plain = true;
            return true;
        } else if let Some(word) = words.first() {
            self.show(&format!("bash: {word}: command not found\n"));
        }
        self.show(&format!("\x1b[?2004h{}", self.prompt));
        true
    }

    /// A line for the shell without a prompt.
    fn plainly(&mut self, line: &str) -> bool {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["exit"] => {
                self.mark("left", "0");
                return false;
            }
            ["mark", "ready", ..] => self.mark("ready", ""),
            ["run"] => self.reading = Some((Then::Run, Vec::new())),
            ["take", index] => {
                self.reading = Some((Then::Take((*index).to_owned()), Vec::new()));
            }
            ["hold", kib] => {
                let needed = kib.parse::<u64>().unwrap_or(u64::MAX).saturating_mul(1024);
                let free = self.ground.live.read(|w| {
                    let guest = w.clusters.get(self.place.0)?.guests.get(&self.place.1)?;
                    Some(guest.machine.free)
                });
                if free.is_some_and(|free| free > needed) {
                    let folder = format!("/dev/shm/.redflag-{}", self.key);
                    self.held.insert(format!("{folder}/payload"), Vec::new());
                    self.mark("held", &format!("gzip {folder}"));
                } else {
                    self.mark("held", "gzip ");
                }
            }
            // A visit that comes after one that was cut off: greeted once more.
            [first, ..] if *first == "printf" && line.contains(":here:") => {
                self.greeted(&words, ":here:", "here");
            }
            ["unset", ..] if line.contains(":shell:") => self.greeted(&words, ":shell:", "shell"),
            // The functions.
            _ => {}
        }
        true
    }

    fn greeted(&mut self, words: &[&str], after: &str, name: &str) {
        if let Some(at) = words.iter().position(|word| word.contains(after))
            && let (Some(a), Some(b)) = (words.get(at + 1), words.get(at + 2))
        {
            self.key = format!("{a}{}", b.trim_end_matches(';'));
            self.held.clear();
            self.mark(name, "0");
        }
    }

    fn done(&mut self, then: &Then, bytes: Vec<u8>) {
        match then {
            Then::Take(index) => {
                if let Some(held) = self.held.values_mut().next() {
                    held.extend(bytes);
                    self.mark(&format!("took{index}"), "0");
                } else {
                    self.mark(&format!("took{index}"), "1");
                }
            }
            Then::Run => {
                let said = ssh::run_in_guest(&self.ground.live, self.place, &bytes, &self.held);
                self.show(&said);
                self.mark("ran", "0");
            }
        }
    }
}
