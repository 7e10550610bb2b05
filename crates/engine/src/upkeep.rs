//! What the hosts may ask about updates: approvals, rules, the fleet's list, the history, changelogs.

use std::{collections::BTreeMap, time::Duration};

use domain::{
    ApprovalId, GuestId, JobId, RuleId, Timestamp,
    approval::Approval,
    operation::{Target, UpdateFilter},
    rule::{Rule, RuleKind},
};
use wire::{Action, Outcome};

use crate::{
    Approved, Engine, Error, FoundReceipt, Kind, Named, UpdateGroup, clock,
    operations::scope::{self, is_older},
};

/// How long a changelog may take: it comes from far away.
const CHANGELOG_LIMIT: Duration = Duration::from_secs(60);

impl Engine {
    /// Approves what `only` means of everything pending below `targets`, in the versions that are offered now.
    ///
    /// # Errors
    /// An empty selection, or the database.
    pub async fn approve_updates(
        &self,
        targets: &[Target],
        only: &UpdateFilter,
    ) -> Result<Approved, Error> {
        self.0.approve_updates(targets, only).await
    }

    /// Takes approvals back.
    ///
    /// # Errors
    /// [`Kind::NotFound`] when none of them is open.
    pub async fn withdraw_approvals(&self, ids: &[ApprovalId]) -> Result<(), Error> {
        self.0.withdraw_approvals(ids).await
    }

    /// The open approvals of one guest or of all, with the place and the version before.
    pub fn approvals(&self, guest: Option<GuestId>) -> Vec<(Approval, Named, Option<String>)> {
        self.0.state.read(|known| {
            let all = known.approvals().into_iter();
            let wanted = all.filter(|a| guest.is_none_or(|guest| a.guest == guest));
            wanted
                .filter_map(|approval| {
                    let place = known.named(approval.guest)?;
                    let pending = known.guests.get(&approval.guest)?.pending();
                    let update = pending.iter().find(|u| approval.covers(u));
                    let installed = update.map(|u| u.installed.clone());
                    Some((approval, place, installed))
                })
                .collect()
        })
    }

    /// Sets a rule; one for the same scope and package gives way to it.
    ///
    /// # Errors
    /// [`Kind::BadInput`] for a rule that would be over already, [`Kind::NotFound`] for a scope without guests.
    pub async fn set_rule(
        &self,
        scope: Target,
        package: Option<String>,
        kind: RuleKind,
        until: Option<Timestamp>,
    ) -> Result<Rule, Error> {
        self.0.set_rule(scope, package, kind, until).await
    }

    /// Takes a rule away.
    ///
    /// # Errors
    /// [`Kind::NotFound`].
    pub async fn remove_rule(&self, id: RuleId) -> Result<(), Error> {
        self.0.remove_rule(id).await
    }

    /// The rules that are not over, oldest first.
    pub fn rules(&self) -> Vec<Rule> {
        let now = clock::now();
        self.0.state.read(|known| {
            let rules = known.rules.iter().filter(|rule| !rule.is_over(now));
            rules.cloned().collect()
        })
    }

    /// The rules that count for a guest: for all packages, and for those with one of their own.
    pub fn applied_rules(&self, guest: GuestId) -> Vec<(Option<String>, Rule)> {
        self.0.state.read(|known| {
            let found = known.guests.get(&guest);
            found.map_or_else(Vec::new, |g| known.applied_rules(g, clock::now()))
        })
    }

    /// What a scope is called.
    pub fn scope_name(&self, scope: &Target) -> String {
        let one = std::slice::from_ref(scope);
        self.0.state.read(|known| scope::subject(known, one, 1))
    }

    /// Everything pending, the most urgent first, with the names of the guests in it.
    pub fn update_groups(&self) -> (Vec<UpdateGroup>, BTreeMap<GuestId, Named>) {
        self.0.state.read(|known| {
            let groups = known.groups(clock::now());
            let guests = groups.iter().flat_map(|g| &g.updates).map(|u| u.guest);
            let places = guests.filter_map(|id| Some((id, known.named(id)?)));
            let places = places.collect();
            (groups, places)
        })
    }

    /// Receipts of the whole fleet, newest first: those that contain `search` and follow on the one of `before`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn receipts(
        &self,
        search: &str,
        before: Option<JobId>,
        limit: u32,
    ) -> Result<Vec<FoundReceipt>, Error> {
        Ok(self.0.store.receipts(search, before, limit).await?)
    }

    /// The changelog of a package's newest version, as the guest's package manager fetches it.
    ///
    /// # Errors
    /// A guest without an agent that could do it, or the package manager's words.
    pub async fn changelog(&self, guest: GuestId, package: &str) -> Result<String, Error> {
        let inner = &self.0;
        let now = clock::now();
        let found = inner.state.read(|known| {
            let guest = known.guests.get(&guest)?;
            let agent = guest.agent.as_ref().filter(|a| a.is_online(now));
            let agent = agent.map(|a| (a.record.id, a.record.version.clone()));
            Some((guest.record.name.clone(), agent))
        });
        let (name, agent) = found.ok_or_else(|| Error::not_found("The LXC"))?;
        let (agent, version) = agent.ok_or_else(|| {
            let what =
                format!("The agent of {name} does not answer, and it is what fetches changelogs");
            Error::new(Kind::Conflict, what).next("Try again when the LXC runs.")
        })?;
        if is_older(&version) {
            let what =
                format!("The agent of {name} is version {version} and cannot fetch changelogs");
            return Err(Error::new(Kind::Conflict, what).next("Upgrade the agent first."));
        }
        let package = package.to_owned();
        let action = Action::Changelog { package };
        let answer = inner.desk.ask(agent, action, CHANGELOG_LIMIT).await;
        match answer {
            Some(Outcome::Changelog { text }) => Ok(text),
            Some(Outcome::Failed { problem, .. }) => {
                let mut error = Error::new(Kind::Conflict, problem.what);
                error.problem.words = problem.words;
                error.problem.next = problem.next;
                Err(error)
            }
            Some(_) | None => {
                let what =
                    format!("The agent of {name} has not brought the changelog within a minute");
                Err(Error::new(Kind::Conflict, what).next("Try again."))
            }
        }
    }
}
