//! Renders the icons of window, bundle and tray from `icons/icon.svg` and `icons/tray.svg`.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    Result,
    failure::At as _,
    place, process,
    system::{self, Need},
};

/// Name and width of each picture of the window's icon.
const WINDOW: &[(&str, u32)] = &[
    ("32x32.png", 32),
    ("128x128.png", 128),
    ("128x128@2x.png", 256),
    ("icon.png", 512),
    ("icon-1024.png", 1024),
];
const TRAY: &[u32] = &[16, 22, 32, 44];
/// Layers of Windows' icon file.
const WINDOWS: &[u32] = &[16, 24, 32, 48, 64, 256];
/// Type codes of Apple's icon file and the widths of the PNG files they hold.
const APPLE: &[(&[u8; 4], u32)] = &[
    (b"icp4", 16),
    (b"icp5", 32),
    (b"icp6", 64),
    (b"ic07", 128),
    (b"ic08", 256),
    (b"ic09", 512),
    (b"ic10", 1024),
    (b"ic11", 32),
    (b"ic12", 64),
    (b"ic13", 256),
    (b"ic14", 512),
];

pub(crate) fn render() -> Result<()> {
    system::ensure(&[Need::Icons])?;
    let icons = place::root().join("icons");
    let scratch = place::target().join("icons");
    fs::create_dir_all(&scratch).at(&scratch)?;
    for (name, width) in WINDOW {
        picture(&icons.join("icon.svg"), *width, &icons.join(name))?;
    }
    for width in TRAY {
        picture(
            &icons.join("tray.svg"),
            *width,
            &icons.join(format!("tray-{width}.png")),
        )?;
    }
    let layer = |width: u32| -> Result<PathBuf> {
        let path = scratch.join(format!("{width}.png"));
        picture(&icons.join("icon.svg"), width, &path)?;
        Ok(path)
    };
    let layers = WINDOWS
        .iter()
        .map(|width| layer(*width))
        .collect::<Result<Vec<_>>>()?;
    process::run(
        Command::new("convert")
            .args(&layers)
            .arg(icons.join("icon.ico")),
    )?;

    let mut entries = Vec::new();
    for (kind, width) in APPLE {
        let path = layer(*width)?;
        entries.push((*kind, fs::read(&path).at(&path)?));
    }
    let path = icons.join("icon.icns");
    fs::write(&path, apple(&entries)).at(&path)
}

fn picture(source: &Path, width: u32, wanted: &Path) -> Result<()> {
    let width = width.to_string();
    process::run(
        Command::new("rsvg-convert")
            .args(["--width", &width, "--height", &width, "--output"])
            .args([wanted, source]),
    )
}

/// Apple's icon file: a header with the length of all, then entries of type, length and PNG. Lengths count their own
/// header and are big-endian.
fn apple(entries: &[(&[u8; 4], Vec<u8>)]) -> Vec<u8> {
    let length = |bytes: usize| u32::try_from(bytes + 8).unwrap_or(u32::MAX).to_be_bytes();
    let mut body = Vec::new();
    for (kind, picture) in entries {
        body.extend_from_slice(*kind);
        body.extend_from_slice(&length(picture.len()));
        body.extend_from_slice(picture);
    }
    let mut file = b"icns".to_vec();
    file.extend_from_slice(&length(body.len()));
    file.extend_from_slice(&body);
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_count_their_own_header() {
        let file = apple(&[(b"icp4", vec![1, 2, 3])]);
        assert_eq!(file[..8], [b'i', b'c', b'n', b's', 0, 0, 0, 19]);
        assert_eq!(file[8..16], [b'i', b'c', b'p', b'4', 0, 0, 0, 11]);
        assert_eq!(file.len(), 19);
    }
}
