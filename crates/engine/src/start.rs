//! From a data folder to a running engine: the stored picture first, then the secrets, then the world.

use std::{
    collections::{BTreeMap, HashMap},
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, Mutex, OnceLock, atomic::AtomicU16},
};

use domain::{NodeKey, fleet::Link};
use store::{KeySource, SecretPurpose, Store, StoredInventory, Vault, VaultState};
use tls::Ca;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    AgentFile, Engine, Error, Kind,
    carrying::{self, Sessions},
    clock,
    codes::Codes,
    desk::Desk,
    feed::Feed,
    images::Images,
    inner::{Inner, Started},
    intake::Intake,
    operations::Turns,
    pastes::Pastes,
    picture::{Agent, Cluster, Guest, Known, Node, Report},
    plans::Plans,
    preferences::{self, Chosen},
    registries::Registries,
    rhythm::Rhythm,
    state::State,
};

const CA_CERTIFICATE: &str = "ca.certificate";
const CA_KEY: &str = "ca.key";
const SERVER_NAME: &str = "gateway.name";

/// What the engine needs to know at its start.
pub struct Settings {
    /// The data folder; made if missing.
    pub data_dir: PathBuf,
    /// Where the master key comes from.
    pub keys: KeySource,
    /// The static agent that is put into guests.
    pub agent_binary: Option<AgentFile>,
    /// The user's home folder: the SSH configuration and key files in it are proposed for nodes.
    pub home: Option<PathBuf>,
    /// Where agents are heard; all addresses and a port chosen once, unless given.
    pub gateway_bind: Option<SocketAddr>,
}

impl Engine {
    /// Opens the data folder and shows what it holds. If the secrets are open, everything starts.
    ///
    /// # Errors
    /// A folder or database that cannot be used, a gateway port that is taken.
    pub async fn open(settings: Settings) -> Result<Self, Error> {
        Self::open_at(settings, Rhythm::default()).await
    }

    /// The same with another rhythm of asking: for tests.
    ///
    /// # Errors
    /// As [`Engine::open`].
    pub async fn open_at(settings: Settings, rhythm: Rhythm) -> Result<Self, Error> {
        let store = Store::open(&settings.data_dir, clock::now()).await?;
        let vault = Vault::open(&store, settings.keys).await?;
        let feed = Arc::new(Feed::default());
        let known = stored_picture(&store).await?;
        let chosen = store.setting(preferences::SETTING).await?;
        let registries = Registries::default();
        let inner = Inner {
            vault,
            state: State::new(known, Arc::clone(&feed)),
            feed,
            desk: Desk::default(),
            intake: Intake::default(),
            images: Images::new(registries.checks()),
            registries,
            codes: Codes::default(),
            plans: Plans::default(),
            chosen: Chosen::read(chosen.as_deref()),
            pastes: Pastes::default(),
            turns: Turns::default(),
            records: tokio::sync::Mutex::default(),
            consoles: Mutex::default(),
            sessions: Sessions::default(),
            opening: carrying::turns(),
            limits: pve::Limits {
                answer: rhythm.answer,
                ..pve::Limits::default()
            },
            rhythm,
            watches: Mutex::new(HashMap::new()),
            ssh: Mutex::new(HashMap::new()),
            tries: Mutex::default(),
            home: settings.home,
            operations: Mutex::new(BTreeMap::new()),
            started: OnceLock::new(),
            agent_file: settings.agent_binary,
            loaded_binary: OnceLock::new(),
            reconciled: OnceLock::new(),
            gateway_bind: settings.gateway_bind,
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
            store,
        };
        inner.read_registries().await?;
        inner.recall_images().await;
        inner.state.show(clock::now());
        let engine = Self(Arc::new(inner));
        let looking = Arc::clone(&engine.0);
        tokio::task::spawn_blocking(move || looking.look_at_agent());
        if let Err(error) = engine.0.store.backup_if_due(clock::now()).await {
            tracing::warn!(%error, "the daily copy of the database was not made");
        }
        match engine.0.vault.state() {
            VaultState::Keyring | VaultState::Passphrase => engine.start().await?,
            VaultState::PassphraseToChoose | VaultState::PassphraseNeeded => {}
        }
        Ok(engine)
    }

