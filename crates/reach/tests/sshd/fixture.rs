//! A node of its own per test: Debian's sshd on a free port, and an `lxc-attach` that enters private folders.

use std::{
    fs,
    io::{BufRead, BufReader},
    net::TcpListener,
    os::unix::{fs::PermissionsExt, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
};

use domain::{Vmid, host::HostKey};
use reach::{
    CommandLog, CommandRecord, Credential, Door, Entry, NodeAddress, SshNode, generate_key, setup,
};
use secrecy::SecretString;
use tempfile::TempDir;

/// Runs, entered by dash.
pub(crate) const DASH: u32 = 101;
/// Runs, entered by bash.
pub(crate) const BASH: u32 = 102;
/// Runs, with one megabyte for `/usr/local`.
pub(crate) const SMALL: u32 = 103;
/// Stopped.
pub(crate) const STOPPED: u32 = 104;
/// Takes the connection down while its script runs.
pub(crate) const BREAKING: u32 = 105;
/// Writes without end.
pub(crate) const CHATTY: u32 = 106;
/// Never ends.
pub(crate) const SILENT: u32 = 107;
/// Ends without having read its script.
pub(crate) const DEAF: u32 = 108;

/// Enters a guest by its number. `$place` is the fixture's folder.
const ATTACH: &str = r##"#!/bin/sh
echo "$$ $*" >>"$place/attached"
vmid=$2
enter() {
  g=$place/guest/$vmid
  mkdir -p "$g/etc" "$g/local" "$g/lib"
  echo 'ID=debian' >"$g/etc/os-release"
  exec unshare $unshare --mount --propagation private /bin/sh -c "
    $1
    mount --bind '$g/local' /usr/local &&
    mount --bind '$g/lib' /var/lib &&
    mount --bind '$g/etc' /etc &&
    exec $2" </dev/stdin
}
case $vmid in
  101) enter : '/bin/dash -s' ;;
  102) enter : '/bin/bash -s' ;;
  103) enter "mount -t tmpfs -o size=1m none '$place/guest/103/local' &&" '/bin/dash -s' ;;
  104) echo "lxc-attach: 104: ../src/lxc/attach.c: get_attach_context: 406 Connection refused - Failed to get init pid" >&2
       exit 1 ;;
  105) head -n 1 >/dev/null; kill -9 $PPID ;;
  106) exec cat /dev/zero ;;
  107) exec sleep 600 ;;
  108) echo "something on the node is wrong" >&2; exit 4 ;;
  *) exit 1 ;;
esac
"##;

/// Stands in for Proxmox's program: `pct exec VMID -- COMMAND`, entered like any other guest here.
const PCT: &str = r##"#!/bin/sh
[ "$1" = exec ] && [ "$3" = -- ] || { echo "only exec is here" >&2; exit 2; }
exec lxc-attach -n "$2" --clear-env -- "$4" "$5"
"##;

/// Stands in for sudo with the rule of [`reach::setup::sudoers`] and without a password: what the rule does not allow
/// is refused in sudo's words. It gives nobody root; the guests here need none.
const SUDO: &str = r##"#!/bin/sh
echo "sudo $*" >>"$place/sudo"
[ "$1" = -n ] || { echo "sudo: a terminal is required to read the password" >&2; exit 1; }
shift
list=
if [ "$1" = -l ]; then list=yes; shift; fi
case "$*" in
  "pct exec "[1-9][0-9][0-9]" -- /bin/sh -s") ;;
  *) echo "sudo: a password is required" >&2; exit 1 ;;
esac
if [ -n "$list" ]; then echo "/usr/sbin/$*"; exit 0; fi
exec "$@"
"##;

/// Keeps what was told to the audit table.
#[derive(Default)]
pub(crate) struct Notes(Mutex<Vec<CommandRecord>>);

impl Notes {
    pub(crate) fn taken(&self) -> Vec<CommandRecord> {
        self.0.lock().expect("no test panics inside").clone()
    }
}

impl CommandLog for Notes {
    fn ran(&self, record: &CommandRecord) {
        self.0
            .lock()
            .expect("no test panics inside")
            .push(record.clone());
    }
}

pub(crate) struct Node {
    pub(crate) address: NodeAddress,
    pub(crate) private_key: SecretString,
    pub(crate) public_line: String,
    pub(crate) notes: Arc<Notes>,
    place: TempDir,
    sshd: Child,
    reading: Option<std::thread::JoinHandle<()>>,
    log: Arc<Mutex<String>>,
}

