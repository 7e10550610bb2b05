//! Following a long-running program: its lines as they come, its progress, and whether it still moves.
//!
//! There is no fixed time limit: an upgrade may take hours. What ends a run is standing still, without output
//! and without processor time, for longer than the limit.

use std::{
    fs,
    io::{self, BufRead, BufReader, PipeWriter, Read},
    os::fd::AsRawFd,
    process::{Child, Command, Stdio},
    sync::mpsc::{self, Receiver, RecvTimeoutError, Sender},
    thread,
    time::{Duration, Instant},
};

use rustix::{
    io::{FdFlags, fcntl_setfd},
    process::Signal,
};

use crate::tools::{ToolError, kill_group, signal_group};

/// How often the caller is asked whether to go on while nothing is said.
const TICK: Duration = Duration::from_millis(250);
const SHORT_TICK: Duration = Duration::from_millis(10);
/// How long a program that has ended may leave its pipes open to others, and how long one has to end when asked.
const GRACE: Duration = Duration::from_secs(10);

/// What the program did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A line of its output, stdout and stderr in the order they came.
    Line(String),
    /// A line of apt's status (`APT::Status-Fd`).
    Status(String),
    /// Nothing for a moment.
    Quiet,
}

/// Whether to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Continue,
    /// End the program now; only where that is safe.
    Stop,
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// By itself, with its exit status; none when a signal ended it.
    Exit(Option<i32>),
    /// It stood still for too long and was killed.
    Stalled,
    /// The caller stopped it.
    Stopped,
}

/// Adds apt's option for a status pipe to `command`. The pipe must be passed on to [`follow`].
pub fn with_status(command: &mut Command) -> io::Result<StatusPipe> {
    let (reader, writer) = io::pipe()?;
    // The program inherits this one by its number.
    fcntl_setfd(&writer, FdFlags::empty())?;
    command.arg("-o");
    command.arg(format!("APT::Status-Fd={}", writer.as_raw_fd()));
    Ok(StatusPipe { reader, writer })
}

/// Both ends of a status pipe, before the program has it.
#[derive(Debug)]
pub struct StatusPipe {
    reader: io::PipeReader,
    writer: PipeWriter,
}

/// Runs `command` (leader of its own process group) and tells `on` what it does.
pub fn follow(
    name: &str,
    mut command: Command,
    status: Option<StatusPipe>,
    stall: Duration,
    mut on: impl FnMut(Event) -> Verdict,
) -> Result<End, ToolError> {
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|source| ToolError::Start {
        name: name.to_owned(),
        source,
    })?;
    let (sender, receiver) = mpsc::channel();
    if let Some(pipe) = child.stdout.take() {
        lines(pipe, sender.clone(), Event::Line);
    }
    if let Some(pipe) = child.stderr.take() {
        lines(pipe, sender.clone(), Event::Line);
    }
    if let Some(StatusPipe { reader, writer }) = status {
        drop(writer);
        lines(reader, sender.clone(), Event::Status);
    }
    drop(sender);
    watch(name, &mut child, &receiver, stall, &mut on)
}

fn watch(
    name: &str,
    child: &mut Child,
    receiver: &Receiver<Event>,
    stall: Duration,
    on: &mut impl FnMut(Event) -> Verdict,
) -> Result<End, ToolError> {
    let mut moved = Instant::now();
    let mut used = processor_time(child.id());
    let mut ended: Option<(Option<i32>, Instant)> = None;
    loop {
        let (verdict, open) = match receiver.recv_timeout(TICK) {
            Ok(event) => {
                moved = Instant::now();
                (on(event), true)
            }
            Err(RecvTimeoutError::Timeout) => (on(Event::Quiet), true),
            Err(RecvTimeoutError::Disconnected) => {
                // It has closed its outputs and is about to end, or works on in silence.
                thread::sleep(SHORT_TICK);
                (on(Event::Quiet), false)
            }
        };
        if ended.is_none() {
            let status = child.try_wait().map_err(|source| ToolError::Lost {
                name: name.to_owned(),
                source,
            })?;
            ended = status.map(|s| (s.code(), Instant::now()));
        }
        if let Some((code, since)) = ended {
            // A daemon that it started may hold the pipes for ever; what the program itself said is there by now.
            if !open || since.elapsed() > GRACE {
                return Ok(End::Exit(code));
            }
            continue;
        }
        if verdict == Verdict::Stop {
            end(child);
            return Ok(End::Stopped);
        }
        if moved.elapsed() > stall {
            let now_used = processor_time(child.id());
            if now_used == used {
                end(child);
                return Ok(End::Stalled);
            }
            used = now_used;
            moved = Instant::now();
        }
    }
}

