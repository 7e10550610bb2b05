//! The port at which agents are heard: changed while they are enrolled, without losing one.

mod desktop;

use anyhow::{Context, Result};
use desktop::{Desktop, lab, with_agents};
use domain::fleet::{AgentState, GuestRow};
use serde_json::{Value, json};

/// A port that was free a moment ago.
fn free_port() -> Result<u16> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    Ok(listener.local_addr()?.port())
}

fn online(guests: &[GuestRow]) -> Option<()> {
    let row = guests.iter().find(|g| g.name == "nextcloud")?;
    matches!(row.agent, AgentState::Online { .. }).then_some(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_port_that_is_given_by_the_environment_is_told_and_stays() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let desktop = Desktop::open(folder.path()).await?;
    let info = desktop.call("gateway", json!({})).await?;
    assert_eq!(info["fixed"], json!(true));
    let error = desktop
        .call("set_gateway_port", json!({ "port": 4242 }))
        .await
        .err()
        .context("it is fixed")?;
    assert!(error.message.contains("REDFLAG_GATEWAY_BIND"), "{error:?}");
    desktop.app.shutdown().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_change_agents_are_heard_at_both_ports_until_they_know_the_new_one() -> Result<()> {
    let lab = lab().await?;
    let folder = tempfile::tempdir()?;
    let mut desktop = Desktop::open_free(folder.path()).await?;
    with_agents(&lab, &mut desktop).await?;
    let before = desktop.call("gateway", json!({})).await?;
    assert_eq!(
        (&before["fixed"], &before["former"]),
        (&json!(false), &Value::Null)
    );

    // One that is taken changes nothing.
    let taken = std::net::TcpListener::bind("0.0.0.0:0")?;
    let port = taken.local_addr()?.port();
    let error = desktop
        .call("set_gateway_port", json!({ "port": port }))
        .await
        .err()
        .context("it is taken")?;
    assert!(error.message.contains("cannot listen"), "{error:?}");
    let same = desktop.call("gateway", json!({})).await?;
    assert_eq!(same, before);

    let port = free_port()?;
    let after = desktop
        .call("set_gateway_port", json!({ "port": port }))
        .await?;
    assert_eq!(
        (&after["port"], &after["former"]),
        (&json!(port), &before["port"])
    );
    assert!(after["waiting"].as_u64() > Some(0), "{after}");
    desktop.until_tree(online).await?;

    // The next start hears both: no agent has called since.
    desktop.app.shutdown().await;
    let mut desktop = Desktop::open_free(folder.path()).await?;
    let again = desktop.call("gateway", json!({})).await?;
    assert_eq!(
        (&again["port"], &again["former"]),
        (&json!(port), &before["port"])
    );
    let address = format!("127.0.0.1:{}", before["port"]);
    std::net::TcpStream::connect(&address).with_context(|| address)?;
    desktop.until_tree(online).await?;
    desktop.app.shutdown().await;
    lab.stop().await;
    Ok(())
}
