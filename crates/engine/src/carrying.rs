//! Agents whose guests cannot open a connection to this computer: their node carries it. A session is
//! `redflag-agent stdio`, run through the node's sshd, and served like the gateway's own port.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use domain::{
    GuestId, NodeKey, NodeName, Timestamp,
    fleet::{Link, Power},
    operation::Problem,
};
use reach::{Knock, Knocked, Reach, SshNode};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::{
    Engine, Error, Kind, clock,
    inner::Inner,
    picture::{Guest, Known},
    reception::Reception,
    way::Way,
};

/// How often is looked for agents that need a session.
const LOOK: Duration = Duration::from_secs(2);
/// Sessions that are being opened at once: each is a shell on a node.
const OPENED_AT_ONCE: usize = 8;
/// The first and the longest pause after a session that brought nothing, in milliseconds.
const PAUSES: (i64, i64) = (15 * 1000, 30 * 60 * 1000);
/// How often a carried agent tries whether it can come by itself again.
const TRY_DIRECT: Duration = Duration::from_secs(30 * 60);
/// How long an agent that can come by itself again is left to do so, in milliseconds.
const LEFT_ALONE: i64 = 60 * 1000;

/// The sessions, open or failed.
#[derive(Debug, Default)]
pub(crate) struct Sessions(Mutex<HashMap<GuestId, Session>>);

#[derive(Debug)]
enum Session {
    Open(CancellationToken),
    /// Not before that time again, after so many failures in a row.
    Resting {
        until: Timestamp,
        failures: u32,
    },
}

impl Sessions {
    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<GuestId, Session>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn failures(&self, guest: GuestId) -> u32 {
        match self.lock().get(&guest) {
            Some(Session::Resting { failures, .. }) => *failures,
            Some(Session::Open(_)) | None => 0,
        }
    }

    /// Takes the place for a session; none where there is one, or a failed one rests. `now` is none for one that is
    /// wanted whatever was before.
    fn take(&self, guest: GuestId, now: Option<Timestamp>) -> Option<CancellationToken> {
        let mut sessions = self.lock();
        match sessions.get(&guest) {
            Some(Session::Open(_)) => return None,
            Some(Session::Resting { until, .. }) if now.is_some_and(|now| now < *until) => {
                return None;
            }
            Some(Session::Resting { .. }) | None => {}
        }
        let token = CancellationToken::new();
        sessions.insert(guest, Session::Open(token.clone()));
        Some(token)
    }

    fn rest(&self, guest: GuestId, until: Timestamp, failures: u32) {
        self.lock()
            .insert(guest, Session::Resting { until, failures });
    }

    /// Ends the session of a guest, if it has one.
    pub(crate) fn end(&self, guest: GuestId) {
        if let Some(Session::Open(token)) = self.lock().remove(&guest) {
            token.cancel();
        }
    }
}

/// How long a failed session rests, in milliseconds.
fn pause(failures: u32) -> i64 {
    let (first, longest) = PAUSES;
    first
        .saturating_mul(1 << failures.saturating_sub(1).min(10))
        .min(longest)
}

/// Whether an agent needs its node to be heard. One that came through the node last time, at once; another one when it
/// has been silent so long that it is shown as offline.
fn needs(known: &Known, guest: &Guest, now: Timestamp) -> bool {
    let Some(agent) = &guest.agent else {
        return false;
    };
    let record = &guest.record;
    let node = NodeKey {
        cluster: record.cluster,
        node: record.node.clone(),
    };
    let enterable = known
        .nodes
        .get(&node)
        .is_some_and(|n| n.record.access.is_some());
    record.power == Power::Running
        && enterable
        && matches!(known.link_of(&node), Link::Online)
        && !agent.polling
        && (agent.record.carried || !agent.is_online(now))
}

impl Inner {
    /// Opens sessions for those who need one, for as long as the program runs.
    pub(crate) async fn keep_carrying(self: Arc<Self>) {
        let mut look = tokio::time::interval(LOOK);
        loop {
            tokio::select! {
                () = self.stop.cancelled() => return,
                _ = look.tick() => {}
            }
            let now = clock::now();
            let needy: Vec<GuestId> = self.state.read(|known| {
                let guests = known.guests.values();
                let needy = guests.filter(|guest| needs(known, guest, now));
                needy.map(|guest| guest.record.id).collect()
            });
            for guest in needy {
                self.carry(guest, Some(now));
            }
        }
    }

