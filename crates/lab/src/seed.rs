//! Repeatable randomness: the same seed gives the same lab, whatever the machine.

/// A small generator (splitmix64). Good enough for simulated load and for faults; not for secrets.
#[derive(Clone, Debug)]
pub(crate) struct Seed(u64);

impl Seed {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mix(self.0)
    }

    /// A number from 0 (included) to 1 (excluded).
    pub(crate) fn unit(&mut self) -> f64 {
        to_unit(self.next())
    }
}

/// A number from 0 to 1 that depends on nothing but its arguments.
pub(crate) fn noise(a: u64, b: u64) -> f64 {
    to_unit(mix(a.wrapping_mul(0xD6E8_FEB8_6659_FD93) ^ mix(b)))
}

fn to_unit(bits: u64) -> f64 {
    // 53 bits are what a double holds exactly.
    (bits >> 11) as f64 / (1_u64 << 53) as f64
}

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// Text that nobody can guess: for token secrets and passwords, never from the seed.
///
/// # Errors
/// When the operating system has no randomness to give.
pub(crate) fn secret_hex(bytes: usize) -> Result<String, getrandom::Error> {
    let mut buffer = vec![0_u8; bytes];
    getrandom::fill(&mut buffer)?;
    Ok(hex::encode(buffer))
}

/// A random UUID as Proxmox prints token secrets.
///
/// # Errors
/// As for [`secret_hex`].
pub(crate) fn secret_uuid() -> Result<String, getrandom::Error> {
    let h = secret_hex(16)?;
    Ok(format!(
        "{}-{}-4{}-a{}-{}",
        &h[..8],
        &h[8..12],
        &h[13..16],
        &h[17..20],
        &h[20..32]
    ))
}
