//! One real LXC guest: a copy of the Debian root, started by `lxc-start` in its node's namespace.

use std::{
    fs,
    net::Ipv4Addr,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};

use super::{
    command,
    command::Output,
    namespace::Namespace,
    plan::{GuestPlan, Stand},
    template::Template,
    userland::Userland,
};

/// How long systemd may take to be up.
const BOOT: Duration = Duration::from_secs(90);
/// How long it may take to shut down, in seconds.
const SHUTDOWN: &str = "20";

/// A real guest. Clones are the same guest.
#[derive(Clone)]
pub struct RealGuest(pub(super) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) plan: GuestPlan,
    pub(crate) cluster: String,
    pub(crate) node: String,
    pub(crate) address: Ipv4Addr,
    /// Upper case with colons.
    pub(crate) mac: String,
    pub(crate) namespace: Arc<Namespace>,
    pub(crate) template: Template,
    pub(crate) bridge: String,
    pub(crate) gateway: Ipv4Addr,
    pub(crate) cgroup: String,
    /// Text of its `sources.list`.
    pub(crate) sources: String,
    /// Held by whoever switches it, or compares it with the double.
    pub(crate) turn: Arc<tokio::sync::Mutex<()>>,
}

impl RealGuest {
    pub(crate) fn new(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }

    pub fn vmid(&self) -> u32 {
        self.0.plan.vmid
    }

    pub fn name(&self) -> &str {
        &self.0.plan.name
    }

    pub fn node(&self) -> &str {
        &self.0.node
    }

    /// Label of its cluster in the double.
    pub fn cluster(&self) -> &str {
        &self.0.cluster
    }

    /// Its address on the lab's bridge.
    pub fn address(&self) -> Ipv4Addr {
        self.0.address
    }

    /// Upper case with colons.
    pub fn mac(&self) -> &str {
        &self.0.mac
    }

    /// How it stood at the start.
    pub fn stand(&self) -> Stand {
        self.0.plan.stand
    }

    pub(crate) fn without(&self) -> &[String] {
        &self.0.plan.without
    }

    /// Its root folder, seen from outside. Empty before its first start.
    pub fn root(&self) -> PathBuf {
        self.0.namespace.seen(&self.folder().join("rootfs"))
    }

    pub(super) fn folder(&self) -> PathBuf {
        self.0.namespace.lxc().join(self.vmid().to_string())
    }

    /// Whether it runs.
    ///
    /// # Errors
    /// When LXC cannot be asked.
    pub async fn running(&self) -> Result<bool> {
        self.blocking(Self::running_now).await
    }

    /// Starts it and waits until its init system is up. Nothing happens if it runs.
    ///
    /// # Errors
    /// With LXC's log, or what systemd says when it does not come up.
    pub async fn start(&self) -> Result<()> {
        self.blocking(Self::start_now).await
    }

    /// Waits until the init system of a guest that runs is up.
    ///
    /// # Errors
    /// What it says when it does not come up.
    pub async fn until_up(&self) -> Result<()> {
        self.blocking(Self::wait_now).await
    }

    /// Stops it as a power cut does. Nothing happens if it does not run.
    ///
    /// # Errors
    /// With LXC's words.
    pub async fn stop(&self) -> Result<()> {
        self.blocking(Self::stop_now).await
    }

    /// Runs a program inside, with an empty environment; any status is an answer.
    ///
    /// # Errors
    /// When the guest cannot be entered at all.
    pub async fn run(&self, program: &[&str]) -> Result<Output> {
        let program: Vec<String> = program.iter().map(|word| (*word).to_owned()).collect();
        self.blocking(move |guest| guest.attach(&program)).await
    }

    /// Runs a shell line inside that must succeed; gives its output.
    ///
    /// # Errors
    /// With status and output.
    pub async fn shell(&self, line: &str) -> Result<String> {
        let output = self.run(&["/bin/sh", "-c", line]).await?;
        output
            .text()
            .with_context(|| format!("in {}: {line}", self.name()))
    }

