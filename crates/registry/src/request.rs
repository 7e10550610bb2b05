//! One request to its final answer: redirects followed, and credentials shown only to whom they belong.

use reqwest::{
    Client, Method, StatusCode, Url,
    header::{ACCEPT, AUTHORIZATION, HeaderValue, LOCATION},
};
use secrecy::{ExposeSecret, SecretString};

use crate::{
    Failure,
    answer::{Answer, unreachable},
    document,
};

/// Further ones are a circle.
const MOST_REDIRECTS: usize = 5;

/// What is shown to the origin that it is for, and to nobody else.
#[derive(Clone)]
pub(crate) struct Pass {
    /// Of the origin.
    pub at: Url,
    /// The whole value of the header.
    pub value: SecretString,
}

/// An answer, and who gave it.
pub(crate) struct Final {
    pub answer: Answer,
    pub url: Url,
}

/// Scheme, host and port: whoever shares them is one.
pub(crate) fn same_origin(a: &Url, b: &Url) -> bool {
    a.origin() == b.origin()
}

/// Sends it. A redirect to another origin goes on without `pass`; one to an unencrypted address is not followed.
pub(crate) async fn send(
    http: &Client,
    method: &Method,
    url: &Url,
    pass: Option<&Pass>,
) -> Result<Final, Failure> {
    let mut url = url.clone();
    for _ in 0..=MOST_REDIRECTS {
        let mut request = http
            .request(method.clone(), url.clone())
            .header(ACCEPT, document::ACCEPT);
        if let Some(pass) = pass.filter(|pass| same_origin(&pass.at, &url)) {
            let mut value = HeaderValue::from_str(pass.value.expose_secret())
                .map_err(|_| nonsense("its token is no text"))?;
            value.set_sensitive(true);
            request = request.header(AUTHORIZATION, value);
        }
        let response = request.send().await.map_err(|e| unreachable(&e))?;
        if !is_redirect(response.status()) {
            let answer = Answer::read(response).await?;
            return Ok(Final { answer, url });
        }
        let to = response.headers().get(LOCATION);
        let to = to
            .and_then(|v| v.to_str().ok())
            .and_then(|to| url.join(to).ok());
        let to = to.ok_or_else(|| nonsense("a redirect to nowhere"))?;
        if url.scheme() == "https" && to.scheme() != "https" {
            return Err(nonsense("a redirect to an unencrypted address"));
        }
        url = to;
    }
    Err(nonsense("redirects without end"))
}

fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

fn nonsense(words: &str) -> Failure {
    Failure::Nonsense {
        words: words.to_owned(),
    }
}
