//! The long poll: tells what the agent has, and takes on what it is to do.

use std::time::{Duration, Instant};

use hyper::Method;
use tls::new_key_and_request;
use wire::{
    CheckInRequest, CheckInResponse, RefusalCode, RenewRequest, RenewResponse, path::CHECK_IN,
    path::RENEW,
};

use super::{
    Ended, RunError,
    backoff::Backoff,
    state::{Agent, PATIENCE},
};
use crate::{
    clock,
    desktop::{CallError, Desktop, Identity, IdentityError, Way},
    files,
    jobs::{JobDirectory, bounds},
    journal::{self, Urgency},
};

/// How much longer than the desktop may keep it a check-in is waited for.
const SLACK: Duration = Duration::from_secs(30);
/// Answers quicker than this are followed by a pause, whatever the desktop does.
const QUICK: Duration = Duration::from_millis(500);
/// The most jobs that wait here.
const QUEUE: usize = 32;

/// Runs until the agent ends.
pub(super) async fn run(agent: &Agent) -> Result<Ended, RunError> {
    let mut backoff = Backoff::new(agent.pace.pause);
    let mut desktop = agent.desktop()?;
    let mut renewal_after = Instant::now();
    loop {
        if renewal_after <= Instant::now() && is_due(agent) {
            match renew(agent, &mut desktop).await {
                Ok(()) => desktop = agent.desktop()?,
                Err(what) => {
                    journal::say(
                        Urgency::Warning,
                        &format!("the certificate is not renewed yet: {what}"),
                    );
                    renewal_after = Instant::now() + Duration::from_secs(3600);
                }
            }
        }
        // Somebody waits to see whether this agent, which is new, is heard.
        let watched =
            agent.running.borrow().last_contact.is_none() && agent.layout.upgrade().exists();
        let request = CheckInRequest {
            protocol: wire::PROTOCOL,
            version: crate::VERSION.to_owned(),
            inventory: agent.inventory_hash(),
            scanned_ms_ago: agent.scanned_ms_ago(),
            session: agent.session.clone(),
            jobs: JobDirectory::all(&agent.layout)
                .iter()
                .map(|j| j.id)
                .collect(),
            wait_seconds: if watched { 0 } else { agent.pace.wait_seconds },
            about: agent.about(),
        };
        let patience = Duration::from_secs(u64::from(request.wait_seconds)) + SLACK;
        let began = Instant::now();
        let network = matches!(desktop.way(), Some(Way::Address(_)));
        let answer: Result<CheckInResponse, CallError> = tokio::select! {
            answer = desktop.call(Method::POST, CHECK_IN, &request, patience) => answer,
            // The desktop comes through the node, so it does not hear us here.
            () = agent.carrier.arrival(), if network => {
                desktop.close();
                continue;
            }
        };
        let done = match answer {
            Ok(answer) => {
                agent.well(&desktop);
                if request.about.dropped > 0 {
                    bounds::told(&agent.layout);
                }
                if let Some(machine) = request.about.machine.clone() {
                    super::machine::remember(agent, machine)?;
                }
                taken(agent, &mut desktop, request.inventory, answer).await
            }
            Err(e) => Err(e),
        };
        match done {
            Ok(()) => {
                backoff.reset();
                if began.elapsed() < QUICK {
                    tokio::time::sleep(QUICK).await;
                }
            }
            Err(e) => {
                desktop.close();
                let pause = match e.code() {
                    Some(RefusalCode::Revoked) => {
                        agent.revoked.set(true);
                        agent.pace.revoked_pause
                    }
                    Some(RefusalCode::Cloned) if super::machine::reconsider(agent).await? => {
                        desktop = agent.desktop()?;
                        continue;
                    }
                    Some(RefusalCode::Cloned | RefusalCode::ProtocolTooOld) => {
                        agent.pace.code_pause
                    }
                    Some(
                        RefusalCode::CodeInvalid
                        | RefusalCode::Malformed
                        | RefusalCode::NotFound
                        | RefusalCode::Busy
                        | RefusalCode::Internal,
                    )
                    | None => backoff.next(clock::random()),
                };
                agent.trouble(&e.to_string(), pause);
                agent.pause(pause).await;
            }
        }
    }
}

/// Does what an answer asks for.
async fn taken(
    agent: &Agent,
    desktop: &mut Desktop,
    told: Option<String>,
    answer: CheckInResponse,
) -> Result<(), CallError> {
    if agent.learn_endpoints(&answer.endpoints) {
        desktop.set_endpoints(&answer.endpoints);
    }
    for id in answer.cancel {
        if let Ok(job) = JobDirectory::open(&agent.layout, id)
            && let Err(e) = job.cancel()
        {
            journal::say(Urgency::Warning, &e.to_string());
        }
    }
    agent.forgotten.borrow_mut().extend(answer.forget);
    for work in answer.work {
        if JobDirectory::all(&agent.layout).len() >= QUEUE {
            journal::say(
                Urgency::Warning,
                "too many jobs wait here; no more are taken on",
            );
            break;
        }
        if let Err(e) = JobDirectory::accept(&agent.layout, &work, agent.now()) {
            journal::say(Urgency::Warning, &format!("work not taken on: {e}"));
        }
    }
    agent.jobs_changed.notify_one();
    if answer.want_inventory {
        agent.upload(desktop, true).await?;
    } else if told.is_some() {
        *agent.accepted.borrow_mut() = told;
    }
    Ok(())
}

fn is_due(agent: &Agent) -> bool {
    let identity: Option<Identity> = files::read_json(&agent.layout.identity()).ok();
    identity.is_some_and(|i| i.renew_at <= agent.now())
}

async fn renew(agent: &Agent, desktop: &mut Desktop) -> Result<(), String> {
    let words = |e: &dyn std::fmt::Display| e.to_string();
    let (key, request_pem) = new_key_and_request().map_err(|e| words(&e))?;
    let answer: RenewResponse = desktop
        .call(Method::POST, RENEW, &RenewRequest { request_pem }, PATIENCE)
        .await
        .map_err(|e| words(&e))?;
    let stored: Result<(), IdentityError> = (|| {
        let mut identity: Identity = files::read_json(&agent.layout.identity())?;
        identity.renew_at = answer.renew_at;
        identity.store(&agent.layout, &key, &answer.certificate_pem)
    })();
    stored.map_err(|e| words(&e))?;
    agent.set_identity(tls::Identity {
        chain_pem: answer.certificate_pem,
        key_pem: key,
    });
    Ok(())
}
