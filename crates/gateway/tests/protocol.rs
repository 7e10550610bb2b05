//! Who may call what, and how refusals look.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod common;

use common::{House, check_in, enrolment, refused};
use domain::JobId;
use gateway::Limits;
use wire::{CheckInResponse, EnrolResponse, JobAcknowledgement, RefusalCode, path};

#[tokio::test]
async fn a_guest_enrols_without_a_certificate() {
    let mut house = House::open(Limits::default()).await;
    let answer = house
        .client(None)
        .post(house.url(path::ENROL))
        .json(&enrolment("good"))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    let answer: EnrolResponse = answer.json().await.unwrap();
    assert_eq!(answer.certificate_pem, "pem");
    assert_eq!(
        house.calls.recv().await.unwrap(),
        "enrol web from 127.0.0.1"
    );
}

#[tokio::test]
async fn every_other_call_needs_a_certificate_and_is_refused_before_its_body_is_read() {
    let mut house = House::open(Limits::default()).await;
    let http = house.client(None);
    for (method, path) in [
        ("POST", path::RENEW.to_owned()),
        ("POST", path::CHECK_IN.to_owned()),
        ("PUT", path::INVENTORY.to_owned()),
        ("PUT", format!("{}/{}", path::JOBS, JobId::new())),
        ("POST", path::MACHINE.to_owned()),
        ("GET", format!("{}/{}/0", path::PROGRAM, "ab".repeat(32))),
    ] {
        let method = method.parse().unwrap();
        let request = http.request(method, house.url(&path)).body("not even JSON");
        let (status, refusal) = refused(request.send().await.unwrap()).await;
        assert_eq!(
            (status, refusal.code),
            (401, RefusalCode::Revoked),
            "{path}"
        );
        assert!(refusal.message.contains(&path), "{}", refusal.message);
    }
    assert!(house.calls.try_recv().is_err(), "nothing reached the inbox");
}

#[tokio::test]
async fn the_path_of_an_agents_program_is_a_hash_and_a_number_or_refused() {
    let house = House::open(Limits::default()).await;
    let agent = house.agent(Ok);
    let hash = "ab".repeat(32);
    for (path, status, code) in [
        // This inbox carries no programs.
        (format!("{hash}/0"), 404, RefusalCode::NotFound),
        ("../etc/0".into(), 404, RefusalCode::NotFound),
        (format!("{hash}/-1"), 400, RefusalCode::Malformed),
        (
            format!("{}/0", "zz".repeat(32)),
            400,
            RefusalCode::Malformed,
        ),
    ] {
        let url = house.url(&format!("{}/{path}", path::PROGRAM));
        let answer = refused(agent.http.get(url).send().await.unwrap()).await;
        assert_eq!((answer.0, answer.1.code), (status, code), "{path}");
    }
}

#[tokio::test]
async fn an_agent_is_known_by_its_certificate_and_every_call_reaches_the_inbox_in_its_name() {
    let mut house = House::open(Limits::default()).await;
    let agent = house.agent(Ok);
    house.desk.release.notify_one();
    let answer: CheckInResponse = agent
        .http
        .post(house.url(path::CHECK_IN))
        .json(&check_in())
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert!(answer.want_inventory);
    assert_eq!(
        house.calls.recv().await.unwrap(),
        format!("check in {}", agent.id)
    );

    let renewed: serde_json::Value = agent
        .http
        .post(house.url(path::RENEW))
        .json(&serde_json::json!({"requestPem": "x"}))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(renewed["certificatePem"], "next");
    assert_eq!(
        house.calls.recv().await.unwrap(),
        format!("renew {}", agent.id)
    );

    let job = JobId::new();
    let report = serde_json::json!({
        "sequence": 4, "step": "check", "detail": null, "percent": null, "log": [], "outcome": null,
    });
    let answer = agent
        .http
        .put(house.url(&format!("{}/{job}", path::JOBS)))
        .json(&report)
        .send()
        .await
        .unwrap();
    let text = answer.text().await.unwrap();
    let answer: JobAcknowledgement = serde_json::from_str(&text).expect(&text);
    assert_eq!(answer.sequence, 4);
    assert_eq!(
        house.calls.recv().await.unwrap(),
        format!("job {job} of {}", agent.id)
    );
}

#[tokio::test]
async fn refusals_of_the_inbox_arrive_with_their_code_and_status() {
    let house = House::open(Limits::default()).await;
    for (code, status) in [
        (RefusalCode::Revoked, 403),
        (RefusalCode::Cloned, 409),
        (RefusalCode::ProtocolTooOld, 426),
        (RefusalCode::NotFound, 404),
        (RefusalCode::Busy, 429),
        (RefusalCode::Internal, 500),
    ] {
        let agent = house.agent(|_| Err(code));
        let request = agent.http.post(house.url(path::CHECK_IN)).json(&check_in());
        let (seen, refusal) = refused(request.send().await.unwrap()).await;
        assert_eq!((seen, refusal.code), (status, code));
        assert_eq!(refusal.message, format!("{code:?}, says the desk"));
    }
}

