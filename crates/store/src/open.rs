//! Opening: folder, schema, and the two ways in (one writer, several readers).

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use domain::Timestamp;
use sqlx::{
    Sqlite, SqliteConnection, SqlitePool, Transaction,
    migrate::Migrator,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use uuid::Uuid;

use crate::{
    StoreError, backup,
    column::parsed,
    platform, restore,
    together::{Queue, Writing, Written},
};

static MIGRATIONS: Migrator = sqlx::migrate!();

pub(crate) const FILE: &str = "redflag.db";
const STORE_ID: &str = "store.id";
const READERS: u32 = 4;
/// How long a statement waits for another process that holds the file.
const BUSY: Duration = Duration::from_secs(5);

/// The open database. Copies share it.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    id: Uuid,
    folder: PathBuf,
    writer: SqlitePool,
    readers: SqlitePool,
    queue: Arc<Queue>,
}

impl Store {
    /// Opens the database in `folder`, makes both if they are missing, and brings an older schema up to date after
    /// a copy of the file was put into `backups/`.
    ///
    /// # Errors
    /// [`StoreError::Folder`], [`StoreError::Open`] when the place cannot be used, [`StoreError::Newer`] when a newer
    /// program wrote the database (nothing is changed then), [`StoreError::Backup`] and [`StoreError::Migration`]
    /// when the schema could not be brought up to date.
    pub async fn open(folder: &Path, now: Timestamp) -> Result<Self, StoreError> {
        let no_folder = |source| StoreError::Folder {
            path: folder.to_owned(),
            source,
        };
        platform::private_folder(folder).map_err(no_folder)?;
        restore::do_what_was_asked(folder, now).await?;
        let file = folder.join(FILE);
        platform::private_file(&file).map_err(no_folder)?;
        let not_open = |source| StoreError::Open {
            path: file.clone(),
            source,
        };
        let options = options(&file);
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_with(
                options
                    .clone()
                    .journal_mode(SqliteJournalMode::Wal)
                    .synchronous(SqliteSynchronous::Full),
            )
            .await
            .map_err(not_open)?;
        if let Err(error) = bring_up_to_date(&writer, folder, &file, now).await {
            writer.close().await;
            return Err(error);
        }
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_with(options.read_only(true))
            .await
            .map_err(not_open)?;
        let mut store = Self {
            inner: Arc::new(Inner {
                id: Uuid::nil(),
                folder: folder.to_owned(),
                writer: writer.clone(),
                readers: readers.clone(),
                queue: Arc::default(),
            }),
        };
        let id = store
            .setting_or(STORE_ID, &Uuid::new_v4().to_string())
            .await?;
        store.inner = Arc::new(Inner {
            id: parsed("settings.store.id", &id)?,
            folder: folder.to_owned(),
            writer,
            readers,
            queue: Arc::default(),
        });
        Ok(store)
    }

    /// The database's own random name, made with it; a copied folder keeps it.
    pub fn id(&self) -> Uuid {
        self.inner.id
    }

    /// The data folder.
    pub fn folder(&self) -> &Path {
        &self.inner.folder
    }

    /// Ends every connection and folds the write-ahead log into the file. Whoever uses a copy of the store
    /// afterwards gets an error.
    pub async fn close(&self) {
        self.inner.readers.close().await;
        self.inner.writer.close().await;
    }

    /// Puts a checked copy of the database into `backups/` unless one was made in the last 24 hours; keeps the
    /// newest seven. Answers the new file.
    ///
    /// # Errors
    /// [`StoreError::Backup`] when the copy cannot be made or does not pass its check.
    pub async fn backup_if_due(&self, now: Timestamp) -> Result<Option<PathBuf>, StoreError> {
        if !backup::is_due(self.folder(), now)? {
            return Ok(None);
        }
        backup::copy(&options(&self.folder().join(FILE)), self.folder(), now)
            .await
            .map(Some)
    }

