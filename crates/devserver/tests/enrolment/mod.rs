//! What the kill loops over enrolments share: the ways of an agent into a guest with the steps of each, the moments in a
//! step, and the account at the end.
#![allow(dead_code, reason = "each test file uses its own part")]

use std::{future::Future, time::Duration};

use anyhow::{Context, Result};
use domain::operation::{Job, OperationKind, StepKind, StepState};
use lab::{Fault, Lab, Rule, Where};
use serde_json::{Value, json};

use crate::program::Program;

/// How a guest gets its agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Ssh,
    /// Over SSH, into a guest that was stopped.
    Started,
    /// Over a console that is no shell.
    Console,
}

impl Way {
    /// What its plan must allow.
    pub(crate) fn allowed(self) -> Value {
        json!({ "start": self == Self::Started, "shell": self == Self::Console })
    }

    /// The steps that such a job does not pass over.
    pub(crate) fn steps(self) -> Vec<StepKind> {
        use StepKind as K;
        let takes = |step: &StepKind| match step {
            K::Start | K::Stop => self == Self::Started,
            K::OpenConsole | K::RestartGuest | K::CloseConsole | K::RestartGuestAgain => {
                self == Self::Console
            }
            _ => true,
        };
        let steps = OperationKind::Enrol.steps().iter().copied();
        steps.filter(takes).collect()
    }
}

/// When in a step the program is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    Begun,
    Ended,
}

impl When {
    /// How the step stands, once its moment has come.
    pub(crate) fn come(self, job: &Job, step: StepKind) -> Option<StepState> {
        let state = job.steps.iter().find(|s| s.kind == step)?.state;
        let come = match self {
            Self::Begun => state != StepState::Waiting,
            Self::Ended => !matches!(state, StepState::Waiting | StepState::Running),
        };
        (come || job.state.is_final()).then_some(state)
    }
}

/// Lets RedFlag's token enter consoles, set them, and start guests again; the cluster's label.
pub(crate) fn allow_consoles(lab: &Lab) -> Result<String> {
    lab.world().change(|w| {
        let cluster = &mut w.clusters[0];
        let role = cluster.access.roles.get_mut("RedFlag");
        let role = role.context("RedFlag's role")?;
        for privilege in ["VM.Console", "VM.Config.Options", "VM.PowerMgmt"] {
            role.insert(privilege.to_owned());
        }
        Ok(cluster.label.clone())
    })
}

/// Lets calls of the API come late.
pub(crate) fn slow(lab: &Lab, method: &str, path: &str) {
    let at = Where {
        method: Some(method.into()),
        path: Some(path.into()),
        ..Where::default()
    };
    let late = Fault::Delay(Duration::from_millis(700));
    lab.faults().add(Rule::always(late).at(at));
}

/// Waits for the end of an operation; its only job.
pub(crate) async fn over(program: &Program, operation: &Value) -> Result<Job> {
    program
        .until(operation, "the end of the job", |job| {
            job.state.is_final().then(|| job.clone())
        })
        .await
}

/// One kill: how the step stood at last, and whether the guest took another try.
pub(crate) type Round = (StepState, bool);

/// Kills at each of these steps at each of these moments.
pub(crate) async fn kills<F: Future<Output = Result<Round>>>(
    way: Way,
    steps: &[StepKind],
    whens: &[When],
    round: impl Fn(StepKind, When) -> F,
) -> Result<()> {
    // Nothing here speaks TLS from this process; the client wants a provider all the same.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (mut kills, mut retries) = (0, 0);
    for step in steps {
        for when in whens {
            let (stood, again) = Box::pin(round(*step, *when))
                .await
                .with_context(|| format!("{way:?}, killed at {step:?}, {when:?}"))?;
            kills += 1;
            retries += u32::from(again);
            eprintln!("{way:?}, killed at {step:?}, {when:?}: it was {stood:?}");
        }
    }
    eprintln!(
        "kill loop, enrolment {way:?}: {} steps x {} kills each = {kills} kills, {kills} guests enrolled and as before, {retries} of them by a second try",
        steps.len(),
        whens.len()
    );
    Ok(())
}

/// Whether the whole loop is asked for.
pub(crate) fn whole() -> bool {
    std::env::var_os("REDFLAG_TEST_FULL").is_some()
}
