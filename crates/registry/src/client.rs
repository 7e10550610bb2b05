//! One registry for one identity: what it holds under a tag, and which tags it has.

use std::sync::{Mutex, PoisonError};

use domain::{
    Timestamp,
    image::{Digest, Held, Platform, Reference},
};
use reqwest::{Client, Method, StatusCode, Url, redirect::Policy};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;
use tls::Trust;
use tokio::{sync::Semaphore, time::Instant};

use crate::{
    Credentials, Failure, Host, InvalidHost, Standing,
    answer::{Answer, too_long},
    challenge::{self, Challenge},
    circuit::Circuit,
    document,
    quota::{self, Quota},
    request::{self, Final, Pass, same_origin},
    token::{Tokens, Wanted},
};

/// Indexes inside indexes are read so deep.
const DEPTH: usize = 3;
/// Pages of tags that are read; each has a thousand.
const PAGES: usize = 20;

/// A registry. Shared by everybody who asks it as the same user.
pub struct Registry {
    host: Host,
    root: Url,
    http: Client,
    credentials: Option<Credentials>,
    tokens: Tokens,
    turns: Semaphore,
    circuit: Circuit,
    quota: Mutex<Option<(Quota, Instant)>>,
    /// How it wanted to be asked last: the next repository need not be refused first.
    door: Mutex<Option<Door>>,
}

/// A challenge that was met, and who gave it.
#[derive(Clone)]
struct Door {
    challenge: Challenge,
    at: Url,
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Registry")
            .field("host", &self.host)
            .finish_non_exhaustive()
    }
}

