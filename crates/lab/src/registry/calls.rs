//! The scripted registry's answers.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::Body,
    extract::{Query, Request, State},
    http::{HeaderMap, Method, StatusCode, header},
    response::{IntoResponse, Response},
    routing::any,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::json;

use super::{Asked, Door, Mood, Shelf, lock};

#[derive(Clone)]
struct Place {
    address: SocketAddr,
    shelf: Arc<Mutex<Shelf>>,
}

pub(super) fn router(address: SocketAddr, shelf: Arc<Mutex<Shelf>>) -> Router {
    Router::new()
        .route("/token", any(token))
        .fallback(any(call))
        .with_state(Place { address, shelf })
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

fn note(place: &Place, request: &Request) -> Asked {
    let asked = Asked {
        method: request.method().to_string(),
        path: request.uri().to_string(),
        accept: text(request.headers(), header::ACCEPT).unwrap_or_default(),
        authorization: text(request.headers(), header::AUTHORIZATION),
    };
    lock(&place.shelf).asked.push(asked.clone());
    asked
}

fn error(status: StatusCode, code: &str, message: &str) -> Response {
    let body = json!({ "errors": [{ "code": code, "message": message }] });
    (
        status,
        [(header::CONTENT_TYPE, "application/json")],
        body.to_string(),
    )
        .into_response()
}

fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

async fn token(
    State(place): State<Place>,
    Query(query): Query<Vec<(String, String)>>,
    request: Request,
) -> Response {
    let asked = note(&place, &request);
    let mut shelf = lock(&place.shelf);
    if let Door::Bearer {
        user: Some((user, password)),
    } = &shelf.manners.door
        && asked.authorization.as_ref() != Some(&basic(user, password))
    {
        return error(
            StatusCode::UNAUTHORIZED,
            "UNAUTHORIZED",
            "incorrect username or password",
        );
    }
    let scope = query.into_iter().find(|(name, _)| name == "scope");
    let scope = scope.map(|(_, scope)| scope).unwrap_or_default();
    let token = format!("token-{}", shelf.tokens.len());
    shelf.tokens.insert(token.clone(), scope);
    axum::Json(json!({ "token": token, "expires_in": 300 })).into_response()
}

async fn call(State(place): State<Place>, request: Request) -> Response {
    let asked = note(&place, &request);
    let manners = lock(&place.shelf).manners.clone();
    tokio::time::sleep(manners.latency).await;
    let path = request.uri().path().to_owned();
    let mut response = match &manners.mood {
        Mood::Well => answer(&place, &request, &asked, &path),
        Mood::TooMany { headers } => {
            let mut refusal = error(
                StatusCode::TOO_MANY_REQUESTS,
                "TOOMANYREQUESTS",
                "you have reached your pull rate limit",
            );
            add(&mut refusal, headers);
            refusal
        }
        Mood::Error { status, message } => {
            let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            error(status, "UNKNOWN", message)
        }
        Mood::Page => (
            [(header::CONTENT_TYPE, "text/html")],
            "<html>Welcome</html>",
        )
            .into_response(),
        Mood::Silent => std::future::pending().await,
        Mood::Elsewhere { base } => {
            let to = format!("{base}{}", request.uri());
            (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, to)]).into_response()
        }
    };
    add(&mut response, &manners.headers);
    if request.method() == Method::HEAD {
        *response.body_mut() = Body::empty();
    }
    response
}

fn add(response: &mut Response, headers: &[(String, String)]) {
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (name.parse::<header::HeaderName>(), value.parse()) {
            response.headers_mut().insert(name, value);
        }
    }
}

