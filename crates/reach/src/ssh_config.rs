//! The few keywords of OpenSSH's client configuration that RedFlag follows, read as OpenSSH reads them: the first
//! value that fits wins, patterns have `*`, `?` and `!`.
//!
//! What is not followed (`Include`, `Match`, `ProxyCommand`, …) is named, so that nobody believes that it counts.

use std::collections::BTreeSet;

use crate::NodeAddress;

/// A configuration, as far as it is understood.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SshConfig {
    blocks: Vec<Block>,
    unsupported: BTreeSet<&'static str>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Block {
    /// None: before the first `Host`, which holds for every host.
    patterns: Option<Vec<String>>,
    /// Keyword in lower case, and its argument.
    settings: Vec<(Keyword, String)>,
    /// Below `Match`: never taken.
    conditional: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Keyword {
    HostName,
    User,
    Port,
    IdentityFile,
    IdentityAgent,
    ProxyJump,
}

/// What holds for one host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostSettings {
    /// Where it really is; the name itself where nothing else is said.
    pub host: String,
    pub user: Option<String>,
    pub port: Option<u16>,
    /// As written; `~` and `%d` stand for the home folder.
    pub identity_files: Vec<String>,
    /// The first host to go through: `user@host:port`, host alone, or the name of another block.
    pub proxy_jump: Option<String>,
    /// `none` or a socket.
    pub identity_agent: Option<String>,
}

/// Keywords that change where a connection goes or how it is opened, and that are not followed.
const UNSUPPORTED: [&str; 6] = [
    "Include",
    "Match",
    "ProxyCommand",
    "CertificateFile",
    "HostKeyAlias",
    "CanonicalizeHostname",
];

impl SshConfig {
    /// Reads the text of a configuration. Lines that are not understood are passed over, as a later OpenSSH may
    /// know more.
    pub fn parse(text: &str) -> Self {
        let mut config = Self::default();
        let mut block = Block::default();
        for line in text.lines() {
            let Some((keyword, words)) = words_of(line) else {
                continue;
            };
            if let Some(name) = UNSUPPORTED
                .into_iter()
                .find(|name| name.eq_ignore_ascii_case(&keyword))
            {
                config.unsupported.insert(name);
            }
            let next = match keyword.to_ascii_lowercase().as_str() {
                "host" => Some(Block {
                    patterns: Some(words.clone()),
                    ..Block::default()
                }),
                "match" => Some(Block {
                    conditional: true,
                    ..Block::default()
                }),
                _ => None,
            };
            if let Some(next) = next {
                config.blocks.push(std::mem::replace(&mut block, next));
            } else if let (Some(keyword), Some(value)) = (known(&keyword), words.into_iter().next())
            {
                block.settings.push((keyword, value));
            }
        }
        config.blocks.push(block);
        config
    }

    /// Keywords in the text that RedFlag does not follow, in order of the alphabet.
    pub fn unsupported(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.unsupported.iter().copied()
    }

    /// Names that stand for one host each, for a list to choose from.
    pub fn names(&self) -> Vec<String> {
        let patterns = self.blocks.iter().filter_map(|b| b.patterns.as_ref());
        let plain = |name: &&String| !name.contains(['*', '?', '!']);
        let mut names: Vec<String> = patterns.flatten().filter(plain).cloned().collect();
        names.dedup();
        names
    }

    /// What holds for `name`.
    pub fn lookup(&self, name: &str) -> HostSettings {
        let mut found = HostSettings::default();
        let mut host = None;
        let fitting = self.blocks.iter().filter(|block| {
            !block.conditional
                && block
                    .patterns
                    .as_ref()
                    .is_none_or(|patterns| fits(patterns, name))
        });
        for (keyword, value) in fitting.flat_map(|block| &block.settings) {
            let once = |slot: &mut Option<String>| {
                slot.get_or_insert_with(|| value.clone());
            };
            match keyword {
                Keyword::HostName => once(&mut host),
                Keyword::User => once(&mut found.user),
                Keyword::ProxyJump => once(&mut found.proxy_jump),
                Keyword::IdentityAgent => once(&mut found.identity_agent),
                Keyword::Port => {
                    found.port = found
                        .port
                        .or(value.parse().ok().filter(|port: &u16| *port > 0));
                }
                // All that fit are tried.
                Keyword::IdentityFile => found.identity_files.push(value.clone()),
            }
        }
        found.host = host.map_or_else(|| name.to_owned(), |host| host.replace("%h", name));
        found.proxy_jump = found
            .proxy_jump
            .filter(|jump| !jump.eq_ignore_ascii_case("none"));
        found
            .identity_files
            .retain(|file| !file.eq_ignore_ascii_case("none"));
        found
    }
}

impl HostSettings {
    /// Where to log in; as root where nobody else is named, since that is whom Proxmox knows.
    pub fn address(&self) -> NodeAddress {
        NodeAddress {
            host: self.host.clone(),
            port: self.port.unwrap_or(22),
            user: self.user.clone().unwrap_or_else(|| "root".to_owned()),
        }
    }

