//! Which machine an agent runs on and what starts it there, and how a clone gets an identity of its own.

use serde::{Deserialize, Serialize};

use crate::EnrolResponse;

/// What an agent says of itself and its guest beside its work. Everything is missing from agents that are older.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct About {
    /// Who starts the agent with the guest.
    pub init: Option<Init>,
    pub machine: Option<Machine>,
    /// Jobs whose reports could not be kept until the desktop came back, since the last check-in that was answered.
    pub dropped: u32,
}

/// Who starts services in a guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Init {
    Systemd,
    OpenRc,
    /// Nobody: the agent keeps itself running, and is gone after a restart of the guest.
    None,
}

/// Which machine an agent runs on, by what a clone has of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Machine {
    /// A digest of `/etc/machine-id`, which is itself confidential; none where there is none. Clones may share it.
    pub id: Option<String>,
    /// Of the guest's own interfaces, lower case with colons, in order of the interfaces' names.
    pub macs: Vec<String>,
}

impl Machine {
    /// Whether `self`, seen now, may be another machine than `before`. A network card that was replaced looks like a
    /// clone, so this is a reason to ask and no verdict.
    pub fn may_be_a_clone_of(&self, before: &Self) -> bool {
        if self.macs.is_empty() || before.macs.is_empty() {
            return self.id != before.id;
        }
        !self.macs.iter().any(|mac| before.macs.contains(mac))
    }
}

/// `POST /v1/machine`, with the certificate that the other machine has, too: who am I? Until there is an answer the
/// agent does nothing else.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MachineRequest {
    /// PKCS#10 request (PEM) for a new key pair, should it be another machine.
    pub request_pem: String,
    pub version: String,
    pub hostname: String,
    pub session: String,
    /// Where the identity was made.
    pub before: Machine,
    pub now: Machine,
}

/// The answer. A refusal with [`crate::RefusalCode::Cloned`] means: not decided yet, ask again.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum MachineAnswer {
    /// The same guest with other hardware: go on as before.
    Same,
    /// Another guest: go on with this identity of its own.
    Another { identity: EnrolResponse },
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(id: Option<&str>, macs: &[&str]) -> Machine {
        Machine {
            id: id.map(str::to_owned),
            macs: macs.iter().map(|m| (*m).to_owned()).collect(),
        }
    }

    #[test]
    fn only_other_hardware_raises_the_question_of_a_clone() {
        let before = machine(Some("a"), &["01", "02"]);
        let rows = [
            (machine(Some("a"), &["01", "02"]), false, "nothing changed"),
            (
                machine(Some("a"), &["02", "03"]),
                false,
                "one card replaced",
            ),
            (
                machine(Some("b"), &["01", "02"]),
                false,
                "the id was made anew",
            ),
            (
                machine(Some("a"), &["09"]),
                true,
                "a clone that kept the id, or all cards replaced",
            ),
            (
                machine(Some("b"), &["09"]),
                true,
                "a clone with an id of its own",
            ),
            (machine(Some("a"), &[]), false, "no network today"),
            (machine(Some("b"), &[]), true, "a clone without network"),
        ];
        for (now, expected, why) in rows {
            assert_eq!(now.may_be_a_clone_of(&before), expected, "{why}");
        }
    }

    #[test]
    fn a_check_in_of_an_older_agent_is_understood() {
        let text = r#"{"protocol":1,"version":"0.1.0","inventory":null,"session":"s","jobs":[],"waitSeconds":1}"#;
        let request: crate::CheckInRequest = serde_json::from_str(text).expect("complete");
        assert_eq!(request.about, About::default());
    }
}
