//! A registry that refuses everybody, or fails again and again, is left alone for a while: its images cost no time, and
//! it is not asked into a longer ban.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use crate::Failure;

/// So many failures in a row open it.
const MOST: u32 = 3;
/// How long a registry that failed is left alone.
const REST: Duration = Duration::from_secs(60);

#[derive(Debug, Default)]
struct State {
    /// Failures in a row.
    failed: u32,
    /// Nothing is asked before, and why.
    closed: Option<(Instant, Failure)>,
    /// How the last question went, where the registry as a whole failed.
    trouble: Option<Failure>,
}

/// How a registry has behaved lately.
#[derive(Debug, Default)]
pub(crate) struct Circuit(Mutex<State>);

impl Circuit {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Why nothing may be asked now.
    ///
    /// # Errors
    /// The failure that closed it, with the time that is left.
    pub(crate) fn pass(&self) -> Result<(), Failure> {
        let mut state = self.lock();
        let now = Instant::now();
        let Some((until, why)) = &state.closed else {
            return Ok(());
        };
        if *until <= now {
            state.closed = None;
            // One more failure closes it again.
            state.failed = state.failed.min(MOST - 1);
            return Ok(());
        }
        let after = *until - now;
        Err(match why {
            Failure::RateLimited { words, .. } => Failure::RateLimited {
                after,
                words: words.clone(),
            },
            other => Failure::Resting {
                after,
                words: other.to_string(),
            },
        })
    }

    /// How the last question went where the registry failed, and for how long it is still left alone.
    pub(crate) fn trouble(&self) -> (Option<Failure>, Option<Duration>) {
        let state = self.lock();
        let closed = state.closed.as_ref();
        let rest = closed.and_then(|(until, _)| until.checked_duration_since(Instant::now()));
        (state.trouble.clone(), rest)
    }

    /// Notes how a question went.
    pub(crate) fn note<T>(&self, outcome: &Result<T, Failure>) {
        let mut state = self.lock();
        match outcome {
            // Told by this circuit itself.
            Err(Failure::Resting { .. }) => return,
            Err(failure) if failure.is_of_the_registry() => state.trouble = Some(failure.clone()),
            Ok(_) | Err(_) => state.trouble = None,
        }
        match outcome {
            Err(failure @ Failure::RateLimited { after, .. }) => {
                state.closed = Some((Instant::now() + *after, failure.clone()));
            }
            Err(failure) if failure.is_of_the_registry() => {
                state.failed += 1;
                if state.failed >= MOST {
                    state.closed = Some((Instant::now() + REST, failure.clone()));
                }
            }
            Ok(_) | Err(_) => state.failed = 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken() -> Result<(), Failure> {
        Err(Failure::Broken {
            words: "500".into(),
        })
    }

    #[tokio::test(start_paused = true)]
    async fn three_failures_in_a_row_close_it_for_a_while() {
        let circuit = Circuit::default();
        circuit.note(&broken());
        circuit.note(&broken());
        circuit.note(&Ok(()));
        circuit.note(&broken());
        circuit.note(&broken());
        assert_eq!(circuit.pass(), Ok(()), "an answer in between counts");
        circuit.note(&broken());
        assert!(matches!(circuit.pass(), Err(Failure::Resting { .. })));
        tokio::time::advance(REST).await;
        assert_eq!(circuit.pass(), Ok(()));
        assert_eq!(circuit.trouble().1, None, "nobody waits any more");
        circuit.note(&broken());
        assert!(circuit.pass().is_err(), "still as bad");
        let (trouble, rest) = circuit.trouble();
        assert_eq!((trouble, rest), (broken().err(), Some(REST)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_for_all_closes_it_at_once_and_says_until_when() {
        let circuit = Circuit::default();
        circuit.note::<()>(&Err(Failure::RateLimited {
            after: Duration::from_secs(100),
            words: "toomanyrequests".into(),
        }));
        tokio::time::advance(Duration::from_secs(40)).await;
        let Err(Failure::RateLimited { after, .. }) = circuit.pass() else {
            panic!("{:?}", circuit.pass());
        };
        assert_eq!(after.as_secs(), 60);
    }

    #[tokio::test]
    async fn a_missing_tag_says_nothing_about_the_registry() {
        let circuit = Circuit::default();
        for _ in 0..10 {
            circuit.note::<()>(&Err(Failure::Gone {
                words: "404".into(),
            }));
        }
        assert_eq!(circuit.pass(), Ok(()));
    }
}
