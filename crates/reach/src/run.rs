//! Runs one framed script over a connection and records it, however it ends.

use std::{
    pin::pin,
    time::{Duration, Instant},
};

use domain::Vmid;
use russh::{ChannelMsg, ChannelReadHalf, ChannelWriteHalf, client::Msg};
use tokio::time::timeout;

use crate::{
    CommandLog, CommandRecord, Entry, Place, ReachError, Verb,
    connection::Connection,
    output::{self, Raw},
    script::{self, Payload},
};

/// Most that a script may print, in bytes: the longest honest answer is a thousand lines.
pub(crate) const OUTPUT_LIMIT: usize = 1024 * 1024;
/// What is kept of standard error; the rest is read and dropped.
const ERROR_LIMIT: usize = 64 * 1024;

/// One script, ready to be sent, possibly more than once.
pub(crate) struct Errand {
    pub(crate) place: Place,
    pub(crate) verb: Verb,
    entry: Entry,
    limit: Duration,
    nonce: String,
    script: Vec<u8>,
}

/// Enough randomness that no output can hold it by chance or intent.
pub(crate) fn nonce(place: &Place) -> Result<String, ReachError> {
    let mut random = [0; 12];
    getrandom::fill(&mut random).map_err(|error| ReachError::BadInput {
        place: place.clone(),
        why: format!("the system gives no random numbers: {error}"),
    })?;
    Ok(hex::encode(random))
}

/// What a script that ended with status 0 printed.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Why an attempt failed, and whether another connection may be tried for it.
pub(crate) enum Failed {
    /// The connection is gone: the script was not sent.
    NotSent(String),
    /// The connection lives but takes no further channel now: the script was not sent.
    Full(String),
    Ended(ReachError),
}

