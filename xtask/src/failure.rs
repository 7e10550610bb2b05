//! Why a verb did not end well: words for the terminal.

use std::{fmt, io};

/// Words that say what failed, and what to do next where that is known.
#[derive(Debug)]
pub(crate) struct Failure(String);

pub(crate) type Result<T> = std::result::Result<T, Failure>;

impl Failure {
    pub(crate) fn new(words: impl Into<String>) -> Self {
        Self(words.into())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self(error.to_string())
    }
}

/// Adds where an I/O error happened; the system's own words do not say.
pub(crate) trait At<T> {
    fn at(self, place: &std::path::Path) -> Result<T>;
}

impl<T> At<T> for io::Result<T> {
    fn at(self, place: &std::path::Path) -> Result<T> {
        self.map_err(|error| Failure(format!("{}: {error}", place.display())))
    }
}
