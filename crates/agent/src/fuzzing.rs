//! Every parser of what programs and files of a guest say, as plain functions of bytes: for fuzzing and for the replay
//! of its corpus. Each must come back whatever it is given.

use crate::{
    desktop::config, docker::fuzzing as docker, guest::fuzzing as guest, mask,
    packages::apt::fuzzing as apt, stream,
};

/// A parser by the name of its target.
pub type Parser = (&'static str, fn(&[u8]));

/// All of them.
pub const PARSERS: [Parser; 8] = [
    ("apt_simulation", apt_simulation),
    ("apt_cache", apt_cache),
    ("apt_refresh", apt_refresh),
    ("apt_progress", apt_progress),
    ("dpkg", dpkg),
    ("guest_files", guest_files),
    ("docker_answers", docker_answers),
    ("docker_container", docker_container),
];

fn text(data: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(data)
}

/// `apt-get -s`.
pub fn apt_simulation(data: &[u8]) {
    apt::simulation(&text(data));
}

/// `apt-cache policy` and `apt-cache show`.
pub fn apt_cache(data: &[u8]) {
    apt::cache(&text(data));
}

/// `apt-get update`, release files, and what is taken out of them and of configuration files.
pub fn apt_refresh(data: &[u8]) {
    let text = text(data);
    apt::refresh(&text);
    let _ = mask::urls(&text);
    let _ = mask::settings(&text);
}

/// The status pipe and the output of an installation.
pub fn apt_progress(data: &[u8]) {
    apt::progress(&text(data));
}

/// What dpkg knows: its query, its file, its configuration files.
pub fn dpkg(data: &[u8]) {
    apt::database(&text(data));
}

/// `/containers/json`, `/images/ID/json`, `/version`.
pub fn docker_answers(data: &[u8]) {
    docker::answers(data);
}

/// `/containers/ID/json`.
pub fn docker_container(data: &[u8]) {
    docker::container(data);
}

/// os-release, `/proc`, systemctl, the bootstrap.
pub fn guest_files(data: &[u8]) {
    let text = text(data);
    guest::os_release(&text);
    guest::processes(&text);
    guest::units(&text);
    let _ = stream::ticks(&text, 1);
    let _ = config::parse_bootstrap(&text);
}
