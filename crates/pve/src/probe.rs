//! A look at a node's certificate before anything is trusted or sent.

use std::{sync::Arc, time::Duration};

use domain::host::Certificate;
use rustls_pki_types::{ServerName, UnixTime};
use tls::{CertificateRefused, Trust};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpStream, lookup_host},
    time::timeout,
};
use tokio_rustls::TlsConnector;

use crate::{
    ConnectFailure, ConnectKind, Error, address::host_of, error::connect_kind, normalise_address,
};

/// For name, TCP and TLS together.
const PATIENCE: Duration = Duration::from_secs(5);
/// For a second look at what does not speak TLS.
const SECOND_LOOK: Duration = Duration::from_secs(2);

/// What the node at `address` shows, and whether the operating system trusts it for that address. Trusts nothing
/// itself and sends nothing.
pub async fn probe_certificate(address: &str) -> Result<Certificate, Error> {
    let address = normalise_address(address).map_err(|e| Error::Setup(e.to_string()))?;
    let failed = |kind| Error::Connect {
        failures: vec![ConnectFailure {
            address: address.clone(),
            kind,
        }],
    };
    match timeout(PATIENCE, look(&address)).await {
        Ok(Ok(certificate)) => Ok(certificate),
        Ok(Err(ConnectKind::NotTls)) => Err(failed(second_look(&address).await)),
        Ok(Err(kind)) => Err(failed(kind)),
        Err(_) => Err(failed(ConnectKind::Timeout)),
    }
}

async fn look(address: &str) -> Result<Certificate, ConnectKind> {
    let tls_words = |e: &dyn std::fmt::Display| ConnectKind::Tls(e.to_string());
    let server = ServerName::try_from(host_of(address).to_owned()).map_err(|e| tls_words(&e))?;
    let config = tls::client_config(&Trust::default()).map_err(|e| tls_words(&e))?;
    let stream = dial(address).await?;
    let error = match TlsConnector::from(Arc::new(config))
        .connect(server.clone(), stream)
        .await
    {
        Err(error) => error,
        Ok(_) => return Err(ConnectKind::Tls("a certificate was accepted unseen".into())),
    };
    let Some(refused) = CertificateRefused::in_chain(&error) else {
        return Err(connect_kind(&error));
    };
    let Some(leaf) = refused.chain.first() else {
        return Err(ConnectKind::Tls("it shows no certificate".into()));
    };
    let mut certificate = tls::describe(leaf).map_err(|e| tls_words(&e))?;
    certificate.trusted_by_system =
        tls::trusted_by_system(&refused.chain, &server, UnixTime::now());
    Ok(certificate)
}

/// Connects to the first address of the name that takes the connection.
pub(crate) async fn dial(address: &str) -> Result<TcpStream, ConnectKind> {
    let found = lookup_host(address).await.map_err(|_| ConnectKind::Dns)?;
    let mut failure = ConnectKind::Dns;
    for socket in found {
        match TcpStream::connect(socket).await {
            Ok(stream) => return Ok(stream),
            Err(error) => failure = connect_kind(&error),
        }
    }
    Err(failure)
}

/// Tells plain http from anything else that is not TLS.
async fn second_look(address: &str) -> ConnectKind {
    let ask = async {
        let mut stream = dial(address).await.ok()?;
        let request = format!("HEAD / HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.ok()?;
        let mut start = [0; 5];
        stream.read_exact(&mut start).await.ok()?;
        Some(start)
    };
    match timeout(SECOND_LOOK, ask).await {
        Ok(Some(start)) if &start == b"HTTP/" => ConnectKind::PlainHttp,
        _ => ConnectKind::NotTls,
    }
}
