//! Reading what Perl writes: a number may be a string, a string a number, a boolean 1, "1", true or "".
//!
//! Optional facts that cannot be read count as absent, so that one odd value of a new version does not hide a
//! cluster; what identifies a row is checked where the row is made.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor},
};

/// One value of any JSON type; lists and objects are only noted.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Scalar {
    Absent,
    Bool(bool),
    Integer(i64),
    Large(u64),
    Float(f64),
    Text(String),
    Compound,
}

impl Scalar {
    pub(crate) fn uint(&self) -> Option<u64> {
        match self {
            Self::Integer(n) => u64::try_from(*n).ok(),
            Self::Large(n) => Some(*n),
            Self::Bool(b) => Some(u64::from(*b)),
            Self::Float(f) => whole(*f),
            Self::Text(text) => {
                let text = text.trim();
                text.parse()
                    .ok()
                    .or_else(|| text.parse::<f64>().ok().and_then(whole))
            }
            Self::Absent | Self::Compound => None,
        }
    }

    pub(crate) fn float(&self) -> Option<f64> {
        let value = match self {
            Self::Integer(n) => *n as f64,
            Self::Large(n) => *n as f64,
            Self::Float(f) => *f,
            Self::Text(text) => text.trim().parse().ok()?,
            Self::Bool(_) | Self::Absent | Self::Compound => return None,
        };
        value.is_finite().then_some(value)
    }

    pub(crate) fn boolean(&self) -> Option<bool> {
        match self {
            Self::Bool(b) => Some(*b),
            Self::Integer(n) => Some(*n != 0),
            Self::Large(_) => Some(true),
            Self::Float(f) => Some(*f != 0.0),
            Self::Text(text) => match text.trim().to_ascii_lowercase().as_str() {
                "1" | "true" | "yes" | "on" => Some(true),
                "0" | "false" | "no" | "off" | "" => Some(false),
                _ => None,
            },
            Self::Absent | Self::Compound => None,
        }
    }

    pub(crate) fn text(&self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text.clone()),
            Self::Integer(n) => Some(n.to_string()),
            Self::Large(n) => Some(n.to_string()),
            Self::Float(f) => Some(f.to_string()),
            Self::Bool(b) => Some(u8::from(*b).to_string()),
            Self::Absent | Self::Compound => None,
        }
    }
}

fn whole(f: f64) -> Option<u64> {
    (f.is_finite() && f >= 0.0 && f < u64::MAX as f64).then_some(f as u64)
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Scalar;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }
            fn visit_bool<E>(self, v: bool) -> Result<Scalar, E> {
                Ok(Scalar::Bool(v))
            }
            fn visit_i64<E>(self, v: i64) -> Result<Scalar, E> {
                Ok(Scalar::Integer(v))
            }
            fn visit_u64<E>(self, v: u64) -> Result<Scalar, E> {
                Ok(i64::try_from(v).map_or(Scalar::Large(v), Scalar::Integer))
            }
            fn visit_f64<E>(self, v: f64) -> Result<Scalar, E> {
                Ok(Scalar::Float(v))
            }
            fn visit_str<E>(self, v: &str) -> Result<Scalar, E> {
                Ok(Scalar::Text(v.to_owned()))
            }
            fn visit_string<E>(self, v: String) -> Result<Scalar, E> {
                Ok(Scalar::Text(v))
            }
            fn visit_unit<E>(self) -> Result<Scalar, E> {
                Ok(Scalar::Absent)
            }
            fn visit_none<E>(self) -> Result<Scalar, E> {
                Ok(Scalar::Absent)
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Scalar, A::Error> {
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Scalar::Compound)
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Scalar, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Scalar::Compound)
            }
        }
        deserializer.deserialize_any(Any)
    }
}

/// For `deserialize_with` on `Option<u64>`.
pub(crate) fn uint<'de, D: Deserializer<'de>>(d: D) -> Result<Option<u64>, D::Error> {
    Ok(Scalar::deserialize(d)?.uint())
}

/// For `deserialize_with` on `Option<f64>`.
pub(crate) fn float<'de, D: Deserializer<'de>>(d: D) -> Result<Option<f64>, D::Error> {
    Ok(Scalar::deserialize(d)?.float())
}

/// For `deserialize_with` on `Option<bool>`.
pub(crate) fn boolean<'de, D: Deserializer<'de>>(d: D) -> Result<Option<bool>, D::Error> {
    Ok(Scalar::deserialize(d)?.boolean())
}

/// For `deserialize_with` on `Option<String>`.
pub(crate) fn text<'de, D: Deserializer<'de>>(d: D) -> Result<Option<String>, D::Error> {
    Ok(Scalar::deserialize(d)?.text())
}

/// A list of words as Proxmox writes tags: separated by `;`, in older versions also `,` or spaces.
pub(crate) fn words(text: Option<&str>) -> Vec<String> {
    text.unwrap_or_default()
        .split([';', ',', ' '])
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{Scalar, words};
    use proptest::prelude::*;

    fn scalar(json: &str) -> Scalar {
        serde_json::from_str(json).expect(json)
    }

    #[test]
    fn numbers_are_read_from_numbers_strings_and_booleans() {
        for (json, expected) in [
            ("100", Some(100)),
            ("\"100\"", Some(100)),
            ("\" 7 \"", Some(7)),
            ("1.9", Some(1)),
            ("\"2.5\"", Some(2)),
            ("18446744073709551615", Some(u64::MAX)),
            ("true", Some(1)),
            ("-1", None),
            ("\"\"", None),
            ("\"nan\"", None),
            ("null", None),
            ("[1]", None),
            ("{\"a\": [1]}", None),
        ] {
            assert_eq!(scalar(json).uint(), expected, "{json}");
        }
        for (json, expected) in [
            ("0.25", Some(0.25)),
            ("\"0.25\"", Some(0.25)),
            ("0", Some(0.0)),
            ("\"inf\"", None),
            ("\"\"", None),
            ("true", None),
        ] {
            assert_eq!(scalar(json).float(), expected, "{json}");
        }
    }

    #[test]
    fn booleans_are_read_in_every_spelling() {
        for json in ["1", "\"1\"", "true", "\"true\"", "2"] {
            assert_eq!(scalar(json).boolean(), Some(true), "{json}");
        }
        for json in ["0", "\"0\"", "false", "\"\"", "0.0"] {
            assert_eq!(scalar(json).boolean(), Some(false), "{json}");
        }
        for json in ["null", "[]", "\"maybe\""] {
            assert_eq!(scalar(json).boolean(), None, "{json}");
        }
    }

    #[test]
    fn a_name_that_looks_like_a_number_stays_a_name() {
        assert_eq!(scalar("42").text().as_deref(), Some("42"));
        assert_eq!(scalar("\"042\"").text().as_deref(), Some("042"));
        assert_eq!(scalar("null").text(), None);
    }

    #[test]
    fn tags_are_split_at_every_separator_of_any_version() {
        assert_eq!(words(Some("prod;web")), ["prod", "web"]);
        assert_eq!(words(Some(";a, b ;")), ["a", "b"]);
        assert!(words(Some("")).is_empty() && words(None).is_empty());
    }

    proptest! {
        #[test]
        fn any_number_means_the_same_as_its_text(n: u64) {
            prop_assert_eq!(scalar(&n.to_string()).uint(), Some(n));
            prop_assert_eq!(scalar(&format!("\"{n}\"")).uint(), Some(n));
        }
    }
}
