//! Faults of whole connections: those to a node's sshd, and those of simulated agents to their desktop. The fate of a
//! connection is drawn from the lab's seed when it is made.

use std::{
    io,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Sleep, sleep},
};
use tokio_util::sync::CancellationToken;

use crate::seed::Seed;

/// Whose connection it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carrier {
    /// Somebody enters a node.
    Ssh,
    /// A simulated agent calls its desktop.
    Agent,
}

/// What goes wrong with a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkFault {
    /// It is reset before a byte was carried.
    Refused,
    /// It is reset once some bytes have gone either way: from one to this many.
    Cut(u64),
    /// Every piece that comes or goes takes this long.
    Slow(Duration),
}

/// A fault and how many of the connections have it.
#[derive(Clone, Copy, Debug)]
pub struct LinkRule {
    pub carrier: Carrier,
    pub fault: LinkFault,
    /// 0 to 1, of all connections of the carrier: the rules of one carrier share them out.
    pub probability: f64,
    /// How often it happens before it is used up; none means always.
    pub times: Option<u32>,
}

/// All such rules of a lab. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Links(Arc<Mutex<Inner>>);

#[derive(Debug)]
struct Inner {
    rules: Vec<LinkRule>,
    seed: Seed,
    /// Made, and with a fault; by carrier.
    counts: [(u64, u64); 2],
    /// Ends what is open to the nodes' sshds.
    end: CancellationToken,
}

impl Links {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(Inner {
            rules: Vec::new(),
            // Another sequence than that of the API's faults, so that the two do not disturb each other.
            seed: Seed::new(seed ^ 0x11_4B),
            counts: [(0, 0); 2],
            end: CancellationToken::new(),
        })))
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a rule for connections that are made from now on.
    pub fn add(&self, rule: LinkRule) {
        self.lock().rules.push(rule);
    }

    /// Removes all rules. Connections that are open keep their fate.
    pub fn clear(&self) {
        self.lock().rules.clear();
    }

    /// How many connections of a carrier were made, and how many of them had a fault.
    pub fn counted(&self, carrier: Carrier) -> (u64, u64) {
        self.lock().counts[carrier as usize]
    }

    /// Ends all connections to the nodes' sshds that are open. New ones are accepted as before.
    pub fn end_ssh(&self) {
        let ended = std::mem::take(&mut self.lock().end);
        ended.cancel();
    }

    /// Cancelled when the connections to sshds that are open now shall end.
    pub(crate) fn end(&self) -> CancellationToken {
        self.lock().end.clone()
    }

    /// Draws the fate of a new connection.
    fn fate(&self, carrier: Carrier) -> Option<Fate> {
        let mut inner = self.lock();
        let Inner {
            rules,
            seed,
            counts,
            ..
        } = &mut *inner;
        let (made, troubled) = &mut counts[carrier as usize];
        *made += 1;
        let mut drawn = seed.unit();
        let theirs = rules.iter_mut().filter(|rule| rule.carrier == carrier);
        let rule = theirs.filter(|rule| rule.times != Some(0)).find(|rule| {
            let hit = drawn < rule.probability;
            drawn -= rule.probability;
            hit
        })?;
        if let Some(times) = &mut rule.times {
            *times -= 1;
        }
        *troubled += 1;
        Some(match rule.fault {
            LinkFault::Refused => Fate::Cut { left: 0 },
            LinkFault::Cut(most) => Fate::Cut {
                left: seed.next() % most.max(1) + 1,
            },
            LinkFault::Slow(each) => Fate::Slow {
                each,
                reading: None,
                writing: None,
            },
        })
    }

    /// Takes a connection under these rules.
    ///
    /// # Errors
    /// When it is to be refused; then it is reset already.
    pub(crate) fn carry(&self, carrier: Carrier, stream: TcpStream) -> io::Result<Link> {
        let fate = self.fate(carrier);
        if matches!(fate, Some(Fate::Cut { .. })) {
            // Its end shall be a reset, as of a peer that vanished, not an orderly farewell.
            stream.set_zero_linger()?;
        }
        if matches!(fate, Some(Fate::Cut { left: 0 })) {
            return Err(reset());
        }
        Ok(Link { stream, fate })
    }
}

fn reset() -> io::Error {
    io::Error::from(io::ErrorKind::ConnectionReset)
}

#[derive(Debug)]
enum Fate {
    Cut {
        left: u64,
    },
    Slow {
        each: Duration,
        reading: Option<Pin<Box<Sleep>>>,
        writing: Option<Pin<Box<Sleep>>>,
    },
}

/// A connection with its fate.
#[derive(Debug)]
pub(crate) struct Link {
    stream: TcpStream,
    fate: Option<Fate>,
}

/// Waits for the piece before, if it is still on its way.
fn passed(wait: &mut Option<Pin<Box<Sleep>>>, cx: &mut Context<'_>) -> Poll<()> {
    if let Some(sleeping) = wait {
        ready!(sleeping.as_mut().poll(cx));
        *wait = None;
    }
    Poll::Ready(())
}

