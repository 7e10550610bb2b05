//! A node whose accounts and programs may be changed: the machine's own folders lie under it, and nothing of what is
//! written reaches them.

/// Puts folders of the run's own over the machine's. `$1` is the node's folder.
pub(super) const FOLDERS: &str = r#"
own=$1/own
mkdir -p "$own"
mount -t tmpfs -o mode=0755 none "$own"
for place in etc usr/sbin usr/local/sbin; do
  mkdir -p "$own/upper/$place" "$own/work/$place"
  mount -t overlay -o "lowerdir=/$place,upperdir=$own/upper/$place,workdir=$own/work/$place" none "/$place"
done
mount -t tmpfs -o mode=0755 none /home
mount --bind "$1/home" /root
cp "$1/pct" /usr/sbin/pct
chmod 0755 /usr/sbin/pct
for service in sshd sudo; do
  printf 'auth required pam_unix.so\naccount required pam_unix.so\nsession required pam_permit.so\n' >"/etc/pam.d/$service"
done
put='cp'
"#;

/// The part of Proxmox's program that these nodes have.
pub(super) const PCT: &str = r#"#!/bin/sh
[ "$(id -u)" = 0 ] || { echo "please run as root" >&2; exit 2; }
[ "$1" = exec ] && [ "$3" = -- ] || { echo "ERROR: unknown command 'pct $1'" >&2; exit 255; }
vmid=$2
shift 3
exec lxc-attach -n "$vmid" --keep-env -- "$@"
"#;

/// What this machine lacks for such nodes, in words with the remedy; empty when nothing.
pub fn missing_for_accounts() -> Vec<String> {
    let programs = [("sudo", "sudo"), ("visudo", "sudo"), ("useradd", "passwd")];
    let lacking = programs
        .into_iter()
        .filter(|(program, _)| !super::command::installed(program));
    let words = |(program, package)| format!("{program} is not installed (package {package})");
    lacking.map(words).collect()
}
