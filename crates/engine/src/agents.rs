//! The desktop's side of the agents' protocol: who they are, what they report, what they are given.

use std::{net::IpAddr, sync::Arc, time::Duration};

use domain::{AgentId, JobId, Timestamp, host::Fingerprint, inventory::Inventory};
use gateway::Inbox;
use store::{AgentRecord, StoreError};
use tokio::{sync::oneshot, time::Instant};
use wire::{
    CheckInRequest, CheckInResponse, EnrolRequest, EnrolResponse, InventoryReport,
    JobAcknowledgement, JobReport, LONGEST_POLL_SECONDS, PROTOCOL, Refusal, RefusalCode,
    RenewRequest, RenewResponse,
};

use crate::{
    addresses, clock,
    codes::Worth,
    desk::{Delivery, Errand},
    inner::Inner,
    picture::{Agent, Report},
};

/// The time of an agent's last call is written at most this often, in milliseconds.
const SEEN_WRITTEN_EVERY_MS: i64 = 60 * 1000;
/// How long a report may wait for its follower to store it.
const STORE_LIMIT: Duration = Duration::from_secs(20);

fn refuse(code: RefusalCode, message: impl Into<String>) -> Refusal {
    Refusal {
        code,
        message: message.into(),
    }
}

fn internal(error: impl std::fmt::Display) -> Refusal {
    tracing::error!(%error, "an agent's call failed on the desktop's side");
    refuse(
        RefusalCode::Internal,
        "the desktop could not store it; try again",
    )
}

/// Marks an agent as waiting for work, for as long as it lives.
struct Polling<'a> {
    inner: &'a Inner,
    agent: AgentId,
}

impl<'a> Polling<'a> {
    fn begin(inner: &'a Inner, agent: AgentId, now: Timestamp) -> Self {
        inner.with_agent(agent, |a| {
            a.polling = true;
            a.record.last_seen = Some(now);
        });
        Self { inner, agent }
    }
}

impl Drop for Polling<'_> {
    fn drop(&mut self) {
        self.inner.with_agent(self.agent, |a| a.polling = false);
    }
}

impl Inner {
    /// Changes what is known of a live agent, if it is known.
    fn with_agent(&self, agent: AgentId, change: impl FnOnce(&mut Agent)) {
        self.state.change(|known| {
            let of_guest = known.guests.values_mut().filter_map(|g| g.agent.as_mut());
            if let Some(found) = of_guest.into_iter().find(|a| a.record.id == agent) {
                change(found);
            }
        });
    }

    async fn note_call(
        &self,
        record: &AgentRecord,
        version: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let written = record
            .last_seen
            .is_some_and(|seen| now.since(seen) < SEEN_WRITTEN_EVERY_MS);
        if !written || record.version != version {
            self.store.touch_agent(record.id, version, now).await?;
        }
        Ok(())
    }

    async fn live_agent(&self, agent: AgentId) -> Result<AgentRecord, Refusal> {
        self.store
            .agent(agent)
            .await
            .map_err(internal)?
            .filter(|record| record.revoked_at.is_none())
            .ok_or_else(|| {
                refuse(
                    RefusalCode::Revoked,
                    "this agent was replaced or removed in RedFlag",
                )
            })
    }

    /// Takes what a check-in says about the inventory; true when the inventory itself is wanted.
    async fn compare_inventory(
        &self,
        record: &AgentRecord,
        request: &CheckInRequest,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let Some(hash) = &request.inventory else {
            return Ok(false);
        };
        let known = self.state.read(|known| {
            let report = known.guests.get(&record.guest)?.inventory.as_ref()?;
            Some((
                report.hash.clone(),
                report.scanned_at,
                report.inventory.clone(),
            ))
        });
        let Some((_, scanned_at, inventory)) = known.filter(|(known_hash, ..)| known_hash == hash)
        else {
            return Ok(true);
        };
        let Some(ago) = request.scanned_ms_ago else {
            return Ok(false);
        };
        let newer = now.plus_millis(-i64::try_from(ago).unwrap_or(i64::MAX));
        // Less than a second is the noise of two clocks, not a new scan.
        if newer.since(scanned_at) > 1_000 {
            self.store
                .put_inventory(record.guest, hash, &inventory, newer)
                .await?;
            self.state.change(|known| {
                if let Some(report) = known
                    .guests
                    .get_mut(&record.guest)
                    .and_then(|g| g.inventory.as_mut())
                {
                    report.scanned_at = newer;
                }
            });
        }
        Ok(false)
    }

    /// Stores an inventory and shows it. `scanned_at` is by the desktop's clock.
    async fn take_inventory(
        &self,
        record: &AgentRecord,
        hash: String,
        inventory: Inventory,
        scanned_at: Timestamp,
    ) -> Result<(), StoreError> {
        self.store
            .put_inventory(record.guest, &hash, &inventory, scanned_at)
            .await?;
        self.state.change(|known| {
            if let Some(guest) = known.guests.get_mut(&record.guest) {
                guest.inventory = Some(Report {
                    hash,
                    scanned_at,
                    inventory,
                });
            }
        });
        Ok(())
    }

