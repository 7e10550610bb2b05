//! Changes of users, roles, rights and tokens: the same whether they come by the API or by `pveum`.

use std::collections::BTreeSet;

use super::{Access, Acl, Token, User};

/// One change. Secrets are drawn by whoever asks for it.
#[derive(Clone)]
pub enum Change {
    AddRole {
        role: String,
        privileges: Vec<String>,
    },
    ModifyRole {
        role: String,
        privileges: Vec<String>,
        /// Keeps what the role has.
        append: bool,
    },
    DeleteRole {
        role: String,
    },
    AddUser {
        user: String,
        comment: Option<String>,
        password: Option<String>,
    },
    DeleteUser {
        user: String,
    },
    Rights {
        path: String,
        users: Vec<String>,
        /// Full ids.
        tokens: Vec<String>,
        roles: Vec<String>,
        propagate: bool,
        delete: bool,
    },
    AddToken {
        user: String,
        name: String,
        secret: String,
        separated: bool,
        expires: Option<i64>,
        comment: Option<String>,
    },
    ModifyToken {
        user: String,
        name: String,
        /// Only when it is to be regenerated.
        secret: Option<String>,
        separated: Option<bool>,
        expires: Option<i64>,
        comment: Option<String>,
    },
    DeleteToken {
        user: String,
        name: String,
    },
}

impl std::fmt::Debug for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Some hold secrets.
        f.write_str("Change")
    }
}

/// Why a change was not made, in Proxmox's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Denied {
    /// The method died.
    Died(String),
    /// A parameter, by name.
    Parameter(&'static str, String),
}

impl Denied {
    /// As the command line prints it.
    pub fn words(&self) -> String {
        match self {
            Self::Died(words) => words.clone(),
            Self::Parameter(name, words) => {
                format!("400 Parameter verification failed.\n{name}: {words}")
            }
        }
    }
}

fn died<T>(words: impl Into<String>) -> Result<T, Denied> {
    Err(Denied::Died(words.into()))
}

/// Paths below which rights may be given.
const PATHS: [&str; 7] = [
    "access", "mapping", "nodes", "pool", "sdn", "storage", "vms",
];

impl Access {
    /// Makes a change, or leaves everything as it is.
    ///
    /// # Errors
    /// Why not, as Proxmox says it.
    pub fn apply(&mut self, change: Change) -> Result<(), Denied> {
        match change {
            Change::AddRole { role, privileges } => {
                if self.has_role(&role) {
                    return died(format!("create role failed: role '{role}' already exists"));
                }
                self.known("create role failed", &privileges)?;
                self.roles.insert(role, privileges.into_iter().collect());
            }
            Change::ModifyRole {
                role,
                privileges,
                append,
            } => {
                self.known("modify role failed", &privileges)?;
                let Some(has) = self.roles.get_mut(&role) else {
                    return died(format!("modify role failed: role '{role}' does not exist"));
                };
                let mut new: BTreeSet<String> = privileges.into_iter().collect();
                if append {
                    new.append(has);
                }
                *has = new;
            }
            Change::DeleteRole { role } => {
                if self.roles.remove(&role).is_none() {
                    return died(format!("delete role failed: role '{role}' does not exist"));
                }
                self.acls().for_each(|acl| acl.forget_role(&role));
            }
            Change::AddUser {
                user,
                comment,
                password,
            } => {
                if self.users.contains_key(&user) {
                    return died(format!("create user failed: user '{user}' already exists"));
                }
                let new = User {
                    comment,
                    password,
                    ..User::default()
                };
                self.users.insert(user, new);
            }
            Change::DeleteUser { user } => {
                if self.users.remove(&user).is_none() {
                    return died(format!("delete user failed: no such user ('{user}')"));
                }
                let prefix = format!("{user}!");
                self.tokens.retain(|t| !t.id.starts_with(&prefix));
            }
            Change::Rights {
                path,
                users,
                tokens,
                roles,
                propagate,
                delete,
            } => self.rights(&path, &users, &tokens, &roles, propagate, delete)?,
            Change::AddToken {
                user,
                name,
                secret,
                separated,
                expires,
                comment,
            } => {
                self.has_user(&user)?;
                let id = format!("{user}!{name}");
                if self.tokens.iter().any(|t| t.id == id) {
                    return Err(Denied::Parameter("tokenid", "Token already exists.".into()));
                }
                self.tokens.push(Token {
                    id,
                    secret,
                    separated,
                    acl: Acl::none(),
                    expires,
                    comment,
                    revoked: false,
                });
            }
            Change::ModifyToken {
                user,
                name,
                secret,
                separated,
                expires,
                comment,
            } => {
                let token = self.token_mut(&user, &name)?;
                token.secret = secret.unwrap_or_else(|| std::mem::take(&mut token.secret));
                token.separated = separated.unwrap_or(token.separated);
                token.expires = expires.or(token.expires);
                token.comment = comment.or_else(|| token.comment.take());
            }
            Change::DeleteToken { user, name } => {
                self.token_mut(&user, &name)?;
                self.tokens.retain(|t| t.id != format!("{user}!{name}"));
            }
        }
        Ok(())
    }

