//! What a real guest is made of: its root over the template, and LXC's configuration.

use std::{fs, os::unix::fs::PermissionsExt};

use anyhow::{Result, bail};

use super::{
    command,
    guest::RealGuest,
    template,
    userland::{self, Userland},
};

impl RealGuest {
    /// A program inside, to be spoken with: entered as its node would enter it.
    pub fn entering(&self, program: &[&str]) -> std::process::Command {
        let mut command = self.0.namespace.command("lxc-attach");
        command
            .args(["-n", &self.vmid().to_string(), "--clear-env", "--"])
            .args(program);
        command
    }

    /// Gives it, before its first start, the files of another one that is stopped, as a clone has them. Only its name
    /// and network are its own; `/etc/machine-id` is not.
    ///
    /// # Errors
    /// When it was started before, or the files cannot be copied.
    pub async fn become_copy_of(&self, other: &Self) -> Result<()> {
        let other = other.clone();
        self.blocking(move |guest| {
            if guest.folder().join("config").exists() || other.running_now()? {
                bail!("a clone is made before its first start, of a guest that is stopped");
            }
            fs::create_dir_all(guest.folder())?;
            // What differs from the template, or, where there are no overlays, everything.
            let layer = if other.folder().join("upper").read_dir()?.next().is_some() {
                "upper"
            } else {
                "rootfs"
            };
            let (from, to) = (other.folder().join(layer), guest.folder().join(layer));
            command::run("cp", ["-a".as_ref(), from.as_os_str(), to.as_os_str()]).map(|_| ())
        })
        .await
    }

    /// Lays the guest's root over the template and writes the configuration.
    pub(super) fn make(&self) -> Result<()> {
        self.lay()?;
        let root = self.root();
        let name = self.name();
        fs::write(root.join("etc/hostname"), format!("{name}\n"))?;
        let hosts = format!("127.0.0.1 localhost\n127.0.1.1 {name}\n");
        fs::write(root.join("etc/hosts"), hosts)?;
        fs::write(root.join("etc/apt/sources.list"), &self.0.sources)?;
        if !self.0.plan.without.is_empty() {
            let words = ["dpkg", "--purge", "--force-hold"];
            let mut arguments: Vec<String> = words.map(str::to_owned).to_vec();
            arguments.extend(self.0.plan.without.iter().cloned());
            let chroot = self.0.namespace.command("chroot");
            template::inside(chroot, &self.folder().join("rootfs"), &arguments)?;
        }
        let inner = &self.0;
        let mut special = String::new();
        if inner.plan.unprivileged {
            for file in ["etc/hostname", "etc/hosts", "etc/apt/sources.list"] {
                userland::own(&root.join(file))?;
            }
            let (first, count) = userland::SHIFT;
            special.push_str(&format!(
                "lxc.include = /usr/share/lxc/config/userns.conf\n\
                 lxc.idmap = u 0 {first} {count}\nlxc.idmap = g 0 {first} {count}\n"
            ));
        }
        if inner.plan.userland == Userland::NoInit {
            special.push_str(&format!("lxc.init.cmd = {}\n", userland::PLAIN_INIT));
        }
        if inner.plan.userland == Userland::Docker {
            // What Docker keeps lies on no overlay, and it sets up control groups and mounts of its own.
            special.push_str(
                "lxc.cap.drop =\nlxc.cgroup.devices.allow = a\nlxc.cgroup2.devices.allow = a\nlxc.mount.auto =\nlxc.mount.auto = proc:rw sys:rw cgroup:rw\n\
                 lxc.mount.entry = tmpfs var/lib/docker tmpfs rw,create=dir,mode=0711 0 0\n",
            );
        }
        let network = format!(
            "lxc.net.0.type = veth\n\
             lxc.net.0.link = {bridge}\n\
             lxc.net.0.name = eth0\n\
             lxc.net.0.flags = up\n\
             lxc.net.0.hwaddr = {mac}\n\
             lxc.net.0.ipv4.address = {address}/24\n\
             lxc.net.0.ipv4.gateway = {gateway}\n",
            bridge = inner.bridge,
            mac = inner.mac.to_lowercase(),
            address = inner.address,
            gateway = inner.gateway,
        );
        let network = if inner.plan.offline {
            "lxc.net.0.type = empty\n".to_owned()
        } else {
            network
        };
        let config = format!(
            "lxc.include = /usr/share/lxc/config/common.conf\n\
             lxc.uts.name = {name}\n\
             lxc.rootfs.path = dir:{root}\n\
             lxc.apparmor.profile = unconfined\n\
             lxc.cgroup.dir = {cgroup}/{node}-{vmid}\n\
             lxc.signal.halt = SIGRTMIN+4\n\
             {special}{network}",
            root = self.folder().join("rootfs").display(),
            cgroup = inner.cgroup,
            node = inner.node,
            vmid = self.vmid(),
        );
        fs::write(self.folder().join("config"), config)?;
        Ok(())
    }

    /// An overlay in the node's namespace, which goes away with it; a copy where overlays do not work, as inside
    /// another container.
    fn lay(&self) -> Result<()> {
        let folder = self.folder();
        fs::create_dir_all(folder.join("rootfs"))?;
        let mut writable = folder.clone();
        if let Some(room) = self.0.plan.room {
            // What the guest writes lies on a file system of its own, which is full when that is full.
            writable = folder.join("disk");
            fs::create_dir_all(&writable)?;
            let mut mount = self.0.namespace.command("mount");
            let size = format!("size={room},mode=0755");
            mount
                .args(["-t", "tmpfs", "-o", &size, "tmpfs"])
                .arg(&writable);
            command::answer(&mut mount)?.text()?;
        }
        let (upper, work) = (writable.join("upper"), writable.join("work"));
        for part in [&upper, &work] {
            let seen = self.0.namespace.seen(part);
            fs::create_dir_all(&seen)?;
            fs::set_permissions(&seen, fs::Permissions::from_mode(0o755))?;
            if self.0.plan.unprivileged {
                userland::own(&seen)?;
            }
        }
        let options = format!(
            "lowerdir={},upperdir={},workdir={}",
            self.0.template.root.display(),
            upper.display(),
            work.display(),
        );
        let mut mount = self.0.namespace.command("mount");
        mount
            .args(["-t", "overlay", "-o", &options, "overlay"])
            .arg(folder.join("rootfs"));
        let mounted = command::answer(&mut mount)?;
        if mounted.status == 0 {
            return Ok(());
        }
        tracing::info!(
            words = mounted.stderr.trim(),
            "no overlay: the root is copied"
        );
        if self.0.plan.room.is_some() {
            bail!("a small disk needs overlays, which do not work here");
        }
        let from = self.0.template.root.join(".");
        let to = folder.join("rootfs");
        let arguments = [
            "-a".as_ref(),
            "--reflink=auto".as_ref(),
            from.as_os_str(),
            to.as_os_str(),
        ];
        command::run("cp", arguments).map(|_| ())
    }
}
