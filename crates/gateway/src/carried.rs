//! The second carrier: agents whose guests cannot open a connection to the desktop come through their node, as the
//! standard input and output of `redflag-agent stdio`. Each of the session's connections is served as one of the
//! port's, with the same TLS and the same certificates.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    io,
    net::IpAddr,
    sync::Arc,
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadHalf, WriteHalf},
    sync::mpsc,
    task::JoinSet,
    time::timeout,
};
use tokio_util::sync::CancellationToken;
use wire::carried::{self, CONNECTIONS, Frame, HEADER, LONGEST, NOISE_LIMIT, NoFrame};

use crate::{Inbox, Limits, listener::Port};

/// How long an agent may take to begin.
const BEGIN: Duration = Duration::from_secs(30);
/// Between a connection and the pipes, in bytes.
const BUFFER: usize = 2 * LONGEST;

/// Why a session through a node ended early.
#[derive(Debug, thiserror::Error)]
pub enum CarriedError {
    /// What came was no agent: the words of the node, the shell or an older agent.
    #[error("no agent answered through the node: {0}")]
    NoAgent(String),
    #[error("the connection through the node was lost: {0}")]
    Lost(#[from] io::Error),
    #[error(transparent)]
    NoFrame(#[from] NoFrame),
}

/// Serves an agent over `stream`, the output and the input of its `redflag-agent stdio`, until that ends or `stop` is
/// cancelled. `peer` is the guest's node, for the log.
///
/// # Errors
/// When it is no agent that answers, or the stream breaks off in the middle; an ordinary end is no error.
pub async fn serve_stream<I: Inbox>(
    stream: impl AsyncRead + AsyncWrite + Send + 'static,
    peer: IpAddr,
    config: Arc<rustls::ServerConfig>,
    inbox: Arc<I>,
    stop: CancellationToken,
) -> Result<(), CarriedError> {
    let port = Arc::new(Port::new(Limits::default(), config, inbox, stop.clone()));
    let (mut reading, writing) = tokio::io::split(stream);
    let rest = timeout(BEGIN, hello(&mut reading))
        .await
        .unwrap_or_else(|_| Err(CarriedError::NoAgent("nothing came".into())))?;
    let (send, frames) = mpsc::channel(CONNECTIONS);
    let mut session = Session {
        port,
        peer,
        send,
        open: BTreeMap::new(),
        tasks: JoinSet::new(),
    };
    let writer = write(writing, frames);
    tokio::select! {
        ended = session.read(rest.as_slice().chain(reading)) => ended,
        ended = writer => Ok(ended?),
        () = stop.cancelled() => Ok(()),
    }
}

/// Reads up to the agent's first words; gives what came behind them.
async fn hello(reading: &mut (impl AsyncRead + Unpin)) -> Result<Vec<u8>, CarriedError> {
    let mut bytes = Vec::new();
    loop {
        let mut piece = [0; 1024];
        let count = reading.read(&mut piece).await?;
        bytes.extend_from_slice(piece.get(..count).unwrap_or_default());
        if let Some(begin) = carried::begin(&bytes) {
            return Ok(bytes.split_off(begin));
        }
        if count == 0 || bytes.len() > NOISE_LIMIT {
            let words = String::from_utf8_lossy(&bytes);
            let words: String = words.trim().chars().take(300).collect();
            return Err(CarriedError::NoAgent(words));
        }
    }
}

/// A connection's number and what it says; nothing when it has ended.
type Piece = (u16, Vec<u8>);

struct Session {
    port: Arc<Port>,
    peer: IpAddr,
    send: mpsc::Sender<Piece>,
    open: BTreeMap<u16, WriteHalf<DuplexStream>>,
    tasks: JoinSet<()>,
}

impl Session {
    async fn read(&mut self, mut reading: impl AsyncRead + Unpin) -> Result<(), CarriedError> {
        loop {
            let mut header = [0; HEADER];
            match reading.read_exact(&mut header).await {
                Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
                other => other?,
            };
            let frame = Frame::read(header)?;
            let mut content = vec![0; usize::from(frame.length)];
            reading.read_exact(&mut content).await?;
            if content.is_empty() {
                if let Some(mut ended) = self.open.remove(&frame.connection) {
                    let _ = ended.shutdown().await;
                }
                continue;
            }
            let Some(connection) = self.connection(frame.connection) else {
                let _ = self.send.send((frame.connection, Vec::new())).await;
                continue;
            };
            // One that has ended on our side has told so; what still comes for it is nobody's.
            if connection.write_all(&content).await.is_err() {
                self.open.remove(&frame.connection);
            }
        }
    }

    /// The connection of that number, opened if it is new; none when there are too many.
    fn connection(&mut self, number: u16) -> Option<&mut WriteHalf<DuplexStream>> {
        let full = self.open.len() >= CONNECTIONS;
        match self.open.entry(number) {
            Entry::Occupied(known) => Some(known.into_mut()),
            Entry::Vacant(_) if full => None,
            Entry::Vacant(place) => {
                let (ours, theirs) = tokio::io::duplex(BUFFER);
                let (reading, writing) = tokio::io::split(ours);
                let (port, peer) = (self.port.clone(), self.peer);
                self.tasks
                    .spawn(async move { port.attend(theirs, peer).await });
                self.tasks.spawn(say(number, reading, self.send.clone()));
                while self.tasks.try_join_next().is_some() {}
                Some(place.insert(writing))
            }
        }
    }
}

/// Passes on what one connection says, to its end.
async fn say(number: u16, mut reading: ReadHalf<DuplexStream>, send: mpsc::Sender<Piece>) {
    let mut buffer = vec![0; LONGEST];
    loop {
        let count = reading.read(&mut buffer).await.unwrap_or(0);
        let piece = buffer.get(..count).unwrap_or_default().to_vec();
        if send.send((number, piece)).await.is_err() || count == 0 {
            return;
        }
    }
}

async fn write(
    mut writing: impl AsyncWrite + Unpin,
    mut frames: mpsc::Receiver<Piece>,
) -> io::Result<()> {
    while let Some((connection, content)) = frames.recv().await {
        let length = u16::try_from(content.len()).map_err(io::Error::other)?;
        writing
            .write_all(&Frame { connection, length }.header())
            .await?;
        writing.write_all(&content).await?;
        writing.flush().await?;
    }
    Ok(())
}
