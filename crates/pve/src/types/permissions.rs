//! What a token may do, what RedFlag needs, and the commands that grant the difference.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::{
    TokenId,
    lenient::Scalar,
    shell::{quoted, quoted_if_needed},
};

/// `GET /access/permissions`: by path, the privileges and whether they hold below it too.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "BTreeMap<String, BTreeMap<String, Scalar>>")]
pub struct Permissions(BTreeMap<String, BTreeMap<String, bool>>);

impl From<BTreeMap<String, BTreeMap<String, Scalar>>> for Permissions {
    fn from(paths: BTreeMap<String, BTreeMap<String, Scalar>>) -> Self {
        let privileges = |map: BTreeMap<String, Scalar>| {
            map.into_iter()
                .map(|(name, below)| (name, below.boolean().unwrap_or(false)))
                .collect()
        };
        Self(
            paths
                .into_iter()
                .map(|(path, map)| (path, privileges(map)))
                .collect(),
        )
    }
}

/// Paths that Proxmox always lists if anything is granted there.
const ALWAYS_LISTED: [&str; 8] = [
    "/",
    "/access",
    "/access/groups",
    "/nodes",
    "/pool",
    "/sdn",
    "/storage",
    "/vms",
];

impl Permissions {
    /// No privilege anywhere: a privilege-separated token without grants of its own looks like this.
    pub fn is_empty(&self) -> bool {
        self.0.values().all(BTreeMap::is_empty)
    }

    /// Whether `privilege` holds at `path`. The nearest listed path decides: a deeper grant replaces what is
    /// inherited, and only what propagates is.
    pub fn holds(&self, path: &str, privilege: &str) -> bool {
        if let Some(here) = self.0.get(path) {
            return here.contains_key(privilege);
        }
        self.inherited(path, privilege)
    }

    /// Whether `privilege` holds for everything below `path`.
    pub fn holds_below(&self, path: &str, privilege: &str) -> bool {
        match self.0.get(path) {
            Some(here) => here.get(privilege).copied().unwrap_or(false),
            None => self.inherited(path, privilege),
        }
    }

    fn inherited(&self, path: &str, privilege: &str) -> bool {
        if ALWAYS_LISTED.contains(&path) {
            return false;
        }
        match path.rsplit_once('/') {
            Some(("", _)) => self.holds_below("/", privilege),
            Some((parent, _)) => self.holds_below(parent, privilege),
            None => false,
        }
    }

    /// Listed paths below `path` where `privilege` holds: some guests, when it does not hold for all.
    pub fn parts_below(&self, path: &str, privilege: &str) -> Vec<&str> {
        let prefix = format!("{}/", path.trim_end_matches('/'));
        self.0
            .iter()
            .filter(|(p, map)| p.starts_with(&prefix) && map.contains_key(privilege))
            .map(|(p, _)| p.as_str())
            .collect()
    }
}

/// One privilege that RedFlag uses, and whether the token has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrivilegeCheck {
    /// `VM.Audit`.
    pub name: &'static str,
    /// `/vms`.
    pub path: &'static str,
    /// In a few words, for people.
    pub used_for: &'static str,
    pub granted: bool,
    pub required: bool,
    /// The path on which to grant it: `/`, where roles add up, unless `path` has grants of its own that replace
    /// what comes from there.
    pub grant_on: &'static str,
    /// Where it is not granted for all: the paths where it is, such as `/vms/101`.
    pub partly: Vec<String>,
}

struct Need {
    name: &'static str,
    path: &'static str,
    /// It must hold for everything below the path, not for the path alone.
    below: bool,
    used_for: &'static str,
    required: bool,
}

const NEEDS: [Need; 2] = [
    Need {
        name: "VM.Audit",
        path: "/vms",
        below: true,
        used_for: "see LXCs, their state and settings",
        required: true,
    },
    Need {
        name: "Sys.Audit",
        path: "/",
        below: false,
        used_for: "see the cluster, its nodes and their load",
        required: true,
    },
];

/// Every privilege that RedFlag uses: what its own role is made of.
pub fn privileges_used() -> Vec<&'static str> {
    NEEDS.iter().map(|need| need.name).collect()
}

/// Every privilege that RedFlag uses, held against what the token may do.
pub fn check_privileges(permissions: &Permissions) -> Vec<PrivilegeCheck> {
    NEEDS
        .iter()
        .map(|need| {
            let granted = if need.below {
                permissions.holds_below(need.path, need.name)
            } else {
                permissions.holds(need.path, need.name)
            };
            let parts = || permissions.parts_below(need.path, need.name);
            PrivilegeCheck {
                name: need.name,
                path: need.path,
                used_for: need.used_for,
                granted,
                required: need.required,
                grant_on: match permissions.holds_below("/", need.name) {
                    true => need.path,
                    false => "/",
                },
                partly: match granted || !need.below {
                    true => Vec::new(),
                    false => parts().into_iter().map(str::to_owned).collect(),
                },
            }
        })
        .collect()
}

