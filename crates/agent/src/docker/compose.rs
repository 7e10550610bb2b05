//! Containers of a compose project, replaced by compose itself: it alone knows what its files say.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use domain::docker::{Owner, PlannedContainer};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{calls::Engine, replace::text};
use crate::{Layout, Tools, tools};

/// For one run. Compose waits for containers to stop, which have their own time for it.
const LIMIT: Duration = Duration::from_secs(30 * 60);
/// Of what it says in the end so many characters are shown.
const SHOWN: usize = 600;
/// Names of its files, where the labels do not tell.
const FILES: [&str; 4] = [
    "compose.yaml",
    "compose.yml",
    "docker-compose.yml",
    "docker-compose.yaml",
];

/// One project, as its containers' labels tell it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Project {
    pub name: String,
    pub folder: String,
    pub files: Vec<String>,
}

/// A service of a project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Service {
    pub name: String,
    /// One of its containers ran, so they have to run afterwards.
    pub ran: bool,
}

/// The compose projects of planned containers, with the services that are theirs.
pub(super) fn projects(containers: &[PlannedContainer]) -> BTreeMap<Project, Vec<Service>> {
    let mut all: BTreeMap<Project, Vec<Service>> = BTreeMap::new();
    for container in containers {
        let Owner::Compose {
            project,
            service,
            folder,
            files,
            ..
        } = &container.owner
        else {
            continue;
        };
        let project = Project {
            name: project.clone(),
            folder: folder.clone(),
            files: files.clone(),
        };
        let services = all.entry(project).or_default();
        match services.iter_mut().find(|known| known.name == *service) {
            Some(known) => known.ran |= container.running,
            None => services.push(Service {
                name: service.clone(),
                ran: container.running,
            }),
        }
    }
    all
}

/// The containers of these services as they are now, and whether they have to run.
pub(super) async fn containers(
    engine: &mut Engine,
    project: &Project,
    services: &[Service],
) -> Result<Vec<(Value, bool)>, String> {
    let listed = engine.containers().await.map_err(|e| e.to_string())?;
    let mut found = Vec::new();
    for container in listed {
        let label = |name: &str| text(&container["Labels"][format!("com.docker.compose.{name}")]);
        let service = services.iter().find(|s| s.name == label("service"));
        let Some(service) = service.filter(|_| label("project") == project.name) else {
            continue;
        };
        let whole = engine.container(text(&container["Id"])).await;
        let whole = whole.map_err(|e| e.to_string())?;
        found.extend(whole.map(|whole| (whole, service.ran)));
    }
    Ok(found)
}

impl Project {
    /// Why compose cannot be asked to do it; none when it can.
    pub(super) fn trouble(&self, layout: &Layout, tools: &Tools) -> Option<String> {
        if program(tools).is_none() {
            return Some("there is no docker compose here".to_owned());
        }
        let folder = layout.at(self.folder.trim_start_matches('/'));
        if !folder.is_dir() {
            return Some(format!("the project's folder {} is not there", self.folder));
        }
        let missing = self.files.iter().find(|f| !self.file(layout, f).is_file());
        if let Some(missing) = missing {
            return Some(format!("the project's file {missing} is not there"));
        }
        let any = !self.files.is_empty() || FILES.iter().any(|file| folder.join(file).is_file());
        (!any).then(|| format!("there is no compose file in {}", self.folder))
    }

    fn file(&self, layout: &Layout, file: &str) -> PathBuf {
        match file.strip_prefix('/') {
            Some(inside) => layout.at(inside),
            None => layout.at(self.folder.trim_start_matches('/')).join(file),
        }
    }

    /// Has compose bring these services up to what is here: only what differs is made anew, and nothing is fetched or
    /// built.
    ///
    /// # Errors
    /// Its own last words.
    pub(super) fn up(
        &self,
        layout: &Layout,
        tools: &Tools,
        socket: &Path,
        services: &[Service],
    ) -> Result<(), String> {
        let (name, first) = program(tools).ok_or("there is no docker compose here")?;
        let mut command = tools.command(name).map_err(|e| e.to_string())?;
        command
            .args(first)
            .args(["--project-name", &self.name, "--project-directory"])
            .arg(layout.at(self.folder.trim_start_matches('/')));
        for file in &self.files {
            command.arg("--file").arg(self.file(layout, file));
        }
        command
            .args(["up", "--detach", "--no-build"])
            .args(services.iter().map(|service| &service.name))
            .env("DOCKER_HOST", format!("unix://{}", socket.display()))
            .current_dir(layout.at(self.folder.trim_start_matches('/')));
        let output = tools::output(name, command, LIMIT).map_err(|e| e.to_string())?;
        if output.ok() {
            return Ok(());
        }
        let said = output.stderr.trim();
        let from = said.chars().count().saturating_sub(SHOWN);
        let last: String = said.chars().skip(from).collect();
        Err(format!("compose ended with {}: {last}", output.ending()))
    }
}

