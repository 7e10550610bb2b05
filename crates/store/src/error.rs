//! Why the database could not do what it was asked for.

use std::{io, path::PathBuf};

use domain::{JobId, operation::JobState};

/// A failure of the store. None of them leaves half of a write behind.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("the data folder {} cannot be used: {source}", .path.display())]
    Folder { path: PathBuf, source: io::Error },
    #[error("the database {} cannot be opened: {source}", .path.display())]
    Open { path: PathBuf, source: sqlx::Error },
    /// Nothing was changed: an older program must not touch what it does not understand.
    #[error(
        "the database {} was written by a newer RedFlag (schema {found}; this one knows {known}): install that version or a newer one, or choose another data folder",
        .path.display()
    )]
    Newer {
        path: PathBuf,
        found: i64,
        known: i64,
    },
    #[error("the database cannot be brought to the present schema: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    #[error("the copy of the database at {} failed: {why}", .path.display())]
    Backup { path: PathBuf, why: String },
    /// A stored value that this program cannot have written, or wrote by other rules.
    #[error("the database holds a value in {place} that is not understood: {why}")]
    Damaged { place: &'static str, why: String },
    #[error("the database knows no {what} {id}")]
    NotFound { what: &'static str, id: String },
    /// A job that has ended keeps its state.
    #[error("job {job} has ended as {state:?} and keeps that state")]
    Ended { job: JobId, state: JobState },
    #[error("a value cannot be written to the database: {0}")]
    Encoding(#[from] serde_json::Error),
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
}

impl StoreError {
    pub(crate) fn not_found(what: &'static str, id: impl ToString) -> Self {
        Self::NotFound {
            what,
            id: id.to_string(),
        }
    }

    /// Names what is missing when `error` says that a referenced row does not exist.
    pub(crate) fn missing_reference(
        what: &'static str,
        id: impl ToString,
    ) -> impl FnOnce(sqlx::Error) -> Self {
        move |error| match &error {
            sqlx::Error::Database(d) if d.is_foreign_key_violation() => Self::not_found(what, id),
            _ => Self::Database(error),
        }
    }
}
