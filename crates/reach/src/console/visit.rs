//! One visit to a guest's terminal, step by step: what is typed, and what must come back.

use std::time::Duration;

use super::{
    Terminal, feed,
    screen::{self, Look, Stream},
};

/// How long a screen may take to show something before the first key is pressed, and to be at rest.
const FIRST_LOOK: Duration = Duration::from_secs(3);
const AT_REST: Duration = Duration::from_millis(400);
/// The same where the last line looks as a prompt of root usually does.
const AT_PROMPT: Duration = Duration::from_millis(80);
/// A shell that is there answers a line at once.
const ANSWER: Duration = Duration::from_secs(8);
const FIRST_ANSWER: Duration = Duration::from_secs(3);
/// For one piece of bytes; a terminal takes some 300 KiB/s.
const PIECE: Duration = Duration::from_secs(20);
/// For the terminal's own end after the shell's last word.
const AFTERWARDS: Duration = Duration::from_secs(1);
/// For the shell to leave, before and after it is interrupted.
const FAREWELL: Duration = Duration::from_secs(3);
/// Most that may come back, in bytes.
const LARGEST: usize = 2 * 1024 * 1024;

/// The functions that the guest's shell is given.
const FUNCTIONS: &str = include_str!("visit.sh");

/// Why a visit did not go on.
#[derive(Debug)]
pub(crate) enum Stopped {
    /// The screen shows what cannot be used; at most one line was typed.
    Look(Look),
    /// Whoever answers is not root: the user's number.
    NotRoot(String),
    /// The connection ended.
    Lost(String),
    /// No answer within this time.
    Silent(Duration),
    TooMuch,
    /// A program that the visit needs is missing, or there is no room.
    Lacking(String),
}

/// How bytes lie in the guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Held {
    Plain,
    Compressed,
}

/// A terminal, and whether a shell of ours answers on it.
pub(crate) struct Visit {
    terminal: Box<dyn Terminal>,
    stream: Stream,
    key: String,
    ours: bool,
}

impl Visit {
    /// `key` must be random: no output may hold it by chance.
    pub(crate) fn new(terminal: Box<dyn Terminal>, key: String) -> Self {
        Self {
            terminal,
            stream: Stream::default(),
            key,
            ours: false,
        }
    }

    /// Whether a shell has answered, so that it must be left by `exit`.
    pub(crate) fn is_ours(&self) -> bool {
        self.ours
    }

    /// Looks, proves that a shell of root answers, and puts a plain shell without echo in its place. Until somebody
    /// has answered it may be anybody's program: one line is typed at most.
    pub(crate) async fn begin(&mut self) -> Result<(), Stopped> {
        match first_look(self.terminal.as_mut(), &mut self.stream).await? {
            Look::Prompt | Look::Nothing => {}
            other => return Err(Stopped::Look(other)),
        }
        match self.greet().await {
            Err(Stopped::Silent(_)) => {
                let text = screen::plain(self.stream.bytes());
                let shown = screen::last_lines(&text);
                Err(Stopped::Look(Look::Foreign(shown)))
            }
            Err(stopped) => Err(stopped),
            Ok(()) => self.settle().await,
        }
    }

    /// The key in two halves: what is typed must not look like what is printed, since terminals echo.
    fn halves(&self) -> (&str, &str) {
        self.key.split_at(self.key.len() / 2)
    }

    async fn greet(&mut self) -> Result<(), Stopped> {
        let (a, b) = self.halves();
        // What somebody had begun to type is taken away first. No empty line: to a question that is not seen here it
        // would be an answer, and this one is none.
        let line = format!("\x15 printf '\\n@@redflag:%s%s:here:%s:\\n' {a} {b} \"$(id -u)\"\n");
        self.send(line.as_bytes()).await?;
        let answer = match self.until("here", FIRST_ANSWER).await {
            // What a visit that was cut off left swallows a line and echoes nothing.
            Err(Stopped::Silent(_)) if screen::is_ours(self.stream.bytes()) => {
                self.send(line.as_bytes()).await?;
                self.until("here", ANSWER).await
            }
            answer => answer,
        };
        let (_, user) = answer?;
        self.ours = true;
        if user == "0" {
            Ok(())
        } else {
            Err(Stopped::NotRoot(user))
        }
    }

    /// An interactive shell edits lines and shows prompts; a plain one reads the terminal line by line.
    async fn settle(&mut self) -> Result<(), Stopped> {
        let (a, b) = self.halves();
        // Without a history, or the shell that is replaced writes one; not interactive, or some edit lines again.
        let line = format!(
            " unset HISTFILE; stty -echo 2>/dev/null; printf '\\n@@redflag:%s%s:shell:0:\\n' {a} {b}; exec /bin/sh +i -s 2>/dev/null\n"
        );
        self.send(line.as_bytes()).await?;
        self.until("shell", ANSWER).await?;
        let (a, b) = self.halves();
        let mut text = format!("key={a}\nkey=${{key}}{b}\n");
        text.push_str(FUNCTIONS);
        self.send(text.as_bytes()).await?;
        let (_, missing) = self.until("ready", ANSWER).await?;
        if missing.is_empty() {
            Ok(())
        } else {
            Err(Stopped::Lacking(format!(
                "{} missing in this guest",
                missing.trim()
            )))
        }
    }