impl Registry {
    /// Nothing is sent yet.
    ///
    /// # Errors
    /// When the host or its certificate is none.
    pub fn new(host: Host, credentials: Option<Credentials>) -> Result<Self, InvalidHost> {
        let invalid = |why: String| InvalidHost {
            name: host.name.clone(),
            why,
        };
        let trust = Trust {
            system: true,
            ca_pem: host.ca_pem.clone(),
            ..Trust::default()
        };
        let tls = tls::client_config(&trust).map_err(|e| invalid(e.to_string()))?;
        let http = Client::builder()
            .tls_backend_preconfigured(tls)
            .http1_only()
            .redirect(Policy::none())
            .connect_timeout(host.patience)
            .timeout(host.patience)
            .pool_max_idle_per_host(host.at_once)
            .tcp_nodelay(true)
            .user_agent(concat!("RedFlag/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|e| invalid(e.to_string()))?;
        Ok(Self {
            root: host.root()?,
            http,
            credentials,
            tokens: Tokens::default(),
            turns: Semaphore::new(host.at_once.max(1)),
            circuit: Circuit::default(),
            quota: Mutex::new(None),
            door: Mutex::new(None),
            host,
        })
    }

    /// How it has answered lately. `now` is this computer's time.
    pub fn standing(&self, now: Timestamp) -> Standing {
        let told = *self.quota.lock().unwrap_or_else(PoisonError::into_inner);
        Standing::of(told, &self.circuit, now)
    }

    /// What a tag, or the digest where there is none, names here for a platform. Where the document's digest is `enough`,
    /// nobody looks inside for the platform's own.
    pub async fn held(
        &self,
        reference: &Reference,
        platform: &Platform,
        enough: impl Fn(&Digest) -> bool,
    ) -> Result<Held, Failure> {
        self.asked(self.look(reference, platform, enough)).await
    }

    /// All tags of a repository.
    pub async fn tags(&self, reference: &Reference) -> Result<Vec<String>, Failure> {
        self.asked(self.list(reference)).await
    }

    /// Waits for its turn, within the limits of this registry.
    async fn asked<T>(
        &self,
        question: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        self.circuit.pass()?;
        let _turn = self
            .turns
            .acquire()
            .await
            .map_err(|_| Failure::Unreachable {
                words: "RedFlag is ending".to_owned(),
            })?;
        // What the one before has learned counts for this one, too.
        self.circuit.pass()?;
        let outcome = tokio::time::timeout(self.host.patience, question)
            .await
            .unwrap_or_else(|_| Err(too_long(self.host.patience)));
        self.circuit.note(&outcome);
        outcome
    }

    async fn look(
        &self,
        reference: &Reference,
        platform: &Platform,
        enough: impl Fn(&Digest) -> bool,
    ) -> Result<Held, Failure> {
        let version = reference.tag().or(reference.digest().map(Digest::as_str));
        let version = version.unwrap_or_default().to_owned();
        let head = self.manifest(Method::HEAD, reference, &version).await;
        // Some take no HEAD at all, and some no HEAD where they would take a GET.
        let head = match head {
            Err(Failure::Broken { .. } | Failure::Nonsense { .. }) => None,
            other => Some(other?),
        };
        let told = head.as_ref().and_then(digest_of);
        if let (Some(digest), Some(head)) = (&told, &head) {
            let inside = document::is_index(head.media_type()) || head.media_type().is_empty();
            if enough(digest) || !inside {
                return Ok(Held {
                    digest: digest.clone(),
                    platform: Vec::new(),
                });
            }
        }
        let wanted = told.as_ref().map_or(version, ToString::to_string);
        let whole = self.manifest(Method::GET, reference, &wanted).await?;
        let digest = Digest::sha256(Sha256::digest(&whole.body).into());
        if let Some(told) = told.filter(|told| *told != digest) {
            return Err(Failure::Nonsense {
                words: format!("asked for {told}, it gave {digest}"),
            });
        }
        let platform = self.inside(reference, platform, &whole).await?;
        Ok(Held { digest, platform })
    }

    /// The platform's manifests in an index, and in the indexes that it lists.
    async fn inside(
        &self,
        reference: &Reference,
        platform: &Platform,
        index: &Answer,
    ) -> Result<Vec<Digest>, Failure> {
        let read = |answer: &Answer| {
            document::parse(&answer.body, platform).map_err(|words| Failure::Nonsense { words })
        };
        let Some(listed) = read(index)? else {
            return Ok(Vec::new());
        };
        let mut found = listed.manifests;
        let mut open = listed.indexes;
        for _ in 0..DEPTH {
            let mut deeper = Vec::new();
            for digest in std::mem::take(&mut open) {
                let answer = self
                    .manifest(Method::GET, reference, digest.as_str())
                    .await?;
                if let Some(listed) = read(&answer)? {
                    found.extend(listed.manifests);
                    deeper.extend(listed.indexes);
                }
            }
            open = deeper;
        }
        Ok(found)
    }

    async fn manifest(
        &self,
        method: Method,
        reference: &Reference,
        version: &str,
    ) -> Result<Answer, Failure> {
        let path = format!("{}/manifests/{version}", reference.repository());
        self.call(method, reference, &path).await
    }

    async fn list(&self, reference: &Reference) -> Result<Vec<String>, Failure> {
        let mut tags = Vec::new();
        let mut path = format!("{}/tags/list?n=1000", reference.repository());
        for _ in 0..PAGES {
            let answer = self.call(Method::GET, reference, &path).await?;
            let page: Page =
                serde_json::from_slice(&answer.body).map_err(|e| Failure::Nonsense {
                    words: format!("its list of tags: {e}"),
                })?;
            tags.extend(page.tags.unwrap_or_default());
            // `</v2/library/nginx/tags/list?last=1.9&n=1000>; rel="next"`
            let next = answer.text("link").and_then(|link| {
                let inside = link.split_once('<')?.1.split_once('>')?;
                inside.1.contains("next").then(|| inside.0.to_owned())
            });
            match next {
                Some(next) => path = next,
                None => break,
            }
        }
        Ok(tags)
    }

    /// One call, with what the registry wants to know about who asks.
    async fn call(
        &self,
        method: Method,
        reference: &Reference,
        path: &str,
    ) -> Result<Answer, Failure> {
        let url = self.root.join(path).map_err(|e| Failure::Nonsense {
            words: format!("{path}: {e}"),
        })?;
        // The next page of a list is named by the registry: it stays at the registry.
        if !same_origin(&url, &self.root) {
            return Err(Failure::Nonsense {
                words: format!("it names {} for more", url.host_str().unwrap_or_default()),
            });
        }
        let known = self
            .door
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let mut pass = match known {
            Some(door) => self.met(&door, reference, None).await?,
            None => None,
        };
        // Twice refused is refused: once for the token that had grown old, once for a new one.
        for _ in 0..3 {
            let sent = request::send(&self.http, &method, &url, pass.as_ref().map(|(_, p)| p));
            let Final { answer, url: at } = sent.await?;
            if let Some(quota) = quota::of(&answer.headers) {
                let told = Some((quota, Instant::now()));
                *self.quota.lock().unwrap_or_else(PoisonError::into_inner) = told;
            }
            if answer.status.is_success() {
                return Ok(answer);
            }
            let refusal = || answer.refusal(OffsetDateTime::now_utc());
            let challenge = answer.text("www-authenticate").and_then(challenge::parse);
            let (StatusCode::UNAUTHORIZED, Some(challenge)) = (answer.status, challenge) else {
                return Err(refusal());
            };
            let door = Door {
                challenge: challenge.without_scope(),
                at: at.clone(),
            };
            let asked = Door { challenge, at };
            let refused = pass.as_ref().map(|(secret, _)| secret);
            let Some(next) = self.met(&asked, reference, refused).await? else {
                return Err(refusal());
            };
            *self.door.lock().unwrap_or_else(PoisonError::into_inner) = Some(door);
            pass = Some(next);
        }
        Err(Failure::NoAccess {
            words: "it refuses the token that its own token service gave".to_owned(),
        })
    }

    /// Meets a challenge: the bare token or password that is used, and the pass made of it. None when there is nothing
    /// that was not refused already.
    async fn met(
        &self,
        door: &Door,
        reference: &Reference,
        refused: Option<&SecretString>,
    ) -> Result<Option<(SecretString, Pass)>, Failure> {
        let Door { challenge, at } = door;
        // Whoever was redirected to is somebody else: the user's password is not for them.
        let credentials = self
            .credentials
            .as_ref()
            .filter(|_| same_origin(at, &self.root));
        let pass = |value: String| Pass {
            at: at.clone(),
            value: SecretString::from(value),
        };
        match challenge {
            Challenge::Bearer {
                realm,
                service,
                scope,
            } => {
                let own = || format!("repository:{}:pull", reference.repository());
                let wanted = Wanted {
                    realm: realm.clone(),
                    service: service.clone(),
                    scope: scope.clone().unwrap_or_else(own),
                };
                is_safe(realm, at)?;
                let token = self.tokens.get(&self.http, &wanted, credentials, refused);
                let token = token.await?;
                let value = format!("Bearer {}", token.expose_secret());
                Ok(Some((token, pass(value))))
            }
            Challenge::Basic => Ok(credentials.filter(|_| refused.is_none()).map(|known| {
                let value = basic(known);
                (known.password.clone(), pass(value))
            })),
        }
    }
}

/// Credentials do not leave encrypted ground because a registry says so.
fn is_safe(realm: &str, at: &Url) -> Result<(), Failure> {
    if realm.starts_with("https://") || at.scheme() == "http" {
        return Ok(());
    }
    Err(Failure::Nonsense {
        words: format!("its token service is not encrypted: {realm}"),
    })
}

/// The value of an `Authorization` header.
fn basic(credentials: &Credentials) -> String {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let text = format!(
        "{}:{}",
        credentials.user,
        credentials.password.expose_secret()
    );
    format!("Basic {}", STANDARD.encode(text))
}

fn digest_of(answer: &Answer) -> Option<Digest> {
    answer.text("docker-content-digest")?.trim().parse().ok()
}

#[derive(Deserialize)]
struct Page {
    tags: Option<Vec<String>>,
}
