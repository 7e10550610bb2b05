//! Runs the programs of the system and keeps their words for the error.

use std::{
    ffi::OsStr,
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};

/// What a program gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// Exit status; 128 and more for a signal.
    pub status: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Output {
    /// Standard output without its last line end.
    ///
    /// # Errors
    /// When the status is not 0, with both outputs.
    pub fn text(self) -> Result<String> {
        if self.status == 0 {
            Ok(self.stdout.trim_end().to_owned())
        } else {
            bail!(
                "status {}: {}{}",
                self.status,
                self.stderr.trim(),
                self.stdout.trim()
            )
        }
    }
}

/// Runs a program to its end; any status is an answer.
pub(crate) fn answer(command: &mut Command) -> Result<Output> {
    let done = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("{} cannot be run", command.get_program().display()))?;
    Ok(Output {
        status: done.status.code().unwrap_or(255),
        stdout: String::from_utf8_lossy(&done.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&done.stderr).into_owned(),
    })
}

/// Runs a program that must succeed; gives its standard output.
pub(crate) fn run<S: AsRef<OsStr>>(
    program: &str,
    arguments: impl IntoIterator<Item = S>,
) -> Result<String> {
    let mut command = Command::new(program);
    command.args(arguments);
    let line = format!("{command:?}");
    answer(&mut command)?.text().context(line)
}

/// Whether a program is installed.
pub(crate) fn installed(program: &str) -> bool {
    let folders = ["/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/local/bin"];
    folders
        .iter()
        .any(|folder| Path::new(folder).join(program).exists())
}
