//! Simulated guests: their package manager and their agents, which speak the real protocol.

mod agent;
pub mod apt;
mod images;
mod job;
mod line;
mod output;
mod reporter;
mod supervisor;

use wire::Bootstrap;

use crate::world::{
    Machine,
    machine::{Agent, Standing},
};

pub(crate) use self::supervisor::{Pace, supervise};

/// Version that simulated agents report.
pub const VERSION: &str = "0.1.0";
/// Where the binary stands inside a guest.
pub const BINARY: &str = "/usr/local/bin/redflag-agent";
/// What the desktop writes before the installation; gone once the agent is enrolled.
pub const BOOTSTRAP: &str = "/etc/redflag-agent/bootstrap.json";
/// Unit of the agent's service.
pub const UNIT: &str = "redflag-agent.service";

/// What `redflag-agent install` does: reads the bootstrap and sets up the service. The agent then enrols by itself.
pub fn install(machine: &mut Machine, bootstrap: Bootstrap) {
    let installation = machine.agent.as_ref().map_or(0, |a| a.installation) + 1;
    machine.units.insert(UNIT.into(), true);
    machine.agent = Some(Agent {
        version: VERSION.into(),
        endpoints: bootstrap.endpoints,
        ca_pem: bootstrap.ca_pem,
        server_name: bootstrap.server_name,
        standing: Standing::Enrolling {
            code: bootstrap.code,
            asking: None,
        },
        inventory: None,
        jobs: Default::default(),
        session: None,
        installation,
    });
}

/// What `redflag-agent uninstall` does: nothing of it is left.
pub fn uninstall(machine: &mut Machine) {
    machine.units.remove(UNIT);
    machine.agent = None;
    machine
        .files
        .retain(|path, _| path != BINARY && !path.starts_with("/etc/redflag-agent/"));
}
