//! One SSH connection: reached, its host key compared, logged in. Knows nothing of scripts.

use std::{
    borrow::Cow,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use domain::host::HostKey;
use russh::{
    Preferred,
    client::{self, AuthResult, DisconnectReason},
    keys::{Algorithm, HashAlg, PublicKeyOrCertificate},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::timeout,
};

use crate::{
    Credential, NodeAddress, ReachError, credential,
    login::{Login, with_key, with_password},
};

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

/// What SSH is spoken over: a connection of its own, or a channel through another node.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// A connection that has logged in.
pub(crate) struct Connection {
    handle: client::Handle<Listener>,
    ear: Ear,
    /// What it goes through lives as long as it does.
    _through: Option<Arc<Connection>>,
}

impl Connection {
    /// Connects, through another node if one is given, compares the host key and logs in.
    pub(crate) async fn open(
        node: &NodeAddress,
        accepted: &HostKey,
        login: Login<'_>,
        through: Option<Arc<Connection>>,
    ) -> Result<Self, ReachError> {
        let key = match &login {
            Login::By(Credential::Key(text)) => Some(
                credential::private_key(text).map_err(|words| ReachError::PrivateKey { words })?,
            ),
            Login::By(Credential::Agent { .. }) | Login::Password(_) => None,
        };
        let ear = Ear::default();
        let mut handle = match handshake(node, Some(accepted), &ear, through.as_deref()).await? {
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
            let words = |error: russh::Error| error.to_string();
            match (login, key) {
                (Login::Password(password), _) => {
                    let answer = with_password(&mut handle, &node.user, password).await;
                    answer.map_err(words)
                }
                (Login::By(Credential::Agent { socket, only }), _) => {
                    let (socket, only) = (socket.as_deref(), only.as_deref());
                    credential::login_by_agent(&mut handle, &node.user, socket, only).await
                }
                (Login::By(Credential::Key(_)), Some(key)) => {
                    let answer = with_key(&mut handle, &node.user, key).await;
                    answer.map_err(words)
                }
                (Login::By(Credential::Key(_)), None) => Err("there is no key".to_owned()),
            }
        };
        let answer = timeout(SSH_LIMIT, attempt).await.map_err(|_| {
            connect_error(
                node,
                format!("no answer to the login within {} s", SSH_LIMIT.as_secs()),
            )
        })?;
        let connection = Self {
            handle,
            ear,
            _through: through,
        };
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
            // The agent's own trouble leaves the connection open.
            Err(words) if !connection.handle.is_closed() => Err(ReachError::Auth {
                node: node.clone(),
                words,
            }),
            Err(words) => Err(connect_error(node, words)),
        }
    }

    /// A channel from this node to another one's sshd.
    async fn tunnel(&self, node: &NodeAddress) -> Result<Box<dyn Stream>, ReachError> {
        let opening = self.handle.channel_open_direct_tcpip(
            node.plain_host(),
            u32::from(node.port),
            "127.0.0.1",
            0,
        );
        match timeout(TCP_LIMIT, opening).await {
            Ok(Ok(channel)) => Ok(Box::new(channel.into_stream())),
            Ok(Err(error)) => Err(connect_error(
                node,
                format!("the node on the way does not lead there: {error}"),
            )),
            Err(_) => Err(connect_error(
                node,
                format!(
                    "no answer through the node on the way within {} s",
                    TCP_LIMIT.as_secs()
                ),
            )),
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
pub(crate) async fn look(
    node: &NodeAddress,
    through: Option<&Connection>,
) -> Result<HostKey, ReachError> {
    let ear = Ear::default();
    let outcome = handshake(node, None, &ear, through).await?;
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
    through: Option<&Connection>,
) -> Result<Result<client::Handle<Listener>, String>, ReachError> {
    let stream = match through {
        Some(connection) => connection.tunnel(node).await?,
        None => direct(node).await?,
    };
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

async fn direct(node: &NodeAddress) -> Result<Box<dyn Stream>, ReachError> {
    let connecting = TcpStream::connect((node.plain_host(), node.port));
    let stream = timeout(TCP_LIMIT, connecting)
        .await
        .map_err(|_| connect_error(node, format!("no answer within {} s", TCP_LIMIT.as_secs())))?
        .map_err(|error| connect_error(node, error.to_string()))?;
    // Small packets must not wait for each other's acknowledgement; without it everything still works, only slower.
    let _ = stream.set_nodelay(true);
    Ok(Box::new(stream))
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

fn connect_error(node: &NodeAddress, words: String) -> ReachError {
    ReachError::Connect {
        node: node.clone(),
        words,
    }
}
