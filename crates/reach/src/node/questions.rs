//! The first look at a node, and the same question to many of its guests.

use domain::Vmid;

use super::SshNode;
use crate::{
    Entry, GuestProbe, ReachError, Verb, Via, many::Round, output, run::Recording, script::Payload,
};

/// What a first look at a node told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entered {
    /// None where the key may not ask.
    pub hostname: Option<String>,
    /// The guests that run on the node; none where the account may not ask.
    pub guests: Option<Vec<Vmid>>,
}

impl SshNode {
    /// The first harmless commands, as far as the account may run any: that it can be entered as it should be.
    ///
    /// # Errors
    /// Those of a node; [`ReachError::NotAllowed`] where sudo's rule or the wrapper is missing.
    pub async fn enter(&self) -> Result<Entered, ReachError> {
        match self.entry() {
            Entry::Attach => Ok(Entered {
                hostname: Some(self.hostname().await?),
                guests: Some(self.guests().await?),
            }),
            Entry::Sudo => {
                let hostname = self.hostname().await?;
                let allowed = self.ask(None, Verb::Allowed, &[], &Payload::None).await;
                allowed.map_err(|error| match error {
                    ReachError::Script { place, stderr, .. } => ReachError::NotAllowed {
                        place,
                        words: stderr,
                    },
                    other => other,
                })?;
                Ok(Entered {
                    hostname: Some(hostname),
                    guests: None,
                })
            }
            // The wrapper refuses whatever is not `exec VMID`, and by that it is known.
            Entry::Wrapper => match self.ask(None, Verb::Hostname, &[], &Payload::None).await {
                Err(ReachError::NotAllowed { words, .. })
                    if words.contains("redflag-enter: only") =>
                {
                    Ok(Entered {
                        hostname: None,
                        guests: None,
                    })
                }
                Err(error) => Err(error),
                Ok(_) => Err(ReachError::NotAllowed {
                    place: self.place(None),
                    words: "the key is not bound to RedFlag's wrapper: it runs any command".into(),
                }),
            },
        }
    }

    /// Asks many running guests the same, as one command on the node where the account has a shell there: a loop in
    /// four lanes, 10 s for each guest. Only verbs that need nothing beside their name. One outcome for each guest,
    /// in the order given.
    ///
    /// With sudo the limit cannot end what runs as root; with the wrapper there is no shell for a loop, and the
    /// guests are entered one by one, 8 at a time.
    pub async fn run_many(
        &self,
        guests: &[Vmid],
        verb: Verb,
    ) -> Vec<(Vmid, Result<String, ReachError>)> {
        if guests.is_empty() {
            return Vec::new();
        }
        if !verb.stands_alone() {
            let why = format!("`{verb}` cannot be asked of many at once");
            let failed = |vmid: &Vmid| {
                let place = self.place(Some(*vmid));
                let error = ReachError::BadInput {
                    place,
                    why: why.clone(),
                };
                (*vmid, Err(error))
            };
            return guests.iter().map(failed).collect();
        }
        if !self.entry().has_shell() {
            let asking = guests.iter().map(|vmid| async {
                let answer = self.ask(Some(*vmid), verb, &[], &Payload::None).await;
                (*vmid, answer.map(|answer| answer.stdout))
            });
            return futures_util::future::join_all(asking).await;
        }
        let via = Via::from(self.address().clone());
        let outcome = async {
            let round = Round::new(&via, self.entry(), guests, verb)?;
            let errand = self
                .errand(None, Verb::Many, &round.values(), &round.payload())?
                .within(round.limit(guests.len()));
            let answer = self.send(&errand).await?;
            Ok(round.judge(&via, guests, verb, &answer.stdout))
        };
        let recording = Recording::begin(self.0.log.as_ref(), self.place(None), Verb::Many);
        let outcome: Result<_, ReachError> = outcome.await;
        recording.end(&outcome);
        match outcome {
            Ok(outcomes) => outcomes,
            // What held up the loop held up each of them.
            Err(error) => guests.iter().map(|v| (*v, Err(error.clone()))).collect(),
        }
    }

    /// [`SshNode::probe`] of many guests at once.
    pub async fn probe_many(&self, guests: &[Vmid]) -> Vec<(Vmid, Result<GuestProbe, ReachError>)> {
        let outcomes = self.run_many(guests, Verb::Probe).await;
        let read = |(vmid, outcome): (Vmid, Result<String, ReachError>)| {
            let probe = outcome.and_then(|text| {
                GuestProbe::parse(&text).map_err(|words| ReachError::Garbled {
                    place: self.place(Some(vmid)),
                    verb: Verb::Probe,
                    words: output::words(words.as_bytes()),
                })
            });
            (vmid, probe)
        };
        outcomes.into_iter().map(read).collect()
    }
}
