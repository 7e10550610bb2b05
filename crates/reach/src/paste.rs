//! The command that a user pastes into a node's shell when RedFlag has no way in of its own.
//!
//! It is short enough to be read. It fetches the desktop's own authority, goes on only if that has the SHA-256 that
//! stands in the command, and then trusts nothing but it; so whatever is fetched after that comes from this desktop.
//! The code in it counts once. What it fetches then is [`script`]: the agent itself and all that is done with it.
//!
//! Whoever answers at the desktop: `GET /v1/ca` gives the authority's certificate (PEM), `POST /v1/paste` takes the
//! code as its body and gives the script, once, within the hour.

use std::net::SocketAddr;

use domain::Vmid;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use crate::{
    Verb,
    script::{self, Payload},
};

/// Where the authority's certificate is fetched.
pub const CA_PATH: &str = "/v1/ca";
/// Where the code is given for the script.
pub const PASTE_PATH: &str = "/v1/paste";

/// What cannot be put into a command.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasteError {
    #[error("this computer has no address that a node could reach")]
    NoEndpoint,
    #[error("no LXC was chosen")]
    NoGuest,
    #[error("{0} holds characters that do not belong there")]
    Characters(&'static str),
    #[error("the agent's binary does not have the SHA-256 that was expected")]
    Binary,
    #[error("the system gives no random numbers")]
    Randomness,
}

/// One command, for guests of one node.
#[derive(Clone, Debug)]
pub struct Order<'a> {
    /// Where the desktop's gateway may be reached, most likely first.
    pub endpoints: &'a [SocketAddr],
    /// The desktop's authority, as [`CA_PATH`] gives it, byte by byte.
    pub ca_pem: &'a str,
    /// The name in the gateway's certificate.
    pub server_name: &'a str,
    /// Counts once.
    pub code: &'a SecretString,
    pub guests: &'a [Vmid],
    /// When the code ends, for people: `21:30`.
    pub until: &'a str,
}

/// The command, to be run as root on the node that the guests are on.
///
/// # Errors
/// [`PasteError`] when there is nothing to reach or nothing to do, or something could become another command.
pub fn command(order: &Order<'_>) -> Result<String, PasteError> {
    if order.endpoints.is_empty() {
        return Err(PasteError::NoEndpoint);
    }
    if order.guests.is_empty() {
        return Err(PasteError::NoGuest);
    }
    let code = order.code.expose_secret();
    plain("the code", code, b"-_")?;
    plain("the server's name", order.server_name, b"-.")?;
    plain("the time", order.until, b":-. ")?;
    let endpoints: Vec<String> = order.endpoints.iter().map(ToString::to_string).collect();
    let guests: Vec<String> = order.guests.iter().map(ToString::to_string).collect();
    let (endpoints, guests) = (endpoints.join(" "), guests.join(", "));
    let (until, name) = (order.until, order.server_name);
    let sha256 = hex::encode(Sha256::digest(order.ca_pem.as_bytes()));
    Ok(format!(
        r#"# RedFlag: put its agent into LXC {guests} of this node. Valid once, until {until}.
( set -eu; folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"; name={name}
# Whoever answers must show RedFlag's own certificate authority, known by its SHA-256.
for at in {endpoints}; do curl -fsSk -m 10 -o ca.pem "https://$at{CA_PATH}" && break; done
echo "{sha256}  ca.pem" | sha256sum -c --quiet
# From here on only what that authority has signed is believed.
printf %s {code} | curl -fsS --cacert ca.pem --connect-to "$name:443:$at" -d @- -o install.sh "https://$name{PASTE_PATH}"
sh install.sh )
"#
    ))
}

/// What is written into one guest.
#[derive(Clone, Debug)]
pub struct PastedGuest {
    pub vmid: Vmid,
    /// The agent's bootstrap file, with the code of that guest's enrolment.
    pub bootstrap: SecretString,
}

