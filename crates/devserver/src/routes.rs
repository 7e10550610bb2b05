//! The three routes: calls, events, and the page.

use std::{path::Path, sync::Arc};

use api::{App, Code, Error};
use axum::{
    Json, Router,
    extract::{
        DefaultBodyLimit, Path as RoutePath, Query, State, WebSocketUpgrade,
        ws::{Message, WebSocket},
    },
    http::{HeaderMap, StatusCode},
    middleware,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::broadcast::error::RecvError;
use tower_http::services::ServeDir;

use crate::guard::{self, Guard};

/// Largest call in bytes; the biggest real one names a few thousand targets.
const LARGEST_CALL: usize = 4 * 1024 * 1024;

#[derive(Clone)]
struct Served {
    app: Arc<App>,
    guard: Guard,
}

/// `POST /rpc/{command}`, `GET /events?token=`, and the files of `ui`.
pub(crate) fn router(app: Arc<App>, ui: &Path, guard: Guard) -> Router {
    Router::new()
        .route("/rpc/{command}", post(rpc))
        .route("/events", get(events))
        .layer(DefaultBodyLimit::max(LARGEST_CALL))
        .with_state(Served {
            app,
            guard: guard.clone(),
        })
        .fallback_service(ServeDir::new(ui))
        .layer(middleware::from_fn_with_state(guard, guard::own_only))
}

async fn rpc(
    State(served): State<Served>,
    RoutePath(command): RoutePath<String>,
    headers: HeaderMap,
    Json(payload): Json<Value>,
) -> Response {
    if !served.guard.knows(&headers) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    match Box::pin(served.app.rpc(&command, payload)).await {
        Ok(answer) => Json(answer).into_response(),
        Err(error) => (status(&error), Json(error)).into_response(),
    }
}

/// The status that says the same as the code, for people who read a network log. The page reads the body.
fn status(error: &Error) -> StatusCode {
    match error.code {
        Code::BadInput => StatusCode::BAD_REQUEST,
        Code::Unreachable | Code::IdentityChanged | Code::Refused => StatusCode::BAD_GATEWAY,
        Code::Forbidden => StatusCode::FORBIDDEN,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::PlanMoved | Code::Conflict => StatusCode::CONFLICT,
        Code::Locked => StatusCode::LOCKED,
        Code::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

#[derive(Deserialize)]
struct EventsQuery {
    #[serde(default)]
    token: String,
}

async fn events(
    State(served): State<Served>,
    Query(query): Query<EventsQuery>,
    upgrade: WebSocketUpgrade,
) -> Response {
    if !served.guard.admits(&query.token) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    // Subscribed before the answer, so that nothing is missed between it and the page's first snapshot.
    let events = served.app.subscribe();
    upgrade.on_upgrade(move |socket| push(socket, events))
}

async fn push(mut socket: WebSocket, mut events: tokio::sync::broadcast::Receiver<api::Event>) {
    loop {
        tokio::select! {
            event = events.recv() => match event {
                Ok(event) => {
                    let Ok(text) = serde_json::to_string(&event) else { continue };
                    if socket.send(Message::Text(text.into())).await.is_err() {
                        break;
                    }
                }
                // The page sees the gap in `seq` and fetches the whole picture.
                Err(RecvError::Lagged(missed)) => tracing::debug!(missed, "the page lagged"),
                Err(RecvError::Closed) => break,
            },
            // The page says nothing on this socket; reading notices that it is gone.
            message = socket.recv() => if !matches!(message, Some(Ok(_))) { break },
        }
    }
}
