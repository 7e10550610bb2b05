//! Whether a guest can be snapshotted, and what rules it out.

use serde::Deserialize;

use crate::{LxcConfig, MountKind, lenient};

/// `GET …/feature`: whether Proxmox can do it with this guest now.
#[derive(Deserialize)]
pub(crate) struct Feature {
    #[serde(default, rename = "hasFeature", deserialize_with = "lenient::boolean")]
    pub(crate) has: Option<bool>,
}

/// What in a guest's settings rules out a snapshot: it is a template, or a mount point is a directory or device of
/// the node. None says nothing about its storages; those only Proxmox can judge.
pub fn snapshot_obstacle(config: &LxcConfig) -> Option<String> {
    if config.template {
        return Some("a template cannot be snapshotted".to_owned());
    }
    config.all_mounts().into_iter().find_map(|mount| {
        let what = match mount.kind {
            MountKind::Volume => return None,
            MountKind::Bind => "directory",
            MountKind::Device => "device",
        };
        let path = mount.path.unwrap_or_default();
        let volume = mount.volume.volume;
        Some(format!(
            "{} ({path}) is the node's {what} {volume}, which cannot be part of a snapshot",
            mount.key
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::snapshot_obstacle;
    use crate::LxcConfig;

    fn obstacle(text: &str) -> Option<String> {
        let config: LxcConfig = serde_json::from_str(text).unwrap();
        snapshot_obstacle(&config)
    }

    #[test]
    fn a_directory_or_device_of_the_node_is_named() {
        assert_eq!(
            obstacle(r#"{"rootfs":"zfs:subvol-1,size=8G","mp0":"zfs:subvol-2,mp=/data","mp1":"/tank/media,mp=/media"}"#),
            Some("mp1 (/media) is the node's directory /tank/media, which cannot be part of a snapshot".into())
        );
        assert_eq!(
            obstacle(r#"{"rootfs":"zfs:subvol-1","mp0":"/dev/sdb1,mp=/disk"}"#),
            Some(
                "mp0 (/disk) is the node's device /dev/sdb1, which cannot be part of a snapshot"
                    .into()
            )
        );
        let root = obstacle(r#"{"rootfs":"/srv/guest"}"#).unwrap();
        assert!(root.starts_with("rootfs (/)"), "{root}");
    }

    #[test]
    fn volumes_alone_are_no_obstacle_and_a_template_is_one() {
        assert_eq!(
            obstacle(r#"{"rootfs":"zfs:subvol-1","mp0":"volume=zfs:subvol-2,mp=/data"}"#),
            None
        );
        assert_eq!(
            obstacle(r#"{"rootfs":"zfs:subvol-1","dev0":"/dev/dri/renderD128"}"#),
            None
        );
        let template = obstacle(r#"{"rootfs":"zfs:subvol-1","template":1}"#);
        assert_eq!(
            template.as_deref(),
            Some("a template cannot be snapshotted")
        );
    }
}
