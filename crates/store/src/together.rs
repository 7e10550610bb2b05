//! Writes that wait at the same time are made lasting together. The disk takes milliseconds to make a write last, however
//! small it is, and the steps of many jobs come at once: one after the other they would wait for nothing but the disk.
//!
//! Nothing else changes: a write is over only when it lasts, is there whole or not at all, and fails alone.

use std::{
    collections::VecDeque,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
};

use sqlx::{Connection, Sqlite, SqliteConnection, SqlitePool, Transaction};
use tokio::sync::oneshot;

use crate::StoreError;

/// So many at most, so that others come to their turn.
const MOST: usize = 32;

/// A write on its way.
pub(crate) type Writing<'c> = Pin<Box<dyn Future<Output = Result<(), StoreError>> + Send + 'c>>;
/// May be called more than once: what could not be made lasting together is tried again alone.
type Act = Box<dyn for<'c> Fn(&'c mut SqliteConnection) -> Writing<'c> + Send + Sync>;

struct Waiting {
    act: Act,
    told: oneshot::Sender<Result<(), StoreError>>,
}

/// A write that was asked for. Comes to its end by itself, after everything that was asked for before; whoever waits for it
/// knows that it lasts.
#[derive(Debug)]
#[must_use = "only whoever waits for it knows that it lasts"]
pub struct Written(oneshot::Receiver<Result<(), StoreError>>);

impl Future for Written {
    type Output = Result<(), StoreError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let told = ready!(Pin::new(&mut self.0).poll(cx));
        // Its end is told always, unless the program ends.
        Poll::Ready(told.unwrap_or_else(|_| Err(StoreError::Database(sqlx::Error::PoolClosed))))
    }
}

/// What waits to be written.
#[derive(Default)]
pub(crate) struct Queue {
    waiting: Mutex<Waitings>,
}

#[derive(Default)]
struct Waitings {
    queue: VecDeque<Waiting>,
    /// Somebody writes, and will find what is added.
    attended: bool,
    #[cfg(test)]
    commits: usize,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Waitings> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes, together with whoever waits, too, in the order of the calls.
    pub(crate) fn write(
        self: &Arc<Self>,
        writer: &SqlitePool,
        act: impl for<'c> Fn(&'c mut SqliteConnection) -> Writing<'c> + Send + Sync + 'static,
    ) -> Written {
        let (told, outcome) = oneshot::channel();
        let act = Box::new(act);
        let attended = {
            let mut waitings = self.lock();
            waitings.queue.push_back(Waiting { act, told });
            std::mem::replace(&mut waitings.attended, true)
        };
        if !attended {
            // Not by the caller itself: whoever gives up waiting must not stop the writes of others.
            tokio::spawn(Arc::clone(self).attend(writer.clone()));
        }
        Written(outcome)
    }

    /// Writes until nothing waits any more.
    async fn attend(self: Arc<Self>, writer: SqlitePool) {
        loop {
            {
                let mut waitings = self.lock();
                if waitings.queue.is_empty() {
                    waitings.attended = false;
                    return;
                }
            }
            // Whoever comes while the connection is waited for is taken along.
            let transaction = writer.begin_with("BEGIN IMMEDIATE").await;
            let some: Vec<Waiting> = {
                let mut waitings = self.lock();
                let some = waitings.queue.len().min(MOST);
                #[cfg(test)]
                {
                    waitings.commits += 1;
                }
                waitings.queue.drain(..some).collect()
            };
            let together = match transaction {
                Ok(transaction) => all(transaction, &some).await,
                Err(error) => Err(error),
            };
            match together {
                Ok(outcomes) => {
                    for (waiting, outcome) in some.into_iter().zip(outcomes) {
                        // Whoever gave up waiting does not hear of it.
                        let _ = waiting.told.send(outcome);
                    }
                }
                Err(error) => {
                    tracing::debug!(%error, writes = some.len(), "not written together, so one by one");
                    for waiting in some {
                        let outcome = alone(&writer, &waiting.act).await;
                        let _ = waiting.told.send(outcome);
                    }
                }
            }
        }
    }
}

