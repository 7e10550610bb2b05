//! The user's rules about updates.

use domain::{NodeKey, RuleId, Timestamp, operation::Target, rule::Rule};

use crate::{
    Store, StoreError,
    column::{from_word, parsed, to_word},
};

impl Store {
    /// Adds a rule. One for the same scope and package gives way to it.
    ///
    /// # Errors
    /// When its cluster or guest is unknown or the database fails.
    pub async fn put_rule(&self, rule: &Rule) -> Result<(), StoreError> {
        let (cluster, node, guest) = match &rule.scope {
            Target::Fleet => (None, None, None),
            Target::Cluster { cluster } => (Some(cluster.to_string()), None, None),
            Target::Node { node } => (
                Some(node.cluster.to_string()),
                Some(node.node.to_string()),
                None,
            ),
            Target::Guest { guest } => (None, None, Some(guest.to_string())),
        };
        let mut transaction = self.begin().await?;
        sqlx::query!(
            "DELETE FROM rules WHERE cluster IS ?1 AND node IS ?2 AND guest IS ?3 AND package IS ?4",
            cluster,
            node,
            guest,
            rule.package
        )
        .execute(&mut *transaction)
        .await?;
        let kind = to_word(rule.kind)?;
        sqlx::query!(
            "INSERT INTO rules (id, cluster, node, guest, package, kind, until, set_by, set_at)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            rule.id.to_string(),
            cluster,
            node,
            guest,
            rule.package,
            kind,
            rule.until.map(|until| until.0),
            rule.by,
            rule.at.0
        )
        .execute(&mut *transaction)
        .await
        .map_err(StoreError::missing_reference("scope of a rule", rule.id))?;
        transaction.commit().await?;
        Ok(())
    }

    /// Takes a rule away.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn delete_rule(&self, id: RuleId) -> Result<(), StoreError> {
        sqlx::query!("DELETE FROM rules WHERE id = ?", id.to_string())
            .execute(self.writer())
            .await?;
        Ok(())
    }

    /// All rules, oldest first.
    ///
    /// # Errors
    /// When the database fails or holds what cannot be read.
    pub async fn rules(&self) -> Result<Vec<Rule>, StoreError> {
        let rows = sqlx::query!(
            "SELECT id, cluster, node, guest, package, kind, until, set_by, set_at FROM rules ORDER BY set_at, id"
        )
        .fetch_all(self.readers())
        .await?;
        rows.into_iter()
            .map(|row| {
                let scope = match (row.cluster, row.node, row.guest) {
                    (_, _, Some(guest)) => Target::Guest {
                        guest: parsed("rules.guest", &guest)?,
                    },
                    (Some(cluster), Some(node), None) => Target::Node {
                        node: NodeKey {
                            cluster: parsed("rules.cluster", &cluster)?,
                            node: parsed("rules.node", &node)?,
                        },
                    },
                    (Some(cluster), None, None) => Target::Cluster {
                        cluster: parsed("rules.cluster", &cluster)?,
                    },
                    (None, _, None) => Target::Fleet,
                };
                Ok(Rule {
                    id: parsed("rules.id", &row.id)?,
                    scope,
                    package: row.package,
                    kind: from_word("rules.kind", row.kind)?,
                    until: row.until.map(Timestamp),
                    by: row.set_by,
                    at: Timestamp(row.set_at),
                })
            })
            .collect()
    }
}
