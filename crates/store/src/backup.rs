//! Checked copies of the database, dated by their names.

use std::{
    fmt::Display,
    fs, io,
    path::{Path, PathBuf},
};

use domain::Timestamp;
use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use time::{OffsetDateTime, PrimitiveDateTime, macros::format_description};

use crate::{StoreError, platform};

pub(crate) const FOLDER: &str = "backups";
const KEEP: usize = 7;
const DAY_MS: i64 = 24 * 3600 * 1000;

fn failed(path: &Path) -> impl Fn(&dyn Display) -> StoreError + use<> {
    let path = path.to_owned();
    move |why| StoreError::Backup {
        path: path.clone(),
        why: why.to_string(),
    }
}

/// `redflag-20261122T222029Z.db`: names sort by time.
fn name(at: Timestamp) -> Option<String> {
    let moment = OffsetDateTime::from_unix_timestamp_nanos(i128::from(at.0) * 1_000_000).ok()?;
    let format = format_description!("[year][month][day]T[hour][minute][second]");
    Some(format!("redflag-{}Z.db", moment.format(format).ok()?))
}

/// One checked copy of the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backup {
    /// `redflag-20261122T222029Z.db`
    pub name: String,
    /// By its name.
    pub at: Timestamp,
    pub bytes: u64,
}

/// The copies of a data folder, newest first.
pub(crate) fn all(folder: &Path) -> Result<Vec<Backup>, StoreError> {
    let folder = folder.join(FOLDER);
    let failed = failed(&folder);
    let mut backups = Vec::new();
    for name in copies(&folder).map_err(|e| failed(&e))?.into_iter().rev() {
        let Some(at) = moment(&name) else {
            continue;
        };
        let bytes = fs::metadata(folder.join(&name))
            .map_err(|e| failed(&e))?
            .len();
        backups.push(Backup { name, at, bytes });
    }
    Ok(backups)
}

/// When a copy was made, by its name; none for a name that is no copy's.
pub(crate) fn moment(name: &str) -> Option<Timestamp> {
    let text = name.strip_prefix("redflag-")?.strip_suffix("Z.db")?;
    let format = format_description!("[year][month][day]T[hour][minute][second]");
    let at = PrimitiveDateTime::parse(text, format).ok()?.assume_utc();
    Some(Timestamp(at.unix_timestamp().checked_mul(1000)?))
}

/// The copies that stand, oldest first.
fn copies(folder: &Path) -> io::Result<Vec<String>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(e),
    };
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.starts_with("redflag-") && name.ends_with("Z.db"))
        .collect();
    names.sort();
    Ok(names)
}

/// Whether the newest copy is a day old. One from the future (the clock was set back) does not count.
pub(crate) fn is_due(folder: &Path, now: Timestamp) -> Result<bool, StoreError> {
    let folder = folder.join(FOLDER);
    let names = copies(&folder).map_err(|e| failed(&folder)(&e))?;
    let (Some(newest), Some(present), Some(yesterday)) = (
        names.last(),
        name(now),
        name(Timestamp(now.0.saturating_sub(DAY_MS))),
    ) else {
        return Ok(true);
    };
    Ok(*newest <= yesterday || *newest > present)
}

/// Copies the database that `options` opens, checks the copy, and removes all but the newest seven.
pub(crate) async fn copy(
    options: &SqliteConnectOptions,
    folder: &Path,
    now: Timestamp,
) -> Result<PathBuf, StoreError> {
    let folder = folder.join(FOLDER);
    let name = name(now).ok_or_else(|| failed(&folder)(&"the clock shows no date"))?;
    let whole = folder.join(&name);
    let part = folder.join(format!("{name}.part"));
    let failed = failed(&whole);
    platform::private_folder(&folder).map_err(|e| failed(&e))?;
    match fs::remove_file(&part) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(failed(&e)),
        Ok(()) | Err(_) => {}
    }
    // Made first, so that the copy is never readable by others; SQLite fills an empty file.
    platform::private_file(&part).map_err(|e| failed(&e))?;
    let target = part
        .to_str()
        .ok_or_else(|| failed(&"the path is not UTF-8"))?;
    let done = fill(options, target).await;
    let checked = match done {
        Ok(()) => check(&part).await,
        Err(e) => Err(e.to_string()),
    };
    if let Err(why) = checked {
        if let Err(e) = fs::remove_file(&part) {
            tracing::warn!(file = %part.display(), "a failed copy could not be removed: {e}");
        }
        return Err(failed(&why));
    }
    fs::File::open(&part)
        .and_then(|file| file.sync_all())
        .and_then(|()| fs::rename(&part, &whole))
        .map_err(|e| failed(&e))?;
    prune(&folder).map_err(|e| failed(&e))?;
    Ok(whole)
}

async fn fill(options: &SqliteConnectOptions, target: &str) -> Result<(), sqlx::Error> {
    let mut connection = SqliteConnection::connect_with(options).await?;
    sqlx::query!("VACUUM INTO ?", target)
        .execute(&mut connection)
        .await?;
    connection.close().await
}

/// Whether SQLite finds a copy whole.
pub(crate) async fn check(copy: &Path) -> Result<(), String> {
    let options = SqliteConnectOptions::new().filename(copy).immutable(true);
    let words = async {
        let mut connection = SqliteConnection::connect_with(&options).await?;
        let words: String = sqlx::query_scalar("PRAGMA quick_check(1)")
            .fetch_one(&mut connection)
            .await?;
        connection.close().await?;
        Ok::<_, sqlx::Error>(words)
    }
    .await
    .map_err(|e| e.to_string())?;
    if words == "ok" {
        Ok(())
    } else {
        Err(format!("the check of the copy says: {words}"))
    }
}

fn prune(folder: &Path) -> io::Result<()> {
    let names = copies(folder)?;
    for name in names.iter().take(names.len().saturating_sub(KEEP)) {
        fs::remove_file(folder.join(name))?;
    }
    Ok(())
}
