//! Ten thousand connections that mean no good, two thousand of each kind, while honest agents come anew.

use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::Semaphore,
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;
use wire::path;

use crate::{
    clients::{check_in, summary},
    line::Way,
};

const OF_EACH_KIND: usize = 2_000;
/// Connections that are being made at once; the open ones are as many as the gateway suffers.
const AT_ONCE: usize = 256;
/// After that a connection that the gateway still suffers is left by this side.
const HOLD: Duration = Duration::from_secs(45);

#[derive(Clone, Copy)]
enum Kind {
    /// Connects and says nothing.
    Silent,
    /// Says what is no TLS.
    Garbage,
    /// Announces a body of a terabyte.
    OversizeBody,
    /// Sends headers without end.
    OversizeHeader,
    /// Shows the certificate of another authority.
    WrongCertificate,
    /// Begins a handshake, a byte each half second.
    SlowHandshake,
    /// Begins a request, a byte each half second.
    SlowRequest,
}

const KINDS: [(&str, Kind, usize); 7] = [
    ("silent", Kind::Silent, OF_EACH_KIND),
    ("garbage", Kind::Garbage, OF_EACH_KIND),
    ("oversize body", Kind::OversizeBody, OF_EACH_KIND / 2),
    ("oversize header", Kind::OversizeHeader, OF_EACH_KIND / 2),
    ("wrong certificate", Kind::WrongCertificate, OF_EACH_KIND),
    ("slow handshake", Kind::SlowHandshake, OF_EACH_KIND / 2),
    ("slow request", Kind::SlowRequest, OF_EACH_KIND / 2),
];

/// How many of a kind ended how.
type Fates = Arc<Mutex<BTreeMap<&'static str, BTreeMap<&'static str, usize>>>>;

/// Runs the whole attack; tells what became of it, and of the honest agents meanwhile.
pub(crate) async fn attack(stranger: Way, foreign: Way, newcomers: Vec<Way>) -> Value {
    let over = CancellationToken::new();
    let mut honest = JoinSet::new();
    for way in newcomers {
        honest.spawn(come_anew(way, over.clone()));
    }
    let fates: Fates = Arc::default();
    let making = Arc::new(Semaphore::new(AT_ONCE));
    let mut connections = JoinSet::new();
    // Of all kinds in turn, so that they come together.
    for n in 0..OF_EACH_KIND {
        for (name, kind, _) in KINDS.iter().filter(|(.., count)| n < *count) {
            let (kind, name) = (*kind, *name);
            let way = match kind {
                Kind::WrongCertificate => foreign.clone(),
                _ => stranger.clone(),
            };
            let (making, fates) = (making.clone(), fates.clone());
            connections.spawn(async move {
                let permit = making.acquire_owned().await.unwrap();
                let fate = tokio::time::timeout(HOLD, one(kind, &way, permit)).await;
                let fate = fate.unwrap_or("still open after 45 s");
                *fates
                    .lock()
                    .unwrap()
                    .entry(name)
                    .or_default()
                    .entry(fate)
                    .or_default() += 1;
            });
        }
    }
    while connections.join_next().await.is_some() {}
    over.cancel();
    let (mut times, mut failed) = (Vec::new(), Vec::new());
    while let Some(done) = honest.join_next().await {
        let (more, errors) = done.unwrap();
        times.extend(more);
        failed.extend(errors);
    }
    let mut anew = summary(times);
    anew["failed"] = json!(failed.len());
    failed.truncate(3);
    anew["because"] = json!(failed);
    json!({ "kinds": *fates.lock().unwrap(), "newcomers": anew })
}

/// One hostile connection until it is over; tells how it ended. `making` is given back once it has done its harm.
async fn one(kind: Kind, way: &Way, making: tokio::sync::OwnedSemaphorePermit) -> &'static str {
    let done: io::Result<&'static str> = async {
        match kind {
            Kind::Silent => {
                let stream = TcpStream::connect(way.address).await?;
                drop(making);
                Ok(ended(stream).await)
            }
            Kind::Garbage => {
                let mut stream = TcpStream::connect(way.address).await?;
                stream
                    .write_all(b"GET / HTTP/1.1\r\nhost: redflag\r\n\r\n")
                    .await?;
                drop(making);
                Ok(ended(stream).await)
            }
            Kind::OversizeBody => {
                let mut stream = way.tls().await?;
                let head = format!(
                    "POST {} HTTP/1.1\r\nhost: x\r\ncontent-length: 1099511627776\r\n\r\n{{",
                    path::ENROL
                );
                stream.write_all(head.as_bytes()).await?;
                drop(making);
                Ok(ended(stream).await)
            }
            Kind::OversizeHeader => {
                let mut stream = way.tls().await?;
                stream.write_all(b"POST /v1/enrol HTTP/1.1\r\n").await?;
                drop(making);
                let header = format!("x: {}\r\n", "y".repeat(8 << 10));
                while stream.write_all(header.as_bytes()).await.is_ok() {}
                Ok(ended(stream).await)
            }
            Kind::WrongCertificate => {
                let mut stream = way.tls().await?;
                stream
                    .write_all(b"POST /v1/checkin HTTP/1.1\r\n\r\n")
                    .await?;
                drop(making);
                Ok(ended(stream).await)
            }
            Kind::SlowHandshake => {
                let mut stream = TcpStream::connect(way.address).await?;
                drop(making);
                // The beginning of a long record.
                trickle(&mut stream, &[0x16, 3, 1, 0x20, 0, 1, 0, 0x1f, 0xfc, 3, 3]).await;
                Ok(ended(stream).await)
            }
            Kind::SlowRequest => {
                let mut stream = way.tls().await?;
                drop(making);
                trickle(&mut stream, b"POST /v1/enrol HTTP/1.1\r\nhost: ").await;
                Ok(ended(stream).await)
            }
        }
    }
    .await;
    done.unwrap_or("refused or cut off early")
}

/// Writes the bytes, then zeros, slowly, until it is closed.
async fn trickle(stream: &mut (impl AsyncRead + tokio::io::AsyncWrite + Unpin), bytes: &[u8]) {
    for byte in bytes.iter().copied().chain(std::iter::repeat(b'0')) {
        let mut answer = [0; 64];
        tokio::select! {
            // Whatever comes back is the end.
            _ = stream.read(&mut answer) => return,
            () = tokio::time::sleep(Duration::from_millis(500)) => {}
        }
        if stream.write_all(&[byte]).await.is_err() || stream.flush().await.is_err() {
            return;
        }
    }
}

/// Reads until the other side closes.
async fn ended(mut stream: impl AsyncRead + Unpin) -> &'static str {
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer).await;
    match read {
        _ if answer.starts_with(b"HTTP/1.1 4") => "refused with a reason",
        _ => "closed by the gateway",
    }
}

/// An honest agent that connects, asks and goes, over and over.
async fn come_anew(way: Way, over: CancellationToken) -> (Vec<i64>, Vec<String>) {
    let (mut times, mut failed) = (Vec::new(), Vec::new());
    while !over.is_cancelled() {
        let began = Instant::now();
        let answer = async {
            let mut line = way.line().await?;
            line.call("POST", path::CHECK_IN, &check_in(Vec::new(), 0))
                .await
        };
        match tokio::time::timeout(HOLD, answer).await {
            Ok(Ok((200, _))) => {
                times.push(i64::try_from(began.elapsed().as_millis()).unwrap());
            }
            other => failed.push(format!("{other:?}")),
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    (times, failed)
}
