//! Tokens for Bearer challenges: one for all questions of a repository, fetched once however many ask at a time.

use std::{collections::HashMap, sync::Arc, time::Duration};

use reqwest::{Client, Url};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use time::OffsetDateTime;
use tokio::{sync::Mutex, time::Instant};

use crate::{
    Credentials, Failure,
    answer::{Answer, unreachable},
};

/// What a token is good for when its answer does not say, by Docker's specification.
const USUAL_LIFE: Duration = Duration::from_secs(60);
/// It is not used in its last moments, which may pass on the way.
const MARGIN: Duration = Duration::from_secs(10);

/// What a token is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Wanted {
    pub realm: String,
    pub service: Option<String>,
    pub scope: String,
}

type Slot = Arc<Mutex<Option<(SecretString, Instant)>>>;

/// All tokens of one registry and one identity.
#[derive(Default)]
pub(crate) struct Tokens(Mutex<HashMap<Wanted, Slot>>);

#[derive(Deserialize)]
struct Given {
    token: Option<SecretString>,
    access_token: Option<SecretString>,
    expires_in: Option<u64>,
}

impl Tokens {
    /// A token that is good for a while yet. `refused` is one that was just refused, which is not given again.
    pub(crate) async fn get(
        &self,
        http: &Client,
        wanted: &Wanted,
        credentials: Option<&Credentials>,
        refused: Option<&SecretString>,
    ) -> Result<SecretString, Failure> {
        let slot = self
            .0
            .lock()
            .await
            .entry(wanted.clone())
            .or_default()
            .clone();
        // Held while it is fetched: the others wait for this one.
        let mut kept = slot.lock().await;
        if let Some((token, until)) = &*kept
            && *until > Instant::now()
            && refused.is_none_or(|r| r.expose_secret() != token.expose_secret())
        {
            return Ok(token.clone());
        }
        let (token, life) = fetched(http, wanted, credentials).await?;
        *kept = Some((token.clone(), Instant::now() + life.saturating_sub(MARGIN)));
        Ok(token)
    }
}

async fn fetched(
    http: &Client,
    wanted: &Wanted,
    credentials: Option<&Credentials>,
) -> Result<(SecretString, Duration), Failure> {
    let nonsense = |words: String| Failure::Nonsense { words };
    let mut url = Url::parse(&wanted.realm)
        .map_err(|e| nonsense(format!("its token service {:?}: {e}", wanted.realm)))?;
    {
        let mut query = url.query_pairs_mut();
        if let Some(service) = &wanted.service {
            query.append_pair("service", service);
        }
        query.append_pair("scope", &wanted.scope);
    }
    let mut request = http.get(url);
    if let Some(credentials) = credentials {
        request = request.basic_auth(
            &credentials.user,
            Some(credentials.password.expose_secret()),
        );
    }
    let response = request.send().await.map_err(|e| unreachable(&e))?;
    let answer = Answer::read(response).await?;
    if !answer.status.is_success() {
        return Err(match answer.refusal(OffsetDateTime::now_utc()) {
            // The token service knows no manifests: what it does not find, it does not give.
            Failure::Gone { words } => Failure::NoAccess { words },
            other => other,
        });
    }
    let given: Given = serde_json::from_slice(&answer.body)
        .map_err(|e| nonsense(format!("the answer of its token service: {e}")))?;
    let token = given.token.or(given.access_token);
    let token = token.ok_or_else(|| nonsense("its token service gave no token".to_owned()))?;
    let life = given.expires_in.map_or(USUAL_LIFE, Duration::from_secs);
    Ok((token, life))
}
