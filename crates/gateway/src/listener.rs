//! The gateway's port: connections in, each bounded in number and time, and an orderly end.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    pin::pin,
    sync::Arc,
    time::Duration,
};

use axum::{Router, body::Body};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpSocket, TcpStream},
    sync::OwnedSemaphorePermit,
    time::timeout,
};
use tokio_rustls::TlsAcceptor;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::ServiceExt;

use crate::{
    Inbox,
    places::{Places, Stranger},
    router::{Peer, routes},
};

/// Connections that may wait to be accepted; the usual limit of the system.
const BACKLOG: u32 = 4096;
/// Bytes that a connection keeps: a thousand of them wait here all day, and large bodies come through in pieces.
const BUFFER: usize = 8 * 1024;

/// What the gateway allows before it closes a connection.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Agents that may be connected at once; one more is sent away. Every agent keeps one or two connections.
    pub agents: usize,
    /// Connections that have shown no certificate of ours: in their handshake, or about to enrol. One more makes an older
    /// one leave.
    pub strangers: usize,
    /// From the connection to the end of the TLS handshake.
    pub handshake: Duration,
    /// From the handshake or the last answer to the end of the next request's header.
    pub header: Duration,
    /// From the header to the end of the body.
    pub body: Duration,
    /// Failed enrolments that one address may make in a minute.
    pub failed_enrolments: u32,
    /// From the wish to stop to the end of the last answer.
    pub farewell: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            agents: 4096,
            strangers: 1024,
            handshake: Duration::from_secs(10),
            header: Duration::from_secs(30),
            body: Duration::from_secs(60),
            failed_enrolments: 20,
            farewell: Duration::from_secs(5),
        }
    }
}

/// The port cannot be had.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen for agents on {address}: {source}")]
pub struct BindError {
    pub address: SocketAddr,
    pub source: io::Error,
}

/// A running gateway. Dropping it does not stop it; the token given to [`Gateway::serve`] does.
#[derive(Debug)]
pub struct Gateway {
    local_addr: SocketAddr,
    task: tokio::task::JoinHandle<()>,
}

impl Gateway {
    /// Listens on `bind` (port 0 takes a free one) until `stop` is cancelled.
    pub async fn serve<I: Inbox>(
        bind: SocketAddr,
        config: rustls::ServerConfig,
        inbox: Arc<I>,
        stop: CancellationToken,
    ) -> Result<Self, BindError> {
        Self::serve_within(Limits::default(), bind, config, inbox, stop).await
    }

    /// [`Gateway::serve`] with other limits than the usual ones.
    pub async fn serve_within<I: Inbox>(
        limits: Limits,
        bind: SocketAddr,
        config: rustls::ServerConfig,
        inbox: Arc<I>,
        stop: CancellationToken,
    ) -> Result<Self, BindError> {
        let failed = |source| BindError {
            address: bind,
            source,
        };
        let listener = listen_at(bind).map_err(failed)?;
        let local_addr = listener.local_addr().map_err(failed)?;
        let port = Port::new(limits, Arc::new(config), inbox, stop);
        tracing::info!(%local_addr, "listening for agents");
        let task = tokio::spawn(port.listen(listener));
        Ok(Self { local_addr, task })
    }

    /// Where it listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// Waits until it has stopped and the last answer is out, or cut off.
    pub async fn stopped(self) {
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the gateway ended in disorder");
        }
    }
}

