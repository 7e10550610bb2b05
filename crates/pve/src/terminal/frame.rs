//! What goes to termproxy, byte by byte, and the word by which it lets one in. Pure.

/// A sign of life; nothing is sent back.
pub(crate) const ALIVE: &[u8] = b"2";
/// What termproxy answers to a good ticket, before the terminal's own bytes.
const WORD: &[u8] = b"OK";

/// The first line: who, and by which ticket. The other side splits it at the first colon.
pub(crate) fn login(user: &str, ticket: &str) -> Vec<u8> {
    format!("{user}:{ticket}\n").into_bytes()
}

/// Bytes to be typed: their number, then the bytes.
pub(crate) fn data(bytes: &[u8]) -> Vec<u8> {
    let mut frame = format!("0:{}:", bytes.len()).into_bytes();
    frame.extend_from_slice(bytes);
    frame
}

/// The size of the screen.
pub(crate) fn resize(columns: u16, rows: u16) -> Vec<u8> {
    format!("1:{columns}:{rows}:").into_bytes()
}

/// The answer to the first line, as it comes in pieces.
#[derive(Debug, Default)]
pub(crate) struct Greeting(Vec<u8>);

impl Greeting {
    /// Takes a piece. Some(Ok) with what follows the word; Some(Err) when it is another word; none when more must
    /// come.
    pub(crate) fn take(&mut self, piece: &[u8]) -> Option<Result<Vec<u8>, ()>> {
        self.0.extend_from_slice(piece);
        if let Some(rest) = self.0.strip_prefix(WORD) {
            return Some(Ok(rest.to_vec()));
        }
        (!WORD.starts_with(&self.0)).then_some(Err(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_counted_not_characters() {
        assert_eq!(data("é\n".as_bytes()), "0:3:é\n".as_bytes());
        assert_eq!(resize(200, 50), b"1:200:50:");
        assert_eq!(login("a@pve!b", "PVEVNC:1::x="), b"a@pve!b:PVEVNC:1::x=\n");
    }

    #[test]
    fn the_word_may_come_in_pieces_or_with_the_screen() {
        let mut greeting = Greeting::default();
        assert_eq!(greeting.take(b""), None);
        assert_eq!(greeting.take(b"O"), None);
        assert_eq!(greeting.take(b"K\x1b[H"), Some(Ok(b"\x1b[H".to_vec())));
        assert_eq!(Greeting::default().take(b"ERR"), Some(Err(())));
    }
}
