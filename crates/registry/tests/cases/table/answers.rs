//! How a registry may want to be asked, and what it may answer.

use super::*;

pub(super) fn doors() -> Vec<Row> {
    let bearer = |user: Option<(String, String)>| manners(|m| m.door = Door::Bearer { user });
    vec![
        (
            "tokens",
            "everybody needs a token",
            "current",
            scene(|s| s.manners = bearer(None)),
        ),
        (
            "tokens",
            "every token is good once",
            "current",
            scene(|s| {
                s.has = Has::Platform;
                s.manners = Manners {
                    token_uses: Some(1),
                    ..bearer(None)
                };
            }),
        ),
        (
            "tokens",
            "private, the right user",
            "current",
            scene(|s| {
                s.manners = manners(|m| m.door = user());
                s.user = Some(("joe", "pa55"));
            }),
        ),
        (
            "tokens",
            "private, the wrong password",
            "no access",
            scene(|s| {
                s.manners = manners(|m| m.door = user());
                s.user = Some(("joe", "wrong"));
            }),
        ),
        (
            "tokens",
            "private, nobody",
            "no access",
            scene(|s| s.manners = manners(|m| m.door = user())),
        ),
        (
            "tokens",
            "password with every call, the right user",
            "current",
            scene(|s| {
                s.manners = manners(|m| m.door = basic());
                s.user = Some(("joe", "pa55"));
            }),
        ),
        (
            "tokens",
            "password with every call, nobody",
            "no access",
            scene(|s| s.manners = manners(|m| m.door = basic())),
        ),
        (
            "headers",
            "no digest is told",
            "current",
            scene(|s| s.manners = manners(|m| m.no_digest = true)),
        ),
        (
            "headers",
            "no digest is told, the tag has moved",
            "update",
            scene(|s| {
                s.manners = manners(|m| m.no_digest = true);
                s.then = Then::Moved;
            }),
        ),
        (
            "headers",
            "HEAD is refused",
            "current",
            scene(|s| s.manners = manners(|m| m.no_head = Some(405))),
        ),
        (
            "headers",
            "HEAD ends in an error",
            "current",
            scene(|s| s.manners = manners(|m| m.no_head = Some(500))),
        ),
        (
            "headers",
            "no media type",
            "current",
            scene(|s| {
                s.manners = manners(|m| m.no_type = true);
                s.has = Has::Platform;
            }),
        ),
    ]
}

pub(super) fn troubles() -> Vec<Row> {
    let too_many = |name: &str, value: &str| {
        manners(|m| {
            m.mood = Mood::TooMany {
                headers: vec![(name.to_owned(), value.to_owned())],
            };
        })
    };
    vec![
        (
            "limits",
            "429, known before",
            "rate-limited, current before",
            then(too_many("retry-after", "60")),
        ),
        (
            "limits",
            "429 with a date",
            "rate-limited, current before",
            then(too_many("retry-after", "Sat, 28 Nov 2099 10:05:00 GMT")),
        ),
        (
            "limits",
            "429, never known",
            "rate-limited",
            scene(|s| s.manners = too_many("retry-after", "60")),
        ),
        (
            "limits",
            "429, the tag has moved",
            "rate-limited, current before",
            scene(|s| {
                s.asked_before = true;
                s.then = Then::Moved;
                s.manners = too_many("retry-after", "60");
            }),
        ),
        (
            "failures",
            "500",
            "unknown, current before",
            then(error(500, "database is down")),
        ),
        (
            "failures",
            "503, never known",
            "unknown",
            scene(|s| s.manners = error(503, "later")),
        ),
        (
            "failures",
            "401 after it was open",
            "no access",
            then(error(401, "authentication required")),
        ),
        ("failures", "403", "no access", then(error(403, "denied"))),
        (
            "failures",
            "a page for people",
            "unknown, current before",
            then(manners(|m| m.mood = Mood::Page)),
        ),
        (
            "failures",
            "no answer",
            "unknown, current before",
            then(manners(|m| m.mood = Mood::Silent)),
        ),
        (
            "redirects",
            "without end",
            "unknown, current before",
            then(manners(|m| {
                m.mood = Mood::Elsewhere {
                    base: String::new(),
                };
            })),
        ),
    ]
}
