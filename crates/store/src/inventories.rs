//! The newest inventory of each guest, whole and by package.

use domain::{
    GuestId, Timestamp,
    inventory::{Inventory, PackageScan, Update},
};
use futures_util::TryStreamExt;
use serde::Serialize;

use crate::{
    Store, StoreError,
    column::{from_json, from_json_option, from_word, number_option, parsed, to_json, to_word},
};

/// An inventory and when it arrived, by the desktop's clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredInventory {
    pub guest: GuestId,
    pub hash: String,
    pub received_at: Timestamp,
    pub inventory: Inventory,
}

struct Columns {
    guest: String,
    hash: String,
    received_at: i64,
    body: String,
}

impl TryFrom<Columns> for StoredInventory {
    type Error = StoreError;
    fn try_from(row: Columns) -> Result<Self, StoreError> {
        Ok(Self {
            guest: parsed("inventories.guest", &row.guest)?,
            hash: row.hash,
            received_at: Timestamp(row.received_at),
            inventory: from_json("inventories.body", &row.body)?,
        })
    }
}

#[derive(Serialize)]
struct UpdateColumns<'a> {
    package: &'a str,
    source: &'a str,
    arch: &'a str,
    installed: &'a str,
    candidate: &'a str,
    origin: &'a str,
    suite: &'a str,
    severity: String,
    size: Option<i64>,
    blocked: Option<String>,
}

impl<'a> TryFrom<&'a Update> for UpdateColumns<'a> {
    type Error = StoreError;
    fn try_from(update: &'a Update) -> Result<Self, StoreError> {
        Ok(Self {
            package: &update.package,
            source: &update.source,
            arch: &update.arch,
            installed: &update.installed,
            candidate: &update.candidate,
            origin: &update.origin,
            suite: &update.suite,
            severity: to_word(update.severity)?,
            // No package is that large; a nonsensical number is not worth losing the report.
            size: update.size.and_then(|s| i64::try_from(s).ok()),
            blocked: update.blocked.as_ref().map(to_json).transpose()?,
        })
    }
}

impl Store {
    /// Replaces the inventory of a guest. With a `hash` that is stored already only the times are written.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such guest.
    pub async fn put_inventory(
        &self,
        guest: GuestId,
        hash: &str,
        inventory: &Inventory,
        received_at: Timestamp,
    ) -> Result<(), StoreError> {
        let id = guest.to_string();
        let body = to_json(inventory)?;
        let updates = match &inventory.packages {
            PackageScan::Apt { updates, .. } => updates
                .iter()
                .map(|update| UpdateColumns::try_from(&**update))
                .collect::<Result<Vec<_>, _>>()?,
            PackageScan::Unsupported { .. } | PackageScan::Failed { .. } => Vec::new(),
        };
        let updates = to_json(&updates)?;
        let mut transaction = self.begin().await?;
        let same = sqlx::query!(
            "UPDATE inventories SET body = ?3, received_at = ?4 WHERE guest = ?1 AND hash = ?2",
            id,
            hash,
            body,
            received_at.0
        )
        .execute(&mut *transaction)
        .await?;
        if same.rows_affected() == 0 {
            sqlx::query!(
                "INSERT INTO inventories (guest, hash, body, received_at) VALUES (?, ?, ?, ?)
                 ON CONFLICT (guest) DO UPDATE SET hash = excluded.hash, body = excluded.body,
                    received_at = excluded.received_at",
                id,
                hash,
                body,
                received_at.0
            )
            .execute(&mut *transaction)
            .await
            .map_err(StoreError::missing_reference("guest", guest))?;
            sqlx::query!("DELETE FROM updates WHERE guest = ?", id)
                .execute(&mut *transaction)
                .await?;
            // A package that a report names twice counts once.
            sqlx::query!(
                "INSERT INTO updates (guest, package, source, arch, installed, candidate, origin, suite, severity, size, blocked)
                 SELECT ?1, value ->> 'package', value ->> 'source', value ->> 'arch', value ->> 'installed', value ->> 'candidate',
                        value ->> 'origin', value ->> 'suite', value ->> 'severity', value ->> 'size', value ->> 'blocked'
                 FROM json_each(?2) WHERE true
                 ON CONFLICT (guest, package, arch) DO NOTHING",
                id,
                updates
            )
            .execute(&mut *transaction)
            .await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// The newest inventory of a guest.
    ///
    /// # Errors
    /// When the database fails or holds what cannot be read.
    pub async fn inventory(&self, guest: GuestId) -> Result<Option<StoredInventory>, StoreError> {
        sqlx::query_as!(
            Columns,
            "SELECT guest, hash, received_at, body FROM inventories WHERE guest = ?",
            guest.to_string()
        )
        .fetch_optional(self.readers())
        .await?
        .map(TryInto::try_into)
        .transpose()
    }

    /// Hands over the inventories of all guests that are not gone, one after the other, for the first picture after a
    /// start.
    ///
    /// # Errors
    /// When the database fails or holds what cannot be read.
    pub async fn each_inventory(
        &self,
        mut take: impl FnMut(StoredInventory),
    ) -> Result<(), StoreError> {
        let mut rows = sqlx::query_as!(
            Columns,
            "SELECT guest, hash, received_at, body FROM inventories
             JOIN guests ON guests.id = inventories.guest AND guests.gone_at IS NULL"
        )
        .fetch(self.readers());
        while let Some(row) = rows.try_next().await? {
            take(row.try_into()?);
        }
        Ok(())
    }

    /// Which guests have a pending update of a package, and which one.
    ///
    /// # Errors
    /// When the database fails or holds what cannot be read.
    pub async fn updates_of_package(
        &self,
        package: &str,
    ) -> Result<Vec<(GuestId, Update)>, StoreError> {
        let rows = sqlx::query!(
            "SELECT guest, package, source, arch, installed, candidate, origin, suite, severity, size, blocked FROM updates
             WHERE package = ? ORDER BY guest, arch",
            package
        )
        .fetch_all(self.readers())
        .await?;
        rows.into_iter()
            .map(|row| {
                Ok((
                    parsed("updates.guest", &row.guest)?,
                    Update {
                        package: row.package,
                        source: row.source,
                        arch: row.arch,
                        installed: row.installed,
                        candidate: row.candidate,
                        origin: row.origin,
                        suite: row.suite,
                        severity: from_word("updates.severity", row.severity)?,
                        size: number_option("updates.size", row.size)?,
                        blocked: from_json_option("updates.blocked", row.blocked)?,
                    },
                ))
            })
            .collect()
    }
}
