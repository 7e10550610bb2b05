//! `GET …/lxc/{vmid}/config`: a guest's settings, with the property strings taken apart.

use std::{collections::BTreeMap, net::IpAddr};

use serde::Deserialize;

use crate::lenient::{self, Scalar};

/// The settings of a guest. Unless asked for the current ones, pending changes look as if they were active.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(from = "BTreeMap<String, Scalar>")]
pub struct LxcConfig {
    pub hostname: Option<String>,
    /// The type chosen when it was made, not what runs inside: `debian`, `alpine`, `unmanaged`, …
    pub ostype: Option<String>,
    /// `amd64`, `arm64`, …
    pub arch: Option<String>,
    pub unprivileged: bool,
    /// Processors that it sees; none: all of the node's.
    pub cores: Option<u32>,
    /// Processor time that it may use, in processors: `1.5`; none: no limit.
    pub cpulimit: Option<f64>,
    /// MiB; none: Proxmox's 512.
    pub memory: Option<u64>,
    /// MiB; none: Proxmox's 512.
    pub swap: Option<u64>,
    /// `nesting` → `1`, …
    pub features: BTreeMap<String, String>,
    pub tags: Vec<String>,
    pub lock: Option<String>,
    pub template: bool,
    pub protection: bool,
    /// `net0`, `net1`, … in that order.
    pub networks: Vec<Network>,
    pub rootfs: Option<Volume>,
    /// `mp0`, `mp1`, … in that order.
    pub mounts: Vec<Mount>,
    /// `tty`, `console` or `shell`.
    pub cmode: Option<String>,
    /// A program of its own instead of an init system: an application container, mostly without a package
    /// manager.
    pub entrypoint: Option<String>,
    /// SHA-1 of the file; the same digest means the same settings.
    pub digest: Option<String>,
}

impl LxcConfig {
    /// Hardware addresses of its networks: what a birth mark is made of. Lower case, sorted.
    pub fn macs(&self) -> Vec<String> {
        let mut macs: Vec<String> = self
            .networks
            .iter()
            .filter_map(|n| n.hwaddr.clone())
            .collect();
        macs.sort();
        macs
    }

    /// Its features as they are written, `nesting=1`, by name.
    pub fn feature_list(&self) -> Vec<String> {
        let written = |(name, value): (&String, &String)| format!("{name}={value}");
        self.features.iter().map(written).collect()
    }

    /// All that is mounted: the root disk, then the mount points by number.
    pub fn all_mounts(&self) -> Vec<Mount> {
        let root = self.rootfs.iter().map(|volume| Mount {
            key: "rootfs".to_owned(),
            kind: volume.kind(),
            volume: volume.clone(),
            path: Some("/".to_owned()),
        });
        root.chain(self.mounts.iter().cloned()).collect()
    }

    /// The first address that is set and not given by the network, IPv4 before IPv6.
    pub fn static_address(&self) -> Option<IpAddr> {
        let of = |pick: fn(&Network) -> Option<IpAddr>| self.networks.iter().find_map(pick);
        of(|n| n.ip).or_else(|| of(|n| n.ip6))
    }
}

/// One network of a guest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Network {
    /// `net0`.
    pub key: String,
    /// Inside the guest: `eth0`.
    pub name: Option<String>,
    /// Lower case with colons.
    pub hwaddr: Option<String>,
    pub bridge: Option<String>,
    /// None when given by DHCP, by hand, or not at all.
    pub ip: Option<IpAddr>,
    /// None when given by DHCP or router advertisement, by hand, or not at all.
    pub ip6: Option<IpAddr>,
    pub dhcp: bool,
    /// The cable is pulled.
    pub link_down: bool,
    /// Proxmox's own firewall looks at what passes.
    pub firewall: bool,
    /// The VLAN that it is in.
    pub tag: Option<u16>,
}

/// Where a file system of a guest lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Volume {
    /// `storage:name`, a path of the node, or a device.
    pub volume: String,
    /// As Proxmox writes it: `8G`.
    pub size: Option<String>,
}

impl Volume {
    /// The storage it lies on; none for a path or device of the node.
    pub fn storage(&self) -> Option<&str> {
        match self.volume.split_once(':') {
            Some((storage, _)) if !self.volume.starts_with('/') => Some(storage),
            _ => None,
        }
    }

    /// What it is, by its name.
    pub fn kind(&self) -> MountKind {
        if self.volume.starts_with("/dev/") {
            MountKind::Device
        } else if self.volume.starts_with('/') {
            MountKind::Bind
        } else {
            MountKind::Volume
        }
    }
}

