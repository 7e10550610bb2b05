//! The same kills with real guests: LXC, sshd, `lxc-attach`, a real pty for the console, the real agent and systemd. What
//! is left is looked for inside.
#![cfg(target_os = "linux")]

mod enrolment;
mod program;
mod real;

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use domain::operation::{JobState, StepKind};
use enrolment::{Round, Way, When, allow_consoles, kills, over, slow, whole};
use lab::{
    Lab,
    lxc::{GuestPlan, NodePlan, Options, RealGuest, RealNodes, Stand},
};
use program::{Program, add_cluster, begin, guest, open_nodes};
use real::{agent, possible};

/// One node with a guest that runs and one that does not.
struct House {
    nodes: RealNodes,
    lab: Lab,
    label: String,
    agent: PathBuf,
}

/// Waits until the real guest runs, or does not.
async fn until_running(real: &RealGuest, runs: bool) -> Result<()> {
    while real.running().await? != runs {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    Ok(())
}

/// Everything of RedFlag's that lies in a guest or runs there.
async fn remains(real: &RealGuest) -> Result<String> {
    let line = "find / -xdev -name '*redflag*' -not -path '/proc/*' -not -path '/var/log/*' | sort; \
                find /run /tmp /dev/shm -name '*redflag*' | sort; pgrep -l redflag || true";
    real.shell(line).await
}

impl House {
    async fn open() -> Result<Self> {
        let mut options = Options::two_nodes();
        options.nodes = vec![
            NodePlan::new("real", "pve1")
                .guest(GuestPlan::new(100, "web"))
                .guest(GuestPlan::new(101, "spare").stand(Stand::Stopped)),
        ];
        let (nodes, lab) = RealNodes::with_double(options, lab::Options::quick()).await?;
        let label = allow_consoles(&lab)?;
        let agent = agent()?;
        Ok(Self {
            nodes,
            lab,
            label,
            agent,
        })
    }

    /// Looks that nothing but the agent is there, then takes it out, so that nothing at all is.
    async fn cleared(&self, way: Way, real: &RealGuest, before: &str) -> Result<()> {
        let started = way == Way::Started;
        if started {
            self.lab.start_guest(&self.label, real.vmid())?;
            until_running(real, true).await?;
        }
        real.until_up().await?;
        let temporary = "ls /etc/redflag-agent/bootstrap.json* /usr/local/bin/redflag-agent.new 2>/dev/null; \
                         find /dev/shm /run /tmp /var/tmp /root -name '.redflag-*'; true";
        let left = real.shell(temporary).await?;
        ensure!(left.is_empty(), "left inside: {left}");
        real.shell("redflag-agent uninstall").await?;
        let left = remains(real).await?;
        ensure!(left == before, "left after the agent: {left}");
        if started {
            self.lab.stop_guest(&self.label, real.vmid())?;
            until_running(real, false).await?;
        }
        Ok(())
    }

    /// One round: kill, start again, look into the guest.
    async fn round(&self, way: Way, step: StepKind, when: When) -> Result<Round> {
        let (name, vmid, runs) = match way {
            Way::Ssh | Way::Console => ("web", 100, true),
            Way::Started => ("spare", 101, false),
        };
        let real = self.nodes.guest("pve1", vmid)?;
        let before = match runs {
            true => remains(real).await?,
            false => String::new(),
        };
        let folder = tempfile::tempdir()?;
        let gateway = std::net::TcpListener::bind("0.0.0.0:0")?.local_addr()?;
        let start = || Program::start(folder.path(), &self.agent, gateway);
        let program = start()?;
        let facts = self.nodes.facts(&self.lab);
        let facts = &facts.clusters[0];
        let cluster = add_cluster(&program, facts).await?;
        if way != Way::Console {
            open_nodes(&program, &cluster, facts).await?;
        }
        let id = guest(&program, name).await?;
        if when == When::Begun {
            match step {
                StepKind::Check => slow(&self.lab, "GET", "/status/current"),
                StepKind::OpenConsole | StepKind::CloseConsole => {
                    slow(&self.lab, "PUT", "/config");
                }
                _ => {}
            }
        }
        let enrol = begin(&program, "enrol", &id, way.allowed()).await?;
        let come = |job: &_| when.come(job, step);
        let stood = program.until(&enrol, &format!("{step:?}"), come).await?;
        program.kill()?;

        self.lab.faults().clear();
        let program = start()?;
        let mut job = over(&program, &enrol).await?;
        let again = job.state != JobState::Succeeded;
        if again {
            eprintln!("{way:?}, killed at {step:?}: {:?}", job.problem);
            let retry = begin(&program, "enrol", &id, way.allowed()).await?;
            job = over(&program, &retry).await?;
        }
        ensure!(job.state == JobState::Succeeded, "{:?}", job.problem);
        let stands = self.lab.world().read(|w| {
            let guest = w.guest(&self.label, vmid)?;
            Some((guest.console.mode.clone(), guest.pending.clone()))
        });
        let (mode, pending) = stands.context("the guest")?;
        ensure!(
            mode.is_none() && pending.is_empty(),
            "{mode:?}, {pending:?}"
        );
        ensure!(real.running().await? == runs, "its power is another");
        program.kill()?;
        self.cleared(way, real, &before).await?;
        Ok((stood, again))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lxc_an_enrolment_that_was_killed_leaves_a_real_guest_with_an_agent_and_as_it_was()
-> Result<()> {
    if !possible()? {
        return Ok(());
    }
    let house = House::open().await?;
    for way in [Way::Ssh, Way::Started, Way::Console] {
        let steps = match (whole(), way) {
            (true, _) => way.steps(),
            (false, Way::Console) => vec![StepKind::RestartGuest, StepKind::RestartGuestAgain],
            (false, Way::Ssh) => vec![StepKind::Install],
            (false, Way::Started) => continue,
        };
        let kill = |step, when| house.round(way, step, when);
        kills(way, &steps, &[When::Begun], kill).await?;
    }
    house.lab.stop().await;
    house.nodes.stop().await
}
