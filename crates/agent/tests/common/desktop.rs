//! A desktop for the agent: the routes of `wire` over real mutual TLS, and a memory of what came.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use agent::clock;
use axum::{
    Json, Router,
    extract::{Extension, Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post, put},
};
use domain::{AgentId, GuestId, JobId, Timestamp, host::Fingerprint, inventory::Inventory};
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use tls::Ca;
use tokio::{net::TcpListener, sync::Notify};
use tokio_rustls::TlsAcceptor;
use wire::{
    Action, Bootstrap, CheckInRequest, CheckInResponse, EnrolRequest, EnrolResponse, EnrolmentCode,
    InventoryReport, JobAcknowledgement, JobReport, MachineAnswer, MachineRequest, Outcome,
    Refusal, RefusalCode, RenewRequest, RenewResponse, Work,
};

pub const NAME: &str = "desktop.redflag.internal";
pub const CODE: &str = "single-use";

#[derive(Default)]
pub struct Memory {
    pub code: Option<String>,
    pub enrolments: Vec<EnrolRequest>,
    pub renewals: u32,
    pub agents: BTreeMap<Fingerprint, AgentId>,
    pub check_ins: Vec<CheckInRequest>,
    pub inventories: Vec<Inventory>,
    pub hash: Option<String>,
    pub work: Vec<Work>,
    pub cancel: Vec<JobId>,
    pub forget: Vec<JobId>,
    /// By job and sequence, first come.
    pub reports: BTreeMap<JobId, BTreeMap<u32, JobReport>>,
    /// Reports that came again, and were equal.
    pub repeated: u32,
    /// So many reports are stored and then answered with an error.
    pub lose_answers: u32,
    pub revoked: bool,
    /// Agents that it carries, by SHA-256 in hex.
    pub programs: BTreeMap<String, Vec<u8>>,
    /// So many pieces of them are refused for now.
    pub busy_pieces: u32,
    /// Sessions that are to be told that their identity is on two machines.
    pub cloned: Vec<String>,
    pub machines: Vec<MachineRequest>,
    /// How the next question about a machine is answered; none refuses to decide.
    pub verdict: Option<Verdict>,
    /// Certificates are to be renewed at once.
    pub renew_now: bool,
}

#[derive(Clone, Copy)]
pub enum Verdict {
    Same,
    Another,
}

pub struct Shared {
    pub memory: Mutex<Memory>,
    pub changed: Notify,
    ca: Ca,
    agent: AgentId,
    guest: GuestId,
}

#[derive(Clone)]
pub struct Desktop {
    pub shared: Arc<Shared>,
    pub address: SocketAddr,
    pub ca_pem: String,
}

#[derive(Clone, Copy)]
struct Peer(Option<Fingerprint>);

impl Desktop {
    pub async fn start() -> Self {
        Self::start_at("127.0.0.1".parse().unwrap()).await
    }

    /// Where a real guest can reach it.
    pub async fn start_at(ip: std::net::IpAddr) -> Self {
        let ca = Ca::create("RedFlag test", clock::now()).unwrap();
        let ca_pem = ca.certificate_pem().to_owned();
        let identity = ca.server_identity(NAME, clock::now()).unwrap();
        let config = tls::server_config(&identity, &ca_pem).unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind((ip, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let memory = Memory {
            code: Some(CODE.into()),
            ..Memory::default()
        };
        let shared = Arc::new(Shared {
            memory: Mutex::new(memory),
            changed: Notify::new(),
            ca,
            agent: AgentId::new(),
            guest: GuestId::new(),
        });
        let router = Router::new()
            .route(wire::path::ENROL, post(enrol))
            .route(wire::path::RENEW, post(renew))
            .route(wire::path::CHECK_IN, post(check_in))
            .route(wire::path::MACHINE, post(machine))
            .route(wire::path::INVENTORY, put(inventory))
            .route("/v1/jobs/{id}", put(report))
            .route("/v1/agent/{sha256}/{offset}", get(program))
            .with_state(shared.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, router) = (acceptor.clone(), router.clone());
                tokio::spawn(async move {
                    let Ok(stream) = acceptor.accept(stream).await else {
                        return;
                    };
                    let certificates = stream.get_ref().1.peer_certificates();
                    let peer = Peer(certificates.map(|c| tls::fingerprint(&c[0])));
                    let service = TowerToHyperService::new(router.layer(Extension(peer)));
                    let _ = hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service)
                        .await;
                });
            }
        });
        Self {
            shared,
            address,
            ca_pem,
        }
    }

    pub fn bootstrap(&self) -> Bootstrap {
        Bootstrap {
            // The first one answers nothing: the agent must go on to the next.
            endpoints: vec!["127.0.0.1:1".parse().unwrap(), self.address],
            ca_pem: self.ca_pem.clone(),
            server_name: NAME.into(),
            code: EnrolmentCode(CODE.into()),
        }
    }

    /// Looks at or changes the memory.
    pub fn with<T>(&self, f: impl FnOnce(&mut Memory) -> T) -> T {
        let value = f(&mut self.shared.memory.lock().unwrap());
        self.shared.changed.notify_waiters();
        value
    }

    /// Waits until the memory gives something.
    pub async fn until<T>(&self, what: &str, mut f: impl FnMut(&mut Memory) -> Option<T>) -> T {
        super::until(what, || {
            let value = f(&mut self.shared.memory.lock().unwrap());
            async move { value }
        })
        .await
    }

    /// Gives work and says which job it is.
    pub fn give(&self, action: Action) -> JobId {
        let work = Work {
            id: JobId::new(),
            action,
            sent_at: Timestamp(0),
            expires_at: Timestamp(3_600_000),
        };
        let id = work.id;
        self.with(|m| m.work.push(work));
        id
    }

    /// Waits for a job's outcome.
    pub async fn outcome(&self, id: JobId) -> Outcome {
        self.until("the outcome of a job", |m| {
            let last = m.reports.get(&id)?.values().last()?.clone();
            last.outcome
        })
        .await
    }

    /// Gives work and waits for its outcome.
    pub async fn done(&self, action: Action) -> Outcome {
        let id = self.give(action);
        self.outcome(id).await
    }
}

