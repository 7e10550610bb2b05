//! Other programs: run to their end with visible output, asked for what they print, or started and surely ended.

use std::{
    env,
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use crate::{Failure, Result};

/// The command as one would type it.
fn line(command: &Command) -> String {
    let mut words = vec![command.get_program().to_string_lossy().into_owned()];
    words.extend(
        command
            .get_args()
            .map(|argument| argument.to_string_lossy().into_owned()),
    );
    words.join(" ")
}

/// Runs to the end; its output is the terminal's.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    println!("$ {}", line(command));
    let status = command
        .status()
        .map_err(|error| Failure::new(format!("{} cannot be started: {error}", line(command))))?;
    if status.success() {
        Ok(())
    } else {
        Err(Failure::new(format!(
            "`{}` ended with {status}",
            line(command)
        )))
    }
}

/// Runs to the end and answers what it printed.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| Failure::new(format!("{} cannot be started: {error}", line(command))))?;
    if !output.status.success() {
        return Err(Failure::new(format!(
            "`{}` ended with {}",
            line(command),
            output.status
        )));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Whether it runs and ends well, without showing anything.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Where a program is, looked for as the shell would, and where root's programs are.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .chain(["/usr/sbin", "/sbin"].map(PathBuf::from))
        .map(|folder| folder.join(format!("{program}{}", env::consts::EXE_SUFFIX)))
        .find(|file| file.is_file())
}

/// A started program that is ended when this is dropped.
pub(crate) struct Started {
    child: Child,
}

impl Started {
    /// Starts it; what it writes is not shown.
    pub(crate) fn new(command: &mut Command) -> Result<Self> {
        println!("$ {} &", line(command));
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| {
                Failure::new(format!("{} cannot be started: {error}", line(command)))
            })?;
        Ok(Self { child })
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        // Asked first where that can be, so that it takes down what it started itself.
        let asked = cfg!(unix)
            && succeeds(Command::new("kill").args(["-TERM", &self.child.id().to_string()]));
        if !asked && let Err(error) = self.child.kill() {
            eprintln!("process {} could not be ended: {error}", self.child.id());
        }
        for _ in 0..100 {
            if matches!(self.child.try_wait(), Ok(Some(_)) | Err(_)) {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        if self.child.kill().and_then(|()| self.child.wait()).is_err() {
            eprintln!("process {} did not end", self.child.id());
        }
    }
}
