//! `redflag-agent run`: three loops in one thread. One asks the desktop for work, one follows jobs and sends what
//! they report, one has the inventory taken. None of them runs a package manager: that is done by processes of
//! their own.

mod alarm;
mod backoff;
mod check_in;
mod enrol;
mod fetching;
mod following;
mod lists;
mod machine;
mod scans;
mod state;

use std::{future::Future, path::PathBuf, time::Duration};

use crate::{
    Layout, Tools, clock,
    desktop::{Config, ConfigError, IdentityError},
    docker, guest,
    jobs::JobDirectory,
    journal,
};
use state::Agent;

/// How fast the agent goes. The tests' agents are quicker.
#[derive(Clone, Debug)]
pub struct Pace {
    /// How long a check-in may be kept waiting for work, in seconds.
    pub wait_seconds: u32,
    /// The first and the longest pause after a failure.
    pub pause: (Duration, Duration),
    /// The pause after a refused code.
    pub code_pause: Duration,
    /// The pause after the desktop said that this agent is revoked.
    pub revoked_pause: Duration,
    /// How often a running job's reports are looked at.
    pub follow: Duration,
    /// How often the package manager's files are glanced at, a few of them and no more if these did not move, and lost
    /// container engines are tried again.
    pub look: Duration,
    /// How often they are looked at one by one although nothing moved: a file may be rewritten in its place. A container
    /// engine that was started by hand is found then.
    pub search: Duration,
    /// The pause after something happened to a container, in which more may follow.
    pub settle: Duration,
    /// After this long an inventory is taken although those files seem unchanged.
    pub rescan: Duration,
    /// The longest pause before the first call when the guest has just been started: after a power loss a whole fleet
    /// would come at once.
    pub jitter: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            wait_seconds: wire::LONGEST_POLL_SECONDS,
            pause: (Duration::from_secs(1), Duration::from_secs(300)),
            code_pause: Duration::from_secs(300),
            revoked_pause: Duration::from_secs(3600),
            follow: Duration::from_millis(300),
            look: Duration::from_secs(60),
            search: Duration::from_secs(600),
            settle: Duration::from_secs(2),
            rescan: Duration::from_secs(6 * 3600),
            jitter: Duration::from_secs(30),
        }
    }
}

/// An agent that is started so soon after its guest is started with it, and so are those of other guests.
const BOOTING: Duration = Duration::from_secs(120);

/// Why the agent cannot run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    #[error("the agent is not installed: {0} is missing")]
    NotInstalled(PathBuf),
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Identity(#[from] IdentityError),
}

/// Why it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It was asked to.
    Asked,
    /// The desktop had it removed.
    Uninstalled,
}

/// Runs until `shutdown` is ready. `program` is this program, for scans and jobs.
pub async fn run(
    layout: Layout,
    tools: Tools,
    program: PathBuf,
    pace: Pace,
    shutdown: impl Future<Output = ()>,
) -> Result<Ended, RunError> {
    let Some(config) = Config::load(&layout)? else {
        return Err(RunError::NotInstalled(layout.config()));
    };
    let booting = guest::host::started_after_boot(&layout).is_some_and(|age| age < BOOTING);
    let fresh = layout.bootstrap().exists();
    let jitter = if booting && !fresh {
        pace.jitter.mul_f64(clock::random())
    } else {
        Duration::ZERO
    };
    if let Err(e) = JobDirectory::sweep(&layout) {
        journal::say(journal::Urgency::Warning, &e.to_string());
    }
    let agent = Agent::new(layout, tools, program, pace, config);
    let work = async {
        agent.pause(jitter).await;
        enrol::until_enrolled(&agent).await?;
        machine::until_certain(&agent).await?;
        tokio::select! {
            ended = check_in::run(&agent) => ended,
            ended = following::run(&agent) => ended,
        }
    };
    let carried = async {
        if let Err(e) = agent.carrier.listen(&agent.layout.socket()).await {
            let text = format!(
                "no way through the node: {}: {e}",
                agent.layout.socket().display()
            );
            journal::say(journal::Urgency::Warning, &text);
        }
        std::future::pending::<()>().await;
    };
    let looks = docker::Looks {
        glance: &agent.glances,
        search: &agent.searches,
    };
    tokio::select! {
        () = carried => Ok(Ended::Asked),
        ended = work => ended,
        () = scans::run(&agent) => Ok(Ended::Asked),
        () = Box::pin(docker::watch(&agent.layout, looks, &agent.containers)) => Ok(Ended::Asked),
        () = shutdown => Ok(Ended::Asked),
    }
}
