//! One node reached by SSH, and what can be asked of it and of its guests.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use domain::{Vmid, host::HostKey};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use tokio::sync::{Mutex, Semaphore};

use crate::{
    CommandLog, GuestProbe, NodeAddress, Place, ReachError, Verb,
    connection::{Connection, Login},
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
    address: NodeAddress,
    accepted: HostKey,
    private_key: SecretString,
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

/// What `copy` did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Copied {
    Copied,
    /// The same binary was there already.
    Same,
}

impl std::fmt::Debug for SshNode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SshNode({})", self.0.address)
    }
}

impl SshNode {
    /// Nothing is connected yet. `accepted` is the host key that the user compared; another one is always refused.
    pub fn new(
        address: NodeAddress,
        accepted: HostKey,
        private_key: SecretString,
        log: Arc<dyn CommandLog>,
    ) -> Self {
        Self(Arc::new(Shared {
            address,
            accepted,
            private_key,
            log,
            channels: Semaphore::new(CHANNELS),
            kept: Mutex::new(Kept::default()),
        }))
    }

    /// Where it is.
    pub fn address(&self) -> &NodeAddress {
        &self.0.address
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
        let answer = self
            .ask(Some(vmid), Verb::Probe, &[], &Payload::None)
            .await?;
        GuestProbe::parse(&answer.stdout)
            .map_err(|words| self.garbled(vmid, Verb::Probe, words.as_bytes()))
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
        let binary = binary.as_ref();
        let expected = hex::encode(sha256);
        let found = hex::encode(Sha256::digest(binary));
        if found != expected {
            return Err(ReachError::BadInput {
                place: self.place(Some(vmid)),
                why: format!("the agent's binary has the SHA-256 {found}, not {expected}"),
            });
        }
        let answer = self
            .ask(
                Some(vmid),
                Verb::Copy,
                &[("expected", &expected)],
                &Payload::Bytes(binary),
            )
            .await?;
        let values = output::values(&answer.stdout);
        if values.get("sha256") != Some(&expected.as_str()) {
            return Err(self.garbled(vmid, Verb::Copy, answer.stdout.as_bytes()));
        }
        Ok(match values.get("copied") {
            Some(&"no") => Copied::Same,
            _ => Copied::Copied,
        })
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
        self.ask(
            Some(vmid),
            Verb::Configure,
            &[],
            &Payload::Text(bootstrap_json.expose_secret()),
        )
        .await
        .map(|_| ())
    }

    /// Runs `redflag-agent install` in the guest; gives what it wrote, for the log.
    ///
    /// # Errors
    /// [`ReachError::Script`] with the agent's words, and others of a guest.
    pub async fn install(&self, vmid: Vmid) -> Result<String, ReachError> {
        let answer = self
            .ask(Some(vmid), Verb::Install, &[], &Payload::None)
            .await?;
        let mut text = answer.stdout;
        if !answer.stderr.is_empty() {
            if !text.is_empty() {
                text.push('\n');
            }
            text.push_str(&answer.stderr);
        }
        Ok(text)
    }

    /// Removes the bootstrap file and half-copied binaries; and, where no agent was ever enrolled, the agent itself
    /// with its service and folders. An enrolled agent is left alone.
    ///
    /// # Errors
    /// Those of a guest.
    pub async fn clean(&self, vmid: Vmid) -> Result<(), ReachError> {
        self.ask(Some(vmid), Verb::Clean, &[], &Payload::None)
            .await
            .map(|_| ())
    }

    /// Starts the agent's service again, by whatever starts services in the guest.
    ///
    /// # Errors
    /// [`ReachError::Script`] with the service's words, and others of a guest.
    pub async fn restart(&self, vmid: Vmid) -> Result<(), ReachError> {
        self.ask(Some(vmid), Verb::Restart, &[], &Payload::None)
            .await
            .map(|_| ())
    }

    /// Takes the agent out of the guest: service, configuration, state and binary. Repeatable.
    ///
    /// # Errors
    /// [`ReachError::Script`] with status 8 while the agent is at work, 5 for a file that stays; and others of a guest.
    pub async fn remove(&self, vmid: Vmid) -> Result<(), ReachError> {
        self.ask(Some(vmid), Verb::Remove, &[], &Payload::None)
            .await
            .map(|_| ())
    }

    fn place(&self, vmid: Option<Vmid>) -> Place {
        Place {
            node: self.0.address.clone(),
            vmid,
        }
    }

    fn garbled(&self, vmid: Vmid, verb: Verb, words: &[u8]) -> ReachError {
        ReachError::Garbled {
            place: self.place(Some(vmid)),
            verb,
            words: output::words(words),
        }
    }

    async fn ask(
        &self,
        vmid: Option<Vmid>,
        verb: Verb,
        values: &[(&'static str, &str)],
        payload: &Payload<'_>,
    ) -> Result<Answer, ReachError> {
        let place = self.place(vmid);
        let recording = Recording::begin(self.0.log.as_ref(), &place, verb);
        let outcome = match Errand::new(place.clone(), verb, values, payload) {
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
                node: self.0.address.clone(),
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
            node: self.0.address.clone(),
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
        let login = Login::Key(&self.0.private_key);
        match Connection::open(&self.0.address, &self.0.accepted, login).await {
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
