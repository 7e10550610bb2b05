//! One life of a simulated agent: enrol if need be, then check in, scan and do what is asked, over and over.

use std::{sync::Arc, time::Duration};

use domain::{JobId, Timestamp};
use hyper::Method;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;
use wire::{
    CheckInRequest, CheckInResponse, EnrolRequest, EnrolResponse, EnrolmentCode, InventoryReport,
    PROTOCOL, RefusalCode, RenewRequest, RenewResponse, path,
};

use super::{
    BOOTSTRAP, apt, job,
    line::{Failed, Line},
    supervisor::{Pace, Seat},
};
use crate::{
    ground::Ground,
    seed::secret_hex,
    world::{
        Guest, Machine,
        machine::{Agent, AgentJob, Asking, Identity, Standing},
        millis,
    },
};

/// How long a check-in asks to be kept waiting, in seconds.
const POLL: u32 = 50;
/// First pause after a failure; doubles up to the longest.
const PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(20);

/// The guest as its agent sees it.
#[derive(Clone)]
pub(super) struct Inside {
    pub(super) ground: Arc<Ground>,
    pub(super) seat: Seat,
    pub(super) pace: Pace,
    /// One job at a time, in the order they came.
    pub(super) turn: Arc<Mutex<()>>,
}

impl Inside {
    /// Looks at the guest; none when it was destroyed.
    pub(super) fn look<T>(&self, look: impl FnOnce(&Guest) -> T) -> Option<T> {
        self.ground.live.read(|w| {
            let cluster = w.clusters.get(self.seat.cluster)?;
            cluster.guests.get(&self.seat.vmid).map(look)
        })
    }

    /// Changes the inside of the guest.
    pub(super) fn change<T>(&self, act: impl FnOnce(&mut Machine) -> T) -> Option<T> {
        self.ground.live.change(|w| {
            let cluster = w.clusters.get_mut(self.seat.cluster)?;
            let guest = cluster.guests.get_mut(&self.seat.vmid)?;
            Some(act(&mut guest.machine))
        })
    }

    /// Lets happen what waits for the first report.
    fn has_reported(&self) {
        self.ground.live.change(|w| {
            let cluster = w.clusters.get_mut(self.seat.cluster)?;
            let guest = cluster.guests.get_mut(&self.seat.vmid)?;
            let lock = guest.lock_after_report.take()?;
            guest.lock = guest.lock.take().or(Some(lock));
            Some(())
        });
    }

    /// Looks at the agent.
    pub(super) fn look_agent<T>(&self, look: impl FnOnce(&Agent) -> T) -> Option<T> {
        self.look(|g| g.machine.agent.as_ref().map(look)).flatten()
    }

    /// Looks at what the agent keeps of a job.
    pub(super) fn look_job<T>(&self, id: JobId, look: impl FnOnce(&AgentJob) -> T) -> Option<T> {
        self.look_agent(|a| a.jobs.get(&id).map(look)).flatten()
    }

    /// Changes the agent's own state.
    pub(super) fn agent<T>(&self, act: impl FnOnce(&mut Agent) -> T) -> Option<T> {
        self.change(|m| m.agent.as_mut().map(act)).flatten()
    }

    /// Changes what the agent keeps of a job.
    pub(super) fn job<T>(&self, id: JobId, act: impl FnOnce(&mut AgentJob) -> T) -> Option<T> {
        self.agent(|a| a.jobs.get_mut(&id).map(act)).flatten()
    }

    /// Reads what is pending and keeps it; answers with the hash.
    pub(super) fn scan(&self) -> String {
        let addresses = self.look(|g| vec![g.ip().to_string()]).unwrap_or_default();
        self.change(|m| {
            let inventory = apt::inventory(m, addresses, Timestamp(millis()));
            let hash = inventory.hash();
            if let Some(agent) = &mut m.agent {
                agent.inventory = Some((hash.clone(), inventory));
            }
            hash
        })
        .unwrap_or_default()
    }

