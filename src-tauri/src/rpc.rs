//! Carries calls of the window to the program. While the program is being opened calls wait; when it could not be
//! opened every call answers with the reason, which the window shows.

use std::{sync::Arc, time::Duration};

use api::{App, Code, Error};
use serde_json::Value;
use tauri::{State, async_runtime};
use tokio::sync::watch;

type Outcome = Option<Result<Arc<App>, Error>>;

/// The program, once it is open.
#[derive(Clone)]
pub(crate) struct Opened(watch::Receiver<Outcome>);

/// Opens the program beside the window, so that the window does not wait for it.
pub(crate) fn open(settings: Result<api::Settings, Error>) -> Opened {
    let (sender, receiver) = watch::channel(None);
    async_runtime::spawn(async move {
        let outcome = match settings {
            Ok(settings) => Box::pin(App::open(settings)).await,
            Err(error) => Err(error),
        };
        if let Err(error) = &outcome {
            tracing::error!(message = error.message, words = error.words, "cannot open");
        }
        // The receiver lives as long as the window; when it is gone nobody asks.
        let _ = sender.send(Some(outcome));
    });
    Opened(receiver)
}

impl Opened {
    /// Waits until the program is open.
    ///
    /// # Errors
    /// Why it could not be opened.
    pub(crate) async fn app(&self) -> Result<Arc<App>, Error> {
        let mut receiver = self.0.clone();
        match receiver.wait_for(Option::is_some).await.as_deref() {
            Ok(Some(outcome)) => outcome.clone(),
            Ok(None) | Err(_) => Err(Error::new(
                Code::Internal,
                "RedFlag stopped while it was being opened",
            )
            .next("Start it again; the reason is in its log.")),
        }
    }

    /// The program, if it is open by now or could not be opened.
    pub(crate) fn now(&self) -> Option<Result<Arc<App>, Error>> {
        self.0.borrow().clone()
    }

    /// Lets the program write what it still holds, for at most `limit`.
    pub(crate) async fn close(&self, limit: Duration) {
        let Some(Ok(app)) = self.now() else {
            return;
        };
        if tokio::time::timeout(limit, app.shutdown()).await.is_err() {
            tracing::warn!("closed before everything was written; the next start reconciles");
        }
    }
}

/// Carries one call.
#[tauri::command]
pub(crate) async fn rpc(
    command: String,
    payload: Value,
    opened: State<'_, Opened>,
) -> Result<Value, Error> {
    opened.app().await?.rpc(&command, payload).await
}
