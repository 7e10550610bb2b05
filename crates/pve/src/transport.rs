//! Carries requests to whichever node answers, within the limits, and says honestly how each ended.

mod failed;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::{Duration, Instant},
};

use domain::NodeName;
use futures_util::{StreamExt, stream::FuturesUnordered};
use reqwest::header::{AUTHORIZATION, HeaderValue};
use tls::Trust;
use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};

use self::failed::Failed;
use crate::{
    Error, Limits, Token,
    addresses::Addresses,
    credential::Credential,
    envelope::Asked,
    http::{Answer, Broken, Http, Verb},
};

pub(crate) struct Transport {
    http: Http,
    /// For what is no plain request: websockets.
    tls: Arc<rustls::ClientConfig>,
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
        let config = tls::client_config(trust).map_err(|e| Error::Setup(e.to_string()))?;
        Ok(Self {
            http: Http::new(trust, &limits)?,
            tls: Arc::new(config),
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

    /// Whom to trust, and the Authorization header, for a connection of its own.
    pub(crate) fn wire(&self) -> (Arc<rustls::ClientConfig>, HeaderValue) {
        (self.tls.clone(), self.credential().header())
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
    /// node answers itself. `within` bounds the whole of it, from when its turn has come.
    pub(crate) async fn get(
        &self,
        path: &str,
        node: Option<&NodeName>,
        within: Option<Duration>,
    ) -> Result<Answer, Error> {
        let (credential, _turn) = self.turn(node).await?;
        let asking = self.get_anywhere(path, node, &credential);
        let Some(within) = within else {
            return asking.await;
        };
        let silent = |_| {
            let words = format!(
                "there was no whole answer within {} s",
                within.as_secs_f32()
            );
            let address = self.address();
            Error::MaybeSent { address, words }
        };
        tokio::time::timeout(within, asking).await.map_err(silent)?
    }

    /// Sends a form once, to the first address that can be reached. After that nothing is repeated: whoever gets an
    /// error that is not [`Error::surely_not_done`] must look before it is sent again.
    pub(crate) async fn write(
        &self,
        verb: Verb,
        path: &str,
        node: &NodeName,
        form: &[(&str, &str)],
    ) -> Result<Answer, Error> {
        let (credential, _turn) = self.turn(Some(node)).await?;
        let mut failed = Failed::default();
        for (turn, address) in self.addresses.order(Instant::now()).iter().enumerate() {
            let asked = Asked {
                address,
                verb,
                path,
            };
            let request = self.http.request(asked);
            let request = request.header(AUTHORIZATION, credential.header());
            let sent = self.http.send(asked, request.form(form)).await;
            let outcome = sent.map_err(|broken| broken.error(address));
            match self.judged(turn, address, outcome, &credential) {
                Ok(answer) => return Ok(answer),
                Err(error) if error.surely_not_done() => failed.note(turn, error)?,
                Err(error) => return Err(error),
            }
        }
        Err(failed.into_error())
    }

    /// Waits until a request may go out. The token may be refused, or replaced, meanwhile.
    async fn turn(
        &self,
        node: Option<&NodeName>,
    ) -> Result<(Arc<Credential>, [OwnedSemaphorePermit; 2]), Error> {
        let closed = |_: AcquireError| Error::Setup("the limit of requests was closed".into());
        self.credential().check()?;
        // The node's own gate first: whoever waits for a slow node holds nobody else up.
        let node = self.gate(node).acquire_owned().await.map_err(closed)?;
        let all = self.limits.over_all.clone();
        let all = all.acquire_owned().await.map_err(closed)?;
        let credential = self.credential();
        credential.check()?;
        Ok((credential, [all, node]))
    }

    async fn get_anywhere(
        &self,
        path: &str,
        node: Option<&NodeName>,
        credential: &Credential,
    ) -> Result<Answer, Error> {
        let patience = match node {
            None => self.limits.second_after,
            Some(_) => self.limits.second_after_proxied,
        };
        let order = self.addresses.order(Instant::now());
        let mut rest = order.iter().enumerate();
        let mut asking = FuturesUnordered::new();
        let mut failed = Failed::default();
        let mut another = true;
        loop {
            if another && let Some((turn, address)) = rest.next() {
                asking.push(self.get_from(turn, address, path, credential));
            }
            let (turn, address, outcome) = tokio::select! {
                ended = asking.next() => match ended {
                    Some(ended) => ended,
                    None => return Err(failed.into_error()),
                },
                // Silence is not yet a failure; whoever answers first is taken.
                () = tokio::time::sleep(patience), if rest.len() > 0 => {
                    another = true;
                    continue;
                }
            };
            match self.judged(turn, address, outcome, credential) {
                Ok(answer) => return Ok(answer),
                Err(error) => failed.note(turn, error)?,
            }
            another = true;
        }
    }

    /// Remembers what an outcome says about an address and the token.
    fn judged(
        &self,
        turn: usize,
        address: &str,
        outcome: Result<Answer, Error>,
        credential: &Credential,
    ) -> Result<Answer, Error> {
        match &outcome {
            Ok(_) => self.addresses.answered(address),
            // Whoever asks next begins elsewhere.
            Err(Error::Connect { .. } | Error::MaybeSent { .. }) => {
                self.addresses.failed(address, Instant::now());
            }
            Err(Error::Unauthorised { words }) => credential.refuse(words),
            Err(error) => tracing::debug!(address, turn, %error, "refused"),
        }
        outcome
    }

    /// One address. A read whose connection broke is tried once more: pveproxy closes idle connections, and one
    /// may go just as it is used.
    async fn get_from<'a>(
        &self,
        turn: usize,
        address: &'a str,
        path: &str,
        credential: &Credential,
    ) -> (usize, &'a str, Result<Answer, Error>) {
        let asked = Asked {
            address,
            verb: Verb::Get,
            path,
        };
        let once = async || {
            let request = self.http.request(asked);
            let request = request.header(AUTHORIZATION, credential.header());
            self.http.send(asked, request).await
        };
        let began = Instant::now();
        let outcome = match once().await {
            Err(Broken::Connection(_)) => once().await,
            first => first,
        };
        let elapsed = began.elapsed();
        let outcome = outcome.map_err(|broken| broken.error(address));
        match &outcome {
            Ok(_) => tracing::debug!(address, path, ?elapsed, "answered"),
            Err(error) => tracing::debug!(address, path, ?elapsed, %error, "failed"),
        }
        (turn, address, outcome)
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
