//! Agents by a command that the user pastes into a node's shell: made here, fetched once by the node, and followed
//! until each guest's agent has enrolled.

use std::{collections::BTreeMap, net::IpAddr};

use domain::{
    NodeKey, Timestamp,
    operation::{OperationKind, Target},
    paste::{Paste, PastedGuest, PastedState},
    plan::LeftOut,
};
use reach::paste::{Order, PasteError, PastedGuest as Put};
use secrecy::SecretString;
use wire::{Refusal, RefusalCode};

use crate::{
    Error, Kind,
    agents::{internal, refuse},
    clock,
    feed::Body,
    inner::Inner,
    operations::{account, scope},
    pastes::Worth,
    picture::{Guest, Known},
};

/// A command, and what it is for.
#[derive(Clone, Debug)]
pub struct PasteCommand {
    pub paste: Paste,
    /// To be run as root on the node. It holds a code, so it is told once.
    pub text: SecretString,
}

/// `21:30 UTC`: the node's own clock may be set to another zone than this computer's.
fn of_day(at: Timestamp) -> String {
    let minutes = at.0.div_euclid(60_000);
    format!(
        "{:02}:{:02} UTC",
        minutes.div_euclid(60).rem_euclid(24),
        minutes.rem_euclid(60)
    )
}

/// Why a guest cannot be given an agent by a pasted command now.
fn obstacle(known: &Known, guest: &Guest, now: Timestamp) -> Option<String> {
    if let Some(why) = scope::obstacle(known, guest, OperationKind::Enrol, now) {
        return Some(why);
    }
    if guest.activity.is_some() {
        return Some("An operation runs on it".into());
    }
    let owner = guest.foreign.as_ref()?;
    Some(format!("It belongs to another RedFlag: {owner}"))
}

fn numbers(guests: &[PastedGuest]) -> String {
    let all: Vec<String> = guests.iter().map(|g| g.vmid.to_string()).collect();
    format!("LXC {}", all.join(", "))
}

fn unusable(error: &PasteError) -> Error {
    let kind = match error {
        PasteError::NoEndpoint => Kind::Conflict,
        PasteError::NoGuest => Kind::BadInput,
        PasteError::Characters(_) | PasteError::Binary | PasteError::Randomness => Kind::Internal,
    };
    let next = match error {
        PasteError::NoEndpoint => "Connect it to the network of the cluster, then try again.",
        _ => "Install RedFlag again from its package, then try again.",
    };
    Error::new(kind, "The command for the node could not be made")
        .words(error.to_string())
        .next(next)
}

impl Inner {
    /// A command for each node that has guests below `targets` which can be given an agent.
    pub(crate) async fn make_pastes(
        &self,
        targets: &[Target],
    ) -> Result<(Vec<PasteCommand>, Vec<LeftOut>), Error> {
        let now = clock::now();
        // Before any code is made: without it a command would be good for nothing.
        self.agent_binary()?;
        let (ca_pem, server_name) = (self.ca()?.certificate_pem().to_owned(), self.server_name()?);
        let mut by_node: BTreeMap<NodeKey, Vec<PastedGuest>> = BTreeMap::new();
        let mut left_out = Vec::new();
        let found = self.state.read(|known| {
            let ids = scope::guests(known, targets);
            for guest in ids.iter().filter_map(|id| known.guests.get(id)) {
                let record = &guest.record;
                match obstacle(known, guest, now) {
                    Some(why) => left_out.push(LeftOut {
                        guest: record.id,
                        vmid: record.vmid,
                        name: record.name.clone(),
                        why,
                        remedy: None,
                    }),
                    None => {
                        let node = NodeKey {
                            cluster: record.cluster,
                            node: record.node.clone(),
                        };
                        by_node.entry(node).or_default().push(PastedGuest {
                            guest: record.id,
                            vmid: record.vmid,
                            name: record.name.clone(),
                            state: PastedState::Waiting,
                        });
                    }
                }
            }
            ids.len()
        });
        if found == 0 {
            return Err(
                Error::new(Kind::BadInput, "There is no LXC in what was selected")
                    .next("Select a cluster, a node or an LXC."),
            );
        }
        let mut commands = Vec::new();
        for (node, guests) in by_node {
            let endpoints = self.endpoints_of_cluster(node.cluster);
            let vmids: Vec<_> = guests.iter().map(|g| g.vmid).collect();
            let (paste, code) = self.pastes.add(node, guests, clock::random()?, now);
            let text = reach::paste::command(&Order {
                endpoints: &endpoints,
                ca_pem: &ca_pem,
                server_name: &server_name,
                code: &code,
                guests: &vmids,
                until: &of_day(paste.until),
            })
            .map_err(|error| unusable(&error))?;
            self.audit(
                &account(),
                "paste.make",
                paste.node.node.as_str(),
                &format!(
                    "a command for {}, good once, until {}",
                    numbers(&paste.guests),
                    of_day(paste.until)
                ),
                "done",
            )
            .await;
            commands.push(PasteCommand {
                paste,
                text: SecretString::from(text),
            });
        }
        Ok((commands, left_out))
    }

