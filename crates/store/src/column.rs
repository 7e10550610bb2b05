//! Between columns and types of the domain. What cannot be read back is named with its place.

use std::{fmt::Display, str::FromStr};

use domain::{Timestamp, fleet::Usage};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::StoreError;

pub(crate) fn damaged(place: &'static str) -> impl FnOnce(&dyn Display) -> StoreError {
    move |why| StoreError::Damaged {
        place,
        why: why.to_string(),
    }
}

/// An identity or name stored as text.
pub(crate) fn parsed<T>(place: &'static str, text: &str) -> Result<T, StoreError>
where
    T: FromStr,
    T::Err: Display,
{
    text.parse().map_err(|e: T::Err| damaged(place)(&e))
}

/// The same where there may be none.
pub(crate) fn parsed_option<T>(
    place: &'static str,
    text: Option<String>,
) -> Result<Option<T>, StoreError>
where
    T: FromStr,
    T::Err: Display,
{
    text.map(|t| parsed(place, &t)).transpose()
}

/// A nested value stored as JSON.
pub(crate) fn from_json<T: DeserializeOwned>(
    place: &'static str,
    text: &str,
) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|e| damaged(place)(&e))
}

/// The same where there may be none.
pub(crate) fn from_json_option<T: DeserializeOwned>(
    place: &'static str,
    text: Option<String>,
) -> Result<Option<T>, StoreError> {
    text.map(|t| from_json(place, &t)).transpose()
}

pub(crate) fn to_json<T: Serialize + ?Sized>(value: &T) -> Result<String, StoreError> {
    Ok(serde_json::to_string(value)?)
}

pub(crate) fn to_json_option<T: Serialize>(
    value: Option<&T>,
) -> Result<Option<String>, StoreError> {
    value.map(to_json).transpose()
}

/// The stored name of a plain enum's variant.
pub(crate) fn to_word<T: Serialize>(value: T) -> Result<String, StoreError> {
    match serde_json::to_value(value)? {
        Value::String(word) => Ok(word),
        other => Err(StoreError::Damaged {
            place: "a state",
            why: format!("{other} is not a word"),
        }),
    }
}

/// The variant of a plain enum by its stored name.
pub(crate) fn from_word<T: DeserializeOwned>(
    place: &'static str,
    word: String,
) -> Result<T, StoreError> {
    serde_json::from_value(Value::String(word)).map_err(|e| damaged(place)(&e))
}

/// A number that must fit a narrower type.
pub(crate) fn number<T: TryFrom<N>, N>(place: &'static str, value: N) -> Result<T, StoreError>
where
    T::Error: Display,
{
    T::try_from(value).map_err(|e| damaged(place)(&e))
}

/// The same where there may be none.
pub(crate) fn number_option<T: TryFrom<i64>>(
    place: &'static str,
    value: Option<i64>,
) -> Result<Option<T>, StoreError>
where
    T::Error: Display,
{
    value.map(|v| number(place, v)).transpose()
}

pub(crate) fn usage(
    place: &'static str,
    used: Option<i64>,
    total: Option<i64>,
) -> Result<Option<Usage>, StoreError> {
    Ok(match (used, total) {
        (Some(used), Some(total)) => Some(Usage {
            used: number(place, used)?,
            total: number(place, total)?,
        }),
        _ => None,
    })
}

pub(crate) fn moment(value: Option<i64>) -> Option<Timestamp> {
    value.map(Timestamp)
}

/// SQLite keeps 64-bit reals; what was a 32-bit one comes back as the same.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the stored value came from an f32"
)]
pub(crate) fn real(value: Option<f64>) -> Option<f32> {
    value.map(|v| v as f32)
}