impl AsyncRead for Link {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Self { stream, fate } = &mut *self;
        match fate {
            Some(Fate::Cut { left: 0 }) => return Poll::Ready(Err(reset())),
            Some(Fate::Slow { reading, .. }) => ready!(passed(reading, cx)),
            _ => {}
        }
        let before = buf.filled().len();
        ready!(Pin::new(stream).poll_read(cx, buf))?;
        let came = buf.filled().len() - before;
        match fate {
            Some(Fate::Cut { left }) => *left = left.saturating_sub(came as u64),
            Some(Fate::Slow { each, reading, .. }) => *reading = Some(Box::pin(sleep(*each))),
            None => {}
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Link {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let Self { stream, fate } = &mut *self;
        let mut most = buf.len();
        match fate {
            Some(Fate::Cut { left: 0 }) => return Poll::Ready(Err(reset())),
            Some(Fate::Cut { left }) => most = most.min(usize::try_from(*left).unwrap_or(most)),
            Some(Fate::Slow { writing, .. }) => ready!(passed(writing, cx)),
            None => {}
        }
        let piece = buf.get(..most).unwrap_or(buf);
        let went = ready!(Pin::new(stream).poll_write(cx, piece))?;
        match fate {
            Some(Fate::Cut { left }) => *left = left.saturating_sub(went as u64),
            Some(Fate::Slow { each, writing, .. }) => *writing = Some(Box::pin(sleep(*each))),
            None => {}
        }
        Poll::Ready(Ok(went))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    use super::*;

    const THIRD: f64 = 1.0 / 3.0;

    fn with(faults: &[(LinkFault, f64)]) -> Links {
        let links = Links::new(7);
        for (fault, probability) in faults {
            links.add(LinkRule {
                carrier: Carrier::Ssh,
                fault: *fault,
                probability: *probability,
                times: None,
            });
        }
        links
    }

    /// Both ends of a connection.
    async fn pair() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let near = TcpStream::connect(listener.local_addr().unwrap());
        let (near, far) = tokio::join!(near, listener.accept());
        (near.unwrap(), far.unwrap().0)
    }

    #[test]
    fn the_rules_share_out_the_connections_of_their_carrier_alone() {
        let each = THIRD / 3.0;
        let slow = LinkFault::Slow(Duration::ZERO);
        let links = with(&[
            (LinkFault::Refused, each),
            (LinkFault::Cut(9), each),
            (slow, each),
        ]);
        let mut kinds = [0_u32; 3];
        for _ in 0..3_000 {
            match links.fate(Carrier::Ssh) {
                Some(Fate::Cut { left: 0 }) => kinds[0] += 1,
                Some(Fate::Cut { left }) => {
                    assert!((1..=9).contains(&left));
                    kinds[1] += 1;
                }
                Some(Fate::Slow { .. }) => kinds[2] += 1,
                None => {}
            }
            assert!(links.fate(Carrier::Agent).is_none());
        }
        for kind in kinds {
            assert!((200..470).contains(&kind), "{kinds:?}");
        }
        let troubled = u64::from(kinds.iter().sum::<u32>());
        assert_eq!(links.counted(Carrier::Ssh), (3_000, troubled));
        assert_eq!(links.counted(Carrier::Agent), (3_000, 0));
    }

    #[test]
    fn a_rule_happens_as_often_as_it_says() {
        let links = Links::new(7);
        links.add(LinkRule {
            carrier: Carrier::Agent,
            fault: LinkFault::Refused,
            probability: 1.0,
            times: Some(2),
        });
        let fates = [(); 4].map(|()| links.fate(Carrier::Agent).is_some());
        assert_eq!(fates, [true, true, false, false]);
    }

    #[tokio::test]
    async fn a_refused_connection_is_reset_before_a_byte() {
        let (near, mut far) = pair().await;
        let links = with(&[(LinkFault::Refused, 1.0)]);
        links.carry(Carrier::Ssh, near).unwrap_err();
        let error = far.read_u8().await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
    }

    #[tokio::test]
    async fn a_cut_connection_carries_no_more_than_it_was_given() {
        let (near, mut far) = pair().await;
        let links = with(&[(LinkFault::Cut(100), 1.0)]);
        let mut near = links.carry(Carrier::Ssh, near).unwrap();
        let error = near.write_all(&[1; 1_000]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
        drop(near);
        let mut came = Vec::new();
        let error = far.read_to_end(&mut came).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
        assert!(came.len() <= 100, "{}", came.len());
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_connection_carries_everything_late() {
        let (near, mut far) = pair().await;
        let each = Duration::from_secs(10);
        let links = with(&[(LinkFault::Slow(each), 1.0)]);
        let mut near = links.carry(Carrier::Ssh, near).unwrap();
        let began = tokio::time::Instant::now();
        for piece in [b"one", b"two"] {
            near.write_all(piece).await.unwrap();
        }
        assert!(began.elapsed() >= each, "the second waits for the first");
        let mut came = [0; 6];
        far.read_exact(&mut came).await.unwrap();
        assert_eq!(&came, b"onetwo");
    }
}
