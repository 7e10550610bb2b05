//! Writes that RedFlag does not make, as far as Proxmox refuses them at once: the errors of a real node are worth
//! having even where the double does not carry the work out (501 then).

use super::{
    answer::Refused,
    call::{Call, Effect},
    config, lxc,
};
use crate::world::Node;

/// Privileges any of which lets one change a guest's configuration.
const CONFIGURE: [&str; 5] = [
    "VM.Config.Disk",
    "VM.Config.CPU",
    "VM.Config.Memory",
    "VM.Config.Network",
    "VM.Config.Options",
];

/// Methods of a node.
pub(super) fn on_node(call: &Call<'_>, node: &Node, rest: &[&str]) -> Result<Effect, Refused> {
    let here = format!("/nodes/{}", node.name);
    match (call.method, rest) {
        ("GET" | "POST", ["apt", "update"]) => call.needs(&here, "Sys.Modify")?,
        ("POST", ["termproxy"]) => {
            call.needs(&here, "Sys.Console")?;
            if call.caller.id.contains('!') {
                let words = format!(
                    "value '{}' does not look like a valid user name",
                    call.caller.id
                );
                return Err(Refused::Died(words));
            }
        }
        ("PUT", ["lxc", vmid, "config"]) => {
            let path = format!("/vms/{vmid}");
            if !CONFIGURE.iter().any(|p| call.allows(&path, p)) {
                return Err(Refused::permission(path, &CONFIGURE.join("|")));
            }
            if let Some(effect) = console_mode(call, node, vmid, &path)? {
                return Ok(effect);
            }
        }
        ("POST", ["lxc", vmid, "snapshot"]) => {
            snapshot_name(call)?;
            call.needs(&format!("/vms/{vmid}"), "VM.Snapshot")?;
            if let Some(name @ ("current" | "vzdump")) = call.parameters.get("snapname") {
                let words = format!("unable to use snapshot name '{name}' (reserved name)");
                return Err(Refused::Died(words));
            }
        }
        ("POST", ["lxc", vmid, "termproxy"]) => {
            call.parameters.only(&[])?;
            call.needs(&format!("/vms/{vmid}"), "VM.Console")?;
            let guest = lxc::find(call, node, vmid)?;
            let mut task = lxc::task(call, call.entry, "vncproxy", vmid);
            task.log.push("client connection: [::1]:35306".into());
            return Ok(Effect::Terminal(guest.vmid, task));
        }
        _ => {}
    }
    call.no_method()
}

/// A change of `cmode` and nothing else, which is all that the double carries out.
fn console_mode(
    call: &Call<'_>,
    node: &Node,
    vmid: &str,
    path: &str,
) -> Result<Option<Effect>, Refused> {
    let (mode, delete) = (call.parameters.get("cmode"), call.parameters.get("delete"));
    let mode = match (mode, delete) {
        (Some(_), None) => call
            .parameters
            .one_of("cmode", &["shell", "console", "tty"])?,
        (None, Some("cmode")) => None,
        _ => return Ok(None),
    };
    call.parameters.only(&["cmode", "delete", "digest"])?;
    call.needs(path, "VM.Config.Options")?;
    let guest = lxc::find(call, node, vmid)?;
    if let Some(lock) = &guest.lock {
        return Err(Refused::Died(format!("CT is locked ({lock})")));
    }
    if let Some(digest) = call.parameters.get("digest") {
        let now = config::active(call.cluster, guest);
        if now.get("digest").and_then(|d| d.as_str()) != Some(digest) {
            let words = "detected modified configuration - file changed by other user? Try again.";
            return Err(Refused::Died(words.into()));
        }
    }
    Ok(Some(Effect::ConsoleMode(
        guest.vmid,
        mode.map(str::to_owned),
    )))
}

fn snapshot_name(call: &Call<'_>) -> Result<(), Refused> {
    call.parameters.only(&["snapname", "description"])?;
    let name = call.parameters.required("snapname")?;
    let sound = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && (2..=40).contains(&name.len())
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b));
    if sound {
        return Ok(());
    }
    let words = format!("invalid format - invalid configuration ID '{name}'\n");
    Err(Refused::parameter("snapname", words))
}
