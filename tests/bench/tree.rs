//! `cargo xtask bench tree`: ten thousand rows in the real window, and how long a patch of fifty of them takes from its
//! arrival in the page to the frame that shows it. Everything on its way is real: the lab changes its guests, a pass of
//! the discovery sees it, the patch comes through the channel of the events.
#![expect(clippy::print_stdout, reason = "figures are what it is for")]

#[path = "../window/mod.rs"]
mod window;

use std::{path::PathBuf, time::Duration};

use anyhow::Context as _;
use domain::ClusterId;
use lab::{Fault, Lab, Options, Rule, Scenario, Where};
use serde::Deserialize;
use serde_json::json;
use window::{Opening, SOON, Window, page::by_id, screen::Screen};

/// The cluster whose guests change; it stands in the middle of the tree.
const MIDDLE: &str = "middle";
const CHANGED: usize = 50;
/// Of the clusters above and below it: how many, their nodes, the guests of each node.
const OTHERS: usize = 4;
const NODES: usize = 5;
const GUESTS: usize = 497;
/// Height of a row on the screen.
const ROW: usize = 28;

/// Frames of scrolling, and how far each goes, in pixels: eighteen thousand a second.
const FRAMES: usize = 300;
const STEP: usize = 300;

/// The first patches warm up what the page compiles as it goes.
const WARM_UP: usize = 5;
const PATCHES: usize = 60;
/// How late the answers are that are not the list.
const LATE: Duration = Duration::from_millis(60);
/// Longest wait for the first discovery of everything.
const DISCOVERED: Duration = Duration::from_secs(600);

fn figure(name: &str, value: f64, unit: &str, goal: &str) {
    println!("figure {name} {value:.2} {unit} goal {goal}");
}

/// Ten thousand guests, nearly; with their nodes and clusters there are more rows than that.
fn scenario() -> Scenario {
    let mut all = Scenario::many(OTHERS, NODES, GUESTS);
    let middle = Scenario::many(1, 1, CHANGED).world.clusters.into_iter();
    let middle = middle.map(|mut cluster| {
        cluster.label = MIDDLE.into();
        cluster.name = Some(MIDDLE.into());
        cluster
    });
    all.world.clusters.splice(OTHERS / 2..OTHERS / 2, middle);
    all
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let program = std::env::args_os().nth(1).map(PathBuf::from);
    let program = program.context("usage: bench_tree PROGRAM")?;
    let options = Options {
        ssh: false,
        // Load and uptime stay what they are: nothing but the fifty moves.
        statistics: Duration::from_secs(24 * 3600),
        ..Options::quick()
    };
    let lab = Lab::start(scenario(), options).await?;
    let folder = tempfile::tempdir()?;
    let screen = Screen::start()?;
    let window = Window::open(&screen, &Opening::new(program, folder.path())).await?;
    let outcome = measure(&lab, &window).await;
    window.close().await?;
    lab.stop().await;
    outcome
}

async fn measure(lab: &Lab, window: &Window) -> anyhow::Result<()> {
    let mut middle = None;
    let mut clusters = Vec::new();
    for facts in &lab.facts().clusters {
        let id = window.add_by_call(facts).await?;
        clusters.push(id);
        if facts.name == MIDDLE {
            middle = Some(id);
        }
    }
    let middle = middle.context("the cluster in the middle")?;
    for id in &clusters {
        window.discovered(*id, DISCOVERED).await?;
    }
    window.find(&by_id("tree")).await?;
    let expected = OTHERS * (1 + NODES * (1 + GUESTS)) + 1 + 1 + CHANGED;
    // The row of the headings counts, too.
    window
        .until(
            "every row in the tree",
            SOON,
            "return document.querySelector('[data-testid=tree]').getAttribute('aria-rowcount') === String(arguments[0] + 1)",
            vec![json!(expected)],
        )
        .await?;
    let above = OTHERS / 2 * (1 + NODES * (1 + GUESTS));
    scroll_to(window, above).await?;
    window.evaluate(WATCH, vec![json!(CHANGED)]).await?;

    // What a full pass asks after the list is answered late, so that the page has the machine to itself when the patch
    // arrives: not how much it shares with a debug build of the lab is measured here.
    let late = Where {
        cluster: Some(MIDDLE.into()),
        path: Some("/nodes".into()),
        ..Where::default()
    };
    lab.faults().add(Rule::always(Fault::Delay(LATE)).at(late));

    let seen = patches(lab, window, middle).await?;
    println!(
        "{PATCHES} patches of {CHANGED} rows, {} of them on the screen; the page is optimised, the program is the tests' build",
        seen.drawn
    );
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    figure("tree_rows", expected as f64, "rows", ">= 10000");
    let (median, worst) = middle_and_end(seen.committed)?;
    figure("tree_patch_median_ms", median, "ms", "<= 16");
    figure("tree_patch_worst_ms", worst, "ms", "<= 50");
    let (median, worst) = middle_and_end(seen.painted)?;
    figure("tree_patch_painted_median_ms", median, "ms", "- -");
    figure("tree_patch_painted_worst_ms", worst, "ms", "- -");
    scrolled(window).await?;
    // Without agents every guest stands in one group, which is as long as a group can be.
    window.click("group-updateType").await?;
    window
        .until(
            "the groups",
            SOON,
            "return document.querySelector('[data-testid^=\"row-group:\"]') !== null",
            vec![],
        )
        .await?;
    scroll_to(window, above - OTHERS / 2 * (1 + NODES)).await?;
    let seen = patches(lab, window, middle).await?;
    println!(
        "grouped by update type, {} of them on the screen",
        seen.drawn
    );
    let (median, worst) = middle_and_end(seen.committed)?;
    figure("tree_grouped_patch_median_ms", median, "ms", "<= 16");
    figure("tree_grouped_patch_worst_ms", worst, "ms", "<= 50");
    scrolled(window).await
}

