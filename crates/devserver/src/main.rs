//! The same program behind HTTP and WebSocket on loopback, so that the page runs in a browser and the whole product can
//! be driven without a window. For development and tests: one user, one random token a run, never on a network.

mod guard;
mod routes;
mod token;

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
};

use anyhow::Context as _;
use clap::Parser;

use crate::{guard::Guard, token::Token};

/// Serves RedFlag to a browser on this machine.
#[derive(Parser)]
#[command(name = "redflag-devserver", version)]
struct Arguments {
    /// Folder of the database and logs.
    #[arg(long)]
    data: PathBuf,
    /// Port on 127.0.0.1; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Folder of the built page.
    #[arg(long, default_value = "ui/dist")]
    ui: PathBuf,
    /// The agent that is copied into guests.
    #[arg(long)]
    agent_binary: Option<PathBuf>,
    /// Address and port on which agents reach the program.
    #[arg(long)]
    gateway_bind: Option<SocketAddr>,
    /// Marks the page as the demo's.
    #[arg(long)]
    demo: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt()
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_env("REDFLAG_LOG_FILTER")
                .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info")),
        )
        .with_writer(std::io::stderr)
        .init();
    let arguments = Arguments::parse();
    anyhow::ensure!(
        arguments.ui.join("index.html").is_file(),
        "{} has no index.html: run `npm run build` in ui/ first",
        arguments.ui.display()
    );
    let passphrase = std::env::var("REDFLAG_PASSPHRASE")
        .ok()
        .filter(|value| !value.is_empty())
        .map(secrecy::SecretString::from);
    let app = Box::pin(api::App::open(api::Settings {
        exports: std::path::absolute(&arguments.data)?.join("exports"),
        data_dir: std::path::absolute(&arguments.data)?,
        passphrase,
        demo: arguments.demo,
        agent_binary: arguments
            .agent_binary
            .map(|path| api::AgentFile { path, sha256: None }),
        home: std::env::home_dir(),
        gateway_bind: arguments.gateway_bind,
    }))
    .await
    .context("RedFlag cannot be opened")?;

    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, arguments.port))
        .await
        .with_context(|| format!("port {} of 127.0.0.1 cannot be used", arguments.port))?;
    let port = listener.local_addr()?.port();
    let token = Token::new()?;
    announce(port, &token);
    let router = routes::router(app.clone(), &arguments.ui, Guard::new(port, token));
    axum::serve(listener, router)
        .with_graceful_shutdown(asked_to_stop())
        .await?;
    app.shutdown().await;
    Ok(())
}

#[expect(
    clippy::print_stdout,
    reason = "the one line that whoever started this waits for"
)]
fn announce(port: u16, token: &Token) {
    println!("http://127.0.0.1:{port}/#token={}", token.reveal());
}

async fn asked_to_stop() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminated) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = terminated.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            return;
        }
    }
    // Without signals there is nothing to wait for; the process is ended from outside.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
