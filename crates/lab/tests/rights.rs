//! Users, roles, rights and tokens: changed by the API and by `pveum`, and what a token may do afterwards.
#![allow(
    clippy::unwrap_used,
    reason = "functions that tests share are tests too"
)]

mod common;

use common::{Client, by_id, desktop, small};
use lab::{Lab, Options, Scenario, pveum, world::Profile};
use serde_json::{Value, json};

/// Logs in as root@pam; the headers that all further calls need.
async fn root(lab: &Lab) -> Vec<(String, String)> {
    let facts = &lab.facts().clusters[0];
    let form = format!(
        "username={}&password={}",
        facts.root.user, facts.root.password
    );
    let is = login(lab, &form).await;
    assert_eq!(is["username"], "root@pam");
    assert_eq!(is["cap"]["dc"]["Sys.Audit"], 1);
    vec![
        (
            "Cookie".into(),
            format!("PVEAuthCookie={}", is["ticket"].as_str().unwrap()),
        ),
        (
            "CSRFPreventionToken".into(),
            is["CSRFPreventionToken"].as_str().unwrap().into(),
        ),
    ]
}

async fn login(lab: &Lab, form: &str) -> Value {
    let mut client = anonymous(lab).await;
    let is = client
        .send("POST", "/api2/json/access/ticket", &[], form)
        .await;
    assert_eq!(is.status(), 200, "{}", is.body);
    is.data()
}

async fn anonymous(lab: &Lab) -> Client {
    let cluster = &lab.facts().clusters[0];
    Client::connect(cluster, cluster.nodes[0].address, None).await
}

async fn guests_seen(lab: &Lab) -> usize {
    let list = desktop(lab, 0)
        .await
        .get("/cluster/resources?type=vm")
        .await;
    list.data().as_array().unwrap().len()
}

#[tokio::test]
async fn a_login_makes_role_user_and_token_with_which_everything_is_seen() {
    let lab = small(Options::quick()).await;
    let headers = root(&lab).await;
    for (method, path, form) in [
        (
            "POST",
            "/access/roles",
            "roleid=Mine&privs=VM.Audit,Sys.Audit",
        ),
        (
            "POST",
            "/access/users",
            "userid=mine%40pve&comment=made+here",
        ),
        ("PUT", "/access/acl", "path=%2F&users=mine%40pve&roles=Mine"),
    ] {
        let path = format!("/api2/json{path}");
        let is = anonymous(&lab)
            .await
            .send(method, &path, &headers, form)
            .await;
        assert_eq!((is.status(), is.data()), (200, Value::Null), "{}", is.body);
    }
    let path = "/api2/json/access/users/mine%40pve/token/desk";
    let is = anonymous(&lab)
        .await
        .send("POST", path, &headers, "privsep=1&comment=x")
        .await;
    let made = is.data();
    assert_eq!(made["full-tokenid"], "mine@pve!desk");
    assert_eq!(made["info"]["privsep"], "1");
    let secret = made["value"].as_str().unwrap();
    let token = [(
        "Authorization".to_owned(),
        format!("PVEAPIToken=mine@pve!desk={secret}"),
    )];
    // With privilege separation the user's rights alone are not enough.
    let list = "/api2/json/cluster/resources?type=vm";
    let is = anonymous(&lab).await.send("GET", list, &token, "").await;
    assert_eq!(is.data(), json!([]));
    let form = "path=%2F&tokens=mine%40pve%21desk&roles=Mine";
    anonymous(&lab)
        .await
        .send("PUT", "/api2/json/access/acl", &headers, form)
        .await;
    let is = anonymous(&lab).await.send("GET", list, &token, "").await;
    assert_eq!(is.data().as_array().unwrap().len(), 3);
    // The secret is told once; what is left can be read by root, but not by the token.
    let is = anonymous(&lab).await.send("GET", path, &headers, "").await;
    assert_eq!(
        is.data(),
        json!({ "privsep": 1, "expire": 0, "comment": "x" })
    );
    let own = anonymous(&lab).await.send("GET", path, &token, "").await;
    assert_eq!(own.status_line, "HTTP/1.1 403 Permission check failed");
    let again = anonymous(&lab).await.send("POST", path, &headers, "").await;
    assert_eq!(again.status(), 400);
    assert_eq!(again.json()["errors"]["tokenid"], "Token already exists.");
    let gone = anonymous(&lab)
        .await
        .send("DELETE", path, &headers, "")
        .await;
    assert_eq!(gone.status(), 200, "{}", gone.body);
    let is = anonymous(&lab).await.send("GET", list, &token, "").await;
    assert_eq!(is.status(), 401);
}

