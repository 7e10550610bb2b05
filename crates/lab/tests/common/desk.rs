//! The desktop's side of the agents' protocol, in memory: enrols by code, hands out work, keeps what it is told.
#![allow(
    dead_code,
    clippy::unwrap_used,
    reason = "functions that tests share are tests too"
)]

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use domain::{
    AgentId, GuestId, JobId, Timestamp, host::Fingerprint, inventory::Inventory,
    operation::StepKind,
};
use gateway::{Gateway, Inbox};
use tls::Ca;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use wire::{
    Action, Bootstrap, CheckInRequest, CheckInResponse, EnrolRequest, EnrolResponse, EnrolmentCode,
    InventoryReport, JobAcknowledgement, JobReport, Outcome, Refusal, RefusalCode, RenewRequest,
    RenewResponse, Work,
};

const NAME: &str = "gateway.redflag.internal";

/// What the desktop knows.
#[derive(Default)]
pub(crate) struct State {
    /// Codes that are still good.
    pub(crate) codes: Vec<String>,
    pub(crate) agents: HashMap<AgentId, Known>,
    pub(crate) certificates: HashMap<Fingerprint, AgentId>,
    /// When certificates are to be renewed; far away unless a test says otherwise.
    pub(crate) renew_after_ms: i64,
}

/// What it knows of one agent.
#[derive(Default)]
pub(crate) struct Known {
    pub(crate) hostname: String,
    pub(crate) macs: Vec<String>,
    pub(crate) check_ins: Vec<CheckInRequest>,
    pub(crate) inventory: Option<(String, Inventory)>,
    pub(crate) work: Vec<Work>,
    pub(crate) cancel: Vec<JobId>,
    pub(crate) reports: HashMap<JobId, Vec<JobReport>>,
    pub(crate) renewals: u32,
    pub(crate) revoked: bool,
}

impl Known {
    pub(crate) fn outcome(&self, job: JobId) -> Option<Outcome> {
        self.reports
            .get(&job)?
            .iter()
            .find_map(|r| r.outcome.clone())
    }

    /// The steps of a job in the order they were reported, without repetitions.
    pub(crate) fn steps(&self, job: JobId) -> Vec<StepKind> {
        let mut steps: Vec<StepKind> = self.reports[&job].iter().map(|r| r.step).collect();
        steps.dedup();
        steps
    }

    pub(crate) fn log(&self, job: JobId) -> Vec<String> {
        let reports = self.reports[&job].iter();
        reports
            .flat_map(|r| &r.log)
            .map(|l| l.text.clone())
            .collect()
    }
}

pub(crate) struct Desk {
    ca: Ca,
    state: Mutex<State>,
    changes: watch::Sender<u64>,
}

/// A running desk.
pub(crate) struct House {
    pub(crate) desk: Arc<Desk>,
    pub(crate) address: SocketAddr,
    pub(crate) stop: CancellationToken,
}

pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("after 1970");
    Timestamp(i64::try_from(since.as_millis()).expect("before the end of time"))
}

impl House {
    pub(crate) async fn open() -> Self {
        let ca = Ca::create("RedFlag", now()).expect("a CA");
        let desk = Arc::new(Desk {
            ca,
            state: Mutex::new(State {
                renew_after_ms: 86_400_000,
                ..State::default()
            }),
            changes: watch::Sender::new(0),
        });
        let mut house = Self {
            desk,
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            stop: CancellationToken::new(),
        };
        house.listen().await;
        house
    }

    /// Listens (again); the port stays the same.
    pub(crate) async fn listen(&mut self) {
        self.stop = CancellationToken::new();
        let identity = self
            .desk
            .ca
            .server_identity(NAME, now())
            .expect("an identity");
        let config =
            tls::server_config(&identity, self.desk.ca.certificate_pem()).expect("a configuration");
        let gateway =
            Gateway::serve(self.address, config, self.desk.clone(), self.stop.clone()).await;
        self.address = gateway.expect("a free port").local_addr();
    }

    /// What is written into a guest, with a fresh code.
    pub(crate) fn bootstrap(&self, code: &str) -> Bootstrap {
        self.desk.change(|s| s.codes.push(code.into()));
        Bootstrap {
            endpoints: vec![self.address],
            ca_pem: self.desk.ca.certificate_pem().to_owned(),
            server_name: NAME.into(),
            code: EnrolmentCode(code.into()),
        }
    }

    /// Gives an agent work and answers with the job's id.
    pub(crate) fn ask(&self, agent: AgentId, action: Action) -> JobId {
        let id = JobId::new();
        let sent_at = now();
        let work = Work {
            id,
            action,
            expires_at: sent_at.plus_millis(600_000),
            sent_at,
        };
        self.desk.change(|s| {
            s.agents
                .get_mut(&agent)
                .expect("a known agent")
                .work
                .push(work);
        });
        id
    }

    /// Waits for the end of a job.
    pub(crate) async fn outcome(&self, agent: AgentId, job: JobId) -> Outcome {
        self.desk.until(|s| s.agents[&agent].outcome(job)).await
    }

