//! The images of an approved plan, fetched, put under their containers, and taken back where these are not well.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use domain::{
    docker::{Owner, PlannedContainer, PlannedImage, RenewedContainer, RenewedImage},
    image::Reference,
    operation::{LogLevel, Problem, StepKind},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    calls::Engine,
    compose::{self, Project, Service},
    leftovers, login,
    replace::{self, Entry, ReplaceError, text},
    socket::SocketError,
    well,
};
use crate::{Layout, Tools, clock, files, packages::Progress};

/// What lies in the job's folder while containers are replaced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Journal {
    /// As a path of this process.
    socket: PathBuf,
    /// The name that stands for the new image now, and the old image that it goes back to.
    repository: String,
    tag: String,
    old: String,
    what: What,
    /// Everything new is well: from here on nothing goes back.
    well: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum What {
    /// Made again by the agent, in this order.
    Containers(Vec<Entry>),
    Compose {
        project: Project,
        services: Vec<Service>,
    },
}

/// Where an agent works, and what it tells.
pub(crate) struct Site<'a> {
    pub layout: &'a Layout,
    pub tools: &'a Tools,
    /// The journal's file.
    pub file: &'a Path,
}

/// How the work as a whole ended.
pub(crate) enum Ended {
    /// Each image has its own outcome.
    Done(Vec<RenewedImage>),
    /// Nothing was changed.
    Refused(Problem),
    /// Stopped between two images.
    Cancelled(Vec<RenewedImage>),
}

