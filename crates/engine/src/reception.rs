//! The agents' calls, answered.

use std::{net::IpAddr, sync::Arc, time::Duration};

use domain::{AgentId, JobId, NodeName, host::Fingerprint};
use gateway::Inbox;
use tokio::{sync::oneshot, time::Instant};
use wire::{
    CheckInRequest, CheckInResponse, EnrolRequest, EnrolResponse, InventoryReport,
    JobAcknowledgement, JobReport, LONGEST_POLL_SECONDS, MachineAnswer, MachineRequest,
    PROGRAM_CHUNK, PROTOCOL, Refusal, RefusalCode, RenewRequest, RenewResponse,
};

use crate::{
    agents::{Polling, internal, refuse},
    clock,
    codes::Worth,
    copies::Whose,
    desk::{Delivery, Errand},
    inner::Inner,
};

/// How long a report may wait for its follower to store it.
const STORE_LIMIT: Duration = Duration::from_secs(20);

/// The desktop as agents see it.
pub(crate) struct Reception {
    inner: Arc<Inner>,
    /// The node that carries the connection; none for those that come by themselves.
    via: Option<NodeName>,
}

impl Reception {
    pub(crate) fn at_the_port(inner: Arc<Inner>) -> Self {
        Self { inner, via: None }
    }

    pub(crate) fn through(inner: Arc<Inner>, node: NodeName) -> Self {
        Self {
            inner,
            via: Some(node),
        }
    }
}

impl Inbox for Reception {
    async fn agent_of(&self, certificate: Fingerprint) -> Result<AgentId, Refusal> {
        if !self.inner.is_reconciled() {
            return Err(refuse(
                RefusalCode::Busy,
                "RedFlag is starting; come back in a moment",
            ));
        }
        let found = self
            .inner
            .store
            .agent_by_certificate(certificate)
            .await
            .map_err(internal)?;
        match found {
            Some(record) if record.revoked_at.is_none() => {
                if record.previous_certificate.is_some() {
                    self.inner
                        .store
                        .settle_certificate(record.id, certificate)
                        .await
                        .map_err(internal)?;
                }
                Ok(record.id)
            }
            Some(_) | None => Err(refuse(
                RefusalCode::Revoked,
                "this agent was replaced or removed in RedFlag",
            )),
        }
    }

    async fn enrol(&self, request: EnrolRequest, peer: IpAddr) -> Result<EnrolResponse, Refusal> {
        let (inner, now) = (&self.inner, clock::now());
        if request.protocol < PROTOCOL {
            return Err(refuse(
                RefusalCode::ProtocolTooOld,
                format!(
                    "this agent speaks protocol {}, RedFlag needs {PROTOCOL}",
                    request.protocol
                ),
            ));
        }
        let guest = match inner.codes.look(&request.code, &request.request_pem, now) {
            Worth::Guest(guest) => guest,
            Worth::Again(answer) => return Ok(*answer),
            Worth::Nothing => {
                tracing::warn!(%peer, hostname = %request.hostname, "an enrolment with an invalid code was refused");
                return Err(refuse(
                    RefusalCode::CodeInvalid,
                    "the enrolment code is unknown, used or older than 15 minutes; install the agent again from RedFlag",
                ));
            }
        };
        let (record, answer) =
            inner.identity(guest, &request.request_pem, &request.version, now)?;
        if !inner
            .codes
            .spend(&request.code, &request.request_pem, &answer)
        {
            return Err(refuse(
                RefusalCode::CodeInvalid,
                "the enrolment code was used by another machine at the same moment",
            ));
        }
        let how = format!("{} at {peer}", request.version);
        inner.admit("enrol", record, &how).await?;
        inner.note_pasted(guest, now);
        Ok(answer)
    }

    async fn renew(&self, agent: AgentId, request: RenewRequest) -> Result<RenewResponse, Refusal> {
        let (inner, now) = (&self.inner, clock::now());
        inner.live_agent(agent).await?;
        let ca = inner.ca().map_err(internal)?;
        let issued = ca
            .issue_agent(&request.request_pem, agent, now)
            .map_err(|e| {
                refuse(
                    RefusalCode::Malformed,
                    format!("the certificate request is not usable: {e}"),
                )
            })?;
        inner
            .store
            .renew_certificate(agent, issued.sha256, now)
            .await
            .map_err(internal)?;
        Ok(RenewResponse {
            certificate_pem: issued.pem,
            renew_at: issued.renew_at,
        })
    }