    /// A line to the desktop with what the agent knows now.
    pub(super) fn line(&self) -> Result<Line, String> {
        let agent = self.look_agent(Agent::clone).ok_or("the agent is gone")?;
        let identity = match &agent.standing {
            Standing::Enrolled(identity) => Some(tls::Identity {
                chain_pem: identity.certificate_pem.clone(),
                key_pem: identity.key_pem.clone().into(),
            }),
            Standing::Enrolling { .. } | Standing::Refused { .. } => None,
        };
        let config = tls::agent_client_config(&agent.ca_pem, identity.as_ref())
            .map_err(|e| e.to_string())?;
        Ok(Line::new(
            agent.endpoints,
            agent.server_name,
            Arc::new(config),
            self.ground.links.clone(),
        ))
    }

    /// Makes the key pair to enrol with. It is kept before it is shown: a code serves one key, and an answer may be lost.
    fn ask(&self, code: &EnrolmentCode) -> Result<Asking, Failed> {
        let (key_pem, request_pem) =
            tls::new_key_and_request().map_err(|e| Failed::Lost(e.to_string()))?;
        let asking = Asking {
            key_pem: key_pem.to_string(),
            request_pem,
        };
        self.agent(|a| {
            a.standing = Standing::Enrolling {
                code: code.clone(),
                asking: Some(asking.clone()),
            }
        });
        Ok(asking)
    }

    fn refuse(&self, why: &str) {
        self.agent(|a| {
            a.standing = Standing::Refused {
                why: why.to_owned(),
            }
        });
    }
}

