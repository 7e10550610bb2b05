//! `redflag-agent check`: tries every address of the desktop from inside the guest, so that a firewall on the way can be
//! named. What it prints is read by the desktop: `way=ENDPOINT WORD[ words]`.

use std::{fmt, io, net::SocketAddr, sync::Arc, time::Duration};

use rustls_pki_types::ServerName;
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::TlsConnector;

use super::{Config, ConfigError};

/// How long one address may take. What has not answered by then is not near.
const PATIENCE: Duration = Duration::from_secs(3);

/// What became of one try; the words that the desktop reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The desktop, by its certificate.
    Answers,
    Refused(String),
    Silent(String),
    NoRoute(String),
    /// Somebody else.
    Foreign(String),
    Failed(String),
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answers => f.write_str("answers"),
            Self::Refused(words) => write!(f, "refused {words}"),
            Self::Silent(words) => write!(f, "silent {words}"),
            Self::NoRoute(words) => write!(f, "no-route {words}"),
            Self::Foreign(words) => write!(f, "foreign {words}"),
            Self::Failed(words) => write!(f, "failed {words}"),
        }
    }
}

/// Tries all at once.
///
/// # Errors
/// A configuration that cannot be used.
pub async fn check(config: &Config) -> Result<Vec<(SocketAddr, Answer)>, ConfigError> {
    let file = || "the stored configuration".to_owned();
    let tls =
        tls::agent_client_config(&config.ca_pem, None).map_err(|e| ConfigError::Authority {
            file: file(),
            why: e.to_string(),
        })?;
    let name = config.name().ok_or_else(|| ConfigError::ServerName {
        file: file(),
        name: config.server_name.clone(),
    })?;
    let tls = TlsConnector::from(Arc::new(tls));
    let mut tries = Vec::new();
    for endpoint in &config.endpoints {
        let (endpoint, tls, name) = (*endpoint, tls.clone(), name.clone());
        tries.push((endpoint, tokio::spawn(knock(endpoint, tls, name))));
    }
    let mut answers = Vec::new();
    for (endpoint, asked) in tries {
        let answer = asked
            .await
            .unwrap_or_else(|e| Answer::Failed(e.to_string()));
        answers.push((endpoint, answer));
    }
    Ok(answers)
}

async fn knock(endpoint: SocketAddr, tls: TlsConnector, name: ServerName<'static>) -> Answer {
    let waited = || format!("nothing came back within {}", crate::clock::span(PATIENCE));
    let stream = match timeout(PATIENCE, TcpStream::connect(endpoint)).await {
        Err(_) => return Answer::Silent(waited()),
        Ok(Err(error)) => return refusal(&error),
        Ok(Ok(stream)) => stream,
    };
    match timeout(PATIENCE, tls.connect(name, stream)).await {
        Err(_) => Answer::Foreign(waited()),
        Ok(Err(error)) => Answer::Foreign(error.to_string()),
        Ok(Ok(_)) => Answer::Answers,
    }
}

fn refusal(error: &io::Error) -> Answer {
    let words = error.to_string();
    match error.kind() {
        io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionReset => Answer::Refused(words),
        io::ErrorKind::TimedOut => Answer::Silent(words),
        io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable => {
            Answer::NoRoute(words)
        }
        _ => Answer::Failed(words),
    }
}