/// Lines for a root shell on any node that grant what `missing` names (granted ones are passed over), to the
/// token and to its user, since a privilege-separated token has only what both have. Empty when nothing is missing.
/// The role is made, or extended where it exists.
pub fn grant_lines(missing: &[PrivilegeCheck], token: &TokenId) -> Vec<String> {
    let mut names: Vec<&str> = missing
        .iter()
        .filter(|check| !check.granted)
        .map(|check| check.name)
        .collect();
    names.sort_unstable();
    names.dedup();
    if names.is_empty() {
        return Vec::new();
    }
    let privileges = names.join(" ");
    let mut lines = vec![format!(
        "pveum role add RedFlag --privs \"{privileges}\" || pveum role modify RedFlag --append 1 --privs \"{privileges}\""
    )];
    let mut paths: Vec<&str> = missing
        .iter()
        .filter(|check| !check.granted)
        .map(|check| check.grant_on)
        .collect();
    paths.sort_unstable();
    paths.dedup();
    for path in paths {
        if token.user() != "root@pam" {
            lines.push(format!(
                "pveum acl modify {path} --users {} --roles RedFlag",
                quoted_if_needed(token.user())
            ));
        }
        lines.push(format!(
            "pveum acl modify {path} --tokens {} --roles RedFlag",
            quoted(token.as_str())
        ));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::{Permissions, check_privileges, grant_lines};
    use crate::TokenId;

    fn read(text: &str) -> Permissions {
        serde_json::from_str(text).unwrap()
    }

    fn granted(permissions: &Permissions) -> Vec<&'static str> {
        check_privileges(permissions)
            .into_iter()
            .filter(|check| check.granted)
            .map(|check| check.name)
            .collect()
    }

    #[test]
    fn a_privilege_on_the_path_counts_only_if_it_reaches_what_lies_below() {
        assert_eq!(granted(&read(r#"{"/vms":{"VM.Audit":1}}"#)), ["VM.Audit"]);
        assert_eq!(granted(&read(r#"{"/vms":{"VM.Audit":"1"}}"#)), ["VM.Audit"]);
        assert!(granted(&read(r#"{"/vms":{"VM.Audit":0}}"#)).is_empty());
        // For the cluster's status the path alone is enough.
        assert_eq!(granted(&read(r#"{"/":{"Sys.Audit":0}}"#)), ["Sys.Audit"]);
        assert!(granted(&read(r#"{"/nodes":{"Sys.Audit":1}}"#)).is_empty());
    }

    #[test]
    fn a_deeper_grant_replaces_what_is_inherited() {
        let permissions =
            read(r#"{"/":{"VM.Audit":1},"/vms":{"VM.Audit":1},"/vms/105":{"VM.Backup":1}}"#);
        assert!(permissions.holds("/vms/101", "VM.Audit"));
        assert!(!permissions.holds("/vms/105", "VM.Audit"));
        // Proxmox lists `/vms` whenever anything is granted there, so its absence means: nothing.
        assert!(!read(r#"{"/":{"VM.Audit":1}}"#).holds("/vms", "VM.Audit"));
    }

    #[test]
    fn a_token_that_sees_some_guests_is_told_which() {
        let permissions =
            read(r#"{"/":{"Sys.Audit":1},"/vms/101":{"VM.Audit":1},"/vms/102":{"VM.Audit":1}}"#);
        let checks = check_privileges(&permissions);
        assert!(!checks[0].granted);
        assert_eq!(checks[0].partly, ["/vms/101", "/vms/102"]);
    }

    #[test]
    fn the_lines_grant_what_is_missing_and_nothing_else() {
        let token: TokenId = "redflag@pve!desktop".parse().unwrap();
        let all = check_privileges(&Permissions::default());
        assert_eq!(
            grant_lines(&all, &token),
            [
                "pveum role add RedFlag --privs \"Sys.Audit VM.Audit\" || pveum role modify RedFlag --append 1 --privs \"Sys.Audit VM.Audit\"",
                "pveum acl modify / --users redflag@pve --roles RedFlag",
                "pveum acl modify / --tokens 'redflag@pve!desktop' --roles RedFlag",
            ]
        );
        let some = check_privileges(&read(r#"{"/":{"Sys.Audit":1}}"#));
        assert!(grant_lines(&some, &token)[0].contains("--privs \"VM.Audit\""));
        let none = check_privileges(&read(r#"{"/":{"Sys.Audit":1},"/vms":{"VM.Audit":1}}"#));
        assert!(grant_lines(&none, &token).is_empty());
    }

    #[test]
    fn odd_names_cannot_break_out_of_the_shell_line() {
        let token: TokenId = "a';reboot;'@pve!desktop".parse().unwrap();
        let lines = grant_lines(&check_privileges(&Permissions::default()), &token);
        assert!(
            lines[1].contains(r"'a'\'';reboot;'\''@pve'"),
            "{}",
            lines[1]
        );
        assert!(
            lines[2].contains(r"'a'\'';reboot;'\''@pve!desktop'"),
            "{}",
            lines[2]
        );
        let root: TokenId = "root@pam!full".parse().unwrap();
        assert_eq!(
            grant_lines(&check_privileges(&Permissions::default()), &root).len(),
            2
        );
    }
}
