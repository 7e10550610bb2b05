//! Users, tokens and who may do what where, by Proxmox's own rules.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

/// The rights of one user or token: deeper paths replace what they inherit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Acl {
    entries: BTreeMap<String, Entry>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    privileges: BTreeSet<String>,
    propagate: bool,
}

impl Acl {
    /// No rights at all.
    pub fn none() -> Self {
        Self::default()
    }

    /// The privileges on `path` and everything below it.
    #[must_use]
    pub fn grant<'a>(self, path: &str, privileges: impl IntoIterator<Item = &'a str>) -> Self {
        self.entry(path, privileges, true)
    }

    /// The privileges on `path` alone.
    #[must_use]
    pub fn grant_here<'a>(self, path: &str, privileges: impl IntoIterator<Item = &'a str>) -> Self {
        self.entry(path, privileges, false)
    }

    fn entry<'a>(
        mut self,
        path: &str,
        privileges: impl IntoIterator<Item = &'a str>,
        propagate: bool,
    ) -> Self {
        let privileges = privileges.into_iter().map(str::to_owned).collect();
        self.entries.insert(
            path.to_owned(),
            Entry {
                privileges,
                propagate,
            },
        );
        self
    }

    /// What is granted at `path`, each with its propagate flag.
    fn at(&self, path: &str) -> BTreeMap<&str, bool> {
        let mut here = path;
        loop {
            if let Some(entry) = self.entries.get(here)
                && (entry.propagate || here == path)
            {
                return entry
                    .privileges
                    .iter()
                    .map(|p| (p.as_str(), entry.propagate))
                    .collect();
            }
            here = match here {
                "/" => return BTreeMap::new(),
                _ => match here.rsplit_once('/') {
                    Some(("", _)) | None => "/",
                    Some((parent, _)) => parent,
                },
            };
        }
    }
}

/// An API token.
#[derive(Clone)]
pub struct Token {
    /// `user@realm!name`.
    pub id: String,
    pub secret: String,
    /// With privilege separation it may do what both it and its user may.
    pub separated: bool,
    pub acl: Acl,
    /// Seconds since 1970; none means never.
    pub expires: Option<i64>,
    pub revoked: bool,
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// All users and tokens of a cluster.
#[derive(Clone, Debug, Default)]
pub struct Access {
    pub users: BTreeMap<String, Acl>,
    pub tokens: Vec<Token>,
    /// Every privilege that the release knows: what root@pam has.
    pub all: Vec<&'static str>,
}

impl Access {
    /// The token that presents itself, if it is known, unexpired and has this secret.
    pub fn authenticate(&self, id: &str, secret: &str, now: i64) -> Option<&Token> {
        self.tokens.iter().find(|t| {
            t.id == id
                && t.secret == secret
                && !t.revoked
                && t.expires.is_none_or(|end| end == 0 || now < end)
        })
    }

    /// The effective privileges of a token at a path, each with its propagate flag.
    pub fn effective(&self, token: &Token, path: &str) -> BTreeMap<&str, bool> {
        let of_user = self.of_user(token.id.split('!').next().unwrap_or_default(), path);
        if !token.separated {
            return of_user;
        }
        let own: BTreeSet<String> = token.acl.at(path).into_keys().map(str::to_owned).collect();
        of_user
            .into_iter()
            .filter(|(p, _)| own.contains(*p))
            .collect()
    }

    fn of_user(&self, user: &str, path: &str) -> BTreeMap<&str, bool> {
        if user == "root@pam" {
            return self.all.iter().map(|p| (*p, true)).collect();
        }
        self.users.get(user).map(|a| a.at(path)).unwrap_or_default()
    }

    /// Whether a token has a privilege at a path.
    pub fn allows(&self, token: &Token, path: &str, privilege: &str) -> bool {
        self.effective(token, path).contains_key(privilege)
    }

    /// The answer to `/access/permissions`: the fixed top paths and every path with an entry of its own.
    pub fn permissions(&self, token: &Token) -> BTreeMap<String, BTreeMap<&str, bool>> {
        const TOP: [&str; 8] = [
            "/",
            "/access",
            "/access/groups",
            "/nodes",
            "/pool",
            "/sdn",
            "/storage",
            "/vms",
        ];
        let user = token.id.split('!').next().unwrap_or_default();
        let mut paths: BTreeSet<&str> = TOP.into_iter().collect();
        paths.extend(token.acl.entries.keys().map(String::as_str));
        if let Some(acl) = self.users.get(user) {
            paths.extend(acl.entries.keys().map(String::as_str));
        }
        paths
            .into_iter()
            .map(|path| (path.to_owned(), self.effective(token, path)))
            .filter(|(_, privileges)| !privileges.is_empty())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{Access, Acl, Token};

    fn token(separated: bool, acl: Acl) -> Token {
        Token {
            id: "redflag@pve!desktop".into(),
            secret: "s".into(),
            separated,
            acl,
            expires: None,
            revoked: false,
        }
    }

    #[test]
    fn a_separated_token_may_do_only_what_both_may() {
        let mut access = Access::default();
        let both = Acl::none().grant("/", ["VM.Audit", "VM.PowerMgmt"]);
        access.users.insert("redflag@pve".into(), both);
        let own = token(true, Acl::none().grant("/vms/101", ["VM.Audit"]));
        assert!(access.allows(&own, "/vms/101", "VM.Audit"));
        assert!(!access.allows(&own, "/vms/101", "VM.PowerMgmt"));
        assert!(!access.allows(&own, "/vms/102", "VM.Audit"));
        assert!(access.permissions(&token(true, Acl::none())).is_empty());
        assert!(access.allows(&token(false, Acl::none()), "/vms/7", "VM.PowerMgmt"));
    }

    #[test]
    fn a_deeper_entry_replaces_what_is_inherited_and_may_stay_on_its_own_path() {
        let mut access = Access::default();
        let acl = Acl::none()
            .grant("/", ["VM.Audit"])
            .grant("/vms/105", [])
            .grant_here("/nodes", ["Sys.Audit"]);
        access.users.insert("redflag@pve".into(), acl);
        let token = token(false, Acl::none());
        assert!(access.allows(&token, "/vms/104", "VM.Audit"));
        assert!(!access.allows(&token, "/vms/105", "VM.Audit"));
        assert!(access.allows(&token, "/nodes", "Sys.Audit"));
        assert!(!access.allows(&token, "/nodes/pve1", "Sys.Audit"));
    }

    #[test]
    fn expired_revoked_and_mistyped_tokens_are_refused() {
        let mut access = Access::default();
        access.tokens.push(token(false, Acl::none()));
        assert!(access.authenticate("redflag@pve!desktop", "s", 5).is_some());
        assert!(access.authenticate("redflag@pve!desktop", "S", 5).is_none());
        access.tokens[0].expires = Some(5);
        assert!(access.authenticate("redflag@pve!desktop", "s", 5).is_none());
        access.tokens[0].expires = None;
        access.tokens[0].revoked = true;
        assert!(access.authenticate("redflag@pve!desktop", "s", 5).is_none());
    }
}
