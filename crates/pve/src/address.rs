//! What people type as a node's address, brought into one form.

use std::net::{Ipv4Addr, Ipv6Addr};

/// Where pveproxy listens.
pub const DEFAULT_PORT: u16 = 8006;

/// Longer texts are no addresses, whatever they hold; a browser's address bar gives a few hundred bytes at most.
const LONGEST: usize = 1024;

/// Why a text is no address of a node.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    #[error("no address was given; expected a name or IP address such as pve1.lan or 192.168.1.10")]
    Empty,
    #[error("Proxmox speaks https, not http: use https://{0} or just the name or IP address")]
    PlainHttp(String),
    #[error(
        "{0}:// is not how Proxmox is reached; use https://host:{DEFAULT_PORT} or just the host"
    )]
    Scheme(String),
    #[error("{character:?} at position {position} cannot be part of a host name")]
    Character { character: char, position: usize },
    #[error("{0:?} is not a valid IPv4 address (four numbers from 0 to 255)")]
    Ipv4(String),
    #[error("{0:?} is not a valid IPv6 address; write it as [address]:port")]
    Ipv6(String),
    #[error(
        "an IPv6 address with a zone ({0:?}) only means something on this machine; use a global address or a name"
    )]
    Zone(String),
    #[error("{0:?} is not a port (1 to 65535)")]
    Port(String),
    #[error(
        "{0:?} is not a valid host name: each part has 1 to 63 characters and does not begin or end with a hyphen"
    )]
    Label(String),
}

/// `host:port` (IPv6 in brackets, names in lower case) from a host, `host:port` or https URL, such as the one in
/// the browser's address bar. The port is 8006 where none is given.
pub fn normalise_address(text: &str) -> Result<String, AddressError> {
    let text = text.trim();
    if text.len() > LONGEST {
        return Err(AddressError::Label(text.chars().take(40).collect()));
    }
    let rest = match text.split_once("://") {
        None => text,
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => rest,
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => {
            // A port of plain http would not answer https either.
            let host = normalise_address(rest)?;
            return Err(AddressError::PlainHttp(host));
        }
        Some((scheme, _)) => return Err(AddressError::Scheme(scheme.to_owned())),
    };
    let authority = rest
        .split_once(['/', '?', '#'])
        .map_or(rest, |(authority, _)| authority);
    if authority.is_empty() {
        return Err(AddressError::Empty);
    }
    if let Some(inside) = authority.strip_prefix('[') {
        let (address, after) = inside
            .split_once(']')
            .ok_or_else(|| AddressError::Ipv6(authority.to_owned()))?;
        let port = match after.strip_prefix(':') {
            Some(port) => port_of(port)?,
            None if after.is_empty() => DEFAULT_PORT,
            None => return Err(AddressError::Ipv6(authority.to_owned())),
        };
        return Ok(format!("[{}]:{port}", ipv6(address)?));
    }
    if authority.matches(':').count() > 1 {
        return Ok(format!("[{}]:{DEFAULT_PORT}", ipv6(authority)?));
    }
    let (host, port) = match authority.split_once(':') {
        Some((host, port)) => (host, port_of(port)?),
        None => (authority, DEFAULT_PORT),
    };
    Ok(format!("{}:{port}", name(host)?))
}

fn ipv6(text: &str) -> Result<Ipv6Addr, AddressError> {
    if text.contains('%') {
        return Err(AddressError::Zone(text.to_owned()));
    }
    text.parse()
        .map_err(|_| AddressError::Ipv6(text.to_owned()))
}

fn port_of(text: &str) -> Result<u16, AddressError> {
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    text.parse()
        .ok()
        .filter(|port| digits && *port != 0)
        .ok_or_else(|| AddressError::Port(text.to_owned()))
}