impl Site<'_> {
    pub(super) fn socket(&self, image: &PlannedImage) -> PathBuf {
        self.layout.at(image.socket.trim_start_matches('/'))
    }

    /// Does what the plan says and nothing else.
    pub(crate) async fn renew(&self, plan: &[PlannedImage], progress: &mut dyn Progress) -> Ended {
        progress.step(StepKind::Preflight);
        if let Err(problem) = self.compare(plan).await {
            return Ended::Refused(problem);
        }
        progress.step(StepKind::Download);
        let mut outcomes: Vec<RenewedImage> = Vec::new();
        let mut fetched = Vec::new();
        for image in plan {
            if progress.cancelled() {
                return Ended::Cancelled(Vec::new());
            }
            fetched.push(self.fetch(image, progress).await);
        }
        progress.step(StepKind::Apply);
        let mut cancelled = false;
        for (image, fetched) in plan.iter().zip(fetched) {
            cancelled |= progress.cancelled();
            let (to, problem) = match fetched {
                Err(words) => (None, Some(words)),
                Ok(id) if cancelled => (
                    Some(id),
                    Some("the work was cancelled before it".to_owned()),
                ),
                Ok(id) => {
                    let done = self.put(image, &id, progress).await;
                    (Some(id), done.err())
                }
            };
            if let Some(words) = &problem {
                progress.log(LogLevel::Error, &format!("{}: {words}", image.image));
            }
            outcomes.push(self.outcome(image, to, problem).await);
        }
        match cancelled {
            true => Ended::Cancelled(outcomes),
            false => Ended::Done(outcomes),
        }
    }

    /// What a lost process left is brought to an end; then each image is told as it is.
    pub(crate) async fn conclude(
        &self,
        plan: &[PlannedImage],
        progress: &mut dyn Progress,
    ) -> Vec<RenewedImage> {
        progress.step(StepKind::Verify);
        let mut trouble = None;
        match files::read_json_if_there::<Journal>(self.file) {
            Ok(None) => {}
            Ok(Some(journal)) => trouble = self.end(&journal, progress).await.err(),
            Err(error) => trouble = Some(error.to_string()),
        }
        if let Some(words) = &trouble {
            progress.log(LogLevel::Error, words);
        }
        let mut outcomes = Vec::new();
        for image in plan {
            let to = match Engine::open(&self.socket(image)).await {
                Ok(mut engine) => new_image(&mut engine, image).await.ok().flatten(),
                Err(_) => None,
            };
            let mut outcome = self.outcome(image, to, None).await;
            let mut own = outcome.containers.iter().filter(|c| !c.follows);
            if outcome.to.is_none() || !own.all(|c| c.image_id == outcome.to) {
                let words = trouble.clone();
                outcome.problem = Some(words.unwrap_or_else(|| "it was interrupted".to_owned()));
                outcome.kept_until = None;
            }
            outcomes.push(outcome);
        }
        outcomes
    }

    async fn end(&self, journal: &Journal, progress: &mut dyn Progress) -> Result<(), String> {
        let mut engine = Engine::open(&journal.socket)
            .await
            .map_err(|e| e.to_string())?;
        match journal.well {
            true => self.finish(&mut engine, journal).await?,
            false => self.back(&mut engine, journal, progress).await?,
        }
        files::remove(self.file).map_err(|e| e.to_string())
    }

    /// The new image's id. Whatever is wrong with it is found before anything stops.
    async fn fetch(
        &self,
        image: &PlannedImage,
        progress: &mut dyn Progress,
    ) -> Result<String, String> {
        let reference = reference(image)?;
        let words = |e: SocketError| match e.is_refused_entry() {
            false => e.to_string(),
            true => format!(
                "{e}; log in to {} in the LXC, as the user whose engine it is",
                reference.registry()
            ),
        };
        let mut engine = Engine::open(&self.socket(image)).await.map_err(words)?;
        progress.log(
            LogLevel::Info,
            &format!("fetching {} {}", image.image, image.to),
        );
        let mut layers: BTreeMap<String, bool> = BTreeMap::new();
        let tell = |layer: &str, status: &str| {
            if layer.len() != 12 {
                return;
            }
            let done = matches!(status, "Pull complete" | "Already exists");
            let before = layers.insert(layer.to_owned(), done);
            if before != Some(done) {
                let ready = layers.values().filter(|done| **done).count();
                let all = layers.len();
                progress.detail(&format!("{}: {ready} of {all} layers", image.image));
            }
        };
        let repository = repository(&reference);
        let login = login::header(self.layout, &image.socket, reference.registry());
        let login = login.as_deref().map(String::as_str);
        let fetched = engine.fetch(&repository, image.to.as_str(), login, tell);
        fetched.await.map_err(words)?;
        let mut engine = Engine::open(&self.socket(image)).await.map_err(words)?;
        let new = engine.image(&format!("{repository}@{}", image.to)).await;
        let new = new
            .map_err(words)?
            .ok_or("the engine does not know what it fetched")?;
        let old = engine.image(&image.from).await.map_err(words)?;
        let platform =
            |image: &Value| format!("{}/{}", text(&image["Os"]), text(&image["Architecture"]));
        if let Some(old) = old
            && platform(&old) != platform(&new)
        {
            return Err(format!(
                "the new image is for {}, the one in use for {}",
                platform(&new),
                platform(&old)
            ));
        }
        Ok(text(&new["Id"]).to_owned())
    }

    /// Puts the new image under its containers. On an error they are the old ones again.
    async fn put(
        &self,
        image: &PlannedImage,
        new: &str,
        progress: &mut dyn Progress,
    ) -> Result<(), String> {
        let reference = reference(image)?;
        let socket = self.socket(image);
        let mut engine = Engine::open(&socket).await.map_err(|e| e.to_string())?;
        let (repository, tag) = (repository(&reference), reference.tag().unwrap_or("latest"));
        let plain: Vec<&PlannedContainer> =
            image.containers.iter().filter(|c| !is_compose(c)).collect();
        let mut parts = Vec::new();
        if !plain.is_empty() {
            let wanted: Vec<(String, Option<String>)> = plain
                .iter()
                .map(|c| (c.id.clone(), (!c.follows).then(|| image.image.clone())))
                .collect();
            let entries = replace::entries(&mut engine, &wanted).await;
            parts.push(What::Containers(entries.map_err(|e| e.to_string())?));
        }
        for (project, services) in compose::projects(&image.containers) {
            parts.push(What::Compose { project, services });
        }
        for what in parts {
            let mut journal = Journal {
                socket: socket.clone(),
                repository: repository.clone(),
                tag: tag.to_owned(),
                old: image.from.clone(),
                what,
                well: false,
            };
            let write = |journal: &Journal| {
                files::write_json(self.file, journal).map_err(|e| e.to_string())
            };
            write(&journal)?;
            let done = self.forward(&mut engine, &journal, new, progress).await;
            if let Err(words) = done {
                let back = self.back(&mut engine, &journal, progress).await;
                return Err(
                    match back.and_then(|()| files::remove(self.file).map_err(|e| e.to_string())) {
                        Ok(()) => words,
                        Err(more) => format!(
                            "{words}; and what was before could not be brought back: {more}"
                        ),
                    },
                );
            }
            journal.well = true;
            write(&journal)?;
            self.finish(&mut engine, &journal).await?;
            files::remove(self.file).map_err(|e| e.to_string())?;
        }
        Ok(())
    }

    async fn forward(
        &self,
        engine: &mut Engine,
        journal: &Journal,
        new: &str,
        progress: &mut dyn Progress,
    ) -> Result<(), String> {
        let tagged = engine.tag(new, &journal.repository, &journal.tag).await;
        tagged.map_err(|e| e.to_string())?;
        match &journal.what {
            What::Containers(entries) => {
                let done = replace::forward(engine, entries, progress).await;
                done.map_err(|e| e.to_string())
            }
            What::Compose { project, services } => {
                progress.detail(&project.name);
                project.up(self.layout, self.tools, &journal.socket, services)?;
                for (container, ran) in compose::containers(engine, project, services).await? {
                    let (id, name) = (text(&container["Id"]), text(&container["Name"]));
                    if ran || container["State"]["Running"] == true {
                        let well = well::wait(engine, id, progress).await;
                        let well = well.map_err(|e| e.to_string())?;
                        let name = name.trim_start_matches('/');
                        well.map_err(|why| format!("{name} is not well: {why}"))?;
                    }
                }
                Ok(())
            }
        }
    }

    async fn back(
        &self,
        engine: &mut Engine,
        journal: &Journal,
        progress: &mut dyn Progress,
    ) -> Result<(), String> {
        let tagged = engine
            .tag(&journal.old, &journal.repository, &journal.tag)
            .await;
        let tagged = tagged.map_err(|e| e.to_string());
        let done = match &journal.what {
            What::Containers(entries) => {
                let done = replace::bring_back(engine, entries, progress).await;
                done.map_err(|e| e.to_string())
            }
            What::Compose { project, services } => {
                project.up(self.layout, self.tools, &journal.socket, services)
            }
        };
        tagged.and(done)
    }

    async fn finish(&self, engine: &mut Engine, journal: &Journal) -> Result<(), String> {
        if let What::Containers(entries) = &journal.what {
            let done: Result<(), ReplaceError> = replace::finish(engine, entries).await;
            done.map_err(|e| e.to_string())?;
        }
        let socket = journal.socket.clone();
        leftovers::note(self.layout, socket, &journal.old, clock::now()).map_err(|e| e.to_string())
    }

    /// How the containers stand now.
    async fn outcome(
        &self,
        image: &PlannedImage,
        to: Option<String>,
        problem: Option<String>,
    ) -> RenewedImage {
        let mut containers = Vec::new();
        let mut engine = Engine::open(&self.socket(image)).await.ok();
        for planned in &image.containers {
            let known = match &mut engine {
                Some(engine) => engine.container(&planned.name).await.ok().flatten(),
                None => None,
            };
            containers.push(RenewedContainer {
                name: planned.name.clone(),
                image_id: known.as_ref().map(|c| text(&c["Image"]).to_owned()),
                running: known.is_some_and(|c| c["State"]["Running"] == true),
                follows: planned.follows,
            });
        }
        let put = problem.is_none() && to.as_ref().is_some_and(|to| *to != image.from);
        RenewedImage {
            kept_until: put.then(|| leftovers::until(clock::now())),
            socket: image.socket.clone(),
            image: image.image.clone(),
            from: image.from.clone(),
            to,
            containers,
            problem,
        }
    }
}

async fn new_image(engine: &mut Engine, image: &PlannedImage) -> Result<Option<String>, String> {
    let name = format!("{}@{}", repository(&reference(image)?), image.to);
    let known = engine.image(&name).await.map_err(|e| e.to_string())?;
    Ok(known.map(|image| text(&image["Id"]).to_owned()))
}

fn reference(image: &PlannedImage) -> Result<Reference, String> {
    let parsed = image.image.parse::<Reference>();
    parsed.map_err(|e| e.to_string())
}

/// In full, which every engine understands.
fn repository(reference: &Reference) -> String {
    format!("{}/{}", reference.registry(), reference.repository())
}

fn is_compose(container: &PlannedContainer) -> bool {
    matches!(container.owner, Owner::Compose { .. })
}
