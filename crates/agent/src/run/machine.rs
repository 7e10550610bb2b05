//! What the agent does when it finds itself on another machine than it was enrolled on: nothing, but to ask the desktop
//! who it is. A clone gets a key and an identity of its own; a guest with a new network card goes on as before.

use hyper::Method;
use wire::{Machine, MachineAnswer, MachineRequest, path::MACHINE};
use zeroize::Zeroizing;

use super::{
    RunError,
    backoff::Backoff,
    state::{Agent, PATIENCE},
};
use crate::{
    clock,
    desktop::{CallError, Identity, IdentityError},
    guest,
    jobs::JobDirectory,
    journal::{self, Urgency},
};

/// Returns when it is certain whose identity this is.
pub(super) async fn until_certain(agent: &Agent) -> Result<(), RunError> {
    let before = guest::machine::before(&agent.layout).map_err(IdentityError::from)?;
    let now = guest::machine::now(&agent.layout);
    let Some(before) = before.filter(|before| now.may_be_a_clone_of(before)) else {
        return remember(agent, now);
    };
    let mut backoff = Backoff::new(agent.pace.pause);
    loop {
        match ask(agent, &before, &now).await? {
            Ok(()) => return Ok(()),
            Err(e) => {
                let pause = match e.code() {
                    // Somebody has to decide, which takes as long as it takes.
                    Some(_) => agent.pace.code_pause,
                    None => backoff.next(clock::random()),
                };
                let what = format!(
                    "this LXC looks like a copy of the one that its agent was enrolled in, so the agent does nothing until RedFlag has decided: {e}"
                );
                agent.trouble(&what, pause);
                agent.pause(pause).await;
            }
        }
    }
}

/// The desktop has seen this identity on two machines: asks which of them this is. Says whether there is an answer.
pub(super) async fn reconsider(agent: &Agent) -> Result<bool, RunError> {
    let now = guest::machine::now(&agent.layout);
    let before = guest::machine::before(&agent.layout)
        .map_err(IdentityError::from)?
        .unwrap_or_default();
    Ok(ask(agent, &before, &now).await?.is_ok())
}

/// Notes that the identity belongs to this machine.
pub(super) fn remember(agent: &Agent, machine: Machine) -> Result<(), RunError> {
    if agent.machine.borrow().as_ref() != Some(&machine) {
        guest::machine::note(&agent.layout, &machine).map_err(IdentityError::from)?;
        *agent.machine.borrow_mut() = Some(machine);
    }
    Ok(())
}

/// The outer error is the guest's, the inner one the desktop's or the way's.
async fn ask(
    agent: &Agent,
    before: &Machine,
    now: &Machine,
) -> Result<Result<(), CallError>, RunError> {
    let (key, request_pem) = tls::new_key_and_request().map_err(IdentityError::from)?;
    let request = MachineRequest {
        request_pem,
        version: crate::VERSION.to_owned(),
        hostname: guest::host::name(&agent.layout),
        session: agent.session.clone(),
        before: before.clone(),
        now: now.clone(),
    };
    let mut desktop = agent.desktop()?;
    let answer: Result<MachineAnswer, CallError> = desktop
        .call(Method::POST, MACHINE, &request, PATIENCE)
        .await;
    match answer {
        Ok(MachineAnswer::Same) => {}
        Ok(MachineAnswer::Another { identity }) => become_another(agent, key, identity)?,
        Err(e) => return Ok(Err(e)),
    }
    agent.well(&desktop);
    remember(agent, now.clone())?;
    Ok(Ok(()))
}

fn become_another(
    agent: &Agent,
    key: Zeroizing<String>,
    answer: wire::EnrolResponse,
) -> Result<(), RunError> {
    // What the other guest was asked to do is not for this one, and not for this one to report.
    for job in JobDirectory::all(&agent.layout) {
        if !job.is_running()
            && let Err(e) = job.close(&agent.layout)
        {
            journal::say(Urgency::Warning, &e.to_string());
        }
    }
    let identity = Identity {
        agent: answer.agent,
        guest: answer.guest,
        renew_at: answer.renew_at,
    };
    identity.store(&agent.layout, &key, &answer.certificate_pem)?;
    agent.learn_endpoints(&answer.endpoints);
    agent.set_identity(tls::Identity {
        chain_pem: answer.certificate_pem,
        key_pem: key,
    });
    journal::say(
        Urgency::Notice,
        &format!("this is a copy of another LXC: now agent {}", answer.agent),
    );
    Ok(())
}
