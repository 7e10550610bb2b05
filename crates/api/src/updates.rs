//! The commands about updates before they are installed: approvals, rules, the fleet's list, changelogs.

use domain::{GuestId, rule::Rule};

use crate::{
    App, Error,
    dto::{
        AppliedRule, Approval, Approvals, ApproveUpdates, ApprovedUpdates, Changelog, FleetUpdate,
        FleetUpdates, Nothing, ReadChangelog, RemoveRule, Rules, SetRule, UpdateGroup, UpdateRule,
        WithdrawApprovals,
    },
};

impl App {
    pub(crate) async fn approve_updates(
        &self,
        request: ApproveUpdates,
    ) -> Result<ApprovedUpdates, Error> {
        let told = self
            .engine
            .approve_updates(&request.targets, &request.only)
            .await?;
        Ok(ApprovedUpdates {
            approved: told.approved,
            already: told.already,
            lxcs: told.guests,
            unrated: told.unrated,
            left_out: told.left_out,
        })
    }

    pub(crate) async fn withdraw_approvals(
        &self,
        request: WithdrawApprovals,
    ) -> Result<Nothing, Error> {
        self.engine.withdraw_approvals(&request.approvals).await?;
        Ok(Nothing {})
    }

    pub(crate) async fn approvals(&self, _: Nothing) -> Result<Approvals, Error> {
        Ok(Approvals {
            approvals: self.approvals_of(None),
        })
    }

    /// The open approvals, of one guest or of all.
    pub(crate) fn approvals_of(&self, guest: Option<GuestId>) -> Vec<Approval> {
        let known = self.engine.approvals(guest).into_iter();
        known
            .map(|(approval, place, installed)| Approval {
                id: approval.id,
                guest: approval.guest,
                vmid: place.vmid,
                name: place.name,
                node: place.node,
                cluster: place.cluster,
                package: approval.package,
                arch: approval.arch,
                installed,
                version: approval.version,
                severity: approval.severity,
                approved_by: approval.approved_by,
                approved_at: approval.approved_at,
                through: approval.through,
            })
            .collect()
    }

    /// The user's rules that count for a guest.
    pub(crate) fn applied_rules(&self, guest: GuestId) -> Vec<AppliedRule> {
        let known = self.engine.applied_rules(guest).into_iter();
        known
            .map(|(package, rule)| AppliedRule {
                package,
                rule: self.rule(rule),
            })
            .collect()
    }

    fn rule(&self, rule: Rule) -> UpdateRule {
        UpdateRule {
            scope_name: self.engine.scope_name(&rule.scope),
            id: rule.id,
            scope: rule.scope,
            package: rule.package,
            kind: rule.kind,
            until: rule.until,
            by: rule.by,
            at: rule.at,
        }
    }

    pub(crate) async fn set_rule(&self, request: SetRule) -> Result<UpdateRule, Error> {
        let package = request.package.filter(|name| !name.trim().is_empty());
        let rule = self
            .engine
            .set_rule(request.scope, package, request.kind, request.until)
            .await?;
        Ok(self.rule(rule))
    }

    pub(crate) async fn remove_rule(&self, request: RemoveRule) -> Result<Nothing, Error> {
        self.engine.remove_rule(request.rule).await?;
        Ok(Nothing {})
    }

    pub(crate) async fn rules(&self, _: Nothing) -> Result<Rules, Error> {
        let rules = self.engine.rules().into_iter();
        Ok(Rules {
            rules: rules.map(|rule| self.rule(rule)).collect(),
        })
    }

    pub(crate) async fn fleet_updates(&self, _: Nothing) -> Result<FleetUpdates, Error> {
        let (groups, places) = self.engine.update_groups();
        let row = |found: engine::FleetUpdate| {
            let place = places.get(&found.guest)?.clone();
            Some(FleetUpdate {
                guest: found.guest,
                vmid: place.vmid,
                name: place.name,
                node: place.node,
                cluster: place.cluster,
                package: found.update.package.clone(),
                arch: found.update.arch.clone(),
                installed: found.update.installed.clone(),
                candidate: found.update.candidate.clone(),
                severity: found.update.severity,
                blocked: found.update.blocked.clone(),
                approved: found.approved,
                rule: found.rule,
                old: found.old,
            })
        };
        let groups = groups.into_iter().map(|group| UpdateGroup {
            source: group.source,
            origin: group.origin,
            severity: group.severity,
            updates: group.updates.into_iter().filter_map(row).collect(),
        });
        Ok(FleetUpdates {
            groups: groups.collect(),
        })
    }

    pub(crate) async fn read_changelog(&self, request: ReadChangelog) -> Result<Changelog, Error> {
        let text = self
            .engine
            .changelog(request.guest, &request.package)
            .await?;
        Ok(Changelog { text })
    }
}
