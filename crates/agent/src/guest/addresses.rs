//! The guest's global addresses, from the kernel's tables alone.

use std::{
    fs,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket},
};

use crate::Layout;

/// Global addresses, the one of the default route first.
pub fn global(layout: &Layout) -> Vec<String> {
    let read = |path: &str| fs::read_to_string(layout.at(path)).unwrap_or_default();
    let routes = connected(&read("proc/net/route"));
    let mut addresses: Vec<IpAddr> = local_v4(&read("proc/net/fib_trie"))
        .into_iter()
        .filter(|a| !is_inside(*a, &routes))
        .map(IpAddr::V4)
        .collect();
    addresses.extend(local_v6(&read("proc/net/if_inet6")).map(IpAddr::V6));
    addresses.sort();
    addresses.dedup();
    // Choosing a route sends nothing. The addresses are ones that nobody has (RFC 5737, RFC 3849).
    let targets = [("0.0.0.0:0", "192.0.2.1:9"), ("[::]:0", "[2001:db8::1]:9")];
    for (from, to) in targets.iter().rev() {
        let chosen = UdpSocket::bind(from)
            .and_then(|socket| socket.connect(to).and_then(|()| socket.local_addr()));
        if let Ok(chosen) = chosen
            && let Some(at) = addresses.iter().position(|a| *a == chosen.ip())
        {
            addresses[..=at].rotate_right(1);
        }
    }
    addresses.iter().map(ToString::to_string).collect()
}

/// Interfaces that belong to what runs inside the guest, not to its place in the network.
pub(super) fn is_inner(interface: &str) -> bool {
    const INNER: [&str; 10] = [
        "lo", "docker", "br-", "veth", "virbr", "cni", "flannel", "cali", "podman", "lxcbr",
    ];
    INNER.iter().any(|p| interface.starts_with(p))
}

/// Local addresses in `/proc/net/fib_trie`: `|-- ADDRESS` and below it `/32 host LOCAL`.
pub(super) fn local_v4(trie: &str) -> Vec<Ipv4Addr> {
    let mut found = Vec::new();
    let mut last = None;
    for line in trie.lines() {
        let line = line.trim();
        if let Some(address) = line.strip_prefix("|-- ") {
            last = address.parse::<Ipv4Addr>().ok();
        } else if line == "/32 host LOCAL"
            && let Some(address) = last
        {
            let global = !address.is_loopback() && !address.is_link_local();
            if global && !found.contains(&address) {
                found.push(address);
            }
        }
    }
    found
}

/// A connected network of `/proc/net/route`.
pub(super) struct Network {
    interface: String,
    address: u32,
    mask: u32,
}

pub(super) fn connected(table: &str) -> Vec<Network> {
    table
        .lines()
        .skip(1)
        .filter_map(|line| {
            let fields: Vec<&str> = line.split_ascii_whitespace().collect();
            // The kernel prints them in its own byte order.
            let hex = |i: usize| {
                let number = u32::from_str_radix(fields.get(i)?, 16).ok()?;
                Some(u32::from_be_bytes(number.to_ne_bytes()))
            };
            let (address, gateway, mask) = (hex(1)?, hex(2)?, hex(7)?);
            (gateway == 0 && mask != 0).then(|| Network {
                interface: fields[0].to_owned(),
                address,
                mask,
            })
        })
        .collect()
}

/// Whether an address is one of an inner interface, and of no other.
pub(super) fn is_inside(address: Ipv4Addr, networks: &[Network]) -> bool {
    let address = u32::from(address);
    let mut owners = networks
        .iter()
        .filter(|n| address & n.mask == n.address)
        .peekable();
    owners.peek().is_some() && owners.all(|n| is_inner(&n.interface))
}

/// Addresses of global scope in `/proc/net/if_inet6`.
pub(super) fn local_v6(table: &str) -> impl Iterator<Item = Ipv6Addr> + '_ {
    table.lines().filter_map(|line| {
        let mut fields = line.split_ascii_whitespace();
        let address = u128::from_str_radix(fields.next()?, 16).ok()?;
        let scope = fields.nth(2)?;
        let interface = fields.nth(1)?;
        (scope == "00" && !is_inner(interface)).then(|| Ipv6Addr::from(address))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRIE: &str = "Main:\n  +-- 0.0.0.0/0 3 0 5\n     |-- 0.0.0.0\n        /0 universe UNICAST\n     +-- 10.0.0.0/24 2 0 2\n        |-- 10.0.0.7\n           /32 host LOCAL\n        |-- 10.0.0.255\n           /32 link BROADCAST\n     |-- 127.0.0.1\n        /32 host LOCAL\n     |-- 172.17.0.1\n        /32 host LOCAL\nLocal:\n        |-- 10.0.0.7\n           /32 host LOCAL\n";
    const ROUTE: &str = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\neth0\t00000000\t0100000A\t0003\t0\t0\t0\t00000000\t0\t0\t0\neth0\t0000000A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\ndocker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\n";
    const INET6: &str = "fe800000000000000000000000000001 02 40 20 80 eth0\n20010db8000000000000000000000007 02 40 00 80 eth0\n00000000000000000000000000000001 01 80 10 80 lo\n";

    #[test]
    fn global_addresses_of_the_guest_itself_are_found() {
        let root = tempfile::tempdir().unwrap();
        let net = root.path().join("proc/net");
        fs::create_dir_all(&net).unwrap();
        fs::write(net.join("fib_trie"), TRIE).unwrap();
        fs::write(net.join("route"), ROUTE).unwrap();
        fs::write(net.join("if_inet6"), INET6).unwrap();
        assert_eq!(
            global(&Layout::new(root.path())),
            ["10.0.0.7", "2001:db8::7"],
            "neither loopback, link-local nor Docker's"
        );
    }

    #[test]
    fn missing_tables_give_no_address() {
        assert!(global(&Layout::new("/nonexistent")).is_empty());
    }
}
