//! Where this desktop may be reached from inside a guest, the likeliest address first.

use std::net::{IpAddr, SocketAddr, UdpSocket};

/// The endpoints to give to agents of the cluster whose node listens at `cluster_host`.
///
/// First comes the address from which this machine would speak to the cluster, then its other addresses. Loopback
/// counts only for a cluster on loopback, which is on this very machine.
pub(crate) fn endpoints(cluster_host: Option<IpAddr>, port: u16) -> Vec<SocketAddr> {
    let likeliest = cluster_host.and_then(local_address_towards);
    let mut addresses: Vec<IpAddr> = likeliest.into_iter().collect();
    let on_loopback = cluster_host.is_some_and(|host| host.is_loopback());
    for interface in if_addrs::get_if_addrs().unwrap_or_default() {
        let address = interface.ip();
        let link_local = match address {
            IpAddr::V4(v4) => v4.is_link_local(),
            IpAddr::V6(v6) => v6.is_unicast_link_local(),
        };
        if !link_local && (on_loopback || !address.is_loopback()) && !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    addresses
        .into_iter()
        .map(|address| SocketAddr::new(address, port))
        .collect()
}

/// The source address that the system would use; a connected UDP socket sends nothing.
fn local_address_towards(host: IpAddr) -> Option<IpAddr> {
    let any: SocketAddr = if host.is_ipv4() {
        ([0, 0, 0, 0], 0).into()
    } else {
        ([0u16; 8], 0).into()
    };
    let socket = UdpSocket::bind(any).ok()?;
    socket.connect((host, 9)).ok()?;
    let address = socket.local_addr().ok()?.ip();
    (!address.is_unspecified()).then_some(address)
}
