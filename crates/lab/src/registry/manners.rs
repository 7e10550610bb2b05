//! How a scripted registry behaves.

use std::time::Duration;

/// What it wants to know about who asks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Door {
    /// Nothing.
    #[default]
    Open,
    /// User and password with every call.
    Basic { user: String, password: String },
    /// A token of its token service, which gives one to everybody, or to the one user.
    Bearer { user: Option<(String, String)> },
}

/// What it does with every call for a manifest or a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Mood {
    #[default]
    Well,
    /// 429 with these headers.
    TooMany { headers: Vec<(String, String)> },
    /// This status with an error in the registry's form.
    Error { status: u16, message: String },
    /// A page for people.
    Page,
    /// Takes the call and says nothing.
    Silent,
    /// Sends everybody to another registry: scheme, host and port.
    Elsewhere { base: String },
}

/// How it behaves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manners {
    pub door: Door,
    pub mood: Mood,
    /// Before each answer.
    pub latency: Duration,
    /// Leaves `Docker-Content-Digest` away.
    pub no_digest: bool,
    /// Takes no HEAD: this status.
    pub no_head: Option<u16>,
    /// Leaves the media type away.
    pub no_type: bool,
    /// With every answer.
    pub headers: Vec<(String, String)>,
    /// Tags of one page of a list; none for all.
    pub page: Option<usize>,
    /// Forgets all tokens after so many uses of each.
    pub token_uses: Option<u32>,
}
