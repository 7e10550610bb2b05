//! Updates before they are installed: approved and withdrawn, superseded, installed from their approvals; under rules;
//! and what is known of them afterwards.

mod desktop;

use anyhow::{Context, Result};
use desktop::{Desktop, lab, label, target, with_agents};
use domain::{
    fleet::{GuestRow, UpdateState},
    inventory::{Blocked, UpdateCounts},
    operation::JobState,
};
use lab::Lab;
use serde_json::{Value, json};

struct House {
    lab: Lab,
    desktop: Desktop,
    cluster: Value,
    folder: tempfile::TempDir,
}

impl House {
    async fn open() -> Result<Self> {
        let lab = lab().await?;
        let folder = tempfile::tempdir()?;
        let mut desktop = Desktop::open(folder.path()).await?;
        let cluster = with_agents(&lab, &mut desktop).await?;
        Ok(Self {
            lab,
            desktop,
            cluster,
            folder,
        })
    }

    fn whole(&self) -> Value {
        json!([{ "kind": "cluster", "cluster": self.cluster }])
    }

    async fn counts(&self, name: &str) -> Result<UpdateCounts> {
        Ok(match self.desktop.guest(name).await?.updates {
            UpdateState::Updates { counts } | UpdateState::Stale { counts, .. } => counts,
            UpdateState::UpToDate { blocked, ignored } => UpdateCounts {
                blocked,
                ignored,
                ..UpdateCounts::default()
            },
            other => anyhow::bail!("{name}: {other:?}"),
        })
    }

    async fn approve(&self, targets: Value, only: Value) -> Result<Value> {
        let request = json!({ "targets": targets, "only": only });
        Ok(self.desktop.call("approve_updates", request).await?)
    }

    /// `package version` of the open approvals.
    async fn approved(&self) -> Result<Vec<String>> {
        let answer = self.desktop.call("approvals", json!({})).await?;
        let rows = answer["approvals"].as_array().context("a list")?;
        let word = |row: &Value, name: &str| row[name].as_str().unwrap_or("?").to_owned();
        let mut names: Vec<String> = rows.iter().map(|row| word(row, "package")).collect();
        names.sort();
        Ok(names)
    }

    async fn plan(&self, targets: &Value, only: Value) -> Result<Value> {
        let request = json!({ "kind": "update", "targets": targets, "only": only });
        Ok(self.desktop.call("make_plan", request).await?)
    }

    async fn done(&mut self, plan: &Value) -> Result<Value> {
        let approve = json!({ "plan": plan["id"], "fingerprint": plan["fingerprint"] });
        let started = self.desktop.call("approve_plan", approve).await?;
        self.desktop.until_over(&started["operation"]).await?;
        Ok(started["operation"].clone())
    }

    async fn scan(&mut self, name: &str) -> Result<()> {
        let targets = target(&self.desktop, name).await?;
        let scan = self
            .desktop
            .call("start_scan", json!({ "targets": targets }))
            .await?;
        self.desktop.until_over(&scan["operation"]).await?;
        Ok(())
    }

    async fn close(self) {
        self.desktop.app.shutdown().await;
        self.lab.stop().await;
    }
}

