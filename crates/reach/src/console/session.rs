//! One errand over one terminal: begun, carried out, and left in order whatever happens in between.

use tokio::sync::oneshot;

use super::{
    ConsoleTrouble, Terminal,
    screen::Look,
    visit::{Held, Stopped, Visit},
};
use crate::{
    Place, ReachError, Verb,
    output::{self, Raw},
    run::{Answer, OUTPUT_LIMIT, nonce},
    script::{self, Payload},
};

/// What is to be done in a guest, with everything that it needs.
pub(crate) struct Errand {
    pub(crate) place: Place,
    pub(crate) verb: Verb,
    pub(crate) values: Vec<(&'static str, String)>,
    pub(crate) cargo: Cargo,
}

/// A payload that outlives its caller: a visit goes on to its end when nobody waits for it any more.
pub(crate) enum Cargo {
    None,
    Text(String),
    Bytes(Vec<u8>),
}

impl Cargo {
    pub(crate) fn of(payload: &Payload<'_>) -> Self {
        match payload {
            Payload::None | Payload::Staged { .. } => Self::None,
            Payload::Text(text) => Self::Text((*text).to_owned()),
            Payload::Bytes(bytes) => Self::Bytes(bytes.to_vec()),
        }
    }
}

/// How an errand ended, and how the visit did.
pub(crate) struct Ended {
    pub(crate) outcome: Result<Answer, ReachError>,
    /// The shell was left, or was never ours.
    pub(crate) left: bool,
    /// The session was just ending: another visit will find a fresh one.
    pub(crate) dying: bool,
}

impl Errand {
    /// Carries it out over `terminal`. When `cancelled` resolves, the visit is broken off and left in order.
    pub(crate) async fn over(
        &self,
        terminal: Box<dyn Terminal>,
        key: String,
        cancelled: &mut oneshot::Receiver<()>,
    ) -> Ended {
        let mut visit = Visit::new(terminal, key);
        // Not broken off: only once the shell has answered can it be left.
        let begun = visit.begin().await;
        let dying = matches!(begun, Err(Stopped::Look(Look::Ended)));
        let outcome = match begun {
            Err(stopped) => Err(self.stopped(stopped, visit.is_ours())),
            Ok(()) => tokio::select! {
                outcome = self.carry(&mut visit) => outcome,
                _ = cancelled => Err(self.given_up()),
            },
        };
        let gone = matches!(outcome, Err(ReachError::Lost { .. }));
        let left = visit.end().await && !gone;
        Ended {
            outcome,
            left,
            dying,
        }
    }

    pub(crate) fn given_up(&self) -> ReachError {
        ReachError::Lost {
            place: self.place.clone(),
            verb: self.verb,
            words: "it was given up".into(),
        }
    }

    async fn carry(&self, visit: &mut Visit) -> Result<Answer, ReachError> {
        match &self.cargo {
            Cargo::None => self.run(visit, &Payload::None).await,
            Cargo::Text(text) => self.run(visit, &Payload::Text(text)).await,
            Cargo::Bytes(bytes) => {
                // Without a payload first: what is there already need not be typed in again.
                let nothing = Payload::Staged {
                    path: "/dev/null",
                    compressed: false,
                };
                match self.run(visit, &nothing).await {
                    Err(ReachError::Script { status: 5, .. }) => {}
                    other => return other,
                }
                let held = visit.hold(bytes).await;
                let (path, how) = held.map_err(|stopped| self.stopped(stopped, true))?;
                let payload = Payload::Staged {
                    path: &path,
                    compressed: how == Held::Compressed,
                };
                self.run(visit, &payload).await
            }
        }
    }

    async fn run(&self, visit: &mut Visit, payload: &Payload<'_>) -> Result<Answer, ReachError> {
        let bad = |why: &str| ReachError::BadInput {
            place: self.place.clone(),
            why: why.to_owned(),
        };
        let nonce = nonce(&self.place)?;
        if let Payload::Text(text) = payload
            && (text.contains('\0') || text.contains(&nonce))
        {
            return Err(bad("the text cannot be carried"));
        }
        let values: Vec<(&'static str, &str)> = self
            .values
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let script = script::frame(self.verb, &nonce, &values, payload)
            .map_err(|name| bad(&format!("{name} holds characters that do not belong there")))?;
        let ran = visit.run(&script, self.verb.limit()).await;
        let (stdout, status) = ran.map_err(|stopped| self.stopped(stopped, true))?;
        let raw = Raw {
            stdout,
            exit: Some(status),
            ..Raw::default()
        };
        output::judge(&self.place, self.verb, &nonce, &raw)
    }

    /// `ours`: a shell had answered already.
    fn stopped(&self, stopped: Stopped, ours: bool) -> ReachError {
        let place = self.place.clone();
        let verb = self.verb;
        let trouble = match stopped {
            Stopped::Look(Look::NotRunning) => {
                return ReachError::NotRunning {
                    place,
                    words: "its console says so".into(),
                };
            }
            Stopped::Look(Look::Login) => ConsoleTrouble::Login,
            Stopped::Look(Look::Foreign(shown)) => ConsoleTrouble::Foreign { shown },
            Stopped::Look(Look::Ended | Look::Nothing | Look::Prompt) => {
                ConsoleTrouble::Unreachable {
                    words: "the console's program ended at once".into(),
                }
            }
            Stopped::NotRoot(user) => {
                let words = format!("the console's shell runs as the user {user}");
                return ReachError::NotAllowed { place, words };
            }
            Stopped::Lost(words) if ours => return ReachError::Lost { place, verb, words },
            Stopped::Lost(words) => ConsoleTrouble::Unreachable { words },
            Stopped::Silent(limit) => return ReachError::Timeout { place, verb, limit },
            Stopped::TooMuch => {
                return ReachError::TooMuchOutput {
                    place,
                    verb,
                    limit: OUTPUT_LIMIT,
                };
            }
            Stopped::Lacking(words) => {
                return ReachError::Script {
                    place,
                    verb,
                    status: 3,
                    stderr: words,
                };
            }
        };
        ReachError::Console { place, trouble }
    }
}
