//! Real guests of one node, entered by SSH, with the agent's binary at hand and a desktop for it.

use std::{
    collections::BTreeSet,
    future::Future,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use domain::{Vmid, host::HostKey};
use lab::lxc::{GuestPlan, NodePlan, Options, RealGuest, RealNodes, missing};
use reach::{CommandLog, CommandRecord, GuestProbe, NodeAddress, ReachError, SshNode};
use secrecy::SecretString;
use sha2::{Digest, Sha256};

use crate::desktop::Desktop;

/// Longer than anything takes on a busy machine; only a test that fails waits for it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);
const NODE: &str = "pve1";

pub(crate) async fn until<T, F: Future<Output = Option<T>>>(
    what: &str,
    mut condition: impl FnMut() -> F,
) -> T {
    let began = Instant::now();
    loop {
        if let Some(value) = condition().await {
            return value;
        }
        assert!(began.elapsed() < PATIENCE, "waited in vain: {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

pub(crate) struct Silent;

impl CommandLog for Silent {
    fn ran(&self, _record: &CommandRecord) {}
}

/// The static agent, as `cargo xtask agent` builds it.
pub(crate) fn binary() -> Vec<u8> {
    let path = std::env::var_os("REDFLAG_AGENT_BINARY").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../target/agent/redflag-agent"),
        PathBuf::from,
    );
    std::fs::read(&path)
        .unwrap_or_else(|e| panic!("{}: {e}; `cargo xtask agent` builds it", path.display()))
}

/// Whether real guests can be made here; where they must be (`CI=true`), they have to.
pub(crate) fn possible() -> bool {
    let missing = missing();
    let why = missing.join("; ");
    if !missing.is_empty() {
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "{why}");
        eprintln!("not run here: {why}");
    }
    missing.is_empty()
}

pub(crate) struct House {
    pub(crate) nodes: RealNodes,
    pub(crate) ssh: SshNode,
    pub(crate) binary: Vec<u8>,
}

impl House {
    pub(crate) async fn start(guests: Vec<GuestPlan>) -> Self {
        let mut options = Options::two_nodes();
        let plan = guests
            .into_iter()
            .fold(NodePlan::new("real", NODE), NodePlan::guest);
        options.nodes = vec![plan];
        let nodes = RealNodes::start(options).await.unwrap();
        let door = nodes.door(NODE).unwrap();
        let address = NodeAddress {
            host: door.address.ip().to_string(),
            port: door.address.port(),
            user: door.user.clone(),
        };
        let accepted = HostKey {
            algorithm: door.algorithm.clone(),
            fingerprint: door.host_key.clone(),
        };
        let (key, line) = reach::generate_key().unwrap();
        let password = SecretString::from(door.password.clone());
        reach::install_key(&address, &accepted, password, &line)
            .await
            .unwrap();
        let ssh = SshNode::new(address, accepted, key, Arc::new(Silent));
        Self {
            nodes,
            ssh,
            binary: binary(),
        }
    }

    pub(crate) fn guest(&self, number: u32) -> &RealGuest {
        self.nodes.guest(NODE, number).unwrap()
    }

    pub(crate) async fn desktop(&self) -> Desktop {
        Desktop::start_at(self.nodes.host_address()).await
    }

    pub(crate) async fn probe(&self, number: u32) -> GuestProbe {
        self.ssh.probe(vmid(number)).await.unwrap()
    }

    pub(crate) async fn copy(&self, number: u32) -> Result<(), ReachError> {
        let hash = Sha256::digest(&self.binary).into();
        let done = self.ssh.copy(vmid(number), &self.binary, hash).await;
        done.map(drop)
    }

    pub(crate) async fn configure(&self, number: u32, desktop: &Desktop) -> Result<(), ReachError> {
        let mut bootstrap = desktop.bootstrap();
        // In a guest nothing refuses quickly where nothing is.
        bootstrap.endpoints.retain(|e| *e == desktop.address);
        let json = serde_json::to_string(&bootstrap).unwrap();
        self.ssh
            .configure(vmid(number), SecretString::from(json))
            .await
    }

    /// As an enrolment does it, up to the first report.
    pub(crate) async fn enrol(&self, number: u32, desktop: &Desktop) -> String {
        self.copy(number).await.unwrap();
        self.configure(number, desktop).await.unwrap();
        let words = self.ssh.install(vmid(number)).await.unwrap();
        desktop
            .until("the first check-in", |m| m.check_ins.first().map(drop))
            .await;
        words
    }

    /// Every file of the guest that lasts, and all below the agent's names.
    pub(crate) async fn files(&self, number: u32) -> BTreeSet<String> {
        let find = "find / \\( -path /proc -o -path /sys -o -path /dev -o -path /tmp -o -path /var/log -o -path /var/cache -o -path /var/tmp \
                    -o -path /run \\) -prune -o -print; find / -name '*redflag*' -not -path '/proc/*' -not -path '/sys/*'; true";
        let text = self.guest(number).shell(find).await.unwrap();
        text.lines().map(str::to_owned).collect()
    }
}

pub(crate) fn vmid(number: u32) -> Vmid {
    Vmid::try_from(number).unwrap()
}

/// Words and status of a script that failed inside.
pub(crate) fn failure(done: Result<impl std::fmt::Debug, ReachError>) -> (i32, String) {
    match done.unwrap_err() {
        ReachError::Script { status, stderr, .. } => (status, stderr),
        other => panic!("{other}"),
    }
}

pub(crate) fn fingerprint(ca_pem: &str) -> domain::host::Fingerprint {
    use rustls::pki_types::{CertificateDer, pem::PemObject};
    tls::fingerprint(&CertificateDer::from_pem_slice(ca_pem.as_bytes()).unwrap())
}

pub(crate) fn fingerprint_of_nobody() -> domain::host::Fingerprint {
    domain::host::Fingerprint([0; 32])
}
