//! A firewall in front of one real guest: rules in its own network namespace, made from outside.

use anyhow::{Context, Result};

use super::{RealGuest, command};

/// What becomes of the guest's outgoing connections to a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// They vanish.
    Drop,
    /// They are refused at once.
    Reject,
}

impl RealGuest {
    /// Closes a port, wherever it is, to everything that the guest sends.
    ///
    /// # Errors
    /// When the guest does not run, or with the words of `nft`.
    pub async fn close_port(&self, port: u16, rule: Rule) -> Result<()> {
        let verdict = match rule {
            Rule::Drop => "drop",
            Rule::Reject => "reject with tcp reset",
        };
        let rules = format!(
            "table inet lab {{ chain out {{ type filter hook output priority 0; tcp dport {port} {verdict}; }}; }}"
        );
        self.nft(vec![rules]).await
    }

    /// Takes the rules away again.
    ///
    /// # Errors
    /// When there are none.
    pub async fn open_ports(&self) -> Result<()> {
        self.nft(vec!["delete table inet lab".into()]).await
    }

    async fn nft(&self, rules: Vec<String>) -> Result<()> {
        self.blocking(move |guest| {
            let mut ask = guest.0.namespace.command("lxc-info");
            ask.args(["-n", &guest.vmid().to_string(), "-p", "-H"]);
            let process = command::answer(&mut ask)?.text()?;
            let process: u32 = process.trim().parse().context("the guest does not run")?;
            let net = format!("--net=/proc/{process}/ns/net");
            let arguments = [net, "nft".into()].into_iter().chain(rules);
            command::run("nsenter", arguments).map(drop)
        })
        .await
    }
}
