//! From a request to an answer: envelope, credentials, the method, and the node that must answer it.

use std::sync::Arc;

use super::{
    access,
    answer::{Answer, Envelope, Refused},
    cluster, connection, ha,
    http::{Keep, Reply, Request},
    login, lxc, nodes, packages,
    parameters::{Parameters, decode},
    tasks, writes,
};
use crate::{
    console,
    ground::{Ground, Place},
    world::{
        Broadcasts, Caller, Cluster, Down, Node, Profile, Task, World, access::change::Change,
        seconds,
    },
};

/// Who asks what of which cluster, at what moment.
#[derive(Clone, Copy)]
pub(crate) struct Call<'a> {
    pub(crate) cluster: &'a Cluster,
    /// The node that was asked; it answers for all.
    pub(crate) entry: &'a Node,
    /// The release of the node that carries the call out.
    pub(crate) profile: Profile,
    pub(crate) caller: Caller<'a>,
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) parameters: &'a Parameters,
    /// Seconds since 1970.
    pub(crate) now: i64,
    /// What the entry node has last read of the broadcasts.
    pub(crate) broadcast: &'a Broadcasts,
    /// Figures are those of the moment, not those of the last broadcast.
    pub(crate) current: bool,
}

impl Call<'_> {
    /// Whether the caller has a privilege at a path.
    pub(crate) fn allows(&self, path: &str, privilege: &str) -> bool {
        self.cluster.allows(self.caller, path, privilege)
    }

    /// Refuses a caller without the privilege.
    pub(crate) fn needs(&self, path: &str, privilege: &str) -> Result<(), Refused> {
        if self.allows(path, privilege) {
            Ok(())
        } else {
            Err(Refused::permission(path, privilege))
        }
    }

    pub(super) fn no_method<T>(&self) -> Result<T, Refused> {
        Err(Refused::NoMethod(format!("{} {}", self.method, self.path)))
    }
}

/// What a call leads to.
pub(crate) enum Effect {
    Answer(Answer),
    /// A task that begins now; the answer is its UPID.
    Begin(Task),
    /// A change of users, roles, rights or tokens.
    Change(Change),
    /// A terminal to a guest, with the task that keeps it.
    Terminal(u32, Task),
    /// Another `cmode` of a guest; none takes it away.
    ConsoleMode(u32, Option<String>),
}

/// Answers one request, waiting where Proxmox waits.
pub(crate) async fn answer(ground: &Arc<Ground>, place: Place, request: &Request) -> Reply {
    let (path, query) = request
        .target
        .split_once('?')
        .unwrap_or((&request.target, ""));
    let Some(rest) = path.strip_prefix("/api2/") else {
        return page(path);
    };
    let (format, method_path) = rest.split_once('/').unwrap_or((rest, ""));
    let Some(envelope) = Envelope::of(format) else {
        return Reply::bare(501, &format!("no such uri {path}"));
    };
    let parameters = match Parameters::of(request, query) {
        Ok(parameters) => parameters,
        Err((status, reason)) => return Reply::bare(status, reason),
    };
    let method_path = format!("/{}", method_path.trim_end_matches('/'));
    let (profile, result) = decide(ground, place, request, &method_path, &parameters);
    match result {
        Ok(Ok(Effect::Answer(answer))) => envelope.wrap(profile, Ok(answer)),
        Ok(Ok(Effect::Begin(task))) => {
            let upid = tasks::begin(ground, place.cluster, task);
            envelope.wrap(profile, Ok(Answer::protected(upid.into())))
        }
        Ok(Ok(Effect::Terminal(vmid, task))) => {
            let user = task.by.clone();
            let upid = tasks::begin(ground, place.cluster, task);
            let data = console::offer(ground, place, profile, vmid, &user, &upid);
            envelope.wrap(profile, Ok(Answer::protected(data)))
        }
        Ok(Ok(Effect::ConsoleMode(vmid, mode))) => {
            ground.live.change(|w| {
                let cluster = w.clusters.get_mut(place.cluster);
                if let Some(guest) = cluster.and_then(|c| c.guests.get_mut(&vmid)) {
                    guest.set_console_mode(mode);
                }
            });
            envelope.wrap(profile, Ok(Answer::protected(serde_json::Value::Null)))
        }
        Ok(Ok(Effect::Change(change))) => {
            let told = access::told(&change);
            let done = ground
                .live
                .change(|w| match w.clusters.get_mut(place.cluster) {
                    Some(cluster) => cluster.access.apply(change).map_err(Refused::from),
                    None => Err(Refused::Died("no such cluster".into())),
                });
            envelope.wrap(profile, done.map(|()| Answer::protected(told)))
        }
        Ok(Err(refused)) => {
            if matches!(&refused, Refused::Login(_)) {
                connection::refusal_delay(ground.options.refusal_delay).await;
            }
            if matches!(&refused, Refused::Unreachable(_, words) if words == NO_ROUTE) {
                connection::refusal_delay(ground.options.no_route).await;
            }
            envelope.wrap(profile, Err(refused))
        }
        Err(reason) => {
            connection::refusal_delay(ground.options.refusal_delay).await;
            Reply::bare(401, reason)
        }
    }
}