    fn acls(&mut self) -> impl Iterator<Item = &mut Acl> {
        let of_users = self.users.values_mut().map(|u| &mut u.acl);
        of_users.chain(self.tokens.iter_mut().map(|t| &mut t.acl))
    }

    fn known(&self, doing: &str, privileges: &[String]) -> Result<(), Denied> {
        match privileges.iter().find(|p| !self.all.contains(&p.as_str())) {
            Some(unknown) => died(format!("{doing}: invalid privilege '{unknown}'")),
            None => Ok(()),
        }
    }

    /// Refuses a user who does not exist.
    pub(crate) fn has_user(&self, user: &str) -> Result<(), Denied> {
        if user == "root@pam" || self.users.contains_key(user) {
            return Ok(());
        }
        died(format!("no such user ('{user}')"))
    }

    fn token_mut(&mut self, user: &str, name: &str) -> Result<&mut Token, Denied> {
        self.has_user(user)?;
        let id = format!("{user}!{name}");
        match self.tokens.iter_mut().find(|t| t.id == id) {
            Some(token) => Ok(token),
            None => died(format!("no such token '{name}' for user '{user}'")),
        }
    }

    fn rights(
        &mut self,
        path: &str,
        users: &[String],
        tokens: &[String],
        roles: &[String],
        propagate: bool,
        delete: bool,
    ) -> Result<(), Denied> {
        let top = path.trim_start_matches('/').split('/').next();
        let sound = path == "/" || (path.starts_with('/') && PATHS.contains(&top.unwrap_or("")));
        if !sound {
            return Err(Denied::Parameter(
                "path",
                format!("invalid ACL path '{path}'"),
            ));
        }
        let path = match path.trim_end_matches('/') {
            "" => "/",
            path => path,
        };
        // Everything is looked at before anything is changed.
        if let Some(role) = roles.iter().find(|r| !self.has_role(r)) {
            return died(format!("ACL update failed: role '{role}' does not exist"));
        }
        for user in users {
            if self.has_user(user).is_err() {
                return died(format!("ACL update failed: user '{user}' does not exist"));
            }
        }
        for id in tokens {
            let (user, name) = id.split_once('!').unwrap_or((id, ""));
            if let Err(Denied::Died(words)) = self.token_mut(user, name) {
                return died(format!("ACL update failed: {words}"));
            }
        }
        let change = |acl: &mut Acl| {
            for role in roles {
                if delete {
                    acl.remove_role(path, role);
                } else {
                    acl.add_role(path, role, propagate);
                }
            }
        };
        for user in users {
            change(&mut self.users.entry(user.clone()).or_default().acl);
        }
        let named = |t: &&mut Token| tokens.contains(&t.id);
        self.tokens
            .iter_mut()
            .filter(named)
            .for_each(|t| change(&mut t.acl));
        Ok(())
    }
}

/// Names in a list as Proxmox reads it: separated by spaces, commas or semicolons.
pub(crate) fn names(text: &str) -> Vec<String> {
    text.split([' ', ',', ';'])
        .filter(|n| !n.is_empty())
        .map(str::to_owned)
        .collect()
}
