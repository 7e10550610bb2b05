//! Calls of the program from inside its own page, the way the page makes them: for what a test must know exactly and the
//! screen shows in words.

use anyhow::Context as _;
use serde::de::DeserializeOwned;
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

    /// Evaluates the body of a function in the page that calls its last argument when it is done.
    pub async fn eventually(&self, script: &str, arguments: Vec<Value>) -> anyhow::Result<Value> {
        self.client()
            .execute_async(script, arguments)
            .await
            .with_context(|| format!("in the page: {script}"))
    }
}
