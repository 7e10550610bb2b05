//! What every way into a node by SSH needs: RedFlag's own key, the audit of each command, failures in words.

use reach::{CommandLog, CommandRecord, ReachError};
use secrecy::SecretString;
use store::{AuditEntry, SecretPurpose, Store};
use tokio::sync::mpsc;

use crate::{Error, Kind, clock, inner::Inner, operations::account};

/// Where the id of the private key's secret and the public line are kept.
const KEY_SETTING: &str = "ssh.key";
const PUBLIC_SETTING: &str = "ssh.public";

/// Writes every remote command to the audit, in the background: the command itself must not wait for the disk.
pub(crate) struct AuditLog(mpsc::UnboundedSender<AuditEntry>);

impl AuditLog {
    pub(crate) fn new(store: Store) -> Self {
        let (sender, mut entries) = mpsc::unbounded_channel::<AuditEntry>();
        tokio::spawn(async move {
            while let Some(entry) = entries.recv().await {
                if let Err(error) = store.audit(&entry).await {
                    tracing::error!(%error, act = entry.act, "a remote command could not be written to the audit");
                }
            }
        });
        Self(sender)
    }
}

impl CommandLog for AuditLog {
    fn ran(&self, record: &CommandRecord) {
        let target = match record.vmid {
            Some(vmid) => format!("LXC {vmid} through {}", record.via),
            None => record.via.to_string(),
        };
        let outcome = match (&record.error, record.exit) {
            (Some(error), _) => error.clone(),
            (None, Some(status)) => format!("status {status}"),
            (None, None) => "no status".into(),
        };
        let entry = AuditEntry {
            at: clock::now(),
            actor: "RedFlag".into(),
            act: format!("{}.{}", record.via.word(), record.verb.name()),
            target,
            detail: Some(format!("{} ms", record.duration_ms)),
            plan: None,
            outcome,
        };
        // The receiver ends with the program only.
        let _ = self.0.send(entry);
    }
}

/// A failure of the reach as a use case's.
pub(crate) fn reach_error(error: &ReachError) -> Error {
    let kind = match error {
        ReachError::Connect { .. } | ReachError::Lost { .. } | ReachError::Timeout { .. } => {
            Kind::Unreachable
        }
        ReachError::Auth { .. } => Kind::Refused,
        ReachError::HostKeyChanged { .. } => Kind::IdentityChanged,
        ReachError::Console { .. } => Kind::Conflict,
        ReachError::NotAllowed { .. } => Kind::Forbidden,
        ReachError::NoSuchGuest { .. } => Kind::NotFound,
        ReachError::NotRunning { .. } => Kind::Conflict,
        ReachError::BadInput { .. } => Kind::BadInput,
        ReachError::PrivateKey { .. }
        | ReachError::Script { .. }
        | ReachError::NoMarker { .. }
        | ReachError::TooMuchOutput { .. }
        | ReachError::Garbled { .. } => Kind::Internal,
    };
    Error {
        kind,
        problem: error.problem(),
    }
}

impl Inner {
    /// RedFlag's own key: (private, public line). Made at its first use.
    pub(crate) async fn own_key(&self) -> Result<(SecretString, String), Error> {
        let stored = self.store.setting(KEY_SETTING).await?;
        if let (Some(id), Some(public)) = (stored, self.store.setting(PUBLIC_SETTING).await?) {
            let id = id.parse().map_err(|_| {
                Error::new(
                    Kind::Internal,
                    "The stored id of RedFlag's SSH key is damaged",
                )
            })?;
            return Ok((self.vault.reveal(&id).await?, public));
        }
        let (private, public) =
            reach::generate_key().map_err(|e| Error::new(Kind::Internal, e.to_string()))?;
        let id = self
            .vault
            .keep(SecretPurpose::SshKey, private.clone())
            .await?;
        self.store.set_setting(KEY_SETTING, &id.to_string()).await?;
        self.store.set_setting(PUBLIC_SETTING, &public).await?;
        self.audit(
            &account(),
            "ssh.key",
            "RedFlag",
            "a new SSH key was made",
            "done",
        )
        .await;
        Ok((private, public))
    }
}
