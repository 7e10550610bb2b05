//! A simulated sshd on every node: password and public-key login as root, and the few scripts that are known.

mod account;
mod script;
mod verbs;

use std::{
    collections::HashMap,
    fmt,
    net::SocketAddr,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use anyhow::{Context, Result};
use russh::{
    Channel, ChannelId, MethodKind, MethodSet,
    keys::{HashAlg, PrivateKey, PublicKey, ssh_key::private::Ed25519Keypair},
    server::{self, Auth, ChannelOpenHandle, Msg, PublicKeyOffer, Session, VerifiedPublicKey},
};
use tokio::net::{TcpListener, TcpStream};
use tracing::warn;

use crate::{
    ground::{Ground, Place},
    links::{Carrier, Link},
    net::listen_again,
    ssh::account::Account,
    world::{Live, World},
};

/// Largest script: the agent's binary in base64 and room to spare, in bytes.
const SCRIPT_LIMIT: usize = 64 << 20;

/// One node's sshd: where it listens and what opens it.
#[derive(Clone)]
pub(crate) struct Door {
    address: SocketAddr,
    password: String,
    /// Shown to whoever connects from now on.
    key: Arc<RwLock<PrivateKey>>,
}

impl fmt::Debug for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Door")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

impl Door {
    /// A new host key for an address.
    ///
    /// # Errors
    /// When the operating system has no randomness.
    pub(crate) fn new(address: SocketAddr, password: String) -> Result<Self> {
        Ok(Self {
            address,
            password,
            key: Arc::new(RwLock::new(new_key()?)),
        })
    }

    fn key(&self) -> PrivateKey {
        let key = self.key.read().unwrap_or_else(PoisonError::into_inner);
        key.clone()
    }

    /// Makes another host key, as a machine that was set up anew has one. Answers with its fingerprint.
    ///
    /// # Errors
    /// As for [`Door::new`].
    pub(crate) fn change_key(&self) -> Result<String> {
        *self.key.write().unwrap_or_else(PoisonError::into_inner) = new_key()?;
        Ok(self.fingerprint())
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn password(&self) -> &str {
        &self.password
    }

    /// As `ssh-keygen -lf` prints it.
    pub(crate) fn fingerprint(&self) -> String {
        let key = self.key();
        key.public_key().fingerprint(HashAlg::Sha256).to_string()
    }

    fn config(&self) -> Arc<server::Config> {
        let mut methods = MethodSet::empty();
        methods.push(MethodKind::PublicKey);
        methods.push(MethodKind::Password);
        Arc::new(server::Config {
            methods,
            keys: vec![self.key()],
            auth_rejection_time: Duration::from_millis(50),
            auth_rejection_time_initial: Some(Duration::ZERO),
            inactivity_timeout: None,
            nodelay: true,
            ..server::Config::default()
        })
    }
}

fn new_key() -> Result<PrivateKey> {
    let mut seed = [0_u8; 32];
    getrandom::fill(&mut seed)?;
    Ok(PrivateKey::from(Ed25519Keypair::from_seed(&seed)))
}

/// Runs a script that came over a guest's console, by cluster and VMID; gives all that it wrote.
pub(crate) fn run_in_guest(
    live: &Live,
    guest: (usize, u32),
    input: &[u8],
    held: &HashMap<String, Vec<u8>>,
) -> String {
    verbs::run_by_console(live, guest, input, held)
}

/// Waits until the sshd accepts connections (`closed` false) or does not.
async fn until_door(ground: &Ground, place: Place, closed: bool) {
    ground.live.until(|w| shut(place, w) == closed).await;
}

/// Whether a node's sshd refuses connections.
fn shut(place: Place, world: &World) -> bool {
    place
        .find(world)
        .is_some_and(|(_, node)| node.down.is_some() || node.ssh_closed)
}

/// Serves one node's sshd for as long as the lab runs; while the node is down nothing listens.
///
/// # Errors
/// When the listener has no address.
pub(crate) fn serve(
    ground: &Arc<Ground>,
    place: Place,
    door: Door,
    listener: TcpListener,
) -> Result<()> {
    let address = listener.local_addr().context("the address of an sshd")?;
    let down = ground.live.read(|w| place.down(w)).is_some();
    let mut listener = (!down).then_some(listener);
    let shared = ground.clone();
    ground.tasks.spawn(async move {
        let ground = &shared;
        let keep = async {
            loop {
                if ground.live.read(|w| shut(place, w)) {
                    // It was closed before anyone came to accept.
                    listener = None;
                }
                until_door(ground, place, false).await;
                let open = match listener.take() {
                    Some(listener) => listener,
                    None => match listen_again(address).await {
                        Ok(listener) => listener,
                        Err(error) => {
                            warn!(%address, %error, "an sshd of the lab cannot listen again");
                            return;
                        }
                    },
                };
                let life = ground.stop.child_token();
                loop {
                    tokio::select! {
                        () = until_door(ground, place, true) => break,
                        accepted = open.accept() => {
                            let Ok((stream, _)) = accepted else { continue };
                            let Ok(stream) = ground.links.carry(Carrier::Ssh, stream) else {
                                continue;
                            };
                            let visitor = Visitor::new(ground.live.clone(), place, &door);
                            let (config, life) = (door.config(), life.clone());
                            let end = ground.links.end();
                            ground.tasks.spawn(async move {
                                tokio::select! {
                                    () = life.cancelled() => {}
                                    () = end.cancelled() => {}
                                    () = visit(config, stream, visitor) => {}
                                }
                            });
                        }
                    }
                }
                life.cancel();
            }
        };
        tokio::select! {
            () = ground.stop.cancelled() => {}
            () = keep => {}
        }
    });
    Ok(())
}

async fn visit(config: Arc<server::Config>, stream: Link, visitor: Visitor) {
    if let Ok(session) = server::run_stream(config, stream, visitor).await {
        let handle = session.handle();
        let guard = Disconnect(Some(handle));
        let _ = session.await;
        drop(guard);
    }
}

/// Ends the session's own task when the visit is dropped because the node goes down.
struct Disconnect(Option<server::Handle>);

impl Drop for Disconnect {
    fn drop(&mut self) {
        if let Some(handle) = self.0.take() {
            tokio::spawn(async move {
                let reason = russh::Disconnect::ByApplication;
                let _ = handle
                    .disconnect(reason, String::new(), String::new())
                    .await;
            });
        }
    }
}

/// One connection.
struct Visitor {
    live: Live,
    place: Place,
    password: String,
    /// Who has logged in.
    account: Account,
    /// What each open channel was asked to run, and what came on its standard input so far.
    channels: HashMap<ChannelId, (String, Vec<u8>)>,
}

impl Visitor {
    fn new(live: Live, place: Place, door: &Door) -> Self {
        Self {
            live,
            place,
            password: door.password.clone(),
            account: Account::Root,
            channels: HashMap::new(),
        }
    }

    fn opened(&self, user: &str, key: &PublicKey) -> Option<Account> {
        self.live.read(|w| {
            let (_, node) = self.place.find(w)?;
            account::opened(node, user, key)
        })
    }
}

fn verdict(good: bool) -> Auth {
    if good { Auth::Accept } else { Auth::reject() }
}

impl server::Handler for Visitor {
    type Error = russh::Error;

    async fn auth_password(&mut self, user: &str, password: &str) -> Result<Auth, Self::Error> {
        Ok(verdict(user == "root" && password == self.password))
    }

    async fn auth_publickey_offered(
        &mut self,
        user: &str,
        offer: PublicKeyOffer<'_>,
    ) -> Result<Auth, Self::Error> {
        Ok(verdict(self.opened(user, offer.public_key).is_some()))
    }

    async fn auth_publickey(
        &mut self,
        user: &str,
        key: VerifiedPublicKey<'_>,
    ) -> Result<Auth, Self::Error> {
        let opened = self.opened(user, key.public_key);
        self.account = opened.unwrap_or_default();
        Ok(verdict(opened.is_some()))
    }

    async fn channel_open_session(
        &mut self,
        _: Channel<Msg>,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Self::Error> {
        reply.accept().await;
        Ok(())
    }

    /// Leads to other nodes, as sshd does unless it is told not to.
    async fn channel_open_direct_tcpip(
        &mut self,
        channel: Channel<Msg>,
        host: &str,
        port: u32,
        _: &str,
        _: u32,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Self::Error> {
        let port = u16::try_from(port).unwrap_or_default();
        // A bound key is restricted, which takes forwarding away too.
        let stream = match self.account {
            Account::Root | Account::Sudo => TcpStream::connect((host, port)).await.ok(),
            Account::Bound => None,
        };
        let Some(mut stream) = stream else {
            return Ok(());
        };
        reply.accept().await;
        tokio::spawn(async move {
            let mut channel = channel.into_stream();
            let _ = tokio::io::copy_bidirectional(&mut channel, &mut stream).await;
        });
        Ok(())
    }

    async fn exec_request(
        &mut self,
        channel: ChannelId,
        command: &[u8],
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        let command = String::from_utf8_lossy(command).into_owned();
        self.channels.insert(channel, (command, Vec::new()));
        session.channel_success(channel)
    }

    async fn shell_request(
        &mut self,
        channel: ChannelId,
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        session.channel_failure(channel)
    }

    async fn data(
        &mut self,
        channel: ChannelId,
        data: &[u8],
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        if let Some((_, input)) = self.channels.get_mut(&channel) {
            if input.len() + data.len() > SCRIPT_LIMIT {
                return session.close(channel);
            }
            input.extend_from_slice(data);
        }
        Ok(())
    }

    async fn channel_eof(
        &mut self,
        channel: ChannelId,
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        let Some((command, input)) = self.channels.remove(&channel) else {
            return Ok(());
        };
        let said = verbs::run(&self.live, self.place, self.account, &command, &input);
        if !said.stdout.is_empty() {
            session.data(channel, said.stdout)?;
        }
        if !said.stderr.is_empty() {
            // 1 is SSH's number for standard error.
            session.extended_data(channel, 1, said.stderr)?;
        }
        session.exit_status_request(channel, said.exit)?;
        session.eof(channel)?;
        session.close(channel)
    }

    async fn channel_close(
        &mut self,
        channel: ChannelId,
        _: &mut Session,
    ) -> Result<(), Self::Error> {
        self.channels.remove(&channel);
        Ok(())
    }
}
