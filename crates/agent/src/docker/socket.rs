//! HTTP over a Unix socket, one connection for one scan.

use std::{path::Path, time::Duration};

use http_body_util::{BodyExt, Limited};
use hyper::{
    Request, Response, StatusCode,
    body::{Bytes, Incoming},
    client::conn::http1::{self, SendRequest},
    header,
};
use hyper_util::rt::TokioIo;
use serde::{Deserialize, de::DeserializeOwned};
use tokio::{net::UnixStream, time::timeout};

/// For one answer; an engine that starts containers just then is slow.
const LIMIT: Duration = Duration::from_secs(30);
/// The largest answer that is read: a list of hundreds of containers has some hundred KB.
const ANSWER_LIMIT: usize = 16 << 20;

/// Why an engine told nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum SocketError {
    #[error("the socket cannot be opened: {0}")]
    Open(std::io::Error),
    #[error("the connection was lost: {0}")]
    Lost(String),
    #[error("no answer within {} s", LIMIT.as_secs())]
    TooLong,
    #[error("{path}: {status} {words}")]
    Refused {
        path: String,
        status: u16,
        words: String,
    },
    #[error("{path}: an answer of an unknown form: {why}")]
    Unknown { path: String, why: String },
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
        let asked = async { whole(self.ask(path).await?).await };
        let body = timeout(LIMIT, asked)
            .await
            .map_err(|_| SocketError::TooLong)??;
        let path = path.to_owned();
        serde_json::from_slice(&body).map_err(|e| SocketError::Unknown {
            path,
            why: e.to_string(),
        })
    }

    /// An answer that goes on. The connection is its alone from then on.
    pub(super) async fn stream(&mut self, path: &str) -> Result<Incoming, SocketError> {
        let answer = timeout(LIMIT, self.ask(path))
            .await
            .map_err(|_| SocketError::TooLong)??;
        Ok(answer.into_body())
    }

    /// The answer's beginning. A refusal is read to its end.
    async fn ask(&mut self, path: &str) -> Result<Response<Incoming>, SocketError> {
        let request = Request::get(path)
            .header(header::HOST, "docker")
            .body(String::new())
            .map_err(|e| lost(&e))?;
        self.0.ready().await.map_err(|e| lost(&e))?;
        let answer = self.0.send_request(request).await.map_err(|e| lost(&e))?;
        let status = answer.status();
        if status == StatusCode::OK {
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

async fn whole(answer: Response<Incoming>) -> Result<Bytes, SocketError> {
    let body = Limited::new(answer.into_body(), ANSWER_LIMIT);
    Ok(body.collect().await.map_err(|e| lost(&e))?.to_bytes())
}

fn lost(error: &dyn std::fmt::Display) -> SocketError {
    SocketError::Lost(error.to_string())
}
