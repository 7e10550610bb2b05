//! What the simulated node and its guests answer to each verb.

use std::collections::HashMap;

use russh::keys::PublicKey;
use rustls::pki_types::{CertificateDer, pem::PemObject};
use wire::Bootstrap;

use super::{holds, script::Script};
use crate::{
    ground::Place,
    guest::{self, BINARY, BOOTSTRAP, VERSION},
    world::{
        Guest, Live, Machine, World,
        machine::{File, Standing},
    },
};

/// What a command wrote, and its exit status.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) stdout: Vec<u8>,
    pub(super) stderr: Vec<u8>,
    pub(super) exit: u32,
}

impl Said {
    fn error(exit: u32, words: impl Into<String>) -> Self {
        let mut words: String = words.into();
        words.push('\n');
        Self {
            stdout: Vec::new(),
            stderr: words.into_bytes(),
            exit,
        }
    }
}

/// What a script's body did: its standard output, or status and words of failure.
type Done = Result<String, (u32, String)>;

/// Runs one command line with this standard input.
pub(super) fn run(live: &Live, place: Place, command: &str, input: &[u8]) -> Said {
    let words: Vec<&str> = command.split_whitespace().collect();
    match words.as_slice() {
        ["/bin/sh", "-s"] => shell(input, |script| on_node(live, place, script)),
        [
            "lxc-attach",
            "-n",
            vmid,
            "--clear-env",
            "--",
            "/bin/sh",
            "-s",
        ]
        | ["pct", "exec", vmid, "--", "/bin/sh", "-s"]
        | ["sudo", "-n", "pct", "exec", vmid, "--", "/bin/sh", "-s"]
        | ["exec", vmid] => {
            let Ok(number) = vmid.parse::<u32>() else {
                return Said::error(1, "lxc-attach: invalid container name");
            };
            if let Err(said) = may_enter(live, place, number) {
                return said;
            }
            shell(input, |script| in_guest(live, place, number, script))
        }
        [program, ..] => Said::error(127, format!("bash: line 1: {program}: command not found")),
        [] => Said::default(),
    }
}

/// Runs a script over a guest's console; gives all that it wrote. `held`: files that lie in the guest.
pub(super) fn run_by_console(
    live: &Live,
    (cluster, vmid): (usize, u32),
    input: &[u8],
    held: &HashMap<String, Vec<u8>>,
) -> String {
    let place = live.read(|w| {
        let cluster_of = w.clusters.get(cluster)?;
        let guest = cluster_of.guests.get(&vmid)?;
        let node = cluster_of.nodes.iter().position(|n| n.name == guest.node)?;
        Some(Place { cluster, node })
    });
    let Some(place) = place else {
        return String::new();
    };
    let said = shell(input, |script| {
        let mut script = script.clone();
        if let Some((file, compressed)) = &script.staged {
            let bytes = held.get(file).cloned().unwrap_or_default();
            script.payload = Some(match compressed {
                true => unpacked(&bytes),
                false => bytes,
            });
        }
        in_guest(live, place, vmid, &script)
    });
    // A terminal shows errors where they come: after the beginning.
    let shown = String::from_utf8_lossy(&said.stdout);
    let errors = String::from_utf8_lossy(&said.stderr);
    let (begin, rest) = shown.split_at(shown.find('\n').map_or(0, |end| end + 1));
    format!("{begin}{errors}{rest}")
}

fn unpacked(bytes: &[u8]) -> Vec<u8> {
    use std::io::Read;
    let mut unpacked = Vec::new();
    match flate2::read::GzDecoder::new(bytes).read_to_end(&mut unpacked) {
        Ok(_) => unpacked,
        Err(_) => Vec::new(),
    }
}

/// Asks each guest of a loop's lanes, as the loop on a node does.
fn many(live: &Live, place: Place, script: &Script) -> Done {
    let inner = script.payload.as_deref().unwrap_or_default();
    let key = script.value("key").unwrap_or_default();
    let lanes = ["lane1", "lane2", "lane3", "lane4"];
    let mut output = String::new();
    for vmid in lanes
        .into_iter()
        .filter_map(|lane| script.value(lane))
        .flat_map(str::split_whitespace)
    {
        let line = format!("lxc-attach -n {vmid} --clear-env -- /bin/sh -s");
        let said = run(live, place, &line, inner);
        let text = String::from_utf8_lossy(&[said.stderr, said.stdout].concat()).into_owned();
        output.push_str(&format!(
            "\n@@guest:{key}:{vmid}:begin\n{text}@@guest:{key}:{vmid}:{}\n",
            said.exit
        ));
    }
    Ok(output)
}