    /// A node shows a code. The answer is the script that it runs; each attempt stands in the audit.
    pub(crate) async fn pasted(&self, code: &str, peer: IpAddr) -> Result<Vec<u8>, Refusal> {
        let now = clock::now();
        let by = peer.to_canonical().to_string();
        let worth = self.pastes.take(code, &by, now);
        let (paste, why) = match worth {
            Worth::Good(paste) => return self.hand_out(paste, &by, now).await,
            Worth::Unknown => (None, "no such code"),
            Worth::Used(paste) => (Some(paste), "its code was used before"),
            Worth::TooLate(paste) => (Some(paste), "its hour is over"),
        };
        let target = match &paste {
            Some(paste) => paste.node.node.to_string(),
            None => "a pasted command".into(),
        };
        tracing::warn!(peer = %by, why, "a pasted command was refused");
        let refused = format!("refused: {why}");
        self.audit(
            "node",
            "paste.fetch",
            &target,
            &format!("by {by}"),
            &refused,
        )
        .await;
        Err(refuse(
            RefusalCode::CodeInvalid,
            "the command's code is unknown, used or older than an hour; make a new one in RedFlag",
        ))
    }

    /// What the node runs, for those guests that can still be given an agent.
    async fn hand_out(&self, paste: Paste, by: &str, now: Timestamp) -> Result<Vec<u8>, Refusal> {
        let states: Vec<_> = self.state.read(|known| {
            let state = |guest: &PastedGuest| {
                let why = match known.guests.get(&guest.guest) {
                    None => Some("It is not there any more".to_owned()),
                    Some(found) => obstacle(known, found, now),
                };
                let state = why.map_or(PastedState::Waiting, |why| PastedState::LeftOut { why });
                (guest.guest, state)
            };
            paste.guests.iter().map(state).collect()
        });
        let paste = self.pastes.set(paste.id, &states).unwrap_or(paste);
        self.feed.tell(
            Body::Paste {
                paste: paste.clone(),
            },
            now,
        );
        let waiting: Vec<PastedGuest> = paste
            .guests
            .iter()
            .filter(|guest| guest.state == PastedState::Waiting)
            .cloned()
            .collect();
        let script = self.script_for(&paste, &waiting);
        let outcome = match &script {
            Ok(_) => "done".to_owned(),
            Err(error) => error.told(),
        };
        let detail = format!("by {by}, for {}", numbers(&waiting));
        self.audit(
            "node",
            "paste.fetch",
            paste.node.node.as_str(),
            &detail,
            &outcome,
        )
        .await;
        match script {
            Err(error) if error.kind == Kind::Conflict => {
                Err(refuse(RefusalCode::NotFound, error.told()))
            }
            other => other.map_err(internal),
        }
    }

    fn script_for(&self, paste: &Paste, guests: &[PastedGuest]) -> Result<Vec<u8>, Error> {
        if guests.is_empty() {
            return Err(Error::new(
                Kind::Conflict,
                "None of its LXCs can be given an agent any more",
            ));
        }
        let binary = self.agent_binary()?;
        let endpoints = self.endpoints_of_cluster(paste.node.cluster);
        let put: Vec<Put> = guests
            .iter()
            .map(|guest| {
                Ok(Put {
                    vmid: guest.vmid,
                    bootstrap: self.bootstrap(guest.guest, endpoints.clone())?,
                })
            })
            .collect::<Result<_, Error>>()?;
        reach::paste::script(&put, &binary.bytes, binary.sha256).map_err(|error| unusable(&error))
    }

    /// Tells whoever follows a pasted command that one of its guests has an agent now.
    pub(crate) fn note_pasted(&self, guest: domain::GuestId, now: Timestamp) {
        if let Some(paste) = self.pastes.enrolled(guest, now) {
            self.feed.tell(Body::Paste { paste }, now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_code_is_told_as_a_time_of_the_day() {
        assert_eq!(of_day(Timestamp(0)), "00:00 UTC");
        assert_eq!(
            of_day(Timestamp(86_400_000 + 77_400_000 + 59_999)),
            "21:30 UTC"
        );
    }
}