#[tokio::test]
async fn a_revocation_counts_on_a_connection_that_is_already_open() {
    let house = House::open(Limits::default()).await;
    let agent = house.agent(Ok);
    let renew = || {
        let body = serde_json::json!({"requestPem": "x"});
        agent.http.post(house.url(path::RENEW)).json(&body).send()
    };
    let first = renew().await.unwrap();
    assert_eq!(first.status(), 200);
    first.bytes().await.unwrap();
    for known in house.desk.agents.lock().unwrap().values_mut() {
        *known = Err(RefusalCode::Revoked);
    }
    let (status, refusal) = refused(renew().await.unwrap()).await;
    assert_eq!((status, refusal.code), (403, RefusalCode::Revoked));
}

#[tokio::test]
async fn what_is_malformed_is_named_with_its_place() {
    let house = House::open(Limits::default()).await;
    let agent = house.agent(Ok);
    let bodies = [
        ("", "EOF"),
        ("{\"requestPem\": 7}", "line 1 column 16"),
        ("{}", "requestPem"),
        ("[[[[", "line 1"),
    ];
    for (body, names) in bodies {
        let request = agent.http.post(house.url(path::RENEW)).body(body);
        let (status, refusal) = refused(request.send().await.unwrap()).await;
        assert_eq!((status, refusal.code), (400, RefusalCode::Malformed));
        assert!(refusal.message.contains(names), "{}", refusal.message);
        assert!(refusal.message.contains("POST /v1/renew"));
    }
    let request = agent
        .http
        .put(house.url("/v1/jobs/seven"))
        .json(&serde_json::json!({}));
    let (status, refusal) = refused(request.send().await.unwrap()).await;
    assert_eq!(status, 400);
    assert!(
        refusal.message.contains("\"seven\"") || refusal.message.contains("PUT /v1/jobs/seven"),
        "{}",
        refusal.message
    );
}

#[tokio::test]
async fn unknown_paths_and_methods_are_refused_in_the_same_form() {
    let house = House::open(Limits::default()).await;
    let http = house.client(None);
    let (status, refusal) = refused(http.get(house.url("/v1/x")).send().await.unwrap()).await;
    assert_eq!((status, refusal.code), (404, RefusalCode::NotFound));
    assert!(refusal.message.contains("/v1/x"));
    let request = http.get(house.url(path::ENROL));
    let (status, refusal) = refused(request.send().await.unwrap()).await;
    assert_eq!((status, refusal.code), (405, RefusalCode::NotFound));
    assert!(refusal.message.contains("GET"));
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_whether_announced_or_streamed() {
    let house = House::open(Limits::default()).await;
    let agent = house.agent(Ok);
    let request = agent
        .http
        .put(house.url(path::INVENTORY))
        .body(vec![b' '; wire::BODY_LIMIT + 1]);
    let (status, refusal) = refused(request.send().await.unwrap()).await;
    assert_eq!((status, refusal.code), (413, RefusalCode::Malformed));
    assert!(refusal.message.contains("8388608"), "{}", refusal.message);

    let chunks = (0..=wire::BODY_LIMIT / 65536).map(|_| Ok::<_, std::io::Error>(vec![b' '; 65536]));
    let request = agent
        .http
        .put(house.url(path::INVENTORY))
        .body(reqwest::Body::wrap_stream(futures_util::stream::iter(
            chunks,
        )));
    let (status, refusal) = refused(request.send().await.unwrap()).await;
    assert_eq!((status, refusal.code), (413, RefusalCode::Malformed));
}

#[tokio::test]
async fn too_many_wrong_codes_from_one_address_are_put_off_and_good_ones_do_not_count() {
    let limits = Limits {
        failed_enrolments: 3,
        ..Limits::default()
    };
    let house = House::open(limits).await;
    let http = house.client(None);
    let enrol = |code: &str| {
        http.post(house.url(path::ENROL))
            .json(&enrolment(code))
            .send()
    };
    for _ in 0..5 {
        assert_eq!(enrol("good").await.unwrap().status(), 200);
    }
    for _ in 0..3 {
        let (status, refusal) = refused(enrol("bad").await.unwrap()).await;
        assert_eq!((status, refusal.code), (403, RefusalCode::CodeInvalid));
    }
    let answer = enrol("good").await.unwrap();
    assert!(answer.headers().contains_key("retry-after"));
    let (status, refusal) = refused(answer).await;
    assert_eq!((status, refusal.code), (429, RefusalCode::Busy));
}