struct Patches {
    committed: Vec<f64>,
    painted: Vec<f64>,
    drawn: usize,
}

async fn patches(lab: &Lab, window: &Window, middle: ClusterId) -> anyhow::Result<Patches> {
    let mut all = Patches {
        committed: Vec::new(),
        painted: Vec::new(),
        drawn: 0,
    };
    for round in 0..WARM_UP + PATCHES {
        let lock = ["backup", "snapshot"][round % 2];
        lab.world().change(|world| {
            let cluster = world.cluster_mut(MIDDLE).into_iter();
            for guest in cluster.flat_map(|cluster| cluster.guests.values_mut()) {
                guest.lock = Some(lock.into());
            }
        });
        let seen = one_patch(window, middle).await?;
        if round >= WARM_UP {
            all.committed.push(seen.committed);
            all.painted.push(seen.painted);
            all.drawn = seen.drawn;
        }
    }
    Ok(all)
}

/// Scrolls from the top for a while and looks in every frame whether rows fill the screen.
async fn scrolled(window: &Window) -> anyhow::Result<()> {
    let blank = window
        .eventually(SCROLL, vec![json!(FRAMES), json!(STEP)])
        .await?;
    let blank = blank.as_f64().context("a number of frames")?;
    figure("tree_blank_frames", blank, "frames", "<= 0");
    Ok(())
}

fn middle_and_end(mut times: Vec<f64>) -> anyhow::Result<(f64, f64)> {
    times.sort_by(f64::total_cmp);
    let worst = times.last().copied().context("patches")?;
    Ok((times[times.len() / 2], worst))
}

async fn scroll_to(window: &Window, row: usize) -> anyhow::Result<()> {
    window
        .until(
            "the cluster in the middle",
            SOON,
            "document.querySelector('.tree-body').scrollTop = arguments[0];
             const first = document.querySelector(`[role=row][data-name='${arguments[1]}']`);
             return first !== null && first.getClientRects().length > 0",
            vec![json!(row * ROW), json!(MIDDLE)],
        )
        .await
        .map(drop)
}

/// One patch as the page saw it. Times are milliseconds from its arrival.
#[derive(Deserialize)]
struct Seen {
    /// Until the next frame had it in the page's elements.
    committed: f64,
    /// Until that frame had been laid out and painted, on a machine without a graphics card by the processor.
    painted: f64,
    /// How many of its rows are on the page.
    drawn: usize,
}

/// Lets RedFlag look at the cluster and waits, inside the page, for the patch that follows.
async fn one_patch(window: &Window, middle: ClusterId) -> anyhow::Result<Seen> {
    let seen = window
        .eventually(
            "const [cluster, done] = arguments;
             window.__seen = undefined;
             const look = () => (window.__seen === undefined ? setTimeout(look, 20) : done(window.__seen));
             window.__TAURI_INTERNALS__.invoke('rpc', { command: 'discover', payload: { cluster } })
               .then(look, (error) => done({ error }))",
            vec![json!(middle)],
        )
        .await?;
    serde_json::from_value(seen.clone()).with_context(|| seen.to_string())
}

/// Stands before everything that Rust calls in the page. A patch of the wanted size is timed from there to the callback
/// of the frame in which every one of its rows that is on the page shows what the patch says (this one comes after the
/// page's own), and on to what is posted from there, which is delivered when that frame has been painted.
///
/// Frames are asked for all the time, as a screen asks for them: without a screen WebKit starts its clock of frames with
/// the first one that is wanted, which then always comes a whole frame late.
const WATCH: &str = "
const wanted = arguments[0];
const { callbacks } = window.__TAURI_INTERNALS__;
const shown = (patch) => {
  let drawn = 0;
  for (const guest of patch.guests) {
    const row = document.querySelector(`[data-testid='row-guest:${guest.id}']`);
    if (row === null) continue;
    if (!row.textContent.includes(guest.lock)) return null;
    drawn += 1;
  }
  return drawn;
};
const follow = (patch, arrived) => requestAnimationFrame(() => {
  const committed = performance.now() - arrived;
  const drawn = shown(patch);
  if (drawn === null) return follow(patch, arrived);
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => (window.__seen = { committed, painted: performance.now() - arrived, drawn });
  port2.postMessage(null);
});
const next = () => requestAnimationFrame(next);
next();
for (const [id, call] of [...callbacks]) {
  callbacks.set(id, (data) => {
    const arrived = performance.now();
    call(data);
    const body = data?.message?.body;
    if (body?.kind === 'fleet' && body.patch.guests.length === wanted) follow(body.patch, arrived);
  });
}";

/// Counts the frames in which a part of the screen has no row.
const SCROLL: &str = "
const [frames, step, done] = arguments;
const body = document.querySelector('.tree-body');
body.scrollTop = 0;
let left = frames;
let blank = 0;
const filled = () => {
  const { top, bottom } = body.getBoundingClientRect();
  const rows = [...body.querySelectorAll('[role=row][data-key]')].map((row) => row.getBoundingClientRect());
  const shown = rows.filter((row) => row.bottom > top && row.top < bottom).toSorted((a, b) => a.top - b.top);
  if (shown.length === 0 || shown[0].top > top + 40 || shown.at(-1).bottom < bottom - 1) return false;
  return shown.every((row, i) => i === 0 || row.top <= shown[i - 1].bottom + 1);
};
const next = () => requestAnimationFrame(() => {
  if (!filled()) blank += 1;
  left -= 1;
  if (left === 0) return done(blank);
  body.scrollTop += step;
  next();
});
next();";
