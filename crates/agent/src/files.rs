//! Files that are whole or not there: written beside and renamed, readable by root alone.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use serde::{Serialize, de::DeserializeOwned};

/// A file that could not be read, written or understood.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    #[error("cannot {act} {path}: {source}{advice}")]
    Io {
        act: &'static str,
        path: PathBuf,
        source: io::Error,
        /// What it means and what to do, where the system's own words do not say.
        advice: String,
    },
    #[error("{path} is not what it should be: {why}")]
    Content { path: PathBuf, why: String },
}

impl FileError {
    /// Whether the file simply is not there.
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Io { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }
}

/// For `map_err`: what was tried with which file.
pub fn failed<'a>(act: &'static str, path: &'a Path) -> impl FnOnce(io::Error) -> FileError + 'a {
    move |source| FileError::Io {
        act,
        path: path.to_owned(),
        advice: advice(path, source.kind()),
        source,
    }
}

/// A full disk with how full it is, or a file system that cannot be written, each with the remedy.
fn advice(path: &Path, kind: io::ErrorKind) -> String {
    match kind {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            let free = path
                .ancestors()
                .find_map(|folder| rustix::fs::statvfs(folder).ok())
                .map_or_else(String::new, |disk| {
                    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
                    format!(" ({free} bytes and {} files free there)", disk.f_favail)
                });
            format!("{free}; make room inside the LXC or enlarge its disk, then try again")
        }
        io::ErrorKind::ReadOnlyFilesystem => {
            "; that file system is read-only: mount it writable, or see in the node's log why it is not, then try again"
                .to_owned()
        }
        _ => String::new(),
    }
}

/// Makes a folder and those above it; the ones made here are root's alone.
pub fn make_private_dir(path: &Path) -> Result<(), FileError> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(failed("create", path))
}

/// Puts `content` at `path` in one step, with `mode`, and on the disk before it returns.
pub fn write(path: &Path, content: &[u8], mode: u32) -> Result<(), FileError> {
    put(path, content, mode, true)
}

/// [`write()`] of what need not survive a power cut: whole or not there, and without waiting for the disk.
pub fn write_brief(path: &Path, content: &[u8], mode: u32) -> Result<(), FileError> {
    put(path, content, mode, false)
}

fn put(path: &Path, content: &[u8], mode: u32, lasting: bool) -> Result<(), FileError> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let beside = path.with_file_name(name);
    let mut file = alone(&beside, mode).map_err(failed("create", &beside))?;
    // An older file of that name would have kept its own mode.
    let written = file
        .set_permissions(fs::Permissions::from_mode(mode))
        .and_then(|()| file.write_all(content))
        .and_then(|()| if lasting { file.sync_all() } else { Ok(()) })
        .map_err(failed("write", &beside))
        .and_then(|()| fs::rename(&beside, path).map_err(failed("write", path)));
    if written.is_err() {
        // Half a file on a full disk helps nobody.
        let _ = fs::remove_file(&beside);
    }
    written?;
    if let Some(folder) = path.parent().filter(|_| lasting) {
        // The name, too, must survive a power cut; file systems that cannot do it lose nothing else.
        let _ = File::open(folder).and_then(|f| f.sync_all());
    }
    Ok(())
}

/// A new, empty file at `beside` that no other process of the agent writes to: a scan of its own and one of a job may
/// end at the same moment.
fn alone(beside: &Path, mode: u32) -> io::Result<File> {
    loop {
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(mode)
            .open(beside)?;
        file.lock()?;
        // Whoever had it before may have put it in place or taken it away meanwhile; then it is not the one beside.
        let there = fs::metadata(beside).map(|m| (m.dev(), m.ino())).ok();
        let own = file.metadata().map(|m| (m.dev(), m.ino()))?;
        if there == Some(own) {
            file.set_len(0)?;
            return Ok(file);
        }
    }
}

/// [`write`] of a value as JSON, readable by root alone.
pub fn write_json<T: Serialize>(path: &Path, value: &T) -> Result<(), FileError> {
    let mut text = serde_json::to_vec_pretty(value).map_err(|e| FileError::Content {
        path: path.to_owned(),
        why: e.to_string(),
    })?;
    text.push(b'\n');
    write(path, &text, 0o600)
}

/// A file as text.
pub fn read(path: &Path) -> Result<String, FileError> {
    fs::read_to_string(path).map_err(failed("read", path))
}

/// A value from JSON.
pub fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T, FileError> {
    let text = read(path)?;
    // Not serde's words alone: they could quote a part of a secret file.
    serde_json::from_str(&text).map_err(|e| FileError::Content {
        path: path.to_owned(),
        why: format!(
            "{:?} error in line {}, column {}",
            e.classify(),
            e.line(),
            e.column()
        ),
    })
}

/// [`read_json`], where a file that is not there is no error.
pub fn read_json_if_there<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, FileError> {
    match read_json(path) {
        Ok(value) => Ok(Some(value)),
        Err(e) if e.is_missing() => Ok(None),
        Err(e) => Err(e),
    }
}

/// Removes a file that may be gone already.
pub fn remove(path: &Path) -> Result<(), FileError> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(failed("remove", path)(e)),
        _ => Ok(()),
    }
}

/// Removes a folder with all that is in it; it may be gone already.
pub fn remove_dir(path: &Path) -> Result<(), FileError> {
    match fs::remove_dir_all(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(failed("remove", path)(e)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_written_file_is_whole_and_private() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        write(&path, b"new", 0o600).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        assert_eq!(
            fs::read_dir(folder.path()).unwrap().count(),
            1,
            "nothing is left beside it"
        );
    }

    #[test]
    fn a_broken_file_is_named_without_its_content() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bootstrap.json");
        fs::write(&path, r#"{"code": "very-secret" oops}"#).unwrap();
        let error = read_json::<wire::Bootstrap>(&path).unwrap_err().to_string();
        assert!(error.contains("bootstrap.json"), "{error}");
        assert!(!error.contains("secret"), "{error}");
    }

    #[test]
    fn many_who_write_the_same_file_all_write_it_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("inventory.json");
        std::thread::scope(|scope| {
            for n in 0..8u8 {
                let path = &path;
                scope.spawn(move || {
                    for _ in 0..40 {
                        write_brief(path, &vec![b'a' + n; 5_000], 0o600).unwrap();
                        let read = fs::read(path).unwrap();
                        assert_eq!(read.len(), 5_000);
                        assert!(read.iter().all(|b| *b == read[0]), "one writer's");
                    }
                });
            }
        });
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
