//! Transcripts of a live node, and a client that shows an answer byte for byte.

#![allow(
    dead_code,
    clippy::panic,
    reason = "each test file uses its part of it, and a missing transcript ends the test"
)]

use std::{collections::BTreeSet, net::SocketAddr, path::Path, sync::Arc};

use lab::{Lab, Options, Scenario, facts::ClusterFacts};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream, rustls::pki_types::ServerName};

/// One answer as it came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Transcript {
    pub method: String,
    pub target: String,
    pub token: String,
    /// Headers that were sent beside the token, and form fields.
    pub headers: Vec<(String, String)>,
    pub form: String,
    pub status_line: String,
    /// Name and value, in order.
    pub answer: Vec<(String, String)>,
    pub body: String,
}

impl Transcript {
    /// Reads one of the recorded files.
    pub(crate) fn load(name: &str) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/recordings")
            .join(format!("{name}.txt"));
        let text =
            std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let mut lines = text.lines();
        let request = lines.next().expect("a first line");
        let mut words = request.trim_start_matches("# ").split_whitespace().skip(1);
        let mut this = Self {
            method: words.next().expect("a method").into(),
            target: words.next().expect("a path").into(),
            ..Self::default()
        };
        let (_, rest) = request.split_once("(token: ").expect("a token");
        let (token, arguments) = rest.split_once(")").expect("its end");
        this.token = token.into();
        let arguments = arguments.trim().trim_start_matches("args:").trim();
        if let Some(header) = arguments.strip_prefix("-H ") {
            let (name, value) = header.split_once(": ").expect("a header");
            this.headers.push((name.into(), value.into()));
        } else if let Some(form) = arguments.strip_prefix("--data ") {
            this.form = form.into();
        }
        this.status_line = lines.next().expect("a status line").into();
        for line in lines.by_ref().take_while(|l| !l.is_empty()) {
            let (name, value) = line.split_once(": ").expect("a header");
            this.answer.push((name.into(), value.into()));
        }
        this.body = lines.next().unwrap_or_default().to_owned();
        if this.body.starts_with("# ") {
            this.body.clear();
        }
        this
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body)
            .unwrap_or_else(|e| panic!("{}: {e}: {:?}", self.target, self.body))
    }

    pub(crate) fn data(&self) -> Value {
        self.json()["data"].clone()
    }

    pub(crate) fn status(&self) -> u16 {
        let word = self.status_line.split(' ').nth(1).expect("a status");
        word.parse().expect("a number")
    }

    /// Headers with what differs from answer to answer taken out.
    pub(crate) fn timeless(&self) -> Vec<(String, String)> {
        self.answer
            .iter()
            .map(|(name, value)| match name.as_str() {
                "Date" | "Expires" | "Content-Length" => (name.clone(), "*".into()),
                _ => (name.clone(), value.clone()),
            })
            .collect()
    }
}

/// A connection to one node.
pub(crate) struct Client {
    stream: TlsStream<TcpStream>,
    authorization: Option<String>,
}

impl Client {
    pub(crate) async fn connect(
        cluster: &ClusterFacts,
        address: SocketAddr,
        token: Option<&str>,
    ) -> Self {
        let trust = tls::Trust {
            system: false,
            leaves: Vec::new(),
            ca_pem: Some(cluster.ca_pem.clone()),
        };
        let config = tls::client_config(&trust).expect("a sound CA");
        let stream = TcpStream::connect(address).await.expect("a listening node");
        let name = ServerName::from(address.ip());
        let stream = TlsConnector::from(Arc::new(config))
            .connect(name, stream)
            .await;
        let authorization = token.map(|id| {
            let token = cluster.token(id).unwrap_or_else(|| panic!("no token {id}"));
            format!("PVEAPIToken={}={}", token.id, token.secret)
        });
        Self {
            stream: stream.expect("the cluster's certificate"),
            authorization,
        }
    }

