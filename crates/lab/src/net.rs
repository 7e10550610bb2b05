//! Loopback addresses for nodes: one address a node, one port a cluster, as a real cluster has them.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
};

use tokio::net::TcpListener;

/// How many times other addresses are tried before giving up.
const TRIES: usize = 64;

/// Finds an address for each of `nodes` nodes and one port that is free on all of them, and listens there.
/// `wanted` is tried first on addresses that stay the same from run to run; else addresses are drawn.
///
/// # Errors
/// The last error of the operating system.
pub(crate) async fn listen(
    cluster: usize,
    nodes: usize,
    wanted: Option<u16>,
) -> io::Result<Vec<TcpListener>> {
    let stable = |node: usize| address(81, cluster + 1, node + 1);
    if let Some(port) = wanted
        && let Ok(listeners) = on((0..nodes).map(stable), port).await
    {
        return Ok(listeners);
    }
    let mut last = io::Error::from(io::ErrorKind::AddrInUse);
    for _ in 0..TRIES {
        let mut random = [0_u8; 2];
        getrandom::fill(&mut random).map_err(io::Error::other)?;
        let [a, b] = random;
        let drawn = |node: usize| address(16 + usize::from(a) % 64, usize::from(b), node + 1);
        let addresses: Vec<IpAddr> = if wanted.is_some() {
            (0..nodes).map(stable).collect()
        } else {
            (0..nodes).map(drawn).collect()
        };
        match on(addresses.into_iter(), 0).await {
            Ok(listeners) => return Ok(listeners),
            Err(error) => last = error,
        }
        if last.kind() == io::ErrorKind::AddrNotAvailable {
            break;
        }
    }
    // Where only 127.0.0.1 exists (macOS), nodes differ by port; clients then know each by its own address only.
    let mut listeners = Vec::new();
    for _ in 0..nodes {
        match TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await {
            Ok(listener) => listeners.push(listener),
            Err(_) => return Err(last),
        }
    }
    Ok(listeners)
}

/// The same port on addresses that are already chosen: for the simulated sshd beside each API.
///
/// # Errors
/// As for [`listen`].
pub(crate) async fn listen_beside(
    addresses: &[IpAddr],
    wanted: Option<u16>,
) -> io::Result<Vec<TcpListener>> {
    if let Some(port) = wanted
        && let Ok(listeners) = on(addresses.iter().copied(), port).await
    {
        return Ok(listeners);
    }
    let mut last = io::Error::from(io::ErrorKind::AddrInUse);
    for _ in 0..TRIES {
        match on(addresses.iter().copied(), 0).await {
            Ok(listeners) => return Ok(listeners),
            Err(error) => last = error,
        }
        if addresses
            .iter()
            .all(|a| *a == IpAddr::V4(Ipv4Addr::LOCALHOST))
        {
            return listen(0, addresses.len(), None).await;
        }
    }
    Err(last)
}

fn address(a: usize, b: usize, node: usize) -> IpAddr {
    let byte = |n: usize| u8::try_from(n % 256).unwrap_or_default();
    IpAddr::V4(Ipv4Addr::new(127, byte(a), byte(b), byte(node)))
}

async fn on(
    addresses: impl Iterator<Item = IpAddr>,
    mut port: u16,
) -> io::Result<Vec<TcpListener>> {
    let mut listeners = Vec::new();
    for address in addresses {
        let listener = TcpListener::bind(SocketAddr::new(address, port)).await?;
        port = listener.local_addr()?.port();
        listeners.push(listener);
    }
    Ok(listeners)
}

/// Listens again where a node listened before it went down.
///
/// # Errors
/// When another program has taken the address for longer than a few seconds.
pub(crate) async fn listen_again(address: SocketAddr) -> io::Result<TcpListener> {
    let mut tries = 0;
    loop {
        match TcpListener::bind(address).await {
            Ok(listener) => return Ok(listener),
            Err(error) if tries >= 50 => return Err(error),
            Err(_) => tries += 1,
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}
