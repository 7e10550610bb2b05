//! `GET …/vncwebsocket`: the upgrade, the first line, and bytes both ways until one side has enough.

use std::{sync::Arc, time::Duration};

use futures_util::{SinkExt, StreamExt};
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt},
    sync::mpsc,
    time::timeout,
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Message, handshake::derive_accept_key, protocol::Role},
};

use super::{
    frame::{Frame, Frames},
    lock,
    offer::{self, Closed, Offer},
    shared::{Key, Shared},
    shell,
};
use crate::{
    ground::{Ground, Place},
    pve::wire::{Reply, Request, date, decode},
    world::{Guest, World, seconds},
};

/// How long termproxy waits for the first line.
const FIRST_LINE: Duration = Duration::from_secs(10);
/// As long as a refused first line takes.
const NOT_LET_IN: Duration = Duration::from_secs(3);

/// The guest whose websocket a request wants; none for any other request.
pub(crate) fn wanted(request: &Request) -> Option<u32> {
    let path = request.target.split('?').next()?;
    let rest = path.strip_prefix("/api2/json/nodes/")?;
    let (_, rest) = rest.split_once("/lxc/")?;
    let vmid = rest.strip_suffix("/vncwebsocket")?;
    (request.method == "GET").then(|| vmid.parse().ok())?
}

/// Serves a websocket whose caller has been let in by the API. The connection is over afterwards.
pub(crate) async fn serve<S: AsyncRead + AsyncWrite + Unpin>(
    ground: &Arc<Ground>,
    entry: Place,
    request: &Request,
    mut stream: S,
) -> std::io::Result<()> {
    let query = request.target.split_once('?').map_or("", |(_, q)| q);
    let parameter = |name: &str| {
        let pair = query
            .split('&')
            .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
        pair.map(|value| decode(value, true))
    };
    let (port, ticket) = (parameter("port"), parameter("vncticket"));
    let offer = match offer::take(ground, entry, port.as_deref(), ticket.as_deref()) {
        Ok(offer) => offer,
        Err(Closed::Late) => return Ok(()),
        Err(Closed::Ticket) => {
            tokio::time::sleep(ground.options.refusal_delay).await;
            let reply = Reply::bare(401, "Authentication failed!");
            return reply.write(&mut stream, &date(seconds())).await;
        }
    };
    let Some(key) = request.header("sec-websocket-key") else {
        return Ok(());
    };
    let mut head = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Accept: {}\r\n",
        derive_accept_key(key.as_bytes())
    );
    if let Some(protocol) = request.header("sec-websocket-protocol") {
        head.push_str(&format!("Sec-WebSocket-Protocol: {protocol}\r\n"));
    }
    head.push_str("\r\n");
    stream.write_all(head.as_bytes()).await?;
    stream.flush().await?;
    let socket = WebSocketStream::from_raw_socket(stream, Role::Server, None).await;
    carry(ground, offer, socket).await;
    Ok(())
}

async fn carry<S: AsyncRead + AsyncWrite + Unpin>(
    ground: &Arc<Ground>,
    offer: Offer,
    mut socket: WebSocketStream<S>,
) {
    let mut frames = Frames::default();
    let line = timeout(FIRST_LINE, async {
        loop {
            if let Some(line) = frames.line() {
                return Some(line);
            }
            frames.push(&bytes_of(socket.next().await?)?);
        }
    });
    let right = format!("{}:{}", offer.user, offer.ticket);
    match line.await {
        Ok(Some(line)) if line == right && offer.lets_in => {}
        Ok(Some(line)) if line == right => {
            tokio::time::sleep(NOT_LET_IN.min(ground.options.refusal_delay)).await;
            return;
        }
        _ => return,
    }
    if socket.send(Message::Binary("OK".into())).await.is_err() {
        return;
    }
    let Some((session, mut screen)) = attach(ground, &offer) else {
        return;
    };
    // Proxmox VE 9 does not notice that the program has ended.
    let stays = ground.live.read(|w| {
        let (cluster, node) = offer.entry.find(w)?;
        Some(cluster.profile_of(node).console_stays())
    });
    let mut cut = taken(ground, &offer, |guest| guest.console.cut_after);
    let mut over = false;
    loop {
        tokio::select! {
            shown = screen.recv(), if !over => match shown {
                Some(bytes) => {
                    if socket.send(Message::Binary(bytes.into())).await.is_err() {
                        return;
                    }
                }
                None if stays == Some(true) => over = true,
                // Without a farewell.
                None => return,
            },
            message = socket.next() => {
                let Some(bytes) = message.and_then(bytes_of) else { return };
                frames.push(&bytes);
                while let Some(frame) = frames.next() {
                    let key = match frame {
                        Frame::Alive => continue,
                        Frame::Resize(columns, rows) => Key::Size(columns, rows),
                        Frame::Data(data) => {
                            if let Some(left) = &mut cut {
                                let Some(rest) = left.checked_sub(data.len()) else {
                                    forget_cut(ground, &offer);
                                    let _ = session.key(Key::Typed(data[..*left].to_vec())).await;
                                    return;
                                };
                                *left = rest;
                            }
                            Key::Typed(data)
                        }
                    };
                    if over || !session.key(key).await {
                        // More data for a program that has ended: an error on a real node.
                        return;
                    }
                }
            }
        }
    }
}

