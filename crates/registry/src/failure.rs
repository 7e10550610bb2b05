//! Why a registry gave no answer to a question.

use std::time::Duration;

/// Never "up to date": each says what is known and in whose words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// No such repository or tag, in the registry's words.
    #[error("the registry has it no more: {words}")]
    Gone { words: String },
    /// It wants credentials, or refused those that it was shown.
    #[error("the registry gives no access: {words}")]
    NoAccess { words: String },
    /// Too many questions. Nothing is asked before `after` is over.
    #[error("the registry allows no more questions for now: {words}")]
    RateLimited { after: Duration, words: String },
    /// It answered with an error of its own.
    #[error("the registry answered with an error: {words}")]
    Broken { words: String },
    /// It could not be reached, or did not answer in time.
    #[error("the registry cannot be reached: {words}")]
    Unreachable { words: String },
    /// It answered what no registry answers.
    #[error("the registry's answer makes no sense: {words}")]
    Nonsense { words: String },
    /// It failed so often in a row that it is left alone for a while.
    #[error("the registry is left alone for {} s, because it failed again and again: {words}", after.as_secs())]
    Resting { after: Duration, words: String },
}

impl Failure {
    /// Whether it tells something about the registry as a whole and not about this question.
    pub fn is_of_the_registry(&self) -> bool {
        match self {
            Self::RateLimited { .. }
            | Self::Broken { .. }
            | Self::Unreachable { .. }
            | Self::Nonsense { .. }
            | Self::Resting { .. } => true,
            Self::Gone { .. } | Self::NoAccess { .. } => false,
        }
    }
}
