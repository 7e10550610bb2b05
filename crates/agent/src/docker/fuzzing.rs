//! What engines answer, as plain functions of bytes: for fuzzing and for the replay of its corpus.

use serde_json::Value;

use super::{answers, login, recreate::recreation, well};

/// Lists, images and versions; and the guest's own logins, which are no answer, but JSON of somebody else, too.
pub(crate) fn answers(data: &[u8]) {
    if let Ok(listed) = serde_json::from_slice::<Vec<answers::Listed>>(data) {
        for one in listed {
            let _ = one.container().reference();
        }
    }
    if let Ok(image) = serde_json::from_slice::<answers::Inspected>(data) {
        let _ = image.image();
    }
    let _ = login::of_file(data, "docker.io");
    if let Ok(version) = serde_json::from_slice::<answers::Version>(data) {
        let _ = version.is_podman();
    }
}

/// A container with its image, made again; whatever it was, it is for the new image.
pub(crate) fn container(data: &[u8]) {
    let Ok(value) = serde_json::from_slice::<Value>(data) else {
        return;
    };
    let made = recreation(&value, &value["Image"], "nginx:latest", |id| {
        Some(id.to_owned())
    });
    assert_eq!(made.body["Image"], "nginx:latest");
    let _ = well::verdict(&value, std::time::Duration::from_secs(30));
}
