//! New versions of configuration files that lie beside the ones in use.

use std::{fs, path::Path};

use crate::Layout;

/// How deep `/etc` is searched.
const DEPTH: u8 = 8;
const ENDINGS: [&str; 4] = [".dpkg-dist", ".dpkg-new", ".ucf-dist", ".ucf-new"];

/// The file in use beside which a new version lies.
pub fn in_use(path: &str) -> Option<&str> {
    ENDINGS.iter().find_map(|ending| path.strip_suffix(ending))
}

/// Paths in the guest, sorted.
pub fn under_etc(layout: &Layout) -> Vec<String> {
    let mut found = Vec::new();
    search(&layout.at("etc"), "/etc", DEPTH, &mut found);
    found.sort();
    found
}

fn search(folder: &Path, shown: &str, depth: u8, found: &mut Vec<String>) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let path = format!("{shown}/{name}");
        // Symbolic links are not followed: they may lead in circles.
        match entry.file_type() {
            Ok(kind) if kind.is_dir() && depth > 0 => {
                search(&entry.path(), &path, depth - 1, found);
            }
            Ok(kind) if kind.is_file() && ENDINGS.iter().any(|e| name.ends_with(e)) => {
                found.push(path);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kept_files_are_found_in_folders() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("etc/ssh/x")).unwrap();
        fs::write(root.path().join("etc/ssh/x/sshd_config.ucf-dist"), "").unwrap();
        fs::write(root.path().join("etc/a.conf.dpkg-dist"), "").unwrap();
        fs::write(root.path().join("etc/a.conf"), "").unwrap();
        assert_eq!(
            under_etc(&Layout::new(root.path())),
            ["/etc/a.conf.dpkg-dist", "/etc/ssh/x/sshd_config.ucf-dist"]
        );
    }
}
