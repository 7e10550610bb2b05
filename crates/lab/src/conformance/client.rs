//! A client that shows an answer byte for byte; nothing is corrected on its way.

use std::{net::SocketAddr, sync::Arc};

use anyhow::{Context, Result};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream, rustls::pki_types::ServerName};

use super::Transcript;
use crate::facts::ClusterFacts;

/// A connection to one node.
pub struct Client {
    stream: TlsStream<TcpStream>,
    authorization: Option<String>,
}

impl Client {
    /// Connects and trusts the cluster's CA alone. `token` is the id of one of the cluster's tokens.
    ///
    /// # Errors
    /// When nothing listens, the certificate is another one's, or there is no such token.
    pub async fn connect(
        cluster: &ClusterFacts,
        address: SocketAddr,
        token: Option<&str>,
    ) -> Result<Self> {
        let trust = tls::Trust {
            system: false,
            leaves: Vec::new(),
            ca_pem: Some(cluster.ca_pem.clone()),
        };
        let config = tls::client_config(&trust)?;
        let stream = TcpStream::connect(address).await?;
        let name = ServerName::from(address.ip());
        let connector = TlsConnector::from(Arc::new(config));
        let stream = connector.connect(name, stream).await?;
        let authorization = match token {
            None => None,
            Some(id) => {
                let token = cluster.token(id);
                let token = token.with_context(|| format!("no token {id}"))?;
                Some(format!("PVEAPIToken={}={}", token.id, token.secret))
            }
        };
        Ok(Self {
            stream,
            authorization,
        })
    }

    /// Sends one request on this connection. An answer that never came has an empty status line.
    ///
    /// # Errors
    /// When the connection was already closed, or what came is no HTTP.
    pub async fn send(
        &mut self,
        method: &str,
        target: &str,
        headers: &[(String, String)],
        form: &str,
    ) -> Result<Transcript> {
        let mut request = format!("{method} {target} HTTP/1.1\r\nHost: pve1:8006\r\n");
        if let Some(authorization) = &self.authorization {
            request.push_str(&format!("Authorization: {authorization}\r\n"));
        }
        for (name, value) in headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        if method == "POST" || method == "PUT" {
            let typed = |(name, _): &(String, String)| name.eq_ignore_ascii_case("content-type");
            if !headers.iter().any(typed) {
                request.push_str("Content-Type: application/x-www-form-urlencoded\r\n");
            }
            request.push_str(&format!("Content-Length: {}\r\n", form.len()));
        }
        request.push_str("\r\n");
        request.push_str(form);
        self.stream.write_all(request.as_bytes()).await?;
        let mut answer = self.read().await?;
        answer.method = method.into();
        answer.target = target.into();
        Ok(answer)
    }

    async fn read(&mut self) -> Result<Transcript> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            if self.stream.read(&mut byte).await.unwrap_or(0) == 0 {
                break;
            }
            head.push(byte[0]);
        }
        let head = String::from_utf8(head).context("unreadable headers")?;
        let mut lines = head.lines();
        let mut this = Transcript {
            status_line: lines.next().unwrap_or_default().into(),
            ..Transcript::default()
        };
        for line in lines.filter(|l| !l.is_empty()) {
            let (name, value) = line.split_once(": ").context("no header")?;
            this.answer.push((name.into(), value.into()));
        }
        let length = this.answer.iter().find(|(n, _)| n == "Content-Length");
        let mut body = Vec::new();
        match length {
            Some((_, length)) => {
                body = vec![0; length.parse().context("no length")?];
                if self.stream.read_exact(&mut body).await.is_err() {
                    this.body = "cut".into();
                    return Ok(this);
                }
            }
            None => {
                let _ = self.stream.read_to_end(&mut body).await;
            }
        }
        this.body = String::from_utf8(body).context("the body is no text")?;
        Ok(this)
    }
}
