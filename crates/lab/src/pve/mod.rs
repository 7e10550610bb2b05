//! The HTTPS API of each node, quirks included.

mod access;
mod answer;
pub(crate) mod authority;
mod call;
mod cluster;
mod config;
mod connection;
mod ha;
mod http;
pub(crate) mod login;
mod lxc;
mod nodes;
mod packages;
mod parameters;
mod tasks;
mod writes;

/// What is no call of the API is read and answered in the same words.
pub(crate) mod wire {
    pub(crate) use super::{
        http::{Reply, Request, date},
        parameters::decode,
    };
}

use std::{net::SocketAddr, sync::Arc};

use anyhow::Result;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tracing::warn;

use crate::{
    ground::{Ground, Place, until_api},
    net::listen_again,
};

/// Serves one node for as long as the lab runs; while the node is down nothing listens.
///
/// # Errors
/// When the TLS configuration cannot be made.
pub(crate) fn serve(ground: &Arc<Ground>, place: Place, listener: TcpListener) -> Result<()> {
    let address = listener.local_addr()?;
    let authority = ground.authorities.get(place.cluster);
    let authority = authority.ok_or_else(|| anyhow::anyhow!("a cluster without a CA"))?;
    let acceptor = TlsAcceptor::from(authority.server_config(place.node)?);
    let down = ground.live.read(|w| place.shut(w));
    let listener = (!down).then_some(listener);
    let shared = ground.clone();
    ground.tasks.spawn(async move {
        tokio::select! {
            () = shared.stop.cancelled() => {}
            () = keep(&shared, place, address, listener, acceptor) => {}
        }
    });
    Ok(())
}

async fn keep(
    ground: &Arc<Ground>,
    place: Place,
    address: SocketAddr,
    mut listener: Option<TcpListener>,
    acceptor: TlsAcceptor,
) {
    loop {
        if ground.live.read(|w| place.shut(w)) {
            // It was closed before anyone came to accept: the system would take connections for it.
            listener = None;
        }
        until_api(ground, place, false).await;
        let open = match listener.take() {
            Some(listener) => listener,
            None => match listen_again(address).await {
                Ok(listener) => listener,
                Err(error) => {
                    warn!(%address, %error, "a node of the lab cannot listen again");
                    return;
                }
            },
        };
        // Ends the connections of this life of the node.
        let life = ground.stop.child_token();
        loop {
            tokio::select! {
                () = until_api(ground, place, true) => break,
                accepted = open.accept() => {
                    let Ok((stream, _)) = accepted else { continue };
                    let (ground, acceptor, life) = (ground.clone(), acceptor.clone(), life.clone());
                    ground.clone().tasks.spawn(async move {
                        tokio::select! {
                            () = life.cancelled() => {}
                            () = connection::serve(&ground, place, stream, acceptor) => {}
                        }
                    });
                }
            }
        }
        life.cancel();
    }
}
