//! Text of others as one part of a path.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What may stand in a part of a path as it is.
const PART: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_');

/// Percent-encoded, so that no character of it ends the part.
pub(crate) fn encoded(part: &str) -> String {
    utf8_percent_encode(part, PART).to_string()
}