/// Frames what a script printed by its markers; text that is no such script ends like an empty one.
fn shell(input: &[u8], body: impl FnOnce(&Script) -> Done) -> Said {
    let Some(script) = Script::parse(input) else {
        return Said::default();
    };
    let (output, errors, status) = match body(&script) {
        Ok(output) => (output, String::new(), 0),
        Err((status, words)) => (String::new(), format!("{words}\n"), status),
    };
    let nonce = &script.nonce;
    let text = format!("@@redflag:{nonce}:begin\n{output}\n@@redflag:{nonce}:{status}\n");
    Said {
        stdout: text.into_bytes(),
        stderr: errors.into_bytes(),
        exit: 0,
    }
}

/// The guest, if it is configured on this node.
fn find(world: &World, place: Place, vmid: u32) -> Option<&Guest> {
    let (cluster, node) = place.find(world)?;
    let guest = cluster.guests.get(&vmid)?;
    (guest.node == node.name).then_some(guest)
}

fn may_enter(live: &Live, place: Place, vmid: u32) -> Result<(), Said> {
    live.read(|w| match find(w, place, vmid) {
        None => Err(Said::error(
            1,
            format!("lxc-attach: {vmid}: ../src/lxc/tools/lxc_attach.c: main: 501 Container does not exist"),
        )),
        Some(guest) if !guest.running() => Err(Said::error(
            1,
            format!(
                "lxc-attach: {vmid}: ../src/lxc/attach.c: get_attach_context: 406 Connection refused - Failed to get init pid"
            ),
        )),
        Some(_) => Ok(()),
    })
}

fn unknown(verb: &str) -> Done {
    Err((
        127,
        format!("/bin/sh: 1: redflag: {verb} is not known to this lab"),
    ))
}

fn on_node(live: &Live, place: Place, script: &Script) -> Done {
    match script.verb.as_str() {
        "hostname" => Ok(live.read(|w| {
            place
                .find(w)
                .map_or_else(String::new, |(_, node)| format!("{}\n", node.name))
        })),
        "guests" => Ok(live.read(|w| {
            let Some((cluster, node)) = place.find(w) else {
                return String::new();
            };
            let running = |g: &&Guest| g.node == node.name && g.running();
            let rows = cluster.guests.values().filter(running);
            rows.map(|g| format!("{}\n", g.vmid)).collect()
        })),
        "many" => many(live, place, script),
        "allowed" => Ok("/usr/sbin/pct exec 100 -- /bin/sh -s\n".into()),
        "run-key" => install_key(live, place, script.value("line").unwrap_or_default()),
        verb => unknown(verb),
    }
}

/// Adds a line to `authorized_keys`, unless its key is there already.
fn install_key(live: &Live, place: Place, line: &str) -> Done {
    // Options may stand before the key.
    let start = line.find("ssh-").or_else(|| line.find("ecdsa-"));
    let key = start.and_then(|at| PublicKey::from_openssh(&line[at..]).ok());
    let Some(key) = key.and_then(|k| k.to_openssh().ok()) else {
        return Err((
            5,
            "the key did not stay in /root/.ssh/authorized_keys".into(),
        ));
    };
    let blob = key.split(' ').nth(1).unwrap_or_default().to_owned();
    live.change(|w| {
        let known = place.find(w).is_some_and(|(_, node)| holds(node, &blob));
        if known {
            return Ok("added=no\n".into());
        }
        // The file is a link into the cluster's own file system: one line opens every node.
        for node in w
            .clusters
            .get_mut(place.cluster)
            .map_or(&mut [][..], |c| c.nodes.as_mut_slice())
        {
            node.authorized_keys.push(line.to_owned());
        }
        Ok("added=yes\n".into())
    })
}

fn in_guest(live: &Live, place: Place, vmid: u32, script: &Script) -> Done {
    live.change(|w| {
        let guest = w
            .clusters
            .get_mut(place.cluster)
            .and_then(|c| c.guests.get_mut(&vmid))
            .ok_or((1, "the guest is gone".to_owned()))?;
        let name = guest.name.clone();
        let machine = &mut guest.machine;
        match script.verb.as_str() {
            "hostname" => Ok(format!("{name}\n")),
            "probe" => Ok(probe(machine)),
            "copy" => copy(machine, script),
            "configure" => configure(machine, script),
            "install" => install(machine),
            "clean" => Ok(clean(machine)),
            "restart" => restart(machine),
            "remove" => {
                guest::uninstall(machine);
                Ok("removed=yes\n".into())
            }
            verb => unknown(verb),
        }
    })
}

