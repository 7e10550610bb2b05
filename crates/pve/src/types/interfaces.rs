//! `GET …/lxc/{vmid}/interfaces`: addresses as seen inside the guest, in the layouts of 8.1 and 8.4.

use std::net::IpAddr;

use serde::Deserialize;

use crate::lenient;

/// One network interface inside a guest.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "RawInterface")]
pub struct Interface {
    pub name: String,
    /// Lower case with colons.
    pub hwaddr: Option<String>,
    /// Every address that is told; before 8.4 that is the last one of each family.
    pub addresses: Vec<IpAddr>,
}

#[derive(Deserialize)]
struct RawInterface {
    #[serde(default, deserialize_with = "lenient::text")]
    name: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    hwaddr: Option<String>,
    #[serde(
        default,
        rename = "hardware-address",
        deserialize_with = "lenient::text"
    )]
    hardware_address: Option<String>,
    #[serde(default, rename = "ip-addresses")]
    ip_addresses: Option<Vec<RawAddress>>,
    #[serde(default, deserialize_with = "lenient::text")]
    inet: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    inet6: Option<String>,
}

#[derive(Deserialize)]
struct RawAddress {
    #[serde(default, rename = "ip-address", deserialize_with = "lenient::text")]
    address: Option<String>,
}

impl From<RawInterface> for Interface {
    fn from(raw: RawInterface) -> Self {
        let listed = raw.ip_addresses.unwrap_or_default();
        let old = [raw.inet, raw.inet6];
        let mut addresses: Vec<IpAddr> = Vec::new();
        let texts = listed.into_iter().filter_map(|a| a.address);
        for text in texts.chain(old.into_iter().flatten()) {
            let (address, _) = text.split_once('/').unwrap_or((&text, ""));
            if let Ok(address) = address.trim().parse()
                && !addresses.contains(&address)
            {
                addresses.push(address);
            }
        }
        Self {
            name: raw.name.unwrap_or_default(),
            hwaddr: raw
                .hwaddr
                .or(raw.hardware_address)
                .map(|mac| mac.to_ascii_lowercase()),
            addresses,
        }
    }
}

/// The address to show and to find the guest by: one that others can reach, on an interface that Proxmox gave it
/// (`macs`, of its configuration) before others, IPv4 before IPv6. Bridges and tunnels made inside do not count.
pub fn best_address(interfaces: &[Interface], macs: &[String]) -> Option<IpAddr> {
    interfaces
        .iter()
        .filter(|i| !is_inner(&i.name))
        .flat_map(|i| i.addresses.iter().map(move |address| (i, *address)))
        .filter(|(_, address)| is_reachable(*address))
        .min_by_key(|(interface, address)| {
            let given = interface.hwaddr.as_ref().is_some_and(|m| macs.contains(m));
            (!given, address.is_ipv6())
        })
        .map(|(_, address)| address)
}

/// Made inside the guest, for its own containers or tunnels.
fn is_inner(name: &str) -> bool {
    const INNER: [&str; 9] = [
        "docker", "br-", "veth", "virbr", "cni", "podman", "flannel", "cali", "lxcbr",
    ];
    name == "lo" || INNER.iter().any(|prefix| name.starts_with(prefix))
}

fn is_reachable(address: IpAddr) -> bool {
    let special = address.is_loopback() || address.is_unspecified() || address.is_multicast();
    let link_local = match address {
        IpAddr::V4(v4) => v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_unicast_link_local(),
    };
    !special && !link_local
}

#[cfg(test)]
mod tests {
    use super::{Interface, best_address};

    fn read(text: &str) -> Vec<Interface> {
        serde_json::from_str(text).unwrap()
    }

    fn best(interfaces: &[Interface], macs: &[&str]) -> Option<String> {
        let macs: Vec<String> = macs.iter().map(|m| (*m).to_owned()).collect();
        best_address(interfaces, &macs).map(|a| a.to_string())
    }

    #[test]
    fn the_layout_of_8_1_tells_the_last_address_of_each_family() {
        let interfaces = read(
            r#"[{"name":"lo","hwaddr":"00:00:00:00:00:00","inet":"127.0.0.1/8","inet6":"::1/128"},
                {"name":"eth0","hwaddr":"BC:24:11:00:00:01","inet":"10.0.0.50/24","inet6":"fe80::1/64"}]"#,
        );
        assert_eq!(best(&interfaces, &[]).as_deref(), Some("10.0.0.50"));
        assert_eq!(interfaces[1].hwaddr.as_deref(), Some("bc:24:11:00:00:01"));
    }

    #[test]
    fn of_several_the_guests_own_network_wins_over_what_runs_inside() {
        let interfaces = read(
            r#"[{"name":"docker0","hwaddr":"02:42:00:00:00:01","ip-addresses":[{"ip-address":"172.17.0.1","prefix":"16"}]},
                {"name":"br-0123456789ab","ip-addresses":[{"ip-address":"172.18.0.1"}]},
                {"name":"wg0","ip-addresses":[{"ip-address":"10.8.0.2"}]},
                {"name":"eth0","hwaddr":"bc:24:11:00:00:01","ip-addresses":[
                    {"ip-address":"169.254.3.4"},{"ip-address":"fe80::1"},{"ip-address":"2001:db8::5"},{"ip-address":"10.0.0.5"}]}]"#,
        );
        assert_eq!(
            best(&interfaces, &["bc:24:11:00:00:01"]).as_deref(),
            Some("10.0.0.5")
        );
    }

    #[test]
    fn a_guest_with_ipv6_alone_has_that_and_one_without_addresses_has_none() {
        let six = r#"[{"name":"eth0","ip-addresses":[{"ip-address":"fe80::1"},{"ip-address":"2001:db8::5"}]}]"#;
        assert_eq!(best(&read(six), &[]).as_deref(), Some("2001:db8::5"));
        let none = r#"[{"name":"eth0","ip-addresses":[]},{"name":"eth1","ip-addresses":null,"inet":"odd"}]"#;
        assert_eq!(best(&read(none), &[]), None);
    }
}
