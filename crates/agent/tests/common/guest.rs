//! A guest in a temporary folder. Its apt and dpkg are small scripts over one table, so that no test needs root.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
    thread::JoinHandle,
    time::Duration,
};

use agent::{
    Layout, Tools,
    run::{Ended, Pace, RunError},
};
use tempfile::TempDir;
use wire::Bootstrap;

/// One row of the guest's package table.
pub struct Row {
    pub package: &'static str,
    /// `-` when it is not installed.
    pub installed: &'static str,
    pub candidate: &'static str,
    pub source: &'static str,
    pub size: u64,
    /// In KiB.
    pub disk: u64,
    pub held: bool,
}

pub const MAIN: &str = "Debian:12.15/oldstable";
pub const SECURITY: &str = "Debian-Security:12/oldstable-security";

pub fn row(
    package: &'static str,
    installed: &'static str,
    candidate: &'static str,
    source: &'static str,
) -> Row {
    Row {
        package,
        installed,
        candidate,
        source,
        size: 1000,
        disk: 24,
        held: false,
    }
}

pub struct Guest {
    folder: TempDir,
}

impl Guest {
    pub fn new(rows: &[Row]) -> Self {
        let guest = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        let root = guest.root().to_owned();
        for folder in [
            "etc/apt/sources.list.d",
            "var/lib/dpkg/info",
            "var/lib/dpkg/updates",
            "var/lib/apt/lists/partial",
            "var/cache/apt/archives",
            "run/systemd/system",
            "proc/sys/kernel",
            "sys/class/net/eth0",
            "fake",
            "tools",
        ] {
            fs::create_dir_all(root.join(folder)).unwrap();
        }
        fs::write(root.join("proc/sys/kernel/hostname"), "nextcloud\n").unwrap();
        fs::write(
            root.join("sys/class/net/eth0/address"),
            "BC:24:11:00:00:01\n",
        )
        .unwrap();
        fs::write(
            root.join("etc/os-release"),
            "ID=debian\nVERSION_ID=\"12\"\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n",
        )
        .unwrap();
        fs::write(root.join("var/lib/dpkg/arch"), "amd64\n").unwrap();
        fs::write(
            root.join("var/lib/apt/lists/deb.example_debian_dists_bookworm_InRelease"),
            "Origin: Debian\nLabel: Debian\nSuite: oldstable\nVersion: 12.15\nCodename: bookworm\n",
        )
        .unwrap();
        for (name, script) in [
            ("apt-get", include_str!("apt-get.sh")),
            ("apt-cache", include_str!("apt-cache.sh")),
            ("apt-mark", include_str!("apt-mark.sh")),
            ("dpkg", include_str!("dpkg.sh")),
            ("dpkg-query", include_str!("dpkg-query.sh")),
            ("write-status", include_str!("write-status.sh")),
            ("systemctl", include_str!("systemctl.sh")),
        ] {
            guest.tool(name, script);
        }
        guest.set(rows);
        guest
    }

    /// Puts a script in the guest's PATH.
    pub fn tool(&self, name: &str, script: &str) {
        let file = self.root().join("tools").join(name);
        let text = script.replace("@ROOT@", &self.root().display().to_string());
        fs::write(&file, text).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    }

    pub fn root(&self) -> &Path {
        self.folder.path()
    }

    pub fn layout(&self) -> Layout {
        Layout::new(self.root())
    }

    pub fn tools(&self) -> Tools {
        Tools::new(self.path())
    }

    /// The guest's own PATH: the scripts first, then what the scripts need.
    pub fn path(&self) -> String {
        format!("{}/tools:/usr/bin:/bin", self.root().display())
    }

    /// Replaces the package table.
    pub fn set(&self, rows: &[Row]) {
        let text: String = rows
            .iter()
            .map(|r| {
                format!(
                    "{}\t{}\t{}\t{}\t{}\t{}\t{}\n",
                    r.package,
                    r.installed,
                    r.candidate,
                    r.source,
                    r.size,
                    r.disk,
                    if r.held { "hold" } else { "-" }
                )
            })
            .collect();
        fs::write(self.fake("table"), text).unwrap();
        for row in rows {
            for kind in ["list", "md5sums"] {
                let name = format!("var/lib/dpkg/info/{}.{kind}", row.package);
                fs::write(self.root().join(name), "").unwrap();
            }
        }
        self.write_status();
    }

    /// As dpkg would: its file moves with every change.
    fn write_status(&self) {
        let script = self.root().join("tools/write-status");
        let done = Command::new(script).env("PATH", self.path()).status();
        assert!(done.unwrap().success());
    }

    /// As after a run of dpkg that was cut off: a package is left half configured, and dpkg has `words` for it.
    pub fn interrupted(&self, words: &str) {
        self.turn_on("audit", words);
        self.write_status();
    }

    pub fn fake(&self, name: &str) -> PathBuf {
        self.root().join("fake").join(name)
    }

    /// Switches a behaviour of the scripts on.
    pub fn turn_on(&self, name: &str, text: &str) {
        fs::write(self.fake(name), text).unwrap();
    }

    pub fn turn_off(&self, name: &str) {
        fs::remove_file(self.fake(name)).unwrap();
    }

    /// The installed version of a package, by the table.
    pub fn installed(&self, package: &str) -> String {
        let table = fs::read_to_string(self.fake("table")).unwrap();
        let line = table
            .lines()
            .find(|l| l.starts_with(&format!("{package}\t")));
        line.unwrap().split('\t').nth(1).unwrap().to_owned()
    }

    /// Every call of a script so far, one a line.
    pub fn calls(&self) -> Vec<String> {
        let text = fs::read_to_string(self.fake("calls")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    pub fn prepare(&self, bootstrap: &Bootstrap) {
        let layout = self.layout();
        agent::files::make_private_dir(&layout.config_dir()).unwrap();
        agent::files::write_json(&layout.bootstrap(), bootstrap).unwrap();
        agent::desktop::Config::of(bootstrap)
            .store(&layout)
            .unwrap();
    }

    /// The agent, as its service would run it.
    pub fn start(&self) -> RunningAgent {
        self.start_with(pace())
    }

    pub fn start_with(&self, pace: Pace) -> RunningAgent {
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let (layout, tools) = (self.layout(), self.tools());
        let thread = std::thread::spawn(move || {
            tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap()
                .block_on(agent::run::run(
                    layout,
                    tools,
                    env!("CARGO_BIN_EXE_redflag-agent").into(),
                    pace,
                    async {
                        let _ = stopped.await;
                    },
                ))
        });
        RunningAgent { stop, thread }
    }
}

/// Quick where a test would only wait.
pub fn pace() -> Pace {
    Pace {
        wait_seconds: 30,
        pause: (Duration::from_millis(50), Duration::from_millis(200)),
        code_pause: Duration::from_millis(200),
        revoked_pause: Duration::from_millis(300),
        follow: Duration::from_millis(30),
        look: Duration::from_millis(200),
        search: Duration::from_secs(3600),
        settle: Duration::from_millis(20),
        rescan: Duration::from_secs(3600),
        jitter: Duration::ZERO,
    }
}

pub struct RunningAgent {
    stop: tokio::sync::oneshot::Sender<()>,
    thread: JoinHandle<Result<Ended, RunError>>,
}

impl RunningAgent {
    /// Stops it, as a restart of its service does. Jobs go on.
    pub fn stop(self) -> Ended {
        let _ = self.stop.send(());
        self.thread.join().unwrap().unwrap()
    }

    /// Waits for its own end.
    pub fn wait(self) -> Result<Ended, RunError> {
        self.thread.join().unwrap()
    }
}
