//! Every message of the agents' protocol: read without a panic, and the same after writing it again. Shared with the fuzz
//! target.

use serde::{Serialize, de::DeserializeOwned};

fn round<T: DeserializeOwned + Serialize>(data: &[u8]) {
    if let Ok(value) = serde_json::from_slice::<T>(data) {
        let text = serde_json::to_string(&value).expect("what was read can be written");
        let again: T = serde_json::from_str(&text).expect("what was written can be read");
        let again = serde_json::to_string(&again).expect("what was read can be written");
        assert_eq!(text, again);
    }
}

/// Takes a body for each message in turn.
pub(crate) fn all(data: &[u8]) {
    round::<wire::Bootstrap>(data);
    round::<wire::EnrolRequest>(data);
    round::<wire::EnrolResponse>(data);
    round::<wire::MachineRequest>(data);
    round::<wire::MachineAnswer>(data);
    round::<wire::RenewRequest>(data);
    round::<wire::RenewResponse>(data);
    round::<wire::CheckInRequest>(data);
    round::<wire::CheckInResponse>(data);
    round::<wire::InventoryReport>(data);
    round::<wire::JobReport>(data);
    round::<wire::JobAcknowledgement>(data);
    round::<wire::Refusal>(data);
}