/// The plug-in, or the older program of its own.
fn program(tools: &Tools) -> Option<(&'static str, &'static [&'static str])> {
    let plugin = tools.run("docker", &["compose", "version"], Duration::from_secs(30));
    if plugin.is_ok_and(|answer| answer.ok()) {
        return Some(("docker", &["compose"]));
    }
    let own = tools.find("docker-compose");
    own.map(|_| ("docker-compose", [].as_slice()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs, os::unix::fs::PermissionsExt};

    fn program(folder: &Path, name: &str, text: &str) {
        let file = folder.join(name);
        fs::write(&file, format!("#!/bin/sh\n{text}\n")).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn house() -> (tempfile::TempDir, Layout, Tools, Project) {
        let house = tempfile::tempdir().unwrap();
        fs::create_dir_all(house.path().join("srv/media")).unwrap();
        fs::create_dir_all(house.path().join("bin")).unwrap();
        fs::write(house.path().join("srv/media/compose.yml"), "services: {}\n").unwrap();
        let layout = Layout::new(house.path());
        let path = format!("{}:/usr/bin:/bin", house.path().join("bin").display());
        let project = Project {
            name: "media".into(),
            folder: "/srv/media".into(),
            files: vec!["compose.yml".into()],
        };
        (house, layout, Tools::new(path), project)
    }

    fn web() -> Service {
        Service {
            name: "web".into(),
            ran: true,
        }
    }

    /// Writes down how it was called.
    const TOLD: &str = "echo \"$0 $* $DOCKER_HOST $PWD\" >> \"$(dirname \"$0\")/told\"";

    #[test]
    fn the_plug_in_is_asked_and_else_the_older_program() {
        let (house, layout, tools, project) = house();
        let bin = house.path().join("bin");
        let socket = Path::new("/run/docker.sock");
        program(&bin, "docker", "exit 1");
        assert!(
            project
                .trouble(&layout, &tools)
                .unwrap()
                .contains("no docker compose")
        );
        program(&bin, "docker-compose", TOLD);
        assert_eq!(project.trouble(&layout, &tools), None);
        project.up(&layout, &tools, socket, &[web()]).unwrap();
        let told = fs::read_to_string(bin.join("told")).unwrap();
        let folder = house.path().join("srv/media");
        let expected = format!(
            "docker-compose --project-name media --project-directory {0} --file {0}/compose.yml up --detach --no-build web unix:///run/docker.sock {0}\n",
            folder.display()
        );
        assert!(told.ends_with(&expected), "{told}");
        program(&bin, "docker", TOLD);
        project.up(&layout, &tools, socket, &[web()]).unwrap();
        let told = fs::read_to_string(bin.join("told")).unwrap();
        assert!(
            told.contains("docker compose --project-name media"),
            "{told}"
        );
    }

    #[test]
    fn what_is_missing_is_named_and_its_own_words_are_told() {
        let (house, layout, tools, project) = house();
        program(
            &house.path().join("bin"),
            "docker-compose",
            "echo 'no such image' >&2; exit 17",
        );
        program(&house.path().join("bin"), "docker", "exit 1");
        let failed = project
            .up(&layout, &tools, Path::new("/x"), &[])
            .unwrap_err();
        assert_eq!(failed, "compose ended with exit status 17: no such image");
        let other = Project {
            files: vec!["/srv/media/other.yml".into()],
            ..project.clone()
        };
        let trouble = other.trouble(&layout, &tools).unwrap();
        assert_eq!(
            trouble,
            "the project's file /srv/media/other.yml is not there"
        );
        fs::remove_dir_all(house.path().join("srv")).unwrap();
        let trouble = project.trouble(&layout, &tools).unwrap();
        assert_eq!(trouble, "the project's folder /srv/media is not there");
    }
}
