//! The inbox behind the measured gateway: a box for each agent, and nothing that would cost anything by itself.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use domain::{AgentId, JobId, Timestamp, host::Fingerprint};
use gateway::Inbox;
use tokio::{sync::Notify, time::Instant};
use wire::{
    Action, CheckInRequest, CheckInResponse, EnrolRequest, EnrolResponse, InventoryReport,
    JobAcknowledgement, JobReport, Refusal, RefusalCode, RenewRequest, RenewResponse, Work,
};

#[derive(Default)]
struct Letterbox {
    work: Mutex<Option<Work>>,
    news: Notify,
}

/// All boxes.
#[derive(Default)]
pub(crate) struct Post {
    agents: HashMap<Fingerprint, AgentId>,
    boxes: HashMap<AgentId, Letterbox>,
    waiting: AtomicUsize,
    /// Inventories that came.
    pub(crate) inventories: AtomicUsize,
}

struct Waits<'a>(&'a AtomicUsize);

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn none() -> Refusal {
    Refusal {
        code: RefusalCode::CodeInvalid,
        message: "nobody enrols here".into(),
    }
}

impl Post {
    pub(crate) fn know(&mut self, certificate: Fingerprint, agent: AgentId) {
        self.agents.insert(certificate, agent);
        self.boxes.insert(agent, Letterbox::default());
    }

    /// How many agents wait for an answer.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Hands a piece of work to each of these agents.
    pub(crate) fn hand_to(&self, agents: &[AgentId]) {
        for agent in agents {
            let letterbox = &self.boxes[agent];
            let now = crate::now_ms();
            *letterbox.work.lock().unwrap() = Some(Work {
                id: JobId::new(),
                action: Action::Scan { refresh: false },
                sent_at: Timestamp(now),
                expires_at: Timestamp(now + 600_000),
            });
            letterbox.news.notify_one();
        }
    }

    /// How many of these agents have not yet said that they hold their work.
    pub(crate) fn undelivered(&self, agents: &[AgentId]) -> usize {
        let open = |agent: &&AgentId| self.boxes[*agent].work.lock().unwrap().is_some();
        agents.iter().filter(open).count()
    }
}

impl Inbox for Post {
    async fn agent_of(&self, certificate: Fingerprint) -> Result<AgentId, Refusal> {
        self.agents.get(&certificate).copied().ok_or_else(none)
    }

    async fn enrol(&self, _: EnrolRequest, _: IpAddr) -> Result<EnrolResponse, Refusal> {
        Err(none())
    }

    async fn renew(&self, _: AgentId, _: RenewRequest) -> Result<RenewResponse, Refusal> {
        Err(none())
    }

    async fn check_in(
        &self,
        agent: AgentId,
        request: CheckInRequest,
    ) -> Result<CheckInResponse, Refusal> {
        let letterbox = &self.boxes[&agent];
        let until = Instant::now() + Duration::from_secs(u64::from(request.wait_seconds));
        self.waiting.fetch_add(1, Ordering::Relaxed);
        let _waits = Waits(&self.waiting);
        loop {
            let work = {
                let mut work = letterbox.work.lock().unwrap();
                // What it holds already is delivered; until then it may have been lost on the way.
                work.take_if(|work| request.jobs.contains(&work.id));
                work.clone()
            };
            let over = Instant::now() >= until;
            if work.is_some() || over {
                return Ok(CheckInResponse {
                    work: work.into_iter().collect(),
                    ..CheckInResponse::default()
                });
            }
            let _ = tokio::time::timeout_at(until, letterbox.news.notified()).await;
        }
    }

    async fn inventory(&self, _: AgentId, _: InventoryReport) -> Result<(), Refusal> {
        self.inventories.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    async fn job(
        &self,
        _: AgentId,
        _: JobId,
        report: JobReport,
    ) -> Result<JobAcknowledgement, Refusal> {
        Ok(JobAcknowledgement {
            sequence: report.sequence,
            cancel: false,
        })
    }
}