    /// The installed version of a package; none when it is not installed.
    ///
    /// # Errors
    /// When the guest cannot be entered.
    pub async fn version_of(&self, package: &str) -> Result<Option<String>> {
        let format = "-f=${db:Status-Status} ${Version}";
        let output = self.run(&["dpkg-query", "-W", format, package]).await?;
        Ok(output.stdout.strip_prefix("installed ").map(str::to_owned))
    }

    /// Takes dpkg's locks inside, in the name of `holder` (at most 15 characters, such as `unattended-upgr`), until
    /// [`Self::release_lock`]. Gives the holder's process id there.
    ///
    /// # Errors
    /// When the locks are not free.
    pub async fn hold_lock(&self, holder: &str) -> Result<u32> {
        // dpkg and apt use POSIX locks, which flock(1) does not take.
        let program = format!(
            "$0 = q({holder}); for (qw(/var/lib/dpkg/lock-frontend /var/lib/dpkg/lock)) {{ open(my $f, q(+>>), $_) or die $!; \
             my $l = pack(q(s s l! l! i), F_WRLCK, 0, 0, 0, 0); fcntl($f, F_SETLK, $l) or die $!; push @f, $f }} \
             open(my $n, q(>), q(/run/lab-lock)) or die $!; print $n $$; close $n; sleep"
        );
        // systemd would take what follows a dollar sign for a variable of its own.
        let program = program.replace('$', "$$");
        self.run(&[
            "systemd-run",
            "--quiet",
            "--unit=lab-lock",
            "/usr/bin/perl",
            "-MFcntl",
            "-e",
            &program,
        ])
        .await?
        .text()?;
        let wait = "for i in $(seq 200); do [ -s /run/lab-lock ] && exec cat /run/lab-lock; sleep 0.05; done; \
                    systemctl status --no-pager lab-lock >&2; exit 1";
        let id = self.shell(wait).await?;
        id.trim().parse().context("the lock's holder has no number")
    }

    /// Gives dpkg's locks back.
    ///
    /// # Errors
    /// When nothing held them.
    pub async fn release_lock(&self) -> Result<()> {
        self.shell("systemctl stop lab-lock; rm /run/lab-lock")
            .await
            .map(|_| ())
    }

