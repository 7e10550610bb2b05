//! The fleet as a table for other programs: a line for each LXC.

use domain::{
    ClusterId,
    fleet::{AgentState, Fleet, GuestRow, Power, UnknownReason, UpdateState},
    inventory::UpdateCounts,
};

use crate::{
    App, Code, Error,
    dto::{ExportedFile, Nothing},
    history::{moment, written},
};

const COLUMNS: [&str; 16] = [
    "cluster",
    "node",
    "vmid",
    "lxc",
    "power",
    "lock",
    "template",
    "tags",
    "os",
    "address",
    "agent",
    "updates",
    "security",
    "state",
    "images with updates",
    "checked",
];

impl App {
    pub(crate) async fn export_fleet(&self, _: Nothing) -> Result<ExportedFile, Error> {
        let failed = |words: String| {
            Error::new(Code::Internal, "The fleet could not be written").words(words)
        };
        let text = table(&self.fleet()).map_err(|e| failed(e.to_string()))?;
        let path = written(&self.exports, "redflag-fleet", "csv", &text)
            .await
            .map_err(|e| failed(format!("{}: {e}", self.exports.display())))?;
        Ok(ExportedFile {
            path: path.display().to_string(),
        })
    }
}

fn table(fleet: &Fleet) -> Result<Vec<u8>, csv::Error> {
    let cluster = |id: ClusterId| {
        let found = fleet.clusters.iter().find(|row| row.id == id);
        found.map(|row| row.name.clone()).unwrap_or_default()
    };
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(COLUMNS)?;
    for row in &fleet.guests {
        writer.write_record(line(row, cluster(row.cluster)))?;
    }
    writer.into_inner().map_err(|e| e.into_error().into())
}

fn line(row: &GuestRow, cluster: String) -> [String; 16] {
    let (counts, state) = updates(row);
    let number = |read: fn(&UpdateCounts) -> u32| counts.map(|c| read(&c).to_string());
    let power = match row.power {
        _ if row.old => "unknown",
        Power::Running => "running",
        Power::Stopped => "stopped",
        Power::Unknown => "unknown",
    };
    let agent = match &row.agent {
        AgentState::NotInstalled => "not installed",
        AgentState::Online { .. } if row.old => "unknown",
        AgentState::Online { .. } => "online",
        AgentState::Offline { .. } => "offline",
        AgentState::Off { .. } => "off",
    };
    [
        cluster,
        row.node.to_string(),
        row.vmid.to_string(),
        row.name.clone(),
        power.into(),
        row.lock.clone().unwrap_or_default(),
        if row.template { "yes" } else { "" }.into(),
        row.tags.join(" "),
        row.os.clone().unwrap_or_default(),
        row.address.clone().unwrap_or_default(),
        agent.into(),
        number(|c| c.total).unwrap_or_default(),
        number(|c| c.security).unwrap_or_default(),
        state,
        row.images
            .map(|images| images.updates.to_string())
            .unwrap_or_default(),
        row.checked_at.map(moment).unwrap_or_default(),
    ]
}

/// The figures, where there are any, and what they are worth. What is not known is never a zero.
fn updates(row: &GuestRow) -> (Option<UpdateCounts>, String) {
    match &row.updates {
        UpdateState::UpToDate { .. } => (Some(UpdateCounts::default()), "up to date".into()),
        UpdateState::Updates { counts } => (Some(*counts), "updates".into()),
        UpdateState::Stale { counts, since } => (Some(*counts), format!("of {}", moment(*since))),
        UpdateState::Error { reason, counts, .. } => (*counts, format!("error: {reason}")),
        UpdateState::Unsupported { reason } => (None, format!("not updated: {reason}")),
        UpdateState::Unknown { why } => {
            let why = match why {
                UnknownReason::NoAgent => "no agent",
                UnknownReason::NotRunning => "not running",
                UnknownReason::NotScanned => "not scanned yet",
            };
            (None, format!("unknown: {why}"))
        }
    }
}
