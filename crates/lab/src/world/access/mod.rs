//! Users, roles, tokens and who may do what where, by Proxmox's own rules.

mod acl;
pub mod change;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

pub use self::acl::Acl;

/// A user of a realm.
#[derive(Clone, Default)]
pub struct User {
    pub acl: Acl,
    pub comment: Option<String>,
    /// None: nobody can log in by password.
    pub password: Option<String>,
    /// A login asks for a second factor.
    pub second_factor: bool,
}

impl From<Acl> for User {
    fn from(acl: Acl) -> Self {
        Self {
            acl,
            ..Self::default()
        }
    }
}

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User")
            .field("acl", &self.acl)
            .finish_non_exhaustive()
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
    pub comment: Option<String>,
    pub revoked: bool,
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// Who asks: a token, or a user who logged in.
#[derive(Clone, Copy, Debug)]
pub struct Caller<'a> {
    /// `user@realm`, or `user@realm!name` for a token.
    pub id: &'a str,
    /// Of a token with privilege separation.
    own: Option<&'a Acl>,
}

impl<'a> Caller<'a> {
    /// A user who logged in by password.
    pub fn user(id: &'a str) -> Self {
        Self { id, own: None }
    }

    /// The user, without the token's name.
    pub fn user_id(self) -> &'a str {
        self.id.split('!').next().unwrap_or_default()
    }
}

impl<'a> From<&'a Token> for Caller<'a> {
    fn from(token: &'a Token) -> Self {
        Self {
            id: &token.id,
            own: token.separated.then_some(&token.acl),
        }
    }
}

/// All users, roles and tokens of a cluster.
#[derive(Clone, Debug, Default)]
pub struct Access {
    pub users: BTreeMap<String, User>,
    /// Roles that were made; those that Proxmox brings are known without.
    pub roles: BTreeMap<String, BTreeSet<String>>,
    pub tokens: Vec<Token>,
    /// Every privilege that the release knows: what root@pam has.
    pub all: Vec<&'static str>,
}

/// Roles that Proxmox brings, as far as anyone here needs them.
pub(crate) const BUILT_IN: [&str; 3] = ["Administrator", "NoAccess", "PVEAuditor"];