/// The script that the code is good for: the agent's binary, and for each guest copy, configuration and installation,
/// cleaned up where it failed. One bad guest does not stop the rest. Made anew for each command.
///
/// # Errors
/// [`PasteError`].
pub fn script(
    guests: &[PastedGuest],
    binary: &[u8],
    sha256: [u8; 32],
) -> Result<Vec<u8>, PasteError> {
    if guests.is_empty() {
        return Err(PasteError::NoGuest);
    }
    if <[u8; 32]>::from(Sha256::digest(binary)) != sha256 {
        return Err(PasteError::Binary);
    }
    let mut random = [0; 12];
    getrandom::fill(&mut random).map_err(|_| PasteError::Randomness)?;
    let key = hex::encode(random);
    let frame = |verb: Verb, values: &[(&'static str, &str)], payload: &Payload<'_>| {
        let framed = script::frame(verb, &key, values, payload).map_err(PasteError::Characters)?;
        Ok(String::from_utf8_lossy(&framed).into_owned())
    };
    let expected = hex::encode(sha256);
    let size = binary.len().to_string();
    let values = [
        ("expected", expected.as_str()),
        ("size", size.as_str()),
        ("for_arch", crate::probe::architecture(binary)),
    ];
    let copy = frame(Verb::Copy, &values, &Payload::Bytes(binary))?;
    let mut text = format!(
        "#!/bin/sh\n# RedFlag's agent for {} of this node's LXC guests. The code that fetched this is used up.\n",
        guests.len()
    );
    text.push_str("key=");
    text.push_str(&key);
    text.push('\n');
    text.push_str(include_str!("scripts/paste.sh"));
    let mut part = |name: &str, script: &str| {
        text.push_str(&format!(
            "{name}() {{\ncat <<'@@part:{key}'\n{script}@@part:{key}\n}}\n"
        ));
    };
    part("copy", &copy);
    part("install", &frame(Verb::Install, &[], &Payload::None)?);
    part("clean", &frame(Verb::Clean, &[], &Payload::None)?);
    for guest in guests {
        let bootstrap = guest.bootstrap.expose_secret();
        if bootstrap.contains('\0') || bootstrap.contains(&key) {
            return Err(PasteError::Characters("the configuration"));
        }
        let configure = frame(Verb::Configure, &[], &Payload::Text(bootstrap))?;
        part(&format!("configure{}", guest.vmid), &configure);
    }
    for guest in guests {
        text.push_str(&format!("guest {}\n", guest.vmid));
    }
    text.push_str("finish\n");
    Ok(text.into_bytes())
}

/// Letters, digits and some signs: nothing that a shell reads as more than a word.
fn plain(what: &'static str, text: &str, signs: &[u8]) -> Result<(), PasteError> {
    let good = |b: u8| b.is_ascii_alphanumeric() || signs.contains(&b);
    if !text.is_empty() && text.bytes().all(good) {
        Ok(())
    } else {
        Err(PasteError::Characters(what))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order<'a>(code: &'a SecretString, guests: &'a [Vmid], at: &'a [SocketAddr]) -> Order<'a> {
        Order {
            endpoints: at,
            ca_pem: "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            server_name: "redflag.desktop",
            code,
            guests,
            until: "21:30",
        }
    }

    #[test]
    fn the_command_is_short_and_says_what_it_does() {
        let code = SecretString::from("k3x-9QzR");
        let guests = [101, 102].map(|n| Vmid::try_from(n).expect("in range"));
        let at = ["192.168.1.20:47100", "[fd00::20]:47100"].map(|a| a.parse().expect("one"));
        let text = command(&order(&code, &guests, &at)).expect("all is well");
        assert!(text.lines().count() <= 10, "{text}");
        assert!(text.lines().all(|line| line.len() <= 160), "{text}");
        assert!(text.starts_with(
            "# RedFlag: put its agent into LXC 101, 102 of this node. Valid once, until 21:30.\n"
        ));
        assert!(text.contains("for at in 192.168.1.20:47100 [fd00::20]:47100; do"));
    }

    #[test]
    fn nothing_that_could_become_another_command_gets_in() {
        let good = SecretString::from("abc");
        let guests = [Vmid::try_from(101).expect("in range")];
        let at: [SocketAddr; 1] = ["10.0.0.1:1".parse().expect("one")];
        for bad in ["", "a b", "$(id)", "a;b", "a'b", "a\nb"] {
            let code = SecretString::from(bad);
            assert!(command(&order(&code, &guests, &at)).is_err(), "{bad:?}");
            let named = Order {
                server_name: bad,
                ..order(&good, &guests, &at)
            };
            assert!(command(&named).is_err(), "{bad:?}");
        }
        assert_eq!(command(&order(&good, &[], &at)), Err(PasteError::NoGuest));
        assert_eq!(
            command(&order(&good, &guests, &[])),
            Err(PasteError::NoEndpoint)
        );
        assert_eq!(script(&[], b"", [0; 32]), Err(PasteError::NoGuest));
    }
}
