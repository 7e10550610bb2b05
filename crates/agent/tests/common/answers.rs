//! How the tests' desktop answers each route of `wire`.

use std::{sync::Arc, time::Duration};

use agent::clock;
use axum::{
    Json, Router,
    extract::{Extension, Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post, put},
};
use domain::{AgentId, GuestId, JobId, Timestamp};
use wire::{
    CheckInRequest, CheckInResponse, EnrolRequest, EnrolResponse, InventoryReport,
    JobAcknowledgement, JobReport, MachineAnswer, MachineRequest, Refusal, RefusalCode,
    RenewRequest, RenewResponse,
};

use super::{Peer, Shared, Verdict};

pub(super) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route(wire::path::ENROL, post(enrol))
        .route(wire::path::RENEW, post(renew))
        .route(wire::path::CHECK_IN, post(check_in))
        .route(wire::path::MACHINE, post(machine))
        .route(wire::path::INVENTORY, put(inventory))
        .route("/v1/jobs/{id}", put(report))
        .route("/v1/agent/{sha256}/{offset}", get(program))
        .with_state(shared)
}

type Answer<T> = Result<Json<T>, Response>;

fn refusal(status: StatusCode, code: RefusalCode, message: &str) -> Response {
    let message = message.to_owned();
    (status, Json(Refusal { code, message })).into_response()
}

fn known(shared: &Shared, peer: Peer) -> Result<(), Response> {
    let memory = shared.memory.lock().unwrap();
    let agent = peer.0.and_then(|p| memory.agents.get(&p).copied());
    if memory.revoked || agent.is_none() {
        return Err(refusal(
            StatusCode::FORBIDDEN,
            RefusalCode::Revoked,
            "this agent was removed",
        ));
    }
    Ok(())
}

async fn enrol(
    State(shared): State<Arc<Shared>>,
    Json(request): Json<EnrolRequest>,
) -> Answer<EnrolResponse> {
    let mut memory = shared.memory.lock().unwrap();
    let fits = memory.code.as_deref() == Some(request.code.0.as_str());
    memory.enrolments.push(request.clone());
    if !fits {
        return Err(refusal(
            StatusCode::FORBIDDEN,
            RefusalCode::CodeInvalid,
            "the code is unknown, used or expired",
        ));
    }
    memory.code = None;
    let issued = shared
        .ca
        .issue_agent(&request.request_pem, shared.agent, clock::now())
        .unwrap();
    memory.agents.insert(issued.sha256, shared.agent);
    let renew_at = if memory.renew_now {
        Timestamp(0)
    } else {
        issued.renew_at
    };
    Ok(Json(EnrolResponse {
        agent: shared.agent,
        guest: shared.guest,
        certificate_pem: issued.pem,
        renew_at,
        endpoints: Vec::new(),
    }))
}

async fn renew(
    State(shared): State<Arc<Shared>>,
    Extension(peer): Extension<Peer>,
    Json(request): Json<RenewRequest>,
) -> Answer<RenewResponse> {
    known(&shared, peer)?;
    let issued = shared
        .ca
        .issue_agent(&request.request_pem, shared.agent, clock::now())
        .unwrap();
    let mut memory = shared.memory.lock().unwrap();
    memory.renewals += 1;
    // The old one is of no use any more.
    memory.agents.clear();
    memory.agents.insert(issued.sha256, shared.agent);
    Ok(Json(RenewResponse {
        certificate_pem: issued.pem,
        renew_at: issued.renew_at,
    }))
}

async fn machine(
    State(shared): State<Arc<Shared>>,
    Extension(peer): Extension<Peer>,
    Json(request): Json<MachineRequest>,
) -> Answer<MachineAnswer> {
    known(&shared, peer)?;
    let mut memory = shared.memory.lock().unwrap();
    memory.machines.push(request.clone());
    match memory.verdict {
        None => Err(refusal(
            StatusCode::CONFLICT,
            RefusalCode::Cloned,
            "somebody has to look",
        )),
        Some(Verdict::Same) => {
            memory.cloned.clear();
            Ok(Json(MachineAnswer::Same))
        }
        Some(Verdict::Another) => {
            memory.cloned.clear();
            let agent = AgentId::new();
            let issued = shared
                .ca
                .issue_agent(&request.request_pem, agent, clock::now())
                .unwrap();
            memory.agents.insert(issued.sha256, agent);
            let identity = EnrolResponse {
                agent,
                guest: GuestId::new(),
                certificate_pem: issued.pem,
                renew_at: issued.renew_at,
                endpoints: Vec::new(),
            };
            Ok(Json(MachineAnswer::Another { identity }))
        }
    }
}

