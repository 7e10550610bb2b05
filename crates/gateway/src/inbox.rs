//! What the gateway hands up, and to whom.

use std::{future::Future, net::IpAddr};

use domain::{AgentId, JobId, host::Fingerprint};
use wire::{
    CheckInRequest, CheckInResponse, EnrolRequest, EnrolResponse, InventoryReport,
    JobAcknowledgement, JobReport, MachineAnswer, MachineRequest, Refusal, RefusalCode,
    RenewRequest, RenewResponse,
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

    /// An agent finds itself on another machine than it was enrolled on, or was told that two machines use its
    /// identity. Without a decision it stays quarantined and asks again.
    fn machine(
        &self,
        _agent: AgentId,
        _request: MachineRequest,
    ) -> impl Future<Output = Result<MachineAnswer, Refusal>> + Send {
        std::future::ready(Err(Refusal {
            code: RefusalCode::Cloned,
            message: "two LXCs use one identity; install the agent again in the copy".into(),
        }))
    }

    /// A piece of the agent's binary with that SHA-256 (lower-case hex), from byte `offset` on: at most
    /// [`wire::PROGRAM_CHUNK`] bytes, none at its end.
    fn program(
        &self,
        _agent: AgentId,
        _sha256: String,
        _offset: u64,
    ) -> impl Future<Output = Result<Vec<u8>, Refusal>> + Send {
        std::future::ready(Err(Refusal {
            code: RefusalCode::NotFound,
            message: "this RedFlag carries no such agent".into(),
        }))
    }

    /// The desktop's own certificate authority (PEM), for a node that knows its SHA-256 from a pasted command. None
    /// where nothing is to be pasted.
    fn authority(&self) -> Option<String> {
        None
    }

    /// A node shows the code of a pasted command, which counts once. The answer is the script that the node runs.
    fn pasted(
        &self,
        _code: String,
        _peer: IpAddr,
    ) -> impl Future<Output = Result<Vec<u8>, Refusal>> + Send {
        std::future::ready(Err(Refusal {
            code: RefusalCode::NotFound,
            message: "nothing is to be pasted".into(),
        }))
    }
}
