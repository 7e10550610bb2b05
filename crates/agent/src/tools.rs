//! Finding and running the guest's own programs: in a fixed language, without input, never for ever.

use std::{
    env,
    ffi::{OsStr, OsString},
    io::{self, Read},
    os::unix::{fs::PermissionsExt, process::CommandExt},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process_group};

/// Where programs are looked for when nothing else is said; a service or a cleared environment may have no PATH.
const STANDARD_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// The most that is kept of one program's output, in bytes.
const OUTPUT_LIMIT: u64 = 64 * 1024 * 1024;

/// A program that could not be run to its end.
#[derive(Debug, thiserror::Error)]
pub enum ToolError {
    #[error("there is no program {name} in {path}")]
    Missing { name: String, path: String },
    #[error("{name} could not be started: {source}")]
    Start { name: String, source: io::Error },
    #[error("{name} did not end within {} and was stopped", crate::clock::span(*.limit))]
    TooLong { name: String, limit: Duration },
    #[error("{name} was lost: {source}")]
    Lost { name: String, source: io::Error },
}

/// What a program left behind.
#[derive(Clone, Debug)]
pub struct Output {
    /// Its exit status; none when a signal ended it.
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Output {
    /// Whether it ended with status 0.
    pub fn ok(&self) -> bool {
        self.code == Some(0)
    }

    /// `exit status 100`, or that a signal ended it.
    pub fn ending(&self) -> String {
        ending(self.code)
    }
}

/// An exit status in words.
pub fn ending(code: Option<i32>) -> String {
    code.map_or_else(
        || "ended by a signal".to_owned(),
        |c| format!("exit status {c}"),
    )
}

/// The folders in which programs are looked for.
#[derive(Clone, Debug)]
pub struct Tools {
    path: OsString,
}

impl Tools {
    /// Looks in the folders of `path`, separated by colons.
    pub fn new(path: impl Into<OsString>) -> Self {
        Self { path: path.into() }
    }

    /// The folders, separated by colons.
    pub fn path(&self) -> &OsStr {
        &self.path
    }

    /// Looks where the environment says.
    pub fn from_environment() -> Self {
        let path = env::var_os("PATH").filter(|p| !p.is_empty());
        Self::new(path.unwrap_or_else(|| STANDARD_PATH.into()))
    }

    /// The file of a program, if there is one.
    pub fn find(&self, name: &str) -> Option<PathBuf> {
        env::split_paths(&self.path)
            .map(|folder| folder.join(name))
            .find(|file| {
                file.metadata()
                    .is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0)
            })
    }

    /// A command in English, without input, in a process group of its own.
    pub fn command(&self, name: &str) -> Result<Command, ToolError> {
        let file = self.find(name).ok_or_else(|| ToolError::Missing {
            name: name.to_owned(),
            path: self.path.to_string_lossy().into_owned(),
        })?;
        let mut command = Command::new(file);
        command
            .env("PATH", &self.path)
            .env("LC_ALL", "C")
            .env_remove("LANGUAGE")
            .stdin(Stdio::null())
            .process_group(0);
        Ok(command)
    }

    /// Runs a program to its end and keeps what it says.
    ///
    /// # Errors
    /// When it is not there, cannot be started, or runs longer than `limit`; never for its exit status.
    pub fn run(
        &self,
        name: &str,
        arguments: &[&str],
        limit: Duration,
    ) -> Result<Output, ToolError> {
        let mut command = self.command(name)?;
        command.args(arguments);
        output(name, command, limit)
    }
}

/// Runs `command` to its end, at most for `limit`.
pub fn output(name: &str, mut command: Command, limit: Duration) -> Result<Output, ToolError> {
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|source| ToolError::Start {
        name: name.to_owned(),
        source,
    })?;
    let (sender, receiver) = mpsc::channel();
    if let Some(pipe) = child.stdout.take() {
        collect(pipe, 0, sender.clone());
    }
    if let Some(pipe) = child.stderr.take() {
        collect(pipe, 1, sender.clone());
    }
    drop(sender);
    let mut texts = [String::new(), String::new()];
    let began = std::time::Instant::now();
    // Both ends of file, then the exit: a child of the program that keeps a pipe open counts as the program.
    loop {
        match receiver.recv_timeout(limit.saturating_sub(began.elapsed())) {
            Ok((which, text)) => texts[which] = text,
            Err(mpsc::RecvTimeoutError::Disconnected) => break,
            Err(mpsc::RecvTimeoutError::Timeout) => {
                kill_group(&mut child);
                return Err(ToolError::TooLong {
                    name: name.to_owned(),
                    limit,
                });
            }
        }
    }
    let status = child.wait().map_err(|source| ToolError::Lost {
        name: name.to_owned(),
        source,
    })?;
    let [stdout, stderr] = texts;
    Ok(Output {
        code: status.code(),
        stdout,
        stderr,
    })
}

fn collect(pipe: impl Read + Send + 'static, which: usize, sender: mpsc::Sender<(usize, String)>) {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        // What was read until an error is still what the program said.
        let _ = pipe.take(OUTPUT_LIMIT).read_to_end(&mut bytes);
        let _ = sender.send((which, String::from_utf8_lossy(&bytes).into_owned()));
    });
}

/// Ends a child's whole process group at once and collects it.
pub fn kill_group(child: &mut Child) {
    signal_group(child, Signal::KILL);
    let _ = child.wait();
}

/// Sends `signal` to the process group that `child` leads.
pub fn signal_group(child: &Child, signal: Signal) {
    if let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        let _ = kill_process_group(pid, signal);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_and_status_are_kept_apart() {
        let tools = Tools::from_environment();
        let out = tools
            .run(
                "sh",
                &["-c", "echo to out; echo to err >&2; exit 100"],
                Duration::from_secs(20),
            )
            .unwrap();
        assert_eq!(
            (out.code, out.stdout.as_str(), out.stderr.as_str()),
            (Some(100), "to out\n", "to err\n")
        );
    }

    #[test]
    fn a_program_that_hangs_is_ended_with_its_children() {
        let tools = Tools::from_environment();
        let error = tools
            .run(
                "sh",
                &["-c", "tail -f /dev/null & wait"],
                Duration::from_millis(100),
            )
            .unwrap_err();
        assert!(matches!(error, ToolError::TooLong { .. }), "{error}");
    }

    #[test]
    fn a_missing_program_is_named_with_where_it_was_looked_for() {
        let error = Tools::new("/nowhere").run("apt-get", &[], Duration::ZERO);
        assert_eq!(
            error.unwrap_err().to_string(),
            "there is no program apt-get in /nowhere"
        );
    }
}
