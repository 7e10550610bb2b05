//! Who asks.

use secrecy::SecretString;

/// User and password, as `docker login` takes them. Never printed.
#[derive(Clone, Debug)]
pub struct Credentials {
    pub user: String,
    pub password: SecretString,
}
