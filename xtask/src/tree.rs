//! Comparing and replacing folders of generated files.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use crate::{Failure, Result, failure::At as _};

/// All files below `folder`, by their path in it. A folder that is not there has none.
fn read(folder: &Path) -> Result<BTreeMap<PathBuf, Vec<u8>>> {
    let mut files = BTreeMap::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(next) = open.pop() {
        if !next.exists() {
            continue;
        }
        for entry in fs::read_dir(&next).at(&next)? {
            let path = entry.at(&next)?.path();
            if path.is_dir() {
                open.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap_or(&path).to_path_buf();
                files.insert(name, fs::read(&path).at(&path)?);
            }
        }
    }
    Ok(files)
}

/// Fails with the names of the files that differ. `remedy` is the command that writes them anew.
pub(crate) fn compare(committed: &Path, fresh: &Path, remedy: &str) -> Result<()> {
    let (old, new) = (read(committed)?, read(fresh)?);
    let mut names: Vec<&PathBuf> = old.keys().chain(new.keys()).collect();
    names.sort();
    names.dedup();
    let differing: Vec<String> = names
        .into_iter()
        .filter(|name| old.get(*name) != new.get(*name))
        .map(|name| format!("  {}", name.display()))
        .collect();
    if differing.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!(
        "{} is not up to date; run `{remedy}` and commit the result:\n{}",
        committed.display(),
        differing.join("\n")
    )))
}

/// Makes `folder` contain exactly the files of `fresh`.
pub(crate) fn replace(folder: &Path, fresh: &Path) -> Result<()> {
    let (old, new) = (read(folder)?, read(fresh)?);
    for name in old.keys().filter(|name| !new.contains_key(*name)) {
        let path = folder.join(name);
        fs::remove_file(&path).at(&path)?;
    }
    for (name, content) in new
        .iter()
        .filter(|(name, content)| old.get(*name) != Some(content))
    {
        let path = folder.join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).at(parent)?;
        }
        fs::write(&path, content).at(&path)?;
    }
    Ok(())
}

/// An empty folder at `path`, whatever was there before.
pub(crate) fn empty(path: &Path) -> Result<()> {
    if path.exists() {
        fs::remove_dir_all(path).at(path)?;
    }
    fs::create_dir_all(path).at(path)
}