    /// Waits until an agent of that hostname has reported an inventory.
    pub(crate) async fn enrolled(&self, hostname: &str) -> AgentId {
        self.desk
            .until(|s| {
                let found = s
                    .agents
                    .iter()
                    .find(|(_, k)| k.hostname == hostname && k.inventory.is_some());
                found.map(|(id, _)| *id)
            })
            .await
    }
}

impl Desk {
    pub(crate) fn read<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&self.state.lock().unwrap())
    }

    pub(crate) fn change<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        let result = act(&mut self.state.lock().unwrap());
        self.changes.send_modify(|n| *n += 1);
        result
    }

    pub(crate) async fn until<T>(&self, mut look: impl FnMut(&State) -> Option<T>) -> T {
        let mut changes = self.changes.subscribe();
        loop {
            if let Some(found) = self.read(&mut look) {
                return found;
            }
            changes.changed().await.expect("the desk lives");
        }
    }
}

fn refuse(code: RefusalCode) -> Refusal {
    Refusal {
        code,
        message: format!("{code:?}"),
    }
}

impl Inbox for Desk {
    async fn agent_of(&self, certificate: Fingerprint) -> Result<AgentId, Refusal> {
        self.read(|s| {
            let agent = s.certificates.get(&certificate).copied();
            agent
                .filter(|a| !s.agents[a].revoked)
                .ok_or_else(|| refuse(RefusalCode::Revoked))
        })
    }

    async fn enrol(&self, request: EnrolRequest, _: IpAddr) -> Result<EnrolResponse, Refusal> {
        let agent = AgentId::new();
        let issued = self.ca.issue_agent(&request.request_pem, agent, now());
        let issued = issued.map_err(|_| refuse(RefusalCode::Malformed))?;
        self.change(|s| {
            let Some(at) = s.codes.iter().position(|c| *c == request.code.0) else {
                return Err(refuse(RefusalCode::CodeInvalid));
            };
            s.codes.remove(at);
            s.certificates.insert(issued.sha256, agent);
            s.agents.insert(
                agent,
                Known {
                    hostname: request.hostname,
                    macs: request.macs,
                    ..Known::default()
                },
            );
            Ok(EnrolResponse {
                agent,
                guest: GuestId::new(),
                certificate_pem: issued.pem,
                renew_at: now().plus_millis(s.renew_after_ms),
                endpoints: Vec::new(),
            })
        })
    }

    async fn renew(&self, agent: AgentId, request: RenewRequest) -> Result<RenewResponse, Refusal> {
        let issued = self.ca.issue_agent(&request.request_pem, agent, now());
        let issued = issued.map_err(|_| refuse(RefusalCode::Malformed))?;
        self.change(|s| {
            s.certificates.insert(issued.sha256, agent);
            s.agents.get_mut(&agent).expect("known").renewals += 1;
        });
        Ok(RenewResponse {
            certificate_pem: issued.pem,
            renew_at: now().plus_millis(86_400_000),
        })
    }

    async fn check_in(
        &self,
        agent: AgentId,
        request: CheckInRequest,
    ) -> Result<CheckInResponse, Refusal> {
        let wait = Duration::from_secs(u64::from(request.wait_seconds));
        self.change(|s| {
            s.agents
                .get_mut(&agent)
                .expect("known")
                .check_ins
                .push(request.clone())
        });
        let answer = self.until(|s| {
            let known = &s.agents[&agent];
            let open = |id: &JobId| known.outcome(*id).is_none();
            let answer = CheckInResponse {
                work: known
                    .work
                    .iter()
                    .filter(|w| open(&w.id) && !request.jobs.contains(&w.id))
                    .cloned()
                    .collect(),
                cancel: known.cancel.iter().copied().filter(open).collect(),
                want_inventory: request.inventory.is_some()
                    && known.inventory.as_ref().map(|(hash, _)| hash) != request.inventory.as_ref(),
                ..CheckInResponse::default()
            };
            let news =
                !answer.work.is_empty() || !answer.cancel.is_empty() || answer.want_inventory;
            news.then_some(answer)
        });
        Ok(tokio::time::timeout(wait, answer).await.unwrap_or_default())
    }

    async fn inventory(&self, agent: AgentId, report: InventoryReport) -> Result<(), Refusal> {
        assert_eq!(report.hash, report.inventory.hash());
        self.change(|s| {
            s.agents.get_mut(&agent).expect("known").inventory =
                Some((report.hash, report.inventory))
        });
        Ok(())
    }

    async fn job(
        &self,
        agent: AgentId,
        job: JobId,
        report: JobReport,
    ) -> Result<JobAcknowledgement, Refusal> {
        let sequence = report.sequence;
        let cancel = self.change(|s| {
            let known = s.agents.get_mut(&agent).expect("known");
            let reports = known.reports.entry(job).or_default();
            if reports.iter().all(|r| r.sequence != sequence) {
                reports.push(report);
            }
            known.cancel.contains(&job)
        });
        Ok(JobAcknowledgement { sequence, cancel })
    }
}
