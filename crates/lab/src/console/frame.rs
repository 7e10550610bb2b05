//! What a client of termproxy sends, taken apart. Pure.

/// One message of a client.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Frame {
    Data(Vec<u8>),
    Resize(u16, u16),
    Alive,
}

/// Collects bytes until messages are whole.
#[derive(Debug, Default)]
pub(super) struct Frames(Vec<u8>);

impl Frames {
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// The first line, `user:ticket`; none before it is whole.
    pub(super) fn line(&mut self) -> Option<String> {
        let end = self.0.iter().position(|b| *b == b'\n')?;
        let line: Vec<u8> = self.0.drain(..=end).collect();
        Some(String::from_utf8_lossy(&line[..end]).into_owned())
    }

    /// The next whole message; what is none is dropped byte by byte, as the real one does.
    pub(super) fn next(&mut self) -> Option<Frame> {
        loop {
            match self.0.first()? {
                b'2' => {
                    self.0.remove(0);
                    return Some(Frame::Alive);
                }
                b'1' => {
                    let (columns, at) = self.number(2)?;
                    let (rows, at) = self.number(at)?;
                    self.0.drain(..at);
                    let size = |n: usize| u16::try_from(n).unwrap_or(u16::MAX);
                    return Some(Frame::Resize(size(columns), size(rows)));
                }
                b'0' => {
                    let (length, at) = self.number(2)?;
                    if self.0.len() < at + length {
                        return None;
                    }
                    let data = self.0.drain(..at + length).skip(at).collect();
                    return Some(Frame::Data(data));
                }
                _ => {
                    self.0.remove(0);
                }
            }
        }
    }

    /// A number from `at` on, and where its colon ends; what is no number counts as nothing.
    fn number(&self, at: usize) -> Option<(usize, usize)> {
        let rest = self.0.get(at..)?;
        let end = rest.iter().position(|b| *b == b':')?;
        let text = std::str::from_utf8(&rest[..end]).unwrap_or_default();
        Some((text.parse().unwrap_or(0), at + end + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::{Frame, Frames};

    #[test]
    fn messages_are_whole_whatever_the_pieces_are() {
        let text = b"a@pve!b:PVEVNC:1::x\n1:200:50:0:3:ls\n20:4:\xc3\xa9\x1b\n";
        for size in 1..text.len() {
            let mut frames = Frames::default();
            let (mut line, mut seen) = (None, Vec::new());
            for piece in text.chunks(size) {
                frames.push(piece);
                if line.is_none() {
                    line = frames.line();
                }
                while line.is_some() {
                    let Some(frame) = frames.next() else { break };
                    seen.push(frame);
                }
            }
            assert_eq!(line.as_deref(), Some("a@pve!b:PVEVNC:1::x"));
            assert_eq!(
                seen,
                [
                    Frame::Resize(200, 50),
                    Frame::Data(b"ls\n".to_vec()),
                    Frame::Alive,
                    Frame::Data(b"\xc3\xa9\x1b\n".to_vec()),
                ]
            );
        }
    }
}
