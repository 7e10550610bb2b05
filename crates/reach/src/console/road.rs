//! The guests of one node, reached over their consoles.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use domain::{NodeName, Vmid};
use secrecy::SecretString;
use tokio::sync::{OwnedMutexGuard, OwnedSemaphorePermit, Semaphore, oneshot};

use super::{
    ConsoleMode, ConsoleState, ConsoleTrouble, Consoles,
    session::{Cargo, Errand},
    visit::Visit,
};
use crate::{
    CommandLog, Copied, GuestProbe, Place, ReachError, Verb, Via,
    guest::{self, Carry},
    run::{Answer, Recording, nonce},
    script::Payload,
};

/// Visits to one node's guests at a time: each keeps a process of the node busy.
const VISITS: usize = 4;

/// The consoles of a node's guests. Clones share their turns: a guest's terminal takes one visitor at a time.
#[derive(Clone)]
pub struct ApiConsole(Arc<Shared>);

struct Shared {
    node: NodeName,
    consoles: Arc<dyn Consoles>,
    log: Arc<dyn CommandLog>,
    visits: Arc<Semaphore>,
    turns: Mutex<HashMap<Vmid, Arc<tokio::sync::Mutex<()>>>>,
}

/// How often a session that is just ending is waited for, and how long each time.
const DYING: u32 = 5;
const AWHILE: Duration = Duration::from_millis(300);

type Turn = (OwnedMutexGuard<()>, OwnedSemaphorePermit);

impl std::fmt::Debug for ApiConsole {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ApiConsole({})", self.0.node)
    }
}

impl ApiConsole {
    /// The guests of `node`. Nothing is opened yet.
    pub fn new(node: NodeName, consoles: Arc<dyn Consoles>, log: Arc<dyn CommandLog>) -> Self {
        Self(Arc::new(Shared {
            node,
            consoles,
            log,
            visits: Arc::new(Semaphore::new(VISITS)),
            turns: Mutex::default(),
        }))
    }

    /// Whether the console can be used as it is set now. Looks at the configuration only.
    ///
    /// # Errors
    /// [`ReachError::Console`]: with [`ConsoleTrouble::NeedsShell`] the guest's `cmode` must be changed and the guest
    /// be started again first, which nobody does here.
    pub async fn ready(&self, vmid: Vmid) -> Result<(), ReachError> {
        let state = self.0.consoles.state(vmid).await;
        state
            .and_then(|state| usable(&state))
            .map_err(|trouble| ReachError::Console {
                place: self.place(Some(vmid)),
                trouble,
            })
    }

    /// As [`crate::SshNode::probe`].
    ///
    /// # Errors
    /// Those of a guest, and [`ReachError::Console`]. The same holds for all methods below.
    pub async fn probe(&self, vmid: Vmid) -> Result<GuestProbe, ReachError> {
        guest::probe(self, vmid).await
    }

    /// As [`crate::SshNode::copy`]: typed in as text, compressed where the guest can unpack it, and compared there
    /// before it takes its place. Some 300 KiB/s.
    pub async fn copy(
        &self,
        vmid: Vmid,
        binary: impl AsRef<[u8]> + Send,
        sha256: [u8; 32],
    ) -> Result<Copied, ReachError> {
        guest::copy(self, vmid, binary.as_ref(), sha256).await
    }

    /// As [`crate::SshNode::configure`].
    pub async fn configure(&self, vmid: Vmid, bootstrap: SecretString) -> Result<(), ReachError> {
        guest::configure(self, vmid, bootstrap).await
    }

    /// As [`crate::SshNode::install`].
    pub async fn install(&self, vmid: Vmid) -> Result<String, ReachError> {
        guest::install(self, vmid).await
    }

    /// As [`crate::SshNode::clean`].
    pub async fn clean(&self, vmid: Vmid) -> Result<(), ReachError> {
        guest::clean(self, vmid).await
    }

    /// As [`crate::SshNode::restart`].
    pub async fn restart(&self, vmid: Vmid) -> Result<(), ReachError> {
        guest::restart(self, vmid).await
    }

