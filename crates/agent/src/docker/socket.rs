//! HTTP over a Unix socket, one connection for one scan or job.

use std::{path::Path, time::Duration};

use http_body_util::{BodyExt, Limited};
use hyper::{
    Method, Request, Response, StatusCode,
    body::{Bytes, Incoming},
    client::conn::http1::{self, SendRequest},
    header,
};
use hyper_util::rt::TokioIo;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use tokio::{net::UnixStream, time::timeout};

/// For one answer; an engine that starts containers just then is slow.
const LIMIT: Duration = Duration::from_secs(30);
/// For something that is done: a container has its own time to stop, and some take many minutes.
const DONE_LIMIT: Duration = Duration::from_secs(30 * 60);
/// The largest answer that is read: a list of hundreds of containers has some hundred KB.
const ANSWER_LIMIT: usize = 16 << 20;

/// Why an engine told nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum SocketError {
    #[error("the socket cannot be opened: {0}")]
    Open(std::io::Error),
    #[error("the connection was lost: {0}")]
    Lost(String),
    #[error("no answer within {} s", .0.as_secs())]
    TooLong(Duration),
    #[error("{path}: {status} {words}")]
    Refused {
        path: String,
        status: u16,
        words: String,
    },
    #[error("{path}: an answer of an unknown form: {why}")]
    Unknown { path: String, why: String },
}

impl SocketError {
    /// Whether a registry wanted to know who asks, by the engine's words: it has no number for that.
    pub(super) fn is_refused_entry(&self) -> bool {
        const WORDS: [&str; 4] = ["denied", "unauthorized", "authentication", "no basic auth"];
        let Self::Refused { words, .. } = self else {
            return false;
        };
        let words = words.to_ascii_lowercase();
        WORDS.iter().any(|word| words.contains(word))
    }
}

/// One open connection.
pub(super) struct Socket(SendRequest<String>);

#[derive(Default, Deserialize)]
struct Told {
    #[serde(default)]
    message: String,
}

impl Socket {
    pub(super) async fn open(path: &Path) -> Result<Self, SocketError> {
        let stream = UnixStream::connect(path).await.map_err(SocketError::Open)?;
        let shaken = http1::handshake(TokioIo::new(stream)).await;
        let (sender, connection) = shaken.map_err(|e| SocketError::Lost(e.to_string()))?;
        // Ends by itself when the sender is dropped.
        tokio::spawn(async move {
            let _ = connection.await;
        });
        Ok(Self(sender))
    }

    /// Reads one answer.
    pub(super) async fn get<A: DeserializeOwned>(&mut self, path: &str) -> Result<A, SocketError> {
        let asked = async { whole(self.ask(Method::GET, path, None, String::new()).await?).await };
        let body = timeout(LIMIT, asked)
            .await
            .map_err(|_| SocketError::TooLong(LIMIT))??;
        read(path, &body)
    }

    /// Has something done and reads the answer, null where there is none.
    pub(super) async fn send(
        &mut self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, SocketError> {
        let body = body.map_or_else(String::new, Value::to_string);
        let asked = async { whole(self.ask(method, path, None, body).await?).await };
        let body = timeout(DONE_LIMIT, asked)
            .await
            .map_err(|_| SocketError::TooLong(DONE_LIMIT))??;
        if body.is_empty() {
            return Ok(Value::Null);
        }
        read(path, &body)
    }

    /// Has something done that is told about while it goes on. `login` is the value of `X-Registry-Auth`.
    pub(super) async fn begin(
        &mut self,
        method: Method,
        path: &str,
        login: Option<&str>,
    ) -> Result<Incoming, SocketError> {
        let answer = timeout(DONE_LIMIT, self.ask(method, path, login, String::new()))
            .await
            .map_err(|_| SocketError::TooLong(DONE_LIMIT))??;
        Ok(answer.into_body())
    }

    /// An answer that goes on. The connection is its alone from then on.
    pub(super) async fn stream(&mut self, path: &str) -> Result<Incoming, SocketError> {
        let answer = timeout(LIMIT, self.ask(Method::GET, path, None, String::new()))
            .await
            .map_err(|_| SocketError::TooLong(LIMIT))??;
        Ok(answer.into_body())
    }

    /// The answer's beginning. A refusal is read to its end.
    async fn ask(
        &mut self,
        method: Method,
        path: &str,
        login: Option<&str>,
        body: String,
    ) -> Result<Response<Incoming>, SocketError> {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, "docker");
        if !body.is_empty() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        if let Some(login) = login {
            request = request.header("x-registry-auth", login);
        }
        let request = request.body(body).map_err(|e| lost(&e))?;
        self.0.ready().await.map_err(|e| lost(&e))?;
        let answer = self.0.send_request(request).await.map_err(|e| lost(&e))?;
        let status = answer.status();
        // What was so already is told by 304.
        if status.is_success() || status == StatusCode::NOT_MODIFIED {
            return Ok(answer);
        }
        let told: Told = serde_json::from_slice(&whole(answer).await?).unwrap_or_default();
        Err(SocketError::Refused {
            path: path.to_owned(),
            status: status.as_u16(),
            words: told.message,
        })
    }
}

fn read<A: DeserializeOwned>(path: &str, body: &[u8]) -> Result<A, SocketError> {
    serde_json::from_slice(body).map_err(|e| SocketError::Unknown {
        path: path.to_owned(),
        why: e.to_string(),
    })
}

async fn whole(answer: Response<Incoming>) -> Result<Bytes, SocketError> {
    let body = Limited::new(answer.into_body(), ANSWER_LIMIT);
    Ok(body.collect().await.map_err(|e| lost(&e))?.to_bytes())
}

pub(super) fn lost(error: &dyn std::fmt::Display) -> SocketError {
    SocketError::Lost(error.to_string())
}
