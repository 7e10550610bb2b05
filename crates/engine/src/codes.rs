//! Single-use enrolment codes: which guest a code stands for, and that it serves one key pair only.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use domain::{GuestId, Timestamp};
use sha2::{Digest, Sha256};
use wire::{EnrolResponse, EnrolmentCode};

/// A code may be used for this long, in milliseconds (15 minutes).
const LIFETIME_MS: i64 = 15 * 60 * 1000;

/// The open codes. Kept in memory by hash: after a restart of the program an enrolment hands out a new one.
#[derive(Debug, Default)]
pub(crate) struct Codes {
    open: Mutex<HashMap<[u8; 32], Pending>>,
}

#[derive(Debug)]
struct Pending {
    guest: GuestId,
    expires: Timestamp,
    /// Hash of the certificate request it was used with, and what was answered: an agent whose answer was lost
    /// asks again with the same request and must get the same answer.
    used: Option<([u8; 32], EnrolResponse)>,
}

/// What a code is worth.
#[derive(Debug)]
pub(crate) enum Worth {
    /// Unknown, expired, or used with another key.
    Nothing,
    /// A first use for this guest.
    Guest(GuestId),
    /// A repetition of the same request.
    Again(Box<EnrolResponse>),
}

impl Codes {
    /// A new code for `guest`; older ones for it stop working. `random` is 16 fresh random bytes.
    pub(crate) fn issue(&self, guest: GuestId, random: [u8; 16], now: Timestamp) -> EnrolmentCode {
        let code = EnrolmentCode(hex::encode(random));
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|_, p| p.guest != guest && p.expires > now);
        open.insert(
            digest(&code.0),
            Pending {
                guest,
                expires: now.plus_millis(LIFETIME_MS),
                used: None,
            },
        );
        code
    }

    /// What `code` is worth together with this certificate request.
    pub(crate) fn look(&self, code: &EnrolmentCode, request_pem: &str, now: Timestamp) -> Worth {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        // Looked up by hash, so the time of the lookup tells nothing about the code.
        match open.get(&digest(&code.0)) {
            Some(p) if p.expires <= now => Worth::Nothing,
            Some(Pending {
                guest, used: None, ..
            }) => Worth::Guest(*guest),
            Some(Pending {
                used: Some((request, answer)),
                ..
            }) if *request == digest(request_pem) => Worth::Again(Box::new(answer.clone())),
            Some(_) | None => Worth::Nothing,
        }
    }

    /// Marks `code` as used with this request. False if another request was quicker.
    pub(crate) fn spend(
        &self,
        code: &EnrolmentCode,
        request_pem: &str,
        answer: &EnrolResponse,
    ) -> bool {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        match open.get_mut(&digest(&code.0)) {
            Some(pending) if pending.used.is_none() => {
                pending.used = Some((digest(request_pem), answer.clone()));
                true
            }
            Some(_) | None => false,
        }
    }
}

fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::AgentId;

    fn answer(guest: GuestId) -> EnrolResponse {
        let certificate_pem = "certificate".to_owned();
        EnrolResponse {
            agent: AgentId::new(),
            guest,
            certificate_pem,
            renew_at: Timestamp(0),
            endpoints: vec![],
        }
    }

    #[test]
    fn a_code_serves_one_request_and_repeats_its_answer() {
        let (codes, guest, now) = (Codes::default(), GuestId::new(), Timestamp(1_000));
        let code = codes.issue(guest, [7; 16], now);
        assert!(matches!(codes.look(&code, "request", now), Worth::Guest(g) if g == guest));
        let given = answer(guest);
        assert!(codes.spend(&code, "request", &given));
        assert!(
            !codes.spend(&code, "other", &answer(guest)),
            "a second request cannot spend it again"
        );
        assert!(
            matches!(codes.look(&code, "request", now), Worth::Again(a) if a.agent == given.agent)
        );
        assert!(
            matches!(codes.look(&code, "other", now), Worth::Nothing),
            "another key gets nothing"
        );
    }

    #[test]
    fn a_code_expires_and_is_replaced() {
        let (codes, guest, now) = (Codes::default(), GuestId::new(), Timestamp(1_000));
        let first = codes.issue(guest, [1; 16], now);
        assert!(
            matches!(
                codes.look(&first, "r", now.plus_millis(LIFETIME_MS)),
                Worth::Nothing
            ),
            "too late"
        );
        let second = codes.issue(guest, [2; 16], now);
        assert!(
            matches!(codes.look(&first, "r", now), Worth::Nothing),
            "the newer code replaces it"
        );
        assert!(matches!(codes.look(&second, "r", now), Worth::Guest(_)));
        assert!(
            !format!("{second:?}").contains("0202"),
            "a code does not print itself"
        );
    }
}
