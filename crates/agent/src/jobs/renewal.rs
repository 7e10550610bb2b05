//! The job that renews images: its outcome in the job's words.

use domain::{
    docker::{PlannedImage, RenewedImage},
    operation::{Problem, StepKind},
};
use wire::{Applied, Outcome};

use super::{
    JobDirectory, Spool,
    runner::{lost, record},
};
use crate::{
    Layout, Tools,
    docker::{Ended, Site},
    packages::Progress as _,
};

/// The name of the journal in the job's folder.
const JOURNAL: &str = "images.json";

/// Renews images under their containers.
pub(super) fn run(
    layout: &Layout,
    tools: &Tools,
    job: &JobDirectory,
    images: &[PlannedImage],
    spool: &mut Spool,
) -> Outcome {
    let ended = at(layout, tools, job, async |site| {
        site.renew(images, spool).await
    });
    let outcome = match ended {
        Ok(Ended::Done(images)) => done(images),
        Ok(Ended::Cancelled(images)) => Outcome::Cancelled {
            result: (!images.is_empty()).then(|| applied(images)),
        },
        Ok(Ended::Refused(problem)) | Err(problem) => {
            return Outcome::Failed {
                problem,
                result: None,
            };
        }
    };
    spool.step(StepKind::Record);
    record(layout, tools, spool);
    outcome
}

/// Ends what a lost process left, and tells what runs now.
pub(super) fn conclude(
    layout: &Layout,
    tools: &Tools,
    job: &JobDirectory,
    images: &[PlannedImage],
    spool: &mut Spool,
) -> Outcome {
    let told = at(layout, tools, job, async |site| {
        site.conclude(images, spool).await
    });
    spool.step(StepKind::Record);
    record(layout, tools, spool);
    match told {
        Ok(images) if images.iter().all(RenewedImage::is_done) => done(images),
        Ok(images) => Outcome::Interrupted {
            problem: lost(
                "the renewal of images was interrupted: the guest was restarted, or its process was ended",
                "See which containers run from which image. Make a new plan for the rest.",
            ),
            result: Some(applied(images)),
        },
        Err(problem) => Outcome::Interrupted {
            problem,
            result: None,
        },
    }
}

fn at<T>(
    layout: &Layout,
    tools: &Tools,
    job: &JobDirectory,
    work: impl AsyncFnOnce(Site<'_>) -> T,
) -> Result<T, Problem> {
    let file = job.path().join(JOURNAL);
    let site = Site {
        layout,
        tools,
        file: &file,
    };
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_all().build().map_err(|e| Problem {
        what: "the job could not be begun".to_owned(),
        words: Some(e.to_string()),
        next: None,
    })?;
    Ok(runtime.block_on(work(site)))
}

fn done(images: Vec<RenewedImage>) -> Outcome {
    let failed: Vec<&str> = images
        .iter()
        .filter(|image| !image.is_done())
        .map(|image| image.image.as_str())
        .collect();
    if failed.is_empty() {
        return Outcome::Applied {
            result: applied(images),
        };
    }
    let first = images.iter().find_map(|image| image.problem.clone());
    Outcome::Failed {
        problem: Problem {
            what: format!("not renewed: {}", failed.join(", ")),
            words: first,
            next: Some(
                "Its containers are the old ones. Read why, then make a new plan.".to_owned(),
            ),
        },
        result: Some(applied(images)),
    }
}

fn applied(images: Vec<RenewedImage>) -> Applied {
    Applied {
        images,
        ..Applied::default()
    }
}
