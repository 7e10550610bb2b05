//! Who may do what on which path: privileges that were granted one by one, or by a role.

use std::collections::{BTreeMap, BTreeSet};

use super::Access;

/// The rights of one user or token: deeper paths replace what they inherit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Acl {
    entries: BTreeMap<String, Vec<Grant>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Grant {
    what: What,
    propagate: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum What {
    /// For scenarios: a role without a name.
    Privileges(BTreeSet<String>),
    Role(String),
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

    /// A role on `path` and everything below it.
    #[must_use]
    pub fn role(mut self, path: &str, role: &str) -> Self {
        self.add_role(path, role, true);
        self
    }

    fn entry<'a>(
        mut self,
        path: &str,
        privileges: impl IntoIterator<Item = &'a str>,
        propagate: bool,
    ) -> Self {
        let what = What::Privileges(privileges.into_iter().map(str::to_owned).collect());
        self.entries
            .insert(path.to_owned(), vec![Grant { what, propagate }]);
        self
    }

    /// Adds a role to those on a path, or changes whether it reaches below.
    pub(super) fn add_role(&mut self, path: &str, role: &str, propagate: bool) {
        self.remove_role(path, role);
        let what = What::Role(role.to_owned());
        self.entries
            .entry(path.to_owned())
            .or_default()
            .push(Grant { what, propagate });
    }

    /// Takes a role from a path.
    pub(super) fn remove_role(&mut self, path: &str, role: &str) {
        if let Some(grants) = self.entries.get_mut(path) {
            grants.retain(|g| g.what != What::Role(role.to_owned()));
            if grants.is_empty() {
                self.entries.remove(path);
            }
        }
    }

    /// Takes a role from all paths.
    pub(super) fn forget_role(&mut self, role: &str) {
        let paths: Vec<String> = self.entries.keys().cloned().collect();
        for path in paths {
            self.remove_role(&path, role);
        }
    }

    /// The paths that have entries of their own.
    pub(super) fn paths(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }

    /// Roles by path, each with its propagate flag.
    pub(crate) fn roles(&self) -> impl Iterator<Item = (&str, &str, bool)> {
        self.entries.iter().flat_map(|(path, grants)| {
            grants.iter().filter_map(move |g| match &g.what {
                What::Role(role) => Some((path.as_str(), role.as_str(), g.propagate)),
                What::Privileges(_) => None,
            })
        })
    }

    /// What is granted at `path`, each with its propagate flag.
    pub(super) fn at<'a>(&'a self, access: &'a Access, path: &str) -> BTreeMap<&'a str, bool> {
        let mut here = path;
        loop {
            if let Some(grants) = self.entries.get(here) {
                let mut level = grants
                    .iter()
                    .filter(|g| g.propagate || here == path)
                    .peekable();
                if level.peek().is_some() {
                    return Self::sum(access, level);
                }
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

    fn sum<'a>(
        access: &'a Access,
        grants: impl Iterator<Item = &'a Grant>,
    ) -> BTreeMap<&'a str, bool> {
        let mut privileges = BTreeMap::new();
        for grant in grants {
            let mut add = |name: &'a str| {
                let flag = privileges.entry(name).or_insert(false);
                *flag |= grant.propagate;
            };
            match &grant.what {
                // It wins over every other role of its path.
                What::Role(role) if role == "NoAccess" => return BTreeMap::new(),
                What::Role(role) => access.privileges_of(role).for_each(&mut add),
                What::Privileges(names) => names.iter().for_each(|n| add(n)),
            }
        }
        privileges
    }
}
