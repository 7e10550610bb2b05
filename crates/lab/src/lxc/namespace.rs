//! A node: its own mount namespace with its own LXC folder, password file and `/run`, and a real sshd in it.

use std::{
    fs,
    io::{BufRead, BufReader},
    net::{IpAddr, SocketAddr, TcpListener, TcpStream},
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};

use super::{
    accounts::{FOLDERS, PCT},
    command, userland,
};

/// How to enter a node.
#[derive(Clone)]
pub struct NodeDoor {
    pub address: SocketAddr,
    pub user: String,
    /// Made for this run; the machine's own accounts do not have it.
    pub password: String,
    /// As `ssh-keygen -lf` prints it: `SHA256:…`.
    pub host_key: String,
    pub algorithm: String,
}

/// Holds the namespace open and hides the machine's own files behind the run's. `$1` is the node's folder.
const HOLD: &str = r#"
mount -t tmpfs -o mode=0755 none /run
mkdir -m 0755 /run/sshd /run/lock
mount --bind "$1/etc-lxc" /etc/lxc
$put "$1/shadow" /etc/shadow
for file in /etc/subuid /etc/subgid; do
  [ ! -e "$file" ] || $put "$1/subids" "$file"
done
echo ready
exec sleep infinity
"#;

/// One node's namespace and sshd.
pub(crate) struct Namespace {
    folder: PathBuf,
    holder: u32,
    /// Its accounts are its own.
    accounts: bool,
    children: Mutex<Children>,
}

struct Children {
    holder: Child,
    sshd: Option<Child>,
}

impl Namespace {
    /// Makes it. `keys` is the `authorized_keys` that all nodes of a cluster share, as on Proxmox.
    pub(crate) fn make(folder: &Path, keys: &Path, password: &str, accounts: bool) -> Result<Self> {
        fs::create_dir_all(folder.join("etc-lxc"))?;
        fs::create_dir_all(folder.join("lxc"))?;
        let lxc = format!("lxc.lxcpath = {}\n", folder.join("lxc").display());
        fs::write(folder.join("etc-lxc/lxc.conf"), lxc)?;
        fs::write(folder.join("etc-lxc/default.conf"), "")?;
        let (first, count) = userland::SHIFT;
        fs::write(folder.join("subids"), format!("root:{first}:{count}\n"))?;
        let shadow = folder.join("shadow");
        let passwords = format!(
            "root:{}:19000:0:99999:7:::\nsshd:!:19000::::::\n",
            hashed(password)?
        );
        fs::write(&shadow, passwords)?;
        fs::set_permissions(&shadow, fs::Permissions::from_mode(0o600))?;
        let ssh = folder.join("home/.ssh");
        fs::create_dir_all(&ssh)?;
        fs::set_permissions(&ssh, fs::Permissions::from_mode(0o700))?;
        symlink(keys, ssh.join("authorized_keys"))?;
        let begin = if accounts {
            fs::write(folder.join("pct"), PCT)?;
            FOLDERS
        } else {
            "put='mount --bind'\n"
        };
        let mut holder = Command::new("unshare")
            .args([
                "--mount",
                "--propagation",
                "private",
                "/bin/sh",
                "-euc",
                &format!("{begin}{HOLD}"),
                "sh",
            ])
            .arg(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .context("unshare cannot be run")?;
        let mut line = String::new();
        if let Some(out) = holder.stdout.take() {
            BufReader::new(out).read_line(&mut line)?;
        }
        if line.trim() != "ready" {
            let output = holder.wait_with_output()?;
            bail!(
                "no mount namespace: {}",
                String::from_utf8_lossy(&output.stderr).trim()
            );
        }
        Ok(Self {
            folder: folder.to_owned(),
            holder: holder.id(),
            accounts,
            children: Mutex::new(Children { holder, sshd: None }),
        })
    }

    /// A command that runs inside.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new("nsenter");
        command
            .arg(format!("--mount=/proc/{}/ns/mnt", self.holder))
            .args(["--", program])
            .current_dir("/");
        command
    }

    /// A path as it is inside, for those outside.
    pub(crate) fn seen(&self, path: &Path) -> PathBuf {
        let root = PathBuf::from(format!("/proc/{}/root", self.holder));
        root.join(path.strip_prefix("/").unwrap_or(path))
    }

    /// Where its guests lie.
    pub(crate) fn lxc(&self) -> PathBuf {
        self.folder.join("lxc")
    }

    /// Makes a new host key; the next [`Self::open`] shows it.
    pub(crate) fn new_host_key(&self) -> Result<(String, String)> {
        let key = self.folder.join("host_key");
        let _ = fs::remove_file(&key);
        let key = key.to_str().context("the cache's path is not plain text")?;
        command::run(
            "ssh-keygen",
            ["-q", "-t", "ed25519", "-N", "", "-C", "lab", "-f", key],
        )?;
        let told = command::run("ssh-keygen", ["-l", "-f", key])?;
        let fingerprint = told
            .split(' ')
            .nth(1)
            .context("ssh-keygen tells no fingerprint")?;
        Ok(("ssh-ed25519".to_owned(), fingerprint.to_owned()))
    }

