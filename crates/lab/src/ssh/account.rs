//! Whom a key opens a node for, and what that account may run there.

use russh::keys::PublicKey;

use crate::world::Node;

/// The program that a bound key runs, by the end of its path.
const WRAPPER: &str = "redflag-enter\"";

/// What a login may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Account {
    #[default]
    Root,
    /// Root's, but by a key that may only enter guests.
    Bound,
    /// Another one, which sudo lets into guests.
    Sudo,
}

/// Type and key of a line; comments and options differ.
fn blob(key: &PublicKey) -> Option<String> {
    let line = key.to_openssh().ok()?;
    let blob = line.split(' ').nth(1).unwrap_or_default().to_owned();
    (!blob.is_empty()).then_some(blob)
}

/// Whether one of these lines holds the key.
pub(super) fn holds(lines: &[String], blob: &str) -> bool {
    line_of(lines, blob).is_some()
}

fn line_of<'a>(lines: &'a [String], blob: &str) -> Option<&'a str> {
    let mut fitting = lines
        .iter()
        .filter(|line| line.split(' ').any(|w| w == blob));
    fitting.next().map(String::as_str)
}

/// The account that a key opens; none where it opens nothing.
pub(super) fn opened(node: &Node, user: &str, key: &PublicKey) -> Option<Account> {
    let blob = blob(key)?;
    if user != "root" {
        let lines = node.accounts.get(user)?;
        return holds(lines, &blob).then_some(Account::Sudo);
    }
    let line = line_of(&node.authorized_keys, &blob)?;
    Some(match line.contains(WRAPPER) {
        true => Account::Bound,
        false => Account::Root,
    })
}
