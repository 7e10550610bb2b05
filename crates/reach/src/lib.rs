//! The ways into guests before an agent answers: SSH to their node and there `lxc-attach`, or their consoles through
//! Proxmox's API. [`Reach`] is whichever it is.
//!
//! Every remote script is a constant of this crate (`scripts/`); what varies travels on its standard input, so that no
//! secret and no foreign text ever becomes part of a command line. Whoever breaks that gives each guest's name or each
//! file's content a chance to become a command on the node.
//!
//! What the scripts print between their markers, `name=value` a line where there is a name, for whoever answers in a
//! node's stead:
//!
//! | Verb | Lines |
//! |---|---|
//! | hostname | the name |
//! | guests | one VMID a line |
//! | probe | `arch=x86_64` `init=systemd\|openrc\|none` `os=debian` `uid=0` `free=BYTES`; with an agent `agent=VERSION` `configured=yes\|no` |
//! | copy | `copied=yes\|no` `sha256=HEX`; the script's own `expected='HEX'` says which |
//! | configure | nothing |
//! | install | what the agent says |
//! | clean | `enrolled=yes\|no` |
//! | restart, remove | what the agent says |
//! | run-key | `added=yes\|no` |
//! | check, knock | `way=ENDPOINT WORD[ words]`, WORD of [`Knock`]: `answers` `refused` `silent` `no-route` `foreign` |
//! | carry | no markers: what `redflag-agent stdio` says |
//! | many | `@@guest:KEY:VMID:begin`, what the guest's shell wrote, `@@guest:KEY:VMID:STATUS` |

mod address;
mod carried;
mod connection;
mod console;
mod credential;
mod entry;
mod error;
#[doc(hidden)]
pub mod fuzzing;
mod guest;
mod identity;
mod knock;
mod log;
mod login;
mod many;
mod node;
mod output;
pub mod paste;
mod probe;
mod reach;
pub mod roads;
mod run;
mod script;
pub mod setup;
pub mod ssh_config;
mod via;

pub use address::NodeAddress;
pub use console::{ApiConsole, ConsoleMode, ConsoleState, ConsoleTrouble, Consoles, Terminal};
pub use credential::{Credential, IdentityFileError};
pub use entry::Entry;
pub use error::{Place, ReachError};
pub use guest::Copied;
pub use identity::{InvalidKey, generate_key, install_key, probe_host_key};
pub use knock::{Knock, Knocked};
pub use log::{CommandLog, CommandRecord};
pub use node::{Door, Entered, SshNode};
pub use probe::{GuestProbe, Init, InstalledAgent, Standing};
pub use reach::Reach;
pub use script::Verb;
pub use via::Via;
