//! The agent's line to its desktop: mutual TLS, one kept connection, the next endpoint when one fails.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::body::{Body, Bytes, to_bytes};
use hyper::{
    Method, Request,
    client::conn::http1::{SendRequest, handshake},
};
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, pki_types::ServerName};
use serde::{Serialize, de::DeserializeOwned};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use wire::{Refusal, RefusalCode};

use crate::links::{Carrier, Links};

/// How long a connection attempt may take.
const CONNECT: Duration = Duration::from_secs(10);
/// How long an answer may take beyond what was agreed.
const ANSWER: Duration = Duration::from_secs(30);

/// Why a call brought no answer.
#[derive(Debug)]
pub(super) enum Failed {
    /// The desktop said no.
    Refused(Refusal),
    /// The desktop could not be reached, or spoke nonsense: try again later.
    Lost(String),
}

/// One line. Two of them serve an agent: one waits for work while the other reports.
pub(super) struct Line {
    endpoints: Vec<SocketAddr>,
    server_name: String,
    config: Arc<ClientConfig>,
    links: Links,
    open: Option<SendRequest<Body>>,
    /// Which endpoint answered last.
    current: usize,
}

impl Line {
    pub(super) fn new(
        endpoints: Vec<SocketAddr>,
        server_name: String,
        config: Arc<ClientConfig>,
        links: Links,
    ) -> Self {
        Self {
            endpoints,
            server_name,
            config,
            links,
            open: None,
            current: 0,
        }
    }

    /// One call; the answer may take `wait` longer than usual.
    pub(super) async fn call<A: DeserializeOwned>(
        &mut self,
        method: Method,
        path: &str,
        body: &impl Serialize,
        wait: Duration,
    ) -> Result<A, Failed> {
        let answer = self.send(method, path, body, wait).await?;
        // Calls without an answer end with 204 and no body.
        let text: &[u8] = if answer.is_empty() { b"null" } else { &answer };
        serde_json::from_slice(text).map_err(|e| Failed::Lost(format!("{path}: {e}")))
    }

    async fn send(
        &mut self,
        method: Method,
        path: &str,
        body: &impl Serialize,
        wait: Duration,
    ) -> Result<Bytes, Failed> {
        let lost = |e: &dyn std::fmt::Display| Failed::Lost(e.to_string());
        let body = serde_json::to_vec(body).map_err(|e| lost(&e))?;
        let mut sender = match self.open.take().filter(SendRequest::is_ready) {
            Some(sender) => sender,
            None => self.connect().await?,
        };
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", &self.server_name)
            .header("content-type", "application/json")
            .body(Body::from(body))
            .map_err(|e| lost(&e))?;
        let limit = ANSWER + wait;
        let response = tokio::time::timeout(limit, sender.send_request(request))
            .await
            .map_err(|e| lost(&e))?
            .map_err(|e| lost(&e))?;
        let status = response.status();
        let reading = to_bytes(Body::new(response.into_body()), wire::BODY_LIMIT);
        let bytes = tokio::time::timeout(limit, reading)
            .await
            .map_err(|e| lost(&e))?
            .map_err(|e| lost(&e))?;
        // The connection is good for another call once the body has ended.
        if sender.ready().await.is_ok() {
            self.open = Some(sender);
        }
        if status.is_success() {
            return Ok(bytes);
        }
        match serde_json::from_slice(&bytes) {
            Ok(refusal) => Err(Failed::Refused(refusal)),
            Err(_) if status == 404 => Err(Failed::Refused(Refusal {
                code: RefusalCode::NotFound,
                message: "not found".into(),
            })),
            Err(_) => Err(Failed::Lost(format!("{path}: {status}"))),
        }
    }

    async fn connect(&mut self) -> Result<SendRequest<Body>, Failed> {
        let mut last = Failed::Lost("no endpoint is known".into());
        for _ in 0..self.endpoints.len() {
            let endpoint = self.endpoints[self.current % self.endpoints.len()];
            match tokio::time::timeout(CONNECT, self.open_to(endpoint)).await {
                Ok(Ok(sender)) => return Ok(sender),
                Ok(Err(error)) => last = Failed::Lost(format!("{endpoint}: {error:#}")),
                Err(_) => last = Failed::Lost(format!("{endpoint}: no answer in time")),
            }
            self.current = (self.current + 1) % self.endpoints.len();
        }
        Err(last)
    }

    async fn open_to(&self, endpoint: SocketAddr) -> anyhow::Result<SendRequest<Body>> {
        let stream = TcpStream::connect(endpoint).await?;
        stream.set_nodelay(true)?;
        let stream = self.links.carry(Carrier::Agent, stream)?;
        let name = ServerName::try_from(self.server_name.clone())?;
        let connector = TlsConnector::from(self.config.clone());
        let stream = connector.connect(name, stream).await?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        // Ends by itself when the sender is dropped.
        tokio::spawn(async move {
            let _ = connection.await;
        });
        Ok(sender)
    }
}