    /// As [`crate::SshNode::remove`].
    pub async fn remove(&self, vmid: Vmid) -> Result<(), ReachError> {
        guest::remove(self, vmid).await
    }

    async fn turn(&self, vmid: Vmid) -> Result<Turn, String> {
        let turn = {
            let mut turns = self.0.turns.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(turns.entry(vmid).or_default())
        };
        let guest = turn.lock_owned().await;
        let visit = Arc::clone(&self.0.visits).acquire_owned().await;
        visit
            .map(|visit| (guest, visit))
            .map_err(|closed| closed.to_string())
    }

    /// Goes on to an orderly end when nobody waits for it any more: then `cancelled` resolves.
    async fn carry_out(
        self,
        vmid: Vmid,
        errand: Errand,
        mut cancelled: oneshot::Receiver<()>,
    ) -> Result<Answer, ReachError> {
        let trouble = |trouble| ReachError::Console {
            place: errand.place.clone(),
            trouble,
        };
        let _turn = tokio::select! {
            turn = self.turn(vmid) => {
                turn.map_err(|words| trouble(ConsoleTrouble::Unreachable { words }))?
            }
            _ = &mut cancelled => return Err(errand.given_up()),
        };
        self.ready(vmid).await?;
        let mut ended = None;
        for _try in 0..DYING {
            let key = nonce(&errand.place)?;
            let terminal = self.0.consoles.open(vmid).await.map_err(trouble)?;
            let this = errand.over(terminal, key, &mut cancelled).await;
            let again = this.dying;
            ended = Some(this);
            if !again {
                break;
            }
            tokio::time::sleep(AWHILE).await;
        }
        let Some(ended) = ended else {
            return Err(errand.given_up());
        };
        if !ended.left {
            // A shell that nobody left would stay open for whoever comes next.
            self.tidy(vmid, &errand.place).await;
        }
        ended.outcome
    }

    /// Enters once more only to leave in order. What cannot be done now is done by the next visit.
    async fn tidy(&self, vmid: Vmid, place: &Place) {
        if let (Ok(terminal), Ok(key)) = (self.0.consoles.open(vmid).await, nonce(place)) {
            let mut visit = Visit::new(terminal, key);
            let _ = visit.begin().await;
            let _ = visit.end().await;
        }
    }
}

/// Judges what is set.
fn usable(state: &ConsoleState) -> Result<(), ConsoleTrouble> {
    if let Some(lock) = &state.lock {
        return Err(ConsoleTrouble::Locked { lock: lock.clone() });
    }
    match state.mode {
        ConsoleMode::Shell => Ok(()),
        present @ (ConsoleMode::Tty | ConsoleMode::Console) => Err(ConsoleTrouble::NeedsShell {
            present,
            waiting: state.waiting == Some(ConsoleMode::Shell),
        }),
    }
}

impl Carry for ApiConsole {
    fn place(&self, vmid: Option<Vmid>) -> Place {
        Place {
            via: Via::Console {
                api: self.0.consoles.api(),
                node: self.0.node.clone(),
            },
            vmid,
        }
    }

    async fn ask(
        &self,
        vmid: Vmid,
        verb: Verb,
        values: &[(&'static str, &str)],
        payload: &Payload<'_>,
    ) -> Result<Answer, ReachError> {
        let place = self.place(Some(vmid));
        let recording = Recording::begin(self.0.log.as_ref(), place.clone(), verb);
        let owned = |(name, value): &(&'static str, &str)| (*name, (*value).to_owned());
        let errand = Errand {
            place,
            verb,
            values: values.iter().map(owned).collect(),
            cargo: Cargo::of(payload),
        };
        let given_up = errand.given_up();
        // Dropped with this call, and by that told to the visit.
        let (_waiting, cancelled) = oneshot::channel();
        let visit = tokio::spawn(self.clone().carry_out(vmid, errand, cancelled));
        let outcome = visit.await.unwrap_or(Err(given_up));
        recording.end(&outcome);
        outcome
    }
}
