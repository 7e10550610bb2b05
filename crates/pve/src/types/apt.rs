//! `GET /nodes/{node}/apt/…`: where a node's packages come from, and which Proxmox packages it has.

use std::collections::BTreeMap;

use domain::facts::RepositoryVerdict;
use serde::Deserialize;

use crate::lenient::{self, Scalar};

/// `GET …/apt/repositories`: every row of every file, and how Proxmox judges its own repositories.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "RawRepositories")]
pub struct AptRepositories {
    /// In the order of the files.
    pub rows: Vec<AptRepository>,
    /// Proxmox's own repositories, set up or not.
    pub standard: Vec<StandardRepository>,
    /// Files that could not be read: path and why.
    pub errors: Vec<(String, String)>,
}

/// One entry of a sources file, in the one-line style or in deb822.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AptRepository {
    /// The file that it stands in.
    pub path: String,
    pub enabled: bool,
    /// `deb`, `deb-src`.
    pub types: Vec<String>,
    pub uris: Vec<String>,
    pub suites: Vec<String>,
    pub components: Vec<String>,
}

/// One of Proxmox's own repositories.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StandardRepository {
    /// `enterprise`, `no-subscription`, `test`, `ceph-squid-enterprise`, …
    pub handle: String,
    /// None when it is not set up at all.
    pub enabled: Option<bool>,
}

#[derive(Deserialize)]
struct RawRepositories {
    #[serde(default)]
    files: Option<Vec<RawFile>>,
    #[serde(default, rename = "standard-repos")]
    standard: Option<Vec<RawStandard>>,
    #[serde(default)]
    errors: Option<Vec<RawError>>,
}

