//! One node reached by SSH, and what can be asked of it and of its guests.

mod questions;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use domain::{Vmid, host::HostKey};
use secrecy::SecretString;
use tokio::sync::{Mutex, Semaphore};

pub use questions::Entered;

use crate::{
    CommandLog, Copied, Credential, Entry, GuestProbe, NodeAddress, Place, ReachError, Verb,
    carried::Carriers,
    connection::{self, Connection},
    guest::{self, Carry},
    identity,
    login::Login,
    run::{Answer, Errand, Failed, Recording},
    script::Payload,
};

/// sshd allows ten sessions on a connection by default; two are left for what a dropped call has not closed yet.
pub(crate) const CHANNELS: usize = 8;
/// How often a refused channel is asked for again, when somebody has set `MaxSessions` lower, and the wait between.
const REFUSALS: u32 = 100;
const REFUSAL_PAUSE: Duration = Duration::from_millis(100);

/// A node's sshd with the key that opens it. Clones share one connection, which is made when first needed, kept, and
/// made again when it is lost.
#[derive(Clone)]
pub struct SshNode(Arc<Shared>);

struct Shared {
    door: Door,
    log: Arc<dyn CommandLog>,
    channels: Semaphore,
    kept: Mutex<Kept>,
    carriers: Carriers,
}

#[derive(Default)]
struct Kept {
    connection: Option<Arc<Connection>>,
    /// The last failure to connect: those who waited for that same attempt get its answer, not another attempt each.
    failed: Option<(Instant, ReachError)>,
}

/// How a node is entered.
#[derive(Clone, Debug)]
pub struct Door {
    pub address: NodeAddress,
    /// The host key that the user compared; another one is always refused.
    pub accepted: HostKey,
    pub credential: Credential,
    pub entry: Entry,
    /// The node to go through, where this computer has no way of its own to the address.
    pub through: Option<SshNode>,
}

impl std::fmt::Debug for SshNode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SshNode({})", self.0.door.address)
    }
}

impl SshNode {
    /// Root's account, entered directly with a key. Nothing is connected yet. `accepted` is the host key that the
    /// user compared; another one is always refused.
    pub fn new(
        address: NodeAddress,
        accepted: HostKey,
        private_key: SecretString,
        log: Arc<dyn CommandLog>,
    ) -> Self {
        let door = Door {
            address,
            accepted,
            credential: Credential::Key(private_key),
            entry: Entry::Attach,
            through: None,
        };
        Self::behind(door, log)
    }

    /// Any account, with whatever opens it, directly or through another node. Nothing is connected yet.
    pub fn behind(door: Door, log: Arc<dyn CommandLog>) -> Self {
        Self(Arc::new(Shared {
            door,
            log,
            channels: Semaphore::new(CHANNELS),
            kept: Mutex::new(Kept::default()),
            carriers: Carriers::default(),
        }))
    }

    /// Where it is.
    pub fn address(&self) -> &NodeAddress {
        &self.0.door.address
    }

    /// How its guests are entered.
    pub fn entry(&self) -> Entry {
        self.0.door.entry
    }

    /// The host key that another node shows, looked at through this one. Handshake only.
    ///
    /// # Errors
    /// [`ReachError::Connect`], and those of the way through this node.
    pub async fn look_through(&self, other: &NodeAddress) -> Result<HostKey, ReachError> {
        let connection = self.connection().await?;
        connection::look(other, Some(&connection)).await
    }

    /// [`crate::install_key`] on another node, which is reached through this one.
    ///
    /// # Errors
    /// As there, and those of the way through this node.
    pub async fn install_key_through(
        &self,
        other: &NodeAddress,
        accepted: &HostKey,
        password: SecretString,
        public_line: &str,
    ) -> Result<(), ReachError> {
        let connection = self.connection().await?;
        identity::install_by(other, accepted, password, public_line, Some(connection)).await
    }

