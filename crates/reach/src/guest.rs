//! What is asked of a guest, the same over every road.

use domain::Vmid;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use crate::{GuestProbe, Place, ReachError, Verb, output, probe, run::Answer, script::Payload};

/// What `copy` did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Copied {
    Copied,
    /// The same binary was there already.
    Same,
}

/// A road that carries scripts into guests.
pub(crate) trait Carry {
    fn place(&self, vmid: Option<Vmid>) -> Place;

    async fn ask(
        &self,
        vmid: Vmid,
        verb: Verb,
        values: &[(&'static str, &str)],
        payload: &Payload<'_>,
    ) -> Result<Answer, ReachError>;
}

pub(crate) fn garbled(road: &impl Carry, vmid: Vmid, verb: Verb, words: &[u8]) -> ReachError {
    ReachError::Garbled {
        place: road.place(Some(vmid)),
        verb,
        words: output::words(words),
    }
}

pub(crate) async fn probe(road: &impl Carry, vmid: Vmid) -> Result<GuestProbe, ReachError> {
    let answer = road.ask(vmid, Verb::Probe, &[], &Payload::None).await?;
    GuestProbe::parse(&answer.stdout)
        .map_err(|words| garbled(road, vmid, Verb::Probe, words.as_bytes()))
}

pub(crate) async fn copy(
    road: &impl Carry,
    vmid: Vmid,
    binary: &[u8],
    sha256: [u8; 32],
) -> Result<Copied, ReachError> {
    if <[u8; 32]>::from(Sha256::digest(binary)) != sha256 {
        return Err(ReachError::BadInput {
            place: road.place(Some(vmid)),
            why: "the agent's binary does not have the SHA-256 that was expected".into(),
        });
    }
    let expected = hex::encode(sha256);
    let size = binary.len().to_string();
    let values = [
        ("expected", expected.as_str()),
        ("size", size.as_str()),
        ("for_arch", probe::architecture(binary)),
    ];
    let answer = road
        .ask(vmid, Verb::Copy, &values, &Payload::Bytes(binary))
        .await?;
    let values = output::values(&answer.stdout);
    if values.get("sha256") != Some(&expected.as_str()) {
        return Err(garbled(road, vmid, Verb::Copy, answer.stdout.as_bytes()));
    }
    Ok(match values.get("copied") {
        Some(&"no") => Copied::Same,
        _ => Copied::Copied,
    })
}

pub(crate) async fn configure(
    road: &impl Carry,
    vmid: Vmid,
    bootstrap_json: SecretString,
) -> Result<(), ReachError> {
    let text = Payload::Text(bootstrap_json.expose_secret());
    road.ask(vmid, Verb::Configure, &[], &text)
        .await
        .map(|_| ())
}

pub(crate) async fn install(road: &impl Carry, vmid: Vmid) -> Result<String, ReachError> {
    let answer = road.ask(vmid, Verb::Install, &[], &Payload::None).await?;
    let mut text = answer.stdout;
    if !answer.stderr.is_empty() {
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&answer.stderr);
    }
    Ok(text)
}

pub(crate) async fn clean(road: &impl Carry, vmid: Vmid) -> Result<(), ReachError> {
    road.ask(vmid, Verb::Clean, &[], &Payload::None)
        .await
        .map(|_| ())
}

pub(crate) async fn restart(road: &impl Carry, vmid: Vmid) -> Result<(), ReachError> {
    road.ask(vmid, Verb::Restart, &[], &Payload::None)
        .await
        .map(|_| ())
}

pub(crate) async fn remove(road: &impl Carry, vmid: Vmid) -> Result<(), ReachError> {
    road.ask(vmid, Verb::Remove, &[], &Payload::None)
        .await
        .map(|_| ())
}