/// Asks the group to end, and kills what does not.
fn end(child: &mut Child) {
    signal_group(child, Signal::TERM);
    let asked = Instant::now();
    while asked.elapsed() < GRACE {
        if !matches!(child.try_wait(), Ok(None)) {
            break;
        }
        thread::sleep(TICK);
    }
    kill_group(child);
}

fn lines(pipe: impl Read + Send + 'static, sender: Sender<Event>, event: fn(String) -> Event) {
    thread::spawn(move || {
        let mut reader = BufReader::new(pipe);
        let mut bytes = Vec::new();
        loop {
            bytes.clear();
            match reader.read_until(b'\n', &mut bytes) {
                Ok(0) | Err(_) => return,
                Ok(_) => {
                    let text = String::from_utf8_lossy(&bytes);
                    // Progress bars overwrite themselves: only what stands at the end is a line.
                    let text = text.trim_end_matches(['\n', '\r']);
                    let text = text.rsplit('\r').next().unwrap_or(text);
                    if sender.send(event(text.to_owned())).is_err() {
                        return;
                    }
                }
            }
        }
    });
}

/// Processor time in clock ticks of all processes in the group `group`, their waited-for children included.
fn processor_time(group: u32) -> u64 {
    let Ok(entries) = fs::read_dir("/proc") else {
        return 0;
    };
    entries
        .flatten()
        .filter_map(|entry| fs::read_to_string(entry.path().join("stat")).ok())
        .filter_map(|stat| ticks(&stat, group))
        .sum()
}

/// utime + stime + cutime + cstime of one `/proc/<pid>/stat`, if it belongs to `group`.
pub(crate) fn ticks(stat: &str, group: u32) -> Option<u64> {
    // The name in parentheses may hold anything, so count from its end.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_ascii_whitespace().collect();
    if fields.get(2)?.parse::<u32>().ok()? != group {
        return None;
    }
    fields
        .get(11..15)?
        .iter()
        .map(|f| f.parse::<u64>().ok())
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Tools;

    fn shell(script: &str) -> Command {
        let mut command = Tools::from_environment().command("sh").unwrap();
        command.args(["-c", script]);
        command
    }

    #[test]
    fn lines_of_both_outputs_and_the_exit_status_arrive() {
        let mut seen = Vec::new();
        let command = shell("echo one; echo two >&2; printf 'bar\\r100%%\\n'; exit 7");
        let end = follow("sh", command, None, GRACE, |event| {
            if let Event::Line(line) = event {
                seen.push(line);
            }
            Verdict::Continue
        });
        seen.sort();
        assert_eq!(end.unwrap(), End::Exit(Some(7)));
        assert_eq!(seen, ["100%", "one", "two"]);
    }

    #[test]
    fn apts_status_arrives_through_its_own_pipe() {
        let mut command = shell("fd=${2##*=}; eval \"echo pmstatus:x:50:y >&$fd\"");
        command.arg("sh");
        let pipe = with_status(&mut command).unwrap();
        let mut seen = Vec::new();
        let end = follow("sh", command, Some(pipe), GRACE, |event| {
            seen.push(event);
            Verdict::Continue
        });
        assert_eq!(end.unwrap(), End::Exit(Some(0)));
        assert!(
            seen.contains(&Event::Status("pmstatus:x:50:y".into())),
            "{seen:?}"
        );
    }

    #[test]
    fn a_program_that_stands_still_is_ended() {
        let end = follow(
            "sh",
            shell("tail -f /dev/null"),
            None,
            Duration::from_millis(50),
            |_| Verdict::Continue,
        );
        assert_eq!(end.unwrap(), End::Stalled);
    }

    #[test]
    fn the_caller_may_stop_it() {
        let end = follow(
            "sh",
            shell("echo ready; tail -f /dev/null"),
            None,
            Duration::from_secs(600),
            |event| match event {
                Event::Line(_) => Verdict::Stop,
                Event::Status(_) | Event::Quiet => Verdict::Continue,
            },
        );
        assert_eq!(end.unwrap(), End::Stopped);
    }

    #[test]
    fn processor_time_is_read_behind_a_strange_name() {
        let stat = "42 (a) b (c) S 1 40 40 0 -1 4194560 1 2 3 4 10 20 30 40 20 0 1 0";
        assert_eq!(ticks(stat, 40), Some(100));
        assert_eq!(ticks(stat, 41), None);
        assert_eq!(ticks("nonsense", 40), None);
    }
}
