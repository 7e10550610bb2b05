//! `redflag-store-prepare FILE`: makes an empty database of the present schema, against which the queries of the
//! library are checked at compile time. Built with `--no-default-features`, so it needs none of those queries.

use std::{error::Error, path::PathBuf};

use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let file: PathBuf = std::env::args_os()
        .nth(1)
        .ok_or("usage: redflag-store-prepare FILE")?
        .into();
    if file.exists() {
        return Err(format!("{} exists already; remove it first", file.display()).into());
    }
    let options = SqliteConnectOptions::new()
        .filename(&file)
        .create_if_missing(true);
    let mut connection = SqliteConnection::connect_with(&options).await?;
    sqlx::migrate!().run(&mut connection).await?;
    connection.close().await?;
    Ok(())
}