fn probe(machine: &Machine) -> String {
    let mut text = format!(
        "arch=x86_64\ninit={}\nos={}\nuid=0\nprivileged=no\nmissing=\nreadonly=\nroute=yes\nfree={free}\nfree_state={free}\n",
        machine.init,
        machine.os.id,
        free = machine.free
    );
    if machine.files.contains_key(BINARY) {
        let configured = if machine.enrolled() { "yes" } else { "no" };
        text.push_str(&format!("agent={VERSION}\nconfigured={configured}\n"));
        if let Some(agent) = &machine.agent {
            let running = if agent.session.is_some() { "yes" } else { "no" };
            text.push_str(&format!("running={running}\n"));
            if let Ok(authority) = CertificateDer::from_pem_slice(agent.ca_pem.as_bytes()) {
                let sha256 = tls::fingerprint(&authority);
                text.push_str(&format!("authority={sha256}\n"));
            }
            if let Standing::Enrolled(identity) = &agent.standing {
                let (agent, guest) = (identity.agent, identity.guest);
                text.push_str(&format!("agent_id={agent}\nguest_id={guest}\n"));
            }
        }
    }
    text
}

fn copy(machine: &mut Machine, script: &Script) -> Done {
    let expected = script.value("expected").unwrap_or_default();
    if let Some(binary) = machine.files.get_mut(BINARY)
        && binary.sha256 == expected
    {
        binary.mode = 0o755;
        return Ok(format!("copied=no\nsha256={expected}\n"));
    }
    let Some(payload) = script.payload.as_deref() else {
        return Err((5, "base64: invalid input".into()));
    };
    if machine.free < payload.len() as u64 {
        return Err((
            5,
            format!("cat: write error: No space left on device: {BINARY}.new"),
        ));
    }
    let file = File::new(payload, 0o755);
    if file.sha256 != expected {
        return Err((
            5,
            format!(
                "what arrived in {BINARY}.new has the SHA-256 {}, expected {expected}",
                file.sha256
            ),
        ));
    }
    let answer = format!("copied=yes\nsha256={}\n", file.sha256);
    machine.files.insert(BINARY.into(), file);
    Ok(answer)
}

fn configure(machine: &mut Machine, script: &Script) -> Done {
    let payload = script.payload.as_deref().unwrap_or_default();
    machine
        .files
        .insert(BOOTSTRAP.into(), File::new(payload, 0o600));
    Ok(String::new())
}

fn install(machine: &mut Machine) -> Done {
    if !machine.files.contains_key(BINARY) {
        return Err((127, format!("{BINARY} is not there")));
    }
    if let Some(words) = &machine.quirks.install_error {
        return Err((1, words.clone()));
    }
    let content = machine.files.get(BOOTSTRAP).and_then(|f| f.content.clone());
    let Some(content) = content else {
        if machine.enrolled() {
            return Ok("the agent is installed and enrolled already\n".into());
        }
        return Err((1, format!("error: {BOOTSTRAP} is missing")));
    };
    match serde_json::from_slice::<Bootstrap>(&content) {
        Ok(bootstrap) => {
            guest::install(machine, bootstrap);
            Ok("redflag-agent.service is enabled and active\n".into())
        }
        Err(error) => Err((1, format!("error: {BOOTSTRAP} cannot be read: {error}"))),
    }
}

fn restart(machine: &mut Machine) -> Done {
    if !machine.files.contains_key(BINARY) {
        return Err((127, format!("{BINARY} is not there")));
    }
    match &mut machine.agent {
        // Another life of the process.
        Some(agent) => agent.installation += 1,
        None => return Err((5, "Unit redflag-agent.service not found.".into())),
    }
    machine.quirks.silent = false;
    Ok(String::new())
}

fn clean(machine: &mut Machine) -> String {
    machine.files.remove(BOOTSTRAP);
    if machine.enrolled() {
        return "enrolled=yes\n".into();
    }
    guest::uninstall(machine);
    "enrolled=no\n".into()
}