    /// Opens a session with a guest, unless there is one.
    pub(crate) fn carry(self: &Arc<Self>, guest: GuestId, now: Option<Timestamp>) {
        let failures = self.sessions.failures(guest);
        let Some(token) = self.sessions.take(guest, now) else {
            return;
        };
        let inner = Arc::clone(self);
        self.tasks.spawn(async move {
            let ended = Box::pin(inner.session(guest, &token)).await;
            if token.is_cancelled() {
                return;
            }
            let now = clock::now();
            let (until, failures) = match ended {
                Ended::ComesByItself => (now.plus_millis(LEFT_ALONE), 0),
                Ended::Served => (now.plus_millis(PAUSES.0 / 5), 0),
                Ended::Failed(words) => {
                    tracing::info!(%guest, words, "an agent was not heard through its node");
                    inner.state.change(|known| {
                        let agent = known.guests.get_mut(&guest).and_then(|g| g.agent.as_mut());
                        if let Some(agent) = agent {
                            agent.trouble = Some(words);
                        }
                    });
                    (now.plus_millis(pause(failures + 1)), failures + 1)
                }
            };
            inner.sessions.rest(guest, until, failures);
        });
    }

    async fn session(self: &Arc<Self>, guest: GuestId, token: &CancellationToken) -> Ended {
        let found = self.state.read(|known| {
            let record = &known.guests.get(&guest)?.record;
            Some((record.node.clone(), record.vmid))
        });
        let Some((node, vmid)) = found else {
            return Ended::Failed("the LXC is not there any more".into());
        };
        let opened = async {
            let _turn = self.opening.acquire().await;
            let ssh = self.ssh_of_guest(guest).await?;
            let pipe = ssh.carry(vmid).await;
            pipe.map(|pipe| (ssh, pipe))
                .map_err(|e| crate::access::reach_error(&e))
        };
        let (ssh, pipe) = match opened.await {
            Ok(opened) => opened,
            Err(error) => return Ended::Failed(error.problem.what),
        };
        let config = match self.gateway_tls() {
            Ok(config) => config,
            Err(error) => return Ended::Failed(error.problem.what),
        };
        let began = clock::now();
        let stop = self.stop.child_token();
        let reception = Arc::new(Reception::through(Arc::clone(self), node.clone()));
        let served = gateway::serve_stream(pipe, address_of(&ssh), config, reception, stop.clone());
        let mut served = std::pin::pin!(served);
        let mut next = Instant::now() + TRY_DIRECT;
        loop {
            tokio::select! {
                ended = &mut served => {
                    let heard = self.state.read(|known| {
                        let agent = known.guests.get(&guest)?.agent.as_ref()?;
                        agent.record.last_seen.filter(|seen| seen.since(began) >= 0)
                    });
                    return match ended {
                        _ if heard.is_some() => Ended::Served,
                        Ok(()) => Ended::Failed(format!("the agent ended as soon as it was spoken to through {node}")),
                        Err(error) => Ended::Failed(error.to_string()),
                    };
                }
                () = token.cancelled() => {
                    stop.cancel();
                    return Ended::Served;
                }
                () = tokio::time::sleep_until(next) => {
                    next = Instant::now() + TRY_DIRECT;
                    let road = Reach::from(ssh.clone());
                    if let Ok(inside) = road.check(vmid).await
                        && inside.iter().any(|k| k.how == Knock::Answers)
                    {
                        stop.cancel();
                        self.note_way(guest, None).await;
                        return Ended::ComesByItself;
                    }
                }
            }
        }
    }

    /// Ends the session with a guest that reaches this computer by itself again.
    async fn leave_alone(&self, guest: GuestId) {
        let carried = self.state.read(|known| {
            let agent = known.guests.get(&guest).and_then(|g| g.agent.as_ref());
            agent.is_some_and(|a| a.record.carried)
        });
        if carried {
            self.note_way(guest, None).await;
            self.sessions.end(guest);
        }
    }

    /// Notes by which way an agent came; written only when that has changed.
    pub(crate) async fn note_way(&self, guest: GuestId, via: Option<NodeName>) {
        let carried = via.is_some();
        let moved = self.state.read(|known| {
            let agent = known.guests.get(&guest)?.agent.as_ref()?;
            (agent.via != via || agent.record.carried != carried || agent.trouble.is_some())
                .then_some((agent.record.id, agent.record.carried != carried))
        });
        let Some((agent, write)) = moved else {
            return;
        };
        if write && let Err(error) = self.store.set_carried(agent, carried).await {
            tracing::error!(%error, "the way of an agent could not be written");
        }
        self.with_agent(agent, |a| {
            a.record.carried = carried;
            a.via = via;
            a.trouble = None;
        });
    }

