//! Carries requests to whichever node answers, within the limits, and says honestly how each ended.

use std::{
    collections::HashMap,
    error::Error as StdError,
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

use domain::NodeName;
use hyper::ext::ReasonPhrase;
use reqwest::{Response, header::AUTHORIZATION, redirect::Policy};
use tls::{CertificateRefused, Trust};
use tokio::sync::{AcquireError, Semaphore};

use crate::{
    ConnectFailure, ConnectKind, Error, Limits, Token,
    credential::Credential,
    envelope::Asked,
    error::{causes, connect_kind},
    normalise_address,
};

/// Nodes that are asked in turn when each says that it cannot reach the one in question.
const PROXIES_TRIED: usize = 3;

pub(crate) struct Transport {
    http: reqwest::Client,
    addresses: RwLock<Arc<[String]>>,
    /// Where the last good answer came from.
    preferred: AtomicUsize,
    credential: RwLock<Arc<Credential>>,
    limits: Limits,
    /// By node; none stands for what every node answers itself.
    gates: Mutex<HashMap<Option<NodeName>, Arc<Semaphore>>>,
}

/// A good answer: what came, and from where.
pub(crate) struct Answer {
    pub(crate) address: String,
    pub(crate) body: Vec<u8>,
}

impl Transport {
    pub(crate) fn new(
        addresses: &[String],
        trust: &Trust,
        token: Token,
        limits: Limits,
    ) -> Result<Self, Error> {
        let setup = |e: &dyn std::fmt::Display| Error::Setup(e.to_string());
        let config = tls::client_config(trust).map_err(|e| setup(&e))?;
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(config)
            .https_only(true)
            .http1_only()
            .no_proxy()
            .redirect(Policy::none())
            .connect_timeout(limits.connect)
            .timeout(limits.answer)
            .pool_idle_timeout(limits.idle)
            .pool_max_idle_per_host(limits.per_node)
            .tcp_nodelay(true)
            .user_agent(concat!("RedFlag/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|e| setup(&e))?;
        Ok(Self {
            http,
            addresses: RwLock::new(checked(addresses)?),
            preferred: AtomicUsize::new(0),
            credential: RwLock::new(Credential::new(token)?),
            limits,
            gates: Mutex::default(),
        })
    }

    pub(crate) fn set_token(&self, token: Token) -> Result<(), Error> {
        let credential = Credential::new(token)?;
        *self
            .credential
            .write()
            .unwrap_or_else(PoisonError::into_inner) = credential;
        Ok(())
    }

    pub(crate) fn token_id(&self) -> crate::TokenId {
        self.credential().token_id().clone()
    }

    pub(crate) fn set_addresses(&self, addresses: &[String]) -> Result<(), Error> {
        let addresses = checked(addresses)?;
        let current = self.address();
        let index = addresses.iter().position(|a| *a == current).unwrap_or(0);
        *self
            .addresses
            .write()
            .unwrap_or_else(PoisonError::into_inner) = addresses;
        self.preferred.store(index, Ordering::Relaxed);
        Ok(())
    }

    /// The address that is asked first.
    pub(crate) fn address(&self) -> String {
        let addresses = self.addresses();
        let index = self.preferred.load(Ordering::Relaxed) % addresses.len().max(1);
        addresses.get(index).cloned().unwrap_or_default()
    }

    pub(crate) fn addresses(&self) -> Arc<[String]> {
        self.addresses
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn credential(&self) -> Arc<Credential> {
        self.credential
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Reads `path` (below `/api2/json`). `node` is the node that the work falls on, none for what the entry
    /// node answers itself.
    pub(crate) async fn get(&self, path: &str, node: Option<&NodeName>) -> Result<Answer, Error> {
        let closed = |_: AcquireError| Error::Setup("the limit of requests was closed".into());
        self.credential().check()?;
        // The node's own gate first: whoever waits for a slow node holds nobody else up.
        let gate = self.gate(node);
        let _node = gate.acquire().await.map_err(closed)?;
        let _all = self.limits.over_all.acquire().await.map_err(closed)?;
        // The token may have been refused, or replaced, while this request waited.
        let credential = self.credential();
        credential.check()?;
        self.get_anywhere(path, &credential).await
    }

    async fn get_anywhere(&self, path: &str, credential: &Credential) -> Result<Answer, Error> {
        let addresses = self.addresses();
        let start = self.preferred.load(Ordering::Relaxed);
        let mut failures = Vec::new();
        let mut unreachable: Option<Error> = None;
        let mut proxies = 0;
        for turn in 0..addresses.len() {
            let index = (start + turn) % addresses.len();
            let asked = Asked {
                address: &addresses[index],
                path,
            };
            let began = Instant::now();
            let outcome = self.get_from(asked, credential).await;
            let elapsed = began.elapsed();
            match &outcome {
                Ok(_) => tracing::debug!(asked.address, path, ?elapsed, "answered"),
                Err(error) => tracing::debug!(asked.address, path, ?elapsed, %error, "failed"),
            }
            match outcome {
                Ok(answer) => {
                    self.preferred.store(index, Ordering::Relaxed);
                    return Ok(answer);
                }
                Err(Error::Connect { failures: more }) => failures.extend(more),
                Err(Error::CertificateChanged {
                    address, presented, ..
                }) if turn > 0 => failures.push(ConnectFailure {
                    address,
                    kind: ConnectKind::Certificate(presented),
                }),
                Err(error @ Error::NodeUnreachable { .. }) => {
                    unreachable.get_or_insert(error);
                    proxies += 1;
                    if proxies >= PROXIES_TRIED {
                        break;
                    }
                }
                Err(error) => {
                    if let Error::Unauthorised { words } = &error {
                        credential.refuse(words);
                    }
                    if let Error::MaybeSent { .. } = &error {
                        // Whoever asks next begins elsewhere.
                        self.preferred.store(index + 1, Ordering::Relaxed);
                    }
                    return Err(error);
                }
            }
        }
        // A node's own word about another node says more than silence elsewhere.
        Err(unreachable.unwrap_or(Error::Connect { failures }))
    }

    /// One address. A read whose connection broke is tried once more: pveproxy closes idle connections, and one
    /// may go just as it is used.
    async fn get_from(&self, asked: Asked<'_>, credential: &Credential) -> Result<Answer, Error> {
        let mut tried = false;
        loop {
            match self.get_once(asked, credential).await {
                Err(Broken::Connection(_)) if !tried => tried = true,
                Err(Broken::Connection(words)) => {
                    return Err(Error::MaybeSent {
                        address: asked.address.to_owned(),
                        words,
                    });
                }
                Err(Broken::Final(error)) => return Err(error),
                Ok(answer) => return Ok(answer),
            }
        }
    }

    async fn get_once(&self, asked: Asked<'_>, credential: &Credential) -> Result<Answer, Broken> {
        let url = format!("https://{}/api2/json{}", asked.address, asked.path);
        let response = self
            .http
            .get(url)
            .header(AUTHORIZATION, credential.header())
            .send()
            .await
            .map_err(|e| self.failed(asked, &e))?;
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
        let limit = self.limits.body;
        let too_large = || {
            asked
                .protocol(format!("it is larger than {limit} bytes"))
                .into()
        };
        let announced = response.content_length().unwrap_or(0);
        if announced > limit as u64 {
            return Err(too_large());
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|e| self.failed(asked, &e))? {
            if body.len() + chunk.len() > limit {
                return Err(too_large());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
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
            let seconds = self.limits.answer.as_secs_f32();
            return Broken::Final(Error::MaybeSent {
                address,
                words: format!("there was no whole answer within {seconds} s"),
            });
        }
        Broken::Connection(innermost(error))
    }

    fn gate(&self, node: Option<&NodeName>) -> Arc<Semaphore> {
        self.gates
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(node.cloned())
            .or_insert_with(|| Arc::new(Semaphore::new(self.limits.per_node)))
            .clone()
    }
}

/// How one try failed.
enum Broken {
    /// The connection went; another try is harmless for a read.
    Connection(String),
    Final(Error),
}

impl From<Error> for Broken {
    fn from(error: Error) -> Self {
        Self::Final(error)
    }
}

fn innermost(error: &(dyn StdError + 'static)) -> String {
    causes(error).last().map_or_else(
        || "the connection broke".to_owned(),
        |cause| cause.to_string(),
    )
}

fn checked(addresses: &[String]) -> Result<Arc<[String]>, Error> {
    let mut normal: Vec<String> = Vec::new();
    for address in addresses {
        let address = normalise_address(address).map_err(|e| Error::Setup(e.to_string()))?;
        if !normal.contains(&address) {
            normal.push(address);
        }
    }
    if normal.is_empty() {
        return Err(Error::Setup("the cluster has no address".into()));
    }
    Ok(normal.into())
}
