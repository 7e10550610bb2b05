//! The gateway's port: chosen once, changed when the user says so. After a change the former port is heard as well, until
//! every agent has called and so has learnt the new one.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, atomic::Ordering},
};

use domain::Timestamp;
use gateway::Gateway;

use crate::{Engine, Error, Kind, clock, inner::Inner, operations::account, reception::Reception};

const PORT: &str = "gateway.port";
/// `PORT@MILLISECONDS`: the one before, and when it was changed.
const FORMER: &str = "gateway.former-port";
/// An agent that called this long after the change has had its answer, with the new port in it: longer than a poll.
const LEARNT_AFTER_MS: i64 = 3 * 60 * 1000;

/// Where agents reach this computer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatewayFacts {
    pub port: u16,
    /// This computer's addresses with that port.
    pub addresses: Vec<SocketAddr>,
    /// The port before the last change, while some agents know no other.
    pub former: Option<u16>,
    /// How many those are.
    pub waiting: u32,
    /// The environment says where to listen, so that the port cannot be changed here.
    pub fixed: bool,
}

impl Inner {
    /// Listens at the given address, else at the port of last time, else at a free one that is kept from now on; and at
    /// the port before that, if agents still call there. Gives the port.
    pub(crate) async fn listen(
        self: &Arc<Self>,
        config: &rustls::ServerConfig,
    ) -> Result<u16, Error> {
        let last = self.store.setting(PORT).await?;
        let last = last.and_then(|port| port.parse().ok()).unwrap_or(0);
        let chosen = self.gateway_bind.unwrap_or_else(|| everywhere(last));
        let port = self.hear(chosen, config.clone()).await?;
        if self.gateway_bind.is_none() {
            self.store.set_setting(PORT, &port.to_string()).await?;
        }
        match self.former_port().await? {
            Some((former, changed)) if self.not_heard_since(changed) > 0 => {
                if let Err(error) = self.hear(everywhere(former), config.clone()).await {
                    tracing::warn!(%error, former, "the gateway's former port is not heard");
                }
            }
            Some(_) => self.store.set_setting(FORMER, "").await?,
            None => {}
        }
        Ok(port)
    }

    async fn hear(
        self: &Arc<Self>,
        at: SocketAddr,
        config: rustls::ServerConfig,
    ) -> Result<u16, Error> {
        let reception = Arc::new(Reception::at_the_port(Arc::clone(self)));
        let gateway = Gateway::serve(at, config, reception, self.stop.clone()).await;
        let gateway = gateway.map_err(|e| {
            Error::new(
                Kind::Conflict,
                format!("RedFlag cannot listen for its agents at {at}"),
            )
            .words(e.to_string())
            .next("Another program, perhaps a second RedFlag, uses that port. End it, or choose another port.")
        })?;
        let port = gateway.local_addr().port();
        self.tasks.spawn(gateway.stopped());
        Ok(port)
    }

    async fn former_port(&self) -> Result<Option<(u16, Timestamp)>, Error> {
        let stored = self.store.setting(FORMER).await?.unwrap_or_default();
        Ok(stored.split_once('@').and_then(|(port, at)| {
            let at = Timestamp(at.parse().ok()?);
            Some((port.parse().ok()?, at))
        }))
    }

    /// Agents that have not called since a change of the port.
    fn not_heard_since(&self, changed: Timestamp) -> u32 {
        let silent = self.state.read(|known| {
            let agents = known.guests.values().filter_map(|g| g.agent.as_ref());
            let silent = agents.filter(|agent| {
                let seen = agent.record.last_seen;
                seen.is_none_or(|seen| seen.since(changed) < LEARNT_AFTER_MS)
            });
            silent.count()
        });
        u32::try_from(silent).unwrap_or(u32::MAX)
    }

    async fn gateway_facts(&self) -> Result<GatewayFacts, Error> {
        let former = self.former_port().await?;
        let waiting = former.map_or(0, |(_, changed)| self.not_heard_since(changed));
        let port = self.gateway_port().ok_or_else(|| {
            Error::new(Kind::Locked, "RedFlag's secrets are not open yet")
                .next("Enter the passphrase first.")
        })?;
        Ok(GatewayFacts {
            port,
            addresses: self.endpoints(None),
            former: former.map(|(port, _)| port).filter(|_| waiting > 0),
            waiting,
            fixed: self.gateway_bind.is_some(),
        })
    }

    async fn set_gateway_port(self: &Arc<Self>, port: u16) -> Result<(), Error> {
        if self.gateway_bind.is_some() {
            return Err(Error::new(
                Kind::Conflict,
                "The port is set by REDFLAG_GATEWAY_BIND, so it cannot be changed here",
            )
            .next("Start RedFlag without that variable, then try again."));
        }
        if port == 0 {
            return Err(Error::new(Kind::BadInput, "0 is no port")
                .next("Choose one from 1 to 65535; below 1024 the system may refuse."));
        }
        let started = self.started()?;
        let old = started.port.load(Ordering::Relaxed);
        if old == port {
            return Ok(());
        }
        let former = self.former_port().await?;
        // One that was left not long ago is still heard.
        if former
            .is_none_or(|(former, changed)| former != port || self.not_heard_since(changed) == 0)
        {
            self.hear(everywhere(port), started.tls.as_ref().clone())
                .await?;
        }
        self.store.set_setting(PORT, &port.to_string()).await?;
        let left = format!("{old}@{}", clock::now().0);
        self.store.set_setting(FORMER, &left).await?;
        started.port.store(port, Ordering::Relaxed);
        self.audit(
            &account(),
            "gateway.port",
            "RedFlag",
            &format!("from {old} to {port}"),
            "done",
        )
        .await;
        Ok(())
    }
}

fn everywhere(port: u16) -> SocketAddr {
    SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), port)
}

impl Engine {
    /// Where agents reach this computer.
    ///
    /// # Errors
    /// [`Kind::Locked`] before the secrets are open.
    pub async fn gateway(&self) -> Result<GatewayFacts, Error> {
        self.0.gateway_facts().await
    }

    /// Listens at another port from now on; agents learn it with their next call.
    ///
    /// # Errors
    /// [`Kind::Conflict`] for a port that is taken or set by the environment.
    pub async fn set_gateway_port(&self, port: u16) -> Result<GatewayFacts, Error> {
        self.0.set_gateway_port(port).await?;
        self.0.gateway_facts().await
    }
}
