//! The lines that an administrator runs on a node to let RedFlag in with less than root's key.
//!
//! Each text is complete: nothing in it is fetched from anywhere, and what it allows can be read off it.

/// Where the wrapper lies.
pub const WRAPPER_PATH: &str = "/usr/local/sbin/redflag-enter";
/// Where sudo's rule lies.
pub const SUDOERS_PATH: &str = "/etc/sudoers.d/redflag";

/// The account's name or the key cannot stand in a command.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SetupError {
    #[error("{0:?} is not a name that useradd takes")]
    User(String),
    #[error("that is no public key line")]
    Key,
}

/// A set-up: what goes where, and the lines that put it there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setup {
    /// Path and content of each file that it makes.
    pub files: Vec<(String, String)>,
    /// To be run as root, in this order, on every node that is to be entered.
    pub commands: Vec<String>,
}

/// The rule that lets `user` run one command as root and no other, without a password.
///
/// sudo's `*` also matches blanks, and with them further arguments; so the digits of a VMID (three to nine) are
/// written out.
pub fn sudoers(user: &str) -> Result<String, SetupError> {
    check_user(user)?;
    let mut lines = String::from(
        "# RedFlag enters LXC guests of this node; pct's other commands would be root on the node itself.\n\
         Cmnd_Alias REDFLAG_ENTER = \\\n",
    );
    for digits in 3..=9 {
        let rest = "[0-9]".repeat(digits - 1);
        let end = if digits == 9 { "" } else { ", \\" };
        lines.push_str(&format!(
            "    /usr/sbin/pct exec [1-9]{rest} -- /bin/sh -s{end}\n"
        ));
    }
    lines.push_str(&format!("{user} ALL=(root) NOPASSWD: REDFLAG_ENTER\n"));
    Ok(lines)
}

/// Root's account, with a key that may do all that root may.
///
/// # Errors
/// [`SetupError::Key`].
pub fn root_setup(public_line: &str) -> Result<Setup, SetupError> {
    let key = check_key(public_line)?;
    Ok(Setup {
        commands: vec![format!(
            "mkdir -p -m 700 ~/.ssh && echo '{key}' >>~/.ssh/authorized_keys"
        )],
        files: Vec::new(),
    })
}

/// An account of its own that may enter guests and nothing else.
///
/// # Errors
/// [`SetupError`] where a name or key could become another command.
pub fn sudo_setup(user: &str, public_line: &str) -> Result<Setup, SetupError> {
    let rule = sudoers(user)?;
    let key = check_key(public_line)?;
    Ok(Setup {
        commands: vec![
            "command -v sudo >/dev/null || apt-get install -y sudo".into(),
            format!("id {user} >/dev/null 2>&1 || useradd --create-home --shell /bin/sh {user}"),
            format!("install -d -m 0700 -o {user} -g {user} /home/{user}/.ssh"),
            format!("printf '%s\\n' '{key}' >>/home/{user}/.ssh/authorized_keys"),
            format!("chown {user}: /home/{user}/.ssh/authorized_keys"),
            format!("cat >{SUDOERS_PATH} <<'RULE'\n{rule}RULE"),
            format!("chmod 0440 {SUDOERS_PATH} && visudo -cf {SUDOERS_PATH}"),
        ],
        files: vec![(SUDOERS_PATH.into(), rule)],
    })
}

/// The program that a forced command runs: it takes `exec VMID`, and a script on standard input.
pub const WRAPPER: &str = r#"#!/bin/sh
# RedFlag's way into the LXC guests of this node: `exec VMID` with a script on standard input, and nothing else.
PATH=/usr/sbin:/usr/bin:/sbin:/bin
export PATH
set -f
set -- $SSH_ORIGINAL_COMMAND
if [ $# -eq 2 ] && [ "$1" = exec ] && [ "${#2}" -ge 3 ] && [ "${#2}" -le 9 ]; then
  case $2 in
    0* | *[!0-9]*) ;;
    *) exec lxc-attach -n "$2" --clear-env -- /bin/sh -s ;;
  esac
