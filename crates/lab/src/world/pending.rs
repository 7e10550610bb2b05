//! The start of a guest, and the settings that wait for it.

use super::Guest;

impl Guest {
    /// It starts, and what waited comes into force.
    pub fn boot(&mut self, now: i64) {
        if let Some(description) = self.pending.remove("description") {
            self.description = Some(description);
        }
        if let Some(mode) = self.pending.remove("cmode") {
            self.console.mode = Some(mode).filter(|mode| !mode.is_empty());
        }
        self.pending.clear();
        self.running_since = Some(now);
        self.boots += 1;
    }

    /// Sets `cmode`: at once when it is stopped, else from its next start on. What is in force already need not wait.
    pub fn set_console_mode(&mut self, mode: Option<String>) {
        if !self.running() {
            self.pending.remove("cmode");
            self.console.mode = mode;
        } else if self.console.mode == mode {
            self.pending.remove("cmode");
        } else {
            self.pending
                .insert("cmode".into(), mode.unwrap_or_default());
        }
    }
}
