//! The lab's own network: one bridge with a private subnet; this machine is its first address.

use std::net::Ipv4Addr;

use anyhow::{Context, Result, bail};

use super::command;

/// A bridge that goes away with [`Bridge::remove`].
#[derive(Clone, Debug)]
pub(crate) struct Bridge {
    pub(crate) name: String,
    /// Third byte of 10.213.x.0/24.
    subnet: u8,
}

impl Bridge {
    /// Makes a bridge for the run `id` in a subnet that this machine does not use.
    pub(crate) fn make(id: &str) -> Result<Self> {
        let name = Self::name_of(id);
        let used = command::run("ip", ["-o", "-4", "address", "show"])?;
        let start = u8::from_str_radix(id.get(..2).unwrap_or("0"), 16).unwrap_or(0);
        command::run("ip", ["link", "add", &name, "type", "bridge"])?;
        let mut last = String::new();
        for step in 0..=u8::MAX {
            let bridge = Self {
                name: name.clone(),
                subnet: start.wrapping_add(step),
            };
            if used.contains(&format!(" 10.213.{}.", bridge.subnet)) {
                continue;
            }
            let address = format!("{}/24", bridge.host());
            let tried = command::run("ip", ["address", "add", &address, "dev", &name])
                .and_then(|_| command::run("ip", ["link", "set", &name, "up"]));
            match tried {
                Ok(_) => return Ok(bridge),
                Err(error) => last = error.to_string(),
            }
        }
        Self::remove(&name)?;
        bail!("no free subnet in 10.213.0.0/16: {last}")
    }

    /// An interface's name has at most 15 characters.
    pub(crate) fn name_of(id: &str) -> String {
        format!("rfl-{id}")
    }

    /// This machine's address on it.
    pub(crate) fn host(&self) -> Ipv4Addr {
        Ipv4Addr::new(10, 213, self.subnet, 1)
    }

    /// The address of the guest with that index.
    pub(crate) fn guest(&self, index: usize) -> Result<Ipv4Addr> {
        let last = u8::try_from(index + 10).context("more than 245 guests")?;
        Ok(Ipv4Addr::new(10, 213, self.subnet, last))
    }

    /// Whether it is there.
    pub(crate) fn exists(name: &str) -> bool {
        std::path::Path::new("/sys/class/net").join(name).exists()
    }

    /// Takes it away; nothing happens if it is gone.
    pub(crate) fn remove(name: &str) -> Result<()> {
        if Self::exists(name) {
            command::run("ip", ["link", "delete", name])?;
        }
        Ok(())
    }
}
