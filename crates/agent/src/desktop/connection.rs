//! One kept HTTP/1.1 connection over mutual TLS, to the first endpoint that answers.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use http_body_util::{BodyExt, Limited};
use hyper::{
    Method, Request, StatusCode,
    body::Bytes,
    client::conn::http1::{self, SendRequest},
    header,
};
use hyper_util::rt::TokioIo;
use rustls_pki_types::ServerName;
use serde::{Serialize, de::DeserializeOwned};
use tokio::{net::TcpStream, task::JoinHandle, time::timeout};
use tokio_rustls::TlsConnector;
use wire::{Refusal, RefusalCode};

use super::{Config, ConfigError};

/// How long one endpoint may take to be connected, TLS included.
const CONNECT: Duration = Duration::from_secs(10);
/// The largest answer that is read, in bytes.
const ANSWER_LIMIT: usize = wire::BODY_LIMIT;

/// A call that did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// Surely not sent: no endpoint could be reached.
    #[error("the desktop cannot be reached: {}", list(tried))]
    Connect { tried: Vec<(SocketAddr, String)> },
    /// It may have been received.
    #[error("the connection to {endpoint} was lost: {why}")]
    MaybeSent { endpoint: SocketAddr, why: String },
    /// The desktop's own answer.
    #[error("the desktop at {endpoint} refuses: {}", refusal.message)]
    Refused {
        endpoint: SocketAddr,
        refusal: Refusal,
    },
    /// Whatever answers there does not speak our protocol.
    #[error("{endpoint} does not answer as RedFlag does: {why}")]
    Protocol { endpoint: SocketAddr, why: String },
    #[error("the configuration cannot be used: {0}")]
    Config(String),
}

fn list(tried: &[(SocketAddr, String)]) -> String {
    let each: Vec<String> = tried.iter().map(|(a, why)| format!("{a}: {why}")).collect();
    each.join("; ")
}

impl CallError {
    /// The desktop's reason, if it answered with one.
    pub fn code(&self) -> Option<RefusalCode> {
        match self {
            Self::Refused { refusal, .. } => Some(refusal.code),
            Self::Connect { .. }
            | Self::MaybeSent { .. }
            | Self::Protocol { .. }
            | Self::Config(_) => None,
        }
    }
}

/// The desktop.
pub struct Desktop {
    endpoints: Vec<SocketAddr>,
    name: ServerName<'static>,
    host: String,
    tls: TlsConnector,
    open: Option<Open>,
}

struct Open {
    endpoint: SocketAddr,
    sender: SendRequest<String>,
    driver: JoinHandle<()>,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

impl Desktop {
    /// Not connected yet. Without an identity it can only enrol.
    pub fn new(config: &Config, identity: Option<&tls::Identity>) -> Result<Self, ConfigError> {
        let file = "the stored configuration".to_owned();
        let tls = tls::agent_client_config(&config.ca_pem, identity).map_err(|e| {
            ConfigError::Authority {
                file: file.clone(),
                why: e.to_string(),
            }
        })?;
        let name = config.name().ok_or_else(|| ConfigError::ServerName {
            file,
            name: config.server_name.clone(),
        })?;
        Ok(Self {
            endpoints: config.endpoints.clone(),
            name,
            host: config.server_name.clone(),
            tls: TlsConnector::from(Arc::new(tls)),
            open: None,
        })
    }

    /// The endpoint of the present connection.
    pub fn endpoint(&self) -> Option<SocketAddr> {
        self.open.as_ref().map(|o| o.endpoint)
    }

    /// Where to try from the next connection on. A present one is kept.
    pub fn set_endpoints(&mut self, endpoints: &[SocketAddr]) {
        self.endpoints = endpoints.to_vec();
    }

    /// Gives the connection up; the next call makes a new one.
    pub fn close(&mut self) {
        self.open = None;
    }

