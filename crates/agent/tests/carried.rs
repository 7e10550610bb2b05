//! Guests that cannot reach the desktop: the same agent, the same TLS and the real gateway, over the pipes of a real
//! `redflag-agent stdio`.
#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail by panicking"
)]

mod common;

use std::{
    net::IpAddr,
    process::Stdio,
    sync::{Arc, Mutex},
};

use common::{
    desktop::{CODE, NAME},
    guest::Guest,
    scenes::pending,
    until,
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

/// A desktop behind the real gateway.
struct Desk {
    ca: Ca,
    memory: Mutex<Memory>,
    changed: Notify,
}

#[derive(Default)]
struct Memory {
    agent: Option<(Fingerprint, AgentId)>,
    check_ins: usize,
    inventories: usize,
    work: Vec<Work>,
    outcomes: Vec<(JobId, Outcome)>,
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
    fn new() -> Arc<Self> {
        Arc::new(Self {
            ca: Ca::create("RedFlag test", agent::clock::now()).unwrap(),
            memory: Mutex::default(),
            changed: Notify::new(),
        })
    }

    /// An address where nothing is: this guest has no route.
    fn bootstrap(&self) -> Bootstrap {
        Bootstrap {
            endpoints: vec!["127.0.0.1:1".parse().unwrap()],
            ca_pem: self.ca.certificate_pem().to_owned(),
            server_name: NAME.into(),
            code: EnrolmentCode(CODE.into()),
        }
    }

    fn give(&self, action: Action) -> JobId {
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

    async fn done(&self, action: Action) -> Outcome {
        let id = self.give(action);
        until("the outcome of a job", || async {
            let memory = self.memory.lock().unwrap();
            let found = memory.outcomes.iter().find(|(job, _)| *job == id);
            found.map(|(_, outcome)| outcome.clone())
        })
        .await
    }
}

/// A session through the node: a real child on the one side, the gateway on the other.
struct Session {
    child: Child,
    served: JoinHandle<Result<(), CarriedError>>,
}

fn session(desk: &Arc<Desk>, mut command: Command) -> Session {
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

fn stdio(guest: &Guest) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_redflag-agent"));
    command
        .arg("--root")
        .arg(guest.root())
        .arg("stdio")
        .env("PATH", guest.path());
    command
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_without_a_route_enrols_and_works_through_its_node() {
    let guest = Guest::new(&pending());
    let desk = Desk::new();
    guest.prepare(&desk.bootstrap());
    let daemon = guest.start();
    let status = || agent::status::Status::read(&guest.layout(), &guest.tools());
    until("trouble in the status", || async {
        status().running.and_then(|r| r.trouble)
    })
    .await;

    let mut first = session(&desk, stdio(&guest));
    let outcome = desk.done(Action::Scan { refresh: true }).await;
    assert!(matches!(outcome, Outcome::Scanned { .. }), "{outcome:?}");
    assert!(desk.memory.lock().unwrap().inventories > 0);
    let running = status().running.unwrap();
    assert!(
        running.via_node && running.endpoint.is_none(),
        "{running:?}"
    );
    let text = status().text(agent::clock::now());
    assert!(text.contains("through the node"), "{text}");

    // The session ends as a lost SSH connection does, work goes on, and the next session brings it home.
    let job = desk.give(Action::Scan { refresh: true });
    first.child.kill().await.unwrap();
    drop(first.served.await);
    let _second = session(&desk, stdio(&guest));
    until("the outcome", || async {
        let memory = desk.memory.lock().unwrap();
        memory.outcomes.iter().find(|(id, _)| *id == job).map(drop)
    })
    .await;
    daemon.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_no_agent_runs_the_session_is_one() {
    let guest = Guest::new(&pending());
    let desk = Desk::new();
    guest.prepare(&desk.bootstrap());
    let mut session = session(&desk, stdio(&guest));
    let outcome = desk.done(Action::Scan { refresh: false }).await;
    assert!(matches!(outcome, Outcome::Scanned { .. }), "{outcome:?}");
    assert!(!guest.layout().bootstrap().exists(), "enrolled");
    // The desktop hangs up.
    session.served.abort();
    let status = session.child.wait().await.unwrap();
    assert!(status.success(), "{status}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn words_of_a_node_are_passed_over_and_those_instead_of_an_agent_are_told() {
    let guest = Guest::new(&pending());
    let desk = Desk::new();
    guest.prepare(&desk.bootstrap());
    let mut noisy = Command::new("sh");
    noisy
        .arg("-c")
        .arg("echo Welcome to pve1; exec \"$0\" --root \"$1\" stdio")
        .arg(env!("CARGO_BIN_EXE_redflag-agent"))
        .arg(guest.root())
        .env("PATH", guest.path());
    let _noisy = session(&desk, noisy);
    until("a check-in", || async {
        (desk.memory.lock().unwrap().check_ins > 0).then_some(())
    })
    .await;

    let mut none = Command::new("sh");
    none.args(["-c", "echo 'lxc-attach: no such container'"]);
    let none = session(&desk, none);
    let error = none.served.await.unwrap().unwrap_err().to_string();
    assert!(error.contains("no such container"), "{error}");
}
