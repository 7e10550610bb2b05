//! The commands that read: the picture, a guest, an operation, a log.

use crate::{
    App, Code, Error,
    dto::{
        Audit, AuditRow, GuestDetails, GuestSettings, JobReceipt, Log, NodeDetails, Nothing,
        OperationDetails, ReadAudit, ReadLog, Snapshot, WhichGuest, WhichJob, WhichNode,
        WhichOperation,
    },
};

/// Ended operations that a snapshot holds.
const OPERATIONS_SHOWN: u32 = 50;
/// Lines of one answer.
const LOG_LINES: u32 = 1000;
/// Entries of the audit of one answer.
const MOST_AUDIT: u32 = 500;

impl App {
    pub(crate) async fn snapshot(&self, _: Nothing) -> Result<Snapshot, Error> {
        // The number first: news between the two reads come again as events, which changes nothing.
        let (seq, fleet) = self.engine.snapshot();
        let operations = self.engine.operations(OPERATIONS_SHOWN).await?;
        Ok(Snapshot {
            seq,
            fleet,
            operations,
        })
    }

    pub(crate) async fn guest_details(&self, request: WhichGuest) -> Result<GuestDetails, Error> {
        let details = self.engine.guest(request.guest).await?;
        let guest = details.row.id;
        Ok(GuestDetails {
            approvals: self.approvals_of(Some(guest)),
            rules: self.applied_rules(guest),
            row: details.row,
            inventory: details.inventory,
            images: details.images,
            receipts: details.receipts,
        })
    }

    pub(crate) async fn guest_settings(&self, request: WhichGuest) -> Result<GuestSettings, Error> {
        let known = self.engine.guest_facts(request.guest).await?;
        Ok(GuestSettings {
            facts: known.facts,
            at: known.at,
            problem: known.problem,
        })
    }

    pub(crate) async fn node_details(&self, request: WhichNode) -> Result<NodeDetails, Error> {
        let (_, fleet) = self.engine.snapshot();
        let row = fleet.nodes.into_iter().find(|row| row.key == request.node);
        let row =
            row.ok_or_else(|| Error::new(Code::NotFound, "The node is not there any more"))?;
        let (facts, problem) = match self.engine.node_facts(&request.node).await {
            Ok(facts) => (Some(facts), None),
            Err(error) => (
                None,
                Some(error.problem.words.unwrap_or(error.problem.what)),
            ),
        };
        Ok(NodeDetails {
            row,
            facts,
            problem,
        })
    }

    pub(crate) async fn operation_details(
        &self,
        request: WhichOperation,
    ) -> Result<OperationDetails, Error> {
        let found = self.engine.operation(request.operation).await?;
        let plan = found.plan;
        Ok(OperationDetails {
            operation: found.operation,
            jobs: found.jobs,
            only: plan.as_ref().map(|p| p.only.clone()).unwrap_or_default(),
            allowed: plan.map(|p| p.allowed).unwrap_or_default(),
        })
    }

    pub(crate) async fn read_log(&self, request: ReadLog) -> Result<Log, Error> {
        let (lines, total) = self
            .engine
            .log(request.job, request.after, LOG_LINES)
            .await?;
        Ok(Log { lines, total })
    }

    pub(crate) async fn job_receipt(&self, request: WhichJob) -> Result<JobReceipt, Error> {
        Ok(JobReceipt {
            receipt: self.engine.receipt(request.job).await?,
        })
    }

    pub(crate) async fn read_audit(&self, request: ReadAudit) -> Result<Audit, Error> {
        let limit = request.limit.clamp(1, MOST_AUDIT);
        let search = request.search.trim();
        // One more than asked for tells whether there are older ones.
        let mut rows = self
            .engine
            .audit_entries(search, request.before, limit + 1)
            .await?;
        let more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        let entries = rows
            .into_iter()
            .map(|(id, entry)| AuditRow {
                id,
                at: entry.at,
                actor: entry.actor,
                act: entry.act,
                target: entry.target,
                detail: entry.detail.filter(|d| !d.is_empty()),
                plan: entry.plan,
                outcome: entry.outcome,
            })
            .collect();
        Ok(Audit { entries, more })
    }
}
