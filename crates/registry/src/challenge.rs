//! Reads `WWW-Authenticate`: how a registry wants to be asked.

/// One way to prove who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Challenge {
    Basic,
    Bearer {
        realm: String,
        service: Option<String>,
        scope: Option<String>,
    },
}

impl Challenge {
    /// For any repository, not only for the one that it was given for.
    pub(crate) fn without_scope(&self) -> Self {
        match self {
            Self::Bearer { realm, service, .. } => Self::Bearer {
                realm: realm.clone(),
                service: service.clone(),
                scope: None,
            },
            Self::Basic => Self::Basic,
        }
    }
}

/// The first challenge of a header that can be met; Bearer before Basic.
pub(crate) fn parse(header: &str) -> Option<Challenge> {
    let mut basic = false;
    let mut rest = header.trim();
    while !rest.is_empty() {
        let (scheme, after) = word(rest)?;
        let (parameters, next) = parameters(after);
        if scheme.eq_ignore_ascii_case("bearer") {
            let get = |name: &str| {
                let mut all = parameters.iter();
                let found = all.find(|(known, _)| known.eq_ignore_ascii_case(name));
                found.map(|(_, value)| value.clone())
            };
            if let Some(realm) = get("realm") {
                return Some(Challenge::Bearer {
                    realm,
                    service: get("service"),
                    scope: get("scope"),
                });
            }
        }
        basic |= scheme.eq_ignore_ascii_case("basic");
        rest = next.trim_start_matches([',', ' ', '\t']);
        if next == after {
            break;
        }
    }
    basic.then_some(Challenge::Basic)
}

/// The scheme's name and what follows it.
fn word(text: &str) -> Option<(&str, &str)> {
    let end = text
        .find(|c: char| !(c.is_ascii_alphanumeric() || c == '-'))
        .unwrap_or(text.len());
    (end > 0).then(|| (&text[..end], text[end..].trim_start()))
}

/// `name=value, name="value"` until something else begins.
fn parameters(text: &str) -> (Vec<(String, String)>, &str) {
    let mut found = Vec::new();
    let mut rest = text;
    loop {
        let trimmed = rest.trim_start_matches([',', ' ', '\t']);
        let Some((name, after)) = word(trimmed) else {
            return (found, rest);
        };
        let Some(value) = after.strip_prefix('=') else {
            return (found, rest);
        };
        let (value, after) = match value.strip_prefix('"') {
            Some(quoted) => unquoted(quoted),
            None => {
                let end = value.find([',', ' ']).unwrap_or(value.len());
                (value[..end].to_owned(), &value[end..])
            }
        };
        found.push((name.to_owned(), value));
        rest = after;
    }
}

/// What stands before the closing quote, and the rest.
fn unquoted(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return (value, &text[at + 1..]),
            '\\' => value.extend(letters.next().map(|(_, escaped)| escaped)),
            other => value.push(other),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bearer(realm: &str, service: Option<&str>, scope: Option<&str>) -> Option<Challenge> {
        Some(Challenge::Bearer {
            realm: realm.into(),
            service: service.map(str::to_owned),
            scope: scope.map(str::to_owned),
        })
    }

    #[test]
    fn headers_of_known_registries_are_read() {
        let rows = [
            (
                r#"Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:library/nginx:pull""#,
                bearer(
                    "https://auth.docker.io/token",
                    Some("registry.docker.io"),
                    Some("repository:library/nginx:pull"),
                ),
            ),
            (
                r#"Bearer realm="https://ghcr.io/token", service="ghcr.io""#,
                bearer("https://ghcr.io/token", Some("ghcr.io"), None),
            ),
            (r#"Basic realm="Registry Realm""#, Some(Challenge::Basic)),
            (
                r#"Basic realm="a", Bearer realm="https://x/token""#,
                bearer("https://x/token", None, None),
            ),
            (
                "bearer realm=https://x/token",
                bearer("https://x/token", None, None),
            ),
            (
                r#"Bearer realm="a \"b\" c""#,
                bearer("a \"b\" c", None, None),
            ),
            ("Negotiate", None),
            ("", None),
            ("Bearer", None),
        ];
        for (header, expected) in rows {
            assert_eq!(parse(header), expected, "{header}");
        }
    }

    proptest! {
        #[test]
        fn never_panics_and_ends(text in "(Bearer|Basic|realm|=|\"|,| |\\\\|x){0,40}") {
            let _ = parse(&text);
        }
    }
}