/// Who may not come in: the challenge.
fn refused(place: &Place, asked: &Asked, repository: &str) -> Option<Response> {
    let mut shelf = lock(&place.shelf);
    let challenge = match shelf.manners.door.clone() {
        Door::Open => return None,
        Door::Basic { user, password } => {
            if asked.authorization.as_ref() == Some(&basic(&user, &password)) {
                return None;
            }
            "Basic realm=\"registry\"".to_owned()
        }
        Door::Bearer { .. } => {
            let wanted = format!("repository:{repository}:pull");
            let shown = asked
                .authorization
                .as_deref()
                .and_then(|a| a.strip_prefix("Bearer "));
            if let Some(token) = shown
                && shelf
                    .tokens
                    .get(token)
                    .is_some_and(|scope| scope.split(' ').any(|s| s == wanted))
            {
                if shelf.manners.token_uses.is_some_and(|uses| uses <= 1) {
                    shelf.tokens.insert(token.to_owned(), "over".to_owned());
                }
                return None;
            }
            format!(
                "Bearer realm=\"http://{}/token\",service=\"double\",scope=\"{wanted}\"",
                place.address
            )
        }
    };
    let mut refusal = error(
        StatusCode::UNAUTHORIZED,
        "UNAUTHORIZED",
        "authentication required",
    );
    add(&mut refusal, &[("www-authenticate".to_owned(), challenge)]);
    Some(refusal)
}

fn answer(place: &Place, request: &Request, asked: &Asked, path: &str) -> Response {
    let Some(rest) = path.strip_prefix("/v2/") else {
        return StatusCode::NOT_FOUND.into_response();
    };
    if let Some((repository, version)) = rest.rsplit_once("/manifests/") {
        return refused(place, asked, repository)
            .unwrap_or_else(|| manifest(place, request, repository, version));
    }
    if let Some(repository) = rest.strip_suffix("/tags/list") {
        return refused(place, asked, repository)
            .unwrap_or_else(|| tags(place, request, repository));
    }
    axum::Json(json!({})).into_response()
}

fn manifest(place: &Place, request: &Request, repository: &str, version: &str) -> Response {
    let shelf = lock(&place.shelf);
    let manners = &shelf.manners;
    if let (&Method::HEAD, Some(status)) = (request.method(), manners.no_head) {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::METHOD_NOT_ALLOWED);
        return status.into_response();
    }
    let key = (repository.to_owned(), version.to_owned());
    let digest = shelf
        .tags
        .get(&key)
        .cloned()
        .unwrap_or_else(|| version.to_owned());
    let Some(document) = shelf
        .documents
        .get(&(repository.to_owned(), digest.clone()))
    else {
        return error(
            StatusCode::NOT_FOUND,
            "MANIFEST_UNKNOWN",
            "manifest unknown",
        );
    };
    let mut response = document.body.clone().into_response();
    response.headers_mut().remove(header::CONTENT_TYPE);
    let mut headers = Vec::new();
    if !manners.no_type {
        headers.push(("content-type".to_owned(), document.media_type.clone()));
    }
    if !manners.no_digest {
        headers.push(("docker-content-digest".to_owned(), digest));
    }
    add(&mut response, &headers);
    response
}

fn tags(place: &Place, request: &Request, repository: &str) -> Response {
    let shelf = lock(&place.shelf);
    let names = shelf.tags.keys().filter(|(name, _)| name == repository);
    let mut names: Vec<&str> = names.map(|(_, tag)| tag.as_str()).collect();
    if names.is_empty() {
        return error(
            StatusCode::NOT_FOUND,
            "NAME_UNKNOWN",
            "repository name not known to registry",
        );
    }
    let query = request.uri().query().unwrap_or_default();
    let last = query.split('&').find_map(|part| part.strip_prefix("last="));
    if let Some(last) = last {
        names.retain(|name| *name > last);
    }
    let mut link = None;
    if let Some(page) = shelf.manners.page
        && names.len() > page
    {
        names.truncate(page);
        link = names
            .last()
            .map(|last| format!("</v2/{repository}/tags/list?last={last}&n={page}>; rel=\"next\""));
    }
    let mut response = axum::Json(json!({ "name": repository, "tags": names })).into_response();
    if let Some(link) = link {
        add(&mut response, &[("link".to_owned(), link)]);
    }
    response
}
