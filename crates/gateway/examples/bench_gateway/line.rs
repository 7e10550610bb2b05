//! An agent's connection: mutual TLS and HTTP as the real one speaks them.

use std::{io, net::SocketAddr, sync::Arc};

use axum::body::{Body, Bytes, to_bytes};
use hyper::{
    Request,
    client::conn::http1::{SendRequest, handshake},
};
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, pki_types::ServerName};
use serde::Serialize;
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};

/// Where the gateway is, and as whom one comes.
#[derive(Clone)]
pub(crate) struct Way {
    pub(crate) address: SocketAddr,
    pub(crate) name: String,
    pub(crate) config: Arc<ClientConfig>,
}

impl Way {
    pub(crate) async fn tls(&self) -> io::Result<TlsStream<TcpStream>> {
        let stream = TcpStream::connect(self.address).await?;
        stream.set_nodelay(true)?;
        let name = ServerName::try_from(self.name.clone()).map_err(io::Error::other)?;
        TlsConnector::from(self.config.clone())
            .connect(name, stream)
            .await
    }

    pub(crate) async fn line(&self) -> io::Result<Line> {
        let stream = TokioIo::new(self.tls().await?);
        let (sender, connection) = handshake(stream).await.map_err(io::Error::other)?;
        // Ends by itself when the sender is dropped.
        tokio::spawn(async move {
            let _ = connection.await;
        });
        Ok(Line(sender))
    }
}

/// One open connection.
pub(crate) struct Line(SendRequest<Body>);

impl Line {
    /// Status and body of the answer.
    pub(crate) async fn call(
        &mut self,
        method: &str,
        path: &str,
        body: &impl Serialize,
    ) -> io::Result<(u16, Bytes)> {
        let body = serde_json::to_vec(body)?;
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "redflag")
            .header("content-type", "application/json")
            .body(Body::from(body))
            .map_err(io::Error::other)?;
        let answer = self
            .0
            .send_request(request)
            .await
            .map_err(io::Error::other)?;
        let status = answer.status().as_u16();
        let body = to_bytes(Body::new(answer.into_body()), wire::BODY_LIMIT).await;
        self.0.ready().await.map_err(io::Error::other)?;
        Ok((status, body.map_err(io::Error::other)?))
    }
}
