//! Figures that move a little, so that a tree of simulated guests looks alive. Functions of time, nothing stored.

use serde_json::{Map, Value, json};

use super::{Guest, Node};
use crate::seed::noise;

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

/// `base` with slow waves and some noise on it, within 0 to 1.
fn moving(key: u64, base: f64, now: i64) -> f64 {
    let slow = (now as f64 / 47.0 + noise(key, 1) * 6.3).sin() * 0.25;
    let quick = noise(key, now.unsigned_abs() / 5) * 0.6 - 0.3;
    (base * (1.0 + slow + quick)).clamp(0.0, 1.0)
}

/// Four decimals are what people can read in a recording.
fn rounded(value: f64) -> f64 {
    (value * 10_000.0).round() / 10_000.0
}

fn key_of(text: &str) -> u64 {
    text.bytes()
        .fold(17, |key, b| key.wrapping_mul(31).wrapping_add(u64::from(b)))
}

fn share(of: u64, part: f64) -> u64 {
    (of as f64 * part) as u64
}

impl Node {
    /// Load of the processors now, 0 to 1.
    pub fn cpu(&self, now: i64) -> f64 {
        rounded(moving(key_of(&self.name), self.load, now))
    }

    /// Bytes in use now.
    pub fn memory_used(&self, now: i64) -> u64 {
        share(
            self.memory,
            0.2 + 0.5 * moving(key_of(&self.name) ^ 9, self.load.max(0.3), now / 4),
        )
    }

    /// Bytes in use of the root file system.
    pub fn disk_used(&self) -> u64 {
        share(self.disk, 0.1 + 0.3 * noise(key_of(&self.name), 3))
    }

    /// Seconds since it was started.
    pub fn uptime(&self, now: i64) -> i64 {
        (now - self.booted_at).max(1)
    }

    /// What it broadcasts of itself.
    pub(crate) fn figures(&self, now: i64) -> Map<String, Value> {
        let mut figures = Map::new();
        figures.insert("cpu".into(), number(self.cpu(now)));
        figures.insert("maxcpu".into(), json!(self.cores));
        figures.insert("mem".into(), json!(self.memory_used(now)));
        figures.insert("maxmem".into(), json!(self.memory));
        figures.insert("disk".into(), json!(self.disk_used()));
        figures.insert("maxdisk".into(), json!(self.disk));
        figures.insert("uptime".into(), json!(self.uptime(now)));
        figures.insert("level".into(), json!(""));
        figures
    }
}

impl Guest {
    fn key(&self) -> u64 {
        key_of(&self.mac)
    }

    /// Seconds since it was started; 0 while stopped.
    pub fn uptime(&self, now: i64) -> i64 {
        self.running_since.map_or(0, |since| (now - since).max(1))
    }

    /// Load of its processors now, 0 to 1.
    pub fn cpu(&self, now: i64) -> f64 {
        if self.running() {
            rounded(moving(self.key(), self.load, now))
        } else {
            0.0
        }
    }

    /// Bytes in use now.
    pub fn memory_used(&self, now: i64) -> u64 {
        if self.running() {
            let part = 0.08 + 0.4 * moving(self.key() ^ 5, 0.4 + self.load / 2.0, now / 3);
            share(self.memory * MIB, part)
        } else {
            0
        }
    }

    /// Bytes in use of its root volume; Proxmox knows it of running guests only.
    pub fn disk_used(&self) -> u64 {
        if self.running() {
            share(self.disk * GIB, 0.1 + 0.4 * noise(self.key(), 2))
        } else {
            0
        }
    }

    /// Bytes since the start: (in, out, read, written).
    pub(crate) fn traffic(&self, now: i64) -> [u64; 4] {
        let uptime = self.uptime(now).unsigned_abs();
        let rate = |n| (noise(self.key(), n) * 40_000.0) as u64 * uptime;
        [rate(11), rate(12), rate(13), rate(14)]
    }

    /// What its node wrote down of it at a moment; traffic in bytes a second.
    pub(crate) fn sample(&self, at: i64, cores: u32) -> Map<String, Value> {
        let rate = |n| {
            number(rounded(
                40_000.0 * moving(self.key() ^ n, noise(self.key(), n), at),
            ))
        };
        let sample = json!({
            "cpu": number(self.cpu(at)),
            "maxcpu": cores,
            "mem": self.memory_used(at),
            "maxmem": self.memory * MIB,
            "disk": self.disk_used(),
            "maxdisk": self.disk * GIB,
            "netin": rate(11),
            "netout": rate(12),
            "diskread": rate(13),
            "diskwrite": rate(14),
        });
        match sample {
            Value::Object(map) => map,
            _ => Map::new(),
        }
    }

    /// What its node broadcasts of it; `cores` are those that it may use.
    pub(crate) fn figures(&self, now: i64, cores: u32) -> Map<String, Value> {
        let [netin, netout, diskread, diskwrite] = self.traffic(now);
        let status = if self.running() { "running" } else { "stopped" };
        let figures = json!({
            "status": status,
            "name": self.name,
            "uptime": self.uptime(now),
            "cpu": number(self.cpu(now)),
            "maxcpu": cores,
            "mem": self.memory_used(now),
            "maxmem": self.memory * MIB,
            "disk": self.disk_used(),
            "maxdisk": self.disk * GIB,
            "netin": netin,
            "netout": netout,
            "diskread": diskread,
            "diskwrite": diskwrite,
            "template": u8::from(self.template),
        });
        match figures {
            Value::Object(map) => map,
            _ => Map::new(),
        }
    }
}

/// Perl prints a whole number without a fraction.
pub(crate) fn number(value: f64) -> Value {
    if value.fract() == 0.0 {
        json!(value as i64)
    } else {
        json!(value)
    }
}