    fn endpoints_for(&self, record: &AgentRecord) -> Vec<std::net::SocketAddr> {
        let host = self.state.read(|known| {
            let guest = known.guests.get(&record.guest)?;
            known
                .clusters
                .get(&guest.record.cluster)
                .and_then(|c| c.record.addresses.first().cloned())
        });
        self.endpoints(host.as_deref())
    }

    /// The addresses of this desktop for a cluster at `host:port`.
    pub(crate) fn endpoints(&self, cluster_address: Option<&str>) -> Vec<std::net::SocketAddr> {
        let host = cluster_address
            .and_then(|a| a.rsplit_once(':'))
            .and_then(|(host, _)| host.trim_matches(['[', ']']).parse::<IpAddr>().ok());
        self.gateway_port()
            .map(|port| addresses::endpoints(host, port))
            .unwrap_or_default()
    }
}

/// The agents' calls, answered.
pub(crate) struct Reception(pub(crate) Arc<Inner>);

impl Inbox for Reception {
    async fn agent_of(&self, certificate: Fingerprint) -> Result<AgentId, Refusal> {
        if !self.0.is_reconciled() {
            return Err(refuse(
                RefusalCode::Busy,
                "RedFlag is starting; come back in a moment",
            ));
        }
        let found = self
            .0
            .store
            .agent_by_certificate(certificate)
            .await
            .map_err(internal)?;
        match found {
            Some(record) if record.revoked_at.is_none() => {
                if record.previous_certificate.is_some() {
                    self.0
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
        let (inner, now) = (&self.0, clock::now());
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
        let id = AgentId::new();
        let ca = inner.ca().map_err(internal)?;
        let issued = ca.issue_agent(&request.request_pem, id, now).map_err(|e| {
            refuse(
                RefusalCode::Malformed,
                format!("the certificate request is not usable: {e}"),
            )
        })?;
        let record = AgentRecord {
            id,
            guest,
            certificate: issued.sha256,
            previous_certificate: None,
            version: request.version.clone(),
            enrolled_at: now,
            renewed_at: None,
            last_seen: Some(now),
            revoked_at: None,
        };
        let answer = EnrolResponse {
            agent: id,
            guest,
            certificate_pem: issued.pem,
            renew_at: issued.renew_at,
            endpoints: inner.endpoints_for(&record),
        };
        if !inner
            .codes
            .spend(&request.code, &request.request_pem, &answer)
        {
            return Err(refuse(
                RefusalCode::CodeInvalid,
                "the enrolment code was used by another machine at the same moment",
            ));
        }
        inner.store.insert_agent(&record).await.map_err(internal)?;
        inner
            .audit(
                "agent",
                "enrol",
                &format!("guest {guest}"),
                &format!("agent {id} {} at {peer}", request.version),
                "done",
            )
            .await;
        inner.state.change(|known| {
            if let Some(guest) = known.guests.get_mut(&guest) {
                guest.agent = Some(Agent {
                    record,
                    polling: false,
                });
            }
        });
        Ok(answer)
    }

    async fn renew(&self, agent: AgentId, request: RenewRequest) -> Result<RenewResponse, Refusal> {
        let (inner, now) = (&self.0, clock::now());
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
        let (inner, now) = (&self.0, clock::now());
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
        inner
            .note_call(&record, &request.version, now)
            .await
            .map_err(internal)?;
        let want_inventory = inner
            .compare_inventory(&record, &request, now)
            .await
            .map_err(internal)?;
        let polling = Polling::begin(inner, agent, now);
        inner.with_agent(agent, |a| a.record.version.clone_from(&request.version));

        let wait = Duration::from_secs(u64::from(request.wait_seconds.min(LONGEST_POLL_SECONDS)));
        let deadline = Instant::now() + wait;
        let mut moved = inner.desk.watch();
        let mut over = false;
        loop {
            let mut errand = inner.desk.errand(agent, &request.jobs, clock::now());
            errand.unknown.retain(|job| !inner.is_open(*job));
            if over || want_inventory || errand != Errand::default() {
                drop(polling);
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
                out = tokio::time::timeout_at(deadline, moved.changed()) => out.is_err(),
            };
        }
    }

    async fn inventory(&self, agent: AgentId, report: InventoryReport) -> Result<(), Refusal> {
        let record = self.0.live_agent(agent).await?;
        self.0
            .take_inventory(&record, report.hash, report.inventory, clock::now())
            .await
            .map_err(internal)
    }

    async fn job(
        &self,
        agent: AgentId,
        job: JobId,
        report: JobReport,
    ) -> Result<JobAcknowledgement, Refusal> {
        let (inner, sequence) = (&self.0, report.sequence);
        self.0.live_agent(agent).await?;
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
}