    /// One call: `body` as JSON, the answer within `patience`.
    pub async fn call<B: Serialize, A: DeserializeOwned>(
        &mut self,
        method: Method,
        path: &str,
        body: &B,
        patience: Duration,
    ) -> Result<A, CallError> {
        let body = serde_json::to_string(body).map_err(|e| CallError::Config(e.to_string()))?;
        let (endpoint, bytes) = self.send(method, path, body, patience).await?;
        serde_json::from_slice(&bytes).map_err(|e| CallError::Protocol {
            endpoint,
            why: format!("{path}: {e}"),
        })
    }

    /// One call with a body that is JSON already, whose answer is read only for being there.
    pub async fn put(
        &mut self,
        path: &str,
        body: String,
        patience: Duration,
    ) -> Result<Bytes, CallError> {
        let (_, bytes) = self.send(Method::PUT, path, body, patience).await?;
        Ok(bytes)
    }

    async fn send(
        &mut self,
        method: Method,
        path: &str,
        body: String,
        patience: Duration,
    ) -> Result<(SocketAddr, Bytes), CallError> {
        let open = self.connected().await?;
        let endpoint = open.endpoint;
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, self.host.as_str())
            .header(header::CONTENT_TYPE, "application/json")
            .body(body)
            .map_err(|e| CallError::Config(e.to_string()))?;
        let Some(open) = self.open.as_mut() else {
            return Err(CallError::Connect { tried: Vec::new() });
        };
        let lost = |why: String| CallError::MaybeSent { endpoint, why };
        let answered = timeout(patience, async {
            let answer = open
                .sender
                .send_request(request)
                .await
                .map_err(|e| lost(e.to_string()))?;
            let status = answer.status();
            let bytes = Limited::new(answer.into_body(), ANSWER_LIMIT)
                .collect()
                .await
                .map_err(|e| lost(e.to_string()))?
                .to_bytes();
            Ok((status, bytes))
        })
        .await
        .unwrap_or_else(|_| {
            let waited = crate::clock::span(patience);
            Err(lost(format!("no answer within {waited}")))
        });
        match answered {
            Ok((status, bytes)) if status.is_success() => Ok((endpoint, bytes)),
            Ok((status, bytes)) => Err(refused(endpoint, status, &bytes)),
            Err(e) => {
                self.open = None;
                Err(e)
            }
        }
    }

    /// The kept connection, or a new one to the first endpoint that can be connected.
    async fn connected(&mut self) -> Result<&mut Open, CallError> {
        let usable = match &mut self.open {
            // The desktop may have closed it while nothing was said.
            Some(open) => open.sender.ready().await.is_ok(),
            None => false,
        };
        if !usable {
            self.open = None;
            let mut tried = Vec::new();
            for endpoint in self.endpoints.clone() {
                match timeout(CONNECT, self.connect(endpoint)).await {
                    Ok(Ok(open)) => {
                        self.open = Some(open);
                        break;
                    }
                    Ok(Err(why)) => tried.push((endpoint, why)),
                    Err(_) => {
                        let waited = crate::clock::span(CONNECT);
                        tried.push((endpoint, format!("no connection within {waited}")));
                    }
                }
            }
            if self.open.is_none() {
                return Err(CallError::Connect { tried });
            }
        }
        self.open
            .as_mut()
            .ok_or(CallError::Connect { tried: Vec::new() })
    }

    async fn connect(&self, endpoint: SocketAddr) -> Result<Open, String> {
        let stream = TcpStream::connect(endpoint)
            .await
            .map_err(|e| e.to_string())?;
        let _ = stream.set_nodelay(true);
        let stream = self
            .tls
            .connect(self.name.clone(), stream)
            .await
            .map_err(|e| e.to_string())?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|e| e.to_string())?;
        let driver = tokio::spawn(async move {
            // Its errors reach whoever waits for an answer.
            let _ = connection.await;
        });
        Ok(Open {
            endpoint,
            sender,
            driver,
        })
    }
}

fn refused(endpoint: SocketAddr, status: StatusCode, body: &[u8]) -> CallError {
    match serde_json::from_slice::<Refusal>(body) {
        Ok(refusal) => CallError::Refused { endpoint, refusal },
        Err(_) => CallError::Protocol {
            endpoint,
            why: format!("HTTP status {status}"),
        },
    }
}
