//! Small Debian packages, made when they are needed.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

use super::command;

/// The part of the repository that a version comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Suite {
    /// `stable`.
    Stable,
    /// `stable-security`.
    Security,
}

impl Suite {
    /// As in `sources.list`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Stable => "stable",
            Self::Security => "stable-security",
        }
    }

    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Stable => "Lab",
            Self::Security => "Lab-Security",
        }
    }
}

/// One version of one package, a few hundred bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deb {
    pub name: String,
    pub version: String,
    pub suite: Suite,
    pub(crate) arch: String,
    depends: Option<String>,
    conflicts: Option<String>,
    service: bool,
    conffile: Option<String>,
    slow_seconds: u32,
    breaking: bool,
}

impl Deb {
    /// A package that does nothing but be there, in suite `stable`.
    pub fn new(name: &str, version: &str) -> Self {
        Self {
            name: name.into(),
            version: version.into(),
            suite: Suite::Stable,
            arch: "all".into(),
            depends: None,
            conflicts: None,
            service: false,
            conffile: None,
            slow_seconds: 0,
            breaking: false,
        }
    }

    /// Comes from `stable-security`.
    #[must_use]
    pub fn security(mut self) -> Self {
        self.suite = Suite::Security;
        self
    }

    /// A `Depends` field.
    #[must_use]
    pub fn depends(mut self, on: &str) -> Self {
        self.depends = Some(on.into());
        self
    }

    /// A `Conflicts` field.
    #[must_use]
    pub fn conflicts(mut self, with: &str) -> Self {
        self.conflicts = Some(with.into());
        self
    }

    /// Is of this architecture, not of all.
    #[must_use]
    pub fn arch(mut self, arch: &str) -> Self {
        self.arch = arch.into();
        self
    }

    /// Has a systemd service of the same name, restarted by an update.
    #[must_use]
    pub fn service(mut self) -> Self {
        self.service = true;
        self
    }

    /// Has a configuration file `/etc/NAME.conf` with this text.
    #[must_use]
    pub fn conffile(mut self, text: &str) -> Self {
        self.conffile = Some(text.into());
        self
    }

    /// Its configuration takes that long.
    #[must_use]
    pub fn slow(mut self, seconds: u32) -> Self {
        self.slow_seconds = seconds;
        self
    }

    /// Its configuration fails.
    #[must_use]
    pub fn breaking(mut self) -> Self {
        self.breaking = true;
        self
    }

    /// As Debian names it: without the epoch.
    pub(crate) fn file_name(&self) -> String {
        let version = self.version.split_once(':');
        let version = version.map_or(self.version.as_str(), |(_, rest)| rest);
        format!("{}_{version}_{}.deb", self.name, self.arch)
    }

    /// The fields of `DEBIAN/control`, also used in the repository's index.
    pub(crate) fn control(&self) -> String {
        let mut control = format!(
            "Package: {}\nVersion: {}\nArchitecture: {}\nMaintainer: Lab <lab@example.invalid>\nSection: misc\nPriority: optional\n",
            self.name, self.version, self.arch
        );
        for (field, value) in [("Depends", &self.depends), ("Conflicts", &self.conflicts)] {
            if let Some(value) = value {
                control.push_str(&format!("{field}: {value}\n"));
            }
        }
        control.push_str(&format!("Description: {} of the lab\n", self.name));
        control
    }

    fn post_install(&self) -> String {
        let mut script = String::from("#!/bin/sh\nset -e\n[ \"$1\" = configure ] || exit 0\n");
        if self.slow_seconds > 0 {
            script.push_str(&format!("sleep {}\n", self.slow_seconds));
        }
        if self.breaking {
            script.push_str(&format!(
                "echo '{} cannot be configured' >&2\nexit 1\n",
                self.name
            ));
        }
        if self.service {
            let name = &self.name;
            script.push_str(&format!(
                "systemctl enable {name}.service >/dev/null 2>&1 || true\n\
                 if [ -d /run/systemd/system ]; then\n  systemctl daemon-reload\n  systemctl restart {name}.service\nfi\n"
            ));
        }
        script
    }

    /// Makes the package in `folder` and gives its path.
    pub(crate) fn build(&self, folder: &Path) -> Result<PathBuf> {
        let target = folder.join(self.file_name());
        let tree = tempfile::tempdir_in(folder)?;
        let root = tree.path();
        let write = |path: String, text: &str, mode: u32| -> Result<()> {
            let path = root.join(path);
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent)?;
            }
            fs::write(&path, text)?;
            fs::set_permissions(&path, fs::Permissions::from_mode(mode))?;
            Ok(())
        };
        let name = &self.name;
        fs::set_permissions(root, fs::Permissions::from_mode(0o755))?;
        write("DEBIAN/control".into(), &self.control(), 0o644)?;
        write("DEBIAN/postinst".into(), &self.post_install(), 0o755)?;
        write(format!("usr/share/{name}/version"), &self.version, 0o644)?;
        if self.service {
            let unit = format!(
                "[Unit]\nDescription={name} of the lab\n\n[Service]\nType=exec\nExecStart=/usr/bin/sleep infinity\n\n\
                 [Install]\nWantedBy=multi-user.target\n"
            );
            write(format!("lib/systemd/system/{name}.service"), &unit, 0o644)?;
        }
        if let Some(text) = &self.conffile {
            write(format!("etc/{name}.conf"), text, 0o644)?;
            write(
                "DEBIAN/conffiles".into(),
                &format!("/etc/{name}.conf\n"),
                0o644,
            )?;
        }
        command::run(
            "dpkg-deb",
            [
                "--root-owner-group".as_ref(),
                "-Zgzip".as_ref(),
                "--build".as_ref(),
                root.as_os_str(),
                target.as_os_str(),
            ],
        )
        .with_context(|| format!("package {name} {}", self.version))?;
        Ok(target)
    }
}

/// The package that is held in every guest.
pub(crate) const HELD: &str = "rf-held";

/// What is installed in every guest from the start.
pub(crate) fn installed() -> Vec<Deb> {
    vec![
        Deb::new("rf-alpha", "1.0"),
        Deb::new("rf-beta", "1.0"),
        Deb::new("rf-gamma", "1.0"),
        Deb::new("rf-web", "1.0").service(),
        Deb::new(HELD, "1.0"),
        Deb::new("rf-conf", "1.0").conffile("colour = red\n"),
    ]
}

/// What the repository offers from the start: five updates, one of them for security, and one that is held.
/// `rf-beta` needs a package that is new.
pub(crate) fn offered() -> Vec<Deb> {
    vec![
        Deb::new("rf-alpha", "1.1"),
        Deb::new("rf-beta", "1.1").depends("rf-delta (>= 1.0)"),
        Deb::new("rf-delta", "1.0"),
        Deb::new("rf-gamma", "1.0+security1").security(),
        Deb::new("rf-web", "1.1").service(),
        Deb::new(HELD, "1.1"),
        Deb::new("rf-conf", "1.1").conffile("colour = green\n"),
    ]
}

/// How many updates of everything install at the start in a guest without these packages, and how many of them are for
/// security. What is held does not count, nor what is new.
pub(crate) fn updates(without: &[String]) -> (u32, u32) {
    let there: Vec<Deb> = installed()
        .into_iter()
        .filter(|package| package.name != HELD && !without.contains(&package.name))
        .collect();
    let mut sums = (0, 0);
    for offer in offered() {
        if there.iter().any(|package| package.name == offer.name) {
            sums.0 += 1;
            sums.1 += u32::from(offer.suite == Suite::Security);
        }
    }
    sums
}
