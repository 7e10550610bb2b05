//! What every run has: a folder with a random name, a bridge, a repository and a hold on the template.

use std::{os::unix::fs::MetadataExt, path::PathBuf};

use anyhow::{Result, bail};

use super::{bridge::Bridge, command, deb, plan::Options, repository::Repository, sweep};
use crate::seed::secret_hex;

/// What a run has made so far; cleared away when dropped.
pub(crate) struct Run {
    pub(crate) id: String,
    pub(crate) cache: PathBuf,
    pub(crate) folder: PathBuf,
    pub(crate) bridge: Bridge,
    pub(crate) repository: Repository,
    cleared: bool,
}

/// What this machine lacks for real guests, in words with the remedy; empty when nothing.
pub fn missing() -> Vec<String> {
    let mut missing = Vec::new();
    let root = std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0);
    if !root {
        missing.push("real LXC guests need root".to_owned());
    }
    for (program, package) in [
        ("lxc-start", "lxc"),
        ("debootstrap", "debootstrap"),
        ("sshd", "openssh-server"),
        ("ssh-keygen", "openssh-client"),
        ("dpkg-deb", "dpkg"),
        ("ip", "iproute2"),
        ("nft", "nftables"),
        ("nsenter", "util-linux"),
        ("perl", "perl-base"),
        ("kill", "procps"),
    ] {
        if !command::installed(program) {
            missing.push(format!("{program} is not installed (package {package})"));
        }
    }
    missing
}

impl Run {
    /// Clears away killed runs, then makes folder, bridge and repository of a new one.
    pub(crate) async fn begin(options: &Options) -> Result<Self> {
        let missing = missing();
        if !missing.is_empty() {
            bail!("{}", missing.join("; "));
        }
        let cache = options.cache.clone();
        if cache
            .to_str()
            .is_none_or(|path| path.contains(char::is_whitespace))
        {
            bail!("{} must be plain text without blanks", cache.display());
        }
        std::fs::create_dir_all(&cache)?;
        let cache = cache.canonicalize()?;
        let id = secret_hex(4)?;
        let (folder, bridge) = tokio::task::spawn_blocking({
            let (cache, id) = (cache.clone(), id.clone());
            move || -> Result<(PathBuf, Bridge)> {
                sweep::sweep(&cache)?;
                let folder = sweep::own(&cache, &id)?;
                let bridge = Bridge::make(&id).inspect_err(|_| {
                    let _ = sweep::clear(&folder);
                })?;
                Ok((folder, bridge))
            }
        })
        .await??;
        let place = folder.join("repository");
        let repository = match Repository::start(&place, bridge.host(), deb::offered()).await {
            Ok(repository) => repository,
            Err(error) => {
                sweep::clear(&folder)?;
                return Err(error);
            }
        };
        Ok(Self {
            id,
            cache,
            folder,
            bridge,
            repository,
            cleared: false,
        })
    }

    /// Ends and removes everything of it.
    pub(crate) fn clear(&mut self) -> Result<()> {
        self.cleared = true;
        sweep::clear(&self.folder)?;
        let left = sweep::remains(&self.cache, &self.id);
        if !left.is_empty() {
            bail!("left behind: {left:?}");
        }
        Ok(())
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        if !self.cleared {
            // Nobody is there to hear of it; the next run tries again.
            let _ = self.clear();
        }
    }
}
