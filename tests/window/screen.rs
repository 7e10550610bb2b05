//! A screen without a monitor, and a session bus on which no other RedFlag lives.

use std::process::{Command, Stdio};

use super::process::Running;

/// Xvfb and a bus of our own. Several can stand side by side.
pub struct Screen {
    display: String,
    bus_address: String,
    _xvfb: Running,
    _bus: Running,
}

impl Screen {
    /// Starts both and waits until they can be used.
    pub fn start() -> anyhow::Result<Self> {
        // It takes the first free number and prints it once clients can connect.
        let (xvfb, number) = Running::start_and_read_line(Command::new("Xvfb").args([
            "-displayfd",
            "1",
            "-screen",
            "0",
            "1600x1000x24",
            "-nolisten",
            "tcp",
        ]))?;
        let mut bus = Command::new("dbus-daemon");
        bus.args(["--session", "--nofork", "--print-address=1"]);
        // It tells of every service that it starts.
        bus.stderr(Stdio::null());
        let (bus, bus_address) = Running::start_and_read_line(&mut bus)?;
        Ok(Self {
            display: format!(":{number}"),
            bus_address,
            _xvfb: xvfb,
            _bus: bus,
        })
    }

    /// Its number, as clients name it.
    pub fn display(&self) -> &str {
        &self.display
    }

    /// Where the bus is spoken to.
    pub fn bus_address(&self) -> &str {
        &self.bus_address
    }

    /// Puts a program on this screen and bus.
    pub fn show(&self, command: &mut Command) {
        command
            .env("DISPLAY", &self.display)
            .env("DBUS_SESSION_BUS_ADDRESS", &self.bus_address)
            .env_remove("WAYLAND_DISPLAY")
            // X11 even where the machine has a Wayland session.
            .env("GDK_BACKEND", "x11")
            .env("NO_AT_BRIDGE", "1");
    }
}
