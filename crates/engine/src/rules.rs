//! The user's rules about updates: set, taken away, told.

use domain::{
    RuleId, Timestamp,
    operation::Target,
    rule::{Rule, RuleKind},
};

use crate::{
    Error, Kind, clock,
    inner::Inner,
    operations::{account, scope},
};

impl Inner {
    /// Sets a rule; one for the same scope and package gives way to it.
    pub(crate) async fn set_rule(
        &self,
        scope: Target,
        package: Option<String>,
        kind: RuleKind,
        until: Option<Timestamp>,
    ) -> Result<Rule, Error> {
        let now = clock::now();
        let until = match (kind, until) {
            (RuleKind::Snooze, None) => {
                return Err(Error::new(Kind::BadInput, "A snooze needs an end")
                    .next("Choose for how long the updates are left alone."));
            }
            (_, Some(until)) if until <= now => {
                return Err(Error::new(Kind::BadInput, "The rule would be over already")
                    .next("Choose a moment in the future."));
            }
            (_, until) => until,
        };
        let target = std::slice::from_ref(&scope);
        let subject = self.state.read(|known| {
            let guests = scope::guests(known, target).len();
            (guests > 0).then(|| scope::subject(known, target, guests))
        });
        let Some(subject) = subject else {
            return Err(Error::not_found("What the rule is for"));
        };
        let rule = Rule {
            id: RuleId::new(),
            scope,
            package,
            kind,
            until,
            by: account(),
            at: now,
        };
        self.store.put_rule(&rule).await?;
        self.state.change(|known| {
            known
                .rules
                .retain(|old| old.scope != rule.scope || old.package != rule.package);
            known.rules.push(rule.clone());
        });
        let about = rule.package.as_deref().unwrap_or("all packages");
        let act = format!("{kind:?}").to_lowercase();
        self.audit(&account(), &act, &subject, about, "set").await;
        self.approvals_moved();
        Ok(rule)
    }

    /// Takes a rule away.
    pub(crate) async fn remove_rule(&self, id: RuleId) -> Result<(), Error> {
        let found = self.state.read(|known| {
            let rule = known.rules.iter().find(|rule| rule.id == id)?;
            let subject = scope::subject(known, std::slice::from_ref(&rule.scope), 0);
            Some((rule.clone(), subject))
        });
        let Some((rule, subject)) = found else {
            return Err(Error::not_found("The rule"));
        };
        self.store.delete_rule(id).await?;
        self.state
            .change(|known| known.rules.retain(|rule| rule.id != id));
        let about = rule.package.as_deref().unwrap_or("all packages");
        let act = format!("end {:?}", rule.kind).to_lowercase();
        self.audit(&account(), &act, &subject, about, "removed")
            .await;
        self.approvals_moved();
        Ok(())
    }
}
