//! The routes of the agent protocol. Who calls is known before a byte of the body is read.

use std::{net::IpAddr, sync::Arc, time::Duration};

use axum::{
    Json, RequestExt, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, FromRequest, FromRequestParts, Path, Request, State},
    http::{StatusCode, header::CONTENT_LENGTH, request::Parts},
    routing::{get, post, put},
};
use domain::{AgentId, JobId, host::Fingerprint};
use serde::de::DeserializeOwned;
use tokio::{sync::Semaphore, time::Instant};
use tokio_util::sync::CancellationToken;
use wire::{
    CheckInRequest, CheckInResponse, EnrolRequest, EnrolResponse, InventoryReport,
    JobAcknowledgement, JobReport, MachineAnswer, MachineRequest, RefusalCode, RenewRequest,
    RenewResponse, path,
};

use crate::{Inbox, Limits, enrolments::FailedEnrolments, paste, refusal::Refused};

/// Inventories that are read and stored at a time. After the desktop was away, all agents bring theirs at once.
const INTAKE: usize = 8;

/// Who is at the other end. The carrier (listener, or a stream through a node) puts it into each request's
/// extensions; without it nothing is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    pub address: IpAddr,
    /// Of the client certificate, verified by TLS against our CA; none if it showed none.
    pub certificate: Option<Fingerprint>,
}

/// The agent protocol over `inbox`, for any carrier.
pub fn router<I: Inbox>(inbox: Arc<I>) -> Router {
    routes(inbox, &Limits::default(), CancellationToken::new())
}

pub(crate) fn routes<I: Inbox>(inbox: Arc<I>, limits: &Limits, stop: CancellationToken) -> Router {
    let door = Arc::new(Door {
        inbox,
        failed: FailedEnrolments::new(limits.failed_enrolments),
        body_time: limits.body,
        intake: Semaphore::new(INTAKE),
        stop,
    });
    Router::new()
        .route(path::ENROL, post(enrol::<I>))
        .route(path::RENEW, post(renew::<I>))
        .route(path::CHECK_IN, post(check_in::<I>))
        .route(path::INVENTORY, put(inventory::<I>))
        .route(&format!("{}/{{id}}", path::JOBS), put(job::<I>))
        .route(path::MACHINE, post(machine::<I>))
        .route(
            &format!("{}/{{sha256}}/{{offset}}", path::PROGRAM),
            get(program::<I>),
        )
        .route(paste::CA, get(authority::<I>))
        .route(paste::PASTE, post(pasted::<I>))
        .fallback(unknown)
        .method_not_allowed_fallback(wrong_method)
        .layer(DefaultBodyLimit::max(wire::BODY_LIMIT))
        .with_state(door)
}

struct Door<I> {
    inbox: Arc<I>,
    failed: FailedEnrolments,
    body_time: Duration,
    intake: Semaphore,
    stop: CancellationToken,
}

impl<I> Door<I> {
    /// Refuses whoever has shown too many wrong codes lately.
    fn may_try(&self, peer: Peer) -> Result<(), Refused> {
        if self.failed.may_try(peer.address, Instant::now()) {
            return Ok(());
        }
        tracing::warn!(peer = %peer.address, "too many failed enrolments from this address");
        Err(Refused::of(
            RefusalCode::Busy,
            format!(
                "too many failed enrolments from {}; try again in a minute",
                peer.address
            ),
        ))
    }
}

type Shared<I> = State<Arc<Door<I>>>;
type Answer<T> = Result<Json<T>, Refused>;

async fn enrol<I: Inbox>(State(door): Shared<I>, request: Request) -> Answer<EnrolResponse> {
    let peer = peer_of(request.extensions().get())?;
    door.may_try(peer)?;
    let answer = async {
        let Body(body) = Body::<EnrolRequest>::from_request(request, &door).await?;
        Ok(door.inbox.enrol(body, peer.address).await?)
    }
    .await;
    match answer {
        Ok(response) => Ok(Json(response)),
        Err(refused) => {
            let refused: Refused = refused;
            if matches!(
                refused.code(),
                RefusalCode::CodeInvalid | RefusalCode::Malformed
            ) {
                door.failed.failed(peer.address, Instant::now());
            }
            Err(refused)
        }
    }
}

async fn authority<I: Inbox>(State(door): Shared<I>) -> Result<String, Refused> {
    door.inbox
        .authority()
        .ok_or_else(|| Refused::of(RefusalCode::NotFound, "nothing is to be pasted"))
}

async fn pasted<I: Inbox>(State(door): Shared<I>, request: Request) -> Result<Bytes, Refused> {
    let peer = peer_of(request.extensions().get())?;
    door.may_try(peer)?;
    let code = paste::code(request, door.body_time).await;
    let script = match code {
        Ok(code) => door
            .inbox
            .pasted(code, peer.address)
            .await
            .map_err(Refused::from),
        Err(refused) => Err(refused),
    };
    script.map(Bytes::from).inspect_err(|refused| {
        if matches!(
            refused.code(),
            RefusalCode::CodeInvalid | RefusalCode::Malformed
        ) {
            door.failed.failed(peer.address, Instant::now());
        }
    })
}

async fn renew<I: Inbox>(
    State(door): Shared<I>,
    Caller(agent): Caller,
    Body(request): Body<RenewRequest>,
) -> Answer<RenewResponse> {
    Ok(Json(door.inbox.renew(agent, request).await?))
}