    /// Brings bytes into a file that only root can read; gives its path and how they lie there.
    pub(crate) async fn hold(&mut self, bytes: &[u8]) -> Result<(String, Held), Stopped> {
        let kib = bytes.len() / 1024 + 64;
        self.send(format!("hold {kib}\n").as_bytes()).await?;
        let (_, answer) = self.until("held", ANSWER).await?;
        let (how, folder) = answer.split_once(' ').unwrap_or((&answer, ""));
        if folder.is_empty() {
            return Err(Stopped::Lacking(format!(
                "no room for {kib} KiB in /dev/shm, /run, /tmp or /var/tmp of this guest"
            )));
        }
        let path = format!("{folder}/payload");
        let (bytes, held) = match how {
            "gzip" => (compressed(bytes), Held::Compressed),
            _ => (bytes.to_vec(), Held::Plain),
        };
        for (index, piece) in bytes.chunks(feed::PIECE).enumerate() {
            let message = feed::message(&format!("take {index}"), piece);
            self.send(&message).await?;
            let (words, status) = self.until(&format!("took{index}"), PIECE).await?;
            if status != "0" {
                let words = crate::output::words(&words);
                return Err(Stopped::Lacking(format!("{path} was not written: {words}")));
            }
        }
        Ok((path, held))
    }

    /// Runs a script by a shell of its own; gives all that it wrote, and its status.
    pub(crate) async fn run(
        &mut self,
        script: &[u8],
        limit: Duration,
    ) -> Result<(Vec<u8>, i32), Stopped> {
        self.send(&feed::message("run", script)).await?;
        let (text, status) = self.until("ran", limit).await?;
        // At most the shell's own.
        Ok((screen::as_piped(&text), status.parse().unwrap_or(255)))
    }

    /// Leaves by `exit`, whatever is going on; true when the shell has said that it left. A terminal that is not ours
    /// is left as it is, without a further key.
    pub(crate) async fn end(mut self) -> bool {
        if !self.ours {
            return true;
        }
        for keys in [&b"\nexit\n"[..], b"\x03", b"\nexit\n"] {
            if self.terminal.send(keys).await.is_err() {
                return false;
            }
            if keys == b"\x03" {
                continue;
            }
            match self.until("left", FAREWELL).await {
                Ok(_) => {
                    self.see_the_end().await;
                    return true;
                }
                Err(Stopped::Silent(_)) => {}
                // Proxmox VE 8 closes when the shell has left, perhaps before its last words are through.
                Err(_) => return true,
            }
        }
        false
    }

    /// The session on the node ends a moment after its shell. Whoever came in between would find a dying one.
    async fn see_the_end(&mut self) {
        let ending = async {
            while !screen::has_ended(self.stream.bytes()) {
                match self.terminal.receive().await {
                    Ok(Some(piece)) => self.stream.push(&piece),
                    Ok(None) | Err(_) => break,
                }
            }
        };
        // Without it the next visit tries again.
        let _ = tokio::time::timeout(AFTERWARDS, ending).await;
    }

    async fn send(&mut self, bytes: &[u8]) -> Result<(), Stopped> {
        self.terminal.send(bytes).await.map_err(Stopped::Lost)
    }

    async fn until(&mut self, name: &str, limit: Duration) -> Result<(Vec<u8>, String), Stopped> {
        let waiting = async {
            loop {
                if let Some(found) = self.stream.until(&self.key, name) {
                    return Ok(found);
                }
                if self.stream.len() > LARGEST {
                    return Err(Stopped::TooMuch);
                }
                match self.terminal.receive().await {
                    Ok(Some(piece)) => self.stream.push(&piece),
                    Ok(None) => {
                        return Err(Stopped::Lost("the console was closed".into()));
                    }
                    Err(words) => return Err(Stopped::Lost(words)),
                }
            }
        };
        tokio::time::timeout(limit, waiting)
            .await
            .unwrap_or(Err(Stopped::Silent(limit)))
    }
}

/// Waits until the screen shows something and is at rest, or nothing for a while.
async fn first_look(terminal: &mut dyn Terminal, stream: &mut Stream) -> Result<Look, Stopped> {
    let deadline = tokio::time::Instant::now() + FIRST_LOOK;
    loop {
        let look = screen::look(stream.bytes());
        let wait = match look {
            Look::Nothing => deadline,
            Look::NotRunning | Look::Ended => return Ok(look),
            Look::Prompt if stream.bytes().ends_with(b"# ") => {
                deadline.min(tokio::time::Instant::now() + AT_PROMPT)
            }
            // More may follow, such as the rest of a message of the day.
            Look::Prompt | Look::Login | Look::Foreign(_) => {
                deadline.min(tokio::time::Instant::now() + AT_REST)
            }
        };
        match tokio::time::timeout_at(wait, terminal.receive()).await {
            Ok(Ok(Some(piece))) => stream.push(&piece),
            // A stopped guest's console says so and closes.
            Ok(Ok(None)) if look != Look::Nothing => return Ok(screen::look(stream.bytes())),
            Ok(Ok(None)) => return Err(Stopped::Lost("the console was closed".into())),
            Ok(Err(words)) => return Err(Stopped::Lost(words)),
            Err(_) => return Ok(look),
        }
    }
}

fn compressed(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    // Memory takes everything that is written to it.
    let written = encoder.write_all(bytes).and_then(|()| encoder.finish());
    written.unwrap_or_default()
}
