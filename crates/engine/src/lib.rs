//! What RedFlag does: discovers clusters, puts agents in, runs operations, takes them up again after a restart.
//!
//! Knows no SQL and no HTTP: those are the adapters'. Nothing here may run for long under a lock, and nothing that
//! changes the world happens before it is written in the journal.

mod access;
mod addresses;
mod advice;
mod agent_file;
mod agents;
mod answers;
mod approvals;
mod asking;
mod candidates;
mod carrying;
mod certificates;
mod clock;
mod cluster_calls;
mod clusters;
mod codes;
mod copies;
mod desk;
mod discovery;
mod doors;
mod error;
mod facts;
mod failures;
pub mod feed;
mod image_list;
mod images;
mod inner;
mod intake;
mod keeping;
mod life;
mod load;
mod logins;
mod merge;
mod node_access;
mod operations;
mod pastes;
mod pasting;
mod picture;
mod plans;
mod platform;
mod port;
mod preferences;
mod proposals;
mod reception;
mod reconcile;
mod registries;
mod rhythm;
mod roads;
mod rules;
mod shared;
mod shells;
mod start;
mod state;
mod updates;
mod upkeep;
mod visit;
mod way;
mod wishes;

pub use agent_file::AgentFile;
pub use approvals::Approved;
pub use carrying::WayTried;
pub use certificates::Presented;
pub use clusters::{Added, Probed, TokenReport};
pub use discovery::Summary;
pub use error::{Error, Kind};
pub use facts::KnownFacts;
pub use image_list::{FleetImage, ImageUse, RegistryRow};
pub use keeping::Kept;
pub use life::{AddressAnswer, ClusterLife, Removal};
pub use logins::FoundLogin;
pub use node_access::Entered;
pub use pasting::PasteCommand;
pub use plans::PlanOptions;
pub use port::GatewayFacts;
pub use proposals::{Configured, Proposal, Proposals};
pub use pve::{CreatedToken, LoadPoint, TimeFrame};
pub use reach::NodeAddress;
pub use rhythm::Rhythm;
pub use start::Settings;
pub use store::{AuditEntry, Backup, FoundReceipt, KeySource, VaultState};
pub use updates::{FleetUpdate, Named, UpdateGroup};

use std::{sync::Arc, time::Duration};

use domain::{
    GuestId, JobId, OperationId, PlanId,
    docker::ImageInUse,
    fleet::{Fleet, GuestRow},
    inventory::Inventory,
    operation::{Job, LogLine, Operation, OperationKind, Receipt, Target, UpdateFilter},
    paste::Paste,
    plan::{LeftOut, Plan, PlanFingerprint},
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
    /// By engine and name.
    pub images: Vec<ImageInUse>,
    /// Newest first, at most 100.
    pub receipts: Vec<Receipt>,
}

/// An operation with its jobs, and the plan that was approved for it.
#[derive(Clone, Debug)]
pub struct KnownOperation {
    pub operation: Operation,
    pub jobs: Vec<Job>,
    /// None for a scan.
    pub plan: Option<Plan>,
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

    /// Events from now on, for one that looks on as long as the program runs and is no reason to ask more often.
    pub fn attend(&self) -> broadcast::Receiver<Event> {
        self.0.feed.attend()
    }

    /// Whether the picture is out of sight now, so that it need not be as fresh.
    pub fn set_hidden(&self, hidden: bool) {
        let before = self.0.feed.is_watched();
        self.0.feed.set_hidden(hidden);
        if !before && self.0.feed.is_watched() {
            self.0.wake(|_| true);
        }
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

    /// One operation with its jobs and its plan.
    ///
    /// # Errors
    /// [`Kind::NotFound`].
    pub async fn operation(&self, id: OperationId) -> Result<KnownOperation, Error> {
        let record = self
            .0
            .store
            .operation(id)
            .await?
            .ok_or_else(|| Error::not_found("The operation"))?;
        let live = self.0.live().get(&id).map(|live| live.operation().clone());
        let jobs = record.jobs.into_iter().map(|job| job.job).collect();
        Ok(KnownOperation {
            operation: live.unwrap_or(record.operation),
            jobs,
            plan: record.plan,
        })
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
        let (inventory, images) = self.0.state.read(|known| match known.guests.get(&id) {
            Some(guest) => {
                let report = guest.inventory.as_ref();
                (report.map(|r| r.inventory.clone()), guest.images.clone())
            }
            None => (None, Vec::new()),
        });
        let receipts = self.0.store.receipts_of(id, 100).await?;
        Ok(GuestDetails {
            row,
            inventory,
            images,
            receipts,
        })
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
        options: PlanOptions,
    ) -> Result<Plan, Error> {
        self.0.make_plan(kind, targets, only, options).await
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

    /// Commands that put agents into everything below `targets`, one for each node, to be pasted into its shell; and
    /// what cannot be given an agent so.
    ///
    /// # Errors
    /// An empty selection, no agent to install, no address that a node could reach.
    pub async fn make_pastes(
        &self,
        targets: &[Target],
    ) -> Result<(Vec<PasteCommand>, Vec<LeftOut>), Error> {
        self.0.make_pastes(targets).await
    }

    /// What became of the pasted commands of the last day, the oldest first.
    pub fn pastes(&self) -> Vec<Paste> {
        self.0.pastes.all(clock::now())
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
