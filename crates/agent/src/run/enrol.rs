//! Becoming known to the desktop: a key pair made here, and one call with the single-use code.

use hyper::Method;
use wire::{EnrolRequest, EnrolResponse, RefusalCode};

use super::{
    RunError,
    backoff::Backoff,
    state::{Agent, PATIENCE},
};
use crate::{
    clock,
    desktop::{CallError, Identity, IdentityError, config},
    files, guest,
    journal::{self, Urgency},
};

/// Returns when there is an identity. As long as there is none, there is nothing else to do.
pub(super) async fn until_enrolled(agent: &Agent) -> Result<(), RunError> {
    let known = Identity::load(&agent.layout)?;
    let Some(bootstrap) = config::bootstrap(&agent.layout)? else {
        let Some((_, pair)) = known else {
            let what = "not enrolled, and there is no code; install the agent again from RedFlag";
            agent.trouble(what, agent.pace.code_pause);
            // A new installation restarts the service.
            return std::future::pending().await;
        };
        agent.set_identity(pair);
        return Ok(());
    };
    // One key pair for all tries: should an answer be lost, the desktop sees that it is the same agent.
    let (key, request_pem) = tls::new_key_and_request().map_err(IdentityError::from)?;
    let request = EnrolRequest {
        protocol: wire::PROTOCOL,
        code: bootstrap.code,
        request_pem,
        version: crate::VERSION.to_owned(),
        hostname: guest::host::name(&agent.layout),
        macs: guest::host::macs(&agent.layout),
        about: agent.about(),
    };
    let mut backoff = Backoff::new(agent.pace.pause);
    let mut desktop = agent.desktop()?;
    loop {
        let answer: Result<EnrolResponse, CallError> = desktop
            .call(Method::POST, wire::path::ENROL, &request, PATIENCE)
            .await;
        match answer {
            Ok(answer) => {
                let identity = Identity {
                    agent: answer.agent,
                    guest: answer.guest,
                    renew_at: answer.renew_at,
                };
                identity.store(&agent.layout, &key, &answer.certificate_pem)?;
                agent.learn_endpoints(&answer.endpoints);
                // Only now: before, the code was the only way in.
                files::remove(&agent.layout.bootstrap()).map_err(IdentityError::from)?;
                super::machine::remember(agent, guest::machine::now(&agent.layout))?;
                agent.well(&desktop);
                journal::say(
                    Urgency::Notice,
                    &format!("enrolled as agent {}", answer.agent),
                );
                agent.set_identity(tls::Identity {
                    chain_pem: answer.certificate_pem,
                    key_pem: key,
                });
                return Ok(());
            }
            Err(e) => {
                desktop.close();
                let refused = e.code() == Some(RefusalCode::CodeInvalid);
                if refused && let Some((identity, pair)) = known {
                    // The code was used before this process was restarted, or it is an old one.
                    let text = format!("the code is refused; going on as agent {}", identity.agent);
                    journal::say(Urgency::Notice, &text);
                    files::remove(&agent.layout.bootstrap()).map_err(IdentityError::from)?;
                    agent.set_identity(pair);
                    return Ok(());
                }
                let pause = if refused {
                    agent.pace.code_pause
                } else {
                    backoff.next(clock::random())
                };
                agent.trouble(&format!("cannot enrol: {e}"), pause);
                agent.pause(pause).await;
            }
        }
    }
}