#[tokio::test]
async fn a_login_that_fails_says_so_in_both_envelopes() {
    let lab = small(Options::quick()).await;
    for envelope in ["json", "extjs"] {
        let path = format!("/api2/{envelope}/access/ticket");
        let form = "username=root@pam&password=wrong";
        let is = anonymous(&lab).await.send("POST", &path, &[], form).await;
        assert_eq!(is.status_line, "HTTP/1.1 401 authentication failure");
        assert_eq!(is.json()["message"], "authentication failure\n");
    }
    // A token's user has no password at all.
    let form = "username=redflag@pve&password=";
    let is = anonymous(&lab)
        .await
        .send("POST", "/api2/json/access/ticket", &[], form)
        .await;
    assert_eq!(is.status(), 401);
}

#[tokio::test]
async fn a_second_factor_leaves_a_login_half_done() {
    let lab = small(Options::quick()).await;
    lab.second_factor("small", "root@pam", true).unwrap();
    let facts = &lab.facts().clusters[0];
    let form = format!("username=root@pam&password={}", facts.root.password);
    let half = login(&lab, &form).await;
    assert_eq!(half["NeedTFA"], 1);
    assert_eq!(half.get("cap"), None);
    let ticket = half["ticket"].as_str().unwrap();
    assert!(ticket.starts_with("PVE:!tfa!"), "{ticket}");
    let cookie = [("Cookie".to_owned(), format!("PVEAuthCookie={ticket}"))];
    let is = anonymous(&lab)
        .await
        .send("GET", "/api2/json/version", &cookie, "")
        .await;
    assert_eq!(is.status_line, "HTTP/1.1 401 No ticket");
}

#[tokio::test]
async fn tickets_need_their_csrf_token_to_write_and_must_be_ours() {
    let lab = small(Options::quick()).await;
    let headers = root(&lab).await;
    let stop = "/api2/json/nodes/pve1/lxc/100/status/stop";
    let is = anonymous(&lab)
        .await
        .send("POST", stop, &headers[..1], "")
        .await;
    assert_eq!(
        is.status_line,
        "HTTP/1.1 401 Permission denied - invalid csrf token"
    );
    assert!(lab.world().read(|w| w.clusters[0].tasks.is_empty()));
    let is = anonymous(&lab).await.send("POST", stop, &headers, "").await;
    assert!(is.data().as_str().unwrap().ends_with(":root@pam:"));
    let mut forged = headers[..1].to_vec();
    forged[0].1 = forged[0].1.replace("root@pam", "redflag@pve");
    let is = anonymous(&lab)
        .await
        .send("GET", "/api2/json/version", &forged, "")
        .await;
    assert_eq!(is.status(), 401);
    // A request with both uses the cookie, even when the token would do.
    let is = desktop(&lab, 0)
        .await
        .send("GET", "/api2/json/version", &forged, "")
        .await;
    assert_eq!(is.status(), 401);
}

#[tokio::test]
async fn the_lines_that_the_wizard_prints_grant_what_was_missing() {
    let lab = small(Options::quick()).await;
    lab.set_role("small", "RedFlag", &["Sys.Audit"]).unwrap();
    assert_eq!(guests_seen(&lab).await, 0);
    for line in [
        r#"pveum role add RedFlag --privs "VM.Audit" || pveum role modify RedFlag --append 1 --privs "VM.Audit""#,
        "pveum acl modify / --users redflag@pve --roles RedFlag",
        "pveum acl modify / --tokens 'redflag@pve!desktop' --roles RedFlag",
    ] {
        pveum(&lab, "small", line).unwrap();
    }
    assert_eq!(guests_seen(&lab).await, 3);
    let rights = desktop(&lab, 0)
        .await
        .get("/access/permissions")
        .await
        .data();
    assert_eq!(rights["/vms"], json!({ "Sys.Audit": 1, "VM.Audit": 1 }));
}

#[tokio::test]
async fn the_five_lines_of_the_manual_work_on_every_release() {
    for profile in [Profile::V7_4, Profile::V8_1, Profile::V8_4, Profile::V9_2] {
        let lab = Lab::start(Scenario::small().of_release(profile), Options::quick())
            .await
            .unwrap();
        for line in [
            r#"pveum role add Other --privs "VM.Audit VM.PowerMgmt VM.Snapshot VM.Snapshot.Rollback VM.Backup Sys.Audit Datastore.Audit Datastore.AllocateSpace Pool.Audit""#,
            r#"pveum user add other@pve --comment "LXC fleet updater (no password, token only)""#,
            "pveum acl modify / --users other@pve --roles Other",
            "pveum acl modify / --tokens 'other@pve!desktop' --roles Other",
        ] {
            if line.contains("--tokens") {
                let add = r#"pveum user token add other@pve desktop --privsep 1 --comment "desktop app"        # prints the secret once"#;
                let printed = pveum(&lab, "small", add).unwrap();
                assert!(printed.contains("other@pve!desktop"), "{printed}");
            }
            pveum(&lab, "small", line).unwrap();
        }
        let rights = pveum(
            &lab,
            "small",
            "pveum user token permissions other@pve desktop",
        );
        assert!(rights.unwrap().contains("/vms Datastore.AllocateSpace"));
        let monitor = pveum(&lab, "small", "pveum role add Mon --privs VM.Monitor");
        assert_eq!(monitor.is_ok(), profile != Profile::V9_2, "{profile:?}");
        for line in [
            "pveum user token delete other@pve desktop",
            "pveum user delete other@pve",
            "pveum role delete Other",
        ] {
            pveum(&lab, "small", line).unwrap();
        }
        let twice = pveum(&lab, "small", "pveum role delete Other").unwrap_err();
        assert_eq!(
            twice.to_string(),
            "delete role failed: role 'Other' does not exist"
        );
    }
}

