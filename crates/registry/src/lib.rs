//! Image registries, asked with as little as possible: one `HEAD` an image where that is enough, tokens shared, answers
//! of other hosts never trusted with credentials, and a registry that refuses or hangs left alone for a while.
//!
//! Source of the calls: the OCI distribution specification and Docker's token authentication.

mod answer;
mod challenge;
mod checks;
mod circuit;
mod client;
mod credentials;
mod document;
mod failure;
pub mod fuzzing;
mod host;
mod logins;
mod quota;
mod request;
mod standing;
mod token;

pub use checks::{Checks, Freshness, Question};
pub use client::Registry;
pub use credentials::Credentials;
pub use failure::Failure;
pub use host::{Host, InvalidHost, Scheme};
pub use logins::{Login, logins};
pub use standing::Standing;