async fn check_in<I: Inbox>(
    State(door): Shared<I>,
    Caller(agent): Caller,
    Body(request): Body<CheckInRequest>,
) -> Answer<CheckInResponse> {
    // A waiting agent must not hold up the program's end; it comes back when there is a desktop again.
    tokio::select! {
        biased;
        answer = door.inbox.check_in(agent, request) => Ok(Json(answer?)),
        () = door.stop.cancelled() => Err(Refused::of(RefusalCode::Busy, "RedFlag is closing")),
    }
}

async fn inventory<I: Inbox>(
    State(door): Shared<I>,
    Caller(agent): Caller,
    request: Request,
) -> Result<StatusCode, Refused> {
    // Before a byte of it is read: what waits, waits in its guest and not in this program's memory.
    let _turn = door.intake.acquire().await;
    let Body(report) = Body::<InventoryReport>::from_request(request, &door).await?;
    door.inbox.inventory(agent, report).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn job<I: Inbox>(
    State(door): Shared<I>,
    Caller(agent): Caller,
    Path(id): Path<String>,
    Body(report): Body<JobReport>,
) -> Answer<JobAcknowledgement> {
    let id: JobId = id
        .parse()
        .map_err(|e: domain::ids::InvalidId| Refused::of(RefusalCode::Malformed, e.to_string()))?;
    Ok(Json(door.inbox.job(agent, id, report).await?))
}

async fn machine<I: Inbox>(
    State(door): Shared<I>,
    Caller(agent): Caller,
    Body(request): Body<MachineRequest>,
) -> Answer<MachineAnswer> {
    Ok(Json(door.inbox.machine(agent, request).await?))
}

async fn program<I: Inbox>(
    State(door): Shared<I>,
    Caller(agent): Caller,
    Path((sha256, offset)): Path<(String, String)>,
) -> Result<Vec<u8>, Refused> {
    let hex = sha256.len() == 64 && sha256.bytes().all(|b| b.is_ascii_hexdigit());
    let Some(offset) = offset.parse().ok().filter(|_| hex) else {
        return Err(Refused::of(
            RefusalCode::Malformed,
            "the path of an agent's binary is its SHA-256 and a number of bytes",
        ));
    };
    let sha256 = sha256.to_ascii_lowercase();
    Ok(door.inbox.program(agent, sha256, offset).await?)
}

async fn unknown(request: Request) -> Refused {
    Refused::of(
        RefusalCode::NotFound,
        format!("there is no {} here", request.uri().path()),
    )
}

async fn wrong_method(request: Request) -> Refused {
    Refused::new(
        StatusCode::METHOD_NOT_ALLOWED,
        RefusalCode::NotFound,
        format!(
            "{} does not take {}",
            request.uri().path(),
            request.method()
        ),
    )
}

fn peer_of(peer: Option<&Peer>) -> Result<Peer, Refused> {
    peer.copied().ok_or_else(|| {
        Refused::of(
            RefusalCode::Internal,
            "the connection does not say who is at its other end",
        )
    })
}

/// The agent whose certificate the connection showed.
struct Caller(AgentId);

impl<I: Inbox> FromRequestParts<Arc<Door<I>>> for Caller {
    type Rejection = Refused;

    async fn from_request_parts(
        parts: &mut Parts,
        door: &Arc<Door<I>>,
    ) -> Result<Self, Self::Rejection> {
        let peer = peer_of(parts.extensions.get())?;
        let Some(certificate) = peer.certificate else {
            return Err(Refused::new(
                StatusCode::UNAUTHORIZED,
                RefusalCode::Revoked,
                format!(
                    "{} needs the certificate of an enrolled agent and none was shown",
                    parts.uri.path()
                ),
            ));
        };
        Ok(Self(door.inbox.agent_of(certificate).await?))
    }
}

/// A JSON body within its limits of size and time.
struct Body<T>(T);

impl<I: Inbox, T: DeserializeOwned> FromRequest<Arc<Door<I>>> for Body<T> {
    type Rejection = Refused;

    async fn from_request(request: Request, door: &Arc<Door<I>>) -> Result<Self, Self::Rejection> {
        let asked = format!("{} {}", request.method(), request.uri().path());
        let too_large = || {
            Refused::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                RefusalCode::Malformed,
                format!("the body of {asked} exceeds {} bytes", wire::BODY_LIMIT),
            )
        };
        let announced = request
            .headers()
            .get(CONTENT_LENGTH)
            .and_then(|v| v.to_str().ok()?.parse::<u64>().ok());
        if announced.is_some_and(|length| length > wire::BODY_LIMIT as u64) {
            return Err(too_large());
        }
        let bytes = tokio::time::timeout(door.body_time, request.extract::<Bytes, _>())
            .await
            .map_err(|_| {
                Refused::new(
                    StatusCode::REQUEST_TIMEOUT,
                    RefusalCode::Malformed,
                    format!("the body of {asked} did not arrive in time"),
                )
            })?
            .map_err(|rejection| match rejection.status() {
                StatusCode::PAYLOAD_TOO_LARGE => too_large(),
                _ => Refused::of(
                    RefusalCode::Malformed,
                    format!("the body of {asked} broke off: {}", rejection.body_text()),
                ),
            })?;
        serde_json::from_slice(&bytes).map(Self).map_err(|e| {
            Refused::of(
                RefusalCode::Malformed,
                format!("the body of {asked} is not understood: {e}"),
            )
        })
    }
}