    async fn check_in(
        &self,
        agent: AgentId,
        request: CheckInRequest,
    ) -> Result<CheckInResponse, Refusal> {
        let (inner, now) = (&self.inner, clock::now());
        if request.protocol < PROTOCOL {
            return Err(refuse(
                RefusalCode::ProtocolTooOld,
                format!(
                    "this agent speaks protocol {}, RedFlag needs {PROTOCOL}",
                    request.protocol
                ),
            ));
        }
        let record = inner.live_agent(agent).await?;
        if let Some(machine) = &request.about.machine
            && inner.whose(record.guest, machine) != Whose::Its
        {
            return Err(refuse(
                RefusalCode::Cloned,
                "by its network addresses this is not the LXC that the agent was enrolled in",
            ));
        }
        inner
            .note_call(&record, &request.version, now)
            .await
            .map_err(internal)?;
        inner.note_way(record.guest, self.via.clone()).await;
        let want_inventory = inner
            .compare_inventory(&record, &request, now)
            .await
            .map_err(internal)?;
        let polling = Polling::begin(inner, agent, now);
        inner.with_agent(agent, |a| a.record.version.clone_from(&request.version));

        let wait = Duration::from_secs(u64::from(request.wait_seconds.min(LONGEST_POLL_SECONDS)));
        let deadline = Instant::now() + wait;
        let mut moved = inner.desk.watch();
        let (mut over, mut turn) = (false, None);
        loop {
            let mut errand = inner.desk.errand(agent, &request.jobs, clock::now());
            errand.unknown.retain(|job| !inner.is_open(*job));
            if over || turn.is_some() || errand != Errand::default() {
                drop(polling);
                if let Some(turn) = turn {
                    inner.intake.ask(agent, turn);
                }
                return Ok(CheckInResponse {
                    work: errand.work,
                    cancel: errand.cancel,
                    want_inventory,
                    forget: errand.unknown,
                    endpoints: inner.endpoints_for(&record),
                });
            }
            over = tokio::select! {
                () = inner.stop.cancelled() => true,
                next = inner.intake.next(), if want_inventory => {
                    turn = next;
                    false
                }
                out = tokio::time::timeout_at(deadline, moved.changed()) => out.is_err(),
            };
        }
    }

    async fn inventory(&self, agent: AgentId, report: InventoryReport) -> Result<(), Refusal> {
        let record = self.inner.live_agent(agent).await?;
        let _turn = self.inner.intake.brought(agent);
        self.inner
            .take_inventory(&record, report.hash, report.inventory, clock::now())
            .await
            .map_err(internal)?;
        self.inner.intake.took_one();
        Ok(())
    }

    async fn job(
        &self,
        agent: AgentId,
        job: JobId,
        report: JobReport,
    ) -> Result<JobAcknowledgement, Refusal> {
        let (inner, sequence) = (&self.inner, report.sequence);
        self.inner.live_agent(agent).await?;
        let busy = || {
            refuse(
                RefusalCode::Busy,
                "the desktop is busy with this job; send the report again",
            )
        };
        let Some(follower) = inner.desk.follower(agent, job) else {
            if inner.is_open(job) {
                // Its follower is on the way: RedFlag has just been started.
                return Err(busy());
            }
            // The job is closed here, so nothing of the report can matter any more.
            return Ok(JobAcknowledgement {
                sequence,
                cancel: true,
            });
        };
        let (stored, done) = oneshot::channel();
        follower
            .send(Delivery { report, stored })
            .await
            .map_err(|_| busy())?;
        tokio::time::timeout(STORE_LIMIT, done)
            .await
            .map_err(|_| busy())?
            .map_err(|_| busy())?;
        Ok(JobAcknowledgement {
            sequence,
            cancel: inner.desk.is_cancelled(agent, job),
        })
    }

    async fn machine(
        &self,
        agent: AgentId,
        request: MachineRequest,
    ) -> Result<MachineAnswer, Refusal> {
        let (inner, now) = (&self.inner, clock::now());
        let record = inner.live_agent(agent).await?;
        match inner.whose(record.guest, &request.now) {
            Whose::Its => Ok(MachineAnswer::Same),
            Whose::Anothers(guest) => {
                let (record, identity) =
                    inner.identity(guest, &request.request_pem, &request.version, now)?;
                let how = format!(
                    "{}, a copy with an identity of its own now",
                    request.version
                );
                inner.admit("enrol copy", record, &how).await?;
                Ok(MachineAnswer::Another { identity })
            }
            Whose::Unclear(why) => Err(refuse(RefusalCode::Cloned, why)),
        }
    }

    async fn program(
        &self,
        agent: AgentId,
        sha256: String,
        offset: u64,
    ) -> Result<Vec<u8>, Refusal> {
        self.inner.live_agent(agent).await?;
        let binary = self.inner.agent_binary().map_err(internal)?;
        if hex::encode(binary.sha256) != sha256 {
            return Err(refuse(
                RefusalCode::NotFound,
                "this RedFlag carries another agent by now; it is offered with the next upgrade",
            ));
        }
        let size = binary.bytes.len();
        let begin = usize::try_from(offset).unwrap_or(size).min(size);
        let end = size.min(begin + PROGRAM_CHUNK);
        Ok(binary.bytes[begin..end].to_vec())
    }

    fn authority(&self) -> Option<String> {
        // Also for a while after its use: whoever runs a command again shall hear that its code was used.
        if self.inner.pastes.all(clock::now()).is_empty() {
            return None;
        }
        Some(self.inner.ca().ok()?.certificate_pem().to_owned())
    }

    async fn pasted(&self, code: String, peer: IpAddr) -> Result<Vec<u8>, Refusal> {
        if !self.inner.is_reconciled() {
            return Err(refuse(
                RefusalCode::Busy,
                "RedFlag is starting; come back in a moment",
            ));
        }
        self.inner.pasted(&code, peer).await
    }
}
