//! The frames of `redflag-agent stdio`: several connections of an agent over one pair of pipes through a node, each of
//! them the same TLS as over the network. Only the agent opens connections; the desktop sees nothing of the guest that
//! it would not see over the network, and the node sees only TLS.

use thiserror::Error;

/// What the agent writes first. Whatever a node or a shell writes before it is passed over.
pub const HELLO: &[u8] = b"\0redflag-agent stdio 1\n";
/// How much may come before [`HELLO`], in bytes.
pub const NOISE_LIMIT: usize = 16 * 1024;
/// Length of a frame's header in bytes.
pub const HEADER: usize = 5;
/// The longest content of a frame, in bytes.
pub const LONGEST: usize = 32 * 1024;
/// Connections that may be open at once.
pub const CONNECTIONS: usize = 8;

/// The header of a frame. The first frame with data of a connection opens it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Counts up within a session.
    pub connection: u16,
    /// Bytes of content that follow; none ends the connection.
    pub length: u16,
}

/// What came is no frame: the stream cannot be followed any further.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("no frame of redflag-agent's: {0:02x?}")]
pub struct NoFrame([u8; HEADER]);

impl Frame {
    /// As it is sent.
    pub fn header(self) -> [u8; HEADER] {
        let [c1, c2] = self.connection.to_be_bytes();
        let [l1, l2] = self.length.to_be_bytes();
        [b'f', c1, c2, l1, l2]
    }

    /// As it came.
    ///
    /// # Errors
    /// When it is longer than allowed or is no frame at all.
    pub fn read(header: [u8; HEADER]) -> Result<Self, NoFrame> {
        let [mark, c1, c2, l1, l2] = header;
        let frame = Self {
            connection: u16::from_be_bytes([c1, c2]),
            length: u16::from_be_bytes([l1, l2]),
        };
        if mark == b'f' && usize::from(frame.length) <= LONGEST {
            Ok(frame)
        } else {
            Err(NoFrame(header))
        }
    }
}

/// Where the session begins within what has come so far: behind [`HELLO`].
pub fn begin(bytes: &[u8]) -> Option<usize> {
    let at = bytes.windows(HELLO.len()).position(|w| w == HELLO)?;
    Some(at + HELLO.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_read_as_it_was_sent_and_nothing_else_is_a_frame() {
        for (connection, length) in [(0, 0), (1, 5), (u16::MAX, 32 * 1024)] {
            let frame = Frame { connection, length };
            assert_eq!(Frame::read(frame.header()), Ok(frame));
        }
        assert!(Frame::read(*b"HTTP/").is_err());
        assert!(Frame::read([b'f', 0, 1, 0xff, 0xff]).is_err(), "too long");
    }

    #[test]
    fn what_a_shell_says_before_is_passed_over() {
        let mut bytes = b"Welcome to pve1!\n".to_vec();
        assert_eq!(begin(&bytes), None);
        bytes.extend_from_slice(HELLO);
        bytes.extend_from_slice(b"f");
        assert_eq!(begin(&bytes), Some(bytes.len() - 1));
    }
}
