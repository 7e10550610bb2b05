//! Images renewed in a simulated guest: what the real agent reports, without an engine.

use domain::{
    docker::{PlannedImage, RenewedContainer, RenewedImage},
    operation::StepKind,
};
use wire::{Applied, Outcome};

use super::{agent::Inside, job::failed, reporter::Reporter};
use crate::scenario::renew;

pub(super) async fn update(
    inside: &Inside,
    images: &[PlannedImage],
    reporter: &Reporter,
) -> Outcome {
    for (step, percent) in [(StepKind::Preflight, 5), (StepKind::Download, 10)] {
        reporter.step(step, None, Some(percent));
        inside.pace.step().await;
    }
    let mut renewed = Vec::new();
    for image in images {
        if reporter.cancelled() {
            return Outcome::Cancelled {
                result: Some(applied(renewed)),
            };
        }
        reporter.step(StepKind::Apply, Some(image.image.clone()), Some(50));
        inside.pace.step().await;
        let mut new = None;
        inside.change(|machine| new = renew(&mut machine.docker, image));
        let Some(to) = new else {
            return failed(
                &format!(
                    "the containers of {} are not what was approved",
                    image.image
                ),
                None,
                None,
            );
        };
        let own = image.containers.iter().filter(|c| !c.follows);
        let containers = own.map(|container| RenewedContainer {
            name: container.name.clone(),
            image_id: Some(to.clone()),
            running: container.running,
            follows: false,
        });
        renewed.push(RenewedImage {
            socket: image.socket.clone(),
            image: image.image.clone(),
            from: image.from.clone(),
            to: Some(to.clone()),
            containers: containers.collect(),
            problem: None,
            kept_until: None,
        });
    }
    reporter.step(StepKind::Record, None, Some(95));
    inside.pace.step().await;
    inside.scan();
    Outcome::Applied {
        result: applied(renewed),
    }
}

fn applied(images: Vec<RenewedImage>) -> Applied {
    Applied {
        images,
        ..Applied::default()
    }
}