fn packages(plan: &Value) -> Vec<String> {
    let upgraded = plan["guests"][0]["work"]["plan"]["upgraded"].as_array();
    let names = upgraded.into_iter().flatten();
    names
        .filter_map(|u| u["package"].as_str().map(str::to_owned))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_approved_is_installed_when_nothing_moved_and_told_when_it_did() -> Result<()> {
    let mut house = House::open().await?;
    let one = target(&house.desktop, "nextcloud").await?;
    let told = house
        .approve(one.clone(), json!({ "kind": "security" }))
        .await?;
    let security = house.counts("nextcloud").await?.security;
    assert_eq!(
        (told["approved"].as_u64(), told["lxcs"].as_u64()),
        (Some(u64::from(security)), Some(1))
    );
    let again = house
        .approve(one.clone(), json!({ "kind": "security" }))
        .await?;
    assert_eq!(
        (&again["approved"], &again["already"]),
        (&json!(0), &told["approved"])
    );
    let row = house.desktop.guest("nextcloud").await?;
    assert_eq!(row.approved, security);

    // Something newer than what was approved ends the approval.
    let first = house.approved().await?[0].clone();
    house.lab.guest(&label(&house.lab), 200, |g| {
        let mut newer = g.machine.lists[&first].clone();
        newer.version.push_str("+1");
        g.machine.publish(&first, newer);
    })?;
    let plan = house.plan(&one, json!({ "kind": "approved" })).await?;
    assert_eq!(plan["guests"][0]["work"]["moved"], json!([]), "{plan}");
    house.scan("nextcloud").await?;
    assert!(!house.approved().await?.contains(&first), "superseded");
    assert_eq!(
        house.desktop.guest("nextcloud").await?.approved,
        security - 1
    );

    // Withdrawn, approved with all others, and installed.
    let open = house.desktop.call("approvals", json!({})).await?;
    let ids: Vec<&Value> = open["approvals"]
        .as_array()
        .context("a list")?
        .iter()
        .map(|row| &row["id"])
        .collect();
    if !ids.is_empty() {
        house
            .desktop
            .call("withdraw_approvals", json!({ "approvals": ids }))
            .await?;
    }
    assert_eq!(house.approved().await?, [""; 0]);
    let empty = house.plan(&one, json!({ "kind": "approved" })).await?;
    assert_eq!(empty["leftOut"][0]["why"], "Nothing of it is approved");
    house.approve(one.clone(), json!({ "kind": "all" })).await?;
    let approved = house.approved().await?;
    let plan = house.plan(&one, json!({ "kind": "approved" })).await?;
    let mut planned = packages(&plan);
    planned.sort();
    assert_eq!(planned, approved);
    assert_eq!(plan["guests"][0]["work"]["moved"], json!([]));
    house.done(&plan).await?;
    assert_eq!(house.approved().await?, [""; 0], "done with");
    assert_eq!(house.counts("nextcloud").await?.total, 0);

    // What is known of it afterwards, and how it is taken along.
    let found = house
        .desktop
        .call(
            "read_receipts",
            json!({ "search": &approved[0], "before": null, "limit": 5 }),
        )
        .await?;
    assert_eq!(found["receipts"][0]["name"], "nextcloud");
    for format in ["csv", "json"] {
        let request = json!({ "search": "nextcloud", "format": format });
        let exported = house.desktop.call("export_receipts", request).await?;
        let text = std::fs::read_to_string(exported["path"].as_str().context("a path")?)?;
        assert!(
            text.contains(&approved[0]) && text.contains("nextcloud"),
            "{text}"
        );
    }
    house.close().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_moved_since_the_approval_is_said_in_the_plan() -> Result<()> {
    let house = House::open().await?;
    let one = target(&house.desktop, "nextcloud").await?;
    house
        .approve(
            one.clone(),
            json!({ "kind": "packages", "names": ["curl"] }),
        )
        .await?;
    assert_eq!(house.approved().await?, ["curl"]);
    house.lab.guest(&label(&house.lab), 200, |g| {
        if let Some(newer) = g.machine.lists.get_mut("curl") {
            newer.version.push_str("+1");
            newer.brings.push(("libnew".into(), "1".into()));
        }
    })?;
    let plan = house.plan(&one, json!({ "kind": "approved" })).await?;
    let moved = plan["guests"][0]["work"]["moved"].to_string();
    assert!(
        moved.contains("was approved") && moved.contains("libnew is added"),
        "{moved}"
    );
    house.close().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rules_are_inherited_and_count_in_numbers_and_plans() -> Result<()> {
    let mut house = House::open().await?;
    let one = target(&house.desktop, "nextcloud").await?;
    let before = house.counts("nextcloud").await?;
    let set = |scope: &Value, package: &str, kind: &str| json!({ "scope": scope, "package": package, "kind": kind, "until": null });
    let cluster = house.whole()[0].clone();
    let ignored = house
        .desktop
        .call("set_rule", set(&cluster, "curl", "ignore"))
        .await?;
    house
        .desktop
        .call("set_rule", set(&one[0], "tzdata", "hold"))
        .await?;
    let now = house.counts("nextcloud").await?;
    assert_eq!(
        (now.total, now.ignored, now.blocked),
        (before.total - 2, 1, before.blocked + 1)
    );
    let plan = house.plan(&one, json!({ "kind": "all" })).await?;
    let planned = packages(&plan);
    assert!(
        !planned.contains(&"curl".to_owned()) && !planned.contains(&"tzdata".to_owned()),
        "{planned:?}"
    );
    let kept = plan["guests"][0]["work"]["plan"]["keptBack"].to_string();
    assert!(
        kept.contains("ignored by a rule") && kept.contains("held by a rule"),
        "{kept}"
    );
    // By its name what is ignored is wanted after all; what is held is not.
    let named = json!({ "kind": "packages", "names": ["curl", "tzdata"] });
    assert_eq!(packages(&house.plan(&one, named).await?), ["curl"]);
    let bad = json!({ "scope": cluster, "package": "curl", "kind": "snooze", "until": null });
    let refused = house.desktop.call("set_rule", bad).await;
    assert_eq!(
        refused.map_err(|e| e.message),
        Err("A snooze needs an end".into())
    );

    // They outlive the program.
    house.desktop.app.shutdown().await;
    house.desktop = Desktop::open(house.folder.path()).await?;
    let rules = house.desktop.call("rules", json!({})).await?;
    assert_eq!(rules["rules"].as_array().map(Vec::len), Some(2), "{rules}");
    assert_eq!(rules["rules"][1]["scopeName"], "nextcloud");
    let details = house
        .desktop
        .call("guest_details", json!({ "guest": one[0]["guest"] }))
        .await?;
    assert_eq!(
        details["rules"].as_array().map(Vec::len),
        Some(2),
        "{details}"
    );
    house
        .desktop
        .call("remove_rule", json!({ "rule": ignored["id"] }))
        .await?;
    assert_eq!(house.counts("nextcloud").await?.ignored, 0);
    let groups = house.desktop.call("fleet_updates", json!({})).await?;
    let curl = groups["groups"]
        .as_array()
        .context("groups")?
        .iter()
        .find(|group| group["source"] == "curl" && group["origin"] == "Debian")
        .context("curl")?;
    assert_eq!(
        curl["updates"][0]["installed"], "7.88.1-10+deb12u8",
        "{curl}"
    );
    house.close().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_one_goes_alone_and_stops_the_rest_when_it_breaks() -> Result<()> {
    let mut house = House::open().await?;
    let request = json!({
        "kind": "update", "targets": house.whole(), "only": { "kind": "all" }, "canary": true, "stopPercent": 100,
    });
    let plan = house.desktop.call("make_plan", request).await?;
    assert_eq!(
        (&plan["canary"], &plan["stopPercent"]),
        (&json!(true), &json!(100))
    );
    let planned = plan["guests"].as_array().context("guests")?.len();
    assert!(planned > 1, "{plan}");
    let first = u32::try_from(plan["guests"][0]["vmid"].as_u64().context("a number")?)?;
    let breaks = packages(&plan)[0].clone();
    house.lab.guest(&label(&house.lab), first, |g| {
        g.machine.quirks.breaks_on = Some(breaks);
    })?;
    let operation = house.done(&plan).await?;
    let states = house.desktop.job_states(&operation).await?;
    assert_eq!(states[0].1, JobState::Failed, "{states:?}");
    for (name, state, problem) in &states[1..] {
        assert_eq!(*state, JobState::Skipped, "{name}");
        let words = problem.as_deref().unwrap_or_default();
        assert!(words.contains("went first, and did not go well"), "{words}");
    }

    // What broke can be repaired, and only that.
    let broken = states[0].0.clone();
    let is = |name: &str, wanted: bool| {
        let name = name.to_owned();
        move |guests: &[GuestRow]| {
            let row = guests.iter().find(|g| g.name == name)?;
            let repairable = matches!(
                row.updates,
                UpdateState::Error {
                    repairable: true,
                    ..
                }
            );
            (repairable == wanted).then_some(())
        }
    };
    house.desktop.until_tree(is(&broken, true)).await?;
    let repair = json!({ "kind": "repair", "targets": house.whole(), "only": { "kind": "all" } });
    let plan = house.desktop.call("make_plan", repair).await?;
    assert_eq!(plan["guests"].as_array().map(Vec::len), Some(1), "{plan}");
    assert!(
        plan["leftOut"]
            .to_string()
            .contains("Its package database is sound")
    );
    house.done(&plan).await?;
    house.desktop.until_tree(is(&broken, false)).await?;
    house.close().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn removals_need_a_word_and_a_changelog_can_be_read() -> Result<()> {
    let mut house = House::open().await?;
    let one = target(&house.desktop, "nextcloud").await?;
    house.lab.guest(&label(&house.lab), 200, |g| {
        let victims = Blocked::Removes {
            packages: vec!["libcurl4".into()],
        };
        if let Some(candidate) = g.machine.published.get_mut("nginx") {
            candidate.blocked = Some(victims);
        }
    })?;
    house.scan("nextcloud").await?;
    let plan = house.plan(&one, json!({ "kind": "all" })).await?;
    let kept = &plan["guests"][0]["work"]["plan"]["keptBack"];
    assert!(
        kept.to_string().contains("\"remedy\":\"removals\""),
        "{kept}"
    );
    let request = json!({
        "kind": "update", "targets": one, "only": { "kind": "all" },
        "allowed": { "removals": true },
    });
    let plan = house.desktop.call("make_plan", request).await?;
    let removed = &plan["guests"][0]["work"]["plan"]["removed"];
    assert_eq!(removed[0]["package"], "libcurl4", "{plan}");

    let wanted = json!({ "guest": one[0]["guest"], "package": "libssl3" });
    let read = house.desktop.call("read_changelog", wanted).await?;
    assert!(
        read["text"]
            .as_str()
            .is_some_and(|t| t.starts_with("openssl (")),
        "{read}"
    );
    let unknown = json!({ "guest": one[0]["guest"], "package": "no-such" });
    let refused = house.desktop.call("read_changelog", unknown).await;
    let words = refused.map_err(|e| e.words.unwrap_or_default());
    assert_eq!(words, Err("E: Unable to locate package no-such".into()));
    house.close().await;
    Ok(())
}