    /// Tries the way between a guest and this computer, from both ends of its first stretch.
    pub(crate) async fn look_at_way(&self, guest: GuestId) -> Result<Way, Error> {
        let found = self.state.read(|known| {
            let record = &known.guests.get(&guest)?.record;
            Some((record.clone(), record.vmid))
        });
        let Some((record, vmid)) = found else {
            return Err(Error::not_found("The LXC"));
        };
        if record.power != Power::Running {
            return Err(
                Error::new(Kind::Conflict, format!("{} is not running", record.name))
                    .next("Start it, then try again."),
            );
        }
        let road = self.road_to(guest).await?;
        let inside = road
            .check(vmid)
            .await
            .map_err(|e| crate::access::reach_error(&e))?;
        let endpoints: Vec<_> = inside.iter().map(|k| k.endpoint).collect();
        let open = inside.iter().any(|k| k.how == Knock::Answers);
        let outside: Option<Vec<Knocked>> = match &road {
            Reach::Ssh(node) if !open => node.knock(&endpoints).await.ok(),
            Reach::Ssh(_) | Reach::Console(_) => None,
        };
        let config = match self.watch_of(record.cluster) {
            Ok(watch) if !open => watch.client.lxc_config(&record.node, vmid).await.ok(),
            Ok(_) | Err(_) => None,
        };
        let networks = config.map(|c| c.networks).unwrap_or_default();
        Ok(Way {
            guest: record.name,
            node: record.node.to_string(),
            inside,
            outside,
            firewall: networks.iter().any(|n| n.firewall),
            vlans: networks.iter().filter_map(|n| n.tag).collect(),
        })
    }

    /// What keeps a guest from reaching this computer, as far as it can be found out.
    pub(crate) async fn way_problem(&self, guest: GuestId) -> Option<Problem> {
        self.look_at_way(guest).await.ok()?.verdict()
    }
}

/// The way between a guest and this computer, as it was tried just now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WayTried {
    pub endpoints: Vec<SocketAddr>,
    /// The guest reaches this computer by itself.
    pub open: bool,
    /// What keeps it from that.
    pub problem: Option<Problem>,
}

impl Engine {
    /// Tries the way from a guest to this computer.
    ///
    /// # Errors
    /// A guest that does not run or cannot be entered, or whose agent is too old to try.
    pub async fn try_way(&self, guest: GuestId) -> Result<WayTried, Error> {
        let way = self.0.look_at_way(guest).await?;
        if way.is_open() {
            self.0.leave_alone(guest).await;
        }
        Ok(WayTried {
            endpoints: way.inside.iter().map(|k| k.endpoint).collect(),
            open: way.is_open(),
            problem: way.verdict(),
        })
    }
}

/// How a session ended.
enum Ended {
    /// The agent was heard, then the connection ended.
    Served,
    ComesByItself,
    Failed(String),
}

/// For the gateway's log.
fn address_of(ssh: &SshNode) -> IpAddr {
    let host = ssh.address().host.parse();
    host.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED))
}

/// The turns in which sessions are opened.
pub(crate) fn turns() -> tokio::sync::Semaphore {
    tokio::sync::Semaphore::new(OPENED_AT_ONCE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_session_rests_longer_each_time() {
        assert_eq!(pause(1), PAUSES.0);
        assert_eq!(pause(2), 2 * PAUSES.0);
        assert_eq!(pause(40), PAUSES.1);
    }

    #[test]
    fn a_guest_has_one_session_and_a_failed_one_rests() {
        let (sessions, guest) = (Sessions::default(), GuestId::new());
        let now = Timestamp(1_000);
        assert!(sessions.take(guest, Some(now)).is_some());
        assert!(sessions.take(guest, None).is_none(), "it is open");
        sessions.rest(guest, Timestamp(5_000), 1);
        assert!(sessions.take(guest, Some(now)).is_none(), "it rests");
        assert_eq!(sessions.failures(guest), 1);
        let token = sessions.take(guest, None).expect("wanted now");
        sessions.end(guest);
        assert!(token.is_cancelled());
        assert!(sessions.take(guest, Some(now)).is_some());
    }
}
