//! `POST …/termproxy`: a port and a ticket, and ten seconds to come.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::lock;
use crate::{
    ground::{Ground, Place},
    seed::secret_hex,
    world::{Profile, seconds},
};

/// How long termproxy waits for its connection.
const WAITS: Duration = Duration::from_secs(10);

/// A terminal that waits for whoever shows the ticket.
#[derive(Clone, Debug)]
pub(crate) struct Offer {
    /// The node that was asked.
    pub(super) entry: Place,
    pub(super) vmid: u32,
    pub(super) user: String,
    pub(super) ticket: String,
    pub(super) port: u16,
    pub(super) made: Instant,
    /// Whether the node's packages let this caller in at the end.
    pub(super) lets_in: bool,
}

/// Offers a terminal; the answer of the call.
pub(crate) fn offer(
    ground: &Arc<Ground>,
    entry: Place,
    profile: Profile,
    vmid: u32,
    user: &str,
    upid: &str,
) -> Value {
    let mut offers = lock(&ground.terminals.offers);
    offers.retain(|offer| offer.made.elapsed() < WAITS * 2);
    let taken: Vec<u16> = offers.iter().map(|offer| offer.port).collect();
    let port = (5900..6000).find(|port| !taken.contains(port));
    let port = port.unwrap_or(5999);
    // A plus and a slash: what is not percent-encoded does not come through.
    let random = secret_hex(32).unwrap_or_default();
    let ticket = format!("PVEVNC:{:08X}::{random}+/{random}==", seconds());
    let expired = ground.live.read(|w| {
        let guest = w.clusters.get(entry.cluster)?.guests.get(&vmid)?;
        Some(guest.console.expired)
    });
    offers.push(Offer {
        entry,
        vmid,
        user: user.to_owned(),
        ticket: ticket.clone(),
        port,
        made: Instant::now()
            .checked_sub(match expired {
                Some(true) => Duration::from_secs(41),
                _ => Duration::ZERO,
            })
            .unwrap_or_else(Instant::now),
        lets_in: !user.contains('!') || profile.console_takes_tokens(),
    });
    json!({ "user": user, "ticket": ticket, "port": port.to_string(), "upid": upid })
}

/// Why a websocket is not opened.
pub(super) enum Closed {
    /// 401 after its pause.
    Ticket,
    /// The connection ends without an answer: nobody waits on that port.
    Late,
}

/// Takes the offer of a port, once.
pub(super) fn take(
    ground: &Ground,
    entry: Place,
    port: Option<&str>,
    ticket: Option<&str>,
) -> Result<Offer, Closed> {
    let mut offers = lock(&ground.terminals.offers);
    let mine = |offer: &Offer| offer.entry == entry && Some(offer.ticket.as_str()) == ticket;
    let Some(index) = offers.iter().position(mine) else {
        return Err(Closed::Ticket);
    };
    let offer = offers.remove(index);
    if port != Some(offer.port.to_string().as_str()) {
        return Err(Closed::Ticket);
    }
    match offer.made.elapsed() {
        age if age > Duration::from_secs(40) => Err(Closed::Ticket),
        age if age > WAITS => Err(Closed::Late),
        _ => Ok(offer),
    }
}
