//! Carries reads to whichever node answers, within the limits, and says honestly how each ended.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::Instant,
};

use domain::NodeName;
use reqwest::header::AUTHORIZATION;
use tls::Trust;
use tokio::sync::{AcquireError, Semaphore};

use crate::{
    ConnectFailure, ConnectKind, Error, Limits, Token,
    addresses::Addresses,
    credential::Credential,
    envelope::Asked,
    http::{Answer, Broken, Http, Verb},
};

/// Nodes that are asked in turn when each says that it cannot reach the one in question.
const PROXIES_TRIED: usize = 3;

pub(crate) struct Transport {
    http: Http,
    addresses: Addresses,
    credential: RwLock<Arc<Credential>>,
    limits: Limits,
    /// By node; none stands for what every node answers itself.
    gates: Mutex<HashMap<Option<NodeName>, Arc<Semaphore>>>,
}

impl Transport {
    pub(crate) fn new(
        addresses: &[String],
        trust: &Trust,
        token: Token,
        limits: Limits,
    ) -> Result<Self, Error> {
        Ok(Self {
            http: Http::new(trust, &limits)?,
            addresses: Addresses::new(addresses)?,
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
        self.addresses.replace(addresses)
    }

    /// The address that is asked first.
    pub(crate) fn address(&self) -> String {
        let order = self.addresses.order(Instant::now());
        order.into_iter().next().unwrap_or_default()
    }

    pub(crate) fn addresses(&self) -> Vec<String> {
        self.addresses.all()
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
        let mut failures = Vec::new();
        let mut unreachable: Option<Error> = None;
        let mut proxies = 0;
        let order = self.addresses.order(Instant::now());
        for (turn, address) in order.iter().enumerate() {
            let asked = Asked {
                address,
                verb: Verb::Get,
                path,
            };
            let began = Instant::now();
            let outcome = self.get_from(asked, credential).await;
            let elapsed = began.elapsed();
            match &outcome {
                Ok(_) => tracing::debug!(address, path, ?elapsed, "answered"),
                Err(error) => tracing::debug!(address, path, ?elapsed, %error, "failed"),
            }
            match outcome {
                Ok(answer) => {
                    self.addresses.answered(address);
                    return Ok(answer);
                }
                Err(Error::Connect { failures: more }) => {
                    self.addresses.failed(address, Instant::now());
                    failures.extend(more);
                }
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
                        self.addresses.failed(address, Instant::now());
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
        let once = async || {
            let request = self.http.request(asked);
            let request = request.header(AUTHORIZATION, credential.header());
            self.http.send(asked, request).await
        };
        match once().await {
            Ok(answer) => Ok(answer),
            Err(Broken::Final(error)) => Err(error),
            Err(Broken::Connection(_)) => {
                let again = once().await;
                again.map_err(|broken| broken.error(asked.address))
            }
        }
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
