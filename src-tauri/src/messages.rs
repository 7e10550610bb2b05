//! Messages of the desktop: each is shown once, and a click on it opens the window.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use api::{domain::preferences::Digest, notices::Notice};

/// Messages whose click is waited for at once; further ones are shown all the same.
const MOST_AWAITED: usize = 8;

/// Shows messages.
#[derive(Clone)]
pub(crate) struct Messages {
    awaited: Arc<AtomicUsize>,
    open: Arc<dyn Fn() + Send + Sync>,
}

impl Messages {
    pub(crate) fn new(open: impl Fn() + Send + Sync + 'static) -> Self {
        Self {
            awaited: Arc::default(),
            open: Arc::new(open),
        }
    }

    /// Shows one. Takes as long as the desktop takes to accept it; its click is waited for elsewhere.
    pub(crate) fn show(&self, notice: &Notice) {
        let mut message = notify_rust::Notification::new();
        message
            .appname("RedFlag")
            .summary(&notice.title)
            .body(&escaped(&notice.body));
        self.dress(&mut message, notice.digest);
        match message.show() {
            Ok(shown) => self.await_click(shown),
            Err(error) => tracing::warn!(%error, title = notice.title, "a message cannot be shown"),
        }
    }

    #[cfg(target_os = "linux")]
    fn dress(&self, message: &mut notify_rust::Notification, digest: Digest) {
        use notify_rust::{Hint, Urgency};

        let urgency = match digest {
            Digest::Failed => Urgency::Critical,
            Digest::Updates | Digest::Unreachable => Urgency::Normal,
            Digest::Finished => Urgency::Low,
        };
        message
            .icon("redflag")
            .urgency(urgency)
            .hint(Hint::DesktopEntry("RedFlag".into()))
            .action("default", "Open RedFlag");
    }

    #[cfg(not(target_os = "linux"))]
    fn dress(&self, _message: &mut notify_rust::Notification, _digest: Digest) {}

    #[cfg(target_os = "linux")]
    fn await_click(&self, shown: notify_rust::NotificationHandle) {
        if self.awaited.fetch_add(1, Ordering::Relaxed) >= MOST_AWAITED {
            self.awaited.fetch_sub(1, Ordering::Relaxed);
            return;
        }
        let (awaited, open) = (Arc::clone(&self.awaited), Arc::clone(&self.open));
        // A thread that sleeps until the desktop says what became of the message.
        let waiting = std::thread::Builder::new().name("message".into());
        let spawned = waiting.spawn(move || {
            shown.wait_for_action(|action| {
                if action == "default" {
                    open();
                }
            });
            awaited.fetch_sub(1, Ordering::Relaxed);
        });
        if spawned.is_err() {
            self.awaited.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// These systems bring the program forward by themselves.
    #[cfg(not(target_os = "linux"))]
    fn await_click<T>(&self, _shown: T) {
        let _ = (&self.awaited, &self.open, MOST_AWAITED);
    }
}

/// Bodies may hold markup, and a name must never be taken for it.
fn escaped(text: &str) -> String {
    if cfg!(target_os = "linux") {
        let text = text.replace('&', "&amp;").replace('<', "&lt;");
        text.replace('>', "&gt;")
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn a_name_is_never_markup() {
        assert_eq!(escaped("<b>a</b> & b"), "&lt;b&gt;a&lt;/b&gt; &amp; b");
    }
}