    /// Starts what needs the secrets: authority, unfinished jobs, gateway, watching of clusters.
    pub(crate) async fn start(&self) -> Result<(), Error> {
        let inner = &self.0;
        if inner.started.get().is_some() {
            return Ok(());
        }
        let ca = authority(inner).await?;
        let server_name = match inner.store.setting(SERVER_NAME).await? {
            Some(name) => name,
            None => {
                let name = format!("{}.redflag.internal", hex::encode(clock::random::<8>()?));
                inner.store.set_setting(SERVER_NAME, &name).await?;
                name
            }
        };
        let identity = ca.server_identity(&server_name, clock::now())?;
        let config = tls::server_config(&identity, ca.certificate_pem())?;
        let port = inner.listen(&config).await?;
        if inner
            .started
            .set(Started {
                ca,
                server_name,
                port: AtomicU16::new(port),
                tls: Arc::new(config),
            })
            .is_err()
        {
            return Err(Error::new(Kind::Internal, "RedFlag was started twice"));
        }
        let showing = Arc::clone(inner);
        inner
            .tasks
            .spawn(async move { showing.state.keep_showing(showing.stop.clone()).await });
        if let Err(error) = inner.read_logins().await {
            tracing::warn!(
                error = error.problem.what,
                "registries are asked without logins"
            );
        }
        inner.begin_watching().await?;
        inner.reconcile().await?;
        // From here on the reports of agents find their followers.
        let _ = inner.reconciled.set(());
        inner.tasks.spawn(Arc::clone(inner).keep_carrying());
        inner.tasks.spawn(Arc::clone(inner).keep_checking());
        inner.tasks.spawn(Arc::clone(inner).keep_memory_low());
        Ok(())
    }
}

async fn authority(inner: &Inner) -> Result<Ca, Error> {
    let certificate = inner.store.setting(CA_CERTIFICATE).await?;
    if let (Some(certificate), Some(id)) = (certificate, inner.store.setting(CA_KEY).await?) {
        let id = id.parse().map_err(|_| {
            Error::new(
                Kind::Internal,
                "The stored id of the authority's key is damaged",
            )
        })?;
        let key = inner.vault.reveal(&id).await?;
        return Ok(Ca::load(
            &certificate,
            secrecy::ExposeSecret::expose_secret(&key),
        )?);
    }
    let ca = Ca::create("RedFlag agents", clock::now())?;
    let key = secrecy::SecretString::from(ca.key_pem().as_str());
    let id = inner.vault.keep(SecretPurpose::CaKey, key).await?;
    inner.store.set_setting(CA_KEY, &id.to_string()).await?;
    inner
        .store
        .set_setting(CA_CERTIFICATE, ca.certificate_pem())
        .await?;
    Ok(ca)
}

/// What the store holds, before anything is asked.
async fn stored_picture(store: &Store) -> Result<Known, Error> {
    let mut known = Known::default();
    for record in store.clusters().await? {
        known.clusters.insert(
            record.id,
            Cluster {
                record,
                answered: Link::Unknown,
                consoles: None,
            },
        );
    }
    for record in store
        .nodes()
        .await?
        .into_iter()
        .filter(|n| n.gone_at.is_none())
    {
        let key: NodeKey = record.key.clone();
        let mut record = record;
        if record.online {
            // Its row is written only when it changes; that it was up is known as long as its cluster answered.
            let answered = known
                .clusters
                .get(&key.cluster)
                .and_then(|c| c.record.checked_at);
            record.seen_at = record.seen_at.max(answered);
        }
        known.nodes.insert(
            key,
            Node {
                record,
                link: Link::Unknown,
            },
        );
    }
    for record in store
        .guests()
        .await?
        .into_iter()
        .filter(|g| g.gone_at.is_none())
    {
        known.guests.insert(
            record.id,
            Guest {
                record,
                agent: None,
                inventory: None,
                images: Vec::new(),
                foreign: None,
                approvals: Vec::new(),
                activity: None,
            },
        );
    }
    for record in store
        .agents()
        .await?
        .into_iter()
        .filter(|a| a.revoked_at.is_none())
    {
        if let Some(guest) = known.guests.get_mut(&record.guest) {
            guest.agent = Some(Agent {
                record,
                polling: false,
                via: None,
                trouble: None,
            });
        }
    }
    // One after the other: all of them at once would fill the memory with what they have in common.
    let take = |mut stored: StoredInventory| {
        if let Some(guest) = known.guests.get_mut(&stored.guest) {
            known.shared.share(&mut stored.inventory);
            guest.inventory = Some(Report {
                hash: stored.hash,
                scanned_at: stored.received_at,
                inventory: stored.inventory,
            });
        }
    };
    store.each_inventory(take).await?;
    for approval in store.open_approvals().await? {
        if let Some(guest) = known.guests.get_mut(&approval.guest) {
            guest.approvals.push(approval);
        }
    }
    known.rules = store.rules().await?;
    Ok(known)
}
