//! A gateway on loopback with an inbox made of channels, and clients that speak real TLS to it.
#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test file uses its part of it"
)]

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex},
};

use domain::{AgentId, GuestId, JobId, Timestamp, host::Fingerprint};
use gateway::{Gateway, Inbox, Limits};
use tls::{Ca, Identity};
use tokio::sync::{Notify, mpsc};
use tokio_util::sync::CancellationToken;
use wire::{
    CheckInRequest, CheckInResponse, EnrolRequest, EnrolResponse, InventoryReport,
    JobAcknowledgement, JobReport, Refusal, RefusalCode, RenewRequest, RenewResponse,
};

pub const NAME: &str = "gateway.redflag.internal";
/// 2026-03-01.
pub const NOW: Timestamp = Timestamp(1_772_366_400_000);

/// Answers by its tables, and lets the test see and steer the calls.
pub struct Desk {
    pub agents: Mutex<HashMap<Fingerprint, Result<AgentId, RefusalCode>>>,
    pub calls: mpsc::UnboundedSender<String>,
    /// Lets one waiting check-in or inventory go on.
    pub release: Notify,
}

fn refusal(code: RefusalCode) -> Refusal {
    Refusal {
        code,
        message: format!("{code:?}, says the desk"),
    }
}

impl Inbox for Desk {
    async fn agent_of(&self, certificate: Fingerprint) -> Result<AgentId, Refusal> {
        let known = self.agents.lock().unwrap().get(&certificate).copied();
        known.unwrap_or(Err(RefusalCode::Revoked)).map_err(refusal)
    }

    async fn enrol(&self, request: EnrolRequest, peer: IpAddr) -> Result<EnrolResponse, Refusal> {
        self.calls
            .send(format!("enrol {} from {peer}", request.hostname))
            .unwrap();
        if request.code.0 != "good" {
            return Err(refusal(RefusalCode::CodeInvalid));
        }
        Ok(EnrolResponse {
            agent: AgentId::new(),
            guest: GuestId::new(),
            certificate_pem: "pem".into(),
            renew_at: NOW,
            endpoints: vec![],
        })
    }

    async fn renew(&self, agent: AgentId, _: RenewRequest) -> Result<RenewResponse, Refusal> {
        self.calls.send(format!("renew {agent}")).unwrap();
        Ok(RenewResponse {
            certificate_pem: "next".into(),
            renew_at: NOW,
        })
    }

    async fn check_in(
        &self,
        agent: AgentId,
        _: CheckInRequest,
    ) -> Result<CheckInResponse, Refusal> {
        self.calls.send(format!("check in {agent}")).unwrap();
        self.release.notified().await;
        Ok(CheckInResponse {
            want_inventory: true,
            ..CheckInResponse::default()
        })
    }

    async fn inventory(&self, agent: AgentId, _: InventoryReport) -> Result<(), Refusal> {
        self.calls.send(format!("inventory {agent}")).unwrap();
        self.release.notified().await;
        Ok(())
    }

    async fn job(
        &self,
        agent: AgentId,
        job: JobId,
        report: JobReport,
    ) -> Result<JobAcknowledgement, Refusal> {
        self.calls.send(format!("job {job} of {agent}")).unwrap();
        Ok(JobAcknowledgement {
            sequence: report.sequence,
            cancel: false,
        })
    }
}

/// The gateway, its authority and its inbox.
pub struct House {
    pub ca: Ca,
    pub gateway: Gateway,
    pub desk: Arc<Desk>,
    pub calls: mpsc::UnboundedReceiver<String>,
    pub stop: CancellationToken,
}

impl House {
    pub async fn open(limits: Limits) -> Self {
        let ca = Ca::create("RedFlag", now()).unwrap();
        let server = ca.server_identity(NAME, now()).unwrap();
        let config = tls::server_config(&server, ca.certificate_pem()).unwrap();
        let (sender, calls) = mpsc::unbounded_channel();
        let desk = Arc::new(Desk {
            agents: Mutex::default(),
            calls: sender,
            release: Notify::new(),
        });
        let stop = CancellationToken::new();
        let any: SocketAddr = "127.0.0.1:0".parse().unwrap();
        let gateway = Gateway::serve_within(limits, any, config, desk.clone(), stop.clone())
            .await
            .unwrap();
        Self {
            ca,
            gateway,
            desk,
            calls,
            stop,
        }
    }

    /// A new agent with a certificate of ours, and what the desk says of it.
    pub fn agent(&self, known: impl FnOnce(AgentId) -> Result<AgentId, RefusalCode>) -> Agent {
        let id = AgentId::new();
        let (key_pem, request) = tls::new_key_and_request().unwrap();
        let issued = self.ca.issue_agent(&request, id, now()).unwrap();
        self.desk
            .agents
            .lock()
            .unwrap()
            .insert(issued.sha256, known(id));
        let identity = Identity {
            chain_pem: issued.pem,
            key_pem,
        };
        Agent {
            id,
            http: self.client(Some(&identity)),
        }
    }

    pub fn client(&self, identity: Option<&Identity>) -> reqwest::Client {
        let config = tls::agent_client_config(self.ca.certificate_pem(), identity).unwrap();
        reqwest::Client::builder()
            .tls_backend_preconfigured(config)
            .resolve(NAME, self.gateway.local_addr())
            .no_proxy()
            .build()
            .unwrap()
    }

    pub fn url(&self, path: &str) -> String {
        format!("https://{NAME}:{}{path}", self.gateway.local_addr().port())
    }
}

/// An enrolled agent's side.
pub struct Agent {
    pub id: AgentId,
    pub http: reqwest::Client,
}

pub fn now() -> Timestamp {
    let since = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    Timestamp(i64::try_from(since.as_millis()).unwrap())
}

pub fn enrolment(code: &str) -> EnrolRequest {
    EnrolRequest {
        protocol: wire::PROTOCOL,
        code: wire::EnrolmentCode(code.into()),
        request_pem: "request".into(),
        version: "0.1.0".into(),
        hostname: "web".into(),
        macs: vec![],
        about: wire::About::default(),
    }
}

pub fn check_in() -> serde_json::Value {
    serde_json::json!({
        "protocol": wire::PROTOCOL, "version": "0.1.0", "inventory": null, "session": "s",
        "jobs": [], "waitSeconds": 120,
    })
}

pub async fn refused(response: reqwest::Response) -> (u16, Refusal) {
    let status = response.status().as_u16();
    (status, response.json().await.unwrap())
}
