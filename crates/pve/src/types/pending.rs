//! `GET …/lxc/{vmid}/pending`: settings that wait for the guest's next start.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::lenient::Scalar;

/// One setting, its active value and what it becomes.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "BTreeMap<String, Scalar>")]
pub struct PendingSetting {
    pub key: String,
    /// None when it is not set now.
    pub value: Option<String>,
    /// The value after the next start, where that is another one.
    pub pending: Option<String>,
    /// It goes away at the next start.
    pub delete: bool,
}

impl PendingSetting {
    /// Whether the next start changes it.
    pub fn changes(&self) -> bool {
        self.delete || self.pending.is_some()
    }
}

impl From<BTreeMap<String, Scalar>> for PendingSetting {
    fn from(row: BTreeMap<String, Scalar>) -> Self {
        let text = |key: &str| row.get(key).and_then(Scalar::text);
        Self {
            key: text("key").unwrap_or_default(),
            value: text("value"),
            pending: text("pending"),
            // 1, or 2 when forced.
            delete: row.get("delete").and_then(Scalar::uint).unwrap_or(0) > 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::PendingSetting;

    #[test]
    fn changes_and_removals_are_told_from_what_stays() {
        let rows: Vec<PendingSetting> = serde_json::from_str(
            r#"[{"key":"memory","value":256},{"key":"cmode","pending":"shell"},
                {"key":"swap","value":"512","pending":0},{"key":"mp0","value":"x","delete":"2"}]"#,
        )
        .unwrap();
        let changing: Vec<_> = rows
            .iter()
            .filter(|r| r.changes())
            .map(|r| r.key.as_str())
            .collect();
        assert_eq!(changing, ["cmode", "swap", "mp0"]);
        assert_eq!(rows[0].value.as_deref(), Some("256"));
        assert_eq!(rows[1].value, None);
        assert_eq!(rows[2].pending.as_deref(), Some("0"));
    }
}