    /// The node's name: a first harmless command.
    ///
    /// # Errors
    /// Any [`ReachError`] of a node.
    pub async fn hostname(&self) -> Result<String, ReachError> {
        let answer = self.ask(None, Verb::Hostname, &[], &Payload::None).await?;
        Ok(answer.stdout.trim().to_owned())
    }

    /// VMIDs of the guests that run on the node, ascending.
    ///
    /// # Errors
    /// [`ReachError::Script`] where the account is not root or lxc-attach is missing; else any of a node.
    pub async fn guests(&self) -> Result<Vec<Vmid>, ReachError> {
        let answer = self.ask(None, Verb::Guests, &[], &Payload::None).await?;
        let mut guests: Vec<Vmid> = answer
            .stdout
            .split_whitespace()
            .filter_map(|word| word.parse::<u32>().ok())
            .filter_map(|number| Vmid::try_from(number).ok())
            .collect();
        guests.sort_unstable();
        guests.dedup();
        Ok(guests)
    }

    /// What the guest is and whether an agent is in it. Changes nothing.
    ///
    /// # Errors
    /// [`ReachError::NotRunning`] and others of a guest.
    pub async fn probe(&self, vmid: Vmid) -> Result<GuestProbe, ReachError> {
        guest::probe(self, vmid).await
    }

    /// Puts `binary` at `/usr/local/bin/redflag-agent`, mode 0755, whole or not at all. The SHA-256 is compared here
    /// and inside the guest.
    ///
    /// # Errors
    /// [`ReachError::BadInput`] when `binary` does not have that hash, [`ReachError::Script`] when it did not arrive
    /// so, and others of a guest.
    pub async fn copy(
        &self,
        vmid: Vmid,
        binary: impl AsRef<[u8]> + Send,
        sha256: [u8; 32],
    ) -> Result<Copied, ReachError> {
        guest::copy(self, vmid, binary.as_ref(), sha256).await
    }

    /// Writes `/etc/redflag-agent/bootstrap.json`, readable by root alone.
    ///
    /// # Errors
    /// Those of a guest.
    pub async fn configure(
        &self,
        vmid: Vmid,
        bootstrap_json: SecretString,
    ) -> Result<(), ReachError> {
        guest::configure(self, vmid, bootstrap_json).await
    }

    /// Runs `redflag-agent install` in the guest; gives what it wrote, for the log.
    ///
    /// # Errors
    /// [`ReachError::Script`] with the agent's words, and others of a guest.
    pub async fn install(&self, vmid: Vmid) -> Result<String, ReachError> {
        guest::install(self, vmid).await
    }

    /// Removes the bootstrap file and half-copied binaries; and, where no agent was ever enrolled, the agent itself
    /// with its service and folders. An enrolled agent is left alone.
    ///
    /// # Errors
    /// Those of a guest.
    pub async fn clean(&self, vmid: Vmid) -> Result<(), ReachError> {
        guest::clean(self, vmid).await
    }

    /// Starts the agent's service again, by whatever starts services in the guest.
    ///
    /// # Errors
    /// [`ReachError::Script`] with the service's words, and others of a guest.
    pub async fn restart(&self, vmid: Vmid) -> Result<(), ReachError> {
        guest::restart(self, vmid).await
    }

    /// Takes the agent out of the guest: service, configuration, state and binary. Repeatable.
    ///
    /// # Errors
    /// [`ReachError::Script`] with status 8 while the agent is at work, 5 for a file that stays; and others of a guest.
    pub async fn remove(&self, vmid: Vmid) -> Result<(), ReachError> {
        guest::remove(self, vmid).await
    }

    pub(crate) fn log(&self) -> &dyn CommandLog {
        self.0.log.as_ref()
    }

    pub(crate) fn carriers(&self) -> &Carriers {
        &self.0.carriers
    }

    pub(crate) fn place(&self, vmid: Option<Vmid>) -> Place {
        Place {
            via: self.0.door.address.clone().into(),
            vmid,
        }
    }

