//! A real program on a real pty of this machine, behind a shared session.

use std::{
    fs::{File, OpenOptions},
    io::{Read, Write},
    os::fd::AsFd,
    process::{Command, Stdio},
};

use anyhow::{Context, Result};
use rustix::{
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{Winsize, tcsetwinsize},
};
use tokio::sync::{mpsc, oneshot};

use super::shared::{Key, Screen, Stage};

/// Plays the program until it ends.
pub(super) async fn play(program: &Command, mut stage: Stage) -> Result<()> {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
    grantpt(&master)?;
    unlockpt(&master)?;
    let name = ptsname(&master, Vec::new())?;
    let name = name.to_str().context("a pty without a plain name")?;
    let slave = OpenOptions::new().read(true).write(true).open(name)?;
    size(&master, 80, 20);
    // The program's own session, with the pty as its terminal.
    let mut command = tokio::process::Command::new("setsid");
    command
        .args(["--ctty", "--wait"])
        .arg(program.get_program())
        .args(program.get_args())
        .env_clear()
        .envs([
            ("PATH", "/usr/sbin:/usr/bin:/sbin:/bin"),
            ("TERM", "xterm-256color"),
            ("HOME", "/root"),
        ])
        .current_dir("/")
        .stdin(Stdio::from(slave.try_clone()?))
        .stdout(Stdio::from(slave.try_clone()?))
        .stderr(Stdio::from(slave))
        .kill_on_drop(true);
    let mut child = command.spawn().context("setsid cannot be run")?;
    drop(command);
    let (sizes, reading) = (
        File::from(master.try_clone()?),
        File::from(master.try_clone()?),
    );
    let screen = stage.screen();
    let (ended, end) = oneshot::channel();
    // Threads of their own: a pty has no readiness that could be waited for without unsafe code.
    std::thread::spawn(move || {
        show(reading, &screen);
        let _ = ended.send(());
    });
    let (keys, typed) = std::sync::mpsc::channel::<Vec<u8>>();
    let (went, mut gone) = mpsc::channel::<()>(1);
    std::thread::spawn(move || type_in(File::from(master), &typed, &went));
    let mut end = std::pin::pin!(end);
    loop {
        tokio::select! {
            _ = &mut end => break,
            key = stage.keys.recv() => match key {
                None => {
                    // Everybody has left, and the program goes on.
                    let _ = (&mut end).await;
                    break;
                }
                Some(Key::Size(columns, rows)) => size(&sizes, columns, rows),
                Some(Key::Typed(bytes)) => {
                    // One at a time: whoever types faster than the program reads must wait.
                    if keys.send(bytes).is_err() {
                        break;
                    }
                    tokio::select! {
                        _ = &mut end => break,
                        went = gone.recv() => if went.is_none() { break },
                    }
                }
            },
        }
    }
    let _ = child.start_kill();
    let _ = child.wait().await;
    Ok(())
}

fn size(master: impl AsFd, columns: u16, rows: u16) {
    let size = Winsize {
        ws_row: rows,
        ws_col: columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    // Only how it looks depends on it.
    let _ = tcsetwinsize(master, size);
}

/// Until nobody is on the other side any more, which is an error to whoever reads.
fn show(mut master: File, screen: &Screen) {
    let mut buffer = [0; 8 * 1024];
    while let Ok(count @ 1..) = master.read(&mut buffer) {
        screen.show(&buffer[..count]);
    }
}

fn type_in(mut master: File, typed: &std::sync::mpsc::Receiver<Vec<u8>>, went: &mpsc::Sender<()>) {
    while let Ok(bytes) = typed.recv() {
        if master.write_all(&bytes).is_err() || went.blocking_send(()).is_err() {
            return;
        }
    }
}
