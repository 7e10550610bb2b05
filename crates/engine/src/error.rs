//! Failures of use cases: a kind that callers branch on, and words for people.

use domain::operation::Problem;

/// What kind of failure it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    BadInput,
    Unreachable,
    IdentityChanged,
    Refused,
    Forbidden,
    NotFound,
    PlanMoved,
    Locked,
    Conflict,
    Internal,
}

/// A failed use case.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .problem.what)]
pub struct Error {
    pub kind: Kind,
    pub problem: Problem,
}

impl Error {
    /// An error with one sentence that names what failed and where.
    pub fn new(kind: Kind, what: impl Into<String>) -> Self {
        Self {
            kind,
            problem: Problem {
                what: what.into(),
                words: None,
                next: None,
            },
        }
    }

    /// The same with the remote's own words.
    #[must_use]
    pub fn words(mut self, words: impl Into<String>) -> Self {
        self.problem.words = Some(words.into());
        self
    }

    /// The same with what to do next.
    #[must_use]
    pub fn next(mut self, next: impl Into<String>) -> Self {
        self.problem.next = Some(next.into());
        self
    }

    /// All of it in one text, for places that have no room for its parts.
    pub(crate) fn told(&self) -> String {
        let problem = &self.problem;
        let mut text = problem.what.clone();
        if let Some(words) = &problem.words {
            text = format!("{text}: {words}");
        }
        match &problem.next {
            Some(next) if text.ends_with(['.', '!', '?']) => format!("{text} {next}"),
            Some(next) => format!("{text}. {next}"),
            None => text,
        }
    }

    /// A thing that is not (or no longer) there.
    pub fn not_found(what: &str) -> Self {
        Self::new(Kind::NotFound, format!("{what} is not there any more"))
            .next("Refresh the view and choose again.")
    }
}

impl From<store::StoreError> for Error {
    fn from(error: store::StoreError) -> Self {
        Self::new(
            Kind::Internal,
            "RedFlag's own database did not take the change",
        )
        .words(error.to_string())
        .next("Check the free space and the permissions of the data folder, then try again.")
    }
}

impl From<tls::Error> for Error {
    fn from(error: tls::Error) -> Self {
        Self::new(Kind::Internal, "A certificate could not be made or read")
            .words(error.to_string())
    }
}

impl From<store::VaultError> for Error {
    fn from(error: store::VaultError) -> Self {
        use store::VaultError as V;
        let kind = match &error {
            V::Locked | V::KeyringUnavailable { .. } => Kind::Locked,
            V::WrongPassphrase => Kind::Refused,
            V::PassphraseTooShort { .. } => Kind::BadInput,
            V::NoPassphrase => Kind::Conflict,
            _ => Kind::Internal,
        };
        Self::new(kind, error.to_string())
    }
}
