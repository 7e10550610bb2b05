//! Approvals, rules, pending updates of the fleet, and the history.

use domain::{
    ApprovalId, GuestId, JobId, NodeName, RuleId, Timestamp, Vmid,
    inventory::{Blocked, Severity},
    operation::{Receipt, Target, UpdateFilter},
    rule::RuleKind,
};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

dto! {
    /// One approved update, of one LXC and one version.
    struct Approval {
        id: ApprovalId,
        guest: GuestId,
        vmid: Vmid,
        name: String,
        node: NodeName,
        /// Its name.
        cluster: String,
        package: String,
        arch: String,
        /// The version before it, as far as is known.
        installed: Option<String>,
        version: String,
        severity: Severity,
        approved_by: String,
        approved_at: Timestamp,
        /// What was approved: `pve1, security updates`.
        through: String,
    }
    struct ApproveUpdates {
        targets: Vec<Target>,
        only: UpdateFilter,
    }
    struct ApprovedUpdates {
        approved: u32,
        /// Those that were approved before.
        already: u32,
        /// LXCs with a new one.
        lxcs: u32,
        /// Security updates without a grade that a filter by severity left out.
        unrated: u32,
        /// Held, kept back, or under a rule.
        left_out: u32,
    }
    struct WithdrawApprovals { approvals: Vec<ApprovalId>, }
    /// Those that are open, by place.
    struct Approvals { approvals: Vec<Approval>, }
    struct UpdateRule {
        id: RuleId,
        scope: Target,
        /// For people.
        scope_name: String,
        /// None for all packages.
        package: Option<String>,
        kind: RuleKind,
        until: Option<Timestamp>,
        by: String,
        at: Timestamp,
    }
    /// The rule that counts for an LXC: for a package, or for all without a rule of their own.
    struct AppliedRule {
        package: Option<String>,
        rule: UpdateRule,
    }
    struct SetRule {
        scope: Target,
        package: Option<String>,
        kind: RuleKind,
        until: Option<Timestamp>,
    }
    struct RemoveRule { rule: RuleId, }
    struct Rules { rules: Vec<UpdateRule>, }
    /// Everything pending, the most urgent first.
    struct FleetUpdates { groups: Vec<UpdateGroup>, }
    /// Updates of one source from one origin.
    struct UpdateGroup {
        source: String,
        origin: String,
        /// The most urgent in it.
        severity: Severity,
        updates: Vec<FleetUpdate>,
    }
    struct FleetUpdate {
        guest: GuestId,
        vmid: Vmid,
        name: String,
        node: NodeName,
        /// Its name.
        cluster: String,
        package: String,
        arch: String,
        installed: String,
        candidate: String,
        severity: Severity,
        blocked: Option<Blocked>,
        approved: bool,
        rule: Option<RuleKind>,
        /// Known from an earlier time only.
        old: bool,
    }
    struct ReadReceipts {
        /// Text that a receipt must contain; empty for all.
        search: String,
        /// Only what follows on the receipt of this job.
        before: Option<JobId>,
        /// At most 200.
        limit: u32,
    }
    struct Receipts {
        /// Newest first.
        receipts: Vec<ReceiptRow>,
        /// There are older ones.
        more: bool,
    }
    struct ReceiptRow {
        receipt: Receipt,
        vmid: Vmid,
        name: String,
        node: NodeName,
        /// Its name; empty when it was removed from RedFlag.
        cluster: String,
    }
    struct ExportReceipts {
        search: String,
        format: ExportFormat,
    }
    struct Exported {
        /// The file that was written.
        path: String,
        receipts: u32,
    }
    struct ReadChangelog {
        guest: GuestId,
        package: String,
    }
    struct Changelog { text: String, }
}

/// How receipts are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum ExportFormat {
    /// A line for each package that changed or did not.
    Csv,
    /// The receipts whole.
    Json,
}
