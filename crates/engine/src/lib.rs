//! What RedFlag does: discovers clusters, puts agents in, runs operations, takes them up again after a restart.
//!
//! Knows no SQL and no HTTP: those are the adapters'. Nothing here may run for long under a lock, and nothing that
//! changes the world happens before it is written in the journal.

mod access;
mod addresses;
mod agents;
mod answers;
mod asking;
mod certificates;
mod clock;
mod clusters;
mod codes;
mod copies;
mod desk;
mod discovery;
mod error;
mod facts;
mod failures;
pub mod feed;
mod inner;
mod life;
mod merge;
mod operations;
mod picture;
mod plans;
mod reception;
mod reconcile;
mod rhythm;
mod roads;
mod start;
mod state;

pub use access::{Entered, Proposal};
pub use certificates::Presented;
pub use clusters::{Added, Probed, TokenReport};
pub use discovery::Summary;
pub use error::{Error, Kind};
pub use facts::KnownFacts;
pub use inner::AgentBinary;
pub use life::{AddressAnswer, ClusterLife, Removal};
pub use pve::CreatedToken;
pub use reach::NodeAddress;
pub use rhythm::Rhythm;
pub use start::Settings;
pub use store::{AuditEntry, KeySource, VaultState};

use std::{sync::Arc, time::Duration};

use domain::{
    ClusterId, GuestId, JobId, NodeKey, OperationId, PlanId,
    facts::NodeFacts,
    fleet::{Fleet, GuestRow},
    host::{Fingerprint, HostKey},
    inventory::Inventory,
    operation::{Job, LogLine, Operation, OperationKind, Receipt, Target, UpdateFilter},
    plan::{Allowed, Plan, PlanFingerprint},
};
use secrecy::SecretString;
use tokio::sync::broadcast;

use feed::Event;
use inner::Inner;

/// How long running calls may take to end when the program stops.
const FAREWELL: Duration = Duration::from_secs(3);

/// The engine. Cheap to clone.
#[derive(Clone)]
pub struct Engine(Arc<Inner>);

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Engine(…)")
    }
}

/// A guest with all that is known of it.
#[derive(Clone, Debug)]
pub struct GuestDetails {
    pub row: GuestRow,
    pub inventory: Option<Inventory>,
    /// Newest first, at most 100.
    pub receipts: Vec<Receipt>,
}

impl Engine {
    /// Where the master key of the secrets is, and whether it is open.
    pub fn vault_state(&self) -> VaultState {
        self.0.vault.state()
    }

    /// Opens the secrets with a passphrase (chosen now, if none was), and starts what waited for them.
    ///
    /// # Errors
    /// A wrong passphrase, or whatever keeps the start from succeeding.
    pub async fn unlock(&self, passphrase: SecretString) -> Result<(), Error> {
        self.0.vault.unlock(passphrase).await?;
        self.start().await
    }

    /// The picture and the number of the last event that it contains.
    pub fn snapshot(&self) -> (u64, Fleet) {
        self.0.state.show(clock::now());
        self.0.feed.snapshot()
    }

