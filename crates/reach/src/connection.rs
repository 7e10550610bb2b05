//! One SSH connection: reached, its host key compared, logged in. Knows nothing of scripts.

use std::{
    borrow::Cow,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use domain::host::HostKey;
use russh::{
    Preferred,
    client::{self, AuthResult, DisconnectReason, KeyboardInteractiveAuthResponse},
    keys::{Algorithm, HashAlg, PrivateKey, PrivateKeyWithHashAlg, PublicKeyOrCertificate},
};
use secrecy::{ExposeSecret, SecretString};
use tokio::{net::TcpStream, time::timeout};

use crate::{NodeAddress, ReachError};

/// For the TCP connection alone.
const TCP_LIMIT: Duration = Duration::from_secs(8);
/// For the handshake, and again for the login.
const SSH_LIMIT: Duration = Duration::from_secs(15);
/// A connection that says nothing for three times this long is taken as lost.
const KEEPALIVE: Duration = Duration::from_secs(15);

/// What the other side said and showed, beside the answers of calls.
#[derive(Debug, Default)]
struct Heard {
    presented: Option<HostKey>,
    banner: Option<String>,
    parting: Option<String>,
}

/// Shared between the connection's task and those who ask why it ended.
#[derive(Clone, Debug, Default)]
struct Ear(Arc<Mutex<Heard>>);

impl Ear {
    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The side of the connection that russh calls.
pub(crate) struct Listener {
    /// None only looks, and ends the handshake after it.
    accepted: Option<HostKey>,
    ear: Ear,
}

impl client::Handler for Listener {
    type Error = russh::Error;

    async fn check_server_key(
        &mut self,
        shown: &PublicKeyOrCertificate,
    ) -> Result<bool, Self::Error> {
        // Host certificates are not asked for, so none can be shown.
        let PublicKeyOrCertificate::PublicKey { key, .. } = shown else {
            return Ok(false);
        };
        let presented = HostKey {
            algorithm: key.algorithm().to_string(),
            fingerprint: key.fingerprint(HashAlg::Sha256).to_string(),
        };
        let known = self
            .accepted
            .as_ref()
            .is_some_and(|accepted| accepted.fingerprint == presented.fingerprint);
        self.ear.heard().presented = Some(presented);
        Ok(known)
    }

    async fn auth_banner(
        &mut self,
        banner: &str,
        _session: &mut client::Session,
    ) -> Result<(), Self::Error> {
        self.ear.heard().banner = Some(crate::output::words(banner.as_bytes()));
        Ok(())
    }

    async fn disconnected(
        &mut self,
        reason: DisconnectReason<Self::Error>,
    ) -> Result<(), Self::Error> {
        let (parting, result) = match reason {
            DisconnectReason::ReceivedDisconnect(info) => {
                (crate::output::words(info.message.as_bytes()), Ok(()))
            }
            DisconnectReason::Error(error) => (error.to_string(), Err(error)),
        };
        self.ear.heard().parting = Some(parting);
        result
    }
}

/// How to log in.
pub(crate) enum Login<'a> {
    Key(&'a SecretString),
    Password(&'a SecretString),
}

/// A connection that has logged in.
pub(crate) struct Connection {
    handle: client::Handle<Listener>,
    ear: Ear,
}

impl Connection {
    /// Connects, compares the host key and logs in.
    pub(crate) async fn open(
        node: &NodeAddress,
        accepted: &HostKey,
        login: Login<'_>,
    ) -> Result<Self, ReachError> {
        let key = match login {
            Login::Key(text) => Some(private_key(text)?),
            Login::Password(_) => None,
        };
        let ear = Ear::default();
        let mut handle = match handshake(node, Some(accepted), &ear).await? {
            Ok(handle) => handle,
            Err(words) => {
                let presented = ear.heard().presented.clone();
                return Err(match presented {
                    Some(presented) if presented.fingerprint != accepted.fingerprint => {
                        ReachError::HostKeyChanged {
                            node: node.clone(),
                            accepted: Box::new(accepted.clone()),
                            presented: Box::new(presented),
                        }
                    }
                    _ => connect_error(node, words),
                });
            }
        };
        let attempt = async {
            match (login, key) {
                (Login::Password(password), _) => {
                    with_password(&mut handle, &node.user, password).await
                }
                (Login::Key(_), Some(key)) => with_key(&mut handle, &node.user, key).await,
                (Login::Key(_), None) => Ok(AuthResult::Failure {
                    remaining_methods: russh::MethodSet::empty(),
                    partial_success: false,
                }),
            }
        };
        let answer = timeout(SSH_LIMIT, attempt).await.map_err(|_| {
            connect_error(
                node,
                format!("no answer to the login within {} s", SSH_LIMIT.as_secs()),
            )
        })?;
        let connection = Self { handle, ear };
        match answer {
            Ok(AuthResult::Success) => Ok(connection),
            Ok(AuthResult::Failure {
                remaining_methods, ..
            }) => {
                if connection.handle.is_closed() {
                    let words = connection.parting();
                    return Err(ReachError::Auth {
                        node: node.clone(),
                        words,
                    });
                }
                let methods: Vec<String> = remaining_methods
                    .iter()
                    .map(|m| String::from(<&str>::from(m)))
                    .collect();
                let mut words = format!("it accepts {}", methods.join(", "));
                if let Some(banner) = &connection.ear.heard().banner {
                    words.push_str("; ");
                    words.push_str(banner);
                }
                Err(ReachError::Auth {
                    node: node.clone(),
                    words,
                })
            }
            Err(error) => Err(connect_error(node, error.to_string())),
        }
    }

    /// Whether it is known to have ended.
    pub(crate) fn is_closed(&self) -> bool {
        self.handle.is_closed()
    }

    /// Why it ended, as far as is known.
    pub(crate) fn parting(&self) -> String {
        self.ear
            .heard()
            .parting
            .clone()
            .unwrap_or_else(|| "the other side closed the connection".to_owned())
    }

    /// A new channel for one command.
    pub(crate) async fn channel(&self) -> Result<russh::Channel<client::Msg>, russh::Error> {
        self.handle.channel_open_session().await
    }
}

/// Looks at the key that the node's sshd shows, and ends the connection before any login.
pub(crate) async fn look(node: &NodeAddress) -> Result<HostKey, ReachError> {
    let ear = Ear::default();
    let outcome = handshake(node, None, &ear).await?;
    let presented = ear.heard().presented.clone();
    presented.ok_or_else(|| {
        let words = outcome
            .err()
            .unwrap_or_else(|| "it showed no host key".to_owned());
        connect_error(node, words)
    })
}

/// The inner error holds the words of a handshake that did not end well.
async fn handshake(
    node: &NodeAddress,
    accepted: Option<&HostKey>,
    ear: &Ear,
) -> Result<Result<client::Handle<Listener>, String>, ReachError> {
    let stream = timeout(
        TCP_LIMIT,
        TcpStream::connect((node.plain_host(), node.port)),
    )
    .await
    .map_err(|_| connect_error(node, format!("no answer within {} s", TCP_LIMIT.as_secs())))?
    .map_err(|error| connect_error(node, error.to_string()))?;
    // Small packets must not wait for each other's acknowledgement; without it everything still works, only slower.
    let _ = stream.set_nodelay(true);
    let listener = Listener {
        accepted: accepted.cloned(),
        ear: ear.clone(),
    };
    let config = Arc::new(client::Config {
        keepalive_interval: Some(KEEPALIVE),
        keepalive_max: 3,
        preferred: Preferred {
            key: Cow::Owned(key_order(accepted)),
            ..Preferred::default()
        },
        nodelay: true,
        ..client::Config::default()
    });
    timeout(SSH_LIMIT, client::connect_stream(config, stream, listener))
        .await
        .map_err(|_| {
            connect_error(
                node,
                format!(
                    "it accepted the connection but did not speak SSH within {} s",
                    SSH_LIMIT.as_secs()
                ),
            )
        })
        .map(|outcome| outcome.map_err(|error| error.to_string()))
}

/// The kinds of host keys to ask for: the accepted one's first, so that a server with several shows the same again.
fn key_order(accepted: Option<&HostKey>) -> Vec<Algorithm> {
    let mut order: Vec<Algorithm> = Preferred::default().key.into_owned();
    if let Some(accepted) = accepted {
        order.sort_by_key(|algorithm| {
            let same = match algorithm {
                Algorithm::Rsa { .. } => accepted.algorithm == "ssh-rsa",
                other => other.as_str() == accepted.algorithm,
            };
            !same
        });
    }
    order
}

fn private_key(text: &SecretString) -> Result<PrivateKey, ReachError> {
    PrivateKey::from_openssh(text.expose_secret()).map_err(|error| ReachError::PrivateKey {
        words: error.to_string(),
    })
}

async fn with_key(
    handle: &mut client::Handle<Listener>,
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
async fn with_password(
    handle: &mut client::Handle<Listener>,
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

fn connect_error(node: &NodeAddress, words: String) -> ReachError {
    ReachError::Connect {
        node: node.clone(),
        words,
    }
}