    pub(super) async fn blocking<T: Send + 'static>(
        &self,
        act: impl FnOnce(&Self) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let guest = self.clone();
        tokio::task::spawn_blocking(move || act(&guest)).await?
    }

    /// What a node connects its console to, by `cmode`.
    pub(crate) fn console_program(&self) -> crate::console::Program {
        let guest = self.clone();
        std::sync::Arc::new(move |mode| {
            let (program, arguments): (_, &[&str]) = match mode {
                "shell" => ("lxc-attach", &["--clear-env"]),
                "console" => ("lxc-console", &["-t", "0", "-e", "-1"]),
                _ => ("lxc-console", &["-e", "-1"]),
            };
            let mut command = guest.0.namespace.command(program);
            command
                .args(["-n", &guest.vmid().to_string()])
                .args(arguments);
            command
        })
    }

    /// What a task of the double does with it.
    pub(crate) fn switch(&self) -> crate::ground::Switch {
        let guest = self.clone();
        Arc::new(move |kind| {
            let (guest, kind) = (guest.clone(), kind.to_owned());
            Box::pin(async move {
                let turn = Arc::clone(&guest.0.turn).lock_owned().await;
                let act = move |guest: &Self| {
                    match kind.as_str() {
                        "vzstop" => guest.stop_now()?,
                        "vzshutdown" => guest.shut_down_now()?,
                        "vzreboot" => {
                            guest.shut_down_now()?;
                            guest.launch_now()?;
                        }
                        _ => guest.launch_now()?,
                    }
                    Ok(())
                };
                guest.blocking(act).await?;
                Ok(turn)
            })
        })
    }

    pub(crate) fn running_now(&self) -> Result<bool> {
        let mut command = self.0.namespace.command("lxc-info");
        command.args(["-n", &self.vmid().to_string(), "-s", "-H"]);
        // A guest that was never started has no configuration, and that is an error to lxc-info.
        Ok(command::answer(&mut command)?.stdout.trim() == "RUNNING")
    }

    pub(crate) fn start_now(&self) -> Result<()> {
        if self.running_now()? {
            return Ok(());
        }
        self.launch_now()?;
        self.wait_now()
    }

    /// Starts it and does not wait for its init system, as Proxmox does not.
    fn launch_now(&self) -> Result<()> {
        if self.running_now()? {
            return Ok(());
        }
        if !self.folder().join("config").exists() {
            self.make()
                .with_context(|| format!("the root of {}", self.name()))?;
        }
        let log = self.folder().join("log");
        let mut command = self.0.namespace.command("lxc-start");
        command
            .args(["-n", &self.vmid().to_string(), "-l", "WARN", "-o"])
            .arg(&log)
            // What it leaves running must not hold our pipes open.
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .stdin(std::process::Stdio::null());
        let status = command.status().context("lxc-start cannot be run")?;
        if !status.success() {
            let words = fs::read_to_string(&log).unwrap_or_default();
            bail!("lxc-start of {} failed: {}", self.name(), words.trim());
        }
        Ok(())
    }

    /// Waits until its init system is up.
    fn wait_now(&self) -> Result<()> {
        let wait: &[&str] = match self.0.plan.userland {
            Userland::Debian | Userland::Debian13 | Userland::Docker => {
                &["systemctl", "is-system-running", "--wait"]
            }
            Userland::OpenRc => &[
                "/bin/sh",
                "-c",
                "[ ! -e /run/openrc/rc.starting ] && grep -qx default /run/openrc/softlevel && rc-status -q default && echo running",
            ],
            Userland::NoInit => &["/bin/echo", "running"],
        };
        let wait: Vec<String> = wait.iter().map(|word| (*word).to_owned()).collect();
        let until = Instant::now() + BOOT;
        loop {
            let state = self.attach(&wait)?;
            match state.stdout.lines().last().unwrap_or_default().trim() {
                "running" | "degraded" => return Ok(()),
                _ if Instant::now() > until => bail!(
                    "{} is not up after {} s: {} {}",
                    self.name(),
                    BOOT.as_secs(),
                    state.stdout.trim(),
                    state.stderr.trim()
                ),
                // Its bus may not be there yet.
                _ => std::thread::sleep(Duration::from_millis(30)),
            }
        }
    }

    /// Lets its init end it, and kills what is left of it after a while.
    fn shut_down_now(&self) -> Result<()> {
        if !self.running_now()? {
            return Ok(());
        }
        let mut command = self.0.namespace.command("lxc-stop");
        command.args(["-t", SHUTDOWN, "-n", &self.vmid().to_string()]);
        command::answer(&mut command)?.text().map(|_| ())
    }

    pub(crate) fn stop_now(&self) -> Result<()> {
        if !self.running_now()? {
            return Ok(());
        }
        let mut command = self.0.namespace.command("lxc-stop");
        command.args(["-k", "-n", &self.vmid().to_string()]);
        command::answer(&mut command)?.text().map(|_| ())
    }

    fn attach(&self, program: &[String]) -> Result<Output> {
        let mut command = self.0.namespace.command("lxc-attach");
        command
            .args(["-n", &self.vmid().to_string(), "--clear-env"])
            .args(["--set-var", "LC_ALL=C", "--set-var", "HOME=/root", "--"])
            .args(program);
        command::answer(&mut command)
    }
}

impl std::fmt::Debug for RealGuest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "RealGuest({} {} on {})",
            self.vmid(),
            self.name(),
            self.node()
        )
    }
}
