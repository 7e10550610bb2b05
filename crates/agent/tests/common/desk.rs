//! A desktop behind the real gateway, for agents that come through their node.

use std::{
    net::IpAddr,
    process::Stdio,
    sync::{Arc, Mutex},
};

use domain::{AgentId, GuestId, JobId, Timestamp, host::Fingerprint};
use gateway::{CarriedError, Inbox, serve_stream};
use tls::Ca;
use tokio::{
    process::{Child, Command},
    sync::Notify,
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;
use wire::{
    Action, Bootstrap, CheckInRequest, CheckInResponse, EnrolRequest, EnrolResponse, EnrolmentCode,
    InventoryReport, JobAcknowledgement, JobReport, Outcome, Refusal, RefusalCode, RenewRequest,
    RenewResponse, Work,
};

const NAME: &str = "desktop.redflag.internal";
const CODE: &str = "single-use";

/// A desktop behind the real gateway.
pub struct Desk {
    ca: Ca,
    pub memory: Mutex<Memory>,
    changed: Notify,
}

#[derive(Default)]
pub struct Memory {
    pub agent: Option<(Fingerprint, AgentId)>,
    pub check_ins: usize,
    pub inventories: usize,
    pub work: Vec<Work>,
    pub outcomes: Vec<(JobId, Outcome)>,
}

fn refusal(code: RefusalCode) -> Refusal {
    Refusal {
        code,
        message: "no".into(),
    }
}

impl Inbox for Desk {
    async fn agent_of(&self, certificate: Fingerprint) -> Result<AgentId, Refusal> {
        let known = self.memory.lock().unwrap().agent;
        let fits = known.filter(|(c, _)| *c == certificate);
        fits.map(|(_, a)| a).ok_or(refusal(RefusalCode::Revoked))
    }

    async fn enrol(&self, request: EnrolRequest, peer: IpAddr) -> Result<EnrolResponse, Refusal> {
        assert_eq!(peer, peer_address());
        if request.code.0 != CODE {
            return Err(refusal(RefusalCode::CodeInvalid));
        }
        let agent = AgentId::new();
        let issued = self
            .ca
            .issue_agent(&request.request_pem, agent, agent::clock::now())
            .unwrap();
        self.memory.lock().unwrap().agent = Some((issued.sha256, agent));
        Ok(EnrolResponse {
            agent,
            guest: GuestId::new(),
            certificate_pem: issued.pem,
            renew_at: issued.renew_at,
            endpoints: Vec::new(),
        })
    }

    async fn renew(&self, _: AgentId, _: RenewRequest) -> Result<RenewResponse, Refusal> {
        Err(refusal(RefusalCode::Internal))
    }

    async fn check_in(
        &self,
        _: AgentId,
        request: CheckInRequest,
    ) -> Result<CheckInResponse, Refusal> {
        self.memory.lock().unwrap().check_ins += 1;
        let deadline = tokio::time::Instant::now()
            + std::time::Duration::from_secs(u64::from(request.wait_seconds));
        loop {
            let changed = self.changed.notified();
            let work: Vec<Work> = {
                let memory = self.memory.lock().unwrap();
                let ended = |w: &Work| memory.outcomes.iter().any(|(id, _)| *id == w.id);
                let waiting = memory.work.iter().filter(|w| !ended(w));
                waiting
                    .filter(|w| !request.jobs.contains(&w.id))
                    .cloned()
                    .collect()
            };
            if !work.is_empty() {
                return Ok(CheckInResponse {
                    work,
                    ..CheckInResponse::default()
                });
            }
            if tokio::time::timeout_at(deadline, changed).await.is_err() {
                return Ok(CheckInResponse::default());
            }
        }
    }

    async fn inventory(&self, _: AgentId, _: InventoryReport) -> Result<(), Refusal> {
        self.memory.lock().unwrap().inventories += 1;
        Ok(())
    }

    async fn job(
        &self,
        _: AgentId,
        job: JobId,
        report: JobReport,
    ) -> Result<JobAcknowledgement, Refusal> {
        if let Some(outcome) = report.outcome {
            self.memory.lock().unwrap().outcomes.push((job, outcome));
        }
        Ok(JobAcknowledgement {
            sequence: report.sequence,
            cancel: false,
        })
    }
}

fn peer_address() -> IpAddr {
    "192.0.2.1".parse().unwrap()
}

impl Desk {
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            ca: Ca::create("RedFlag test", agent::clock::now()).unwrap(),
            memory: Mutex::default(),
            changed: Notify::new(),
        })
    }

    /// An address where nothing is: this guest has no route.
    pub fn bootstrap(&self) -> Bootstrap {
        Bootstrap {
            endpoints: vec!["127.0.0.1:1".parse().unwrap()],
            ca_pem: self.ca.certificate_pem().to_owned(),
            server_name: NAME.into(),
            code: EnrolmentCode(CODE.into()),
        }
    }

    pub fn give(&self, action: Action) -> JobId {
        let work = Work {
            id: JobId::new(),
            action,
            sent_at: Timestamp(0),
            expires_at: Timestamp(3_600_000),
        };
        let id = work.id;
        self.memory.lock().unwrap().work.push(work);
        self.changed.notify_waiters();
        id
    }

    pub async fn done(&self, action: Action) -> Outcome {
        let id = self.give(action);
        super::until("the outcome of a job", || async {
            let memory = self.memory.lock().unwrap();
            let found = memory.outcomes.iter().find(|(job, _)| *job == id);
            found.map(|(_, outcome)| outcome.clone())
        })
        .await
    }
}

/// A session through the node: a real child on the one side, the gateway on the other.
pub struct Session {
    pub child: Child,
    pub served: JoinHandle<Result<(), CarriedError>>,
}

pub fn session(desk: &Arc<Desk>, mut command: Command) -> Session {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let stream = tokio::io::join(child.stdout.take().unwrap(), child.stdin.take().unwrap());
    let identity = desk.ca.server_identity(NAME, agent::clock::now()).unwrap();
    let config = tls::server_config(&identity, desk.ca.certificate_pem()).unwrap();
    let served = tokio::spawn(serve_stream(
        stream,
        peer_address(),
        Arc::new(config),
        desk.clone(),
        CancellationToken::new(),
    ));
    Session { child, served }
}
