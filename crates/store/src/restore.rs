//! Going back to a copy of the database. It is asked for while the program runs and done at its next start, before anything
//! is opened; the database that it replaces becomes a copy itself.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use domain::Timestamp;

use crate::{
    Store, StoreError,
    backup::{self, Backup},
    open::{FILE, options},
    platform,
};

/// Names the copy that is wanted.
const WISH: &str = "restore";

impl Store {
    /// The checked copies, newest first.
    ///
    /// # Errors
    /// [`StoreError::Backup`] when the folder cannot be read.
    pub fn backups(&self) -> Result<Vec<Backup>, StoreError> {
        backup::all(self.folder())
    }

    /// Makes a checked copy now; the newest seven are kept.
    ///
    /// # Errors
    /// [`StoreError::Backup`].
    pub async fn back_up(&self, now: Timestamp) -> Result<Backup, StoreError> {
        let made = backup::copy(&options(&self.folder().join(FILE)), self.folder(), now).await?;
        let found = backup::all(self.folder())?;
        found
            .into_iter()
            .find(|copy| made.ends_with(&copy.name))
            .ok_or_else(|| failed(&made, &"it is gone again"))
    }

    /// Bytes of the database with its write-ahead log.
    pub fn size(&self) -> u64 {
        let file = self.folder().join(FILE);
        let of = |path: PathBuf| fs::metadata(path).map_or(0, |found| found.len());
        of(beside(&file, "-wal")) + of(file)
    }

    /// At the next start this copy takes the database's place.
    ///
    /// # Errors
    /// [`StoreError::Backup`] for one that is not there or is damaged; nothing is changed then.
    pub async fn restore_at_start(&self, name: &str) -> Result<(), StoreError> {
        let copy = chosen(self.folder(), name)?;
        backup::check(&copy)
            .await
            .map_err(|why| failed(&copy, &why))?;
        let wish = self.folder().join(WISH);
        platform::private_file(&wish)
            .and_then(|()| fs::write(&wish, name))
            .map_err(|e| failed(&wish, &e))
    }

    /// The copy that waits for the next start.
    pub fn to_restore(&self) -> Option<String> {
        wish(self.folder()).ok().flatten()
    }
}

fn failed(path: &Path, why: &dyn std::fmt::Display) -> StoreError {
    StoreError::Backup {
        path: path.to_owned(),
        why: why.to_string(),
    }
}

fn beside(file: &Path, end: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(end);
    name.into()
}

/// The file of a copy. Only names of copies are taken, so that no path leads out of their folder.
fn chosen(folder: &Path, name: &str) -> Result<PathBuf, StoreError> {
    let file = folder.join(backup::FOLDER).join(name);
    match backup::moment(name) {
        Some(_) if file.is_file() => Ok(file),
        Some(_) | None => Err(failed(&file, &"there is no such copy")),
    }
}

fn wish(folder: &Path) -> io::Result<Option<String>> {
    match fs::read_to_string(folder.join(WISH)) {
        Ok(name) => Ok(Some(name.trim().to_owned())),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(e),
    }
}