async fn program(
    State(shared): State<Arc<Shared>>,
    Extension(peer): Extension<Peer>,
    Path((sha256, offset)): Path<(String, usize)>,
) -> Result<Vec<u8>, Response> {
    known(&shared, peer)?;
    let mut memory = shared.memory.lock().unwrap();
    if memory.busy_pieces > 0 && offset > 0 {
        memory.busy_pieces -= 1;
        return Err(refusal(
            StatusCode::SERVICE_UNAVAILABLE,
            RefusalCode::Busy,
            "later",
        ));
    }
    let Some(program) = memory.programs.get(&sha256) else {
        return Err(refusal(
            StatusCode::NOT_FOUND,
            RefusalCode::NotFound,
            "no such agent",
        ));
    };
    let end = program.len().min(offset + wire::PROGRAM_CHUNK);
    Ok(program[offset..end].to_vec())
}

async fn check_in(
    State(shared): State<Arc<Shared>>,
    Extension(peer): Extension<Peer>,
    Json(request): Json<CheckInRequest>,
) -> Answer<CheckInResponse> {
    known(&shared, peer)?;
    if shared
        .memory
        .lock()
        .unwrap()
        .cloned
        .contains(&request.session)
    {
        return Err(refusal(
            StatusCode::CONFLICT,
            RefusalCode::Cloned,
            "two machines use this identity",
        ));
    }
    let wait = Duration::from_secs(u64::from(request.wait_seconds));
    shared
        .memory
        .lock()
        .unwrap()
        .check_ins
        .push(request.clone());
    let end = tokio::time::Instant::now() + wait;
    loop {
        let changed = shared.changed.notified();
        tokio::pin!(changed);
        changed.as_mut().enable();
        {
            let mut memory = shared.memory.lock().unwrap();
            let answer = CheckInResponse {
                // Handed out again and again until the job has ended: the agent must not begin it twice.
                work: memory
                    .work
                    .iter()
                    .filter(|w| !request.jobs.contains(&w.id))
                    .cloned()
                    .collect(),
                cancel: std::mem::take(&mut memory.cancel),
                want_inventory: request.inventory.is_some() && request.inventory != memory.hash,
                forget: std::mem::take(&mut memory.forget),
                endpoints: Vec::new(),
            };
            let empty = answer.work.is_empty()
                && answer.cancel.is_empty()
                && answer.forget.is_empty()
                && !answer.want_inventory;
            if !empty {
                return Ok(Json(answer));
            }
        }
        if tokio::time::timeout_at(end, changed).await.is_err() {
            return Ok(Json(CheckInResponse::default()));
        }
        // The certificate may have been revoked meanwhile.
        known(&shared, peer)?;
    }
}

async fn inventory(
    State(shared): State<Arc<Shared>>,
    Extension(peer): Extension<Peer>,
    Json(report): Json<InventoryReport>,
) -> Result<StatusCode, Response> {
    known(&shared, peer)?;
    assert_eq!(report.hash, report.inventory.hash());
    let mut memory = shared.memory.lock().unwrap();
    memory.hash = Some(report.hash);
    memory.inventories.push(report.inventory);
    Ok(StatusCode::NO_CONTENT)
}

async fn report(
    State(shared): State<Arc<Shared>>,
    Extension(peer): Extension<Peer>,
    Path(id): Path<JobId>,
    Json(report): Json<JobReport>,
) -> Answer<JobAcknowledgement> {
    known(&shared, peer)?;
    let mut memory = shared.memory.lock().unwrap();
    if !memory.work.iter().any(|w| w.id == id) {
        return Err(refusal(
            StatusCode::NOT_FOUND,
            RefusalCode::NotFound,
            "no such job",
        ));
    }
    let sequence = report.sequence;
    let reports = memory.reports.entry(id).or_default();
    match reports.get(&sequence) {
        Some(known) => {
            assert_eq!(*known, report, "a report that comes again is the same");
            memory.repeated += 1;
        }
        None => {
            assert_eq!(reports.len() as u32 + 1, sequence, "reports come in order");
            reports.insert(sequence, report);
        }
    }
    if memory.lose_answers > 0 {
        memory.lose_answers -= 1;
        return Err(refusal(
            StatusCode::SERVICE_UNAVAILABLE,
            RefusalCode::Busy,
            "the answer is lost",
        ));
    }
    let cancel = memory.cancel.contains(&id);
    Ok(Json(JobAcknowledgement { sequence, cancel }))
}
