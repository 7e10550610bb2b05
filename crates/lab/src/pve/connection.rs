//! One connection to a node: TLS or a redirection to it, then requests until either side has enough.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt, BufReader},
    net::TcpStream,
};
use tokio_rustls::TlsAcceptor;

use super::{
    call,
    http::{self, Keep, Reply, Request, Unreadable},
};
use crate::{
    console,
    faults::Fault,
    ground::{Ground, Place},
    records::RequestRecord,
    world::seconds,
};

/// After so many requests the server ends a connection.
const REQUESTS: usize = 100;

pub(crate) async fn serve(
    ground: &Arc<Ground>,
    place: Place,
    stream: TcpStream,
    acceptor: TlsAcceptor,
) {
    // A client that gives up early is no news.
    let _ = stream.set_nodelay(true);
    let mut first = [0_u8; 1];
    match tokio::time::timeout(ground.options.keep_alive, stream.peek(&mut first)).await {
        // The first byte of a TLS handshake.
        Ok(Ok(1)) if first == [0x16] => {
            if let Ok(mut stream) = acceptor.accept(stream).await {
                ground.records.connected();
                if let Ok(End::Reset) = requests(ground, place, &mut stream).await {
                    let _ = stream.get_ref().0.set_zero_linger();
                }
            }
        }
        Ok(Ok(1)) => {
            let _ = redirect(stream).await;
        }
        _ => {}
    }
}

/// Plain HTTP on the port: 301 to the same place with https.
async fn redirect(stream: TcpStream) -> std::io::Result<()> {
    let own = stream.local_addr()?;
    let mut stream = BufReader::new(stream);
    let Ok(request) = Request::read(&mut stream).await else {
        return Ok(());
    };
    let host = request
        .header("host")
        .map_or_else(|| own.to_string(), str::to_owned);
    let mut reply = Reply::bare(301, "Moved Permanently");
    reply.location = Some(format!("https://{host}{}", request.target));
    reply.write(&mut stream, &http::date(seconds())).await?;
    stream.shutdown().await
}

async fn requests(
    ground: &Arc<Ground>,
    place: Place,
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
) -> std::io::Result<End> {
    let mut stream = BufReader::new(stream);
    for number in 1..=REQUESTS {
        let read = tokio::time::timeout(ground.options.keep_alive, Request::read(&mut stream));
        let request = match read.await {
            Err(_) | Ok(Err(Unreadable::Ended | Unreadable::Io)) => break,
            Ok(Err(Unreadable::Refuse(status, reason))) => {
                let reply = Reply::bare(status, reason);
                reply.write(&mut stream, &http::date(seconds())).await?;
                break;
            }
            Ok(Ok(request)) => request,
        };
        let fault = noted(ground, place, &request);
        if fault == Some(Fault::CutBefore) {
            return Ok(End::Orderly);
        }
        if fault.is_none()
            && let Some(vmid) = console::wanted(&request)
        {
            match call::may_watch(ground, place, &request, vmid).await {
                Ok(()) => console::serve(ground, place, &request, &mut stream).await?,
                Err(reply) => reply.write(&mut stream, &http::date(seconds())).await?,
            }
            return Ok(End::Orderly);
        }
        let mut reply = match &fault {
            Some(Fault::Answer { status, reason }) => {
                if *status == 401 {
                    refusal_delay(ground.options.refusal_delay).await;
                }
                injected(*status, reason)
            }
            _ => call::answer(ground, place, &request).await,
        };
        let asked = request
            .header("connection")
            .is_some_and(|words| words.to_ascii_lowercase().contains("close"));
        if asked || number == REQUESTS {
            reply.keep = Keep::Close;
        }
        if !ground.options.latency.is_zero() {
            tokio::time::sleep(ground.options.latency).await;
        }
        if fault == Some(Fault::Reset) {
            return Ok(End::Reset);
        }
        if !write(&mut stream, &reply, fault).await? || reply.keep == Keep::Close {
            break;
        }
    }
    stream.shutdown().await?;
    Ok(End::Orderly)
}

/// How a connection ends.
enum End {
    Orderly,
    /// With a reset instead of the usual farewell.
    Reset,
}

/// Notes the request, and finds the fault that it is to meet.
fn noted(ground: &Ground, place: Place, request: &Request) -> Option<Fault> {
    let (cluster, node) = ground.live.read(|w| {
        let (cluster, node) = place.find(w)?;
        Some((cluster.label.clone(), node.name.clone()))
    })?;
    ground.records.add(RequestRecord {
        at: Instant::now(),
        cluster: cluster.clone(),
        node: node.clone(),
        method: request.method.clone(),
        path: request.target.clone(),
    });
    ground
        .faults
        .of(&cluster, &node, &request.method, &request.target)
}

/// Whether the connection may go on.
async fn write(
    stream: &mut (impl AsyncWrite + Unpin),
    reply: &Reply,
    fault: Option<Fault>,
) -> std::io::Result<bool> {
    let date = http::date(seconds());
    match fault {
        None | Some(Fault::Answer { .. }) => reply.write(stream, &date).await?,
        Some(Fault::Delay(time)) => {
            tokio::time::sleep(time).await;
            reply.write(stream, &date).await?;
        }
        Some(Fault::Cut | Fault::CutBefore | Fault::Reset) => return Ok(false),
        Some(Fault::Body(text)) => {
            let reply = Reply {
                body: Some(text.into_bytes()),
                ..reply.clone()
            };
            reply.write(stream, &date).await?;
        }
        Some(Fault::Garbage) => {
            stream.write_all(b"\x00\xffSSH-2.0-nothing\r\n\r\n").await?;
            stream.flush().await?;
            return Ok(false);
        }
        Some(Fault::CutBody) => {
            let body = reply.body.as_deref().unwrap_or_default();
            stream.write_all(reply.head(&date).as_bytes()).await?;
            stream.write_all(&body[..body.len() / 2]).await?;
            stream.flush().await?;
            return Ok(false);
        }
        Some(Fault::SlowBody(time)) => {
            let body = reply.body.as_deref().unwrap_or_default();
            stream.write_all(reply.head(&date).as_bytes()).await?;
            let pieces = u32::try_from(body.len().clamp(1, 20)).unwrap_or(1);
            for piece in body.chunks(body.len().div_ceil(pieces as usize).max(1)) {
                stream.write_all(piece).await?;
                stream.flush().await?;
                tokio::time::sleep(time / pieces).await;
            }
        }
        Some(Fault::Silent) => {
            // Until the client gives up or the lab ends, which drops this future.
            std::future::pending::<()>().await;
        }
    }
    Ok(true)
}

/// An error as Proxmox would write it, without a cause.
fn injected(status: u16, reason: &str) -> Reply {
    let mut reply = Reply::bare(status, reason);
    if status != 401 && status < 590 {
        let body = serde_json::json!({ "data": null, "message": format!("{reason}\n") });
        reply.body = Some(body.to_string().into_bytes());
    }
    reply
}

/// Waits as Proxmox does before it says 401.
pub(super) async fn refusal_delay(time: Duration) {
    if !time.is_zero() {
        tokio::time::sleep(time).await;
    }
}
