//! `pveum` as far as RedFlag prints lines of it: what a person would paste in a node's root shell.

use anyhow::{Context, Result, anyhow, bail, ensure};

use crate::{
    lab::Lab,
    seed::secret_uuid,
    world::{
        Caller,
        access::change::{Change, names},
    },
};

/// Runs one line in the root shell of a cluster's node: `pveum` commands, also several with `&&`, `||` or `;`.
/// Answers with what they print; a new token's secret is in it.
///
/// # Errors
/// The words of the last command that failed, or what is not understood.
pub fn pveum(lab: &Lab, cluster: &str, line: &str) -> Result<String> {
    let mut printed = String::new();
    let mut failed = None;
    let mut skip = false;
    for (operator, words) in commands(line)? {
        match operator {
            Operator::First | Operator::Next => skip = false,
            Operator::And => skip |= failed.is_some(),
            Operator::Or => skip = failed.is_none(),
        }
        if skip || words.is_empty() {
            continue;
        }
        failed = None;
        match command(lab, cluster, &words) {
            Ok(text) => printed.push_str(&text),
            Err(error) => failed = Some(error),
        }
    }
    failed.map_or(Ok(printed), Err)
}

/// What stands before a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    First,
    Next,
    And,
    Or,
}

/// The words of each command, with what a shell takes off: quotes, backslashes, a comment.
fn commands(line: &str) -> Result<Vec<(Operator, Vec<String>)>> {
    let mut all = vec![(Operator::First, Vec::new())];
    let mut word: Option<String> = None;
    let mut letters = line.chars().peekable();
    let end = |all: &mut Vec<(Operator, Vec<String>)>, word: &mut Option<String>| {
        if let (Some(word), Some((_, words))) = (word.take(), all.last_mut()) {
            words.push(word);
        }
    };
    while let Some(letter) = letters.next() {
        match letter {
            '\'' | '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match letters.next().context("a quote is not closed")? {
                        close if close == letter => break,
                        '\\' if letter == '"' => word.extend(letters.next()),
                        inside => word.push(inside),
                    }
                }
            }
            '\\' => word.get_or_insert_default().extend(letters.next()),
            ' ' | '\t' => end(&mut all, &mut word),
            '#' if word.is_none() => break,
            ';' | '\n' => {
                end(&mut all, &mut word);
                all.push((Operator::Next, Vec::new()));
            }
            '&' | '|' => {
                ensure!(
                    letters.next() == Some(letter),
                    "a single {letter} is not understood"
                );
                end(&mut all, &mut word);
                let operator = if letter == '&' {
                    Operator::And
                } else {
                    Operator::Or
                };
                all.push((operator, Vec::new()));
            }
            '$' | '`' | '<' | '>' | '(' | ')' | '*' | '!' => {
                bail!("the shell would do something with {letter:?}: it must be quoted")
            }
            other => word.get_or_insert_default().push(other),
        }
    }
    end(&mut all, &mut word);
    Ok(all)
}

/// Options by name, and what is no option.
struct Arguments {
    plain: Vec<String>,
    options: Vec<(String, String)>,
}

impl Arguments {
    fn of(words: &[String]) -> Self {
        let (mut plain, mut options) = (Vec::new(), Vec::new());
        let mut words = words.iter().peekable();
        while let Some(word) = words.next() {
            // One dash will do as well as two, and `--privs=x` as well as `--privs x`.
            let Some(name) = word.strip_prefix('-') else {
                plain.push(word.clone());
                continue;
            };
            let name = name.trim_start_matches('-');
            let (name, value) = match name.split_once('=') {
                Some((name, value)) => (name, value.to_owned()),
                // A switch may stand alone.
                None => {
                    let value = words.next_if(|w| !w.starts_with('-'));
                    (name, value.cloned().unwrap_or_else(|| "1".into()))
                }
            };
            options.push((name.to_owned(), value));
        }
        Self { plain, options }
    }

    fn get(&self, name: &str) -> Option<&str> {
        let mut found = self.options.iter().filter(|(n, _)| n == name);
        found.next().map(|(_, value)| value.as_str())
    }

    /// Proxmox takes the name of a list with and without its `s`.
    fn list(&self, name: &str) -> Vec<String> {
        let one = name.trim_end_matches('s');
        names(self.get(name).or_else(|| self.get(one)).unwrap_or_default())
    }

    fn flag(&self, name: &str, otherwise: bool) -> bool {
        self.get(name).map_or(otherwise, |value| value != "0")
    }

    fn text(&self, name: &str) -> Option<String> {
        self.get(name).map(str::to_owned)
    }

    fn number(&self, name: &str) -> Result<Option<i64>> {
        let number = self.get(name).map(str::parse).transpose();
        number.with_context(|| format!("--{name} is no number"))
    }
}