impl Errand {
    pub(crate) fn new(
        place: Place,
        entry: Entry,
        verb: Verb,
        values: &[(&'static str, &str)],
        payload: &Payload<'_>,
    ) -> Result<Self, ReachError> {
        let bad = |why: String| ReachError::BadInput {
            place: place.clone(),
            why,
        };
        let nonce = nonce(&place)?;
        if let Payload::Text(text) = payload
            && (text.contains('\0') || text.contains(&nonce))
        {
            return Err(bad("the text cannot be carried".into()));
        }
        let script = script::frame(verb, &nonce, values, payload)
            .map_err(|name| bad(format!("{name} holds characters that do not belong there")))?;
        Ok(Self {
            place,
            verb,
            entry,
            limit: verb.limit(),
            nonce,
            script,
        })
    }

    /// The same with another time limit than the verb's.
    pub(crate) fn within(self, limit: Duration) -> Self {
        Self { limit, ..self }
    }

    /// Sends it and waits for its end, within its limit.
    pub(crate) async fn run(&self, connection: &Connection) -> Result<Answer, Failed> {
        let limit = self.limit;
        match timeout(limit, self.attempt(connection)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(Failed::Ended(ReachError::Timeout {
                place: self.place.clone(),
                verb: self.verb,
                limit,
            })),
        }
    }

    async fn attempt(&self, connection: &Connection) -> Result<Answer, Failed> {
        let channel = connection.channel().await.map_err(|error| match error {
            russh::Error::ChannelOpenFailure(_) => Failed::Full(error.to_string()),
            other => Failed::NotSent(other.to_string()),
        })?;
        let (reading, writing) = channel.split();
        let mut writing = Closing(Some(writing));
        let raw = self.exchange(connection, reading, &writing).await?;
        if let Some(half) = writing.0.take() {
            // sshd counts a session until both sides have closed it, so ours must go out before the next one is opened.
            let _ = half.close().await;
        }
        self.judge(&raw).map_err(Failed::Ended)
    }

    /// Writes the script while reading what comes back, since a shell may stop reading before all is sent.
    async fn exchange(
        &self,
        connection: &Connection,
        mut reading: ChannelReadHalf,
        writing: &Closing,
    ) -> Result<Raw, Failed> {
        let Some(half) = &writing.0 else {
            return Err(Failed::NotSent("the channel was closed".into()));
        };
        half.exec(true, self.entry.line(self.place.vmid))
            .await
            .map_err(|error| Failed::NotSent(error.to_string()))?;
        let mut send = pin!(async {
            half.data(self.script.as_slice()).await?;
            half.eof().await
        });
        let mut sending = true;
        let mut raw = Raw::default();
        let mut closed = false;
        loop {
            let message = tokio::select! {
                // A failure to send shows itself in what is read, or in the channel's end.
                _ = &mut send, if sending => {
                    sending = false;
                    continue;
                }
                message = reading.wait() => message,
            };
            match message {
                Some(ChannelMsg::Data { data }) => {
                    if raw.stdout.len() + data.len() > OUTPUT_LIMIT {
                        return Err(Failed::Ended(ReachError::TooMuchOutput {
                            place: self.place.clone(),
                            verb: self.verb,
                            limit: OUTPUT_LIMIT,
                        }));
                    }
                    raw.stdout.extend_from_slice(&data);
                }
                Some(ChannelMsg::ExtendedData { data, .. }) => {
                    let room = ERROR_LIMIT.saturating_sub(raw.stderr.len());
                    raw.stderr.extend(data.iter().take(room));
                }
                Some(ChannelMsg::ExitStatus { exit_status }) => {
                    raw.exit = i32::try_from(exit_status).ok();
                    closed = true;
                }
                Some(ChannelMsg::ExitSignal { signal_name, .. }) => {
                    raw.stderr
                        .extend_from_slice(format!("\nended by signal {signal_name:?}").as_bytes());
                    closed = true;
                }
                Some(ChannelMsg::Failure) => {
                    raw.stderr
                        .extend_from_slice(b"sshd refused to run a command");
                    break;
                }
                Some(ChannelMsg::Close) => break,
                Some(_) => {}
                None if closed => break,
                None => {
                    return Err(Failed::Ended(ReachError::Lost {
                        place: self.place.clone(),
                        verb: self.verb,
                        words: connection.parting(),
                    }));
                }
            }
        }
        Ok(raw)
    }

    fn judge(&self, raw: &Raw) -> Result<Answer, ReachError> {
        output::judge(&self.place, self.verb, &self.nonce, raw)
    }
}

/// Closes the channel when the wait for it is given up, so that it does not count against sshd's limit.
struct Closing(Option<ChannelWriteHalf<Msg>>);

impl Drop for Closing {
    fn drop(&mut self) {
        if let (Some(half), Ok(runtime)) = (self.0.take(), tokio::runtime::Handle::try_current()) {
            runtime.spawn(async move {
                // The connection may be gone already; then there is nothing to close.
                let _ = half.close().await;
            });
        }
    }
}

/// Writes one line to the audit table, also when the caller stops waiting in the middle.
pub(crate) struct Recording<'a> {
    log: &'a dyn CommandLog,
    place: Place,
    verb: Verb,
    began: Instant,
    done: bool,
}

impl<'a> Recording<'a> {
    pub(crate) fn begin(log: &'a dyn CommandLog, place: Place, verb: Verb) -> Self {
        Self {
            log,
            place,
            verb,
            began: Instant::now(),
            done: false,
        }
    }

    pub(crate) fn end<T>(mut self, outcome: &Result<T, ReachError>) {
        self.done = true;
        match outcome {
            Ok(_) => self.write(Some(0), None),
            Err(error) => {
                let exit = match error {
                    ReachError::Script { status, .. } => Some(*status),
                    _ => None,
                };
                self.write(exit, Some(error.to_string()));
            }
        }
    }

    fn write(&self, exit: Option<i32>, error: Option<String>) {
        let elapsed: Duration = self.began.elapsed();
        let vmid: Option<Vmid> = self.place.vmid;
        self.log.ran(&CommandRecord {
            via: self.place.via.clone(),
            vmid,
            verb: self.verb,
            exit,
            duration_ms: u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
            error,
        });
    }
}

impl Drop for Recording<'_> {
    fn drop(&mut self) {
        if !self.done {
            self.write(None, Some("given up before it ended".to_owned()));
        }
    }
}