    /// The files of keys, with the home folder put in. What has other `%` signs is left out: RedFlag does not know it.
    pub fn identity_paths(&self, home: &str) -> Vec<String> {
        let home = home.trim_end_matches(['/', '\\']);
        self.identity_files
            .iter()
            .map(|file| match file.strip_prefix("~/") {
                Some(rest) => format!("{home}/{rest}"),
                None => file.replace("%d", home),
            })
            .filter(|file| !file.contains('%'))
            .collect()
    }
}

fn known(keyword: &str) -> Option<Keyword> {
    Some(match keyword.to_ascii_lowercase().as_str() {
        "hostname" => Keyword::HostName,
        "user" => Keyword::User,
        "port" => Keyword::Port,
        "identityfile" => Keyword::IdentityFile,
        "identityagent" => Keyword::IdentityAgent,
        "proxyjump" => Keyword::ProxyJump,
        _ => return None,
    })
}

/// Keyword and arguments of a line: `Key value`, `Key=value`, `Key "a value"`.
fn words_of(line: &str) -> Option<(String, Vec<String>)> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return None;
    }
    let end = line.find(|c: char| c.is_whitespace() || c == '=')?;
    let (keyword, rest) = line.split_at(end);
    let rest = rest.trim_start();
    let rest = rest.strip_prefix('=').unwrap_or(rest);
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quoted = false;
    let mut begun = false;
    for c in rest.chars() {
        match c {
            '"' => {
                quoted = !quoted;
                begun = true;
            }
            '#' if !quoted && !begun => break,
            c if c.is_whitespace() && !quoted => {
                if begun {
                    words.push(std::mem::take(&mut word));
                    begun = false;
                }
            }
            c => {
                word.push(c);
                begun = true;
            }
        }
    }
    if begun {
        words.push(word);
    }
    Some((keyword.to_owned(), words))
}

/// One of the patterns fits and no negated one does.
fn fits(patterns: &[String], name: &str) -> bool {
    let mut found = false;
    for pattern in patterns {
        match pattern.strip_prefix('!') {
            Some(negated) if matches(negated.as_bytes(), name.as_bytes()) => return false,
            Some(_) => {}
            None => found |= matches(pattern.as_bytes(), name.as_bytes()),
        }
    }
    found
}

/// `*` is any text, `?` any character. Steps back to the last star only, so that no pattern takes long.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(b'?') => (p, t) = (p + 1, t + 1),
            Some(c) if c.eq_ignore_ascii_case(&text[t]) => (p, t) = (p + 1, t + 1),
            _ => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    (p, t) = (at + 1, from + 1);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# my nodes\nInclude config.d/*\nHost pve1 pve2 !pve9\n  HostName %h.lan\n  User=root\n\
        \tPort 2222\n  IdentityFile \"~/my keys/node\"\n\nHost pve*\n User admin\n IdentityFile ~/.ssh/id_pve\n\
        Match user git\n  User nobody\nHost *\n  Port 22\n  ProxyJump none\n";

    #[test]
    fn the_first_value_wins_and_key_files_add_up() {
        let config = SshConfig::parse(TEXT);
        let found = config.lookup("pve1");
        assert_eq!(found.host, "pve1.lan");
        assert_eq!(found.user.as_deref(), Some("root"));
        assert_eq!(found.port, Some(2222));
        assert_eq!(
            found.identity_paths("/home/me"),
            ["/home/me/my keys/node", "/home/me/.ssh/id_pve"]
        );
        assert_eq!(found.proxy_jump, None);
        assert_eq!(found.address().to_string(), "root@pve1.lan:2222");
        let other = config.lookup("pve9");
        assert_eq!(other.host, "pve9");
        assert_eq!(other.user.as_deref(), Some("admin"));
        assert_eq!(other.port, Some(22));
        assert_eq!(config.lookup("elsewhere").user, None);
    }

    #[test]
    fn what_is_not_followed_is_named() {
        let config = SshConfig::parse(TEXT);
        assert_eq!(
            config.unsupported().collect::<Vec<_>>(),
            ["Include", "Match"]
        );
        assert_eq!(config.names(), ["pve1", "pve2"]);
    }

    #[test]
    fn text_that_is_no_configuration_gives_the_name_back() {
        for text in [
            "",
            "=",
            "Host",
            "Host \"",
            "Port x\nUser",
            "\0\u{fffd}=\"\"\"",
            "Host *\nPort 0",
        ] {
            let found = SshConfig::parse(text).lookup("a");
            assert_eq!(found.host, "a", "{text:?}");
            assert_eq!(found.port, None, "{text:?}");
        }
    }

    #[test]
    fn patterns_take_no_time_whatever_they_are() {
        let pattern = "*a".repeat(2_000);
        assert!(
            !matches(pattern.as_bytes(), "a".repeat(3_000).as_bytes()) || pattern.len() < 6_001
        );
        assert!(matches(b"pve?.l*n", b"PVE1.lan"));
        assert!(!matches(b"pve?", b"pve"));
    }
}
