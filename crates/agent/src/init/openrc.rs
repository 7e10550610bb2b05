//! The agent as an OpenRC service, kept running by OpenRC's own supervisor.

use super::{InitError, run, write};
use crate::{Layout, Tools, files};

pub(super) const NAME: &str = "redflag-agent";

/// The service script. Its log is the agent's own, since not every guest with OpenRC has a syslog.
pub const SCRIPT: &str = "\
#!/sbin/openrc-run
# Written by redflag-agent, removed by `redflag-agent uninstall`.
name=\"RedFlag agent\"
description=\"Reports pending updates and installs approved ones\"
supervisor=supervise-daemon
command=/usr/local/bin/redflag-agent
command_args=\"run --log /var/lib/redflag-agent/agent.log\"
pidfile=/run/redflag-agent.pid
respawn_delay=5
respawn_max=0

depend() {
	use net
	after firewall
}
";

pub(super) fn set_up(layout: &Layout, tools: &Tools) -> Result<(), InitError> {
    write(&layout.openrc_script(), SCRIPT, 0o755)?;
    run(tools, "rc-update", &["add", NAME, "default"])?;
    // What was killed hard counts as started or crashed; neither is started again otherwise.
    run(tools, "rc-service", &[NAME, "zap"]).ok();
    run(tools, "rc-service", &[NAME, "restart"])?;
    run(tools, "rc-service", &[NAME, "status"])
}

/// `runs`: OpenRC is there to be told.
pub(super) fn take_down(runs: bool, layout: &Layout, tools: &Tools) -> Result<(), InitError> {
    if runs && layout.openrc_script().exists() {
        run(tools, "rc-service", &["--ifstarted", NAME, "stop"])?;
        run(tools, "rc-update", &["--all", "delete", NAME]).ok();
    }
    files::remove(&layout.openrc_script())?;
    Ok(files::remove(
        &layout.at("etc/runlevels/default/redflag-agent"),
    )?)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_service_script_is_as_reviewed() {
        insta::assert_snapshot!(super::SCRIPT);
    }
}