    pub(crate) fn writer(&self) -> &SqlitePool {
        &self.inner.writer
    }

    pub(crate) fn readers(&self) -> &SqlitePool {
        &self.inner.readers
    }

    /// Writes something small, together with what waits at the same moment.
    pub(crate) fn write(
        &self,
        act: impl for<'c> Fn(&'c mut SqliteConnection) -> Writing<'c> + Send + Sync + 'static,
    ) -> Written {
        self.inner.queue.write(&self.inner.writer, act)
    }

    #[cfg(test)]
    pub(crate) fn queue(&self) -> &Queue {
        &self.inner.queue
    }

    /// Begins a write. Taken at once, so that what it reads first cannot be overtaken by another process.
    pub(crate) async fn begin(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
        Ok(self.inner.writer.begin_with("BEGIN IMMEDIATE").await?)
    }

    /// Begins several reads of one and the same moment.
    pub(crate) async fn look(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
        Ok(self.inner.readers.begin().await?)
    }
}

pub(crate) fn options(file: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(file)
        .foreign_keys(true)
        .busy_timeout(BUSY)
}

async fn bring_up_to_date(
    writer: &SqlitePool,
    folder: &Path,
    file: &Path,
    now: Timestamp,
) -> Result<(), StoreError> {
    let applied = applied(writer).await.map_err(|source| StoreError::Open {
        path: file.to_owned(),
        source,
    })?;
    let known = MIGRATIONS.iter().map(|m| m.version).max().unwrap_or(0);
    let found = applied.iter().copied().max().unwrap_or(0);
    if found > known {
        return Err(StoreError::Newer {
            path: file.to_owned(),
            found,
            known,
        });
    }
    let complete = MIGRATIONS.iter().all(|m| applied.contains(&m.version));
    if !complete && !applied.is_empty() {
        let copy = backup::copy(&options(file), folder, now).await?;
        tracing::info!(copy = %copy.display(), from = found, to = known, "copied the database before its schema changes");
    }
    MIGRATIONS.run(writer).await?;
    Ok(())
}

/// Versions of the migrations that the file has seen.
async fn applied(writer: &SqlitePool) -> Result<Vec<i64>, sqlx::Error> {
    let ours: i64 = sqlx::query_scalar!(
        "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = '_sqlx_migrations'"
    )
    .fetch_one(writer)
    .await?;
    if ours == 0 {
        return Ok(Vec::new());
    }
    sqlx::query_scalar!(r#"SELECT version AS "version!" FROM _sqlx_migrations"#)
        .fetch_all(writer)
        .await
}

#[cfg(test)]
mod tests {
    use domain::Timestamp;
    use sqlx::SqlitePool;

    use super::Store;

    async fn pragma(pool: &SqlitePool, question: &'static str) -> String {
        let answer: Result<i64, _> = sqlx::query_scalar(question).fetch_one(pool).await;
        match answer {
            Ok(number) => number.to_string(),
            Err(_) => sqlx::query_scalar(question).fetch_one(pool).await.unwrap(),
        }
    }

    #[tokio::test]
    async fn writes_wait_for_the_disk_and_readers_cannot_write() {
        let folder = tempfile::TempDir::new().unwrap();
        let store = Store::open(folder.path(), Timestamp(0)).await.unwrap();
        for (question, answer) in [
            ("PRAGMA journal_mode", "wal"),
            ("PRAGMA synchronous", "2"),
            ("PRAGMA foreign_keys", "1"),
            ("PRAGMA busy_timeout", "5000"),
        ] {
            assert_eq!(pragma(store.writer(), question).await, answer, "{question}");
        }
        assert_eq!(pragma(store.readers(), "PRAGMA journal_mode").await, "wal");
        let write = sqlx::query("INSERT INTO settings VALUES ('a', 'b')")
            .execute(store.readers())
            .await;
        assert!(write.is_err(), "a reader wrote");
    }
}
