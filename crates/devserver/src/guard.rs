//! Who may talk to the server. It listens on loopback only, but every page of every browser on this machine can reach
//! that: a foreign page is told by its `Origin`, and one that rebinds its name to 127.0.0.1 by the `Host` it asks for.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use crate::token::Token;

/// The names under which the server may be asked, and its token.
#[derive(Clone)]
pub(crate) struct Guard {
    hosts: Arc<[String; 2]>,
    token: Token,
}

impl Guard {
    /// A guard for the server on `port` of loopback.
    pub(crate) fn new(port: u16, token: Token) -> Self {
        Self {
            hosts: Arc::new([format!("127.0.0.1:{port}"), format!("localhost:{port}")]),
            token,
        }
    }

    /// Whether host and origin are the server's own.
    pub(crate) fn is_own(&self, headers: &HeaderMap) -> bool {
        let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or(""));
        let known = |host: &str| self.hosts.iter().any(|own| own == host);
        let host = text(header::HOST).is_some_and(known);
        // Absent where no page is behind the request.
        let origin = text(header::ORIGIN)
            .is_none_or(|origin| origin.strip_prefix("http://").is_some_and(known));
        host && origin
    }

    /// Whether the headers carry the token.
    pub(crate) fn knows(&self, headers: &HeaderMap) -> bool {
        headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.strip_prefix("Bearer "))
            .is_some_and(|given| self.token.matches(given))
    }

    /// Whether `given` is the token. For WebSockets, which browsers open without headers of the page's choice.
    pub(crate) fn admits(&self, given: &str) -> bool {
        self.token.matches(given)
    }
}

/// Refuses requests of foreign pages before anything else looks at them.
pub(crate) async fn own_only(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    if guard.is_own(request.headers()) {
        next.run(request).await
    } else {
        (StatusCode::FORBIDDEN, "foreign host or origin").into_response()
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn headers(pairs: &[(header::HeaderName, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (name.clone(), HeaderValue::from_static(value)))
            .collect()
    }

    #[test]
    fn foreign_pages_are_refused() {
        let guard = Guard::new(4000, Token::new().expect("random bytes"));
        let own = |pairs: &[(header::HeaderName, &'static str)]| guard.is_own(&headers(pairs));
        assert!(own(&[(header::HOST, "127.0.0.1:4000")]));
        assert!(own(&[
            (header::HOST, "localhost:4000"),
            (header::ORIGIN, "http://localhost:4000")
        ]));
        assert!(!own(&[]), "no host at all");
        assert!(
            !own(&[(header::HOST, "rebound.example:4000")]),
            "a name that was rebound to loopback"
        );
        assert!(!own(&[(header::HOST, "127.0.0.1:4001")]), "another server");
        assert!(
            !own(&[
                (header::HOST, "127.0.0.1:4000"),
                (header::ORIGIN, "http://evil.example")
            ]),
            "a page from elsewhere"
        );
        assert!(
            !own(&[(header::HOST, "127.0.0.1:4000"), (header::ORIGIN, "null")]),
            "a sandboxed page"
        );
    }

    #[test]
    fn the_token_is_asked_for() {
        let token = Token::new().expect("random bytes");
        let guard = Guard::new(4000, token.clone());
        let bearer = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(
                header::AUTHORIZATION,
                HeaderValue::from_str(value).expect("a header"),
            );
            guard.knows(&headers)
        };
        assert!(bearer(&format!("Bearer {}", token.reveal())));
        assert!(!bearer(token.reveal()), "without its scheme");
        assert!(!bearer("Bearer "));
        assert!(!guard.knows(&HeaderMap::new()));
    }
}