impl Node {
    /// Starts it and waits until it listens.
    pub(crate) fn start() -> Self {
        Self::start_with("")
    }

    /// The same with further lines in sshd's configuration.
    pub(crate) fn start_with(lines: &str) -> Self {
        let place = TempDir::with_prefix("redflag-reach-").expect("a temporary folder");
        let folder = place.path();
        let bin = folder.join("bin");
        fs::create_dir_all(&bin).expect("writable");
        fs::create_dir_all(folder.join("home")).expect("writable");
        let root = output("id", &["-u"]) == "0";
        write_tool(
            &bin.join("lxc-attach"),
            &ATTACH
                .replace("$place", folder.to_str().expect("plain path"))
                .replace("$unshare", if root { "" } else { "--map-root-user" }),
        );
        write_tool(
            &bin.join("lxc-ls"),
            "#!/bin/sh\nprintf '102\\n101\\nbuild\\n'\n",
        );
        write_tool(&bin.join("pct"), PCT);
        write_tool(
            &bin.join("sudo"),
            &SUDO.replace("$place", folder.to_str().expect("plain path")),
        );
        new_host_key(folder);
        let (private_key, public_line) = generate_key().expect("a key");
        fs::write(folder.join("authorized_keys"), &public_line).expect("writable");
        let port = free_port();
        let config = format!(
            "Port {port}\nListenAddress 127.0.0.1\nHostKey {0}/host_key\nAuthorizedKeysFile {0}/authorized_keys\n\
             PidFile none\nStrictModes no\nUsePAM no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n\
             PermitRootLogin yes\nLogLevel VERBOSE\nSetEnv PATH={0}/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME={0}/home\n{lines}",
            folder.display()
        );
        fs::write(folder.join("sshd_config"), config).expect("writable");
        let log = Arc::new(Mutex::new(String::new()));
        let (sshd, reading) = start_sshd(folder, root, &log);
        Self {
            address: NodeAddress {
                host: "127.0.0.1".into(),
                port,
                user: output("id", &["-un"]),
            },
            private_key,
            public_line,
            notes: Arc::default(),
            place,
            sshd,
            reading: Some(reading),
            log,
        }
    }

    /// The fixture's folder.
    pub(crate) fn path(&self) -> &Path {
        self.place.path()
    }

    /// A path below the guest's `/usr/local` (`local`), `/etc` (`etc`) or `/var/lib` (`lib`).
    pub(crate) fn in_guest(&self, vmid: u32, path: &str) -> PathBuf {
        self.path().join(format!("guest/{vmid}/{path}"))
    }

    /// The host key as `ssh-keygen` tells it.
    pub(crate) fn host_key(&self) -> HostKey {
        let file = self.path().join("host_key.pub");
        let told = output("ssh-keygen", &["-lf", file.to_str().expect("plain path")]);
        let fingerprint = told.split(' ').nth(1).expect("bits, fingerprint, comment");
        HostKey {
            algorithm: "ssh-ed25519".into(),
            fingerprint: fingerprint.into(),
        }
    }

    /// The reach to it.
    pub(crate) fn reach(&self) -> SshNode {
        let notes: Arc<Notes> = Arc::clone(&self.notes);
        SshNode::new(
            self.address.clone(),
            self.host_key(),
            self.private_key.clone(),
            notes,
        )
    }

    /// The reach to it as an account of that kind, by that credential, perhaps through another node.
    pub(crate) fn reach_by(
        &self,
        entry: Entry,
        credential: Credential,
        through: Option<SshNode>,
    ) -> SshNode {
        let door = Door {
            address: self.address.clone(),
            accepted: self.host_key(),
            credential,
            entry,
            through,
        };
        let notes: Arc<Notes> = Arc::clone(&self.notes);
        SshNode::behind(door, notes)
    }

    /// The reach to it with its own key as an account of that kind.
    pub(crate) fn reach_as(&self, entry: Entry) -> SshNode {
        self.reach_by(entry, Credential::Key(self.private_key.clone()), None)
    }

