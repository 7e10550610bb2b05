//! One node reached by SSH, and what can be asked of it and of its guests.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use domain::{Vmid, host::HostKey};
use secrecy::SecretString;
use tokio::sync::{Mutex, Semaphore};

use crate::{
    CommandLog, Copied, Credential, Entry, GuestProbe, NodeAddress, Place, ReachError, Verb, Via,
    connection::{self, Connection},
    guest::{self, Carry},
    login::Login,
    many::Round,
    output,
    run::{Answer, Errand, Failed, Recording},
    script::Payload,
};

/// sshd allows ten sessions on a connection by default; two are left for what a dropped call has not closed yet.
const CHANNELS: usize = 8;
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

/// What a first look at a node told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entered {
    /// None where the key may not ask.
    pub hostname: Option<String>,
    /// The guests that run on the node; none where the account may not ask.
    pub guests: Option<Vec<Vmid>>,
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

    /// The first harmless commands, as far as the account may run any: that it can be entered as it should be.
    ///
    /// # Errors
    /// Those of a node; [`ReachError::NotAllowed`] where sudo's rule or the wrapper is missing.
    pub async fn enter(&self) -> Result<Entered, ReachError> {
        match self.entry() {
            Entry::Attach => Ok(Entered {
                hostname: Some(self.hostname().await?),
                guests: Some(self.guests().await?),
            }),
            Entry::Sudo => {
                let hostname = self.hostname().await?;
                let allowed = self.ask(None, Verb::Allowed, &[], &Payload::None).await;
                allowed.map_err(|error| match error {
                    ReachError::Script { place, stderr, .. } => ReachError::NotAllowed {
                        place,
                        words: stderr,
                    },
                    other => other,
                })?;
                Ok(Entered {
                    hostname: Some(hostname),
                    guests: None,
                })
            }
            // The wrapper refuses whatever is not `exec VMID`, and by that it is known.
            Entry::Wrapper => match self.ask(None, Verb::Hostname, &[], &Payload::None).await {
                Err(ReachError::NotAllowed { words, .. })
                    if words.contains("redflag-enter: only") =>
                {
                    Ok(Entered {
                        hostname: None,
                        guests: None,
                    })
                }
                Err(error) => Err(error),
                Ok(_) => Err(ReachError::NotAllowed {
                    place: self.place(None),
                    words: "the key is not bound to RedFlag's wrapper: it runs any command".into(),
                }),
            },
        }
    }

    /// Asks many running guests the same, as one command on the node where the account has a shell there: a loop in
    /// four lanes, 10 s for each guest. Only verbs that need nothing beside their name. One outcome for each guest,
    /// in the order given.
    ///
    /// With sudo the limit cannot end what runs as root; with the wrapper there is no shell for a loop, and the
    /// guests are entered one by one, 8 at a time.
    pub async fn run_many(
        &self,
        guests: &[Vmid],
        verb: Verb,
    ) -> Vec<(Vmid, Result<String, ReachError>)> {
        if guests.is_empty() {
            return Vec::new();
        }
        if !verb.stands_alone() {
            let why = format!("`{verb}` cannot be asked of many at once");
            let failed = |vmid: &Vmid| {
                let place = self.place(Some(*vmid));
                let error = ReachError::BadInput {
                    place,
                    why: why.clone(),
                };
                (*vmid, Err(error))
            };
            return guests.iter().map(failed).collect();
        }
        if !self.entry().has_shell() {
            let asking = guests.iter().map(|vmid| async {
                let answer = self.ask(Some(*vmid), verb, &[], &Payload::None).await;
                (*vmid, answer.map(|answer| answer.stdout))
            });
            return futures_util::future::join_all(asking).await;
        }
        let via = Via::from(self.address().clone());
        let outcome = async {
            let round = Round::new(&via, self.entry(), guests, verb)?;
            let errand = self
                .errand(None, Verb::Many, &round.values(), &round.payload())?
                .within(round.limit(guests.len()));
            let answer = self.send(&errand).await?;
            Ok(round.judge(&via, guests, verb, &answer.stdout))
        };
        let recording = Recording::begin(self.0.log.as_ref(), self.place(None), Verb::Many);
        let outcome: Result<_, ReachError> = outcome.await;
        recording.end(&outcome);
        match outcome {
            Ok(outcomes) => outcomes,
            // What held up the loop held up each of them.
            Err(error) => guests.iter().map(|v| (*v, Err(error.clone()))).collect(),
        }
    }

    /// [`SshNode::probe`] of many guests at once.
    pub async fn probe_many(&self, guests: &[Vmid]) -> Vec<(Vmid, Result<GuestProbe, ReachError>)> {
        let outcomes = self.run_many(guests, Verb::Probe).await;
        let read = |(vmid, outcome): (Vmid, Result<String, ReachError>)| {
            let probe = outcome.and_then(|text| {
                GuestProbe::parse(&text).map_err(|words| ReachError::Garbled {
                    place: self.place(Some(vmid)),
                    verb: Verb::Probe,
                    words: output::words(words.as_bytes()),
                })
            });
            (vmid, probe)
        };
        outcomes.into_iter().map(read).collect()
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

    fn place(&self, vmid: Option<Vmid>) -> Place {
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

    async fn ask(
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

    async fn connect(&self) -> Result<Connection, ReachError> {
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
