//! The rules of jobs, plans and patches, over every state and many sequences.

use domain::{
    GuestId, NodeName, Vmid,
    fleet::{AgentState, Fleet, FleetPatch, GuestRow, Power, Totals, UnknownReason, UpdateState},
    operation::{JobCounts, JobEvent, JobState, OperationKind, StepKind},
    plan::{GuestPlan, PackageChange, Plan, PlannedGuest, PlannedWork},
};
use proptest::prelude::*;

const STATES: [JobState; 7] = [
    JobState::Waiting,
    JobState::Running,
    JobState::Succeeded,
    JobState::Failed,
    JobState::Skipped,
    JobState::Cancelled,
    JobState::Interrupted,
];
const EVENTS: [JobEvent; 6] = [
    JobEvent::Begin,
    JobEvent::Succeed,
    JobEvent::Fail,
    JobEvent::Skip,
    JobEvent::Cancel,
    JobEvent::Interrupt,
];

#[test]
fn nothing_leaves_a_final_state() {
    for state in STATES {
        for event in EVENTS {
            let next = state.apply(event);
            if state.is_final() {
                assert!(
                    next.is_err(),
                    "{state:?} is final, so {event:?} must be illegal"
                );
            }
            if next == Ok(JobState::Succeeded) {
                assert_eq!(state, JobState::Running, "only a running job can succeed");
            }
        }
    }
}

proptest! {
    #[test]
    fn a_job_ends_at_most_once(events in proptest::collection::vec(0usize..6, 0..12)) {
        let mut state = JobState::Waiting;
        let mut ended = 0;
        for event in events {
            if let Ok(next) = state.apply(EVENTS[event]) {
                state = next;
                ended += u32::from(state.is_final());
            }
        }
        prop_assert!(ended <= 1);
        prop_assert_eq!(ended == 1, state.is_final());
    }

    #[test]
    fn counts_add_up(states in proptest::collection::vec(0usize..7, 0..40)) {
        let counts = JobCounts::of(states.iter().map(|i| STATES[*i]));
        prop_assert_eq!(counts.all() as usize, states.len());
        prop_assert_eq!(counts.is_final(), states.iter().all(|i| STATES[*i].is_final()));
    }

    #[test]
    fn equal_changes_give_equal_fingerprints(mut names in proptest::collection::vec("[a-z]{1,8}", 1..6)) {
        names.sort();
        names.dedup();
        let forward = plan(names.iter().map(String::as_str));
        let backward = plan(names.iter().rev().map(String::as_str));
        prop_assert_eq!(forward.fingerprint(), backward.fingerprint(), "the order of the simulation says nothing");
        let mut smaller = forward.clone();
        smaller.added.pop();
        prop_assert_ne!(forward.fingerprint(), smaller.fingerprint());
        let mut roomier = forward.clone();
        roomier.disk_free += 1;
        prop_assert_eq!(forward.fingerprint(), roomier.fingerprint(), "free space is no change");
    }
}

fn plan<'a>(added: impl Iterator<Item = &'a str>) -> GuestPlan {
    let change = |name: &str| PackageChange {
        package: name.into(),
        arch: "amd64".into(),
        from: None,
        to: Some("1".into()),
    };
    GuestPlan {
        added: added.map(change).collect(),
        ..GuestPlan::default()
    }
}

#[test]
fn a_plan_over_guests_depends_on_each_of_them() {
    let node: NodeName = "pve1".parse().expect("a name");
    let guest = |packages: &[&str]| {
        let plan = plan(packages.iter().copied());
        let fingerprint = plan.fingerprint();
        PlannedGuest {
            guest: GuestId::new(),
            vmid: Vmid::try_from(100).expect("a number"),
            name: "web".into(),
            node: node.clone(),
            os: None,
            work: PlannedWork::Update {
                plan,
                fingerprint,
                only: None,
                moved: vec![],
            },
        }
    };
    let (a, b) = (guest(&["curl"]), guest(&["curl"]));
    let both = Plan::fingerprint_of(OperationKind::Update, &[a.clone(), b.clone()]);
    assert_eq!(
        both,
        Plan::fingerprint_of(OperationKind::Update, &[b.clone(), a.clone()])
    );
    assert_ne!(
        both,
        Plan::fingerprint_of(OperationKind::Update, std::slice::from_ref(&a))
    );
    assert_ne!(
        Plan::fingerprint_of(OperationKind::Update, &[a]),
        Plan::fingerprint_of(OperationKind::Update, &[b]),
        "the same change of another guest is another plan"
    );
}

#[test]
fn whatever_an_enrolment_may_do_to_a_guest_is_approved_with_its_plan() {
    let id = GuestId::new();
    let fingerprint = |start: bool, take_over: bool, shell: bool| {
        let guest = PlannedGuest {
            guest: id,
            vmid: Vmid::try_from(100).expect("a number"),
            name: "web".into(),
            node: "pve1".parse().expect("a name"),
            os: None,
            work: PlannedWork::Enrol {
                reach: "its console in Proxmox".into(),
                start,
                take_over,
                shell,
            },
        };
        Plan::fingerprint_of(OperationKind::Enrol, &[guest])
    };
    let mut all: Vec<_> = (0..8)
        .map(|bits| fingerprint(bits & 1 > 0, bits & 2 > 0, bits & 4 > 0).to_string())
        .collect();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 8);
}

#[test]
fn every_kind_checks_first() {
    for kind in [
        OperationKind::Enrol,
        OperationKind::Scan,
        OperationKind::Update,
    ] {
        assert_eq!(kind.steps().first(), Some(&StepKind::Check));
    }
}

fn row(name: &str) -> GuestRow {
    GuestRow {
        id: GuestId::new(),
        cluster: domain::ClusterId::new(),
        node: "pve1".parse().expect("a name"),
        vmid: Vmid::try_from(100).expect("a number"),
        name: name.into(),
        power: Power::Running,
        lock: None,
        template: false,
        tags: vec![],
        os: None,
        address: None,
        uptime_seconds: None,
        cpu: None,
        memory: None,
        agent: AgentState::NotInstalled,
        updates: UpdateState::Unknown {
            why: UnknownReason::NoAgent,
        },
        images: None,
        approved: 0,
        activity: None,
        old: false,
        checked_at: None,
    }
}

#[test]
fn a_patch_holds_what_changed_and_nothing_else() {
    let (a, b, c) = (row("a"), row("b"), row("c"));
    let fleet = |guests: Vec<GuestRow>| Fleet {
        clusters: vec![],
        nodes: vec![],
        guests,
        totals: Totals::default(),
    };
    let changed = GuestRow {
        lock: Some("backup".into()),
        ..b.clone()
    };
    let patch = FleetPatch::between(
        &fleet(vec![a.clone(), b]),
        &fleet(vec![changed.clone(), c.clone()]),
    );
    assert_eq!(patch.guests, vec![changed, c]);
    assert_eq!(patch.gone_guests, vec![a.id]);
    assert_eq!(patch.totals, None);
    assert!(FleetPatch::between(&fleet(vec![a.clone()]), &fleet(vec![a])).is_empty());
}
