//! Takes credentials out of what package managers print: user and password in a URL, and values of telling
//! query parameters.

/// Names of query parameters whose value is never shown.
const SECRET_PARAMETERS: [&str; 7] = [
    "token",
    "key",
    "apikey",
    "api_key",
    "password",
    "secret",
    "signature",
];

/// `text` without secrets in URLs: `https://user:password@host/` becomes `https://…@host/`.
pub fn urls(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        out.push_str(before);
        let end = after
            .find(|c: char| c.is_whitespace() || matches!(c, '\'' | '"' | '<' | '>' | ')'))
            .unwrap_or(after.len());
        let (url, next) = after.split_at(end);
        out.push_str(&masked(url));
        rest = next;
    }
    out.push_str(rest);
    out
}

/// What the name of a setting holds whose value is never shown.
const SECRET_SETTINGS: [&str; 8] = [
    "pass",
    "secret",
    "token",
    "apikey",
    "api_key",
    "api-key",
    "private",
    "credential",
];

/// Lines of configuration files without secrets: in URLs, and the values of settings whose names tell.
pub fn settings(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let content = line.trim_end_matches('\n');
        let lower = content.to_ascii_lowercase();
        let telling = SECRET_SETTINGS
            .iter()
            .filter_map(|name| lower.find(name))
            .min();
        // The value stands behind the first sign or space after the name.
        let value = telling.and_then(|at| {
            let end = content.get(at..)?.find(['=', ':', ' ', '\t', '>'])?;
            content.get(at + end + 1..).filter(|v| !v.trim().is_empty())
        });
        match value {
            Some(value) => {
                out.push_str(&content[..content.len() - value.len()]);
                out.push('…');
            }
            None => out.push_str(&urls(content)),
        }
        out.push_str(&line[content.len()..]);
    }
    out
}

/// The part of a URL after `://`.
fn masked(url: &str) -> String {
    let host_end = url.find(['/', '?', '#']).unwrap_or(url.len());
    // A password may itself hold an unescaped `@` or `/`; then everything up to the last `@` goes.
    let user_end = url[..host_end]
        .rfind('@')
        .or_else(|| url[..url.find('?').unwrap_or(url.len())].rfind('@'));
    let (mut out, rest) = match user_end {
        Some(at) => ("…@".to_owned(), &url[at + 1..]),
        None => (String::new(), url),
    };
    match rest.split_once('?') {
        None => out.push_str(rest),
        Some((path, query)) => {
            out.push_str(path);
            for (i, parameter) in query.split('&').enumerate() {
                out.push(if i == 0 { '?' } else { '&' });
                match parameter.split_once('=') {
                    Some((name, _))
                        if SECRET_PARAMETERS.contains(&name.to_ascii_lowercase().as_str()) =>
                    {
                        out.push_str(name);
                        out.push_str("=…");
                    }
                    _ => out.push_str(parameter),
                }
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{settings, urls};
    use proptest::prelude::*;

    #[test]
    fn credentials_vanish_and_the_rest_stays() {
        let rows = [
            (
                "Err:1 http://joe:pa55@repo.example/debian stable InRelease",
                "Err:1 http://…@repo.example/debian stable InRelease",
            ),
            (
                "W: Failed to fetch https://bearer:abc@x.example/a  403",
                "W: Failed to fetch https://…@x.example/a  403",
            ),
            (
                "'https://x.example/p?token=abc&a=1'",
                "'https://x.example/p?token=…&a=1'",
            ),
            (
                "http://joe:p@ss@x.example/ and http://x.example",
                "http://…@x.example/ and http://x.example",
            ),
            (
                "http://joe:p/ss@x.example/debian",
                "http://…@x.example/debian",
            ),
            (
                "http://deb.debian.org/debian bookworm",
                "http://deb.debian.org/debian bookworm",
            ),
            ("no url: a@b", "no url: a@b"),
        ];
        for (text, expected) in rows {
            assert_eq!(urls(text), expected);
        }
    }

    #[test]
    fn values_of_telling_settings_vanish() {
        let rows = [
            ("+DB_PASSWORD=abc\n", "+DB_PASSWORD=…\n"),
            ("-  password: \"a b\"", "-  password:…"),
            (" requirepass abc", " requirepass …"),
            ("# a token\n", "# a token\n"),
            (
                "-colour = red\n+url = http://a:b@c/\n",
                "-colour = red\n+url = http://…@c/\n",
            ),
        ];
        for (text, expected) in rows {
            assert_eq!(settings(text), expected);
        }
    }

    proptest! {
        #[test]
        fn never_panics_and_never_shows_a_password(text in "\\PC{0,60}", password in "[A-Z]{8}") {
            let masked = urls(&format!("{text} https://u:{password}@host/ {text}"));
            prop_assert!(!masked.contains(&password));
        }
    }
}
