//! What the agent reads of its guest beside packages. Everything here is best effort: what cannot be read is left
//! out, never guessed.

pub mod addresses;
#[doc(hidden)]
pub mod fuzzing;
pub mod host;
pub mod leftovers;
pub mod machine;
pub mod restarts;
pub mod services;
