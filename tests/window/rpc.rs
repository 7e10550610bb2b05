//! Calls of the program from inside its own page, the way the page makes them: for what a test must know exactly and the
//! screen shows in words.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use domain::ClusterId;
use lab::facts::ClusterFacts;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::Window;

impl Window {
    /// One command of the API.
    ///
    /// # Errors
    /// What the command answers, as it was written.
    pub async fn rpc<T: DeserializeOwned>(
        &self,
        command: &str,
        payload: Value,
    ) -> anyhow::Result<T> {
        let answer = self
            .eventually(
                "const [command, payload, done] = arguments;
                 window.__TAURI_INTERNALS__.invoke('rpc', { command, payload })
                   .then((answer) => done({ answer }), (error) => done({ error }))",
                vec![json!(command), payload],
            )
            .await
            .with_context(|| command.to_owned())?;
        if let Some(error) = answer.get("error") {
            anyhow::bail!("{command}: {error}");
        }
        serde_json::from_value(answer["answer"].clone())
            .with_context(|| format!("the answer of {command}"))
    }

    /// Adds a cluster without the wizard.
    pub async fn add_by_call(&self, facts: &ClusterFacts) -> anyhow::Result<ClusterId> {
        #[derive(Deserialize)]
        struct Added {
            cluster: ClusterId,
        }
        let secret: Value = self
            .rpc("keep_secret", json!({ "value": facts.token.secret }))
            .await?;
        let cluster = json!({
            "address": facts.address, "fingerprint": facts.fingerprint, "tokenId": facts.token.id, "secret": secret,
            "name": null,
        });
        let added: Added = self.rpc("add_cluster", cluster).await?;
        Ok(added.cluster)
    }

    /// Waits for the end of a cluster's first full discovery.
    pub async fn discovered(&self, id: ClusterId, limit: Duration) -> anyhow::Result<()> {
        let deadline = Instant::now() + limit;
        loop {
            let details: Value = self
                .rpc("cluster_details", json!({ "cluster": id }))
                .await?;
            if details["discoveries"]
                .as_array()
                .is_some_and(|runs| !runs.is_empty())
            {
                return Ok(());
            }
            anyhow::ensure!(Instant::now() < deadline, "{id} was not discovered");
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }

    /// Evaluates the body of a function in the page that calls its last argument when it is done.
    pub async fn eventually(&self, script: &str, arguments: Vec<Value>) -> anyhow::Result<Value> {
        self.client()
            .execute_async(script, arguments)
            .await
            .with_context(|| format!("in the page: {script}"))
    }
}