#[tokio::test]
async fn only_those_who_may_change_rights() {
    let lab = small(Options::quick()).await;
    let form = "path=%2F&users=redflag%40pve&roles=Administrator";
    let is = desktop(&lab, 0)
        .await
        .send("PUT", "/api2/json/access/acl", &[], form)
        .await;
    assert_eq!(
        is.status_line,
        "HTTP/1.1 403 Permission check failed (/, Permissions.Modify)"
    );
    let headers = root(&lab).await;
    for (form, words) in [
        (
            "path=%2F&users=redflag%40pve&roles=Nope",
            "ACL update failed: role 'Nope' does not exist",
        ),
        (
            "path=%2F&users=nobody%40pve&roles=RedFlag",
            "ACL update failed: user 'nobody@pve' does not exist",
        ),
    ] {
        let is = anonymous(&lab)
            .await
            .send("PUT", "/api2/json/access/acl", &headers, form)
            .await;
        assert_eq!(is.status_line, format!("HTTP/1.1 500 {words}"));
    }
    let form = "roleid=RedFlag&privs=VM.Audit";
    let is = anonymous(&lab)
        .await
        .send("POST", "/api2/json/access/roles", &headers, form)
        .await;
    assert_eq!(
        is.status_line,
        "HTTP/1.1 500 create role failed: role 'RedFlag' already exists"
    );
}

#[tokio::test]
async fn a_token_ends_at_its_moment() {
    let lab = small(Options::quick()).await;
    assert_eq!(desktop(&lab, 0).await.get("/version").await.status(), 200);
    lab.expire_token("small", "redflag@pve!desktop", 1_000_000)
        .unwrap();
    assert_eq!(
        desktop(&lab, 0).await.get("/version").await.status_line,
        "HTTP/1.1 401 Authentication failed!"
    );
}

#[tokio::test]
async fn a_regenerated_token_has_another_secret_since_9_1() {
    for (profile, status) in [(Profile::V8_4, 400), (Profile::V9_2, 200)] {
        let lab = Lab::start(Scenario::small().of_release(profile), Options::quick())
            .await
            .unwrap();
        let headers = root(&lab).await;
        let path = "/api2/json/access/users/redflag%40pve/token/desktop";
        let is = anonymous(&lab)
            .await
            .send("PUT", path, &headers, "regenerate=1")
            .await;
        assert_eq!(is.status(), status, "{}", is.body);
        let old = desktop(&lab, 0).await.get("/version").await.status();
        assert_eq!(old, if status == 200 { 401 } else { 200 });
    }
}

#[tokio::test]
async fn rights_on_a_pool_are_rights_on_its_guests() {
    let lab = small(Options::quick()).await;
    lab.guest("small", 102, |g| g.pool = Some("apps".into()))
        .unwrap();
    pveum(
        &lab,
        "small",
        "pveum role add Audit --privs VM.Audit,Pool.Audit",
    )
    .unwrap();
    pveum(
        &lab,
        "small",
        "pveum acl modify / --users redflag@pve --roles RedFlag --delete 1",
    )
    .unwrap();
    pveum(
        &lab,
        "small",
        "pveum acl modify / --tokens 'redflag@pve!desktop' --roles RedFlag --delete 1",
    )
    .unwrap();
    assert_eq!(guests_seen(&lab).await, 0);
    for who in ["--users redflag@pve", "--tokens 'redflag@pve!desktop'"] {
        let line = format!("pveum acl modify /pool/apps {who} --roles Audit");
        pveum(&lab, "small", &line).unwrap();
    }
    let list = desktop(&lab, 0)
        .await
        .get("/cluster/resources?type=vm")
        .await
        .data();
    assert_eq!(list.as_array().unwrap().len(), 1);
    assert_eq!(by_id(&list, "lxc/102").unwrap()["pool"], "apps");
    let rights = desktop(&lab, 0)
        .await
        .get("/access/permissions")
        .await
        .data();
    assert_eq!(rights["/vms/102"]["VM.Audit"], 1);
}
