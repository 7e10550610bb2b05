//! What the addresses that were tried so far have said, and which of it is worth telling.

use crate::{ConnectFailure, ConnectKind, Error};

/// Nodes that are asked in turn when each says that it cannot reach the one in question.
const PROXIES_TRIED: usize = 3;

/// Failures after which another address may still answer.
#[derive(Default)]
pub(super) struct Failed {
    connects: Vec<ConnectFailure>,
    /// The first node's word about another node.
    unreachable: Option<Error>,
    proxies: usize,
    /// The first answer that broke off or did not come.
    broken: Option<Error>,
}

impl Failed {
    /// Notes a failure of the address that was tried as number `turn` (from 0); an error is one that no other address
    /// would change.
    pub(super) fn note(&mut self, turn: usize, error: Error) -> Result<(), Error> {
        match error {
            Error::Connect { failures } => self.connects.extend(failures),
            Error::CertificateChanged {
                address, presented, ..
            } if turn > 0 => self.connects.push(ConnectFailure {
                address,
                kind: ConnectKind::Certificate(presented),
            }),
            Error::MaybeSent { .. } => {
                self.broken.get_or_insert(error);
            }
            Error::NodeUnreachable { .. } => {
                self.proxies += 1;
                let first = self.unreachable.take().unwrap_or(error);
                if self.proxies >= PROXIES_TRIED {
                    return Err(first);
                }
                self.unreachable = Some(first);
            }
            other => return Err(other),
        }
        Ok(())
    }

    /// When nobody is left to ask. A node's own word about another node says more than silence elsewhere, and an
    /// answer that broke off more than none.
    pub(super) fn into_error(self) -> Error {
        let failures = self.connects;
        self.unreachable
            .or(self.broken)
            .unwrap_or(Error::Connect { failures })
    }
}