type Answer<T> = Result<Json<T>, Response>;

fn refusal(status: StatusCode, code: RefusalCode, message: &str) -> Response {
    let message = message.to_owned();
    (status, Json(Refusal { code, message })).into_response()
}

fn known(shared: &Shared, peer: Peer) -> Result<(), Response> {
    let memory = shared.memory.lock().unwrap();
    let agent = peer.0.and_then(|p| memory.agents.get(&p).copied());
    if memory.revoked || agent.is_none() {
        return Err(refusal(
            StatusCode::FORBIDDEN,
            RefusalCode::Revoked,
            "this agent was removed",
        ));
    }
    Ok(())
}

async fn enrol(
    State(shared): State<Arc<Shared>>,
    Json(request): Json<EnrolRequest>,
) -> Answer<EnrolResponse> {
    let mut memory = shared.memory.lock().unwrap();
    let fits = memory.code.as_deref() == Some(request.code.0.as_str());
    memory.enrolments.push(request.clone());
    if !fits {
        return Err(refusal(
            StatusCode::FORBIDDEN,
            RefusalCode::CodeInvalid,
            "the code is unknown, used or expired",
        ));
    }
    memory.code = None;
    let issued = shared
        .ca
        .issue_agent(&request.request_pem, shared.agent, clock::now())
        .unwrap();
    memory.agents.insert(issued.sha256, shared.agent);
    let renew_at = if memory.renew_now {
        Timestamp(0)
    } else {
        issued.renew_at
    };
    Ok(Json(EnrolResponse {
        agent: shared.agent,
        guest: shared.guest,
        certificate_pem: issued.pem,
        renew_at,
        endpoints: Vec::new(),
    }))
}

async fn renew(
    State(shared): State<Arc<Shared>>,
    Extension(peer): Extension<Peer>,
    Json(request): Json<RenewRequest>,
) -> Answer<RenewResponse> {
    known(&shared, peer)?;
    let issued = shared
        .ca
        .issue_agent(&request.request_pem, shared.agent, clock::now())
        .unwrap();
    let mut memory = shared.memory.lock().unwrap();
    memory.renewals += 1;
    // The old one is of no use any more.
    memory.agents.clear();
    memory.agents.insert(issued.sha256, shared.agent);
    Ok(Json(RenewResponse {
        certificate_pem: issued.pem,
        renew_at: issued.renew_at,
    }))
}

async fn machine(
    State(shared): State<Arc<Shared>>,
    Extension(peer): Extension<Peer>,
    Json(request): Json<MachineRequest>,
) -> Answer<MachineAnswer> {
    known(&shared, peer)?;
    let mut memory = shared.memory.lock().unwrap();
    memory.machines.push(request.clone());
    match memory.verdict {
        None => Err(refusal(
            StatusCode::CONFLICT,
            RefusalCode::Cloned,
            "somebody has to look",
        )),
        Some(Verdict::Same) => {
            memory.cloned.clear();
            Ok(Json(MachineAnswer::Same))
        }
        Some(Verdict::Another) => {
            memory.cloned.clear();
            let agent = AgentId::new();
            let issued = shared
                .ca
                .issue_agent(&request.request_pem, agent, clock::now())
                .unwrap();
            memory.agents.insert(issued.sha256, agent);
            let identity = EnrolResponse {
                agent,
                guest: GuestId::new(),
                certificate_pem: issued.pem,
                renew_at: issued.renew_at,
                endpoints: Vec::new(),
            };
            Ok(Json(MachineAnswer::Another { identity }))
        }
    }
}

