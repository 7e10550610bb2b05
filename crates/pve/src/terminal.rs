//! A guest's console: the terminal behind `termproxy`, carried by a websocket.
//!
//! The terminal is shared: Proxmox gives everybody who opens it the same screen and the same keyboard, and what runs
//! there outlives the connection.

mod frame;
mod setting;
mod support;

use std::{fmt, sync::Arc, time::Duration};

use domain::{NodeName, Vmid};
use futures_util::{SinkExt, StreamExt};
use reqwest::header::{AUTHORIZATION, HeaderValue, SEC_WEBSOCKET_PROTOCOL};
use rustls_pki_types::ServerName;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::{TlsConnector, client::TlsStream};
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{self, Message, client::IntoClientRequest, protocol::WebSocketConfig},
};

pub(crate) use frame::Greeting;
pub use setting::ConsoleSetting;
pub use support::{ConsoleSupport, console_support};

use crate::{
    Client, ConnectFailure, ConnectKind, Error, address::host_of, envelope::Asked,
    error::connect_kind, http::Verb, lenient, path::encoded, probe::dial,
};

/// termproxy waits 10 s for its connection; the handshake must be through well before.
const OPENING: Duration = Duration::from_secs(9);
/// Proxmox's own page sends a sign of life this often.
const ALIVE: Duration = Duration::from_secs(30);
/// pveproxy takes frames of up to 128 KiB.
const LARGEST_SENT: usize = 96 * 1024;
/// Larger messages do not come from a terminal.
const LARGEST_RECEIVED: usize = 1024 * 1024;

/// What `POST …/termproxy` answers: a terminal waits ten seconds for whoever shows the ticket.
#[derive(Clone, Deserialize)]
pub struct TermProxy {
    /// The whole token id for tokens.
    pub user: String,
    pub ticket: SecretString,
    /// On the node that was asked.
    #[serde(deserialize_with = "lenient::uint")]
    port: Option<u64>,
    /// `host:port` of the node that was asked; the websocket must go to the same.
    #[serde(skip)]
    pub address: String,
}

impl TermProxy {
    /// 5900 to 5999.
    pub fn port(&self) -> Option<u16> {
        self.port.and_then(|port| u16::try_from(port).ok())
    }
}

impl fmt::Debug for TermProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TermProxy")
            .field("user", &self.user)
            .field("port", &self.port)
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

/// Why there is no terminal.
#[derive(Clone, Debug, thiserror::Error)]
pub enum TerminalError {
    #[error(transparent)]
    Api(#[from] Error),
    /// The websocket was refused: 401 means that the ticket does not count (any more).
    #[error("the console's websocket was refused ({status} {words})")]
    Refused { status: u16, words: String },
    /// The connection was made and ended without the word that lets one in: so do nodes whose packages do not let API
    /// tokens onto consoles (before pve-container 5.3.4 and 6.1.3, April 2026), and nodes whose ticket ran out.
    #[error("the console closed before it let the token in")]
    NotLetIn,
    /// The connection broke.
    #[error("the console's connection broke: {words}")]
    Broken { words: String },
}

/// An open terminal. Dropping it closes the connection; what runs on the terminal goes on.
pub struct Terminal {
    socket: WebSocketStream<TlsStream<TcpStream>>,
    /// Came together with the word that lets one in.
    first: Vec<u8>,
    address: String,
}

impl fmt::Debug for Terminal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Terminal({})", self.address)
    }
}

impl Client {
    /// Lets a node prepare a terminal to a guest. Needs VM.Console. Begins a task of the kind `vncproxy`.
    pub async fn lxc_termproxy(&self, node: &NodeName, vmid: Vmid) -> Result<TermProxy, Error> {
        let path = format!("/nodes/{node}/lxc/{vmid}/termproxy");
        let answer = self.write(Verb::Post, &path, node, &[]).await?;
        let asked = Asked {
            address: &answer.address,
            verb: Verb::Post,
            path: &path,
        };
        let mut proxy: TermProxy = asked.data(&answer.body)?;
        if proxy.port().is_none() {
            return Err(asked.protocol("there is no port in it"));
        }
        proxy.address.clone_from(&answer.address);
        Ok(proxy)
    }

    /// Opens a guest's terminal: both calls go to the same node, which need not be the guest's. A stopped guest's
    /// opens too, and says then in words of its own that nothing runs.
    ///
    /// # Errors
    /// [`TerminalError`]; nothing was typed.
    pub async fn lxc_terminal(
        &self,
        node: &NodeName,
        vmid: Vmid,
    ) -> Result<Terminal, TerminalError> {
        let proxy = self.lxc_termproxy(node, vmid).await?;
        let path = format!(
            "/nodes/{node}/lxc/{vmid}/vncwebsocket?port={}&vncticket={}",
            proxy.port().unwrap_or_default(),
            encoded(proxy.ticket.expose_secret()),
        );
        let (config, authorization) = self.wire();
        let opening = open(&proxy, &path, config, authorization);
        match timeout(OPENING, opening).await {
            Ok(outcome) => outcome,
            Err(_) => Err(TerminalError::Broken {
                words: format!("it was not open after {} s", OPENING.as_secs()),
            }),
        }
    }
}

