//! The ways to log in that need no agent.

use std::sync::Arc;

use russh::{
    client::{self, AuthResult, KeyboardInteractiveAuthResponse},
    keys::{PrivateKey, PrivateKeyWithHashAlg},
};
use secrecy::{ExposeSecret, SecretString};

use crate::Credential;

/// How to log in.
pub(crate) enum Login<'a> {
    By(&'a Credential),
    Password(&'a SecretString),
}

pub(crate) async fn with_key<H: client::Handler>(
    handle: &mut client::Handle<H>,
    user: &str,
    key: PrivateKey,
) -> Result<AuthResult, russh::Error> {
    let hash = if key.algorithm().is_rsa() {
        handle.best_supported_rsa_hash().await?.flatten()
    } else {
        None
    };
    let key = PrivateKeyWithHashAlg::new(Arc::new(key), hash);
    handle.authenticate_publickey(user, key).await
}

/// Tries `password`, then `keyboard-interactive` where the server prefers to ask.
pub(crate) async fn with_password<H: client::Handler>(
    handle: &mut client::Handle<H>,
    user: &str,
    password: &SecretString,
) -> Result<AuthResult, russh::Error> {
    let first = handle
        .authenticate_password(user, password.expose_secret())
        .await?;
    let AuthResult::Failure {
        remaining_methods, ..
    } = &first
    else {
        return Ok(first);
    };
    if !remaining_methods.contains(&russh::MethodKind::KeyboardInteractive) {
        return Ok(first);
    }
    let mut answer = handle
        .authenticate_keyboard_interactive_start(user, None)
        .await?;
    // One question for the password, then perhaps empty rounds: more would be a second factor.
    for _round in 0..4 {
        match answer {
            KeyboardInteractiveAuthResponse::Success => return Ok(AuthResult::Success),
            KeyboardInteractiveAuthResponse::Failure {
                remaining_methods,
                partial_success,
            } => {
                return Ok(AuthResult::Failure {
                    remaining_methods,
                    partial_success,
                });
            }
            KeyboardInteractiveAuthResponse::InfoRequest { prompts, .. } => {
                let answers = prompts
                    .iter()
                    .map(|prompt| {
                        if prompt.echo {
                            String::new()
                        } else {
                            password.expose_secret().to_owned()
                        }
                    })
                    .collect();
                answer = handle
                    .authenticate_keyboard_interactive_respond(answers)
                    .await?;
            }
        }
    }
    Ok(first)
}
