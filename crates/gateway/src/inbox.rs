//! What the gateway hands up, and to whom.

use std::{future::Future, net::IpAddr};

use domain::{AgentId, JobId, host::Fingerprint};
use wire::{
    CheckInRequest, CheckInResponse, EnrolRequest, EnrolResponse, InventoryReport,
    JobAcknowledgement, JobReport, Refusal, RenewRequest, RenewResponse,
};

/// The receiver of everything agents say. Each call may be dropped half-way (the agent hung up, the program
/// stops), so what must last is stored before it answers.
pub trait Inbox: Send + Sync + 'static {
    /// Whose certificate this is. Asked with every request, so that a revocation counts at once.
    fn agent_of(
        &self,
        certificate: Fingerprint,
    ) -> impl Future<Output = Result<AgentId, Refusal>> + Send;

    /// A guest shows its code. `peer` is the address the connection came from.
    fn enrol(
        &self,
        request: EnrolRequest,
        peer: IpAddr,
    ) -> impl Future<Output = Result<EnrolResponse, Refusal>> + Send;

    /// An agent wants its next certificate.
    fn renew(
        &self,
        agent: AgentId,
        request: RenewRequest,
    ) -> impl Future<Output = Result<RenewResponse, Refusal>> + Send;

    /// An agent asks for work. May keep the answer back for as long as the request allows.
    fn check_in(
        &self,
        agent: AgentId,
        request: CheckInRequest,
    ) -> impl Future<Output = Result<CheckInResponse, Refusal>> + Send;

    /// What is pending in the guest.
    fn inventory(
        &self,
        agent: AgentId,
        report: InventoryReport,
    ) -> impl Future<Output = Result<(), Refusal>> + Send;

    /// How a job goes. The answer says that the report is stored.
    fn job(
        &self,
        agent: AgentId,
        job: JobId,
        report: JobReport,
    ) -> impl Future<Output = Result<JobAcknowledgement, Refusal>> + Send;
}