    /// Events from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<Event> {
        let unwatched = !self.0.feed.is_watched();
        let events = self.0.feed.subscribe();
        if unwatched {
            // What is looked at again after a while shall not wait for the slow rhythm.
            self.0.wake(|_| true);
        }
        events
    }

    /// Running operations and the newest ended ones, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn operations(&self, limit: u32) -> Result<Vec<Operation>, Error> {
        let mut all: Vec<Operation> = self
            .0
            .live()
            .values()
            .map(|live| live.operation().clone())
            .collect();
        for operation in self.0.store.operations(limit).await? {
            if !all.iter().any(|known| known.id == operation.id) {
                all.push(operation);
            }
        }
        all.sort_by_key(|operation| std::cmp::Reverse(operation.number));
        Ok(all)
    }

    /// One operation with its jobs.
    ///
    /// # Errors
    /// [`Kind::NotFound`].
    pub async fn operation(&self, id: OperationId) -> Result<(Operation, Vec<Job>), Error> {
        let record = self
            .0
            .store
            .operation(id)
            .await?
            .ok_or_else(|| Error::not_found("The operation"))?;
        let live = self.0.live().get(&id).map(|live| live.operation().clone());
        let jobs = record.jobs.into_iter().map(|job| job.job).collect();
        Ok((live.unwrap_or(record.operation), jobs))
    }

    /// Asks an operation to stop.
    ///
    /// # Errors
    /// [`Kind::Conflict`] when it is over.
    pub async fn cancel_operation(&self, id: OperationId) -> Result<(), Error> {
        self.0.cancel_operation(id).await
    }

    /// Lines of a job's log from `after` on, and how many there are.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn log(
        &self,
        job: JobId,
        after: u32,
        limit: u32,
    ) -> Result<(Vec<LogLine>, u32), Error> {
        Ok(self.0.store.log(job, after, limit).await?)
    }

    /// The receipt of a job; none while it runs and for jobs that change no packages.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn receipt(&self, job: JobId) -> Result<Option<Receipt>, Error> {
        Ok(self.0.store.receipt(job).await?)
    }

    /// A guest with its inventory and history.
    ///
    /// # Errors
    /// [`Kind::NotFound`].
    pub async fn guest(&self, id: GuestId) -> Result<GuestDetails, Error> {
        let (_, fleet) = self.snapshot();
        let row = fleet
            .guests
            .into_iter()
            .find(|row| row.id == id)
            .ok_or_else(|| Error::not_found("The LXC"))?;
        let inventory = self
            .0
            .state
            .read(|known| Some(known.guests.get(&id)?.inventory.as_ref()?.inventory.clone()));
        let receipts = self.0.store.receipts_of(id, 100).await?;
        Ok(GuestDetails {
            row,
            inventory,
            receipts,
        })
    }

    /// Looks at a cluster's certificate; trusts nothing.
    ///
    /// # Errors
    /// An address that is none, or that does not answer as Proxmox does.
    pub async fn probe_cluster(&self, address: &str) -> Result<Probed, Error> {
        self.0.probe_cluster(address).await
    }

    /// Tries a token and tells what it may do.
    ///
    /// # Errors
    /// A refused token, another certificate, no answer.
    pub async fn check_token(
        &self,
        address: &str,
        accepted: Fingerprint,
        token_id: &str,
        secret: SecretString,
    ) -> Result<TokenReport, Error> {
        self.0
            .check_token(address, accepted, token_id, secret)
            .await
    }

    /// Makes RedFlag's own role, user and token; the login is forgotten with the call.
    ///
    /// # Errors
    /// A refused login, a second factor, missing rights of the account.
    pub async fn create_token(
        &self,
        address: &str,
        accepted: Fingerprint,
        user: &str,
        password: SecretString,
    ) -> Result<CreatedToken, Error> {
        self.0.create_token(address, accepted, user, password).await
    }

    /// Adds a cluster, or finds that it is there already.
    ///
    /// # Errors
    /// As [`Engine::check_token`].
    pub async fn add_cluster(
        &self,
        address: &str,
        accepted: Fingerprint,
        token_id: &str,
        secret: SecretString,
        name: Option<String>,
    ) -> Result<Added, Error> {
        self.0
            .add_cluster(address, accepted, token_id, secret, name)
            .await
    }

    /// Reads a whole cluster now.
    ///
    /// # Errors
    /// [`Kind::NotFound`], or why the cluster gave no answer at all; single failures stand in the summary.
    pub async fn discover(&self, cluster: ClusterId) -> Result<Summary, Error> {
        self.0.discover(cluster).await
    }

    /// A cluster with what the tree does not show.
    ///
    /// # Errors
    /// [`Kind::NotFound`].
    pub async fn cluster_life(&self, cluster: ClusterId) -> Result<ClusterLife, Error> {
        self.0.cluster_life(cluster).await
    }

    /// What Proxmox says of a guest's configuration, or said when it last answered.
    ///
    /// # Errors
    /// [`Kind::NotFound`].
    pub async fn guest_facts(&self, guest: GuestId) -> Result<KnownFacts, Error> {
        self.0.guest_facts(guest).await
    }

    /// What a node says of itself.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn node_facts(&self, node: &NodeKey) -> Result<NodeFacts, Error> {
        self.0.node_facts(node).await
    }

    /// How a cluster answers, address by address.
    ///
    /// # Errors
    /// [`Kind::NotFound`].
    pub async fn test_cluster(&self, cluster: ClusterId) -> Result<Vec<AddressAnswer>, Error> {
        self.0.test_cluster(cluster).await
    }

    /// Gives a cluster another name or other addresses.
    ///
    /// # Errors
    /// [`Kind::BadInput`] names the address that is none.
    pub async fn edit_cluster(
        &self,
        cluster: ClusterId,
        name: &str,
        addresses: &[String],
    ) -> Result<(), Error> {
        self.0.edit_cluster(cluster, name, addresses).await
    }

    /// Switches a cluster on or off; what is off is not asked and keeps its last picture.
    ///
    /// # Errors
    /// [`Kind::NotFound`].
    pub async fn set_enabled(&self, cluster: ClusterId, enabled: bool) -> Result<(), Error> {
        self.0.set_enabled(cluster, enabled).await
    }

    /// Uses another token from now on, if it may do what is required; the report says what it may.
    ///
    /// # Errors
    /// A refused token: the old one stays.
    pub async fn rotate_token(
        &self,
        cluster: ClusterId,
        token_id: &str,
        secret: SecretString,
    ) -> Result<TokenReport, Error> {
        self.0.rotate_token(cluster, token_id, secret).await
    }

    /// What goes when a cluster is removed.
    ///
    /// # Errors
    /// [`Kind::NotFound`].
    pub async fn removal(&self, cluster: ClusterId) -> Result<Removal, Error> {
        self.0.removal(cluster).await
    }

    /// Removes a cluster from RedFlag. Nothing is changed in Proxmox; agents stay installed.
    ///
    /// # Errors
    /// [`Kind::Conflict`] while operations run on it.
    pub async fn remove_cluster(&self, cluster: ClusterId) -> Result<(), Error> {
        self.0.remove_cluster(cluster).await
    }

    /// The certificate that a cluster shows now, beside the accepted ones.
    ///
    /// # Errors
    /// No address answers.
    pub async fn presented_certificate(&self, cluster: ClusterId) -> Result<Presented, Error> {
        self.0.presented_certificate(cluster).await
    }

    /// Accepts a certificate that was compared.
    ///
    /// # Errors
    /// [`Kind::IdentityChanged`] when the address shows yet another.
    pub async fn accept_certificate(
        &self,
        cluster: ClusterId,
        address: &str,
        accepted: Fingerprint,
    ) -> Result<(), Error> {
        self.0.accept_certificate(cluster, address, accepted).await
    }

    /// RedFlag's public SSH key, and a proposal for each node.
    ///
    /// # Errors
    /// Locked secrets.
    pub async fn access_proposals(
        &self,
        cluster: ClusterId,
    ) -> Result<(String, Vec<Proposal>), Error> {
        self.0.access_proposals(cluster).await
    }

    /// The host key that a node shows, and the accepted one where that is another.
    ///
    /// # Errors
    /// No sshd there.
    pub async fn probe_node(
        &self,
        key: &NodeKey,
        address: &NodeAddress,
    ) -> Result<(HostKey, Option<HostKey>), Error> {
        self.0.probe_node(key, address).await
    }

    /// Sets up and tries the way into a node.
    ///
    /// # Errors
    /// Refused login, changed host key, no answer.
    pub async fn save_access(
        &self,
        key: &NodeKey,
        address: NodeAddress,
        host_key: HostKey,
        password: Option<SecretString>,
    ) -> Result<Entered, Error> {
        self.0.save_access(key, address, host_key, password).await
    }

    /// Makes a plan for everything below `targets`.
    ///
    /// # Errors
    /// An empty selection.
    pub async fn make_plan(
        &self,
        kind: OperationKind,
        targets: &[Target],
        only: UpdateFilter,
        allowed: Allowed,
    ) -> Result<Plan, Error> {
        self.0.make_plan(kind, targets, only, allowed).await
    }

    /// Begins an approved plan.
    ///
    /// # Errors
    /// [`Kind::PlanMoved`] unless it is the plan that was shown, and still good.
    pub async fn approve_plan(
        &self,
        plan: PlanId,
        fingerprint: &PlanFingerprint,
    ) -> Result<OperationId, Error> {
        self.0.approve_plan(plan, fingerprint).await
    }

    /// Begins a scan.
    ///
    /// # Errors
    /// [`Kind::Conflict`] when nothing of the selection can be scanned now.
    pub async fn start_scan(&self, targets: &[Target]) -> Result<OperationId, Error> {
        self.0.start_scan(targets).await
    }

    /// What was done with privileges, newest first: entries containing `search` with ids below `before`.
    ///
    /// # Errors
    /// The database.
    pub async fn audit_entries(
        &self,
        search: &str,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<(i64, AuditEntry)>, Error> {
        Ok(self.0.store.audit_entries(search, before, limit).await?)
    }

    /// Stops asking and listening. What runs inside guests goes on there and is taken up at the next start.
    pub async fn shutdown(&self) {
        self.0.stop.cancel();
        self.0.tasks.close();
        let _ = tokio::time::timeout(FAREWELL, self.0.tasks.wait()).await;
        self.0.store.close().await;
    }
}
