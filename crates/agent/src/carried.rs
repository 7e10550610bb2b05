//! `redflag-agent stdio`: brings connections from standard input and output to the running agent. It understands
//! nothing of what they carry.
//!
//! One connection to the agent's socket is always spare. When the agent speaks on it, it becomes a connection of the
//! session, and another one is made.

use std::{
    collections::BTreeMap,
    io,
    path::Path,
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{
        UnixStream,
        unix::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::mpsc,
    time::sleep,
};
use wire::carried::{CONNECTIONS, Frame, HEADER, HELLO, LONGEST, NoFrame};

/// How long the agent may be away, as while it is being replaced.
const AWAY: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_millis(100);

/// Why a session ended early.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    #[error("the agent does not run: {0}")]
    NoAgent(io::Error),
    #[error("the session broke off: {0}")]
    Lost(#[from] io::Error),
    #[error(transparent)]
    NoFrame(#[from] NoFrame),
}

/// Whether a running agent takes connections there.
pub async fn is_answered(socket: &Path) -> bool {
    UnixStream::connect(socket).await.is_ok()
}

/// What happens in a session.
enum Event {
    /// From the desktop: for a connection; nothing ends it.
    Came(u16, Vec<u8>),
    /// From the agent, the same.
    Said(u16, Vec<u8>),
    Ended(Result<(), SessionError>),
}

/// Carries connections until `input` ends.
pub async fn run(
    socket: &Path,
    input: impl AsyncRead + Unpin + Send + 'static,
    mut output: impl AsyncWrite + Unpin,
) -> Result<(), SessionError> {
    output.write_all(HELLO).await?;
    output.flush().await?;
    let (send, mut events) = mpsc::channel(CONNECTIONS);
    let reader = send.clone();
    tokio::spawn(async move {
        let ended = read(input, &reader).await;
        let _ = reader.send(Event::Ended(ended)).await;
    });
    let mut open: BTreeMap<u16, OwnedWriteHalf> = BTreeMap::new();
    let mut number = 0u16;
    let mut spare: Option<(u16, OwnedWriteHalf)> = None;
    let mut away: Option<Instant> = None;
    loop {
        if spare.is_none() {
            match UnixStream::connect(socket).await {
                Ok(stream) => {
                    away = None;
                    number = number.wrapping_add(1);
                    let (reading, writing) = stream.into_split();
                    tokio::spawn(hear(number, reading, send.clone()));
                    spare = Some((number, writing));
                }
                Err(e) => {
                    if away.get_or_insert_with(Instant::now).elapsed() > AWAY {
                        return Err(SessionError::NoAgent(e));
                    }
                }
            }
        }
        let event = tokio::select! {
            event = events.recv() => event,
            () = sleep(LOOK), if spare.is_none() => continue,
        };
        match event {
            Some(Event::Came(connection, content)) if content.is_empty() => {
                open.remove(&connection);
            }
            Some(Event::Came(connection, content)) => {
                if let Some(writing) = open.get_mut(&connection)
                    && writing.write_all(&content).await.is_err()
                {
                    open.remove(&connection);
                }
            }
            Some(Event::Said(connection, content)) => {
                if let Some((_, writing)) = spare.take_if(|(spare, _)| *spare == connection) {
                    if content.is_empty() {
                        // The agent ended. The next one is waited for.
                        away.get_or_insert_with(Instant::now);
                        sleep(LOOK).await;
                        continue;
                    }
                    open.insert(connection, writing);
                }
                if content.is_empty() {
                    open.remove(&connection);
                }
                let length = u16::try_from(content.len()).map_err(io::Error::other)?;
                let frame = Frame { connection, length };
                output.write_all(&frame.header()).await?;
                output.write_all(&content).await?;
                output.flush().await?;
            }
            Some(Event::Ended(ended)) => return ended,
            None => return Ok(()),
        }
    }
}

async fn read(
    mut input: impl AsyncRead + Unpin,
    send: &mpsc::Sender<Event>,
) -> Result<(), SessionError> {
    loop {
        let mut header = [0; HEADER];
        match input.read_exact(&mut header).await {
            Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
            other => other?,
        };
        let frame = Frame::read(header)?;
        let mut content = vec![0; usize::from(frame.length)];
        input.read_exact(&mut content).await?;
        if send
            .send(Event::Came(frame.connection, content))
            .await
            .is_err()
        {
            return Ok(());
        }
    }
}

async fn hear(connection: u16, mut reading: OwnedReadHalf, send: mpsc::Sender<Event>) {
    let mut buffer = vec![0; LONGEST];
    loop {
        let count = reading.read(&mut buffer).await.unwrap_or(0);
        let content = buffer.get(..count).unwrap_or_default().to_vec();
        let event = Event::Said(connection, content);
        if send.send(event).await.is_err() || count == 0 {
            return;
        }
    }
}
