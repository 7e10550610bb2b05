//! What the user is told while the window is out of sight: a digest after a scan, the end of an operation, what cannot be
//! reached any more. Here it is decided what is said and when; how it is shown is the host's.

mod changes;
mod told;
mod words;

use std::{sync::Arc, time::Duration};

use domain::{
    Timestamp,
    preferences::{Digest, Minute},
};
use engine::feed::Event;
use tokio::sync::{broadcast::error::RecvError, mpsc};

use crate::App;
use told::Told;

/// How often what waits is looked at.
const LOOK: Duration = Duration::from_secs(2);

/// One message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    pub digest: Digest,
    /// One line.
    pub title: String,
    /// Some lines; may be empty.
    pub body: String,
}

/// How long news of one kind are gathered before they are told.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Without further news, in milliseconds.
    pub quiet: i64,
    /// In all, in milliseconds.
    pub most: i64,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            quiet: 60_000,
            most: 300_000,
        }
    }
}

impl App {
    /// Gives every message as it becomes due, until nobody takes them or the program ends. `present` tells the moment
    /// and the minute of the day in local time.
    pub async fn tell_notices(
        self: Arc<Self>,
        patience: Patience,
        present: impl Fn() -> (Timestamp, Minute) + Send,
        notices: mpsc::Sender<Notice>,
    ) {
        let mut events = self.attend();
        let mut told = Told::new(&self.fleet(), patience);
        let mut looks = tokio::time::interval(LOOK.min(Duration::from_millis(
            u64::try_from(patience.quiet).unwrap_or(1).max(50),
        )));
        loop {
            let event: Option<Event> = tokio::select! {
                event = events.recv() => match event {
                    Ok(event) => Some(event),
                    // Some were missed: what they changed is in the picture.
                    Err(RecvError::Lagged(_)) => {
                        told = Told::new(&self.fleet(), patience);
                        None
                    }
                    Err(RecvError::Closed) => return,
                },
                _ = looks.tick() => None,
                () = notices.closed() => return,
            };
            let (now, minute) = present();
            let wishes = self.chosen().messages;
            if let Some(event) = event {
                told.hear(event.body, now, &wishes);
            }
            for notice in told.due(now, minute, &wishes) {
                if notices.send(notice).await.is_err() {
                    return;
                }
            }
        }
    }
}
