//! Takes the inventory and keeps it; asks the package manager only when something has changed since.

use std::time::Duration;

use domain::{
    Timestamp,
    inventory::{Inventory, PackageScan},
};
use serde::{Deserialize, Serialize};
use wire::InventoryReport;

use crate::{
    Layout, Tools, docker,
    files::{self, FileError},
    guest, packages,
    packages::{Known, Stamps},
};

/// An unchanged stamp is believed for this long; phased updates move with time alone.
const BELIEVED: Duration = Duration::from_secs(20 * 3600);

/// What the package manager's files looked like at the last good scan.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Memory {
    stamps: Stamps,
    /// When the package manager was last asked.
    asked_at: Timestamp,
    /// The agent that asked: a newer one may read more.
    version: String,
}

/// Whether to ask the package manager although nothing seems changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    WhenChanged,
    Always,
}

/// An inventory, and what makes the next one cheap.
#[derive(Debug)]
pub struct Taken {
    pub report: InventoryReport,
    memory: Option<Memory>,
}

/// Takes an inventory. Writes nothing: see [`store`].
pub fn take(layout: &Layout, tools: &Tools, effort: Effort, now: Timestamp) -> Taken {
    let earlier: Option<InventoryReport> = files::read_json(&layout.inventory()).ok();
    let (packages, memory) = packages_of(layout, tools, effort, now, earlier);
    let inventory = Inventory {
        scanned_at: now,
        os: guest::host::os(layout),
        arch: guest::host::arch().to_owned(),
        addresses: guest::addresses::global(layout),
        packages,
        restarts: guest::restarts::needed(layout),
        docker: docker::found(layout),
    };
    Taken {
        report: InventoryReport {
            hash: inventory.hash(),
            inventory,
        },
        memory,
    }
}

fn packages_of(
    layout: &Layout,
    tools: &Tools,
    effort: Effort,
    now: Timestamp,
    earlier: Option<InventoryReport>,
) -> (PackageScan, Option<Memory>) {
    let manager = match packages::detect(layout, tools) {
        Ok(manager) => manager,
        Err(reason) => return (PackageScan::Unsupported { reason }, None),
    };
    // Before the question: what changes while it is answered counts as a change after it.
    let stamps = manager.stamps();
    let mut memory = current(layout, now);
    let mut known = Known::default();
    if let Some(packages) = earlier.map(|e| e.inventory.packages) {
        if effort == Effort::WhenChanged
            && let Some(memory) = memory.take_if(|m| m.stamps == stamps)
        {
            return (packages, Some(memory));
        }
        if let PackageScan::Apt { updates, .. } = packages {
            known = Known {
                updates,
                same_offers: memory.is_some_and(|m| m.stamps.offers == stamps.offers),
            };
        }
    }
    let scan = manager.scan(&known);
    let memory = match &scan {
        PackageScan::Apt { .. } => Some(Memory {
            stamps,
            asked_at: now,
            version: crate::VERSION.to_owned(),
        }),
        PackageScan::Unsupported { .. } | PackageScan::Failed { .. } => None,
    };
    (scan, memory)
}

/// The memory, while it may be believed where its stamps still hold.
fn current(layout: &Layout, now: Timestamp) -> Option<Memory> {
    let memory: Memory = files::read_json(&layout.memory()).ok()?;
    let believed = i64::try_from(BELIEVED.as_millis()).unwrap_or(i64::MAX);
    let young = memory.asked_at <= now && now.since(memory.asked_at) < believed;
    (memory.version == crate::VERSION && young).then_some(memory)
}

/// Whether a scan would ask the package manager, by a look at its files.
pub fn is_outdated(layout: &Layout, tools: &Tools, now: Timestamp) -> bool {
    match packages::detect(layout, tools) {
        Ok(manager) => current(layout, now).is_none_or(|m| m.stamps != manager.stamps()),
        Err(_) => !layout.inventory().exists(),
    }
}

/// Puts an inventory where the agent sends it from, and remembers what it was taken from.
pub fn store(layout: &Layout, taken: &Taken) -> Result<(), FileError> {
    let text = serde_json::to_vec(&taken.report).map_err(|e| FileError::Content {
        path: layout.inventory(),
        why: e.to_string(),
    })?;
    // In this order, since a memory newer than its inventory would vouch for the wrong one.
    files::remove(&layout.memory())?;
    files::write(&layout.inventory(), &text, 0o600)?;
    match &taken.memory {
        Some(memory) => files::write_json(&layout.memory(), memory),
        None => Ok(()),
    }
}
