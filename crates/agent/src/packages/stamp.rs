//! A digest over names, sizes and times of files: equal stamps mean that the package manager need not be asked.

use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// How deep folders are entered; apt's own are three deep.
const DEPTH: u8 = 4;

/// SHA-256 over what the file system says about some files, as hex.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Stamp(String);

impl Stamp {
    /// Over files and, with all that is in them, folders. One that is missing counts as missing.
    pub fn of(paths: &[PathBuf]) -> Self {
        let mut hasher = Sha256::new();
        for path in paths {
            add(&mut hasher, path, DEPTH);
        }
        Self(hex::encode(hasher.finalize()))
    }

    /// Over files and folders themselves, not over what is in the folders: a folder's time moves when something is put
    /// there or taken away.
    pub fn glance(paths: &[PathBuf]) -> Self {
        let mut hasher = Sha256::new();
        for path in paths {
            match fs::metadata(path) {
                Ok(metadata) => add_metadata(&mut hasher, &metadata),
                Err(_) => hasher.update([0]),
            }
        }
        Self(hex::encode(hasher.finalize()))
    }
}

fn add(hasher: &mut Sha256, path: &Path, depth: u8) {
    hasher.update(path.as_os_str().as_encoded_bytes());
    let Ok(metadata) = fs::metadata(path) else {
        hasher.update([0]);
        return;
    };
    if metadata.is_dir() {
        hasher.update([1]);
        if depth == 0 {
            return;
        }
        let mut inside: Vec<PathBuf> = fs::read_dir(path)
            .map(|entries| entries.flatten().map(|e| e.path()).collect())
            .unwrap_or_default();
        inside.sort();
        for path in inside {
            // Lock files and half-fetched lists say nothing about what is known.
            let skipped = path
                .file_name()
                .is_some_and(|n| n == "lock" || n == "partial");
            if !skipped {
                add(hasher, &path, depth - 1);
            }
        }
    } else {
        add_metadata(hasher, &metadata);
    }
}

fn add_metadata(hasher: &mut Sha256, metadata: &fs::Metadata) {
    hasher.update([2]);
    hasher.update(metadata.len().to_be_bytes());
    hasher.update(metadata.mtime().to_be_bytes());
    hasher.update(metadata.mtime_nsec().to_be_bytes());
    hasher.update(metadata.ino().to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_with_a_file_and_not_with_a_lock() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_owned();
        let of = || Stamp::of(std::slice::from_ref(&path));
        fs::create_dir(path.join("lists")).unwrap();
        fs::write(path.join("lists/a"), "1").unwrap();
        let first = of();
        assert_eq!(first, of());
        fs::write(path.join("lists/lock"), "").unwrap();
        assert_eq!(first, of(), "a lock says nothing");
        fs::write(path.join("lists/a"), "12").unwrap();
        let second = of();
        assert_ne!(first, second);
        fs::write(path.join("lists/b"), "").unwrap();
        assert_ne!(second, of());
    }

    #[test]
    fn a_glance_sees_files_and_what_comes_into_folders() {
        let folder = tempfile::tempdir().unwrap();
        let lists = folder.path().join("lists");
        let (status, missing) = (folder.path().join("status"), folder.path().join("sources"));
        let paths = [status.clone(), lists.clone(), missing.clone()];
        let of = || Stamp::glance(&paths);
        fs::create_dir(&lists).unwrap();
        fs::write(&status, "1").unwrap();
        let first = of();
        assert_eq!(first, of());
        fs::write(&status, "12").unwrap();
        let second = of();
        assert_ne!(first, second, "a file that grew");
        // A time of its own: files written within one tick of the clock may look alike.
        let earlier = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1);
        fs::File::open(&lists)
            .unwrap()
            .set_modified(earlier)
            .unwrap();
        let third = of();
        assert_ne!(second, third, "a folder that moved");
        fs::write(&missing, "").unwrap();
        assert_ne!(third, of(), "a file that came");
    }
}
