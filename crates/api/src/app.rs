//! The running program, whatever shows it.

use std::{
    collections::HashMap,
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use engine::{AgentFile, Engine, KeySource, Rhythm, VaultState};
use secrecy::SecretString;
use tokio::sync::broadcast;
use uuid::Uuid;

use crate::{
    Code, Error, Event,
    dto::{AppInfo, KeepSecret, KeyStorage, Nothing, SecretRef, TrayState, Unlock},
};

/// A kept secret that nobody used is forgotten after this.
const SECRET_KEPT_FOR: Duration = Duration::from_secs(30 * 60);

/// How the program is to be started.
#[derive(Debug)]
pub struct Settings {
    /// The data folder; made if missing.
    pub data_dir: PathBuf,
    /// Opens (or sets up) the passphrase without asking; for machines without a keyring and without a person.
    pub passphrase: Option<SecretString>,
    /// The demo: says so on screen.
    pub demo: bool,
    /// The static agent that is put into guests.
    pub agent_binary: Option<AgentFile>,
    /// The user's home folder: the SSH configuration and key files in it are proposed for nodes.
    pub home: Option<PathBuf>,
    /// Where files for the user are put: the folder for downloads.
    pub exports: PathBuf,
    /// Where agents are heard; all addresses and a kept port unless given.
    pub gateway_bind: Option<SocketAddr>,
}

/// The running program.
#[derive(Debug)]
pub struct App {
    pub(crate) engine: Engine,
    pub(crate) exports: PathBuf,
    pub(crate) data_dir: PathBuf,
    demo: bool,
    pub(crate) tray: Mutex<TrayState>,
    secrets: Mutex<HashMap<String, (SecretString, Instant)>>,
}

impl App {
    /// Opens the data folder and starts everything that needs no passphrase, or whose passphrase is given.
    ///
    /// # Errors
    /// A folder or database that cannot be used, or a wrong passphrase.
    pub async fn open(settings: Settings) -> Result<Arc<Self>, Error> {
        Self::open_at(settings, Rhythm::default()).await
    }

    /// The same with another rhythm of asking: for tests.
    ///
    /// # Errors
    /// As [`App::open`].
    pub async fn open_at(settings: Settings, rhythm: Rhythm) -> Result<Arc<Self>, Error> {
        let wanted = engine::Settings {
            data_dir: settings.data_dir.clone(),
            keys: KeySource::Auto,
            agent_binary: settings.agent_binary,
            home: settings.home,
            gateway_bind: settings.gateway_bind,
        };
        let engine = Engine::open_at(wanted, rhythm).await?;
        match (engine.vault_state(), settings.passphrase) {
            (VaultState::PassphraseToChoose | VaultState::PassphraseNeeded, Some(passphrase)) => {
                engine.unlock(passphrase).await?;
            }
            (VaultState::PassphraseToChoose | VaultState::PassphraseNeeded, None)
            | (VaultState::Keyring | VaultState::Passphrase, _) => {}
        }
        Ok(Arc::new(Self {
            engine,
            exports: settings.exports,
            data_dir: settings.data_dir,
            demo: settings.demo,
            tray: Mutex::default(),
            secrets: Mutex::default(),
        }))
    }

    /// Events from now on. A listener that lags sees a gap in `seq` and fetches the snapshot again.
    pub fn subscribe(&self) -> broadcast::Receiver<Event> {
        self.engine.subscribe()
    }

    /// As [`App::subscribe`], for a host's own use as long as the program runs: nobody looks at the tree through it.
    pub fn attend(&self) -> broadcast::Receiver<Event> {
        self.engine.attend()
    }

    /// Said by the host: whether its window is out of sight, so that the picture need not be as fresh.
    pub fn set_hidden(&self, hidden: bool) {
        self.engine.set_hidden(hidden);
    }

    /// Stops asking and listening. What runs inside guests goes on there and is taken up at the next start.
    pub async fn shutdown(&self) {
        self.engine.shutdown().await;
    }

    pub(crate) async fn app_info(&self, _: Nothing) -> Result<AppInfo, Error> {
        Ok(AppInfo {
            version: env!("CARGO_PKG_VERSION").into(),
            data_dir: self.data_dir.display().to_string(),
            key_storage: match self.engine.vault_state() {
                VaultState::Keyring => KeyStorage::Keyring,
                VaultState::Passphrase => KeyStorage::Passphrase,
                VaultState::PassphraseToChoose => KeyStorage::PassphraseToChoose,
                VaultState::PassphraseNeeded => KeyStorage::PassphraseNeeded,
            },
            demo: self.demo,
            tray: *self.tray.lock().unwrap_or_else(PoisonError::into_inner),
        })
    }

    pub(crate) async fn unlock(&self, request: Unlock) -> Result<AppInfo, Error> {
        self.engine.unlock(request.passphrase.into_inner()).await?;
        self.app_info(Nothing {}).await
    }

    pub(crate) async fn keep_secret(&self, request: KeepSecret) -> Result<SecretRef, Error> {
        Ok(self.keep(request.value.into_inner()))
    }

    /// Keeps a secret until it is used.
    pub(crate) fn keep(&self, secret: SecretString) -> SecretRef {
        let id = Uuid::new_v4().to_string();
        let mut secrets = self.secrets.lock().unwrap_or_else(PoisonError::into_inner);
        secrets.retain(|_, (_, kept)| kept.elapsed() < SECRET_KEPT_FOR);
        secrets.insert(id.clone(), (secret, Instant::now()));
        SecretRef { id }
    }

    /// The value of a kept secret.
    pub(crate) fn secret(&self, reference: &SecretRef) -> Result<SecretString, Error> {
        let secrets = self.secrets.lock().unwrap_or_else(PoisonError::into_inner);
        secrets
            .get(&reference.id)
            .map(|(secret, _)| secret.clone())
            .ok_or_else(|| {
                Error::new(
                    Code::NotFound,
                    "The secret was kept for 30 minutes and is forgotten now",
                )
                .next("Enter it again.")
            })
    }

    /// Forgets a secret that has done its work.
    pub(crate) fn forget(&self, reference: &SecretRef) {
        self.secrets
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&reference.id);
    }
}

impl From<engine::Error> for Error {
    fn from(error: engine::Error) -> Self {
        use engine::Kind as K;
        let code = match error.kind {
            K::BadInput => Code::BadInput,
            K::Unreachable => Code::Unreachable,
            K::IdentityChanged => Code::IdentityChanged,
            K::Refused => Code::Refused,
            K::Forbidden => Code::Forbidden,
            K::NotFound => Code::NotFound,
            K::PlanMoved => Code::PlanMoved,
            K::Locked => Code::Locked,
            K::Conflict => Code::Conflict,
            K::Internal => Code::Internal,
        };
        Self {
            code,
            message: error.problem.what,
            words: error.problem.words,
            next: error.problem.next,
        }
    }
}
