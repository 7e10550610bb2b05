//! The remote scripts and how they are framed on the shell's standard input.
//!
//! The whole body is one function, called in the last but one line: a shell whose input ends early has nothing to run.
//! The last line prints a marker with the exit status; without it the script is taken as not run.

use std::{fmt, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};

/// What RedFlag does on nodes and in guests before an agent answers; there is nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verb {
    /// The node's name: the first harmless command.
    Hostname,
    /// Which guests run on the node.
    Guests,
    /// What a guest is, and whether an agent is there.
    Probe,
    /// Put the agent's binary in place.
    Copy,
    /// Write the agent's bootstrap file.
    Configure,
    /// Let the agent set up its service.
    Install,
    /// Remove what only the installation needed.
    Clean,
    /// Start the agent's service again.
    Restart,
    /// Take the agent away with everything of it.
    Remove,
    /// Put RedFlag's key into the account's `authorized_keys`.
    RunKey,
    /// Ask many guests of the node the same, in a loop there.
    Many,
    /// Whether sudo's rule lets the account enter guests.
    Allowed,
    /// Let the agent try whether the desktop can be reached.
    Check,
    /// Try from the node whether the desktop can be reached.
    Knock,
    /// Carry the agent's connections; a pipe and no script.
    Carry,
}

impl Verb {
    /// The name in the script's first line and in the audit table.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hostname => "hostname",
            Self::Guests => "guests",
            Self::Probe => "probe",
            Self::Copy => "copy",
            Self::Configure => "configure",
            Self::Install => "install",
            Self::Clean => "clean",
            Self::Restart => "restart",
            Self::Remove => "remove",
            Self::RunKey => "run-key",
            Self::Many => "many",
            Self::Allowed => "allowed",
            Self::Check => "check",
            Self::Knock => "knock",
            Self::Carry => "carry",
        }
    }

    /// Whether its script needs nothing beside its own text, and is meant for guests.
    pub(crate) fn stands_alone(self) -> bool {
        match self {
            Self::Hostname
            | Self::Probe
            | Self::Install
            | Self::Clean
            | Self::Restart
            | Self::Remove
            | Self::Check => true,
            Self::Guests
            | Self::Copy
            | Self::Configure
            | Self::RunKey
            | Self::Many
            | Self::Allowed
            | Self::Knock
            | Self::Carry => false,
        }
    }

    /// How long it may take, from opening the channel to the last line.
    pub(crate) fn limit(self) -> Duration {
        Duration::from_secs(match self {
            Self::Hostname | Self::Allowed => 10,
            Self::Guests | Self::Probe | Self::Configure | Self::RunKey => 20,
            Self::Clean
            | Self::Restart
            | Self::Remove
            | Self::Check
            | Self::Knock
            | Self::Carry => 60,
            Self::Install => 90,
            Self::Copy => 180,
            // Depends on how many; whoever loops sets another.
            Self::Many => 600,
        })
    }

    fn body(self) -> &'static str {
        match self {
            Self::Hostname => include_str!("scripts/hostname.sh"),
            Self::Guests => include_str!("scripts/guests.sh"),
            Self::Probe => include_str!("scripts/probe.sh"),
            Self::Copy => include_str!("scripts/copy.sh"),
            Self::Configure => include_str!("scripts/configure.sh"),
            Self::Install => include_str!("scripts/install.sh"),
            Self::Clean => include_str!("scripts/clean.sh"),
            Self::Restart => include_str!("scripts/restart.sh"),
            Self::Remove => include_str!("scripts/remove.sh"),
            Self::RunKey => include_str!("scripts/run-key.sh"),
            Self::Many => include_str!("scripts/many.sh"),
            Self::Allowed => include_str!("scripts/allowed.sh"),
            Self::Check => include_str!("scripts/check.sh"),
            Self::Knock => include_str!("scripts/knock.sh"),
            Self::Carry => "",
        }
    }

    /// Guests are entered with an empty environment, nodes keep the account's own.
    fn environment(self) -> &'static str {
        match self {
            Self::Hostname
            | Self::Guests
            | Self::RunKey
            | Self::Many
            | Self::Allowed
            | Self::Knock => "LC_ALL=C\nexport LC_ALL\n",
            Self::Probe
            | Self::Copy
            | Self::Configure
            | Self::Install
            | Self::Clean
            | Self::Restart
            | Self::Remove
            | Self::Check
            | Self::Carry => {
                "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\nHOME=/root\nLC_ALL=C\nexport PATH HOME LC_ALL\ncd /\n"
            }
        }
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a script is given beside its constant text.
pub(crate) enum Payload<'a> {
    None,
    /// Text that `payload` prints as it is.
    Text(&'a str),
    /// Bytes that `payload` prints; base64 on the way.
    Bytes(&'a [u8]),
    /// Bytes that lie in a file of the guest already, compressed or not.
    Staged {
        path: &'a str,
        compressed: bool,
    },
}

/// Bytes of base64 per line: short enough for every decoder, long enough to cost nothing.
const LINE: usize = 120;

/// Frames the script of `verb`: `values` become shell variables, `payload` the output of a function of that name.
///
/// A here-document carries the payload because the shell reads its script from the same input: a command that read the
/// payload itself would depend on how far that shell reads ahead, which differs between dash, bash and BusyBox.
///
/// # Errors
/// The name of the value that holds anything but printable ASCII without quotes.
pub(crate) fn frame(
    verb: Verb,
    nonce: &str,
    values: &[(&'static str, &str)],
    payload: &Payload<'_>,
) -> Result<Vec<u8>, &'static str> {
    let room = match payload {
        Payload::None | Payload::Staged { .. } => 0,
        Payload::Text(text) => text.len(),
        Payload::Bytes(bytes) => bytes.len() * 4 / 3 + bytes.len() / 60,
    };
    let mut script = String::with_capacity(room + 8192);
    script.push_str(&format!(
        "# redflag {verb}\nprintf '@@redflag:{nonce}:begin\\n'\n"
    ));
    script.push_str(verb.environment());
    for (name, value) in values {
        let harmless = value
            .bytes()
            .all(|b| matches!(b, b' '..=b'~') && b != b'\'');
        if !harmless {
            return Err(name);
        }
        script.push_str(&format!("{name}='{value}'\n"));
    }
    match payload {
        Payload::None => {}
        Payload::Text(text) => {
            script.push_str(&format!("payload() {{\ncat <<'@@payload:{nonce}'\n"));
            script.push_str(text);
            script.push_str(&format!("\n@@payload:{nonce}\n}}\n"));
        }
        Payload::Bytes(bytes) => {
            script.push_str(&format!("payload() {{\nbase64 -d <<'@@payload:{nonce}'\n"));
            for chunk in bytes.chunks(LINE / 4 * 3) {
                STANDARD.encode_string(chunk, &mut script);
                script.push('\n');
            }
            script.push_str(&format!("@@payload:{nonce}\n}}\n"));
        }
        Payload::Staged { path, compressed } => {
            let program = if *compressed { "gzip -dc" } else { "cat" };
            script.push_str(&format!("payload() {{\n{program} <'{path}'\n}}\n"));
        }
    }
    script.push_str("redflag() {\n");
    script.push_str(verb.body());
    script.push_str(&format!(
        "}}\nredflag </dev/null\nprintf '\\n@@redflag:{nonce}:%s\\n' \"$?\"\n"
    ));
    Ok(script.into_bytes())
}