#[derive(Deserialize)]
struct RawFile {
    #[serde(default, deserialize_with = "lenient::text")]
    path: Option<String>,
    #[serde(default)]
    repositories: Option<Vec<RawRepository>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RawRepository {
    #[serde(default, deserialize_with = "lenient::boolean")]
    enabled: Option<bool>,
    #[serde(default)]
    types: Option<Vec<Scalar>>,
    #[serde(default, rename = "URIs")]
    uris: Option<Vec<Scalar>>,
    #[serde(default)]
    suites: Option<Vec<Scalar>>,
    #[serde(default)]
    components: Option<Vec<Scalar>>,
}

#[derive(Deserialize)]
struct RawStandard {
    #[serde(default, deserialize_with = "lenient::text")]
    handle: Option<String>,
    #[serde(default, deserialize_with = "lenient::boolean")]
    status: Option<bool>,
}

#[derive(Deserialize)]
struct RawError {
    #[serde(default, deserialize_with = "lenient::text")]
    path: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    error: Option<String>,
}

fn texts(values: Option<Vec<Scalar>>) -> Vec<String> {
    let values = values.unwrap_or_default();
    values.iter().filter_map(Scalar::text).collect()
}

impl From<RawRepositories> for AptRepositories {
    fn from(raw: RawRepositories) -> Self {
        let mut rows = Vec::new();
        for file in raw.files.unwrap_or_default() {
            let path = file.path.unwrap_or_default();
            for row in file.repositories.unwrap_or_default() {
                rows.push(AptRepository {
                    path: path.clone(),
                    enabled: row.enabled.unwrap_or(false),
                    types: texts(row.types),
                    uris: texts(row.uris),
                    suites: texts(row.suites),
                    components: texts(row.components),
                });
            }
        }
        let standard = raw.standard.unwrap_or_default().into_iter();
        let errors = raw.errors.unwrap_or_default().into_iter();
        Self {
            rows,
            standard: standard
                .map(|s| StandardRepository {
                    handle: s.handle.unwrap_or_default(),
                    enabled: s.status,
                })
                .collect(),
            errors: errors
                .map(|e| (e.path.unwrap_or_default(), e.error.unwrap_or_default()))
                .collect(),
        }
    }
}

impl AptRepositories {
    /// Whether packages of this repository are fetched: by Proxmox's own word, or by an entry that names its
    /// component, which finds mirrors too.
    fn fetches(&self, handle: &str, components: &[&str]) -> bool {
        let by_handle = |s: &StandardRepository| s.handle == handle && s.enabled == Some(true);
        let by_row = |row: &AptRepository| {
            let named = |c: &String| components.contains(&c.as_str());
            row.enabled && row.types.iter().any(|t| t == "deb") && row.components.iter().any(named)
        };
        self.standard.iter().any(by_handle) || self.rows.iter().any(by_row)
    }
}

/// Where a node's Proxmox packages come from. `subscription` is the node's status word, none when it could not be
/// asked. The least tested source that is enabled decides, for that is what gets installed.
pub fn repository_verdict(
    repositories: &AptRepositories,
    subscription: Option<&str>,
) -> RepositoryVerdict {
    let fetches = |handle, components| repositories.fetches(handle, components);
    if fetches("test", &["pvetest", "pve-test"]) {
        return RepositoryVerdict::Test;
    }
    if fetches("no-subscription", &["pve-no-subscription"]) {
        return RepositoryVerdict::NoSubscription;
    }
    if fetches("enterprise", &["pve-enterprise"]) {
        return match subscription {
            Some(word) if word.eq_ignore_ascii_case("active") => RepositoryVerdict::Enterprise,
            Some(_) => RepositoryVerdict::EnterpriseWithoutSubscription,
            None => RepositoryVerdict::Unknown,
        };
    }
    // What stands in an unreadable file may be the one that is missed here.
    match repositories.errors.is_empty() && !repositories.standard.is_empty() {
        true => RepositoryVerdict::Missing,
        false => RepositoryVerdict::Unknown,
    }
}

/// A row of `GET …/apt/versions`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "BTreeMap<String, Scalar>")]
pub struct PackageVersion {
    pub package: String,
    /// None when it is not installed. Proxmox calls it `OldVersion`.
    pub installed: Option<String>,
}

impl From<BTreeMap<String, Scalar>> for PackageVersion {
    fn from(row: BTreeMap<String, Scalar>) -> Self {
        let text = |key: &str| row.get(key).and_then(Scalar::text);
        Self {
            package: text("Package").unwrap_or_default(),
            installed: text("OldVersion").filter(|version| !version.is_empty()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{AptRepositories, PackageVersion, RepositoryVerdict as V, repository_verdict};

    fn read(text: &str) -> AptRepositories {
        serde_json::from_str(text).unwrap()
    }

    fn standard(enterprise: &str, none: &str, test: &str) -> AptRepositories {
        let row = |handle: &str, status: &str| match status {
            "" => format!(r#"{{"handle":"{handle}","name":"x"}}"#),
            status => format!(r#"{{"handle":"{handle}","name":"x","status":{status}}}"#),
        };
        read(&format!(
            r#"{{"files":[],"errors":[],"standard-repos":[{},{},{},{{"handle":"ceph-squid-test","status":1}}]}}"#,
            row("enterprise", enterprise),
            row("no-subscription", none),
            row("test", test)
        ))
    }

    #[test]
    fn the_least_tested_enabled_source_decides() {
        for (enterprise, none, test, subscription, expected) in [
            ("1", "", "", Some("active"), V::Enterprise),
            ("\"1\"", "0", "0", Some("Active"), V::Enterprise),
            (
                "1",
                "",
                "",
                Some("notfound"),
                V::EnterpriseWithoutSubscription,
            ),
            (
                "1",
                "",
                "",
                Some("expired"),
                V::EnterpriseWithoutSubscription,
            ),
            ("1", "", "", None, V::Unknown),
            ("1", "1", "", Some("notfound"), V::NoSubscription),
            ("1", "1", "0", Some("active"), V::NoSubscription),
            ("0", "true", "", None, V::NoSubscription),
            ("1", "1", "1", Some("active"), V::Test),
            ("0", "0", "0", Some("active"), V::Missing),
            ("", "", "", Some("notfound"), V::Missing),
        ] {
            let verdict = repository_verdict(&standard(enterprise, none, test), subscription);
            assert_eq!(
                verdict, expected,
                "{enterprise:?} {none:?} {test:?} {subscription:?}"
            );
        }
    }

    #[test]
    fn one_line_and_deb822_entries_and_mirrors_are_read_from_the_rows() {
        let row = |enabled: &str, kind: &str, component: &str| {
            read(&format!(
                r#"{{"files":[{{"path":"/etc/apt/sources.list","file-type":"list","digest":[1,2],"repositories":[
                    {{"Enabled":1,"FileType":"list","Types":["deb"],"URIs":["http://deb.debian.org/debian"],"Suites":["bookworm"],"Components":["main","contrib"]}},
                    {{"Enabled":{enabled},"FileType":"sources","Types":["{kind}"],"URIs":["http://mirror.lan/pve"],"Suites":["trixie"],"Components":["{component}"],"Options":[{{"Key":"Signed-By","Values":["x"]}}]}}]}}],
                   "standard-repos":[{{"handle":"enterprise"}},{{"handle":"no-subscription"}},{{"handle":"test"}}]}}"#
            ))
        };
        let verdict = |r: &AptRepositories| repository_verdict(r, Some("notfound"));
        let repositories = row("1", "deb", "pve-no-subscription");
        assert_eq!(repositories.rows.len(), 2);
        assert_eq!(repositories.rows[1].uris, ["http://mirror.lan/pve"]);
        assert_eq!(verdict(&repositories), V::NoSubscription);
        assert_eq!(verdict(&row("1", "deb", "pvetest")), V::Test);
        assert_eq!(verdict(&row("1", "deb", "pve-test")), V::Test);
        assert_eq!(
            verdict(&row("1", "deb", "pve-enterprise")),
            V::EnterpriseWithoutSubscription
        );
        assert_eq!(verdict(&row("0", "deb", "pve-no-subscription")), V::Missing);
        assert_eq!(
            verdict(&row("1", "deb-src", "pve-no-subscription")),
            V::Missing
        );
    }

    #[test]
    fn what_could_not_be_read_is_unknown_and_not_missing() {
        assert_eq!(repository_verdict(&read("{}"), None), V::Unknown);
        let broken = read(
            r#"{"errors":[{"path":"/etc/apt/sources.list","error":"line 3: missing suite"}],"standard-repos":[{"handle":"enterprise"}]}"#,
        );
        assert_eq!(broken.errors[0].1, "line 3: missing suite");
        assert_eq!(repository_verdict(&broken, Some("active")), V::Unknown);
    }

    #[test]
    fn the_installed_version_is_the_old_one() {
        let rows: Vec<PackageVersion> = serde_json::from_str(
            r#"[{"Package":"pve-container","OldVersion":"5.3.4","Version":"5.3.5","Arch":"all"},
                {"Package":"ceph-fuse","Version":"16.2","CurrentState":"NotInstalled"},{"Title":"odd"}]"#,
        )
        .unwrap();
        assert_eq!(rows[0].installed.as_deref(), Some("5.3.4"));
        assert_eq!(rows[1].installed, None);
        assert_eq!(rows[2].package, "");
    }
}