async fn program(
    State(shared): State<Arc<Shared>>,
    Extension(peer): Extension<Peer>,
    Path((sha256, offset)): Path<(String, usize)>,
) -> Result<Vec<u8>, Response> {
    known(&shared, peer)?;
    let mut memory = shared.memory.lock().unwrap();
    if memory.busy_pieces > 0 && offset > 0 {
        memory.busy_pieces -= 1;
        return Err(refusal(
            StatusCode::SERVICE_UNAVAILABLE,
            RefusalCode::Busy,
            "later",
        ));
    }
    let Some(program) = memory.programs.get(&sha256) else {
        return Err(refusal(
            StatusCode::NOT_FOUND,
            RefusalCode::NotFound,
            "no such agent",
        ));
    };
    let end = program.len().min(offset + wire::PROGRAM_CHUNK);
    Ok(program[offset..end].to_vec())
}

async fn check_in(
    State(shared): State<Arc<Shared>>,
    Extension(peer): Extension<Peer>,
    Json(request): Json<CheckInRequest>,
) -> Answer<CheckInResponse> {
    known(&shared, peer)?;
    if shared
        .memory
        .lock()
        .unwrap()
        .cloned
        .contains(&request.session)
    {
        return Err(refusal(
            StatusCode::CONFLICT,
            RefusalCode::Cloned,
            "two machines use this identity",
        ));
    }
    let wait = Duration::from_secs(u64::from(request.wait_seconds));
    shared
        .memory
        .lock()
        .unwrap()
        .check_ins
        .push(request.clone());
    let end = tokio::time::Instant::now() + wait;
    loop {
        let changed = shared.changed.notified();
        tokio::pin!(changed);
        changed.as_mut().enable();
        {
            let mut memory = shared.memory.lock().unwrap();
            let answer = CheckInResponse {
                // Handed out again and again until the job has ended: the agent must not begin it twice.
                work: memory
                    .work
                    .iter()
                    .filter(|w| !request.jobs.contains(&w.id))
                    .cloned()
                    .collect(),
                cancel: std::mem::take(&mut memory.cancel),
                want_inventory: request.inventory.is_some() && request.inventory != memory.hash,
                forget: std::mem::take(&mut memory.forget),
                endpoints: Vec::new(),
            };
            let empty = answer.work.is_empty()
                && answer.cancel.is_empty()
                && answer.forget.is_empty()
                && !answer.want_inventory;
            if !empty {
                return Ok(Json(answer));
            }
        }
        if tokio::time::timeout_at(end, changed).await.is_err() {
            return Ok(Json(CheckInResponse::default()));
        }
        // The certificate may have been revoked meanwhile.
        known(&shared, peer)?;
    }
}

async fn inventory(
    State(shared): State<Arc<Shared>>,
    Extension(peer): Extension<Peer>,
    Json(report): Json<InventoryReport>,
) -> Result<StatusCode, Response> {
    known(&shared, peer)?;
    assert_eq!(report.hash, report.inventory.hash());
    let mut memory = shared.memory.lock().unwrap();
    memory.hash = Some(report.hash);
    memory.inventories.push(report.inventory);
    Ok(StatusCode::NO_CONTENT)
}

async fn report(
    State(shared): State<Arc<Shared>>,
    Extension(peer): Extension<Peer>,
    Path(id): Path<JobId>,
    Json(report): Json<JobReport>,
) -> Answer<JobAcknowledgement> {
    known(&shared, peer)?;
    let mut memory = shared.memory.lock().unwrap();
    if !memory.work.iter().any(|w| w.id == id) {
        return Err(refusal(
            StatusCode::NOT_FOUND,
            RefusalCode::NotFound,
            "no such job",
        ));
    }
    let sequence = report.sequence;
    let reports = memory.reports.entry(id).or_default();
    match reports.get(&sequence) {
        Some(known) => {
            assert_eq!(*known, report, "a report that comes again is the same");
            memory.repeated += 1;
        }
        None => {
            assert_eq!(reports.len() as u32 + 1, sequence, "reports come in order");
            reports.insert(sequence, report);
        }
    }
    if memory.lose_answers > 0 {
        memory.lose_answers -= 1;
        return Err(refusal(
            StatusCode::SERVICE_UNAVAILABLE,
            RefusalCode::Busy,
            "the answer is lost",
        ));
    }
    let cancel = memory.cancel.contains(&id);
    Ok(Json(JobAcknowledgement { sequence, cancel }))
}
