//! The commands that read: the picture, a guest, an operation, a log.

use crate::{
    App, Error,
    dto::{
        GuestDetails, JobReceipt, Log, Nothing, OperationDetails, ReadLog, Snapshot, WhichGuest,
        WhichJob, WhichOperation,
    },
};

/// Ended operations that a snapshot holds.
const OPERATIONS_SHOWN: u32 = 50;
/// Lines of one answer.
const LOG_LINES: u32 = 1000;

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
        let (facts, facts_at) = details.facts.unzip();
        Ok(GuestDetails {
            row: details.row,
            facts,
            facts_at,
            inventory: details.inventory,
            receipts: details.receipts,
        })
    }

    pub(crate) async fn operation_details(
        &self,
        request: WhichOperation,
    ) -> Result<OperationDetails, Error> {
        let (operation, jobs) = self.engine.operation(request.operation).await?;
        Ok(OperationDetails { operation, jobs })
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
}
