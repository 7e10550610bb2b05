//! Just enough HTTP/1.1 to write answers byte for byte as pveproxy does: its two `Connection` headers, its reason
//! phrases, its 401 without a length. A general server would correct what clients must bear.

use std::io;

use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// Largest sum of header bytes, and number of header lines.
const HEAD_LIMIT: usize = 8 * 1024;
const HEADER_LINES: usize = 64;
/// Largest body in bytes.
const BODY_LIMIT: usize = 512 * 1024;

/// One request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// Path and query as they stood in the request line.
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// Why a request could not be read.
#[derive(Debug)]
pub(crate) enum Unreadable {
    /// The connection ended between two requests, as it may.
    Ended,
    /// An answer with this status and reason, then the end.
    Refuse(u16, &'static str),
    Io,
}

impl From<io::Error> for Unreadable {
    fn from(_: io::Error) -> Self {
        Self::Io
    }
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, v)| v.as_str())
    }

    /// Reads one request.
    pub(crate) async fn read(stream: &mut (impl AsyncBufRead + Unpin)) -> Result<Self, Unreadable> {
        let mut left = HEAD_LIMIT;
        let first = match line(stream, &mut left).await? {
            Some(line) if !line.is_empty() => line,
            _ => return Err(Unreadable::Ended),
        };
        let mut words = first.split(' ');
        let (Some(method), Some(target), Some(version), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return Err(Unreadable::Refuse(400, "bad request"));
        };
        if !version.starts_with("HTTP/1.") {
            return Err(Unreadable::Refuse(400, "bad request"));
        }
        let mut request = Self {
            method: method.to_owned(),
            target: target.to_owned(),
            ..Self::default()
        };
        loop {
            let Some(text) = line(stream, &mut left).await? else {
                return Err(Unreadable::Io);
            };
            if text.is_empty() {
                break;
            }
            if request.headers.len() >= HEADER_LINES {
                return Err(Unreadable::Refuse(506, "too many http header lines"));
            }
            let Some((name, value)) = text.split_once(':') else {
                return Err(Unreadable::Refuse(506, "unable to parse http header"));
            };
            request
                .headers
                .push((name.trim().to_owned(), value.trim().to_owned()));
        }
        request.read_body(stream).await?;
        Ok(request)
    }

    async fn read_body(
        &mut self,
        stream: &mut (impl AsyncBufRead + Unpin),
    ) -> Result<(), Unreadable> {
        if self.header("transfer-encoding").is_some() {
            return Err(Unreadable::Refuse(
                501,
                "chunked transfer encoding not supported",
            ));
        }
        let length: usize = match self.header("content-length") {
            None => 0,
            Some(text) => text
                .parse()
                .map_err(|_| Unreadable::Refuse(400, "bad content length"))?,
        };
        if length > BODY_LIMIT {
            return Err(Unreadable::Refuse(501, "for data too large"));
        }
        if length > 0 && ["GET", "DELETE", "HEAD"].contains(&self.method.as_str()) {
            return Err(Unreadable::Refuse(501, "Unexpected content"));
        }
        self.body = vec![0; length];
        stream.read_exact(&mut self.body).await?;
        Ok(())
    }
}

/// One line without its end; none at the end of the stream.
async fn line(
    stream: &mut (impl AsyncBufRead + Unpin),
    left: &mut usize,
) -> Result<Option<String>, Unreadable> {
    let mut bytes = Vec::new();
    // One byte more than allowed tells a line that is too long from one that just fits.
    let limit = u64::try_from(*left + 1).unwrap_or(u64::MAX);
    let read = stream.take(limit).read_until(b'\n', &mut bytes).await?;
    if read == 0 {
        return Ok(None);
    }
    if read > *left {
        return Err(Unreadable::Refuse(506, "http header too large"));
    }
    *left -= read;
    while matches!(bytes.last(), Some(b'\n' | b'\r')) {
        bytes.pop();
    }
    String::from_utf8(bytes)
        .map(Some)
        .map_err(|_| Unreadable::Refuse(400, "bad request"))
}

/// What happens to the connection, as the headers say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keep {
    Alive,
    /// A reply that pveproxy fetched from pvedaemon: both words, and the socket stays open.
    Both,
    Close,
}

/// One answer, ready to be written.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) reason: String,
    pub(crate) keep: Keep,
    /// None: neither body nor length, as for 401 and 595.
    pub(crate) body: Option<Vec<u8>>,
    pub(crate) content_type: &'static str,
    /// For a redirection.
    pub(crate) location: Option<String>,
}

impl Reply {
    /// An answer without a body, after which the connection ends.
    pub(crate) fn bare(status: u16, reason: &str) -> Self {
        Self {
            status,
            reason: reason.to_owned(),
            keep: Keep::Close,
            body: None,
            content_type: "application/json;charset=UTF-8",
            location: None,
        }
    }

    /// Status line and headers. `date` in the form of RFC 9110.
    pub(crate) fn head(&self, date: &str) -> String {
        let mut head = format!("HTTP/1.1 {} {}\r\n", self.status, self.reason);
        let mut header = |name: &str, value: &str| {
            head.push_str(name);
            head.push_str(": ");
            head.push_str(value);
            head.push_str("\r\n");
        };
        header("Cache-Control", "max-age=0");
        match self.keep {
            Keep::Alive => header("Connection", "Keep-Alive"),
            Keep::Both => {
                header("Connection", "close");
                header("Connection", "Keep-Alive");
            }
            Keep::Close => header("Connection", "close"),
        }
        header("Date", date);
        if let Some(location) = &self.location {
            header("Location", location);
        }
        header("Pragma", "no-cache");
        header("Server", "pve-api-daemon/3.0");
        if let Some(body) = &self.body {
            header("Content-Length", &body.len().to_string());
            header("Content-Type", self.content_type);
        }
        header("Expires", date);
        head.push_str("\r\n");
        head
    }

    /// Writes it whole.
    pub(crate) async fn write(
        &self,
        stream: &mut (impl AsyncWrite + Unpin),
        date: &str,
    ) -> io::Result<()> {
        let mut bytes = self.head(date).into_bytes();
        bytes.extend_from_slice(self.body.as_deref().unwrap_or_default());
        stream.write_all(&bytes).await?;
        stream.flush().await
    }
}

/// Now, as HTTP writes it: `Sun, 22 Nov 2026 20:30:08 GMT`.
pub(crate) fn date(seconds: i64) -> String {
    let format = time::macros::format_description!(
        "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
    );
    time::OffsetDateTime::from_unix_timestamp(seconds)
        .ok()
        .and_then(|t| t.format(format).ok())
        .unwrap_or_default()
}
