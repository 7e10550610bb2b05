//! Settings of a guest that wait for its next start.

use super::Guest;

impl Guest {
    /// What waited comes into force: the guest starts.
    pub fn take_pending(&mut self) {
        if let Some(mode) = self.pending.remove("cmode") {
            self.console.mode = Some(mode).filter(|mode| !mode.is_empty());
        }
        self.pending.clear();
    }

    /// Sets `cmode`: at once when it is stopped, else from its next start on. What is in force already need not wait.
    pub fn set_console_mode(&mut self, mode: Option<String>) {
        if !self.running() {
            self.console.mode = mode;
        } else if self.console.mode == mode {
            self.pending.remove("cmode");
        } else {
            self.pending
                .insert("cmode".into(), mode.unwrap_or_default());
        }
    }
}