fn name(host: &str) -> Result<String, AddressError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    if let Some((index, character)) = host.chars().enumerate().find(|(_, c)| !allowed(*c)) {
        return Err(AddressError::Character {
            character,
            position: index + 1,
        });
    }
    let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    if host.is_empty() {
        return Err(AddressError::Empty);
    }
    let well_made = |label: &str| {
        (1..=63).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-')
    };
    if host.len() > 253 || !host.split('.').all(well_made) {
        return Err(AddressError::Label(host));
    }
    // A last part of digits makes it an IPv4 address for everybody downstream, also in forms like 10.1.
    let numeric = |label: &str| label.bytes().all(|b| b.is_ascii_digit());
    if host.rsplit('.').next().is_some_and(numeric) && host.parse::<Ipv4Addr>().is_err() {
        return Err(AddressError::Ipv4(host));
    }
    Ok(host)
}

/// The host part of what [`normalise_address`] gave, without brackets.
pub(crate) fn host_of(address: &str) -> &str {
    let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
    host.trim_start_matches('[').trim_end_matches(']')
}

#[cfg(test)]
mod tests {
    use super::{AddressError, host_of, normalise_address};
    use proptest::prelude::*;

    #[test]
    fn takes_what_people_type_and_paste() {
        for (text, expected) in [
            ("pve1", "pve1:8006"),
            (" PVE1.Lan. \n", "pve1.lan:8006"),
            ("pve1.lan:443", "pve1.lan:443"),
            ("192.168.1.10", "192.168.1.10:8006"),
            ("192.168.1.10:8007", "192.168.1.10:8007"),
            ("https://pve1.lan", "pve1.lan:8006"),
            ("HTTPS://pve1.lan:8006/", "pve1.lan:8006"),
            (
                "https://10.0.0.1:8006/#v1:0:=node%2Fpve1:4",
                "10.0.0.1:8006",
            ),
            ("https://pve1:8006?x=1", "pve1:8006"),
            ("::1", "[::1]:8006"),
            ("[2001:DB8::10]", "[2001:db8::10]:8006"),
            ("https://[2001:db8::10]:443/x", "[2001:db8::10]:443"),
            ("my_node", "my_node:8006"),
        ] {
            assert_eq!(normalise_address(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn names_what_is_wrong() {
        use AddressError as E;
        for (text, expected) in [
            ("", E::Empty),
            ("https://", E::Empty),
            (":8006", E::Empty),
            ("http://pve1:8006", E::PlainHttp("pve1:8006".into())),
            ("ssh://pve1", E::Scheme("ssh".into())),
            ("192.168.1.300", E::Ipv4("192.168.1.300".into())),
            ("10.1", E::Ipv4("10.1".into())),
            ("::g", E::Ipv6("::g".into())),
            ("[::1", E::Ipv6("[::1".into())),
            ("[::1]x", E::Ipv6("[::1]x".into())),
            ("fe80::1%eth0", E::Zone("fe80::1%eth0".into())),
            ("pve1:", E::Port(String::new())),
            ("pve1:0", E::Port("0".into())),
            ("pve1:99999", E::Port("99999".into())),
            ("pve1:+80", E::Port("+80".into())),
            ("pve..lan", E::Label("pve..lan".into())),
            ("-pve", E::Label("-pve".into())),
        ] {
            assert_eq!(normalise_address(text), Err(expected), "{text}");
        }
        for (text, character, position) in
            [("pve 1", ' ', 4), ("root@pve1", '@', 5), ("pvé1", 'é', 3)]
        {
            assert_eq!(
                normalise_address(text),
                Err(E::Character {
                    character,
                    position
                })
            );
        }
        let said = normalise_address("http://pve1").unwrap_err().to_string();
        assert!(said.contains("https") && said.contains("8006"), "{said}");
    }

    proptest! {
        #[test]
        fn never_panics_and_is_idempotent(text in "\\PC{0,40}") {
            if let Ok(address) = normalise_address(&text) {
                prop_assert!(!host_of(&address).is_empty());
                let again = normalise_address(&address);
                prop_assert_eq!(again, Ok(address));
            }
        }

        #[test]
        fn is_idempotent_for_likely_texts(text in "(https://)?[a-z0-9.:\\[\\]-]{1,20}(:[0-9]{1,5})?") {
            if let Ok(address) = normalise_address(&text) {
                let again = normalise_address(&address);
                prop_assert_eq!(again, Ok(address));
            }
        }
    }
}
