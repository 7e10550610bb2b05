//! Every parser of what nodes and guests send back, as plain functions of bytes: for fuzzing and for the replay of its
//! corpus. Each must come back whatever it is given, and nothing that a guest writes may count as another's.

use domain::Vmid;

use crate::{
    GuestProbe, NodeAddress, Place, Verb, Via,
    console::screen::{self, Stream},
    many,
    output::{self, Raw},
    ssh_config::SshConfig,
};

/// A parser by the name of its target.
pub type Parser = (&'static str, fn(&[u8]));

/// All of them.
pub const PARSERS: [Parser; 5] = [
    ("reach_output", reach_output),
    ("reach_probe", reach_probe),
    ("reach_many", reach_many),
    ("ssh_config", ssh_config),
    ("terminal_screen", terminal_screen),
];

const NONCE: &str = "00112233445566778899aabbccddeeff";

fn place(vmid: Option<Vmid>) -> Place {
    let address = NodeAddress {
        host: "pve1".into(),
        port: 22,
        user: "root".into(),
    };
    Place {
        via: Via::Ssh(address),
        vmid,
    }
}

/// What a channel gave until it closed: a byte for the exit status, then stdout, and after a zero byte stderr.
pub fn reach_output(data: &[u8]) {
    let (exit, rest) = data.split_at(data.len().min(1));
    let end = rest.iter().position(|byte| *byte == 0);
    let (stdout, stderr) = rest.split_at(end.unwrap_or(rest.len()));
    let raw = Raw {
        stdout: stdout.to_vec(),
        stderr: stderr.to_vec(),
        exit: exit.first().map(|byte| i32::from(*byte)),
    };
    for vmid in [None, Vmid::try_from(101).ok()] {
        let judged = output::judge(&place(vmid), Verb::Probe, NONCE, &raw);
        let marked = output::between_markers(&raw.stdout, NONCE);
        assert_eq!(judged.is_ok(), matches!(marked, Some((_, 0))));
        if let Err(error) = judged {
            assert!(!error.to_string().is_empty());
        }
    }
}

/// The lines of a probe.
pub fn reach_probe(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Ok(probe) = GuestProbe::parse(&text) {
        assert!(!probe.arch.is_empty());
    }
}

/// The answers of many guests in one text.
pub fn reach_many(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    for (text, _) in many::segments(&text, NONCE).into_values() {
        assert!(!text.contains(&format!("@@guest:{NONCE}:")));
    }
}

/// OpenSSH's client configuration of the user.
pub fn ssh_config(data: &[u8]) {
    let config = SshConfig::parse(&String::from_utf8_lossy(data));
    let mut names = config.names();
    names.truncate(4);
    for name in names.iter().map(String::as_str).chain(["pve1"]) {
        let found = config.lookup(name);
        let paths = found.identity_paths("/home/somebody");
        assert!(paths.len() <= found.identity_files.len());
    }
    let _ = config.unsupported().count();
}

/// What a terminal shows, in pieces of the length that the first byte says: marks are found whatever the pieces are.
pub fn terminal_screen(data: &[u8]) {
    let (length, rest) = data.split_at(data.len().min(1));
    let length = usize::from(length.first().copied().unwrap_or(1).max(1));
    let _ = screen::look(rest);
    let _ = (screen::is_ours(rest), screen::has_ended(rest));
    assert!(!screen::plain(rest).contains('\u{1b}'));
    let found = |length: usize| {
        let (mut stream, mut found) = (Stream::default(), Vec::new());
        for piece in rest.chunks(length) {
            stream.push(piece);
            while let Some(mark) = stream.until(NONCE, "ran") {
                found.push(mark);
            }
        }
        found
    };
    assert_eq!(found(length), found(rest.len().max(1)));
}