fn command(lab: &Lab, cluster: &str, words: &[String]) -> Result<String> {
    let parts: Vec<&str> = words.iter().map(String::as_str).collect();
    let (verb, rest): (&[&str], usize) = match parts.as_slice() {
        ["pveum", "user", "token", ..] => (parts.get(1..4).unwrap_or_default(), 4),
        ["pveum", "roleadd" | "rolemod" | "aclmod" | "useradd", ..] => (&parts[1..2], 2),
        ["pveum", ..] => (parts.get(1..3).unwrap_or_default(), 3),
        [program, ..] => bail!("bash: {program}: command not found"),
        [] => return Ok(String::new()),
    };
    let given = Arguments::of(words.get(rest..).unwrap_or_default());
    let plain: Vec<&str> = given.plain.iter().map(String::as_str).collect();
    let mut printed = String::new();
    let change = match (verb, plain.as_slice()) {
        (["role", "add"] | ["roleadd"], [role]) => Change::AddRole {
            role: (*role).to_owned(),
            privileges: given.list("privs"),
        },
        (["role", "modify"] | ["rolemod"], [role]) => Change::ModifyRole {
            role: (*role).to_owned(),
            privileges: given.list("privs"),
            append: given.flag("append", false),
        },
        (["role", "delete"], [role]) => Change::DeleteRole {
            role: (*role).to_owned(),
        },
        (["user", "add"] | ["useradd"], [user]) => Change::AddUser {
            user: (*user).to_owned(),
            comment: given.text("comment"),
            password: given.text("password"),
        },
        (["user", "delete"], [user]) => Change::DeleteUser {
            user: (*user).to_owned(),
        },
        (["acl", "modify" | "delete"] | ["aclmod"], [path]) => Change::Rights {
            path: (*path).to_owned(),
            users: given.list("users"),
            tokens: given.list("tokens"),
            roles: given.list("roles"),
            propagate: given.flag("propagate", true),
            delete: verb.last() == Some(&"delete") || given.flag("delete", false),
        },
        (["user", "token", "add"], [user, name]) => {
            let secret = secret_uuid()?;
            printed = table(&[
                ("full-tokenid", &format!("{user}!{name}")),
                ("value", &secret),
            ]);
            Change::AddToken {
                user: (*user).to_owned(),
                name: (*name).to_owned(),
                secret,
                separated: given.flag("privsep", true),
                expires: given.number("expire")?,
                comment: given.text("comment"),
            }
        }
        (["user", "token", "modify"], [user, name]) => {
            let secret = match given.flag("regenerate", false) {
                true => Some(secret_uuid()?),
                false => None,
            };
            if let Some(secret) = &secret {
                printed = table(&[("value", secret)]);
            }
            Change::ModifyToken {
                user: (*user).to_owned(),
                name: (*name).to_owned(),
                secret,
                separated: given.get("privsep").map(|v| v != "0"),
                expires: given.number("expire")?,
                comment: given.text("comment"),
            }
        }
        (["user", "token", "delete" | "remove"], [user, name]) => Change::DeleteToken {
            user: (*user).to_owned(),
            name: (*name).to_owned(),
        },
        (["user", "token", "permissions"], [user, name]) => {
            return rights(lab, cluster, &format!("{user}!{name}"));
        }
        _ => bail!("ERROR: unknown command '{}'", words.join(" ")),
    };
    let quorate = lab
        .world()
        .read(|w| w.cluster(cluster).map(|c| c.quorate()));
    ensure!(
        quorate.context("no such cluster")?,
        "cluster not ready - no quorum?"
    );
    lab.change_access(cluster, change)?;
    Ok(printed)
}

/// Rows of a table of keys and values, as the command line draws it.
fn table(rows: &[(&str, &str)]) -> String {
    let mut text = String::new();
    for (key, value) in rows {
        text.push_str(&format!("│ {key:<12} │ {value:<36} │\n"));
    }
    text
}

fn rights(lab: &Lab, cluster: &str, token: &str) -> Result<String> {
    lab.world().read(|w| {
        let access = &w.cluster(cluster).context("no such cluster")?.access;
        let mut tokens = access.tokens.iter();
        let token = tokens.find(|t| t.id == token);
        let token = token.ok_or_else(|| anyhow!("no such token"))?;
        let mut text = String::new();
        for (path, privileges) in access.permissions(Caller::from(token)) {
            let names: Vec<&str> = privileges.into_keys().collect();
            text.push_str(&format!("{path} {}\n", names.join(" ")));
        }
        Ok(text)
    })
}

#[cfg(test)]
mod tests {
    use super::{Operator, commands};

    #[test]
    fn a_line_is_read_as_a_shell_reads_it() {
        let line = r#"pveum role add R --privs "A B" || pveum x 'a!b' # for you"#;
        let read = commands(line).unwrap();
        assert_eq!(read[0].1, ["pveum", "role", "add", "R", "--privs", "A B"]);
        assert_eq!(
            (read[1].0, &read[1].1[2]),
            (Operator::Or, &"a!b".to_owned())
        );
        assert_eq!(read[1].1.len(), 3);
    }

    #[test]
    fn what_a_shell_would_expand_must_be_quoted() {
        assert!(commands("pveum acl modify / --tokens redflag@pve!desktop").is_err());
        assert!(commands("pveum 'x").is_err());
    }
}
