//! The images in use.

use domain::{
    Timestamp,
    image::{Digest, Origin, Platform},
};
use registry::Question;
use serde::{Deserialize, Serialize};

pub(crate) const NOW: Timestamp = Timestamp(1_795_386_029_000);

/// One image, where it lies, and what its guest has of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) registry: usize,
    pub(crate) host: String,
    pub(crate) repository: String,
    pub(crate) has: Digest,
}

impl Row {
    pub(crate) fn url(&self) -> String {
        format!("http://{}/v2/{}/manifests/1", self.host, self.repository)
    }
}

pub(crate) fn questions(rows: &[Row]) -> Vec<Question> {
    let question = |row: &Row| Question {
        reference: format!("{}/{}:1", row.host, row.repository)
            .parse()
            .unwrap(),
        platform: Platform {
            os: "linux".into(),
            architecture: "amd64".into(),
            variant: String::new(),
        },
        origin: Origin {
            repo_digests: vec![format!("{}/{}@{}", row.host, row.repository, row.has)],
        },
    };
    rows.iter().map(question).collect()
}
