//! Which guest an agent's identity belongs to: a copy of an enrolled guest wakes up with the key of the original. Proxmox
//! gives every copy network addresses of its own, and they decide.

use domain::{AgentId, GuestId, Timestamp};
use store::AgentRecord;
use wire::{EnrolResponse, Machine, Refusal, RefusalCode};

use crate::{
    agents::{internal, refuse},
    inner::Inner,
    picture::{Agent, Known},
};

/// Who shows an identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    /// The guest that it was made for, as far as can be told.
    Its,
    /// This other guest, which has no agent of its own.
    Anothers(GuestId),
    /// Not the guest that it was made for, and why nothing more can be said now.
    Unclear(String),
}

/// Judges by the addresses that Proxmox has set.
fn whose(known: &Known, guest: GuestId, machine: &Machine) -> Whose {
    let shares = |macs: &[String]| macs.iter().any(|mac| machine.macs.contains(mac));
    let own = known.guests.get(&guest).map(|g| &g.record.macs);
    let (Some(own), false) = (own, machine.macs.is_empty()) else {
        return Whose::Its;
    };
    if own.is_empty() || shares(own) {
        return Whose::Its;
    }
    let others: Vec<_> = known
        .guests
        .values()
        .filter(|g| g.record.id != guest && shares(&g.record.macs))
        .collect();
    match others.as_slice() {
        [other] if other.agent.is_none() => Whose::Anothers(other.record.id),
        [other] => Whose::Unclear(format!(
            "by its network addresses this is {}, which has an agent already; remove that agent in RedFlag, or install it anew",
            other.record.name
        )),
        [] => Whose::Unclear(
            "no LXC with these network addresses is known yet; RedFlag finds it with its next discovery".into(),
        ),
        _ => Whose::Unclear("several LXCs have these network addresses".into()),
    }
}

impl Inner {
    /// Who shows the identity of the agent of `guest`.
    pub(crate) fn whose(&self, guest: GuestId, machine: &Machine) -> Whose {
        self.state.read(|known| whose(known, guest, machine))
    }

    /// A new identity for the agent of a guest. It counts from [`Inner::admit`] on.
    pub(crate) fn identity(
        &self,
        guest: GuestId,
        request_pem: &str,
        version: &str,
        now: Timestamp,
    ) -> Result<(AgentRecord, EnrolResponse), Refusal> {
        let id = AgentId::new();
        let ca = self.ca().map_err(internal)?;
        let issued = ca.issue_agent(request_pem, id, now).map_err(|e| {
            refuse(
                RefusalCode::Malformed,
                format!("the certificate request is not usable: {e}"),
            )
        })?;
        let record = AgentRecord {
            id,
            guest,
            certificate: issued.sha256,
            previous_certificate: None,
            version: version.to_owned(),
            enrolled_at: now,
            renewed_at: None,
            // It calls with its certificate next, once it has received it.
            last_seen: None,
            revoked_at: None,
            carried: false,
        };
        let answer = EnrolResponse {
            agent: id,
            guest,
            certificate_pem: issued.pem,
            renew_at: issued.renew_at,
            endpoints: self.endpoints_for(&record),
        };
        Ok((record, answer))
    }

    /// Stores a new agent in place of an earlier one of its guest, and shows it.
    pub(crate) async fn admit(
        &self,
        act: &str,
        record: AgentRecord,
        how: &str,
    ) -> Result<(), Refusal> {
        let (id, guest) = (record.id, record.guest);
        self.store.insert_agent(&record).await.map_err(internal)?;
        let name = self.state.read(|known| {
            let record = known.guests.get(&guest).map(|g| &g.record);
            record.map(|r| format!("{} ({})", r.name, r.vmid))
        });
        let name = name.unwrap_or_else(|| format!("guest {guest}"));
        self.audit("agent", act, &name, &format!("agent {id} {how}"), "done")
            .await;
        self.state.change(|known| {
            if let Some(guest) = known.guests.get_mut(&guest) {
                guest.agent = Some(Agent {
                    record,
                    polling: false,
                    via: None,
                    trouble: None,
                });
            }
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::tests::{NOW, guest, with_agent};

    fn known(guests: &[(GuestId, &str, bool)]) -> Known {
        let mut known = Known::default();
        for (id, mac, enrolled) in guests {
            let mut guest = guest();
            guest.record.id = *id;
            guest.record.macs = vec![(*mac).to_owned()];
            if *enrolled {
                guest = with_agent(guest, NOW);
            }
            known.guests.insert(*id, guest);
        }
        known
    }

    #[test]
    fn the_addresses_that_proxmox_has_set_tell_a_copy_from_its_original() {
        let (original, copy) = (GuestId::new(), GuestId::new());
        let machine = |mac: &str| Machine {
            id: None,
            macs: vec![mac.to_owned()],
        };
        let both = known(&[(original, "01", true), (copy, "02", false)]);
        assert_eq!(whose(&both, original, &machine("01")), Whose::Its);
        assert_eq!(
            whose(&both, original, &machine("02")),
            Whose::Anothers(copy),
            "a copy gets an identity of its own"
        );
        assert!(
            matches!(whose(&both, original, &machine("03")), Whose::Unclear(_)),
            "one that was not discovered yet waits"
        );
        let enrolled = known(&[(original, "01", true), (copy, "02", true)]);
        assert!(
            matches!(
                whose(&enrolled, original, &machine("02")),
                Whose::Unclear(_)
            ),
            "the agent that the other has is not replaced unasked"
        );
        assert_eq!(
            whose(&both, original, &Machine::default()),
            Whose::Its,
            "without a network card nothing speaks against it"
        );
    }
}