fn bytes_of(message: Result<Message, tokio_tungstenite::tungstenite::Error>) -> Option<Vec<u8>> {
    match message.ok()? {
        Message::Binary(bytes) => Some(bytes.to_vec()),
        Message::Text(text) => Some(text.as_bytes().to_vec()),
        Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => Some(Vec::new()),
        Message::Close(_) => None,
    }
}

fn find<'a>(world: &'a World, offer: &Offer) -> Option<&'a Guest> {
    world
        .clusters
        .get(offer.entry.cluster)?
        .guests
        .get(&offer.vmid)
}

fn taken<T>(ground: &Ground, offer: &Offer, look: impl FnOnce(&Guest) -> Option<T>) -> Option<T> {
    ground.live.read(|w| find(w, offer).and_then(look))
}

/// Tells one run of a guest from the next.
fn life_of(guest: &Guest) -> Option<(i64, u32)> {
    guest.running_since.map(|since| (since, guest.boots))
}

fn forget_cut(ground: &Ground, offer: &Offer) {
    ground.live.change(|w| {
        let cluster = w.clusters.get_mut(offer.entry.cluster);
        if let Some(guest) = cluster.and_then(|c| c.guests.get_mut(&offer.vmid)) {
            guest.console.cut_after = None;
        }
    });
}

/// Attaches to the guest's session, or begins one.
fn attach(
    ground: &Arc<Ground>,
    offer: &Offer,
) -> Option<(Shared, mpsc::UnboundedReceiver<Vec<u8>>)> {
    let place = (offer.entry.cluster, offer.vmid);
    let mut open = lock(&ground.terminals.open);
    if let Some(session) = open.get(&place).filter(|session| !session.ended())
        && let Some(screen) = session.attach()
    {
        return Some((session.clone(), screen));
    }
    let (mode, running) = taken(ground, offer, |guest| {
        Some((guest.console.mode().to_owned(), guest.running()))
    })?;
    let (session, stage) = Shared::new();
    let screen = session.attach()?;
    open.insert(place, session.clone());
    drop(open);
    ground.live.change(|w| {
        let cluster = w.clusters.get_mut(place.0);
        if let Some(guest) = cluster.and_then(|c| c.guests.get_mut(&place.1)) {
            guest.console.begun += 1;
        }
    });
    let shared = ground.clone();
    let life = taken(ground, offer, life_of);
    ground.tasks.spawn(async move {
        let program = shared.terminals.program(place.0, place.1);
        let playing = async {
            #[cfg(target_os = "linux")]
            if let Some(program) = program {
                if let Err(error) = super::real::play(&program(&mode), stage).await {
                    tracing::warn!(%error, vmid = place.1, "a real console ended");
                }
                return;
            }
            #[cfg(not(target_os = "linux"))]
            drop(program);
            tokio::select! {
                () = shell::play(&shared, place, &mode, running, stage) => {}
                // Whatever is connected to it ends with it.
                () = shared.live.until(|w| {
                    let guest = w.clusters.get(place.0).and_then(|c| c.guests.get(&place.1));
                    guest.and_then(life_of) != life
                }), if running => {}
            }
        };
        tokio::select! {
            () = shared.stop.cancelled() => {}
            () = playing => {}
        }
        shared.live.change(|w| {
            let cluster = w.clusters.get_mut(place.0);
            if let Some(guest) = cluster.and_then(|c| c.guests.get_mut(&place.1)) {
                guest.console.ended += 1;
            }
        });
    });
    Some((session, screen))
}
