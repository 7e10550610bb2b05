//! What the guest's files and systemd say, as plain functions of text: for fuzzing and for the replay of its corpus.

use super::{addresses, host, restarts, services};

/// `/etc/os-release`.
pub fn os_release(text: &str) {
    let _ = host::parse_os(text);
}

/// Files of `/proc`.
pub fn processes(text: &str) {
    let _ = host::started(text);
    let _ = restarts::unit_of(text);
    let _ = restarts::uses_replaced(text);
    let networks = addresses::connected(text);
    for address in addresses::local_v4(text) {
        let _ = addresses::is_inside(address, &networks);
    }
    assert!(addresses::local_v6(text).count() <= text.lines().count());
}

/// systemctl's lists.
pub fn units(text: &str) {
    let units = services::parse(text);
    assert!(units.iter().all(|unit| unit.ends_with(".service")));
}