/// All of them in one transaction, each undone by itself if it fails. An error means that nothing was written.
async fn all(
    mut transaction: Transaction<'static, Sqlite>,
    waiting: &[Waiting],
) -> Result<Vec<Result<(), StoreError>>, sqlx::Error> {
    let mut outcomes = Vec::with_capacity(waiting.len());
    for Waiting { act, .. } in waiting {
        let mut part = Connection::begin(&mut *transaction).await?;
        let outcome = act(&mut part).await;
        match &outcome {
            Ok(()) => part.commit().await?,
            Err(_) => part.rollback().await?,
        }
        outcomes.push(outcome);
    }
    transaction.commit().await?;
    Ok(outcomes)
}

async fn alone(writer: &SqlitePool, act: &Act) -> Result<(), StoreError> {
    let mut transaction = writer.begin_with("BEGIN IMMEDIATE").await?;
    act(&mut transaction).await?;
    Ok(transaction.commit().await?)
}

#[cfg(test)]
mod tests {
    use domain::{AgentId, Timestamp};

    use crate::{AuditEntry, Store, StoreError};

    fn entry(number: usize) -> AuditEntry {
        AuditEntry {
            at: Timestamp(1),
            actor: "anna".into(),
            act: "test".into(),
            target: number.to_string(),
            detail: None,
            plan: None,
            outcome: "done".into(),
        }
    }

    /// A store whose writer is taken, so that whatever is written waits.
    async fn taken() -> (
        tempfile::TempDir,
        Store,
        sqlx::Transaction<'static, sqlx::Sqlite>,
    ) {
        let folder = tempfile::TempDir::new().unwrap();
        let store = Store::open(folder.path(), Timestamp(0)).await.unwrap();
        let held = store.begin().await.unwrap();
        (folder, store, held)
    }

    async fn until_waiting(store: &Store, count: usize) {
        while store.queue().lock().queue.len() < count {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn what_waits_at_the_same_time_is_written_at_once() {
        let (_folder, store, held) = taken().await;
        let writes: Vec<_> = (0..30)
            .map(|n| {
                let store = store.clone();
                tokio::spawn(async move { store.audit(&entry(n)).await })
            })
            .collect();
        until_waiting(&store, 30).await;
        drop(held);
        for write in writes {
            write.await.unwrap().unwrap();
        }
        assert_eq!(store.queue().lock().commits, 1);
        let entries = store.audit_entries("", None, 100).await.unwrap();
        assert_eq!(entries.len(), 30);
    }

    #[tokio::test]
    async fn a_write_that_fails_fails_alone() {
        let (_folder, store, held) = taken().await;
        let good = {
            let store = store.clone();
            tokio::spawn(async move { store.audit(&entry(1)).await })
        };
        until_waiting(&store, 1).await;
        let bad = {
            let store = store.clone();
            tokio::spawn(async move { store.touch_agent(AgentId::new(), "1", Timestamp(1)).await })
        };
        until_waiting(&store, 2).await;
        drop(held);
        good.await.unwrap().unwrap();
        let error = bad.await.unwrap().unwrap_err();
        assert!(matches!(error, StoreError::NotFound { .. }), "{error}");
        assert_eq!(store.queue().lock().commits, 1, "both in one transaction");
        assert_eq!(store.audit_entries("", None, 9).await.unwrap().len(), 1);
    }

    #[tokio::test]
    async fn whoever_gives_up_waiting_does_not_stop_the_others() {
        let (_folder, store, held) = taken().await;
        let first = {
            let store = store.clone();
            tokio::spawn(async move { store.audit(&entry(1)).await })
        };
        until_waiting(&store, 1).await;
        let second = {
            let store = store.clone();
            tokio::spawn(async move { store.audit(&entry(2)).await })
        };
        until_waiting(&store, 2).await;
        first.abort();
        drop(held);
        second.await.unwrap().unwrap();
        assert_eq!(store.audit_entries("", None, 9).await.unwrap().len(), 2);
    }

    #[tokio::test]
    async fn a_closed_store_says_so() {
        let (_folder, store, held) = taken().await;
        drop(held);
        store.close().await;
        let error = store.audit(&entry(1)).await.unwrap_err();
        assert!(error.to_string().contains("closed"), "{error}");
    }
}