    /// Sends one request on this connection.
    pub(crate) async fn send(
        &mut self,
        method: &str,
        target: &str,
        headers: &[(String, String)],
        form: &str,
    ) -> Transcript {
        let mut request = format!("{method} {target} HTTP/1.1\r\nHost: pve1:8006\r\n");
        if let Some(authorization) = &self.authorization {
            request.push_str(&format!("Authorization: {authorization}\r\n"));
        }
        for (name, value) in headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        if method == "POST" || method == "PUT" {
            request.push_str(&format!(
                "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n",
                form.len()
            ));
        }
        request.push_str("\r\n");
        request.push_str(form);
        self.stream
            .write_all(request.as_bytes())
            .await
            .expect("an open connection");
        let mut answer = self.read().await;
        answer.method = method.into();
        answer.target = target.into();
        answer
    }

    pub(crate) async fn get(&mut self, path: &str) -> Transcript {
        self.send("GET", &format!("/api2/json{path}"), &[], "")
            .await
    }

    async fn read(&mut self) -> Transcript {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            if self.stream.read(&mut byte).await.unwrap_or(0) == 0 {
                break;
            }
            head.push(byte[0]);
        }
        let head = String::from_utf8(head).expect("readable headers");
        let mut lines = head.lines();
        let mut this = Transcript {
            status_line: lines.next().unwrap_or_default().into(),
            ..Transcript::default()
        };
        for line in lines.filter(|l| !l.is_empty()) {
            let (name, value) = line.split_once(": ").expect("a header");
            this.answer.push((name.into(), value.into()));
        }
        let length = this.answer.iter().find(|(n, _)| n == "Content-Length");
        let mut body = Vec::new();
        match length {
            Some((_, length)) => {
                body = vec![0; length.parse().expect("a number")];
                if self.stream.read_exact(&mut body).await.is_err() {
                    this.body = "cut".into();
                    return this;
                }
            }
            None => {
                let _ = self.stream.read_to_end(&mut body).await;
            }
        }
        this.body = String::from_utf8(body).expect("a text");
        this
    }
}

/// A lab that shows what the recorded node showed.
pub(crate) async fn recorded(options: Options) -> Lab {
    Lab::start(Scenario::recorded(), options)
        .await
        .expect("a lab")
}

/// The only cluster, and its first node's address.
pub(crate) fn entry(lab: &Lab) -> (&ClusterFacts, SocketAddr) {
    let cluster = &lab.facts().clusters[0];
    (cluster, cluster.nodes[0].address)
}

/// Keys and kinds of a value, without the values: `{cpu:number,tags?…}`.
pub(crate) fn shape(value: &Value) -> String {
    match value {
        Value::Null => "null".into(),
        Value::Bool(_) => "bool".into(),
        Value::Number(_) => "number".into(),
        Value::String(_) => "text".into(),
        Value::Array(rows) => {
            let shapes: BTreeSet<String> = rows.iter().map(shape).collect();
            format!("[{}]", shapes.into_iter().collect::<Vec<_>>().join(" | "))
        }
        Value::Object(fields) => {
            let mut parts: Vec<String> = fields
                .iter()
                .map(|(k, v)| format!("{k}:{}", shape(v)))
                .collect();
            parts.sort();
            format!("{{{}}}", parts.join(","))
        }
    }
}

/// The shapes of a list's rows; `kind` picks rows by their field `type`.
pub(crate) fn rows(value: &Value, kind: Option<&str>) -> BTreeSet<String> {
    value
        .as_array()
        .expect("a list")
        .iter()
        .filter(|row| kind.is_none_or(|k| row["type"] == k))
        .map(shape)
        .collect()
}

/// The small scenario.
pub(crate) async fn small(options: Options) -> Lab {
    Lab::start(Scenario::small(), options).await.expect("a lab")
}

/// A client of one of its nodes, with the usual token.
pub(crate) async fn desktop(lab: &Lab, node: usize) -> Client {
    let cluster = &lab.facts().clusters[0];
    Client::connect(
        cluster,
        cluster.nodes[node].address,
        Some("redflag@pve!desktop"),
    )
    .await
}

/// The row of that id.
pub(crate) fn by_id(list: &Value, id: &str) -> Option<Value> {
    list.as_array()?.iter().find(|row| row["id"] == id).cloned()
}