    /// Binds the key to the wrapper, as the printed set-up does. Only the folders where the wrapper looks for
    /// lxc-attach, and its own, are those of this fixture.
    pub(crate) fn bind_to_wrapper(&self) {
        let folder = self.path().to_str().expect("plain path");
        let wrapper = self.path().join("redflag-enter");
        let own = format!("PATH={folder}/bin:");
        write_tool(&wrapper, &setup::WRAPPER.replacen("PATH=", &own, 1));
        let line = setup::wrapper_line(&self.public_line).expect("a key");
        let line = line.replace(setup::WRAPPER_PATH, wrapper.to_str().expect("plain path"));
        fs::write(self.path().join("authorized_keys"), line).expect("writable");
    }

    /// What sshd wrote.
    pub(crate) fn log(&self) -> String {
        self.log.lock().expect("no test panics inside").clone()
    }

    /// Ends the listening sshd and starts another with a new host key on the same port.
    pub(crate) fn change_host_key(&mut self) {
        self.stop();
        new_host_key(self.path());
        let root = output("id", &["-u"]) == "0";
        let (sshd, reading) = start_sshd(self.place.path(), root, &self.log);
        self.sshd = sshd;
        self.reading = Some(reading);
    }

    /// How often somebody logged in.
    pub(crate) fn logins(&self) -> usize {
        let log = self.log.lock().expect("no test panics inside");
        log.matches("Accepted publickey").count()
    }

    /// The command lines with which guests were entered.
    pub(crate) fn attached(&self) -> Vec<String> {
        let text = fs::read_to_string(self.path().join("attached")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// Ends the sshd, its sessions, and what these ran.
    fn stop(&mut self) {
        let mut ours = vec![self.sshd.id().to_string()];
        let mut next = 0;
        while let Some(id) = ours.get(next) {
            let list = fs::read_to_string(format!("/proc/{id}/task/{id}/children"));
            let children = list.unwrap_or_default();
            ours.extend(children.split_whitespace().map(str::to_owned));
            next += 1;
        }
        // What outlived its session has another parent by now; the tool wrote down its process.
        for line in self.attached() {
            let id = line.split(' ').next().unwrap_or_default();
            let command = fs::read_to_string(format!("/proc/{id}/cmdline")).unwrap_or_default();
            if command.contains("sleep\x00600") || command.contains("/dev/zero") {
                ours.push(id.to_owned());
            }
        }
        for id in &ours {
            // Some have ended already.
            let _ = Command::new("kill")
                .args(["-9", id])
                .stderr(Stdio::null())
                .status();
        }
        let _ = self.sshd.wait();
        drop(self.reading.take());
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.stop();
    }
}

pub(crate) fn vmid(number: u32) -> Vmid {
    Vmid::try_from(number).expect("in range")
}

pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("bound").port()
}

fn start_sshd(
    folder: &Path,
    root: bool,
    log: &Arc<Mutex<String>>,
) -> (Child, std::thread::JoinHandle<()>) {
    let config = folder.join("sshd_config");
    let mut command = if root {
        // sshd wants /run/sshd, which belongs to the machine: it gets a /run of its own.
        let mut command = Command::new("unshare");
        command.args(["--mount", "--propagation", "private", "/bin/sh", "-c"]);
        command.arg(
            "mount -t tmpfs none /run && mkdir -m 0755 /run/sshd && exec /usr/sbin/sshd -D -e -f \"$0\"",
        );
        command
    } else {
        let mut command = Command::new("/usr/sbin/sshd");
        command.args(["-D", "-e", "-f"]);
        command
    };
    let mut sshd = command
        .arg(&config)
        .process_group(0)
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("openssh-server is installed");
    let mut lines = BufReader::new(sshd.stderr.take().expect("piped"));
    let mut line = String::new();
    while !line.contains("Server listening on") {
        line.clear();
        let read = lines.read_line(&mut line).expect("readable");
        assert_ne!(read, 0, "sshd ended before it listened");
    }
    let log = Arc::clone(log);
    let reading = std::thread::spawn(move || {
        for line in lines.lines().map_while(Result::ok) {
            let mut log = log.lock().expect("no test panics inside");
            log.push_str(&line);
            log.push('\n');
        }
    });
    (sshd, reading)
}

fn new_host_key(folder: &Path) {
    let file = folder.join("host_key");
    let _ = fs::remove_file(&file);
    let status = Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-f"])
        .arg(&file)
        .status()
        .expect("ssh-keygen is installed");
    assert!(status.success());
}

fn write_tool(path: &Path, text: &str) {
    fs::write(path, text).expect("writable");
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("ours");
}

pub(crate) fn output(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program)
        .args(arguments)
        .output()
        .expect("it is installed");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}
