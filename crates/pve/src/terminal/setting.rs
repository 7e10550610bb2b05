//! What a guest's console is connected to, now and after its next start.

use domain::{NodeName, Vmid};

use crate::{Client, Error, PendingSetting, http::Verb};

/// `cmode` of a guest, and what else decides about its console.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConsoleSetting {
    /// In force; none: Proxmox's default, `tty`.
    pub active: Option<String>,
    /// From the next start on, where that is something else; the inner none: the default.
    pub waiting: Option<Option<String>>,
    /// `backup`, `migrate`, …
    pub lock: Option<String>,
    /// Of the configuration that was read.
    pub digest: Option<String>,
}

impl ConsoleSetting {
    /// In force once the guest has started again.
    pub fn after_start(&self) -> Option<&str> {
        match &self.waiting {
            Some(next) => next.as_deref(),
            None => self.active.as_deref(),
        }
    }

    /// Reads it off the list of all settings.
    pub fn of(rows: &[PendingSetting]) -> Self {
        let find = |key: &str| rows.iter().find(|row| row.key == key);
        let value = |key: &str| find(key).and_then(|row| row.value.clone());
        Self {
            active: value("cmode"),
            waiting: find("cmode")
                .filter(|row| row.changes())
                .map(|row| row.pending.clone().filter(|_| !row.delete)),
            lock: value("lock"),
            digest: value("digest"),
        }
    }
}

impl Client {
    /// What a guest's console is connected to. Needs VM.Audit.
    pub async fn lxc_console_setting(
        &self,
        node: &NodeName,
        vmid: Vmid,
    ) -> Result<ConsoleSetting, Error> {
        Ok(ConsoleSetting::of(&self.lxc_pending(node, vmid).await?))
    }

    /// Sets `cmode`, or takes it away with none. A running guest has it from its next start on. Needs
    /// VM.Config.Options. With a `digest` nothing is changed if the configuration is another one meanwhile.
    /// To take back a change that still waits, set what is active: Proxmox then drops the waiting one.
    pub async fn set_lxc_cmode(
        &self,
        node: &NodeName,
        vmid: Vmid,
        cmode: Option<&str>,
        digest: Option<&str>,
    ) -> Result<(), Error> {
        let path = format!("/nodes/{node}/lxc/{vmid}/config");
        let mut form = match cmode {
            Some(word) => vec![("cmode", word)],
            None => vec![("delete", "cmode")],
        };
        form.extend(digest.map(|digest| ("digest", digest)));
        self.write(Verb::Put, &path, node, &form).await.map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> ConsoleSetting {
        ConsoleSetting::of(&serde_json::from_str::<Vec<PendingSetting>>(text).unwrap())
    }

    #[test]
    fn what_waits_is_told_from_what_is_in_force() {
        let waiting =
            read(r#"[{"key":"cmode","pending":"shell"},{"key":"lock","value":"backup"}]"#);
        assert_eq!(waiting.active, None);
        assert_eq!(waiting.waiting, Some(Some("shell".into())));
        assert_eq!(waiting.after_start(), Some("shell"));
        assert_eq!(waiting.lock.as_deref(), Some("backup"));
        let set = read(r#"[{"key":"cmode","value":"shell"},{"key":"digest","value":"ab"}]"#);
        assert_eq!(set.after_start(), Some("shell"));
        assert_eq!((set.active.as_deref(), set.waiting), (Some("shell"), None));
        assert_eq!(set.digest.as_deref(), Some("ab"));
        let leaving = read(r#"[{"key":"cmode","value":"shell","delete":1}]"#);
        assert_eq!(leaving.waiting, Some(None));
        assert_eq!(leaving.after_start(), None);
        assert_eq!(read("[]"), ConsoleSetting::default());
    }
}