const NO_ROUTE: &str = "No route to host";

/// Whether a websocket's caller may have it; the reply where not. Its ticket is looked at elsewhere.
pub(super) async fn may_watch(
    ground: &Arc<Ground>,
    place: Place,
    request: &Request,
    vmid: u32,
) -> Result<(), Reply> {
    let parameters = Parameters::default();
    let path = format!("/nodes/localhost/lxc/{vmid}/vncwebsocket");
    let (profile, decided) = decide(ground, place, request, &path, &parameters);
    match decided {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(refused)) => Err(Envelope::Json.wrap(profile, Err(refused))),
        Err(reason) => {
            connection::refusal_delay(ground.options.refusal_delay).await;
            Err(Reply::bare(401, reason))
        }
    }
}

type Decided = Result<Result<Effect, Refused>, &'static str>;

fn decide(
    ground: &Ground,
    place: Place,
    request: &Request,
    path: &str,
    parameters: &Parameters,
) -> (Profile, Decided) {
    let seen = ground.broadcast_at(place);
    ground.live.read(|world: &World| {
        let Some((cluster, entry)) = place.find(world) else {
            return (Default::default(), Err("No ticket"));
        };
        let profile = cluster.profile_of(entry);
        let now = seconds();
        if (request.method.as_str(), path) == ("GET", "/access/domains") {
            let answer = Effect::Answer(Answer::plain(access::domains()));
            return (profile, Ok(Ok(answer)));
        }
        let Some(key) = ground.ticket_keys.get(place.cluster) else {
            return (profile, Err("No ticket"));
        };
        if (request.method.as_str(), path) == ("POST", "/access/ticket") {
            let answer = login::ticket(cluster, key, parameters, now);
            return (profile, Ok(answer.map(Effect::Answer)));
        }
        let mut user = String::new();
        let caller = match login::caller(cluster, key, request, now, &mut user) {
            Ok(caller) => caller,
            Err(reason) => return (profile, Err(reason)),
        };
        let call = Call {
            cluster,
            entry,
            profile,
            caller,
            method: &request.method,
            path,
            parameters,
            now,
            broadcast: seen.as_deref().unwrap_or(&cluster.broadcast),
            current: ground.options.statistics.is_zero(),
        };
        let segments: Vec<String> = path
            .split('/')
            .skip(1)
            .map(|part| decode(part, false))
            .collect();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        (profile, Ok(route(&call, &segments)))
    })
}

fn route(call: &Call<'_>, segments: &[&str]) -> Result<Effect, Refused> {
    let answer = match (call.method, segments) {
        ("GET", ["version"]) => nodes::version(call),
        ("GET", ["nodes"]) => nodes::list(call),
        ("GET", ["cluster", "status"]) => cluster::status(call),
        ("GET", ["cluster", "resources"]) => cluster::resources(call),
        ("GET", ["cluster", "ha", "status", "current"]) => ha::current(call),
        (_, ["access", rest @ ..]) => return access::route(call, rest),
        (_, ["nodes", name, rest @ ..]) => return on_node(call, name, rest),
        _ => call.no_method(),
    };
    answer.map(Effect::Answer)
}

