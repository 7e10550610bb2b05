//! The systemd unit of the agent.
//!
//! No sandboxing: package managers and the maintainer scripts they run are children of the agent's jobs and would
//! inherit it (a umask or a priority, too), and unprivileged containers cannot set up most of it.

/// The text of `redflag-agent.service`.
pub const TEXT: &str = "\
[Unit]
Description=RedFlag agent: reports pending updates and installs approved ones
Wants=network-online.target
After=network-online.target
# A guest may wait long for its network; the agent itself backs off.
StartLimitIntervalSec=0

[Service]
Type=exec
ExecStart=/usr/local/bin/redflag-agent run
Restart=always
RestartSec=5
# Jobs are processes of their own: a restart of the agent must not end an installation.
KillMode=process
TimeoutStopSec=10

[Install]
WantedBy=multi-user.target
";

/// Its name.
pub const NAME: &str = "redflag-agent.service";

#[cfg(test)]
mod tests {
    #[test]
    fn the_unit_is_as_reviewed() {
        insta::assert_snapshot!(super::TEXT);
    }
}
