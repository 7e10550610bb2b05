//! Bytes as lines that a terminal takes: base64, short enough for its line buffer, ended by a line of another kind.
//!
//! A terminal that collects lines holds 4095 bytes of one and drops the rest; base64 holds none of the bytes that mean
//! something to it. The reader inside ends at the first line that is not base64: the full stop here, or, where a visit
//! was cut off, whatever is typed next.

use base64::{Engine as _, engine::general_purpose::STANDARD};

/// Characters of one line.
const LINE: usize = 1_000;
/// Bytes of one piece, that is of one message and one answer: 24,000 characters.
pub(crate) const PIECE: usize = 18_000;

/// A command line, the bytes as lines, and the end: one message.
pub(crate) fn message(command: &str, bytes: &[u8]) -> Vec<u8> {
    let mut text = String::with_capacity(bytes.len() / 3 * 4 + bytes.len() / 700 + 64);
    text.push_str(command);
    text.push('\n');
    for chunk in bytes.chunks(LINE / 4 * 3) {
        STANDARD.encode_string(chunk, &mut text);
        text.push('\n');
    }
    text.push_str(".\n");
    text.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_fits_a_terminal_and_holds_nothing_that_means_something_to_it() {
        let bytes: Vec<u8> = (0..=u8::MAX).cycle().take(PIECE).collect();
        let text = String::from_utf8(message("take 7", &bytes)).expect("text");
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!((lines.first(), lines.last()), (Some(&"take 7"), Some(&".")));
        let body = &lines[1..lines.len() - 1];
        assert!(
            body.iter()
                .all(|line| line.len() <= LINE && !line.is_empty())
        );
        let together: Vec<u8> = body
            .iter()
            .flat_map(|line| STANDARD.decode(line).expect("each line stands alone"))
            .collect();
        assert_eq!(together, bytes);
        assert_eq!(message("x", b""), b"x\n.\n");
    }
}