/// Methods below `/nodes/{node}`: the token is checked here, the rest where the node is.
fn on_node(call: &Call<'_>, name: &str, rest: &[&str]) -> Result<Effect, Refused> {
    let name = if name == "localhost" {
        call.entry.name.as_str()
    } else {
        name
    };
    let here = format!("/nodes/{name}");
    // The node carries it out by its own release.
    let profile = call.cluster.node(name).map(|n| call.cluster.profile_of(n));
    let call = &Call {
        profile: profile.unwrap_or(call.profile),
        ..*call
    };
    let node = || there(call, name);
    let answer = match (call.method, rest) {
        ("GET", ["lxc", vmid, "vncwebsocket"]) => {
            call.needs(&format!("/vms/{vmid}"), "VM.Console")?;
            return Ok(Effect::Answer(Answer::plain(serde_json::Value::Null)));
        }
        ("GET", ["version"]) => {
            node()?;
            nodes::version(call)
        }
        ("GET", ["status"]) => {
            call.needs(&here, "Sys.Audit")?;
            nodes::status(call, node()?)
        }
        ("GET", ["apt", "versions"]) => {
            call.needs(&here, "Sys.Audit")?;
            packages::versions(call, node()?)
        }
        ("GET", ["apt", "repositories"]) => {
            call.needs(&here, "Sys.Audit")?;
            packages::repositories(call, node()?)
        }
        ("GET", ["subscription"]) => packages::subscription(call, node()?),
        ("GET", ["certificates", "info"]) => nodes::certificates(call, node()?),
        ("GET", ["tasks"]) => tasks::list(call, node()?),
        ("GET", ["tasks", upid, "status"]) => tasks::status(call, node()?, upid),
        ("GET", ["tasks", upid, "log"]) => tasks::log(call, node()?, upid),
        ("GET", ["lxc"]) => lxc::list(call, node()?),
        (
            "POST",
            [
                "lxc",
                vmid,
                "status",
                verb @ ("start" | "stop" | "shutdown" | "reboot"),
            ],
        ) => {
            call.needs(&format!("/vms/{vmid}"), "VM.PowerMgmt")?;
            return lxc::power(call, node()?, vmid, verb).map(Effect::Begin);
        }
        ("GET", ["lxc", vmid, method @ ..]) if lxc::knows(call.profile, method) => {
            call.needs(&format!("/vms/{vmid}"), "VM.Audit")?;
            lxc::read(call, node()?, vmid, method)
        }
        _ => return writes::on_node(call, node()?, rest),
    };
    answer.map(Effect::Answer)
}

/// The node, if the entry node can reach it.
fn there<'a>(call: &Call<'a>, name: &str) -> Result<&'a Node, Refused> {
    let node = call.cluster.node(name).ok_or_else(|| {
        Refused::Died(format!(
            "hostname lookup '{name}' failed - failed to get address info for: {name}: Name or service not known"
        ))
    })?;
    match node.down {
        None if node.api_closed && node.name != call.entry.name => {
            Err(Refused::Unreachable(595, "Connection refused".into()))
        }
        None => Ok(node),
        Some(Down::Refused) => Err(Refused::Unreachable(595, "Connection refused".into())),
        Some(Down::NoRoute) => Err(Refused::Unreachable(595, NO_ROUTE.into())),
    }
}

/// What stands outside the API: the web page that people see.
fn page(path: &str) -> Reply {
    if path != "/" {
        return Reply::bare(404, "no such file");
    }
    Reply {
        status: 200,
        reason: "OK".into(),
        keep: Keep::Alive,
        body: Some(b"<!DOCTYPE html><title>Proxmox Virtual Environment</title>".to_vec()),
        content_type: "text/html; charset=utf-8",
        location: None,
    }
}
