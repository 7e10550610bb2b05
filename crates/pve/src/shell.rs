//! Text of others in a line that people paste into a shell.

/// In single quotes, out of which it cannot break.
pub(crate) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// As it is where it means nothing to a shell, else in quotes.
pub(crate) fn quoted_if_needed(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"@._-".contains(&b);
    match !text.is_empty() && text.bytes().all(plain) {
        true => text.to_owned(),
        false => quoted(text),
    }
}
