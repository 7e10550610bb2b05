//! Where agents reach the desktop: one HTTP API behind mutual TLS.
//!
//! The gateway knows who speaks and what was said; what it means is the [`Inbox`]'s, which the engine is.

mod carried;
mod enrolments;
mod inbox;
mod listener;
mod paste;
mod places;
mod refusal;
mod router;

pub use carried::{CarriedError, serve_stream};
pub use inbox::Inbox;
pub use listener::{BindError, Gateway, Limits};
pub use refusal::status_of;
pub use router::{Peer, router};
