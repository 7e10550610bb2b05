//! What opens a node's sshd.

use std::path::{Path, PathBuf};

use russh::{
    client::{self, AuthResult},
    keys::{HashAlg, PrivateKey, PublicKey, agent::AgentIdentity, agent::client::AgentClient},
};
use secrecy::SecretString;

/// Keys that an ssh-agent offers are tried up to this many: sshd ends a login after six by default.
const AGENT_KEYS: usize = 5;

/// What a node is asked to accept.
#[derive(Clone)]
pub enum Credential {
    /// RedFlag's own key, or one that was read from a file, in OpenSSH's format.
    Key(SecretString),
    /// The keys of the ssh-agent that runs beside RedFlag (on Windows: OpenSSH's, else Pageant).
    Agent {
        /// Its socket (a named pipe on Windows); none takes the one that the environment names.
        socket: Option<PathBuf>,
        /// `SHA256:…` of the only key to try; none tries them in the agent's order.
        only: Option<String>,
    },
}

impl std::fmt::Debug for Credential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Key(_) => f.write_str("Key(…)"),
            Self::Agent { socket, only } => f
                .debug_struct("Agent")
                .field("socket", socket)
                .field("only", only)
                .finish(),
        }
    }
}

/// A key file that cannot be used as it is.
#[derive(Debug, thiserror::Error)]
pub enum IdentityFileError {
    #[error("{path} cannot be read: {words}")]
    Unreadable { path: String, words: String },
    #[error("{path} is not a private key in a form that RedFlag reads: {words}")]
    NoKey { path: String, words: String },
    #[error("{path} is protected by a passphrase; add it to the ssh-agent and choose the agent")]
    Protected { path: String },
}

impl Credential {
    /// The key in a file, such as one that `~/.ssh/config` names. A key with a passphrase belongs into the agent.
    ///
    /// # Errors
    /// [`IdentityFileError`].
    pub fn from_file(path: &Path) -> Result<Self, IdentityFileError> {
        let shown = || path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|e| IdentityFileError::Unreadable {
            path: shown(),
            words: e.to_string(),
        })?;
        let text = SecretString::from(text);
        match private_key(&text) {
            Ok(key) if key.is_encrypted() => Err(IdentityFileError::Protected { path: shown() }),
            Ok(_) => Ok(Self::Key(text)),
            Err(words) => Err(IdentityFileError::NoKey {
                path: shown(),
                words,
            }),
        }
    }

    /// The public lines, as `authorized_keys` takes them, of the keys that would be tried.
    ///
    /// # Errors
    /// In words: a key that cannot be read, an ssh-agent that does not answer or does not hold what is asked for.
    pub async fn public_lines(&self) -> Result<Vec<String>, String> {
        let keys = match self {
            Self::Key(text) => vec![private_key(text)?.public_key().clone()],
            Self::Agent { socket, only } => {
                held(&mut agent(socket.as_deref()).await?, only.as_deref()).await?
            }
        };
        keys.iter()
            .map(|key| key.to_openssh().map_err(|error| error.to_string()))
            .collect()
    }
}

/// Reads a private key; the error is in words.
pub(crate) fn private_key(text: &SecretString) -> Result<PrivateKey, String> {
    use secrecy::ExposeSecret;
    let text = text.expose_secret();
    if text.contains("BEGIN OPENSSH PRIVATE KEY") {
        return PrivateKey::from_openssh(text).map_err(|error| error.to_string());
    }
    // Older files: PKCS#1 and PKCS#8.
    russh::keys::decode_secret_key(text, None).map_err(|error| error.to_string())
}

#[cfg(unix)]
type Socket = tokio::net::UnixStream;
#[cfg(windows)]
type Socket = Box<dyn russh::keys::agent::client::AgentStream + Send + Unpin>;

/// The ssh-agent; the error is in words.
async fn agent(socket: Option<&Path>) -> Result<AgentClient<Socket>, String> {
    let connected = connected(socket).await;
    connected.map_err(|error| format!("no ssh-agent answers: {error}"))
}

#[cfg(unix)]
async fn connected(socket: Option<&Path>) -> Result<AgentClient<Socket>, russh::keys::Error> {
    match socket {
        Some(path) => AgentClient::connect_uds(path).await,
        None => AgentClient::connect_env().await,
    }
}

#[cfg(windows)]
async fn connected(socket: Option<&Path>) -> Result<AgentClient<Socket>, russh::keys::Error> {
    let own = Path::new(r"\\.\pipe\openssh-ssh-agent");
    match AgentClient::connect_named_pipe(socket.unwrap_or(own)).await {
        Ok(client) => Ok(client.dynamic()),
        Err(_) => Ok(AgentClient::connect_pageant().await?.dynamic()),
    }
}

/// The keys that the agent holds, as many of them as are tried; the error is in words.
async fn held(
    agent: &mut AgentClient<Socket>,
    only: Option<&str>,
) -> Result<Vec<PublicKey>, String> {
    let held = agent
        .request_identities()
        .await
        .map_err(|error| format!("the ssh-agent does not list its keys: {error}"))?;
    let fits = |key: &PublicKey| {
        only.is_none_or(|wanted| key.fingerprint(HashAlg::Sha256).to_string() == wanted)
    };
    let keys: Vec<PublicKey> = held
        .into_iter()
        .filter_map(|identity| match identity {
            AgentIdentity::PublicKey { key, .. } => Some(key),
            AgentIdentity::Certificate { .. } => None,
        })
        .filter(fits)
        .take(AGENT_KEYS)
        .collect();
    if keys.is_empty() {
        return Err(match only {
            Some(wanted) => format!("the ssh-agent does not hold the key {wanted}"),
            None => "the ssh-agent holds no key".to_owned(),
        });
    }
    Ok(keys)
}

/// Tries the agent's keys in turn; the error is in words.
pub(crate) async fn login_by_agent<H: client::Handler>(
    handle: &mut client::Handle<H>,
    user: &str,
    socket: Option<&Path>,
    only: Option<&str>,
) -> Result<AuthResult, String> {
    let mut agent = agent(socket).await?;
    let keys = held(&mut agent, only).await?;
    let mut last = None;
    for key in keys {
        let hash = if key.algorithm().is_rsa() {
            let best = handle.best_supported_rsa_hash().await;
            best.map_err(|error| error.to_string())?.flatten()
        } else {
            None
        };
        let answer = handle
            .authenticate_publickey_with(user, key, hash, &mut agent)
            .await
            .map_err(|error| error.to_string())?;
        if matches!(answer, AuthResult::Success) {
            return Ok(answer);
        }
        last = Some(answer);
    }
    last.ok_or_else(|| "the ssh-agent holds no key".to_owned())
}
