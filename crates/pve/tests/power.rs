//! Power actions against the lab: once, even when the answer is lost; judged by the end of the task.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::time::Duration;

use domain::{NodeName, Vmid};
use lab::{
    Fault, Lab, Options, Rule, Scenario, Where,
    world::{Acl, Task},
};
use pve::{Client, Error, PowerAction, TaskEnd, Token};
use secrecy::SecretString;
use tls::Trust;

const LIMIT: Duration = Duration::from_secs(30);
const SECRET: &str = "44444444-4444-4444-8444-444444444444";
const TOKEN: &str = "redflag@pve!power";

struct Ground {
    lab: Lab,
    label: String,
    client: Client,
    node: NodeName,
    vmid: Vmid,
}

async fn ground() -> Ground {
    let lab = Lab::start(Scenario::many(1, 2, 3), Options::quick())
        .await
        .unwrap();
    let (label, vmid, node) = lab.world().change(|world| {
        let cluster = &mut world.clusters[0];
        let mut token = lab::scenario::token(
            TOKEN,
            true,
            Acl::none().grant("/", ["VM.Audit", "VM.PowerMgmt", "Sys.Audit"]),
        );
        token.secret = SECRET.into();
        cluster.access.tokens.push(token);
        let guest = cluster.guests.values_mut().find(|g| !g.template).unwrap();
        guest.running_since = None;
        guest.lock = None;
        (cluster.label.clone(), guest.vmid, guest.node.clone())
    });
    let facts = &lab.facts().clusters[0];
    let trust = Trust {
        ca_pem: Some(facts.ca_pem.clone()),
        ..Trust::default()
    };
    let token = Token::new(TOKEN.parse().unwrap(), SecretString::from(SECRET)).unwrap();
    let client = Client::new(vec![facts.address.clone()], trust, token).unwrap();
    Ground {
        client,
        label,
        node: node.parse().unwrap(),
        vmid: vmid.try_into().unwrap(),
        lab,
    }
}

impl Ground {
    fn running(&self) -> bool {
        let vmid = self.vmid.to_string().parse().unwrap();
        self.lab
            .world()
            .read(|w| w.guest(&self.label, vmid).unwrap().running())
    }

    fn tasks(&self) -> Vec<Task> {
        self.lab.world().read(|w| w.clusters[0].tasks.clone())
    }

    fn posts(&self) -> usize {
        let requests = self.lab.requests();
        requests.iter().filter(|r| r.method == "POST").count()
    }

    fn once(&self, fault: Fault) {
        let at = Where {
            method: Some("POST".into()),
            ..Where::default()
        };
        self.lab.faults().add(Rule::always(fault).at(at).times(1));
    }

    async fn does(&self, action: PowerAction) -> TaskEnd {
        let task = self
            .client
            .lxc_power(&self.node, self.vmid, action)
            .await
            .unwrap();
        self.client.wait_task(&task, LIMIT).await.unwrap().unwrap()
    }
}

#[tokio::test]
async fn a_guest_is_started_rebooted_shut_down_and_stopped() {
    let ground = ground().await;
    let timeout = Duration::from_secs(60);
    let shutdown = PowerAction::Shutdown {
        timeout,
        force: true,
    };
    for (action, running) in [
        (PowerAction::Start, true),
        (PowerAction::Reboot { timeout }, true),
        (shutdown, false),
        (PowerAction::Start, true),
        (PowerAction::Stop, false),
    ] {
        assert_eq!(ground.does(action).await, TaskEnd::Done, "{action:?}");
        assert_eq!(ground.running(), running, "{action:?}");
    }
    let kinds: Vec<String> = ground.tasks().into_iter().map(|t| t.kind).collect();
    assert_eq!(
        kinds,
        ["vzstart", "vzreboot", "vzshutdown", "vzstart", "vzstop"]
    );
    let error = ground
        .client
        .lxc_power(&ground.node, ground.vmid, PowerAction::Stop)
        .await
        .unwrap_err();
    assert!(error.to_string().contains("not running"), "{error}");
    ground.lab.stop().await;
}

#[tokio::test]
async fn a_write_whose_answer_was_lost_is_found_by_its_task_and_not_repeated() {
    for fault in [Fault::Cut, Fault::Reset, Fault::CutBody, Fault::Garbage] {
        let ground = ground().await;
        ground.once(fault.clone());
        assert_eq!(ground.does(PowerAction::Start).await, TaskEnd::Done);
        assert!(ground.running());
        assert_eq!((ground.tasks().len(), ground.posts()), (1, 1), "{fault:?}");
        ground.lab.stop().await;
    }
}

#[tokio::test]
async fn a_write_that_did_not_arrive_is_sent_once_more() {
    let proxy_gave_up = Fault::Answer {
        status: 596,
        reason: "Connection timed out".into(),
    };
    for fault in [Fault::CutBefore, proxy_gave_up] {
        let ground = ground().await;
        ground.once(fault.clone());
        assert_eq!(ground.does(PowerAction::Start).await, TaskEnd::Done);
        assert_eq!((ground.tasks().len(), ground.posts()), (1, 2), "{fault:?}");
        ground.lab.stop().await;
    }
}

#[tokio::test]
async fn an_older_task_of_the_same_kind_is_not_taken_for_the_lost_one() {
    let ground = ground().await;
    ground.does(PowerAction::Start).await;
    ground.does(PowerAction::Stop).await;
    ground.once(Fault::CutBefore);
    assert_eq!(ground.does(PowerAction::Start).await, TaskEnd::Done);
    assert!(ground.running());
    assert_eq!(ground.tasks().len(), 3);
    ground.lab.stop().await;
}

#[tokio::test]
async fn what_is_unclear_and_cannot_be_looked_up_is_told_as_unclear() {
    let ground = ground().await;
    let at = |method: &str| Where {
        method: Some(method.into()),
        ..Where::default()
    };
    let faults = ground.lab.faults();
    faults.add(Rule::always(Fault::Cut).at(at("POST")));
    // The list of before is still answered; nothing after it.
    let task = ground.client.lxc_tasks(&ground.node, ground.vmid).await;
    assert!(task.unwrap().is_empty());
    let mut attempt = Box::pin(ground.client.lxc_power(
        &ground.node,
        ground.vmid,
        PowerAction::Start,
    ));
    let world = ground.lab.world();
    tokio::select! {
        early = &mut attempt => panic!("{early:?}"),
        () = world.until(|w| !w.clusters[0].tasks.is_empty()) => {}
    }
    faults.add(Rule::always(Fault::Cut).at(at("GET")));
    let error = attempt.await.unwrap_err();
    assert!(error.may_be_done(), "{error:?}");
    assert!(matches!(error, Error::MaybeSent { .. }), "{error:?}");
    assert_eq!(ground.posts(), 1, "nothing is repeated blindly");
    ground.lab.stop().await;
}

#[tokio::test]
async fn a_lock_shows_in_the_end_of_the_task() {
    let ground = ground().await;
    let vmid = ground.vmid.to_string().parse().unwrap();
    ground
        .lab
        .lock_guest(&ground.label, vmid, Some("backup"))
        .unwrap();
    let end = ground.does(PowerAction::Start).await;
    assert_eq!(end, TaskEnd::Failed("CT is locked (backup)".into()));
    assert!(!ground.running());
    ground.lab.stop().await;
}
