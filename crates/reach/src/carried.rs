//! Pipes to an agent inside a guest: `redflag-agent stdio`, run through the node, for guests that cannot open a
//! connection to the desktop.
//!
//! Such a pipe stays open for hours, so it never takes a channel from the commands: connections of their own carry up
//! to eight pipes each, which is what an sshd allows without being asked.

use std::sync::Arc;

use domain::Vmid;
use russh::{ChannelMsg, ChannelReadHalf, ChannelWriteHalf, client::Msg};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream, ReadHalf, WriteHalf},
    sync::{Mutex, OwnedSemaphorePermit, Semaphore},
};

use crate::{ReachError, SshNode, Verb, connection::Connection, node::CHANNELS, run::Recording};

/// Sent to the shell that takes scripts. The agent speaks first and nothing follows before it does, so it does not matter
/// how far the shell reads ahead.
const SCRIPT: &[u8] = b"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin; HOME=/root; LC_ALL=C; export PATH HOME LC_ALL; exec /usr/local/bin/redflag-agent stdio\n";
/// Between the pipe and its user, in bytes.
const BUFFER: usize = 64 * 1024;

/// The connections that carry pipes, with the channels that each has left.
pub(crate) type Carriers = Mutex<Vec<(Arc<Connection>, Arc<Semaphore>)>>;

impl SshNode {
    /// A pipe to `redflag-agent stdio` inside the guest. What the node or the shell say instead of the agent comes out of
    /// it, too. Its end ends the agent's part; dropping it is enough.
    ///
    /// # Errors
    /// [`ReachError::Connect`] and others of a node. That the guest cannot be entered is told by the pipe.
    pub async fn carry(&self, vmid: Vmid) -> Result<DuplexStream, ReachError> {
        let recording = Recording::begin(self.log(), self.place(Some(vmid)), Verb::Carry);
        let opened = self.open_pipe(vmid).await;
        recording.end(&opened);
        opened
    }

    async fn open_pipe(&self, vmid: Vmid) -> Result<DuplexStream, ReachError> {
        let lost = |words: String| ReachError::Connect {
            node: self.address().clone(),
            words,
        };
        let (connection, permit) = self.carrier().await?;
        let channel = connection.channel().await;
        let channel = channel.map_err(|e| lost(e.to_string()))?;
        let (reading, writing) = channel.split();
        let begun = async {
            writing.exec(true, self.entry().line(Some(vmid))).await?;
            writing.data(SCRIPT).await
        };
        begun.await.map_err(|e| lost(e.to_string()))?;
        let (ours, theirs) = tokio::io::duplex(BUFFER);
        tokio::spawn(pump(reading, writing, ours, (connection, permit)));
        Ok(theirs)
    }

    /// A connection with a free channel.
    async fn carrier(&self) -> Result<(Arc<Connection>, OwnedSemaphorePermit), ReachError> {
        let mut carriers = self.carriers().lock().await;
        carriers.retain(|(connection, _)| !connection.is_closed());
        for (connection, channels) in carriers.iter() {
            if let Ok(permit) = channels.clone().try_acquire_owned() {
                return Ok((connection.clone(), permit));
            }
        }
        let connection = Arc::new(self.connect().await?);
        let channels = Arc::new(Semaphore::new(CHANNELS));
        let permit = channels.clone().try_acquire_owned();
        let permit = permit.map_err(|e| ReachError::Connect {
            node: self.address().clone(),
            words: e.to_string(),
        })?;
        carriers.push((connection.clone(), channels));
        Ok((connection, permit))
    }
}

/// Carries both ways until one side ends. `held` is what the pipe lives on.
async fn pump(
    reading: ChannelReadHalf,
    writing: ChannelWriteHalf<Msg>,
    pipe: DuplexStream,
    held: (Arc<Connection>, OwnedSemaphorePermit),
) {
    let (from, to) = tokio::io::split(pipe);
    tokio::select! {
        () = out(reading, to) => {}
        () = into(&writing, from) => {}
    }
    // The shell's input ends with the channel, and the agent with its input.
    let _ = writing.close().await;
    drop(held);
}

async fn out(mut reading: ChannelReadHalf, mut to: WriteHalf<DuplexStream>) {
    let mut spoken = false;
    while let Some(message) = reading.wait().await {
        let written = match message {
            ChannelMsg::Data { data } => {
                spoken = true;
                to.write_all(&data).await
            }
            // Words of those who should have brought the agent; once it speaks, nothing may come between its frames.
            ChannelMsg::ExtendedData { data, .. } if !spoken => to.write_all(&data).await,
            ChannelMsg::Failure => to.write_all(b"sshd refused to run a command").await,
            ChannelMsg::Close => break,
            _ => Ok(()),
        };
        if written.is_err() {
            break;
        }
    }
    let _ = to.shutdown().await;
}

async fn into(writing: &ChannelWriteHalf<Msg>, mut from: ReadHalf<DuplexStream>) {
    let mut buffer = vec![0; BUFFER];
    loop {
        let count = from.read(&mut buffer).await.unwrap_or(0);
        let Some(bytes) = buffer.get(..count).filter(|bytes| !bytes.is_empty()) else {
            return;
        };
        if writing.data(bytes).await.is_err() {
            return;
        }
    }
}