    /// Starts sshd, on `port`, or on 22 or any free one, and waits until it answers.
    pub(crate) fn open(&self, address: IpAddr, port: Option<u16>) -> Result<SocketAddr> {
        let mut last = None;
        for _try in 0..5 {
            let port = match port {
                Some(port) => port,
                None => free_port(address)?,
            };
            match self.listen(SocketAddr::new(address, port)) {
                Ok(address) => return Ok(address),
                Err(error) => last = Some(error),
            }
        }
        Err(last.unwrap_or_else(|| anyhow::anyhow!("sshd was not tried")))
    }

    fn listen(&self, address: SocketAddr) -> Result<SocketAddr> {
        let folder = self.folder.display();
        // A new account has no password; without PAM sshd takes that for a locked one.
        let homes = match self.accounts {
            true => "AuthorizedKeysFile .ssh/authorized_keys\nUsePAM yes\nSetEnv PATH=/usr/sbin:/usr/bin:/sbin:/bin\n".to_owned(),
            false => format!(
                "AuthorizedKeysFile {folder}/home/.ssh/authorized_keys\nUsePAM no\n\
                 SetEnv HOME={folder}/home PATH=/usr/sbin:/usr/bin:/sbin:/bin\n"
            ),
        };
        let config = format!(
            "Port {port}\nListenAddress {ip}\nHostKey {folder}/host_key\nPidFile none\nStrictModes no\n\
             PermitRootLogin yes\nPasswordAuthentication yes\nKbdInteractiveAuthentication no\nPrintMotd no\n\
             LogLevel VERBOSE\n{homes}",
            port = address.port(),
            ip = address.ip(),
        );
        let file = self.folder.join("sshd_config");
        fs::write(&file, config)?;
        let log = self.folder.join("sshd.log");
        let mut sshd = self
            .command("/usr/sbin/sshd")
            .args(["-D", "-f"])
            .arg(&file)
            .arg("-E")
            .arg(&log)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("sshd cannot be run")?;
        let until = Instant::now() + Duration::from_secs(10);
        while TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_err() {
            let ended = sshd.try_wait()?.is_some();
            if ended || Instant::now() > until {
                let _ = sshd.kill();
                let _ = sshd.wait();
                let words = fs::read_to_string(&log).unwrap_or_default();
                bail!("sshd does not listen on {address}: {}", words.trim());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        self.children().sshd = Some(sshd);
        Ok(address)
    }

    /// Ends sshd and its sessions.
    pub(crate) fn close(&self) {
        let Some(mut sshd) = self.children().sshd.take() else {
            return;
        };
        let mut ids = vec![sshd.id().to_string()];
        let mut next = 0;
        while let Some(id) = ids.get(next) {
            let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children"));
            ids.extend(
                children
                    .unwrap_or_default()
                    .split_whitespace()
                    .map(str::to_owned),
            );
            next += 1;
        }
        let _ = Command::new("kill")
            .arg("-9")
            .args(&ids)
            .stderr(Stdio::null())
            .status();
        let _ = sshd.wait();
    }

    fn children(&self) -> std::sync::MutexGuard<'_, Children> {
        self.children.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        self.close();
        let mut children = self.children();
        // Ends by itself only with the machine; guests that still run keep the namespace until they are swept.
        let _ = children.holder.kill();
        let _ = children.holder.wait();
    }
}

/// The password as the password file has it. It goes in by standard input, out of the process list.
fn hashed(password: &str) -> Result<String> {
    use std::io::Write;
    let program = r#"chomp($p = <STDIN>); print crypt($p, q($6$) . $ARGV[0] . q($))"#;
    let mut salt = [0; 6];
    getrandom::fill(&mut salt).map_err(|error| anyhow::anyhow!("no randomness: {error}"))?;
    let mut perl = Command::new("perl")
        .args(["-e", program, &hex::encode(salt)])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("perl cannot be run")?;
    if let Some(mut input) = perl.stdin.take() {
        writeln!(input, "{password}")?;
    }
    let output = perl.wait_with_output()?;
    let hash = String::from_utf8(output.stdout)?;
    if !hash.starts_with("$6$") {
        bail!("perl's crypt gave {hash:?}");
    }
    Ok(hash)
}

/// 22 if nobody has it there, else any.
fn free_port(address: IpAddr) -> Result<u16> {
    let listener = TcpListener::bind((address, 22)).or_else(|_| TcpListener::bind((address, 0)))?;
    Ok(listener.local_addr()?.port())
}
