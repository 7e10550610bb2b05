//! What every part of the engine shares.

use std::{
    collections::{BTreeMap, HashMap},
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicU16, Ordering},
    },
};

use domain::{ClusterId, JobId, NodeKey, OperationId};
use reach::SshNode;
use store::{AuditEntry, Store, Vault};
use tls::Ca;
use tokio::sync::{Mutex as AsyncMutex, Semaphore};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    AgentFile, Error, Kind,
    agent_file::AgentBinary,
    carrying::Sessions,
    clock,
    codes::Codes,
    desk::Desk,
    discovery::Watch,
    feed::Feed,
    images::Images,
    intake::Intake,
    operations::{Live, Turns},
    pastes::Pastes,
    plans::Plans,
    preferences::Chosen,
    registries::Registries,
    rhythm::Rhythm,
    state::State,
};

/// The engine's parts.
pub(crate) struct Inner {
    pub(crate) store: Store,
    pub(crate) vault: Vault,
    pub(crate) feed: Arc<Feed>,
    pub(crate) state: State,
    pub(crate) desk: Desk,
    pub(crate) intake: Intake,
    pub(crate) images: Images,
    pub(crate) registries: Registries,
    pub(crate) codes: Codes,
    pub(crate) plans: Plans,
    pub(crate) chosen: Chosen,
    pub(crate) pastes: Pastes,
    pub(crate) turns: Turns,
    /// Shared by all clients: so many calls at once to a node, and over all.
    pub(crate) limits: pve::Limits,
    pub(crate) rhythm: Rhythm,
    /// Held while the record of a cluster is read, changed and written, so that no change is lost to another.
    pub(crate) records: AsyncMutex<()>,
    pub(crate) watches: Mutex<HashMap<ClusterId, Arc<Watch>>>,
    pub(crate) ssh: Mutex<HashMap<NodeKey, SshNode>>,
    /// Why the last try to set up the way into a node failed.
    pub(crate) tries: Mutex<HashMap<NodeKey, String>>,
    /// The user's home folder, where SSH keeps its configuration and keys.
    pub(crate) home: Option<PathBuf>,
    /// Kept so that visits to one guest take turns.
    pub(crate) consoles: Mutex<HashMap<NodeKey, reach::ApiConsole>>,
    /// Agents that are heard through their nodes.
    pub(crate) sessions: Sessions,
    /// The turns in which such sessions are opened.
    pub(crate) opening: Semaphore,
    pub(crate) operations: Mutex<BTreeMap<OperationId, Live>>,
    pub(crate) started: OnceLock<Started>,
    pub(crate) agent_file: Option<AgentFile>,
    pub(crate) gateway_bind: Option<std::net::SocketAddr>,
    pub(crate) loaded_binary: OnceLock<AgentBinary>,
    /// Set when every unfinished job has been taken up: only then agents are heard.
    pub(crate) reconciled: OnceLock<()>,
    pub(crate) tasks: TaskTracker,
    pub(crate) stop: CancellationToken,
}

/// What exists once the secrets are open.
pub(crate) struct Started {
    pub(crate) ca: Ca,
    pub(crate) server_name: String,
    /// Where the gateway listens.
    pub(crate) port: AtomicU16,
    /// How agents are spoken to, by whichever way they come.
    pub(crate) tls: Arc<rustls::ServerConfig>,
}

impl Inner {
    pub(crate) fn started(&self) -> Result<&Started, Error> {
        self.started.get().ok_or_else(|| {
            Error::new(Kind::Locked, "RedFlag's secrets are not open yet")
                .next("Enter the passphrase first.")
        })
    }

    /// The authority that agents trust.
    pub(crate) fn ca(&self) -> Result<&Ca, Error> {
        Ok(&self.started()?.ca)
    }

    /// The name that agents expect in the gateway's certificate.
    pub(crate) fn server_name(&self) -> Result<String, Error> {
        Ok(self.started()?.server_name.clone())
    }

    /// The gateway's side of TLS.
    pub(crate) fn gateway_tls(&self) -> Result<Arc<rustls::ServerConfig>, Error> {
        Ok(Arc::clone(&self.started()?.tls))
    }

    /// The gateway's port, once it listens.
    pub(crate) fn gateway_port(&self) -> Option<u16> {
        self.started.get().map(|s| s.port.load(Ordering::Relaxed))
    }

    /// The running operations.
    pub(crate) fn live(&self) -> MutexGuard<'_, BTreeMap<OperationId, Live>> {
        self.operations
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether unfinished operations have been taken up after the start.
    pub(crate) fn is_reconciled(&self) -> bool {
        self.reconciled.get().is_some()
    }

    /// Whether a job of a running operation is not over.
    pub(crate) fn is_open(&self, job: JobId) -> bool {
        self.live().values().any(|live| live.is_open(job))
    }

    /// Adds to the append-only table of privileged acts. A failure is logged: the act itself has happened.
    pub(crate) async fn audit(
        &self,
        actor: &str,
        act: &str,
        target: &str,
        detail: &str,
        outcome: &str,
    ) {
        self.audit_of_plan(actor, act, target, detail, None, outcome)
            .await;
    }

    /// As [`Inner::audit`], for an act that a plan allowed: with the short form of its fingerprint.
    pub(crate) async fn audit_of_plan(
        &self,
        actor: &str,
        act: &str,
        target: &str,
        detail: &str,
        plan: Option<&str>,
        outcome: &str,
    ) {
        let entry = AuditEntry {
            at: clock::now(),
            actor: actor.into(),
            act: act.into(),
            target: target.into(),
            detail: (!detail.is_empty()).then(|| detail.into()),
            plan: plan.map(Into::into),
            outcome: outcome.into(),
        };
        if let Err(error) = self.store.audit(&entry).await {
            tracing::error!(%error, act, target, "an act could not be written to the audit");
        }
    }
}
