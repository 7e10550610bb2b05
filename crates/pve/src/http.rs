//! One request to one address: sent once, read within bounds, judged by how it ended.

use std::{error::Error as StdError, fmt, io::Read, time::Duration};

use flate2::read::GzDecoder;
use hyper::ext::ReasonPhrase;
use reqwest::{
    Method, RequestBuilder, Response,
    header::{ACCEPT_ENCODING, CONTENT_ENCODING},
    redirect::Policy,
};
use tls::{CertificateRefused, Trust};

use crate::{
    ConnectFailure, ConnectKind, Error, Limits,
    envelope::Asked,
    error::{causes, connect_kind},
    limits::OVER_ALL,
};

/// What is done at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Get,
    Post,
    Put,
    Delete,
}

impl Verb {
    fn method(self) -> Method {
        match self {
            Self::Get => Method::GET,
            Self::Post => Method::POST,
            Self::Put => Method::PUT,
            Self::Delete => Method::DELETE,
        }
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.method().as_str())
    }
}

/// A good answer: what came, and from where.
pub(crate) struct Answer {
    pub(crate) address: String,
    pub(crate) body: Vec<u8>,
}

/// How one try failed.
pub(crate) enum Broken {
    /// The connection went; another try is harmless for a read.
    Connection(String),
    Final(Error),
}

impl Broken {
    /// When there is no other try.
    pub(crate) fn error(self, address: &str) -> Error {
        match self {
            Self::Connection(words) => Error::MaybeSent {
                address: address.to_owned(),
                words,
            },
            Self::Final(error) => error,
        }
    }
}

impl From<Error> for Broken {
    fn from(error: Error) -> Self {
        Self::Final(error)
    }
}

/// Connections that trust what they are told to trust.
pub(crate) struct Http {
    client: reqwest::Client,
    /// The whole of one request.
    patience: Duration,
    /// The largest body, in bytes.
    largest: usize,
}

impl Http {
    pub(crate) fn new(trust: &Trust, limits: &Limits) -> Result<Self, Error> {
        let setup = |e: &dyn fmt::Display| Error::Setup(e.to_string());
        let config = tls::client_config(trust).map_err(|e| setup(&e))?;
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(config)
            .https_only(true)
            .http1_only()
            .no_proxy()
            .redirect(Policy::none())
            .connect_timeout(limits.connect)
            .timeout(limits.answer)
            .pool_idle_timeout(limits.idle)
            // One address carries the requests for all nodes of its cluster; a connection thrown away is a handshake.
            .pool_max_idle_per_host(OVER_ALL)
            .tcp_nodelay(true)
            .user_agent(concat!("RedFlag/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|e| setup(&e))?;
        Ok(Self {
            client,
            patience: limits.answer,
            largest: limits.body,
        })
    }

    /// A request that is not sent yet.
    pub(crate) fn request(&self, asked: Asked<'_>) -> RequestBuilder {
        let url = format!("https://{}/api2/json{}", asked.address, asked.path);
        // The list of a large cluster is a tenth of its size on the way.
        self.client
            .request(asked.verb.method(), url)
            .header(ACCEPT_ENCODING, "gzip")
    }

    /// Sends it, once.
    pub(crate) async fn send(
        &self,
        asked: Asked<'_>,
        request: RequestBuilder,
    ) -> Result<Answer, Broken> {
        let response = request.send().await.map_err(|e| self.failed(asked, &e))?;
        let status = response.status();
        let reason = response
            .extensions()
            .get::<ReasonPhrase>()
            .map(|r| String::from_utf8_lossy(r.as_bytes()).into_owned())
            .or_else(|| status.canonical_reason().map(str::to_owned))
            .unwrap_or_default();
        let body = match self.body(asked, response).await {
            Ok(body) => body,
            // The status says enough; Proxmox closes after a refusal.
            Err(_) if !status.is_success() => Vec::new(),
            Err(broken) => return Err(broken),
        };
        if status.is_success() {
            let address = asked.address.to_owned();
            Ok(Answer { address, body })
        } else {
            Err(asked.refusal(status.as_u16(), &reason, &body).into())
        }
    }

    async fn body(&self, asked: Asked<'_>, mut response: Response) -> Result<Vec<u8>, Broken> {
        let limit = self.largest;
        let too_large = || {
            asked
                .protocol(format!("it is larger than {limit} bytes"))
                .into()
        };
        let announced = response.content_length().unwrap_or(0);
        if announced > limit as u64 {
            return Err(too_large());
        }
        let encoding = response.headers().get(CONTENT_ENCODING).cloned();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|e| self.failed(asked, &e))? {
            if body.len() + chunk.len() > limit {
                return Err(too_large());
            }
            body.extend_from_slice(&chunk);
        }
        let packed = match encoding.as_ref().map(|value| value.as_bytes()) {
            None | Some(b"identity") => return Ok(body),
            Some(b"gzip") => body,
            Some(_) => return Err(asked.protocol("it is packed in an unknown way").into()),
        };
        let mut body = Vec::new();
        // A small packed body may hold an enormous one.
        let unpacked = GzDecoder::new(packed.as_slice())
            .take(limit as u64 + 1)
            .read_to_end(&mut body);
        match unpacked {
            Err(error) => Err(asked
                .protocol(format!("it cannot be unpacked: {error}"))
                .into()),
            Ok(size) if size > limit => Err(too_large()),
            Ok(_) => Ok(body),
        }
    }

    fn failed(&self, asked: Asked<'_>, error: &reqwest::Error) -> Broken {
        let address = asked.address.to_owned();
        if let Some(refused) = CertificateRefused::in_chain(error) {
            return Broken::Final(Error::CertificateChanged {
                address,
                presented: refused.presented(),
                certificate: refused
                    .chain
                    .first()
                    .and_then(|leaf| tls::describe(leaf).ok())
                    .map(Box::new),
                words: refused.why.clone(),
            });
        }
        if error.is_connect() {
            let kind = if error.is_dns() {
                ConnectKind::Dns
            } else if error.is_timeout() {
                ConnectKind::Timeout
            } else {
                connect_kind(error)
            };
            return Broken::Final(Error::Connect {
                failures: vec![ConnectFailure { address, kind }],
            });
        }
        if error.is_builder() {
            return Broken::Final(Error::Setup(innermost(error)));
        }
        if error.is_timeout() {
            let seconds = self.patience.as_secs_f32();
            return Broken::Final(Error::MaybeSent {
                address,
                words: format!("there was no whole answer within {seconds} s"),
            });
        }
        Broken::Connection(innermost(error))
    }
}

fn innermost(error: &(dyn StdError + 'static)) -> String {
    causes(error).last().map_or_else(
        || "the connection broke".to_owned(),
        |cause| cause.to_string(),
    )
}
