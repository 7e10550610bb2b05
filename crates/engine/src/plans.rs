//! Making plans and turning approved ones into operations.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use domain::{
    AgentId, GuestId, OperationId, PlanId, approval,
    operation::{OperationKind, Target, UpdateFilter},
    plan::{
        Allowed, GuestPlan, LeftOut, PLAN_LIFETIME_MS, Plan, PlanFingerprint, PlannedGuest,
        PlannedWork, Remedy, STOP_PERCENT, stop_after,
    },
};
use futures_util::{FutureExt, StreamExt, stream::FuturesUnordered};
use wire::{Action, Outcome};

use crate::{
    Error, Kind,
    candidates::{Ask, Candidate},
    clock,
    feed::Body,
    inner::Inner,
    operations::{Task, scope},
    picture::Guest,
    wishes::{self, Wish},
};

/// How long one guest may take to simulate an update: a slow disk with a cold cache and a few waits for a lock.
const SIMULATION_LIMIT: Duration = Duration::from_secs(150);

/// What a plan may do, and by which rules it runs.
#[derive(Clone, Copy, Debug, Default)]
pub struct PlanOptions {
    /// Beyond what its kind does by itself.
    pub allowed: Allowed,
    /// One guest first, and the rest only if that went well.
    pub canary: bool,
    /// The share of guests that may fail before the rest is not begun, in percent; none for the usual one.
    pub stop_percent: Option<u8>,
}

/// Plans that may still be approved.
#[derive(Debug, Default)]
pub(crate) struct Plans(Mutex<HashMap<PlanId, (Plan, String)>>);

