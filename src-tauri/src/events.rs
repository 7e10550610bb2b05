//! Carries events to the window, in order. There is one window, so there is one subscription: a page that was reloaded
//! subscribes again and takes the place of its former self.

use std::sync::{Mutex, PoisonError};

use api::{Error, Event};
use tauri::{
    State,
    async_runtime::{self, JoinHandle},
    ipc::Channel,
};
use tokio::sync::broadcast::error::RecvError;

use crate::rpc::Opened;

/// The one running subscription.
#[derive(Default)]
pub(crate) struct Subscription(Mutex<Running>);

#[derive(Default)]
struct Running {
    id: u32,
    task: Option<JoinHandle<()>>,
}

impl Subscription {
    fn replace(&self, start: impl FnOnce() -> JoinHandle<()>) -> u32 {
        let mut running = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(task) = running.task.take() {
            task.abort();
        }
        running.id = running.id.wrapping_add(1);
        running.task = Some(start());
        running.id
    }

    fn end(&self, id: u32) {
        let mut running = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // A page that is being left must not end the subscription of the one that came after it.
        if running.id == id
            && let Some(task) = running.task.take()
        {
            task.abort();
        }
    }
}

/// Sends every event from now on into `channel` and answers with the subscription's id.
#[tauri::command]
pub(crate) async fn subscribe(
    channel: Channel<Event>,
    opened: State<'_, Opened>,
    subscription: State<'_, Subscription>,
) -> Result<u32, Error> {
    let mut events = opened.app().await?.subscribe();
    Ok(subscription.replace(|| {
        async_runtime::spawn(async move {
            loop {
                match events.recv().await {
                    Ok(event) => {
                        if channel.send(event).is_err() {
                            break;
                        }
                    }
                    // The page sees the gap in `seq` and fetches the whole picture.
                    Err(RecvError::Lagged(missed)) => tracing::debug!(missed, "the window lagged"),
                    Err(RecvError::Closed) => break,
                }
            }
        })
    }))
}

/// Ends the subscription, if it is still the running one.
#[tauri::command]
pub(crate) fn unsubscribe(id: u32, subscription: State<'_, Subscription>) {
    subscription.end(id);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endless() -> JoinHandle<()> {
        async_runtime::spawn(std::future::pending())
    }

    #[test]
    fn a_new_subscription_ends_the_old_one() {
        let subscription = Subscription::default();
        let (sender, receiver) = std::sync::mpsc::channel::<()>();
        subscription.replace(|| {
            async_runtime::spawn(async move {
                // Dropped with the task, which is what the other end notices.
                let _held = sender;
                std::future::pending::<()>().await;
            })
        });
        subscription.replace(endless);
        assert!(
            receiver.recv().is_err(),
            "the first task was dropped together with what it held"
        );
    }

    #[test]
    fn a_page_that_is_left_does_not_end_its_successor() {
        let subscription = Subscription::default();
        let old = subscription.replace(endless);
        let new = subscription.replace(endless);
        subscription.end(old);
        let running = |s: &Subscription| s.0.lock().expect("not poisoned").task.is_some();
        assert!(running(&subscription), "the successor goes on");
        subscription.end(new);
        assert!(!running(&subscription), "its own end is obeyed");
    }
}
