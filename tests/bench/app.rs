//! `cargo xtask bench app`: how long the program takes from its start to the painted tree of a thousand stored guests, and
//! what it costs while it only looks on. The guests are found by a discovery first, as users' are.
#![expect(clippy::print_stdout, reason = "figures are what it is for")]

#[path = "../window/mod.rs"]
mod window;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use lab::{Lab, Options, Scenario};
use serde_json::json;
use window::{Opening, SOON, Window, frame::look_at, process::Running, screen::Screen};
use x11rb::{
    protocol::xproto::{ConnectionExt as _, ImageFormat},
    rust_connection::RustConnection,
};

const CLUSTERS: usize = 2;
const NODES: usize = 5;
const GUESTS: usize = 100;
/// Starts, of which the median counts.
const STARTS: usize = 5;
/// What is done once after the start is not idling.
const SETTLED: Duration = Duration::from_secs(45);
const IDLE: Duration = Duration::from_secs(60);
/// Longest wait for the first discovery.
const DISCOVERED: Duration = Duration::from_secs(300);
/// Longest wait for the tree after a start.
const PATIENCE: Duration = Duration::from_secs(60);
/// When everything has surely been painted.
const PAINTED: Duration = Duration::from_secs(8);
/// The names of the tree on the screen: left, top, width, height.
const NAMES: (i16, i16, u16, u16) = (180, 130, 220, 500);
/// Of a hundred pixels of letters so many must be as they will be.
const ALIKE: usize = 90;

fn figure(name: &str, value: f64, unit: &str, goal: &str) {
    println!("figure {name} {value:.2} {unit} goal {goal}");
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let program = std::env::args_os().nth(1).map(PathBuf::from);
    let program = program.context("usage: bench_app PROGRAM")?;
    let folder = tempfile::tempdir()?;
    let screen = Screen::start()?;
    let lab = Lab::start(
        Scenario::many(CLUSTERS, NODES, GUESTS),
        Options {
            ssh: false,
            ..Options::quick()
        },
    )
    .await?;
    let window = Window::open(&screen, &Opening::new(&program, folder.path())).await?;
    let outcome = idle(&lab, &window).await;
    window.close().await?;
    lab.stop().await;
    outcome?;
    starts(&program, folder.path(), &screen)
}

/// What it costs to look on, in per cent of one processor and in memory.
#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
async fn idle(lab: &Lab, window: &Window) -> anyhow::Result<()> {
    for facts in &lab.facts().clusters {
        let id = window.add_by_call(facts).await?;
        window.discovered(id, DISCOVERED).await?;
    }
    let rows = CLUSTERS * (1 + NODES * (1 + GUESTS));
    window
        .until(
            "every row in the tree",
            SOON,
            "return document.querySelector('[data-testid=tree]')?.getAttribute('aria-rowcount') === String(arguments[0] + 1)",
            vec![json!(rows)],
        )
        .await?;
    tokio::time::sleep(SETTLED).await;
    let before = used(window.program())?;
    let began = Instant::now();
    tokio::time::sleep(IDLE).await;
    let spent = used(window.program())? - before;
    let share = spent as f64 / began.elapsed().as_nanos() as f64 * 100.0;
    println!(
        "{} guests; their load moves, the window shows it",
        CLUSTERS * NODES * GUESTS
    );
    figure("app_idle_cpu_percent", share, "%", "<= 0.5");
    figure("app_rss_mb", resident(window.program())?, "MB", "<= 120");
    Ok(())
}

/// Nanoseconds on a processor of all threads of a process.
fn used(process: u32) -> anyhow::Result<u64> {
    let mut time = 0;
    for task in fs::read_dir(format!("/proc/{process}/task"))? {
        let schedstat = fs::read_to_string(task?.path().join("schedstat"))?;
        let first = schedstat.split_ascii_whitespace().next();
        time += first.context("schedstat has figures")?.parse::<u64>()?;
    }
    Ok(time)
}

/// Megabytes that a process holds in memory.
fn resident(process: u32) -> anyhow::Result<f64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB"));
    Ok(kilobytes.context("VmRSS")?.trim().parse::<f64>()? * 1024.0 / 1e6)
}

/// Starts the program as a user does, without a driver, and looks at the screen.
fn starts(program: &Path, data: &Path, screen: &Screen) -> anyhow::Result<()> {
    let (connection, root) = look_at(screen)?;
    let look = || picture(&connection, root);
    // How it looks once painted; the first start also warms the disk's cache.
    let (running, _) = start(program, data, screen)?;
    std::thread::sleep(PAINTED);
    let painted = look()?;
    drop(running);
    let mut times = Vec::new();
    for _ in 0..STARTS {
        std::thread::sleep(Duration::from_secs(2));
        let (running, began) = start(program, data, screen)?;
        while !alike(&look()?, &painted) {
            anyhow::ensure!(began.elapsed() < PATIENCE, "the tree was not painted");
            std::thread::sleep(Duration::from_millis(5));
        }
        times.push(began.elapsed().as_secs_f64() * 1000.0);
        drop(running);
    }
    times.sort_by(f64::total_cmp);
    println!("{STARTS} starts: {times:.0?} ms");
    let median = times.get(STARTS / 2).copied().context("starts")?;
    figure("start_to_tree_ms", median, "ms", "<= 1000");
    Ok(())
}

fn start(program: &Path, data: &Path, screen: &Screen) -> anyhow::Result<(Running, Instant)> {
    let mut command = Command::new(program);
    screen.show(&mut command);
    command
        .env("REDFLAG_DATA", data)
        .env("REDFLAG_PASSPHRASE", "a passphrase for tests");
    let began = Instant::now();
    Ok((Running::start(&mut command)?, began))
}

fn picture(connection: &RustConnection, root: u32) -> anyhow::Result<Vec<u8>> {
    let (left, top, width, height) = NAMES;
    let asked = connection.get_image(ImageFormat::Z_PIXMAP, root, left, top, width, height, !0)?;
    Ok(asked.reply()?.data)
}

/// Whether the letters are there: what is not the ground in the painted picture.
fn alike(now: &[u8], painted: &[u8]) -> bool {
    let ground = painted.get(..4);
    let (mut letters, mut same) = (0, 0);
    for (one, other) in now.chunks_exact(4).zip(painted.chunks_exact(4)) {
        if Some(other) != ground {
            letters += 1;
            same += usize::from(one == other);
        }
    }
    letters > 0 && same * 100 >= letters * ALIKE
}