async fn open(
    proxy: &TermProxy,
    path: &str,
    config: Arc<rustls::ClientConfig>,
    authorization: HeaderValue,
) -> Result<Terminal, TerminalError> {
    let address = proxy.address.as_str();
    let failed = |kind| Error::Connect {
        failures: vec![ConnectFailure {
            address: address.to_owned(),
            kind,
        }],
    };
    let name = ServerName::try_from(host_of(address).to_owned())
        .map_err(|e| failed(ConnectKind::Tls(e.to_string())))?;
    let stream = dial(address).await.map_err(failed)?;
    // Keystrokes must not wait for each other.
    let _ = stream.set_nodelay(true);
    let stream = TlsConnector::from(config)
        .connect(name, stream)
        .await
        .map_err(|e| failed(connect_kind(&e)))?;
    let broken = |e: &dyn fmt::Display| TerminalError::Broken {
        words: e.to_string(),
    };
    let mut request = format!("wss://{address}/api2/json{path}")
        .into_client_request()
        .map_err(|e| broken(&e))?;
    request.headers_mut().insert(AUTHORIZATION, authorization);
    request
        .headers_mut()
        .insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static("binary"));
    let limits = WebSocketConfig::default()
        .max_message_size(Some(LARGEST_RECEIVED))
        .max_frame_size(Some(LARGEST_RECEIVED));
    let (socket, _) = client_async_with_config(request, stream, Some(limits))
        .await
        .map_err(|error| match error {
            tungstenite::Error::Http(response) => TerminalError::Refused {
                status: response.status().as_u16(),
                words: response
                    .status()
                    .canonical_reason()
                    .unwrap_or_default()
                    .to_owned(),
            },
            other => broken(&other),
        })?;
    let mut terminal = Terminal {
        socket,
        first: Vec::new(),
        address: address.to_owned(),
    };
    let line = frame::login(&proxy.user, proxy.ticket.expose_secret());
    terminal.transmit(line).await?;
    terminal.be_let_in().await?;
    Ok(terminal)
}

impl Terminal {
    /// Which node carries it, `host:port`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Types bytes. At most 96 KiB at a time; the other side takes them apart safely only if nothing else is on its
    /// way, so wait for an effect before the next.
    ///
    /// # Errors
    /// [`TerminalError::Broken`]: how much of it arrived is not known.
    pub async fn send(&mut self, bytes: &[u8]) -> Result<(), TerminalError> {
        for part in bytes.chunks(LARGEST_SENT) {
            self.transmit(frame::data(part)).await?;
        }
        Ok(())
    }

    /// Tells the size of the screen; programs draw themselves anew.
    ///
    /// # Errors
    /// As for [`Terminal::send`].
    pub async fn resize(&mut self, columns: u16, rows: u16) -> Result<(), TerminalError> {
        self.transmit(frame::resize(columns, rows)).await
    }

    /// What the terminal shows next; none at its end. On Proxmox VE 8 the end comes when the program on it has ended;
    /// on 9 it never comes by itself. May be dropped while it waits: nothing is lost.
    ///
    /// # Errors
    /// [`TerminalError::Broken`].
    pub async fn receive(&mut self) -> Result<Option<Vec<u8>>, TerminalError> {
        if !self.first.is_empty() {
            return Ok(Some(std::mem::take(&mut self.first)));
        }
        loop {
            let message = match timeout(ALIVE, self.socket.next()).await {
                Ok(message) => message,
                Err(_) => {
                    self.transmit(frame::ALIVE.to_vec()).await?;
                    continue;
                }
            };
            match message {
                Some(Ok(Message::Binary(bytes))) => return Ok(Some(bytes.to_vec())),
                Some(Ok(Message::Text(text))) => return Ok(Some(text.as_bytes().to_vec())),
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
                None | Some(Ok(Message::Close(_))) => return Ok(None),
                // pveproxy drops the connection without a farewell.
                Some(Err(error)) if is_end(&error) => return Ok(None),
                Some(Err(error)) => {
                    return Err(TerminalError::Broken {
                        words: error.to_string(),
                    });
                }
            }
        }
    }

    /// Says farewell and closes the connection. What runs on the terminal goes on.
    pub async fn close(mut self) {
        // Whoever is at the other end may be gone.
        let _ = timeout(Duration::from_secs(1), self.socket.close(None)).await;
    }

    async fn transmit(&mut self, bytes: Vec<u8>) -> Result<(), TerminalError> {
        self.socket
            .send(Message::Binary(bytes.into()))
            .await
            .map_err(|error| TerminalError::Broken {
                words: error.to_string(),
            })
    }

    /// Waits for the word; what comes behind it is the terminal's.
    async fn be_let_in(&mut self) -> Result<(), TerminalError> {
        let mut greeting = Greeting::default();
        loop {
            let Some(bytes) = self.receive().await? else {
                return Err(TerminalError::NotLetIn);
            };
            match greeting.take(&bytes) {
                Some(Ok(rest)) => {
                    self.first = rest;
                    return Ok(());
                }
                Some(Err(())) => return Err(TerminalError::NotLetIn),
                None => {}
            }
        }
    }
}

fn is_end(error: &tungstenite::Error) -> bool {
    use std::io::ErrorKind;
    match error {
        tungstenite::Error::ConnectionClosed
        | tungstenite::Error::AlreadyClosed
        | tungstenite::Error::Protocol(
            tungstenite::error::ProtocolError::ResetWithoutClosingHandshake,
        ) => true,
        tungstenite::Error::Io(io) => matches!(
            io.kind(),
            ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset | ErrorKind::BrokenPipe
        ),
        _ => false,
    }
}