fi
echo "redflag-enter: only exec VMID is allowed" >&2
exit 64
"#;

/// The line for root's `authorized_keys`: this key runs the wrapper and nothing else. On Proxmox the file is shared by
/// the cluster's nodes, so that the wrapper must be on each of them.
///
/// # Errors
/// [`SetupError::Key`].
pub fn wrapper_line(public_line: &str) -> Result<String, SetupError> {
    let key = check_key(public_line)?;
    Ok(format!("restrict,command=\"{WRAPPER_PATH}\" {key}"))
}

/// Root's account, but with a key that may do nothing but enter guests.
///
/// # Errors
/// [`SetupError::Key`].
pub fn wrapper_setup(public_line: &str) -> Result<Setup, SetupError> {
    let line = wrapper_line(public_line)?;
    Ok(Setup {
        commands: vec![
            format!("cat >{WRAPPER_PATH} <<'WRAPPER'\n{WRAPPER}WRAPPER"),
            format!("chown root:root {WRAPPER_PATH} && chmod 0755 {WRAPPER_PATH}"),
            format!("printf '%s\\n' '{line}' >>/root/.ssh/authorized_keys"),
        ],
        files: vec![(WRAPPER_PATH.into(), WRAPPER.into())],
    })
}

fn check_user(user: &str) -> Result<(), SetupError> {
    let mut letters = user.bytes();
    let good = letters
        .next()
        .is_some_and(|b| b.is_ascii_lowercase() || b == b'_')
        && letters.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_-".contains(&b))
        && user.len() <= 32;
    if good {
        Ok(())
    } else {
        Err(SetupError::User(user.to_owned()))
    }
}

/// Type, key and a harmless comment: nothing in it ends a quoted word.
fn check_key(line: &str) -> Result<&str, SetupError> {
    let line = line.trim();
    let mut words = line.split(' ');
    let kind = words.next().unwrap_or_default();
    let blob = words.next().unwrap_or_default();
    let harmless = |b: u8| b.is_ascii_alphanumeric() || b" +/=@._-".contains(&b);
    let good = (kind.starts_with("ssh-") || kind.starts_with("ecdsa-"))
        && blob.starts_with("AAAA")
        && line.bytes().all(harmless);
    if good { Ok(line) } else { Err(SetupError::Key) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ redflag";

    #[test]
    fn sudo_allows_one_command_and_no_further_argument() {
        let rule = sudoers("redflag").expect("a name");
        assert_eq!(rule.matches("/usr/sbin/pct exec ").count(), 7);
        assert!(rule.contains("pct exec [1-9][0-9][0-9] -- /bin/sh -s, \\\n"));
        assert!(!rule.contains('*'), "a star matches blanks too: {rule}");
        assert!(rule.ends_with("redflag ALL=(root) NOPASSWD: REDFLAG_ENTER\n"));
    }

    #[test]
    fn names_and_keys_that_could_become_commands_are_refused() {
        for user in ["", "root; reboot", "Redflag", "-x", "a b", "$(id)"] {
            assert!(sudo_setup(user, KEY).is_err(), "{user}");
        }
        for key in [
            "",
            "ssh-ed25519",
            "ssh-ed25519 AAAA' x",
            "ssh-ed25519 AAAA\nx",
            "from=\"*\" AAAA",
        ] {
            assert_eq!(wrapper_setup(key), Err(SetupError::Key), "{key}");
            assert_eq!(root_setup(key), Err(SetupError::Key), "{key}");
        }
    }

    #[test]
    fn the_key_of_the_wrapper_can_do_nothing_else() {
        let line = wrapper_line(KEY).expect("a key");
        assert_eq!(
            line,
            format!("restrict,command=\"/usr/local/sbin/redflag-enter\" {KEY}")
        );
    }
}
