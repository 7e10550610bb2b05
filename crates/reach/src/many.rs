//! The same question to many guests of a node, as one command that loops over them there.
//!
//! Four lanes run at once on the node; each guest has its own time limit and its own marks in the output, so that
//! one bad guest neither stops nor confuses the rest.

use std::{collections::BTreeMap, time::Duration};

use domain::Vmid;

use crate::{
    Entry, Place, ReachError, Verb, Via,
    output::{self, Raw},
    run::nonce,
    script::{self, Payload},
};

/// Lanes in `many.sh`.
const LANES: usize = 4;
/// For one guest, in seconds.
pub(crate) const EACH: u64 = 10;
/// Exit statuses of timeout(1): ended by it, and killed by it.
const TIMED_OUT: [i32; 2] = [124, 137];

/// One loop, ready to be sent.
pub(crate) struct Round {
    key: String,
    inner: String,
    lanes: [String; LANES],
    way: &'static str,
}

impl Round {
    pub(crate) fn new(
        via: &Via,
        entry: Entry,
        guests: &[Vmid],
        verb: Verb,
    ) -> Result<Self, ReachError> {
        let place = Place {
            via: via.clone(),
            vmid: None,
        };
        let key = nonce(&place)?;
        let inner = script::frame(verb, &key, &[], &Payload::None).map_err(|name| {
            ReachError::BadInput {
                place,
                why: format!("{name} holds characters that do not belong there"),
            }
        })?;
        let mut lanes: [String; LANES] = Default::default();
        for (index, vmid) in guests.iter().enumerate() {
            let lane = &mut lanes[index % LANES];
            if !lane.is_empty() {
                lane.push(' ');
            }
            lane.push_str(&vmid.to_string());
        }
        Ok(Self {
            key,
            inner: String::from_utf8_lossy(&inner).into_owned(),
            lanes,
            way: match entry {
                Entry::Attach | Entry::Wrapper => "attach",
                Entry::Sudo => "sudo",
            },
        })
    }

    /// What the loop is given as shell variables.
    pub(crate) fn values(&self) -> [(&'static str, &str); 7] {
        let [one, two, three, four] = &self.lanes;
        [
            ("lane1", one),
            ("lane2", two),
            ("lane3", three),
            ("lane4", four),
            ("key", &self.key),
            ("limit", "10"),
            ("way", self.way),
        ]
    }

    /// What goes to each guest's shell.
    pub(crate) fn payload(&self) -> Payload<'_> {
        Payload::Text(&self.inner)
    }

    /// For the whole of it: as if every guest used up its time, and some for the way.
    pub(crate) fn limit(&self, guests: usize) -> Duration {
        let rounds = u64::try_from(guests.div_ceil(LANES)).unwrap_or(1_000);
        Duration::from_secs(20 + rounds * (EACH + 2))
    }

    /// Takes the loop's output apart.
    pub(crate) fn judge(
        &self,
        via: &Via,
        guests: &[Vmid],
        verb: Verb,
        text: &str,
    ) -> Vec<(Vmid, Result<String, ReachError>)> {
        let parts = segments(text, &self.key);
        guests
            .iter()
            .map(|vmid| {
                let place = Place {
                    via: via.clone(),
                    vmid: Some(*vmid),
                };
                (*vmid, outcome(place, verb, &self.key, parts.get(vmid)))
            })
            .collect()
    }
}

fn outcome(
    place: Place,
    verb: Verb,
    key: &str,
    part: Option<&(String, i32)>,
) -> Result<String, ReachError> {
    let Some((text, status)) = part else {
        return Err(ReachError::NoMarker {
            place,
            verb,
            exit: None,
            words: "the loop on the node did not get to it".into(),
        });
    };
    match output::between_markers(text.as_bytes(), key) {
        Some((body, 0)) => Ok(body),
        Some((body, status)) => Err(ReachError::Script {
            place,
            verb,
            status,
            stderr: output::words(body.as_bytes()),
        }),
        None if TIMED_OUT.contains(status) => Err(ReachError::Timeout {
            place,
            verb,
            limit: Duration::from_secs(EACH),
        }),
        None => {
            let raw = Raw {
                stdout: text.clone().into_bytes(),
                exit: Some(*status),
                ..Raw::default()
            };
            Err(output::without_marker(place, verb, &raw))
        }
    }
}

/// Each guest's text and the status with which it was left, by its marks. Parts without an end mark do not count.
pub(crate) fn segments(text: &str, key: &str) -> BTreeMap<Vmid, (String, i32)> {
    let mark = format!("@@guest:{key}:");
    let mut found = BTreeMap::new();
    let mut open: Option<(Vmid, &str)> = None;
    // A guest's own text may hold anything but the key, which it cannot know before its end.
    for part in text.split(mark.as_str()).skip(1) {
        let line = part.lines().next().unwrap_or_default();
        let Some((number, word)) = line.split_once(':') else {
            continue;
        };
        let Some(vmid) = number
            .parse()
            .ok()
            .and_then(|n: u32| Vmid::try_from(n).ok())
        else {
            continue;
        };
        if word == "begin" {
            let body = part.get(line.len()..).unwrap_or_default();
            open = Some((vmid, body.strip_prefix('\n').unwrap_or(body)));
        } else if let (Ok(status), Some((begun, body))) = (word.trim().parse(), open.take())
            && begun == vmid
        {
            found.entry(vmid).or_insert((body.to_owned(), status));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vmid(number: u32) -> Vmid {
        Vmid::try_from(number).expect("in range")
    }

    #[test]
    fn each_guest_has_its_own_text_and_status() {
        let text = "noise\n@@guest:k:101:begin\na\nb\n@@guest:k:101:0\n\n@@guest:k:102:begin\n@@guest:k:102:1\n\
            \n@@guest:k:103:begin\ncut off";
        let found = segments(text, "k");
        assert_eq!(found.get(&vmid(101)), Some(&("a\nb\n".into(), 0)));
        assert_eq!(found.get(&vmid(102)), Some(&(String::new(), 1)));
        assert_eq!(found.get(&vmid(103)), None);
    }

    #[test]
    fn a_guest_cannot_speak_for_another() {
        let text = "@@guest:k:101:begin\n@@guest:other:102:0\n@@guest:k:102:0\n@@guest:k:101:0\n";
        assert!(!segments(text, "k").contains_key(&vmid(102)));
        for text in [
            "@@guest:k:",
            "@@guest:k::",
            "@@guest:k:x:begin\n@@guest:k:x:0",
            "@@guest:k:101:0",
        ] {
            assert!(segments(text, "k").is_empty(), "{text}");
        }
    }
}
