//! `GET …/lxc/{vmid}/rrddata`: the load of a guest over time. Keys are missing where there is no sample.

use serde::Deserialize;

use crate::lenient;

/// How far back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeFrame {
    /// A point a minute.
    Hour,
    Day,
    Week,
    Month,
    Year,
}

impl TimeFrame {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Year => "year",
        }
    }
}

/// The means over one step.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct LoadPoint {
    /// Seconds since 1970.
    #[serde(default, deserialize_with = "lenient::uint")]
    pub time: Option<u64>,
    /// 0 to 1, of the processors that it may use.
    #[serde(default, deserialize_with = "lenient::float")]
    pub cpu: Option<f64>,
    /// Bytes.
    #[serde(default, deserialize_with = "lenient::float")]
    pub mem: Option<f64>,
    #[serde(default, deserialize_with = "lenient::float")]
    pub maxmem: Option<f64>,
    /// Bytes a second.
    #[serde(default, deserialize_with = "lenient::float")]
    pub diskread: Option<f64>,
    #[serde(default, deserialize_with = "lenient::float")]
    pub diskwrite: Option<f64>,
    #[serde(default, deserialize_with = "lenient::float")]
    pub netin: Option<f64>,
    #[serde(default, deserialize_with = "lenient::float")]
    pub netout: Option<f64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_without_a_sample_has_only_its_time() {
        let points: Vec<LoadPoint> = serde_json::from_str(
            r#"[{"time":1795374960},{"time":1795375020,"cpu":0.25,"mem":"1048576","netin":null}]"#,
        )
        .unwrap();
        assert_eq!(
            points[0],
            LoadPoint {
                time: Some(1_795_374_960),
                ..LoadPoint::default()
            }
        );
        assert_eq!(
            (points[1].cpu, points[1].mem, points[1].netin),
            (Some(0.25), Some(1_048_576.0), None)
        );
    }
}
