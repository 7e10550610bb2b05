//! Whether the desktop can be reached from where its agents are: knocked at from inside a guest by the agent, and from
//! its node by a shell. Both together tell on which stretch of the way a connection is lost.

use std::net::SocketAddr;

use domain::Vmid;

use crate::{
    ReachError, SshNode, Verb,
    guest::{self, Carry},
    output,
    script::Payload,
};

/// What became of one try.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Knock {
    /// From a guest: this desktop answered, known by its certificate. From a node: something took the connection.
    Answers,
    /// Somebody said no at once: nothing listens there, or a firewall rejects.
    Refused,
    /// Nothing came back: a firewall drops, or nobody has the address.
    Silent,
    /// There is no way to that network.
    NoRoute,
    /// Something answered that is not this desktop.
    Foreign,
    /// Something else; the words say what.
    Failed,
}

/// One address that was tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Knocked {
    pub endpoint: SocketAddr,
    pub how: Knock,
    /// The words of the system or of TLS; empty where there is nothing to say.
    pub words: String,
}

impl Knocked {
    /// Reads `way=ENDPOINT WORD[ words]` lines; others are passed over.
    pub fn parse(text: &str) -> Vec<Self> {
        text.lines().filter_map(Self::line).collect()
    }

    fn line(line: &str) -> Option<Self> {
        let (endpoint, rest) = line.trim().strip_prefix("way=")?.split_once(' ')?;
        let (word, words) = rest.split_once(' ').unwrap_or((rest, ""));
        let how = match word {
            "answers" => Knock::Answers,
            "refused" => Knock::Refused,
            "silent" => Knock::Silent,
            "no-route" => Knock::NoRoute,
            "foreign" => Knock::Foreign,
            _ => Knock::Failed,
        };
        Some(Self {
            endpoint: endpoint.parse().ok()?,
            how,
            words: output::words(words.as_bytes()),
        })
    }
}

pub(crate) async fn check(road: &impl Carry, vmid: Vmid) -> Result<Vec<Knocked>, ReachError> {
    let answer = road.ask(vmid, Verb::Check, &[], &Payload::None).await?;
    let knocked = Knocked::parse(&answer.stdout);
    if knocked.is_empty() {
        return Err(guest::garbled(
            road,
            vmid,
            Verb::Check,
            answer.stdout.as_bytes(),
        ));
    }
    Ok(knocked)
}

impl SshNode {
    /// Tries from the node whether something takes connections at these addresses. At most four seconds each.
    ///
    /// # Errors
    /// Those of a node; [`ReachError::NotAllowed`] where the key opens guests alone.
    pub async fn knock(&self, endpoints: &[SocketAddr]) -> Result<Vec<Knocked>, ReachError> {
        if !self.entry().has_shell() {
            return Err(ReachError::NotAllowed {
                place: self.place(None),
                words: "the key is bound to LXCs and cannot ask the node itself".into(),
            });
        }
        // Host and port apart, since the shell's own way to connect wants them so.
        let list: Vec<String> = endpoints
            .iter()
            .map(|e| format!("{e} {} {}", e.ip(), e.port()))
            .collect();
        let list = list.join(",");
        let values = [("endpoints", list.as_str())];
        let answer = self.ask(None, Verb::Knock, &values, &Payload::None).await?;
        Ok(Knocked::parse(&answer.stdout))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_an_agent_are_read_and_noise_is_not() {
        let text = "Welcome!\nway=10.0.0.5:47100 silent no connection within 3 s\nway=[fd00::5]:47100 no-route Network is unreachable\n\
                    way=10.0.0.6:1 answers\nway=nonsense refused\nway=10.0.0.7:2\nway=10.0.0.8:3 melted   twice";
        let knocked = Knocked::parse(text);
        let told: Vec<_> = knocked
            .iter()
            .map(|k| (k.endpoint.to_string(), k.how, k.words.as_str()))
            .collect();
        assert_eq!(
            told,
            [
                (
                    "10.0.0.5:47100".to_owned(),
                    Knock::Silent,
                    "no connection within 3 s"
                ),
                (
                    "[fd00::5]:47100".to_owned(),
                    Knock::NoRoute,
                    "Network is unreachable"
                ),
                ("10.0.0.6:1".to_owned(), Knock::Answers, ""),
                ("10.0.0.8:3".to_owned(), Knock::Failed, "twice"),
            ]
        );
    }
}