/// Lives until the guest stops, which drops this future, or the desktop sends it away.
pub(super) async fn live(ground: &Arc<Ground>, seat: Seat, pace: Pace, stop: &CancellationToken) {
    let inside = Inside {
        ground: ground.clone(),
        seat,
        pace,
        turn: Arc::new(Mutex::new(())),
    };
    let session = secret_hex(8).unwrap_or_default();
    inside.agent(|a| a.session = Some(session.clone()));
    // What was under way when the last life ended is told, not begun again.
    let jobs = inside.look_agent(|a| a.jobs.keys().copied().collect::<Vec<_>>());
    for id in jobs.unwrap_or_default() {
        job::resume(&inside, id, stop);
    }
    let mut pause = PAUSE;
    let mut line = None;
    loop {
        match turn(&inside, &session, &mut line, stop).await {
            Ok(()) => pause = PAUSE,
            Err(Failed::Refused(refusal)) => {
                line = None;
                match refusal.code {
                    RefusalCode::CodeInvalid | RefusalCode::Revoked | RefusalCode::Cloned => {
                        inside.refuse(&refusal.message);
                        return;
                    }
                    RefusalCode::ProtocolTooOld
                    | RefusalCode::Malformed
                    | RefusalCode::NotFound
                    | RefusalCode::Busy
                    | RefusalCode::Internal => {}
                }
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
            Err(Failed::Lost(words)) => {
                tracing::debug!(vmid = seat.vmid, words, "a simulated agent has no line");
                line = None;
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
        if inside.look_agent(|_| ()).is_none() {
            return;
        }
    }
}

/// One turn: enrol, renew, or check in.
async fn turn(
    inside: &Inside,
    session: &str,
    line: &mut Option<Line>,
    stop: &CancellationToken,
) -> Result<(), Failed> {
    let standing = inside
        .look_agent(|a| a.standing.clone())
        .ok_or_else(|| Failed::Lost("the agent is gone".into()))?;
    let open = match line {
        Some(open) => open,
        None => line.insert(inside.line().map_err(Failed::Lost)?),
    };
    match standing {
        Standing::Refused { .. } => std::future::pending().await,
        Standing::Enrolling { code, asking } => {
            enrol(inside, open, code, asking).await?;
            *line = None;
            Ok(())
        }
        Standing::Enrolled(identity) if identity.renew_at.0 <= millis() => {
            renew(inside, open, identity).await?;
            *line = None;
            Ok(())
        }
        Standing::Enrolled(_) => check_in(inside, open, session, stop).await,
    }
}

async fn enrol(
    inside: &Inside,
    line: &mut Line,
    code: EnrolmentCode,
    asking: Option<Asking>,
) -> Result<(), Failed> {
    let asking = match asking {
        Some(asking) => asking,
        None => inside.ask(&code)?,
    };
    let (hostname, mac) = inside
        .look(|g| (g.name.clone(), g.mac.to_ascii_lowercase()))
        .unwrap_or_default();
    let request = EnrolRequest {
        protocol: PROTOCOL,
        code,
        request_pem: asking.request_pem,
        version: super::VERSION.into(),
        hostname,
        macs: vec![mac],
        about: wire::About::default(),
    };
    let answer: EnrolResponse = line
        .call(Method::POST, path::ENROL, &request, Duration::ZERO)
        .await?;
    inside.change(|m| {
        m.files.remove(BOOTSTRAP);
        if let Some(agent) = &mut m.agent {
            if !answer.endpoints.is_empty() {
                agent.endpoints = answer.endpoints;
            }
            agent.standing = Standing::Enrolled(Identity {
                agent: answer.agent,
                guest: answer.guest,
                certificate_pem: answer.certificate_pem,
                key_pem: asking.key_pem,
                renew_at: answer.renew_at,
            });
        }
    });
    Ok(())
}

async fn renew(inside: &Inside, line: &mut Line, identity: Identity) -> Result<(), Failed> {
    let (key_pem, request_pem) =
        tls::new_key_and_request().map_err(|e| Failed::Lost(e.to_string()))?;
    let request = RenewRequest { request_pem };
    let answer: RenewResponse = line
        .call(Method::POST, path::RENEW, &request, Duration::ZERO)
        .await?;
    inside.agent(|a| {
        a.standing = Standing::Enrolled(Identity {
            certificate_pem: answer.certificate_pem,
            key_pem: key_pem.to_string(),
            renew_at: answer.renew_at,
            ..identity
        });
    });
    Ok(())
}

async fn check_in(
    inside: &Inside,
    line: &mut Line,
    session: &str,
    stop: &CancellationToken,
) -> Result<(), Failed> {
    let known = inside.look_agent(|a| {
        let hash = a.inventory.as_ref().map(|(hash, _)| hash.clone());
        let age = a
            .inventory
            .as_ref()
            .map(|(_, i)| Timestamp(millis()).since(i.scanned_at));
        (hash, age, a.jobs.keys().copied().collect::<Vec<_>>())
    });
    let (inventory, age, jobs) = known.unwrap_or_default();
    // The first sign of life comes before the first scan and does not wait.
    let wait_seconds = if inventory.is_none() { 0 } else { POLL };
    let first = inventory.is_none();
    let request = CheckInRequest {
        protocol: PROTOCOL,
        version: inside
            .look_agent(|a| a.version.clone())
            .unwrap_or_else(|| super::VERSION.into()),
        inventory,
        scanned_ms_ago: age.map(i64::unsigned_abs),
        session: session.to_owned(),
        jobs,
        wait_seconds,
        about: wire::About::default(),
    };
    let wait = Duration::from_secs(u64::from(wait_seconds));
    let answer: CheckInResponse = line
        .call(Method::POST, path::CHECK_IN, &request, wait)
        .await?;
    if !answer.endpoints.is_empty() {
        inside.agent(|a| a.endpoints = answer.endpoints);
    }
    for id in answer.forget {
        inside.agent(|a| a.jobs.remove(&id));
    }
    for id in answer.cancel {
        inside.job(id, |j| j.cancelled = true);
    }
    for work in answer.work {
        job::begin(inside, work, stop);
    }
    if first {
        inside.pace.step().await;
        inside.scan();
        send_inventory(inside, line).await?;
    } else if answer.want_inventory {
        send_inventory(inside, line).await?;
    }
    Ok(())
}

/// Sends the newest scan whole.
pub(super) async fn send_inventory(inside: &Inside, line: &mut Line) -> Result<(), Failed> {
    let Some((hash, inventory)) = inside.look_agent(|a| a.inventory.clone()).flatten() else {
        return Ok(());
    };
    let report = InventoryReport { hash, inventory };
    let _: serde_json::Value = line
        .call(Method::PUT, path::INVENTORY, &report, Duration::ZERO)
        .await?;
    inside.has_reported();
    Ok(())
}
