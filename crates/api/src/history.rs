//! The commands about what was done: receipts of the whole fleet, and their export.

use std::path::{Path, PathBuf};

use domain::{JobId, Timestamp, operation::Receipt, plan::PackageChange};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{
    App, Code, Error,
    dto::{ExportFormat, ExportReceipts, Exported, ReadReceipts, ReceiptRow, Receipts},
};

/// Receipts of one answer.
const MOST: u32 = 200;
/// Receipts of one export.
const MOST_EXPORTED: u32 = 100_000;

impl App {
    pub(crate) async fn read_receipts(&self, request: ReadReceipts) -> Result<Receipts, Error> {
        let limit = request.limit.clamp(1, MOST);
        // One more than asked for tells whether there are older ones.
        let mut receipts = self
            .receipt_rows(&request.search, request.before, limit + 1)
            .await?;
        let more = receipts.len() > limit as usize;
        receipts.truncate(limit as usize);
        Ok(Receipts { receipts, more })
    }

    async fn receipt_rows(
        &self,
        search: &str,
        before: Option<JobId>,
        limit: u32,
    ) -> Result<Vec<ReceiptRow>, Error> {
        let found = self.engine.receipts(search.trim(), before, limit).await?;
        let row = |found: engine::FoundReceipt| ReceiptRow {
            receipt: found.receipt,
            vmid: found.vmid,
            name: found.name,
            node: found.node,
            cluster: found.cluster.unwrap_or_default(),
        };
        Ok(found.into_iter().map(row).collect())
    }

    pub(crate) async fn export_receipts(&self, request: ExportReceipts) -> Result<Exported, Error> {
        let rows = self
            .receipt_rows(&request.search, None, MOST_EXPORTED)
            .await?;
        let failed = |words: String| {
            Error::new(Code::Internal, "The receipts could not be written").words(words)
        };
        let (text, ending) = match request.format {
            ExportFormat::Csv => (csv(&rows).map_err(|e| failed(e.to_string()))?, "csv"),
            ExportFormat::Json => {
                let text = serde_json::to_vec_pretty(&rows).map_err(|e| failed(e.to_string()))?;
                (text, "json")
            }
        };
        let path = written(&self.exports, "redflag-receipts", ending, &text)
            .await
            .map_err(|e| failed(format!("{}: {e}", self.exports.display())))?;
        Ok(Exported {
            path: path.display().to_string(),
            receipts: u32::try_from(rows.len()).unwrap_or(u32::MAX),
        })
    }
}

/// Writes a new file; never over one that is there.
pub(crate) async fn written(
    folder: &Path,
    name: &str,
    ending: &str,
    text: &[u8],
) -> std::io::Result<PathBuf> {
    tokio::fs::create_dir_all(folder).await?;
    let day = OffsetDateTime::now_utc().date();
    for number in 1.. {
        let more = if number == 1 {
            String::new()
        } else {
            format!("-{number}")
        };
        let path = folder.join(format!("{name}-{day}{more}.{ending}"));
        let mut options = tokio::fs::OpenOptions::new();
        match options.write(true).create_new(true).open(&path).await {
            Ok(mut file) => {
                tokio::io::AsyncWriteExt::write_all(&mut file, text).await?;
                file.sync_all().await?;
                return Ok(path);
            }
            Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(e) => return Err(e),
        }
    }
    Err(std::io::Error::other("no free name is left"))
}

const COLUMNS: [&str; 15] = [
    "receipt",
    "ended",
    "cluster",
    "node",
    "vmid",
    "lxc",
    "outcome",
    "package",
    "arch",
    "from",
    "to",
    "done",
    "plan",
    "approved by",
    "problem",
];

/// A line for each package; one without a package for a receipt that names none.
fn csv(rows: &[ReceiptRow]) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(COLUMNS)?;
    for row in rows {
        let receipt = &row.receipt;
        let changed = receipt.changes.iter().map(|c| (Some(c), "yes"));
        let missed = receipt.not_done.iter().map(|c| (Some(c), "no"));
        let mut lines: Vec<(Option<&PackageChange>, &str)> = changed.chain(missed).collect();
        if lines.is_empty() {
            lines.push((None, ""));
        }
        for (change, done) in lines {
            writer.write_record(line(row, receipt, change, done))?;
        }
    }
    writer.into_inner().map_err(|e| e.into_error().into())
}

fn line(
    row: &ReceiptRow,
    receipt: &Receipt,
    change: Option<&PackageChange>,
    done: &str,
) -> [String; 15] {
    let of = |read: fn(&PackageChange) -> Option<&String>| {
        change.and_then(read).cloned().unwrap_or_default()
    };
    let problem = receipt.problem.as_ref();
    [
        receipt.number.to_string(),
        moment(receipt.ended_at),
        row.cluster.clone(),
        row.node.to_string(),
        row.vmid.to_string(),
        row.name.clone(),
        format!("{:?}", receipt.outcome).to_lowercase(),
        of(|c| Some(&c.package)),
        of(|c| Some(&c.arch)),
        of(|c| c.from.as_ref()),
        of(|c| c.to.as_ref()),
        done.to_owned(),
        receipt.plan.short(),
        receipt.approved_by.clone(),
        problem.map(|p| p.what.clone()).unwrap_or_default(),
    ]
}

/// As other programs read it.
pub(crate) fn moment(at: Timestamp) -> String {
    OffsetDateTime::from_unix_timestamp(at.0.div_euclid(1000))
        .ok()
        .and_then(|at| at.format(&Rfc3339).ok())
        .unwrap_or_default()
}
