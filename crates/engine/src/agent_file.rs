//! The agent that this program carries for guests: one static binary in a file, read when it is first needed.

use std::path::PathBuf;

use bytes::Bytes;
use sha2::{Digest, Sha256};

use crate::{Error, Kind, inner::Inner};

/// Where the agent for guests lies, and which one it must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentFile {
    pub path: PathBuf,
    /// Of the one that came with this program; none takes whatever lies there.
    pub sha256: Option<[u8; 32]>,
}

/// The agent as it is put into guests.
#[derive(Clone, Debug)]
pub(crate) struct AgentBinary {
    pub(crate) bytes: Bytes,
    pub(crate) sha256: [u8; 32],
}

impl AgentBinary {
    /// Its size in millions of bytes.
    #[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
    pub(crate) fn megabytes(&self) -> f64 {
        self.bytes.len() as f64 / 1_000_000.0
    }
}

fn read(file: Option<&AgentFile>) -> Result<AgentBinary, Error> {
    let unusable = |what: &str, words: String| {
        Error::new(Kind::Internal, what)
            .words(words)
            .next("Install RedFlag again from its package.")
    };
    let missing = |words: String| unusable("This RedFlag has no agent to install", words);
    let file =
        file.ok_or_else(|| missing("no file redflag-agent was found beside the program".into()))?;
    let shown = file.path.display();
    let bytes = std::fs::read(&file.path).map_err(|e| missing(format!("{shown}: {e}")))?;
    let sha256: [u8; 32] = Sha256::digest(&bytes).into();
    if let Some(wanted) = file.sha256.filter(|wanted| *wanted != sha256) {
        return Err(unusable(
            "The agent beside this RedFlag is not the one that it came with",
            format!(
                "{shown} has the SHA-256 {}, expected {}",
                hex::encode(sha256),
                hex::encode(wanted)
            ),
        ));
    }
    Ok(AgentBinary {
        bytes: bytes.into(),
        sha256,
    })
}

impl Inner {
    /// The static agent, read once.
    pub(crate) fn agent_binary(&self) -> Result<AgentBinary, Error> {
        if let Some(binary) = self.loaded_binary.get() {
            return Ok(binary.clone());
        }
        let binary = read(self.agent_file.as_ref())?;
        Ok(self.loaded_binary.get_or_init(|| binary).clone())
    }

    /// Writes into the log which agent there is: a broken package shall show at once, not at the first installation.
    pub(crate) fn look_at_agent(&self) {
        match self.agent_binary() {
            Ok(binary) => {
                let path = self.agent_file.as_ref().map(|file| file.path.display());
                tracing::info!(
                    path = path.map(tracing::field::display),
                    bytes = binary.bytes.len(),
                    sha256 = hex::encode(binary.sha256),
                    "the agent for LXCs is there"
                );
            }
            Err(error) => {
                tracing::warn!(%error, words = error.problem.words.as_deref(), "no agent can be installed");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_agent_that_came_with_the_program_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("redflag-agent");
        let file = |sha256| AgentFile {
            path: path.clone(),
            sha256,
        };
        std::fs::write(&path, "an agent").unwrap();
        let right: [u8; 32] = Sha256::digest("an agent").into();
        assert_eq!(read(Some(&file(Some(right)))).unwrap().sha256, right);

        std::fs::write(&path, "another agent").unwrap();
        let other = Sha256::digest("another agent");
        let error = read(Some(&file(Some(right)))).unwrap_err();
        let words = error.problem.words.unwrap();
        for part in [
            path.display().to_string(),
            hex::encode(right),
            hex::encode(other),
        ] {
            assert!(words.contains(&part), "{part}: {words}");
        }
        assert_eq!(
            read(Some(&file(None))).unwrap().bytes,
            "another agent",
            "a build for development takes what lies there"
        );
    }

    #[test]
    fn a_missing_agent_is_named_by_its_place() {
        let path = PathBuf::from("/nowhere/redflag-agent");
        let file = AgentFile { path, sha256: None };
        let error = read(Some(&file)).unwrap_err();
        assert!(
            error
                .problem
                .words
                .unwrap()
                .contains("/nowhere/redflag-agent")
        );
        assert!(read(None).is_err());
    }
}
