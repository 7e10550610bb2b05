//! Requests and answers of the commands. Types of `domain` travel as they are.

use domain::{
    ClusterId, GuestId, JobId, NodeKey, NodeName, OperationId, PlanId, Timestamp,
    docker::ImageInUse,
    facts::{AcceptedCertificate, DiscoveryEntry, GuestFacts, NodeFacts, TokenFacts},
    fleet::{ClusterRow, Fleet, GuestRow, NodeRow},
    host::{Certificate, Fingerprint},
    inventory::Inventory,
    operation::{Job, LogLine, Operation, OperationKind, Problem, Receipt, Target, UpdateFilter},
    paste::Paste,
    plan::{Allowed, LeftOut, PlanFingerprint},
};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

macro_rules! dto {
    ($($(#[$meta:meta])* struct $name:ident { $($(#[$field_meta:meta])* $field:ident: $type:ty,)* })*) => {$(
        $(#[$meta])*
        #[derive(Clone, Debug, Serialize, Deserialize, TS)]
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        pub struct $name { $($(#[$field_meta])* pub $field: $type,)* }
    )*};
}

mod access;
mod desktop;
mod images;
mod updates;

pub use access::*;
pub use desktop::*;
pub use images::*;
pub use updates::*;

dto! {
    /// No fields.
    struct Nothing {}

    /// About this program.
    struct AppInfo {
        version: String,
        data_dir: String,
        key_storage: KeyStorage,
        /// The demo: its own database, simulated clusters.
        demo: bool,
        /// Whether the desktop shows an icon of RedFlag.
        tray: TrayState,
    }

    /// A secret on its one way in. The answer is a reference; the value never comes back.
    struct KeepSecret { value: Secret, }
    /// Refers to a kept secret. Unused ones are forgotten after 30 minutes.
    struct SecretRef { id: String, }
    /// Opens the store of secrets, or chooses its passphrase at the first time.
    struct Unlock { passphrase: Secret, }

    /// The whole picture.
    struct Snapshot {
        /// Events up to this one are contained.
        #[ts(type = "number")]
        seq: u64,
        fleet: Fleet,
        /// Running ones and the newest 50 ended ones, newest first.
        operations: Vec<Operation>,
    }

    struct ProbeCluster {
        /// Host, `host:port` or an https URL; the port is 8006 unless given.
        address: String,
    }
    struct ProbedCluster {
        /// `host:port` as it will be stored.
        address: String,
        certificate: Certificate,
        /// The command to compare the fingerprint on the node's shell.
        compare: String,
        /// The certificate belongs to this cluster, which was added before.
        known: Option<ClusterId>,
    }

    struct CheckToken {
        address: String,
        /// The certificate that the user accepted.
        fingerprint: Fingerprint,
        /// `user@realm!name`.
        token_id: String,
        secret: SecretRef,
    }
    struct TokenCheck {
        version: String,
        /// None for a stand-alone node.
        cluster_name: Option<String>,
        nodes: Vec<NodeName>,
        privileges: Vec<Privilege>,
        /// Lines for the node's shell that grant exactly what is missing; empty when nothing is.
        grant: Vec<String>,
        /// Everything that is required is granted.
        enough: bool,
        visible_guests: u32,
    }
    /// One right that a feature needs.
    struct Privilege {
        name: String,
        path: String,
        /// What it is for, in a few words.
        used_for: String,
        granted: bool,
        required: bool,
    }

    struct AddCluster {
        address: String,
        fingerprint: Fingerprint,
        token_id: String,
        secret: SecretRef,
        /// Shown name; the cluster's own where empty.
        name: Option<String>,
    }
    struct AddedCluster {
        cluster: ClusterId,
        /// It was there already, reached through another node.
        already: bool,
    }

    struct Discover { cluster: ClusterId, }
    /// How a discovery ended.
    struct Discovery {
        nodes: u32,
        /// LXC guests, templates included.
        guests: u32,
        running: u32,
        stopped: u32,
        templates: u32,
        /// What could not be read: node by node, in the remote's words.
        problems: Vec<String>,
        /// `Found 2 nodes, 7 LXCs`.
        sentence: String,
    }

    struct MakePlan {
        /// Anything but a scan.
        kind: OperationKind,
        targets: Vec<Target>,
        only: UpdateFilter,
        /// What the plan may do beyond its kind.
        #[serde(default)]
        allowed: Allowed,
        /// One LXC first, and the rest only if that went well.
        #[serde(default)]
        canary: bool,
        /// The share of LXCs that may fail before the rest is not begun; none for the usual one.
        #[serde(default)]
        stop_percent: Option<u8>,
    }
    struct ApprovePlan {
        plan: PlanId,
        fingerprint: PlanFingerprint,
    }
    struct MakePastes { targets: Vec<Target>, }
    /// One command for each node.
    struct MadePastes {
        commands: Vec<PasteCommand>,
        /// What cannot be given an agent so, and why.
        left_out: Vec<LeftOut>,
    }
    struct PasteCommand {
        paste: Paste,
        /// To be run as root on the node. It holds a code that counts once, so it is told once.
        text: String,
    }
    /// What became of the commands of the last day, the oldest first.
    struct Pastes { pastes: Vec<Paste>, }
    struct StartScan { targets: Vec<Target>, }
    struct Started { operation: OperationId, }
    struct WhichOperation { operation: OperationId, }
    struct OperationDetails {
        operation: Operation,
        jobs: Vec<Job>,
        /// Of its plan: which updates it was about.
        only: UpdateFilter,
        /// Of its plan: what it may do beyond its kind.
        allowed: Allowed,
    }

    struct WhichGuest { guest: GuestId, }
    struct GuestDetails {
        row: GuestRow,
        inventory: Option<Inventory>,
        /// The container images in use.
        images: Vec<ImageInUse>,
        /// Newest first, at most 100.
        receipts: Vec<Receipt>,
        approvals: Vec<Approval>,
        /// The user's rules that count for it.
        rules: Vec<AppliedRule>,
    }
    struct GuestSettings {
        facts: Option<GuestFacts>,
        /// When Proxmox said so: now, unless there is a problem.
        at: Option<Timestamp>,
        /// Why it could not be asked now.
        problem: Option<String>,
    }
    struct WhichCluster { cluster: ClusterId, }
    struct ClusterDetails {
        row: ClusterRow,
        enabled: bool,
        /// `host:port`, the entry first.
        addresses: Vec<String>,
        token: TokenFacts,
        certificates: Vec<AcceptedCertificate>,
        /// SHA-256 of the cluster's own authority, where it was learned.
        authority: Option<Fingerprint>,
        /// Newest first, at most 100.
        discoveries: Vec<DiscoveryEntry>,
    }
    struct WhichNode { node: NodeKey, }
    struct NodeDetails {
        row: NodeRow,
        facts: Option<NodeFacts>,
        /// Why there are none.
        problem: Option<String>,
    }
    /// How a cluster answers, address by address.
    struct ClusterTest { addresses: Vec<AddressTest>, }
    struct AddressTest {
        address: String,
        /// Proxmox's version, when it answered.
        version: Option<String>,
        /// Why it did not.
        problem: Option<String>,
    }
    struct EditCluster {
        cluster: ClusterId,
        name: String,
        /// `host` or `host:port`, the entry first; at least one.
        addresses: Vec<String>,
    }
    struct SetEnabled {
        cluster: ClusterId,
        enabled: bool,
    }
    struct RotateToken {
        cluster: ClusterId,
        /// Another id may be given; the old token stays in Proxmox until it is deleted there.
        token_id: String,
        secret: SecretRef,
    }
    /// What goes when a cluster is removed.
    struct Removal {
        name: String,
        nodes: u32,
        guests: u32,
        /// Names of guests whose agents stay installed and will no longer be heard.
        agents: Vec<String>,
        running_operations: u32,
    }
    /// A certificate that is not the accepted one.
    struct CertificateChange {
        address: String,
        accepted: Vec<Fingerprint>,
        presented: Certificate,
        /// It is accepted already: nothing to do.
        same: bool,
        /// The command to compare the fingerprint on the node's shell.
        compare: String,
    }
    struct AcceptCertificate {
        cluster: ClusterId,
        address: String,
        fingerprint: Fingerprint,
    }
    /// A login that is used once to make role, user and token, and is then forgotten.
    struct CreateToken {
        address: String,
        fingerprint: Fingerprint,
        /// `root@pam`, or another account that may create users.
        user: String,
        password: SecretRef,
    }
    struct CreatedToken {
        token_id: String,
        /// The new token's secret, kept like one that was typed in.
        secret: SecretRef,
        /// What was done, line by line, as the `pveum` commands that do the same.
        done: Vec<String>,
    }
    struct ReadAudit {
        /// Text that an entry must contain; empty for all.
        search: String,
        /// Only entries older than the one with this id.
        #[ts(type = "number | null")]
        before: Option<i64>,
        /// At most 500.
        limit: u32,
    }
    struct Audit {
        /// Newest first.
        entries: Vec<AuditRow>,
        /// There are older ones.
        more: bool,
    }
    /// One privileged act.
    struct AuditRow {
        #[ts(type = "number")]
        id: i64,
        at: Timestamp,
        /// The account of the operating system, or `RedFlag` for what nobody asked for.
        actor: String,
        act: String,
        target: String,
        detail: Option<String>,
        /// Fingerprint of the plan that allowed it.
        plan: Option<String>,
        outcome: String,
    }
    struct ReadLog {
        job: JobId,
        /// Lines to skip.
        after: u32,
    }
    struct Log {
        /// At most 1000.
        lines: Vec<LogLine>,
        /// Lines in all.
        total: u32,
    }
    /// The way from a guest to this computer.
    struct TriedWay {
        /// The addresses that its agent was told, as tried.
        endpoints: Vec<String>,
        /// It reaches this computer by itself.
        open: bool,
        /// What keeps it from that, and what to do.
        problem: Option<Problem>,
    }
    /// Where agents reach this computer.
    struct GatewayInfo {
        port: u16,
        /// `host:port`.
        addresses: Vec<String>,
        /// The port before the last change; it is heard, too, while some agents know no other.
        former: Option<u16>,
        /// How many those are.
        waiting: u32,
        /// Set by the environment: it cannot be changed here.
        fixed: bool,
    }
    struct SetGatewayPort { port: u16, }
    struct WhichJob { job: JobId, }
    struct JobReceipt {
        /// None while the job runs, and for jobs that change no packages.
        receipt: Option<Receipt>,
    }
}

/// Where the master key lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum KeyStorage {
    /// The operating system's keyring; open.
    Keyring,
    /// Derived from a passphrase; open.
    Passphrase,
    /// There is no keyring, and no passphrase has been chosen yet.
    PassphraseToChoose,
    /// A passphrase was chosen and must be entered.
    PassphraseNeeded,
}

/// A secret inside a request. Prints as dots, never serialises its value.
#[derive(Clone, Deserialize, TS)]
#[serde(transparent)]
#[ts(type = "string")]
pub struct Secret(secrecy::SecretString);

impl Secret {
    /// Takes the value out of the request.
    pub fn into_inner(self) -> secrecy::SecretString {
        self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}

impl Serialize for Secret {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("…")
    }
}
