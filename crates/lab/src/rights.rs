//! Tokens, roles and logins of a running lab, pushed about from outside.

use anyhow::{Context, Result};

use crate::{lab::Lab, world::access::change::Change};

/// Each fails for a cluster, token, role or user that does not exist.
impl Lab {
    /// Makes a token invalid.
    pub fn revoke_token(&self, cluster: &str, id: &str) -> Result<()> {
        self.world().change(|w| {
            let cluster = w.cluster_mut(cluster).context("no such cluster")?;
            let token = cluster.access.tokens.iter_mut().find(|t| t.id == id);
            token.context("no such token")?.revoked = true;
            Ok(())
        })
    }

    /// Lets a token end at a moment, in seconds since 1970.
    pub fn expire_token(&self, cluster: &str, id: &str, at: i64) -> Result<()> {
        self.world().change(|w| {
            let cluster = w.cluster_mut(cluster).context("no such cluster")?;
            let token = cluster.access.tokens.iter_mut().find(|t| t.id == id);
            token.context("no such token")?.expires = Some(at);
            Ok(())
        })
    }

    /// Sets what a role allows, as `pveum role modify` without `--append` does.
    pub fn set_role(&self, cluster: &str, role: &str, privileges: &[&str]) -> Result<()> {
        self.change_access(
            cluster,
            Change::ModifyRole {
                role: role.into(),
                privileges: privileges.iter().map(|p| (*p).to_owned()).collect(),
                append: false,
            },
        )
    }

    /// Whether a login of this user asks for a second factor.
    pub fn second_factor(&self, cluster: &str, user: &str, asks: bool) -> Result<()> {
        self.world().change(|w| {
            let cluster = w.cluster_mut(cluster).context("no such cluster")?;
            let user = cluster.access.users.get_mut(user);
            user.context("no such user")?.second_factor = asks;
            Ok(())
        })
    }

    /// Makes a change of users, roles, rights or tokens.
    pub(crate) fn change_access(&self, cluster: &str, change: Change) -> Result<()> {
        self.world().change(|w| {
            let cluster = w.cluster_mut(cluster).context("no such cluster")?;
            let done = cluster.access.apply(change);
            done.map_err(|denied| anyhow::anyhow!(denied.words()))
        })
    }
}
