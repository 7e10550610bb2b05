//! One kept HTTP/1.1 connection over mutual TLS: through the node if somebody brought one from there, else to the first
//! endpoint that answers.

use std::{fmt, net::SocketAddr, rc::Rc, sync::Arc, time::Duration};

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
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    task::JoinHandle,
    time::timeout,
};
use tokio_rustls::TlsConnector;
use wire::{Refusal, RefusalCode};

use super::{Carrier, Config, ConfigError};

/// How long one endpoint may take to be connected, TLS included.
const CONNECT: Duration = Duration::from_secs(10);
/// The largest answer that is read, in bytes.
const ANSWER_LIMIT: usize = wire::BODY_LIMIT;

/// Where the desktop is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Address(SocketAddr),
    /// Through the guest's node.
    Node,
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::Node => f.write_str("the other end of the node's connection"),
        }
    }
}

/// A call that did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// Surely not sent: no endpoint could be reached.
    #[error("the desktop cannot be reached: {}", list(tried))]
    Connect { tried: Vec<(Way, String)> },
    /// It may have been received.
    #[error("the connection to {endpoint} was lost: {why}")]
    MaybeSent { endpoint: Way, why: String },
    /// The desktop's own answer.
    #[error("the desktop at {endpoint} refuses: {}", refusal.message)]
    Refused { endpoint: Way, refusal: Refusal },
    /// Whatever answers there does not speak our protocol.
    #[error("{endpoint} does not answer as RedFlag does: {why}")]
    Protocol { endpoint: Way, why: String },
    #[error("the configuration cannot be used: {0}")]
    Config(String),
}

fn list(tried: &[(Way, String)]) -> String {
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
    carrier: Rc<Carrier>,
    open: Option<Open>,
}

struct Open {
    endpoint: Way,
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
    pub fn new(
        config: &Config,
        identity: Option<&tls::Identity>,
        carrier: Rc<Carrier>,
    ) -> Result<Self, ConfigError> {
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
            carrier,
            open: None,
        })
    }

    /// What the present connection goes over.
    pub fn way(&self) -> Option<Way> {
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

    /// One call without a body, whose answer is bytes.
    pub async fn get(&mut self, path: &str, patience: Duration) -> Result<Bytes, CallError> {
        let (_, bytes) = self
            .send(Method::GET, path, String::new(), patience)
            .await?;
        Ok(bytes)
    }

    async fn send(
        &mut self,
        method: Method,
        path: &str,
        body: String,
        patience: Duration,
    ) -> Result<(Way, Bytes), CallError> {
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
            if !self.through_node(&mut tried).await {
                let endpoints = self.endpoints.clone();
                let carrier = self.carrier.clone();
                tokio::select! {
                    () = self.through_network(&endpoints, &mut tried) => {}
                    // Whoever brings a connection through the node knows why.
                    () = carrier.arrival() => {}
                }
                if self.open.is_none() {
                    self.through_node(&mut tried).await;
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

    async fn through_network(&mut self, endpoints: &[SocketAddr], tried: &mut Vec<(Way, String)>) {
        for endpoint in endpoints {
            let connect = async {
                let stream = TcpStream::connect(endpoint)
                    .await
                    .map_err(|e| e.to_string())?;
                let _ = stream.set_nodelay(true);
                self.speak(Way::Address(*endpoint), stream).await
            };
            if let Some(open) = within(Way::Address(*endpoint), connect, tried).await {
                self.open = Some(open);
                return;
            }
        }
    }

    /// Says whether there was a connection that works.
    async fn through_node(&mut self, tried: &mut Vec<(Way, String)>) -> bool {
        while let Some(stream) = self.carrier.take() {
            if let Some(open) = within(Way::Node, self.speak(Way::Node, stream), tried).await {
                self.open = Some(open);
                return true;
            }
        }
        false
    }

    async fn speak<S>(&self, endpoint: Way, stream: S) -> Result<Open, String>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
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

/// What is connected in time; the reason why not goes to `tried`.
async fn within(
    way: Way,
    connect: impl Future<Output = Result<Open, String>>,
    tried: &mut Vec<(Way, String)>,
) -> Option<Open> {
    match timeout(CONNECT, connect).await {
        Ok(Ok(open)) => return Some(open),
        Ok(Err(why)) => tried.push((way, why)),
        Err(_) => {
            let waited = crate::clock::span(CONNECT);
            tried.push((way, format!("no connection within {waited}")));
        }
    }
    None
}

fn refused(endpoint: Way, status: StatusCode, body: &[u8]) -> CallError {
    match serde_json::from_slice::<Refusal>(body) {
        Ok(refusal) => CallError::Refused { endpoint, refusal },
        Err(_) => CallError::Protocol {
            endpoint,
            why: format!("HTTP status {status}"),
        },
    }
}
