//! Why a guest's console cannot be used now.

use std::fmt;

/// What Proxmox connects a guest's console to (`cmode`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConsoleMode {
    /// A terminal with a login prompt: Proxmox's default.
    Tty,
    /// `/dev/console`.
    Console,
    /// A shell of root without a password: the one that RedFlag can use.
    Shell,
}

impl ConsoleMode {
    /// As Proxmox's configuration writes it; none for a word that it does not know. Nothing set means `tty`.
    pub fn named(word: Option<&str>) -> Option<Self> {
        match word {
            None | Some("" | "tty") => Some(Self::Tty),
            Some("console") => Some(Self::Console),
            Some("shell") => Some(Self::Shell),
            Some(_) => None,
        }
    }

    /// Proxmox's word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Tty => "tty",
            Self::Console => "console",
            Self::Shell => "shell",
        }
    }
}

impl fmt::Display for ConsoleMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// Why nothing was run over a guest's console.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConsoleTrouble {
    /// `cmode` must become `shell`, and the guest must be started again for that.
    NeedsShell {
        /// In force now.
        present: ConsoleMode,
        /// `shell` is set already and waits for the next start.
        waiting: bool,
    },
    /// The terminal is shared, and something else is on it; nothing was typed, or nothing more than one line.
    Foreign {
        /// The last lines on the screen.
        shown: String,
    },
    /// A login prompt stands there although `cmode` is `shell`: an older session of the console is still open.
    Login,
    /// The node's packages do not let API tokens onto consoles.
    TooOld {
        /// Which package, in which version, and from which on it works.
        words: String,
    },
    /// Proxmox refuses: privilege and path, or its words.
    Forbidden { words: String },
    /// Something is going on with the guest: `backup`, `migrate`, …
    Locked { lock: String },
    /// The API or its websocket cannot be reached, or broke off before anything was typed.
    Unreachable { words: String },
}

impl ConsoleTrouble {
    /// What to do next, for people.
    pub fn next(&self) -> &'static str {
        match self {
            Self::NeedsShell { waiting: false, .. } => {
                "Let RedFlag set the console to `shell` and restart the LXC; it is set back afterwards. Or use SSH."
            }
            Self::NeedsShell { waiting: true, .. } => {
                "Restart the LXC: the setting takes effect with its next start."
            }
            Self::Foreign { .. } => {
                "Open the LXC's console in Proxmox, end what runs there and leave the shell with exit; then try again."
            }
            Self::Login => {
                "Close the LXC's console wherever it is open in Proxmox, then try again; or restart the LXC."
            }
            Self::TooOld { .. } => {
                "Update the node's packages, or use SSH or the pasted command instead."
            }
            Self::Forbidden { .. } => "Give the API token VM.Console on the LXC, or use SSH.",
            Self::Locked { .. } => "Wait until that has ended, then try again.",
            Self::Unreachable { .. } => "Check that the node answers, then try again.",
        }
    }

    /// The remote's own words, where it gave any.
    pub fn words(&self) -> Option<&str> {
        match self {
            Self::Foreign { shown } => Some(shown.as_str()),
            Self::TooOld { words } | Self::Forbidden { words } | Self::Unreachable { words } => {
                Some(words.as_str())
            }
            Self::NeedsShell { .. } | Self::Login | Self::Locked { .. } => None,
        }
        .filter(|words| !words.is_empty())
    }
}

impl fmt::Display for ConsoleTrouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NeedsShell {
                present,
                waiting: false,
            } => write!(
                f,
                "its console mode is `{present}`, RedFlag needs `shell` and a restart for it"
            ),
            Self::NeedsShell {
                present,
                waiting: true,
            } => write!(
                f,
                "its console mode is still `{present}`; `shell` waits for the next start"
            ),
            Self::Foreign { shown } => {
                write!(f, "another program is on its console: {shown}")
            }
            Self::Login => f.write_str("its console shows a login prompt of an older session"),
            Self::TooOld { words } => {
                write!(f, "this node lets no API token onto consoles: {words}")
            }
            Self::Forbidden { words } => write!(f, "its console may not be opened: {words}"),
            Self::Locked { lock } => write!(f, "it is locked ({lock})"),
            Self::Unreachable { words } => write!(f, "its console cannot be reached: {words}"),
        }
    }
}
