//! A desktop for the agent: the routes of `wire` over real mutual TLS, and a memory of what came.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use agent::clock;
use axum::extract::Extension;
use domain::{AgentId, GuestId, JobId, Timestamp, host::Fingerprint, inventory::Inventory};
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use tls::Ca;
use tokio::{net::TcpListener, sync::Notify};
use tokio_rustls::TlsAcceptor;
use wire::{
    Action, Bootstrap, CheckInRequest, EnrolRequest, EnrolmentCode, JobReport, MachineRequest,
    Outcome, Work,
};

#[path = "answers.rs"]
mod answers;

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
        let router = answers::router(shared.clone());
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
