//! Real handshakes over loopback: who is let in, who is refused, and what the refused side can say about it.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::{net::SocketAddr, sync::Arc};

use domain::{AgentId, Timestamp, host::Fingerprint};
use rcgen::{CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject};
use tls::{
    Ca, CertificateRefused, Identity, Trust, agent_client_config, client_config, fingerprint,
    new_key_and_request, server_config,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::{TlsAcceptor, TlsConnector, rustls};

const NAME: &str = "gateway.redflag.internal";

fn now() -> Timestamp {
    let since = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    Timestamp(i64::try_from(since.as_millis()).unwrap())
}

fn agent_of(ca: &Ca, at: Timestamp) -> (Identity, Fingerprint) {
    let (key_pem, request) = new_key_and_request().unwrap();
    let issued = ca.issue_agent(&request, AgentId::new(), at).unwrap();
    let identity = Identity {
        chain_pem: issued.pem,
        key_pem,
    };
    (identity, issued.sha256)
}

/// What the server saw of its client: the fingerprint, none without a certificate, or why it refused.
type Seen = Result<Option<Fingerprint>, String>;

/// Serves one connection: echoes one byte, and tells what it saw of the client.
async fn serve(config: rustls::ServerConfig) -> (SocketAddr, tokio::task::JoinHandle<Seen>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let task = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let mut stream = acceptor.accept(stream).await.map_err(|e| e.to_string())?;
        let seen = stream
            .get_ref()
            .1
            .peer_certificates()
            .and_then(|c| c.first().map(|leaf| fingerprint(leaf)));
        let byte = stream.read_u8().await.map_err(|e| e.to_string())?;
        stream.write_u8(byte).await.map_err(|e| e.to_string())?;
        stream.shutdown().await.ok();
        Ok(seen)
    });
    (address, task)
}

async fn echo(
    address: SocketAddr,
    config: rustls::ClientConfig,
    name: &str,
) -> std::io::Result<u8> {
    let stream = TcpStream::connect(address).await?;
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let mut stream = TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await?;
    stream.write_u8(7).await?;
    stream.read_u8().await
}

#[tokio::test]
async fn agent_and_gateway_prove_themselves_to_each_other() {
    let ca = Ca::create("RedFlag", now()).unwrap();
    let server = ca.server_identity(NAME, now()).unwrap();
    let (agent, sha256) = agent_of(&ca, now());
    let (address, seen) = serve(server_config(&server, ca.certificate_pem()).unwrap()).await;
    let client = agent_client_config(ca.certificate_pem(), Some(&agent)).unwrap();
    assert_eq!(echo(address, client, NAME).await.unwrap(), 7);
    assert_eq!(seen.await.unwrap(), Ok(Some(sha256)));
}

#[tokio::test]
async fn a_client_without_a_certificate_is_seen_as_such() {
    let ca = Ca::create("RedFlag", now()).unwrap();
    let server = ca.server_identity(NAME, now()).unwrap();
    let (address, seen) = serve(server_config(&server, ca.certificate_pem()).unwrap()).await;
    let client = agent_client_config(ca.certificate_pem(), None).unwrap();
    assert_eq!(echo(address, client, NAME).await.unwrap(), 7);
    assert_eq!(seen.await.unwrap(), Ok(None));
}

#[tokio::test]
async fn an_authority_works_on_after_it_was_stored_and_loaded() {
    let made = Ca::create("RedFlag", now()).unwrap();
    let ca = Ca::load(made.certificate_pem(), &made.key_pem()).unwrap();
    let server = ca.server_identity(NAME, now()).unwrap();
    let (agent, sha256) = agent_of(&ca, now());
    // The other end still holds the certificate from before.
    let (address, seen) = serve(server_config(&server, made.certificate_pem()).unwrap()).await;
    let client = agent_client_config(made.certificate_pem(), Some(&agent)).unwrap();
    assert_eq!(echo(address, client, NAME).await.unwrap(), 7);
    assert_eq!(seen.await.unwrap(), Ok(Some(sha256)));
}

#[tokio::test]
async fn an_agent_of_another_authority_is_refused() {
    let ca = Ca::create("RedFlag", now()).unwrap();
    let other = Ca::create("RedFlag", now()).unwrap();
    let server = ca.server_identity(NAME, now()).unwrap();
    let (agent, _) = agent_of(&other, now());
    let (address, seen) = serve(server_config(&server, ca.certificate_pem()).unwrap()).await;
    let client = agent_client_config(ca.certificate_pem(), Some(&agent)).unwrap();
    assert!(echo(address, client, NAME).await.is_err());
    assert!(seen.await.unwrap().is_err());
}

#[tokio::test]
async fn an_expired_agent_is_refused_and_one_whose_clock_is_ahead_of_ours_is_not() {
    let day = 24 * 3600 * 1000;
    let ca = Ca::create("RedFlag", now().plus_millis(-60 * day)).unwrap();
    for (at, welcome) in [(-31 * day, false), (day / 2, true)] {
        let server = ca.server_identity(NAME, now()).unwrap();
        let (agent, _) = agent_of(&ca, now().plus_millis(at));
        let (address, seen) = serve(server_config(&server, ca.certificate_pem()).unwrap()).await;
        let client = agent_client_config(ca.certificate_pem(), Some(&agent)).unwrap();
        assert_eq!(echo(address, client, NAME).await.is_ok(), welcome);
        assert_eq!(seen.await.unwrap().is_ok(), welcome);
    }
}