/// A mount point, or the root disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// `mp0`; `rootfs`.
    pub key: String,
    pub volume: Volume,
    /// Path inside the guest.
    pub path: Option<String>,
    pub kind: MountKind,
}

/// What is mounted. Only a volume can be part of a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MountKind {
    Volume,
    /// A directory of the node.
    Bind,
    /// A block device of the node.
    Device,
}

impl From<BTreeMap<String, Scalar>> for LxcConfig {
    fn from(mut map: BTreeMap<String, Scalar>) -> Self {
        let networks = numbered(&map, "net")
            .into_iter()
            .map(|(key, text)| network(key, &text))
            .collect();
        let mounts = numbered(&map, "mp")
            .into_iter()
            .map(|(key, text)| mount(key, &text))
            .collect();
        let mut take = |key: &str| map.remove(key).unwrap_or(Scalar::Absent);
        Self {
            hostname: take("hostname").text(),
            ostype: take("ostype").text(),
            arch: take("arch").text(),
            unprivileged: take("unprivileged").boolean().unwrap_or(false),
            cores: take("cores").uint().and_then(|n| u32::try_from(n).ok()),
            cpulimit: take("cpulimit").float().filter(|limit| *limit > 0.0),
            memory: take("memory").uint(),
            swap: take("swap").uint(),
            features: take("features")
                .text()
                .map(|text| properties(&text).1)
                .unwrap_or_default(),
            tags: lenient::words(take("tags").text().as_deref()),
            lock: take("lock").text().filter(|l| !l.is_empty()),
            template: take("template").boolean().unwrap_or(false),
            protection: take("protection").boolean().unwrap_or(false),
            networks,
            rootfs: take("rootfs").text().map(|text| volume(&text).0),
            mounts,
            cmode: take("cmode").text(),
            entrypoint: take("entrypoint").text(),
            digest: take("digest").text(),
        }
    }
}

/// The texts of `prefix0`, `prefix1`, …, by number.
fn numbered(map: &BTreeMap<String, Scalar>, prefix: &str) -> Vec<(String, String)> {
    let mut found: Vec<(u32, String, String)> = map
        .iter()
        .filter_map(|(key, value)| {
            let digits = key.strip_prefix(prefix)?;
            let digital = digits.bytes().all(|b| b.is_ascii_digit());
            let number = digits.parse().ok().filter(|_| digital)?;
            Some((number, key.clone(), value.text()?))
        })
        .collect();
    found.sort();
    found
        .into_iter()
        .map(|(_, key, text)| (key, text))
        .collect()
}

/// A property string: `[value,]key=value,…`. What looks like a path or `storage:name` is a value even if it holds
/// an equals sign.
fn properties(text: &str) -> (Option<String>, BTreeMap<String, String>) {
    let mut bare = None;
    let mut named = BTreeMap::new();
    for part in text.split(',') {
        match part.split_once('=') {
            Some((key, value)) if !key.contains(['/', ':']) => {
                named.insert(key.trim().to_owned(), value.to_owned());
            }
            _ if part.is_empty() => {}
            _ => {
                bare.get_or_insert_with(|| part.to_owned());
            }
        }
    }
    (bare, named)
}

fn volume(text: &str) -> (Volume, BTreeMap<String, String>) {
    let (bare, mut named) = properties(text);
    let volume = bare.or_else(|| named.remove("volume")).unwrap_or_default();
    let size = named.remove("size");
    (Volume { volume, size }, named)
}

fn mount(key: String, text: &str) -> Mount {
    let (volume, mut named) = volume(text);
    Mount {
        key,
        kind: volume.kind(),
        volume,
        path: named.remove("mp"),
    }
}

fn network(key: String, text: &str) -> Network {
    let (_, mut named) = properties(text);
    let ip = named.remove("ip");
    let dhcp = ip.as_deref() == Some("dhcp");
    Network {
        key,
        name: named.remove("name"),
        hwaddr: named.remove("hwaddr").map(|mac| mac.to_ascii_lowercase()),
        bridge: named.remove("bridge"),
        ip: ip.as_deref().and_then(without_prefix),
        ip6: named.remove("ip6").as_deref().and_then(without_prefix),
        dhcp,
        link_down: named.remove("link_down").as_deref() == Some("1"),
        firewall: named.remove("firewall").as_deref() == Some("1"),
        tag: named.remove("tag").and_then(|tag| tag.parse().ok()),
    }
}