const AUDITOR: [&str; 6] = [
    "Datastore.Audit",
    "Mapping.Audit",
    "Pool.Audit",
    "SDN.Audit",
    "Sys.Audit",
    "VM.Audit",
];

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

    /// Whether a role is known.
    pub fn has_role(&self, role: &str) -> bool {
        BUILT_IN.contains(&role) || self.roles.contains_key(role)
    }

    /// What a role allows; nothing for one that is unknown.
    pub(crate) fn privileges_of<'a>(
        &'a self,
        role: &str,
    ) -> Box<dyn Iterator<Item = &'a str> + 'a> {
        match role {
            "Administrator" => Box::new(self.all.iter().copied()),
            "PVEAuditor" => Box::new(AUDITOR.into_iter()),
            _ => Box::new(
                self.roles
                    .get(role)
                    .into_iter()
                    .flatten()
                    .map(String::as_str),
            ),
        }
    }

    /// The effective privileges at a path, each with its propagate flag.
    pub fn effective<'a>(&'a self, caller: Caller<'a>, path: &str) -> BTreeMap<&'a str, bool> {
        let of_user = self.of_user(caller.user_id(), path);
        let Some(own) = caller.own else {
            return of_user;
        };
        let own = own.at(self, path);
        of_user
            .into_iter()
            .filter(|(p, _)| own.contains_key(p))
            .collect()
    }

    fn of_user<'a>(&'a self, user: &str, path: &str) -> BTreeMap<&'a str, bool> {
        if user == "root@pam" {
            return self.all.iter().map(|p| (*p, true)).collect();
        }
        let user = self.users.get(user);
        user.map(|u| u.acl.at(self, path)).unwrap_or_default()
    }

    /// Whether someone has a privilege at a path.
    pub fn allows(&self, caller: Caller<'_>, path: &str, privilege: &str) -> bool {
        self.effective(caller, path).contains_key(privilege)
    }

    /// The paths that `/access/permissions` tells of: the fixed top ones and every one with an entry of its own.
    pub(crate) fn paths<'a>(&'a self, caller: Caller<'a>) -> BTreeSet<&'a str> {
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
        let mut paths: BTreeSet<&str> = TOP.into_iter().collect();
        paths.extend(caller.own.into_iter().flat_map(Acl::paths));
        if let Some(user) = self.users.get(caller.user_id()) {
            paths.extend(user.acl.paths());
        }
        paths
    }

    /// The answer to `/access/permissions`, without what pools add.
    pub fn permissions<'a>(
        &'a self,
        caller: Caller<'a>,
    ) -> BTreeMap<String, BTreeMap<&'a str, bool>> {
        self.paths(caller)
            .into_iter()
            .map(|path| (path.to_owned(), self.effective(caller, path)))
            .filter(|(_, privileges)| !privileges.is_empty())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{Access, Acl, Caller, Token};

    fn token(separated: bool, acl: Acl) -> Token {
        Token {
            id: "redflag@pve!desktop".into(),
            secret: "s".into(),
            separated,
            acl,
            expires: None,
            comment: None,
            revoked: false,
        }
    }

    #[test]
    fn a_separated_token_may_do_only_what_both_may() {
        let mut access = Access::default();
        let both = Acl::none().grant("/", ["VM.Audit", "VM.PowerMgmt"]);
        access.users.insert("redflag@pve".into(), both.into());
        let own = token(true, Acl::none().grant("/vms/101", ["VM.Audit"]));
        assert!(access.allows(Caller::from(&own), "/vms/101", "VM.Audit"));
        assert!(!access.allows(Caller::from(&own), "/vms/101", "VM.PowerMgmt"));
        assert!(!access.allows(Caller::from(&own), "/vms/102", "VM.Audit"));
        assert!(
            access
                .permissions((&token(true, Acl::none())).into())
                .is_empty()
        );
        assert!(access.allows(
            (&token(false, Acl::none())).into(),
            "/vms/7",
            "VM.PowerMgmt"
        ));
    }

    #[test]
    fn a_deeper_entry_replaces_what_is_inherited_and_may_stay_on_its_own_path() {
        let mut access = Access::default();
        let acl = Acl::none()
            .grant("/", ["VM.Audit"])
            .grant("/vms/105", [])
            .grant_here("/nodes", ["Sys.Audit"]);
        access.users.insert("redflag@pve".into(), acl.into());
        let token = token(false, Acl::none());
        assert!(access.allows(Caller::from(&token), "/vms/104", "VM.Audit"));
        assert!(!access.allows(Caller::from(&token), "/vms/105", "VM.Audit"));
        assert!(access.allows(Caller::from(&token), "/nodes", "Sys.Audit"));
        assert!(!access.allows(Caller::from(&token), "/nodes/pve1", "Sys.Audit"));
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

    #[test]
    fn roles_on_one_path_add_up_and_no_access_wins() {
        let mut access = Access::default();
        access
            .roles
            .insert("A".into(), ["VM.Audit".to_owned()].into());
        access
            .roles
            .insert("B".into(), ["VM.Backup".to_owned()].into());
        let acl = Acl::none()
            .role("/", "A")
            .role("/", "B")
            .role("/vms/7", "NoAccess");
        access.users.insert("redflag@pve".into(), acl.into());
        let who = Caller::user("redflag@pve");
        assert!(access.allows(who, "/vms/6", "VM.Audit"));
        assert!(access.allows(who, "/vms/6", "VM.Backup"));
        assert!(access.effective(who, "/vms/7").is_empty());
        access.roles.entry("A".into()).or_default().clear();
        assert!(!access.allows(who, "/vms/6", "VM.Audit"));
    }
}
