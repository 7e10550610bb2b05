//! What a guest may have of an image, and what may have become of its tag.

use super::*;

pub(super) fn digests() -> Vec<Row> {
    vec![
        (
            "digests",
            "the tag names what was pulled",
            "current",
            Scene::new(),
        ),
        (
            "digests",
            "the tag has moved",
            "update",
            scene(|s| s.then = Then::Moved),
        ),
        (
            "digests",
            "containerd's store: the id is the digest",
            "current",
            scene(|s| s.has = Has::Containerd),
        ),
        (
            "digests",
            "containerd's store, the tag has moved",
            "update",
            scene(|s| {
                s.has = Has::Containerd;
                s.then = Then::Moved;
            }),
        ),
        (
            "platforms",
            "the guest has its platform's own manifest",
            "current",
            scene(|s| s.has = Has::Platform),
        ),
        (
            "platforms",
            "it has that, and the tag has moved",
            "update",
            scene(|s| {
                s.has = Has::Platform;
                s.then = Then::Moved;
            }),
        ),
        (
            "platforms",
            "the guest has another platform's manifest",
            "update",
            scene(|s| s.has = Has::Foreign),
        ),
        (
            "platforms",
            "an index inside the index",
            "current",
            scene(|s| {
                s.build = built(|b| b.nested = true);
                s.has = Has::Platform;
            }),
        ),
        (
            "platforms",
            "attestations beside the platforms",
            "current",
            scene(|s| {
                s.build = built(|b| b.attested = true);
                s.has = Has::Platform;
            }),
        ),
        (
            "platforms",
            "Docker's own list of manifests",
            "current",
            scene(|s| {
                s.build = built(|b| b.docker = true);
                s.has = Has::Platform;
            }),
        ),
        (
            "platforms",
            "one manifest without an index",
            "current",
            scene(|s| {
                s.build = built(|b| {
                    b.platforms.truncate(1);
                    b.bare = true;
                });
            }),
        ),
        (
            "platforms",
            "arm/v7 is not arm/v6",
            "update",
            scene(|s| {
                s.build = built(|b| b.platforms = vec![arm("v6"), arm("v7")]);
                s.has = Has::Platform;
                s.platform = ("arm", "v7");
            }),
        ),
        (
            "several digests",
            "one of two fits",
            "current",
            scene(|s| s.has = Has::Both),
        ),
        (
            "several digests",
            "the fitting one is of another repository",
            "update",
            scene(|s| s.has = Has::OldAndElsewhere),
        ),
        (
            "several digests",
            "all are of another repository",
            "local",
            scene(|s| s.has = Has::Elsewhere),
        ),
    ]
}

pub(super) fn kinds() -> Vec<Row> {
    vec![
        (
            "pinned",
            "by digest",
            "pinned",
            scene(|s| s.reference = "team/app@"),
        ),
        (
            "pinned",
            "by tag and digest",
            "pinned",
            scene(|s| s.reference = "team/app:1@"),
        ),
        (
            "pinned",
            "by tag and digest, the tag has moved",
            "pinned, its tag has moved",
            scene(|s| {
                s.reference = "team/app:1@";
                s.then = Then::Moved;
            }),
        ),
        (
            "pinned",
            "the registry refuses",
            "rate-limited",
            scene(|s| {
                s.reference = "team/app:1@";
                s.manners = manners(|m| {
                    m.mood = Mood::TooMany {
                        headers: Vec::new(),
                    }
                });
            }),
        ),
        (
            "without a registry",
            "built on the guest",
            "local",
            scene(|s| s.has = Has::Nothing),
        ),
        (
            "without a registry",
            "the tag was deleted",
            "gone",
            scene(|s| s.then = Then::Deleted),
        ),
        (
            "without a registry",
            "the repository was deleted",
            "gone",
            then(error(404, "repository name not known to registry")),
        ),
        (
            "without a registry",
            "it wants payment",
            "no access",
            then(error(402, "subscription required")),
        ),
    ]
}