/// The address of `10.0.0.5/24`; none of `dhcp`, `auto`, `manual`.
fn without_prefix(text: &str) -> Option<IpAddr> {
    let (address, _) = text.split_once('/').unwrap_or((text, ""));
    address.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{LxcConfig, MountKind};
    use proptest::prelude::*;

    #[test]
    fn property_strings_are_taken_apart_in_the_order_of_their_numbers() {
        let text = r#"{"hostname":"web","unprivileged":"1","features":"nesting=1,keyctl=1","template":"",
            "net10":"name=eth10,bridge=vmbr0,hwaddr=BC:24:11:00:00:0A,ip=dhcp,type=veth",
            "net2":"name=eth2,bridge=vmbr1,hwaddr=BC:24:11:00:00:02,ip6=2001:db8::5/64,ip=manual,link_down=1",
            "net0":"name=eth0,bridge=vmbr0,hwaddr=bc:24:11:00:00:01,ip=10.0.0.5/24,gw=10.0.0.1,firewall=1,tag=30",
            "rootfs":"local-lvm:vm-101-disk-0,size=8G",
            "mp0":"/tank/a=b,mp=/media","mp1":"/dev/sdb1,mp=/disk","mp2":"volume=zfs:subvol-1,mp=/data,backup=1,size=2G",
            "network":"x","lxc":[["lxc.cgroup2.memory.high","x"]],"cpulimit":"1.5","cores":2,
            "memory":"1024","swap":0,"digest":"d"}"#;
        let config: LxcConfig = serde_json::from_str(text).unwrap();
        assert!(config.unprivileged && !config.template);
        assert_eq!(config.features["nesting"], "1");
        let keys: Vec<_> = config.networks.iter().map(|n| n.key.as_str()).collect();
        assert_eq!(keys, ["net0", "net2", "net10"]);
        assert_eq!(config.networks[0].ip.unwrap().to_string(), "10.0.0.5");
        assert_eq!(config.networks[1].ip6.unwrap().to_string(), "2001:db8::5");
        assert!(config.networks[1].link_down && !config.networks[1].dhcp);
        assert_eq!(
            (config.networks[0].firewall, config.networks[0].tag),
            (true, Some(30))
        );
        assert!(!config.networks[1].firewall && config.networks[1].tag.is_none());
        assert!(config.networks[2].dhcp && config.networks[2].ip.is_none());
        assert_eq!(
            config.macs(),
            [
                "bc:24:11:00:00:01",
                "bc:24:11:00:00:02",
                "bc:24:11:00:00:0a"
            ]
        );
        assert_eq!(config.static_address().unwrap().to_string(), "10.0.0.5");
        let rootfs = config.rootfs.as_ref().unwrap();
        assert_eq!(rootfs.storage(), Some("local-lvm"));
        assert_eq!(rootfs.size.as_deref(), Some("8G"));
        let kinds: Vec<_> = config.mounts.iter().map(|m| m.kind).collect();
        assert_eq!(
            kinds,
            [MountKind::Bind, MountKind::Device, MountKind::Volume]
        );
        assert_eq!(config.mounts[0].volume.volume, "/tank/a=b");
        assert_eq!(config.mounts[0].volume.storage(), None);
        assert_eq!(config.mounts[2].path.as_deref(), Some("/data"));
        assert_eq!(config.mounts[2].volume.size.as_deref(), Some("2G"));
        let all: Vec<_> = config.all_mounts().into_iter().map(|m| m.key).collect();
        assert_eq!(all, ["rootfs", "mp0", "mp1", "mp2"]);
        assert_eq!(config.feature_list(), ["keyctl=1", "nesting=1"]);
        assert_eq!((config.cores, config.cpulimit), (Some(2), Some(1.5)));
        assert_eq!((config.memory, config.swap), (Some(1024), Some(0)));
    }

    #[test]
    fn an_empty_configuration_is_one_of_a_privileged_guest_without_network() {
        let config: LxcConfig = serde_json::from_str("{}").unwrap();
        assert_eq!(config, LxcConfig::default());
        assert_eq!(config.static_address(), None);
    }

    proptest! {
        #[test]
        fn any_text_as_a_property_is_survived(text in "\\PC{0,60}") {
            let json = serde_json::json!({"net0": text, "mp0": text, "rootfs": text, "features": text});
            let config: LxcConfig = serde_json::from_value(json).unwrap();
            prop_assert_eq!(config.networks.len(), 1);
        }
    }
}