/// Does what was asked for, if anything was. Ending anywhere in between leaves the old database or the copy, whole, and
/// the next start does it again.
pub(crate) async fn do_what_was_asked(folder: &Path, now: Timestamp) -> Result<(), StoreError> {
    let asked = folder.join(WISH);
    let Some(name) = wish(folder).map_err(|e| failed(&asked, &e))? else {
        return Ok(());
    };
    let file = folder.join(FILE);
    let fresh = beside(&file, ".restored");
    // First beside it: making the copy of the present database may push the chosen one out of the seven.
    let copy = chosen(folder, &name)?;
    platform::private_file(&fresh).map_err(|e| failed(&fresh, &e))?;
    fs::copy(&copy, &fresh)
        .and_then(|_| fs::File::open(&fresh)?.sync_all())
        .map_err(|e| failed(&fresh, &e))?;
    if let Err(error) = backup::copy(&options(&file), folder, now).await {
        // A damaged database is why somebody goes back. It is kept as it is.
        tracing::warn!(%error, "the database that is replaced could not be copied and is put aside");
        let aside = beside(&file, ".replaced");
        fs::rename(&file, &aside).map_err(|e| failed(&aside, &e))?;
    }
    for end in ["-wal", "-shm"] {
        // A log of the old database must never be read into the restored one.
        match fs::remove_file(beside(&file, end)) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(failed(&file, &e)),
            Ok(()) | Err(_) => {}
        }
    }
    fs::rename(&fresh, &file)
        .and_then(|()| fs::remove_file(&asked))
        .map_err(|e| failed(&file, &e))?;
    tracing::info!(copy = name, "the database was restored");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 24 * 3600 * 1000;

    async fn open(folder: &Path, day: i64) -> Store {
        Store::open(folder, Timestamp(day * DAY)).await.unwrap()
    }

    #[tokio::test]
    async fn a_restored_database_is_as_it_was_and_the_replaced_one_is_kept() {
        let folder = tempfile::TempDir::new().unwrap();
        let store = open(folder.path(), 1).await;
        store.set_setting("name", "before").await.unwrap();
        let copy = store.back_up(Timestamp(DAY)).await.unwrap();
        assert_eq!(copy.at, Timestamp(DAY));
        store.set_setting("name", "after").await.unwrap();
        store.restore_at_start(&copy.name).await.unwrap();
        assert_eq!(store.to_restore(), Some(copy.name.clone()));
        assert_eq!(
            store.setting("name").await.unwrap().as_deref(),
            Some("after"),
            "until the next start"
        );
        store.close().await;
        let store = open(folder.path(), 2).await;
        assert_eq!(
            store.setting("name").await.unwrap().as_deref(),
            Some("before")
        );
        assert_eq!(store.to_restore(), None);
        let copies = store.backups().unwrap();
        assert_eq!(
            copies.iter().map(|c| c.at).collect::<Vec<_>>(),
            [Timestamp(2 * DAY), Timestamp(DAY)]
        );
        store.restore_at_start(&copies[0].name).await.unwrap();
        store.close().await;
        let store = open(folder.path(), 3).await;
        assert_eq!(
            store.setting("name").await.unwrap().as_deref(),
            Some("after"),
            "and back again"
        );
    }

    #[tokio::test]
    async fn the_oldest_copy_is_restored_even_if_a_new_one_pushes_it_out() {
        let folder = tempfile::TempDir::new().unwrap();
        let store = open(folder.path(), 1).await;
        store.set_setting("name", "first").await.unwrap();
        for day in 1..=7 {
            store.back_up(Timestamp(day * DAY)).await.unwrap();
            store
                .set_setting("name", &format!("day {day}"))
                .await
                .unwrap();
        }
        let oldest = store.backups().unwrap().pop().unwrap();
        store.restore_at_start(&oldest.name).await.unwrap();
        store.close().await;
        let store = open(folder.path(), 9).await;
        assert_eq!(
            store.setting("name").await.unwrap().as_deref(),
            Some("first")
        );
        assert_eq!(store.backups().unwrap().len(), 7);
    }

    #[tokio::test]
    async fn what_is_no_copy_is_refused_and_a_damaged_database_is_put_aside() {
        let folder = tempfile::TempDir::new().unwrap();
        let store = open(folder.path(), 1).await;
        let copy = store.back_up(Timestamp(DAY)).await.unwrap();
        for name in [
            "../redflag.db",
            "redflag.db",
            "redflag-19990101T000000Z.db",
            "",
        ] {
            store.restore_at_start(name).await.unwrap_err();
        }
        fs::write(
            folder.path().join("backups/redflag-20010101T000000Z.db"),
            b"no database",
        )
        .unwrap();
        store
            .restore_at_start("redflag-20010101T000000Z.db")
            .await
            .unwrap_err();
        assert_eq!(store.to_restore(), None);
        store.restore_at_start(&copy.name).await.unwrap();
        store.close().await;
        fs::write(folder.path().join(FILE), b"damaged").unwrap();
        let store = open(folder.path(), 2).await;
        assert_eq!(store.setting("name").await.unwrap(), None);
        assert_eq!(
            fs::read(folder.path().join("redflag.db.replaced")).unwrap(),
            b"damaged"
        );
    }
}
