//! Whether what a plan says still holds, before anything is fetched or stopped.

use std::{collections::BTreeMap, path::PathBuf};

use domain::{docker::PlannedImage, operation::Problem};

use super::{calls::Engine, compose, renew::Site, replace::text, socket::SocketError};

impl Site<'_> {
    /// Whether everything is as it was planned, and there is room.
    pub(super) async fn compare(&self, plan: &[PlannedImage]) -> Result<(), Problem> {
        let mut needed: BTreeMap<PathBuf, u64> = BTreeMap::new();
        for image in plan {
            let engine = |e: SocketError| Problem {
                what: format!("the engine at {} cannot be asked", image.socket),
                words: Some(e.to_string()),
                next: Some("See in the LXC whether it runs, then try again.".to_owned()),
            };
            let moved = |what: String| Problem {
                what,
                words: None,
                next: Some("Nothing was changed. Make a new plan.".to_owned()),
            };
            let refused = |what: String| Problem {
                what,
                words: None,
                next: Some("Nothing was changed. Leave it out, or update it by hand.".to_owned()),
            };
            let mut open = Engine::open(&self.socket(image)).await.map_err(engine)?;
            for planned in &image.containers {
                let name = &planned.name;
                let Some(known) = open.container(&planned.id).await.map_err(engine)? else {
                    return Err(moved(format!("the container {name} is not there any more")));
                };
                if !planned.follows && text(&known["Image"]) != image.from {
                    return Err(moved(format!("{name} runs from another image by now")));
                }
                if known["HostConfig"]["AutoRemove"] == true {
                    return Err(refused(format!(
                        "{name} was started with --rm: it is gone when it is stopped, and could not be brought back"
                    )));
                }
            }
            for project in compose::projects(&image.containers).into_keys() {
                if let Some(why) = project.trouble(self.layout, self.tools) {
                    return Err(refused(format!("the project {}: {why}", project.name)));
                }
            }
            let root = open.root().await.map_err(engine)?;
            let root = self.layout.at(root.trim_start_matches('/'));
            *needed.entry(root).or_default() += image.size;
        }
        for (root, needed) in needed {
            let free = rustix::fs::statvfs(&root).map(|d| d.f_bavail.saturating_mul(d.f_frsize));
            if free.is_ok_and(|free| free < needed) {
                return Err(Problem {
                    what: format!(
                        "there is too little room for the new images in {}",
                        root.display()
                    ),
                    words: Some(format!(
                        "about {needed} bytes are needed, {} are free",
                        free.unwrap_or_default()
                    )),
                    next: Some(
                        "Make room in the LXC or enlarge its disk, then try again.".to_owned(),
                    ),
                });
            }
        }
        Ok(())
    }
}
