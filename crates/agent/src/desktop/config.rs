//! What the agent is told once: endpoints, authority and name of the desktop, and the single-use code.

use std::net::SocketAddr;

use rustls_pki_types::ServerName;
use serde::{Deserialize, Serialize};
use wire::Bootstrap;

use crate::{
    Layout,
    files::{self, FileError},
};

/// A configuration that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error(transparent)]
    File(#[from] FileError),
    #[error("{file} names no endpoint of the desktop")]
    NoEndpoint { file: String },
    #[error("{file} holds no usable certificate authority: {why}")]
    Authority { file: String, why: String },
    #[error("{file} names {name:?}, which is no server name")]
    ServerName { file: String, name: String },
    #[error("{file} holds no enrolment code")]
    NoCode { file: String },
    #[error("standard input holds no bootstrap: {why}")]
    Input { why: String },
}

/// How the desktop is reached and recognised. Holds no secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Config {
    /// Most likely first.
    pub endpoints: Vec<SocketAddr>,
    pub ca_pem: String,
    pub server_name: String,
}

impl Config {
    /// The lasting part of a bootstrap.
    pub fn of(bootstrap: &Bootstrap) -> Self {
        Self {
            endpoints: bootstrap.endpoints.clone(),
            ca_pem: bootstrap.ca_pem.clone(),
            server_name: bootstrap.server_name.clone(),
        }
    }

    /// The stored one; none before the installation.
    pub fn load(layout: &Layout) -> Result<Option<Self>, ConfigError> {
        let path = layout.config();
        let config: Option<Self> = files::read_json_if_there(&path)?;
        if let Some(config) = &config {
            config.check(&path.display().to_string())?;
        }
        Ok(config)
    }

    /// The stored one, or what the bootstrap says before the installation.
    pub fn known(layout: &Layout) -> Result<Option<Self>, ConfigError> {
        match Self::load(layout)? {
            Some(config) => Ok(Some(config)),
            None => Ok(bootstrap(layout)?.map(|bootstrap| Self::of(&bootstrap))),
        }
    }

    /// Writes it, readable by root alone.
    pub fn store(&self, layout: &Layout) -> Result<(), ConfigError> {
        files::make_private_dir(&layout.config_dir())?;
        Ok(files::write_json(&layout.config(), self)?)
    }

    /// Whether it can be used at all; `file` is named in the error.
    pub fn check(&self, file: &str) -> Result<(), ConfigError> {
        let file = file.to_owned();
        if self.endpoints.is_empty() {
            return Err(ConfigError::NoEndpoint { file });
        }
        if let Err(e) = tls::agent_client_config(&self.ca_pem, None) {
            let why = e.to_string();
            return Err(ConfigError::Authority { file, why });
        }
        if self.name().is_none() {
            let name = self.server_name.clone();
            return Err(ConfigError::ServerName { file, name });
        }
        Ok(())
    }

    /// The name that the desktop's certificate must carry.
    pub fn name(&self) -> Option<ServerName<'static>> {
        ServerName::try_from(self.server_name.clone()).ok()
    }
}

/// Reads a bootstrap from its file.
pub fn bootstrap(layout: &Layout) -> Result<Option<Bootstrap>, ConfigError> {
    let path = layout.bootstrap();
    let bootstrap: Option<Bootstrap> = files::read_json_if_there(&path)?;
    if let Some(bootstrap) = &bootstrap {
        check(bootstrap, &path.display().to_string())?;
    }
    Ok(bootstrap)
}

/// Reads a bootstrap from text, such as standard input.
pub fn parse_bootstrap(text: &str) -> Result<Bootstrap, ConfigError> {
    // serde's words could quote a part of the code.
    let bootstrap: Bootstrap = serde_json::from_str(text).map_err(|e| ConfigError::Input {
        why: format!(
            "{:?} error in line {}, column {}",
            e.classify(),
            e.line(),
            e.column()
        ),
    })?;
    check(&bootstrap, "the bootstrap on standard input")?;
    Ok(bootstrap)
}

fn check(bootstrap: &Bootstrap, file: &str) -> Result<(), ConfigError> {
    if bootstrap.code.0.trim().is_empty() {
        return Err(ConfigError::NoCode {
            file: file.to_owned(),
        });
    }
    Config::of(bootstrap).check(file)
}
