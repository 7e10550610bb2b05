//! Measurements. Each prints its figures as `figure NAME VALUE UNIT goal OP VALUE`, one a line.

use std::{
    fs,
    path::Path,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use crate::{
    Failure, Result, agent, bench_agent, cargo, e2e,
    failure::At as _,
    place,
    process::{self, Started},
    system::{self, Need},
    tree, ui,
};

pub(crate) fn run(name: &str) -> Result<()> {
    match name {
        "agent" => agent_at_rest(),
        "app" => app_at_rest(),
        // What a discovery costs beside its requests is reading and comparing, as fast as people's build does it.
        "discovery" => example("bench_discovery", true),
        "enrol" => enrolment(),
        "freshness" => example("bench_freshness", false),
        // Half of what is timed is encryption, which a build for tests does at a fraction of its speed.
        "gateway" => example("bench_gateway", true),
        "images" => example("bench_images", true),
        "intake" => example("bench_intake", true),
        "scan" => {
            e2e::containers().map_err(Failure::new)?;
            let agent = agent::build()?;
            let bench = cargo::build_example("bench_scan", false)?;
            process::run(Command::new(bench).arg(agent))
        }
        "tree" => tree_in_the_window(),
        _ => Err(Failure::new(format!(
            "there is no bench {name:?}; there are: agent, app, discovery, enrol, freshness, gateway, images, intake, scan, tree"
        ))),
    }
}

/// Prints the table of image cases, and keeps it in the documentation.
pub(crate) fn image_cases() -> Result<()> {
    cargo::ensure_nextest()?;
    let mut cargo = cargo::command();
    let mut filter = "binary(cases)".to_owned();
    match e2e::containers() {
        Ok(()) => filter.push_str(" or test(lxc_docker_registry_gets_the_same_answers)"),
        Err(reason) => println!("without a real registry: {reason}"),
    }
    cargo.args([
        "nextest",
        "run",
        "--workspace",
        "--no-capture",
        "-E",
        &filter,
    ]);
    process::run(cargo.env("REDFLAG_WRITE_CASES", "1"))
}

/// What people start is the release build.
fn app_at_rest() -> Result<()> {
    e2e::window().map_err(Failure::new)?;
    system::ensure(&[Need::Build])?;
    ui::ensure_built()?;
    process::run(cargo::command().args(["build", "--workspace", "--release", "--bin", "redflag"]))?;
    let bench = cargo::build_example("bench_app", false)?;
    process::run(Command::new(bench).arg(place::target().join("release/redflag")))
}

/// The page is the same in every build, and what is timed lies inside it, so the tests' build serves here, too.
fn tree_in_the_window() -> Result<()> {
    e2e::window().map_err(Failure::new)?;
    system::ensure(&[Need::Build])?;
    ui::ensure_built()?;
    cargo::build_programs(&["redflag"])?;
    let bench = cargo::build_example("bench_tree", false)?;
    process::run(Command::new(bench).arg(place::built("redflag")))
}

/// A bench that is a program beside a crate's tests.
fn example(name: &str, release: bool) -> Result<()> {
    process::run(&mut Command::new(cargo::build_example(name, release)?))
}

/// With the real agent, and with real containers where they can be made; where not, the bench says so.
fn enrolment() -> Result<()> {
    let agent = agent::build()?;
    if let Err(reason) = e2e::containers() {
        println!("without real containers: {reason}");
    }
    let bench = cargo::build_example("bench_enrol", true)?;
    process::run(Command::new(bench).env("REDFLAG_AGENT_BINARY", agent))
}

fn figure(name: &str, value: f64, unit: &str, goal: &str) {
    println!("figure {name} {value:.2} {unit} goal {goal}");
}

/// Size of the agent, and its memory once it has nothing more to do than to wait for its next check-in.
fn agent_at_rest() -> Result<()> {
    let program = agent::build()?;
    let size = fs::metadata(&program).at(&program)?.len();
    let root = place::target().join("bench-agent");
    let configuration = root.join("etc/redflag-agent");
    tree::empty(&root)?;
    tree::empty(&configuration)?;
    for (name, text) in configured() {
        let file = configuration.join(name);
        fs::write(&file, text).at(&file)?;
    }
    // Nothing listens there: the agent looks, is refused, and waits, as it does in front of a desktop that sleeps.
    let running = Started::new(Command::new(&program).args(["run", "--root"]).arg(&root))?;
    let memory = settled(running.id())?;
    figure("agent_binary_mb", megabytes(size), "MB", "<= 4");
    figure("agent_idle_rss_mb", megabytes(memory), "MB", "<= 5");
    drop(running);
    bench_agent::idle(&program)
}

/// What an installation leaves before the first contact: the lasting configuration, and the bootstrap with its code
/// (`wire::Bootstrap`), both for a desktop that is not there.
fn configured() -> [(&'static str, String); 2] {
    let authority = include_str!("bench-ca.pem").replace('\n', "\\n");
    // Port 9 is nobody's; a refused connection is what a sleeping desktop looks like.
    let lasting = format!(
        "\"endpoints\":[\"127.0.0.1:9\"],\"caPem\":\"{authority}\",\"serverName\":\"redflag\""
    );
    [
        ("config.json", format!("{{{lasting}}}")),
        ("bootstrap.json", format!("{{{lasting},\"code\":\"none\"}}")),
    ]
}

#[expect(clippy::cast_precision_loss, reason = "sizes far below 2^52")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / (1024.0 * 1024.0)
}

/// Resident memory in bytes once it has not changed for three seconds.
fn settled(process: u32) -> Result<u64> {
    let deadline = Instant::now() + Duration::from_secs(60);
    let (mut last, mut since) = (0, Instant::now());
    while Instant::now() < deadline {
        let now = resident(process)?;
        if now != last {
            (last, since) = (now, Instant::now());
        } else if since.elapsed() >= Duration::from_secs(3) {
            return Ok(now);
        }
        thread::sleep(Duration::from_millis(250));
    }
    Err(Failure::new(
        "the agent's memory did not settle within a minute",
    ))
}

fn resident(process: u32) -> Result<u64> {
    let path = format!("/proc/{process}/status");
    let path = Path::new(&path);
    let status = fs::read_to_string(path).at(path)?;
    status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .and_then(|rest| rest.trim().strip_suffix("kB"))
        .and_then(|number| number.trim().parse::<u64>().ok())
        .map(|kilobytes| kilobytes * 1024)
        .ok_or_else(|| Failure::new("the agent ended before it was measured"))
}
