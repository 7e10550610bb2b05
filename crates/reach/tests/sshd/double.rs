//! An SSH server that takes a password, which the machine's own accounts must not be set up for.

use std::{
    path::Path,
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use domain::host::HostKey;
use reach::NodeAddress;
use russh::{
    Channel, ChannelId,
    keys::{Algorithm, HashAlg, PrivateKey, key::safe_rng},
    server::{self, Auth, Msg, Session},
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    process::Command,
    task::JoinHandle,
};

pub(crate) struct Double {
    pub(crate) address: NodeAddress,
    pub(crate) host_key: HostKey,
    home: TempDir,
    shown: Arc<AtomicUsize>,
    serving: JoinHandle<()>,
}

impl Double {
    /// One account, one password, a home folder of its own.
    pub(crate) async fn start(password: &'static str) -> Self {
        let key = PrivateKey::random(&mut safe_rng(), Algorithm::Ed25519).expect("a key");
        let host_key = HostKey {
            algorithm: key.algorithm().to_string(),
            fingerprint: key.fingerprint(HashAlg::Sha256).to_string(),
        };
        let config = Arc::new(server::Config {
            keys: vec![key],
            auth_rejection_time: Duration::ZERO,
            ..server::Config::default()
        });
        let home = tempfile::tempdir().expect("a folder");
        let shown = Arc::new(AtomicUsize::new(0));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("bound").port();
        let serving = tokio::spawn({
            let (home, shown) = (home.path().to_owned(), Arc::clone(&shown));
            async move {
                while let Ok((stream, _)) = listener.accept().await {
                    let account = Account {
                        password,
                        home: home.clone().into(),
                        shown: Arc::clone(&shown),
                        channel: None,
                    };
                    let config = Arc::clone(&config);
                    tokio::spawn(async move {
                        if let Ok(session) = server::run_stream(config, stream, account).await {
                            let _ = session.await;
                        }
                    });
                }
            }
        });
        Self {
            address: NodeAddress {
                host: "127.0.0.1".into(),
                port,
                user: "root".into(),
            },
            host_key,
            home,
            shown,
            serving,
        }
    }

    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    /// How many passwords were shown to it.
    pub(crate) fn passwords(&self) -> usize {
        self.shown.load(Ordering::SeqCst)
    }
}

impl Drop for Double {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

struct Account {
    password: &'static str,
    home: Arc<Path>,
    shown: Arc<AtomicUsize>,
    channel: Option<Channel<Msg>>,
}

impl server::Handler for Account {
    type Error = russh::Error;

    async fn auth_password(&mut self, _user: &str, password: &str) -> Result<Auth, Self::Error> {
        self.shown.fetch_add(1, Ordering::SeqCst);
        Ok(if password == self.password {
            Auth::Accept
        } else {
            Auth::reject()
        })
    }

    async fn channel_open_session(
        &mut self,
        channel: Channel<Msg>,
        reply: server::ChannelOpenHandle,
        _session: &mut Session,
    ) -> Result<(), Self::Error> {
        self.channel = Some(channel);
        reply.accept().await;
        Ok(())
    }

    async fn exec_request(
        &mut self,
        id: ChannelId,
        command: &[u8],
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        session.channel_success(id)?;
        let handle = session.handle();
        let line = String::from_utf8_lossy(command).into_owned();
        let home = Arc::clone(&self.home);
        if let Some(channel) = self.channel.take() {
            tokio::spawn(async move {
                let mut script = Vec::new();
                let mut stream = channel.into_stream();
                stream
                    .read_to_end(&mut script)
                    .await
                    .expect("until its end");
                let mut shell = Command::new("/bin/sh")
                    .args(["-c", &line])
                    .env("HOME", home.as_os_str())
                    .stdin(Stdio::piped())
                    .stdout(Stdio::piped())
                    .spawn()
                    .expect("a shell");
                let mut input = shell.stdin.take().expect("piped");
                input.write_all(&script).await.expect("it reads");
                drop(input);
                let output = shell.wait_with_output().await.expect("it ends");
                let status = output.status.code().unwrap_or(255);
                let _ = handle.data(id, output.stdout).await;
                let _ = handle.exit_status_request(id, status.unsigned_abs()).await;
                let _ = handle.eof(id).await;
                let _ = handle.close(id).await;
            });
        }
        Ok(())
    }
}