#[tokio::test]
async fn an_agent_refuses_a_gateway_of_another_authority() {
    let ca = Ca::create("RedFlag", now()).unwrap();
    let other = Ca::create("RedFlag", now()).unwrap();
    let server = other.server_identity(NAME, now()).unwrap();
    let (address, _seen) = serve(server_config(&server, other.certificate_pem()).unwrap()).await;
    let client = agent_client_config(ca.certificate_pem(), None).unwrap();
    assert!(echo(address, client, NAME).await.is_err());
}

#[tokio::test]
async fn an_agent_refuses_another_agent_that_plays_the_gateway() {
    let ca = Ca::create("RedFlag", now()).unwrap();
    let (impostor, _) = agent_of(&ca, now());
    let (address, _seen) = serve(server_config(&impostor, ca.certificate_pem()).unwrap()).await;
    let client = agent_client_config(ca.certificate_pem(), None).unwrap();
    assert!(echo(address, client, NAME).await.is_err());
}

#[tokio::test]
async fn an_agent_refuses_the_gateway_of_another_installation_by_its_name() {
    let ca = Ca::create("RedFlag", now()).unwrap();
    let server = ca.server_identity("other.redflag.internal", now()).unwrap();
    let (address, _seen) = serve(server_config(&server, ca.certificate_pem()).unwrap()).await;
    let client = agent_client_config(ca.certificate_pem(), None).unwrap();
    assert!(echo(address, client, NAME).await.is_err());
}

/// A cluster's authority, as Proxmox makes one, and leaves of it.
struct Cluster {
    ca: CertifiedIssuer<'static, KeyPair>,
}

impl Cluster {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        Self {
            ca: CertifiedIssuer::self_signed(params, key).unwrap(),
        }
    }

    fn leaf(&self, names: &[&str]) -> (rustls::ServerConfig, Fingerprint) {
        let names: Vec<String> = names.iter().map(|n| (*n).to_owned()).collect();
        let key = KeyPair::generate().unwrap();
        let leaf = CertificateParams::new(names)
            .unwrap()
            .signed_by(&key, &self.ca)
            .unwrap();
        let config = rustls::ServerConfig::builder_with_provider(Arc::new(
            rustls::crypto::ring::default_provider(),
        ))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![leaf.der().clone()],
            PrivateKeyDer::from_pem_slice(key.serialize_pem().as_bytes()).unwrap(),
        )
        .unwrap();
        (config, fingerprint(leaf.der()))
    }
}

#[tokio::test]
async fn a_pinned_leaf_is_accepted_whatever_it_is_called() {
    let (config, pin) = Cluster::new().leaf(&["elsewhere.example"]);
    let (address, _seen) = serve(config).await;
    let trust = Trust {
        leaves: vec![pin],
        ..Trust::default()
    };
    let client = client_config(&trust).unwrap();
    assert_eq!(echo(address, client, "127.0.0.1").await.unwrap(), 7);
}

#[tokio::test]
async fn a_wrong_pin_is_refused_and_the_refusal_names_what_was_shown() {
    let cluster = Cluster::new();
    let (config, shown) = cluster.leaf(&["127.0.0.1"]);
    let (address, _seen) = serve(config).await;
    let (_, pin) = cluster.leaf(&["127.0.0.1"]);
    let trust = Trust {
        system: true,
        leaves: vec![pin],
        ca_pem: None,
    };
    let error = echo(address, client_config(&trust).unwrap(), "127.0.0.1")
        .await
        .unwrap_err();
    let refused = CertificateRefused::in_chain(&error).expect("the refusal is in the chain");
    assert_eq!(refused.presented(), shown);
    assert_eq!(refused.server, "127.0.0.1");
    assert_eq!(tls::describe(&refused.chain[0]).unwrap().sha256, shown);
    assert!(error.to_string().contains(&shown.to_string()), "{error}");
}

#[tokio::test]
async fn a_renewed_leaf_under_the_stored_authority_is_accepted_if_it_names_the_address() {
    let cluster = Cluster::new();
    let (_, pin) = cluster.leaf(&["127.0.0.1"]);
    let trust = Trust {
        system: false,
        leaves: vec![pin],
        ca_pem: Some(cluster.ca.pem()),
    };
    let (renewed, _) = cluster.leaf(&["pve1", "127.0.0.1"]);
    let (address, _seen) = serve(renewed).await;
    let client = client_config(&trust).unwrap();
    assert_eq!(echo(address, client, "127.0.0.1").await.unwrap(), 7);

    let (foreign, shown) = cluster.leaf(&["pve2"]);
    let (address, _seen) = serve(foreign).await;
    let error = echo(address, client_config(&trust).unwrap(), "127.0.0.1")
        .await
        .unwrap_err();
    assert_eq!(
        CertificateRefused::in_chain(&error).map(CertificateRefused::presented),
        Some(shown)
    );

    let (stranger, _) = Cluster::new().leaf(&["127.0.0.1"]);
    let (address, _seen) = serve(stranger).await;
    assert!(
        echo(address, client_config(&trust).unwrap(), "127.0.0.1")
            .await
            .is_err()
    );
}

#[test]
fn a_self_made_certificate_is_not_trusted_by_the_system() {
    let ca = Ca::create("RedFlag", now()).unwrap();
    let server = ca.server_identity(NAME, now()).unwrap();
    let chain = [CertificateDer::from_pem_slice(server.chain_pem.as_bytes()).unwrap()];
    let name = ServerName::try_from(NAME).unwrap();
    let at = rustls_pki_types::UnixTime::now();
    assert!(!tls::trusted_by_system(&chain, &name, at));
    assert!(!tls::trusted_by_system(&[], &name, at));
}
