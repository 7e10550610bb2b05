//! Which machine this is, so that a clone of an enrolled guest does not pass for the guest that it was made from.

use std::fs;

use sha2::{Digest, Sha256};
use wire::Machine;

use super::host;
use crate::{
    Layout,
    files::{self, FileError},
};

/// This machine, as it is now.
pub fn now(layout: &Layout) -> Machine {
    let id = fs::read_to_string(layout.at("etc/machine-id")).ok();
    let id = id.map(|text| text.trim().to_owned());
    Machine {
        // The id itself is not to leave the machine (machine-id(5)): a digest of our own of it tells as much.
        id: id.filter(|id| id.len() == 32).map(|id| {
            let digest = Sha256::digest(format!("redflag machine {id}"));
            hex::encode(&digest[..16])
        }),
        macs: host::macs(layout),
    }
}

/// The machine on which the identity was made; none from before this was noted.
pub fn before(layout: &Layout) -> Result<Option<Machine>, FileError> {
    files::read_json_if_there(&layout.machine())
}

/// Notes that the identity belongs to `machine`; writes nothing when that is known.
pub fn note(layout: &Layout, machine: &Machine) -> Result<(), FileError> {
    if matches!(before(layout), Ok(Some(known)) if known == *machine) {
        return Ok(());
    }
    files::make_private_dir(&layout.state_dir())?;
    files::write_json(&layout.machine(), machine)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machines_id_is_told_apart_and_not_told() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("etc")).unwrap();
        let layout = Layout::new(root.path());
        assert_eq!(now(&layout).id, None);
        let id = "0123456789abcdef0123456789abcdef";
        fs::write(root.path().join("etc/machine-id"), format!("{id}\n")).unwrap();
        let told = now(&layout).id.unwrap();
        assert!(!told.contains(&id[..8]), "{told}");
        fs::write(root.path().join("etc/machine-id"), "uninitialized\n").unwrap();
        assert_eq!(now(&layout).id, None);
    }
}
