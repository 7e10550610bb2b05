//! A node made by hand: TLS with a certificate of its own, raw answers, and a memory of what was asked.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    reason = "each test file uses its part of it, and a test may fail by panicking"
)]

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use domain::host::Fingerprint;
use pve::{Client, Limits, Token};
use rcgen::{CertificateParams, KeyPair};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use secrecy::SecretString;
use tls::Trust;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use tokio_rustls::TlsAcceptor;

pub const SECRET: &str = "01234567-89ab-cdef-0123-456789abcdef";

/// One request as it came.
#[derive(Clone, Debug)]
pub struct Request {
    /// `GET /api2/json/version`.
    pub line: String,
    pub head: String,
    pub body: String,
    /// How many came before it on the same connection.
    pub before: usize,
}

/// What the node does with a request.
#[derive(Clone, Debug)]
pub enum Reply {
    /// Sends it and keeps the connection.
    Bytes(Vec<u8>),
    /// Sends it and closes.
    Last(Vec<u8>),
    /// Says nothing until the client goes.
    Silence,
}

impl Reply {
    /// An answer of this status line and body, after which the connection stays.
    pub fn of(status: &str, body: &str) -> Self {
        let length = body.len();
        Self::Bytes(
            format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\n\r\n{body}").into_bytes(),
        )
    }

    pub fn ok(body: &str) -> Self {
        Self::of("200 OK", body)
    }

    /// A recorded answer, byte for byte but for the line ends of its head.
    pub fn recorded(name: &str) -> Self {
        let path = format!("{}/tests/recordings/{name}.txt", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(&path).expect(&path);
        let start = text.find("HTTP/1.1").expect("a status line");
        let (head, rest) = text[start..].split_once("\n\n").expect("a head");
        let length: usize = head
            .lines()
            .find_map(|l| l.strip_prefix("Content-Length: "))
            .map_or(0, |n| n.parse().unwrap());
        let mut bytes = format!("{}\r\n\r\n", head.replace('\n', "\r\n")).into_bytes();
        bytes.extend_from_slice(&rest.as_bytes()[..length]);
        // Proxied answers carry both `close` and `Keep-Alive`, and the socket stays open.
        if head.contains("Connection: close") && !head.contains("Keep-Alive") {
            Self::Last(bytes)
        } else {
            Self::Bytes(bytes)
        }
    }
}

type Handler = Arc<dyn Fn(Request) -> Pin<Box<dyn Future<Output = Reply> + Send>> + Send + Sync>;

/// The node.
pub struct Node {
    pub address: String,
    pub pin: Fingerprint,
    pub requests: Arc<Mutex<Vec<Request>>>,
    pub connections: Arc<AtomicUsize>,
}

impl Node {
    /// Answers every request alike.
    pub async fn answering(reply: Reply) -> Self {
        Self::with(move |_| reply.clone()).await
    }

    pub async fn with(handler: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        Self::serving(Arc::new(move |request| {
            let reply = handler(&request);
            Box::pin(async move { reply })
        }))
        .await
    }

    pub async fn serving(handler: Handler) -> Self {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec!["127.0.0.1".into()])
            .unwrap()
            .self_signed(&key)
            .unwrap();
        let pin = tls::fingerprint(certificate.der());
        let config = rustls::ServerConfig::builder_with_provider(Arc::new(
            rustls::crypto::ring::default_provider(),
        ))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![CertificateDer::from(certificate.der().to_vec())],
            PrivateKeyDer::from_pem_slice(key.serialize_pem().as_bytes()).unwrap(),
        )
        .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let node = Self {
            address: listener.local_addr().unwrap().to_string(),
            pin,
            requests: Arc::default(),
            connections: Arc::default(),
        };
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let (requests, connections) = (node.requests.clone(), node.connections.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                connections.fetch_add(1, Ordering::SeqCst);
                let (acceptor, handler) = (acceptor.clone(), handler.clone());
                let requests = requests.clone();
                tokio::spawn(async move {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        attend(stream, handler, requests).await;
                    }
                });
            }
        });
        node
    }

    pub fn asked(&self) -> Vec<String> {
        let requests = self.requests.lock().unwrap();
        requests.iter().map(|r| r.line.clone()).collect()
    }

    /// What was asked, with the forms that were sent.
    pub fn sent(&self) -> Vec<String> {
        let requests = self.requests.lock().unwrap();
        requests
            .iter()
            .map(|r| format!("{} {}", r.line.replace("/api2/json", ""), r.body))
            .map(|line| line.trim_end().to_owned())
            .collect()
    }

    pub fn client(&self) -> Client {
        client_of(&[self], Limits::default())
    }
}

/// A client that trusts the certificates of these nodes, asked in this order.
pub fn client_of(nodes: &[&Node], limits: Limits) -> Client {
    let addresses = nodes.iter().map(|n| n.address.clone()).collect();
    let trust = Trust {
        leaves: nodes.iter().map(|n| n.pin).collect(),
        ..Trust::default()
    };
    Client::within(limits, addresses, trust, token(SECRET)).unwrap()
}

pub fn token(secret: &str) -> Token {
    let id = "redflag@pve!desktop".parse().unwrap();
    Token::new(id, SecretString::from(secret)).unwrap()
}

/// An address where nothing listens.
pub async fn nowhere() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap().to_string()
}

async fn attend(
    mut stream: impl AsyncRead + tokio::io::AsyncWrite + Unpin,
    handler: Handler,
    requests: Arc<Mutex<Vec<Request>>>,
) {
    let mut before = 0;
    while let Some(head) = head(&mut stream).await {
        let line = head.lines().next().unwrap_or_default();
        let line = line.trim_end_matches(" HTTP/1.1").to_owned();
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            let named = name.eq_ignore_ascii_case("content-length");
            named.then(|| value.parse().unwrap())
        });
        let mut body = vec![0; length.unwrap_or(0)];
        if stream.read_exact(&mut body).await.is_err() {
            return;
        }
        let body = String::from_utf8(body).unwrap();
        let request = Request {
            line,
            head,
            body,
            before,
        };
        before += 1;
        requests.lock().unwrap().push(request.clone());
        let (bytes, last) = match handler(request).await {
            Reply::Bytes(bytes) => (bytes, false),
            Reply::Last(bytes) => (bytes, true),
            Reply::Silence => {
                let _ = stream.read_u8().await;
                return;
            }
        };
        if stream.write_all(&bytes).await.is_err() || last {
            let _ = stream.shutdown().await;
            return;
        }
        let _ = stream.flush().await;
    }
}

async fn head(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    String::from_utf8(head).ok()
}
