//! Manifests and indexes, as far as they tell which digest is meant for which platform.

use domain::image::{Digest, Platform};
use serde::Deserialize;

/// The kinds of documents that a tag may name. All are asked for, always: a registry that may not send what is there
/// makes another document of it, with another digest.
pub(crate) const ACCEPT: &str = "application/vnd.oci.image.index.v1+json, \
    application/vnd.oci.image.manifest.v1+json, \
    application/vnd.docker.distribution.manifest.list.v2+json, \
    application/vnd.docker.distribution.manifest.v2+json";
const INDEXES: [&str; 2] = [
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
];

/// Whether a media type is that of an index; none when it does not say.
pub(crate) fn is_index(media_type: &str) -> bool {
    let plain = media_type.split(';').next().unwrap_or_default().trim();
    INDEXES.contains(&plain)
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Document {
    media_type: String,
    manifests: Option<Vec<Entry>>,
}

/// One line of an index.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Entry {
    media_type: String,
    digest: String,
    platform: Option<EntryPlatform>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct EntryPlatform {
    os: String,
    architecture: String,
    variant: String,
}

/// What an index lists for one platform.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Listed {
    /// The platform's own manifests.
    pub manifests: Vec<Digest>,
    /// Indexes inside, which have to be read, too.
    pub indexes: Vec<Digest>,
}

/// Reads an index; none when the document is a manifest.
///
/// # Errors
/// In words, when it is no JSON.
pub(crate) fn parse(body: &[u8], platform: &Platform) -> Result<Option<Listed>, String> {
    let document: Document = serde_json::from_slice(body).map_err(|e| e.to_string())?;
    let Some(entries) = document.manifests else {
        return match is_index(&document.media_type) {
            true => Err("it calls itself an index and lists nothing".to_owned()),
            false => Ok(None),
        };
    };
    let mut listed = Listed::default();
    for entry in entries {
        let Ok(digest) = entry.digest.parse::<Digest>() else {
            continue;
        };
        if is_index(&entry.media_type) {
            listed.indexes.push(digest);
            continue;
        }
        // Attestations stand among the platforms as `unknown/unknown`: they fit none.
        let fits = entry.platform.is_some_and(|offered| {
            platform.takes(&Platform {
                os: offered.os,
                architecture: offered.architecture,
                variant: offered.variant,
            })
        });
        if fits {
            listed.manifests.push(digest);
        }
    }
    Ok(Some(listed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn digest(c: char) -> String {
        format!("sha256:{}", c.to_string().repeat(64))
    }

    fn platform(architecture: &str) -> Platform {
        Platform {
            os: "linux".into(),
            architecture: architecture.into(),
            variant: String::new(),
        }
    }

    #[test]
    fn the_platforms_manifest_is_found_among_others() {
        let entry = |c: char, os: &str, architecture: &str| {
            format!(
                r#"{{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"{}","platform":{{"os":"{os}","architecture":"{architecture}"}}}}"#,
                digest(c)
            )
        };
        let nested = format!(
            r#"{{"mediaType":"{}","digest":"{}"}}"#,
            INDEXES[0],
            digest('d')
        );
        let entries = [
            entry('a', "linux", "amd64"),
            entry('b', "linux", "arm64"),
            entry('c', "unknown", "unknown"),
            nested,
            r#"{"digest":"nonsense"}"#.to_owned(),
        ];
        let text = format!(
            r#"{{"schemaVersion":2,"manifests":[{}]}}"#,
            entries.join(",")
        );
        let listed = parse(text.as_bytes(), &platform("amd64")).unwrap().unwrap();
        let texts = |all: &[Digest]| all.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(texts(&listed.manifests), [digest('a')]);
        assert_eq!(texts(&listed.indexes), [digest('d')]);
    }

    #[test]
    fn a_manifest_is_no_index_and_nonsense_is_neither() {
        let manifest = br#"{"schemaVersion":2,"config":{},"layers":[]}"#;
        assert_eq!(parse(manifest, &platform("amd64")), Ok(None));
        assert!(parse(b"<html>", &platform("amd64")).is_err());
        let empty = format!(r#"{{"mediaType":"{}"}}"#, INDEXES[1]);
        assert!(parse(empty.as_bytes(), &platform("amd64")).is_err());
    }

    proptest! {
        #[test]
        fn never_panics(text in "[\\[\\]{}:,\"a-z]{0,60}") {
            let _ = parse(text.as_bytes(), &platform("amd64"));
        }
    }
}