impl Inner {
    /// Makes a plan for everything below `targets`.
    pub(crate) async fn make_plan(
        &self,
        kind: OperationKind,
        targets: &[Target],
        only: UpdateFilter,
        options: PlanOptions,
    ) -> Result<Plan, Error> {
        let PlanOptions {
            allowed,
            canary,
            stop_percent,
        } = options;
        let stop_percent = stop_percent.unwrap_or(STOP_PERCENT).min(100);
        let candidates = self.candidates(kind, targets, &only, allowed);
        if candidates.is_empty() {
            return Err(
                Error::new(Kind::BadInput, "There is no LXC in what was selected")
                    .next("Select a cluster, a node or an LXC."),
            );
        }
        let leave = self.leave_at_consoles(&candidates, allowed).await;
        let mut guests = Vec::new();
        let mut out = Vec::new();
        let mut unrated = 0;
        let mut asked = FuturesUnordered::new();
        for candidate in candidates {
            match candidate {
                Candidate::Out(left) => out.push(left),
                Candidate::In(guest, Ask::Nobody) => guests.push(*guest),
                Candidate::In(guest, Ask::Agent(agent)) => {
                    let wish = self.state.read(|known| {
                        let found = known.guests.get(&guest.guest)?;
                        Some(wishes::of_guest(known, found, &only, clock::now()))
                    });
                    let Some(wish) = wish else { continue };
                    unrated += wish.unrated;
                    asked.push(self.simulate(*guest, agent, wish, &only, allowed).boxed())
                }
                Candidate::In(guest, Ask::Console(cluster)) => {
                    asked.push(self.look_at_console(*guest, cluster, &leave).boxed())
                }
            }
        }
        let of = u32::try_from(asked.len()).unwrap_or(u32::MAX);
        let mut answered = 0;
        while let Some(result) = asked.next().await {
            answered += 1;
            self.feed
                .tell(Body::PlanProgress { answered, of }, clock::now());
            match result {
                Ok(guest) => guests.push(guest),
                Err(left) => out.push(left),
            }
        }
        guests.sort_by(|a, b| (&a.node, a.vmid).cmp(&(&b.node, b.vmid)));
        out.sort_by_key(|left| left.vmid);
        let now = clock::now();
        let subject = self
            .state
            .read(|known| scope::subject(known, targets, guests.len()));
        let fingerprint = Plan::fingerprint_of(kind, &guests);
        let plan = Plan {
            id: PlanId::new(),
            kind,
            only: only.clone(),
            allowed,
            made_at: now,
            good_until: now.plus_millis(PLAN_LIFETIME_MS),
            short: fingerprint.short(),
            fingerprint,
            stop_after: stop_after(stop_percent, guests.len()),
            stop_percent,
            canary: canary && guests.len() > 1,
            unrated,
            guests,
            left_out: out,
        };
        let mut open = self.plans.0.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|_, (old, ..)| old.good_until > now);
        open.insert(plan.id, (plan.clone(), subject));
        Ok(plan)
    }

    /// Lets the agent simulate, and fills the plan of one guest.
    async fn simulate(
        &self,
        mut guest: PlannedGuest,
        agent: AgentId,
        wish: Wish,
        asked: &UpdateFilter,
        allowed: Allowed,
    ) -> Result<PlannedGuest, LeftOut> {
        let out = |why: String, remedy: Option<Remedy>| LeftOut {
            guest: guest.guest,
            vmid: guest.vmid,
            name: guest.name.clone(),
            why,
            remedy,
        };
        let Some(only) = wish.only else {
            let why = match (wish.ruled.as_slice(), asked) {
                ([one], _) => format!("Nothing to install: {}, {}", one.package, one.why),
                ([_, ..], _) => "Nothing to install: rules in RedFlag leave out all of it".into(),
                ([], UpdateFilter::Approved) => "Nothing of it is approved".into(),
                ([], _) => "Nothing to install".into(),
            };
            return Err(out(why, None));
        };
        let action = Action::Plan {
            only: only.clone(),
            allowed,
        };
        let answer = self.desk.ask(agent, action, SIMULATION_LIMIT).await;
        match answer {
            Some(Outcome::Planned { plan }) if plan.is_empty() => {
                let why = match plan.kept_back.as_slice() {
                    [] => "Nothing to install".into(),
                    [one] => format!("Nothing to install: {}, {}", one.package, one.why),
                    more => format!("Nothing to install: {} packages are kept back", more.len()),
                };
                Err(out(why, plan.kept_back.iter().find_map(|k| k.remedy)))
            }
            // An agent of an older version does not know that removals need to be allowed.
            Some(Outcome::Planned { plan }) if !plan.removed.is_empty() && !allowed.removals => {
                let names: Vec<&str> = plan.removed.iter().map(|r| r.package.as_str()).collect();
                let why = format!("It would remove {}", names.join(", "));
                Err(out(why, Some(Remedy::Removals)))
            }
            Some(Outcome::Planned { mut plan }) => {
                let fingerprint = plan.fingerprint();
                let moved = match asked {
                    UpdateFilter::Approved => self.moved(guest.guest, &plan),
                    UpdateFilter::All
                    | UpdateFilter::Security
                    | UpdateFilter::Packages { .. }
                    | UpdateFilter::Severities { .. }
                    | UpdateFilter::Images { .. } => Vec::new(),
                };
                plan.kept_back.extend(wish.ruled);
                guest.work = PlannedWork::Update {
                    plan,
                    fingerprint,
                    only: Some(only),
                    moved,
                };
                Ok(guest)
            }
            Some(Outcome::Failed { problem, .. } | Outcome::Interrupted { problem, .. }) => {
                let why = match problem.words {
                    Some(words) => format!("{}: {words}", problem.what),
                    None => problem.what,
                };
                Err(out(why, None))
            }
            Some(
                Outcome::Scanned { .. }
                | Outcome::Applied { .. }
                | Outcome::Repaired { .. }
                | Outcome::Cancelled { .. }
                | Outcome::PlanMoved { .. }
                | Outcome::Changelog { .. }
                | Outcome::Uninstalled
                | Outcome::Restarted
                | Outcome::Upgraded { .. },
            ) => Err(out(
                "The agent answered with something that was not asked".into(),
                None,
            )),
            None => Err(out("The agent did not answer in time".into(), None)),
        }
    }

    fn moved(&self, guest: GuestId, plan: &GuestPlan) -> Vec<String> {
        self.state.read(|known| {
            let approvals = known.guests.get(&guest).map(|g| g.approvals.as_slice());
            approval::moved(approvals.unwrap_or_default(), plan)
        })
    }

    /// Begins what was approved: the plan as it was shown, or nothing.
    pub(crate) async fn approve_plan(
        self: &Arc<Self>,
        id: PlanId,
        fingerprint: &PlanFingerprint,
    ) -> Result<OperationId, Error> {
        let again = "Make a new plan and read it.";
        let (plan, subject) = {
            let mut open = self.plans.0.lock().unwrap_or_else(PoisonError::into_inner);
            let Some((plan, ..)) = open.get(&id) else {
                return Err(Error::new(Kind::PlanMoved, "This plan was approved already, or RedFlag was started again since it was made").next(again));
            };
            if plan.fingerprint != *fingerprint {
                return Err(Error::new(
                    Kind::PlanMoved,
                    format!("The plan is {}, not {}", plan.short, fingerprint.short()),
                )
                .next(again));
            }
            if plan.good_until <= clock::now() {
                return Err(Error::new(
                    Kind::PlanMoved,
                    format!("Plan {} is older than 60 minutes", plan.short),
                )
                .next(again));
            }
            if plan.guests.is_empty() {
                return Err(Error::new(
                    Kind::Conflict,
                    "The plan changes nothing: every selected LXC was left out",
                )
                .next("Read the reasons in the plan."));
            }
            // Taken out, so that a second click cannot begin it twice.
            match open.remove(&id) {
                Some(entry) => entry,
                None => return Err(Error::not_found("The plan")),
            }
        };
        let tasks: Vec<Task> = self.state.read(|known| {
            let task = |planned: &PlannedGuest| {
                let guest: &Guest = known.guests.get(&planned.guest)?;
                Some(Task::new(guest, plan.kind, Some(planned.work.clone())))
            };
            plan.guests.iter().filter_map(task).collect()
        });
        self.audit_of_plan(
            &crate::operations::account(),
            "approve plan",
            &subject,
            &format!("{} LXCs", plan.guests.len()),
            Some(&plan.short),
            "approved",
        )
        .await;
        self.begin_operation(plan.kind, subject, Some(plan), tasks)
            .await
    }

    /// Begins a scan. It changes nothing that was installed, so it needs no plan.
    pub(crate) async fn start_scan(
        self: &Arc<Self>,
        targets: &[Target],
    ) -> Result<OperationId, Error> {
        let now = clock::now();
        let (tasks, subject, first) = self.state.read(|known| {
            let ids: Vec<GuestId> = scope::guests(known, targets);
            let mut first = None;
            let mut tasks = Vec::new();
            for guest in ids.iter().filter_map(|id| known.guests.get(id)) {
                match scope::obstacle(known, guest, OperationKind::Scan, now) {
                    None => tasks.push(Task::new(guest, OperationKind::Scan, None)),
                    Some(why) => first = first.or(Some(format!("{}: {why}", guest.record.name))),
                }
            }
            let subject = scope::subject(known, targets, tasks.len());
            (tasks, subject, first)
        });
        if tasks.is_empty() {
            let error = Error::new(Kind::Conflict, "No LXC of the selection can be scanned now");
            return Err(match first {
                Some(why) => error.words(why),
                None => error.next("Select a cluster, a node or an LXC."),
            });
        }
        self.begin_operation(OperationKind::Scan, subject, None, tasks)
            .await
    }
}
