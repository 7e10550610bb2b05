//! What the user has chosen, the database, the load of a guest.

use domain::{GuestId, Timestamp};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::SecretRef;

dto! {
    /// The database and its copies.
    struct DataInfo {
        folder: String,
        #[ts(type = "number")]
        bytes: u64,
        /// Newest first.
        backups: Vec<Backup>,
        /// The copy that takes the database's place at the next start.
        restore: Option<String>,
    }
    /// One checked copy of the database.
    struct Backup {
        name: String,
        at: Timestamp,
        #[ts(type = "number")]
        bytes: u64,
    }
    struct WhichBackup { name: String, }

    struct ExportedFile {
        /// The file that was written.
        path: String,
    }

    struct ChangePassphrase {
        /// None can only be refused: whoever changes a passphrase knows it.
        current: Option<SecretRef>,
        next: SecretRef,
    }

    struct LoadOf { guest: GuestId, frame: TimeFrame, }
    /// Oldest first.
    struct Load { points: Vec<LoadPoint>, }
    /// The means over one step; none where there is no sample.
    struct LoadPoint {
        at: Timestamp,
        /// 0 to 1.
        cpu: Option<f64>,
        /// Bytes.
        memory: Option<f64>,
        memory_total: Option<f64>,
        /// Bytes a second.
        disk_read: Option<f64>,
        disk_write: Option<f64>,
        net_in: Option<f64>,
        net_out: Option<f64>,
    }
}

/// How far back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum TimeFrame {
    Hour,
    Day,
    Week,
    Month,
    Year,
}

/// Whether the desktop shows an icon of RedFlag.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum TrayState {
    /// None is wanted, or the host has none to show.
    #[default]
    None,
    Shown,
    /// The desktop has no place for it.
    Missing,
}
