//! What differs between operating systems: who may read the data folder.

use std::{fs, io, path::Path};

#[cfg(unix)]
mod rights {
    use std::{
        fs::{self, DirBuilder, OpenOptions, Permissions},
        io,
        os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
        path::Path,
    };

    pub(super) fn make_folder(path: &Path) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(path)
    }

    pub(super) fn narrow_folder(path: &Path) -> io::Result<()> {
        fs::set_permissions(path, Permissions::from_mode(0o700))
    }

    pub(super) fn make_file(path: &Path) -> io::Result<()> {
        OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(path)?
            .set_permissions(Permissions::from_mode(0o600))
    }
}

/// Elsewhere the profile folder of the user already keeps others out.
#[cfg(not(unix))]
mod rights {
    use std::{
        fs::{self, OpenOptions},
        io,
        path::Path,
    };

    pub(super) fn make_folder(path: &Path) -> io::Result<()> {
        fs::create_dir_all(path)
    }

    pub(super) fn narrow_folder(_path: &Path) -> io::Result<()> {
        Ok(())
    }

    pub(super) fn make_file(path: &Path) -> io::Result<()> {
        OpenOptions::new()
            .create(true)
            .append(true)
            .open(path)
            .map(drop)
    }
}

/// Makes the folder if it is missing, readable by its owner alone. A folder that existed and holds anything keeps
/// its rights: it may be the user's own, chosen for more than the database.
pub(crate) fn private_folder(path: &Path) -> io::Result<()> {
    let empty = match fs::read_dir(path) {
        Ok(mut entries) => entries.next().is_none(),
        Err(e) if e.kind() == io::ErrorKind::NotFound => {
            rights::make_folder(path)?;
            true
        }
        Err(e) => return Err(e),
    };
    if empty {
        rights::narrow_folder(path)?;
    }
    Ok(())
}

/// Makes the file if it is missing, empty, and lets its owner alone read it. SQLite gives the files beside a
/// database the rights of the database.
pub(crate) fn private_file(path: &Path) -> io::Result<()> {
    rights::make_file(path)
}