/// What a connection holds for as long as it is open.
enum Place {
    Agent(#[expect(dead_code, reason = "it works by being dropped")] OwnedSemaphorePermit),
    Stranger(Stranger),
}

impl Place {
    async fn sent_away(&self) {
        match self {
            Self::Agent(_) => std::future::pending().await,
            Self::Stranger(stranger) => stranger.sent_away().await,
        }
    }
}

/// As [`TcpListener::bind`] does it, with more room for those who are not accepted yet: whoever finds none tries again only
/// after a second.
fn listen_at(bind: SocketAddr) -> io::Result<TcpListener> {
    let socket = match bind {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    // On Windows the same word means that another program may take the port.
    #[cfg(not(windows))]
    socket.set_reuseaddr(true)?;
    socket.bind(bind)?;
    socket.listen(BACKLOG)
}

pub(crate) struct Port {
    router: Router,
    tls: TlsAcceptor,
    places: Arc<Places>,
    limits: Limits,
    pub(crate) stop: CancellationToken,
    /// Ends what does not end by itself after `stop`.
    cut: CancellationToken,
}

impl Port {
    pub(crate) fn new<I: Inbox>(
        limits: Limits,
        config: Arc<rustls::ServerConfig>,
        inbox: Arc<I>,
        stop: CancellationToken,
    ) -> Self {
        Self {
            router: routes(inbox, &limits, stop.clone()),
            tls: TlsAcceptor::from(config),
            places: Places::new(limits.agents, limits.strangers),
            limits,
            stop,
            cut: CancellationToken::new(),
        }
    }

    async fn listen(self, listener: TcpListener) {
        let connections = TaskTracker::new();
        let port = Arc::new(self);
        loop {
            let (stream, address) = tokio::select! {
                biased;
                () = port.stop.cancelled() => break,
                accepted = listener.accept() => match accepted {
                    Ok(accepted) => accepted,
                    Err(error) => {
                        // Out of file descriptors or the like: the next try would fail at once again.
                        tracing::warn!(%error, "cannot accept a connection");
                        port.places.make_room();
                        tokio::time::sleep(Duration::from_millis(100)).await;
                        continue;
                    }
                },
            };
            let port = port.clone();
            connections.spawn(async move {
                tokio::select! {
                    () = port.attend_tcp(stream, address) => {}
                    () = port.cut.cancelled() => {}
                }
            });
        }
        drop(listener);
        connections.close();
        if timeout(port.limits.farewell, connections.wait())
            .await
            .is_err()
        {
            tracing::warn!(open = connections.len(), "cut off connections to stop");
            port.cut.cancel();
            connections.wait().await;
        }
    }

    async fn attend_tcp(&self, stream: TcpStream, address: SocketAddr) {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%address, %error, "cannot set TCP_NODELAY");
        }
        self.attend(stream, address.ip()).await;
    }

    /// Serves one connection to its end, whatever carries it.
    pub(crate) async fn attend(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        address: IpAddr,
    ) {
        let stranger = self.places.stranger(address);
        let handshake = tokio::select! {
            () = stranger.sent_away() => return,
            done = timeout(self.limits.handshake, self.tls.accept(stream)) => done,
            () = self.stop.cancelled() => return,
        };
        let stream = match handshake {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => {
                tracing::debug!(%address, %error, "TLS handshake failed");
                return;
            }
            Err(_) => {
                tracing::debug!(%address, "TLS handshake took too long");
                return;
            }
        };
        let peer = Peer {
            address: address.to_canonical(),
            certificate: stream
                .get_ref()
                .1
                .peer_certificates()
                .and_then(|chain| chain.first())
                .map(|leaf| tls::fingerprint(leaf)),
        };
        let place = if peer.certificate.is_some() {
            let Some(place) = stranger.into_agent() else {
                tracing::warn!(%address, "sent an agent away: {} are connected", self.limits.agents);
                return;
            };
            Place::Agent(place)
        } else {
            Place::Stranger(stranger)
        };
        let service = service_fn(move |mut request: hyper::Request<Incoming>| {
            request.extensions_mut().insert(peer);
            self.router.clone().oneshot(request.map(Body::new))
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.limits.header)
            .max_headers(64)
            .max_buf_size(BUFFER)
            .serve_connection(TokioIo::new(stream), service);
        let mut connection = pin!(connection);
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = place.sent_away() => return,
            () = self.stop.cancelled() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%address, %error, "connection ended");
        }
    }
}