    fn errand(
        &self,
        vmid: Option<Vmid>,
        verb: Verb,
        values: &[(&'static str, &str)],
        payload: &Payload<'_>,
    ) -> Result<Errand, ReachError> {
        Errand::new(self.place(vmid), self.entry(), verb, values, payload)
    }

    pub(crate) async fn ask(
        &self,
        vmid: Option<Vmid>,
        verb: Verb,
        values: &[(&'static str, &str)],
        payload: &Payload<'_>,
    ) -> Result<Answer, ReachError> {
        let recording = Recording::begin(self.0.log.as_ref(), self.place(vmid), verb);
        let outcome = match self.errand(vmid, verb, values, payload) {
            Ok(errand) => self.send(&errand).await,
            Err(error) => Err(error),
        };
        recording.end(&outcome);
        outcome
    }

    async fn send(&self, errand: &Errand) -> Result<Answer, ReachError> {
        let _permit = self
            .0
            .channels
            .acquire()
            .await
            .map_err(|closed| ReachError::Connect {
                node: self.0.door.address.clone(),
                words: closed.to_string(),
            })?;
        let mut words = String::new();
        // A kept connection may have died unnoticed; that shows when a channel is opened, before anything is sent.
        let mut connections = 0;
        let mut refusals = 0;
        while connections < 2 && refusals < REFUSALS {
            let connection = self.connection().await?;
            match errand.run(&connection).await {
                Ok(answer) => return Ok(answer),
                Err(Failed::Ended(error)) => {
                    // After a lost connection or silence the next call shall not trust this one again.
                    if matches!(error, ReachError::Lost { .. } | ReachError::Timeout { .. }) {
                        self.forget(&connection).await;
                    }
                    return Err(error);
                }
                Err(Failed::NotSent(reason)) => {
                    self.forget(&connection).await;
                    words = reason;
                    connections += 1;
                }
                Err(Failed::Full(reason)) => {
                    words = reason;
                    refusals += 1;
                    tokio::time::sleep(REFUSAL_PAUSE).await;
                }
            }
        }
        Err(ReachError::Connect {
            node: self.0.door.address.clone(),
            words,
        })
    }

    async fn connection(&self) -> Result<Arc<Connection>, ReachError> {
        let asked = Instant::now();
        let mut kept = self.0.kept.lock().await;
        if let Some(connection) = &kept.connection
            && !connection.is_closed()
        {
            return Ok(Arc::clone(connection));
        }
        if let Some((at, error)) = &kept.failed
            && *at >= asked
        {
            return Err(error.clone());
        }
        kept.connection = None;
        match self.connect().await {
            Ok(connection) => {
                let connection = Arc::new(connection);
                kept.connection = Some(Arc::clone(&connection));
                kept.failed = None;
                Ok(connection)
            }
            Err(error) => {
                kept.failed = Some((Instant::now(), error.clone()));
                Err(error)
            }
        }
    }

    pub(crate) async fn connect(&self) -> Result<Connection, ReachError> {
        let door = &self.0.door;
        let through = match &door.through {
            // Boxed: a way through nodes has no length that is known beforehand.
            Some(node) => Some(Box::pin(node.connection()).await?),
            None => None,
        };
        let login = Login::By(&door.credential);
        Connection::open(&door.address, &door.accepted, login, through).await
    }

    async fn forget(&self, connection: &Arc<Connection>) {
        let mut kept = self.0.kept.lock().await;
        if kept
            .connection
            .as_ref()
            .is_some_and(|known| Arc::ptr_eq(known, connection))
        {
            kept.connection = None;
        }
    }
}

impl Carry for SshNode {
    fn place(&self, vmid: Option<Vmid>) -> Place {
        Self::place(self, vmid)
    }

    async fn ask(
        &self,
        vmid: Vmid,
        verb: Verb,
        values: &[(&'static str, &str)],
        payload: &Payload<'_>,
    ) -> Result<Answer, ReachError> {
        Self::ask(self, Some(vmid), verb, values, payload).await
    }
}
