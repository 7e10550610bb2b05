//! The installable packages in clean real containers: installed by apt or rpm, started from the menu entry, seen on a screen with
//! the agent that came with it, and taken away again. Run by `cargo xtask bundle --check`, which builds the package.
#![cfg(target_os = "linux")]

use std::{
    collections::{BTreeSet, HashSet},
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use lab::lxc::{GuestPlan, NodePlan, Options, RealGuest, RealNodes, missing};

/// Longer than a window needs anywhere; only a failure waits for it.
const PATIENCE: Duration = Duration::from_secs(120);
/// A screen, a session, and the means to look at them: nothing that the package should have brought.
const TOOLS: [&str; 7] = [
    "dbus",
    "desktop-file-utils",
    "imagemagick",
    "libgtk-3-bin",
    "x11-utils",
    "xdotool",
    "xvfb",
];
/// rpm itself, and what the program is linked with.
const RPM_NEEDS: [&str; 3] = ["rpm", "libwebkit2gtk-4.1-0", "libgtk-3-0"];
const AGENT: &str = "/usr/lib/redflag/resources/redflag-agent-x86_64";

/// What a package is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Debian's, installed by apt with what it needs.
    Deb,
    /// RPM's, by rpm itself. Its dependencies have other names where rpm is at home, so that here they come from Debian.
    Rpm,
}

#[tokio::test(flavor = "multi_thread")]
async fn lxc_the_deb_installs_opens_its_window_and_leaves_nothing() -> anyhow::Result<()> {
    lives(Kind::Deb, "REDFLAG_DEB").await
}

#[tokio::test(flavor = "multi_thread")]
async fn lxc_the_rpm_installs_opens_its_window_and_leaves_nothing() -> anyhow::Result<()> {
    lives(Kind::Rpm, "REDFLAG_RPM").await
}

async fn lives(kind: Kind, variable: &str) -> anyhow::Result<()> {
    let package = std::env::var_os(variable).map(PathBuf::from);
    let package = package.with_context(|| {
        format!("{variable} names no package: run `cargo xtask bundle --check`")
    })?;
    let missing = missing();
    ensure!(missing.is_empty(), "{}", missing.join("; "));
    let mut options = Options::two_nodes();
    let desk = GuestPlan::new(100, "desk");
    options.nodes = vec![NodePlan::new("desks", "pve1").guest(desk)];
    let nodes = RealNodes::start(options).await?;
    let outcome = life(nodes.guest("pve1", 100)?, kind, &package).await;
    let cleared = nodes.stop().await;
    outcome.and(cleared)
}

async fn life(desk: &RealGuest, kind: Kind, package: &Path) -> anyhow::Result<()> {
    if kind == Kind::Rpm {
        desk.install_from_mirror(&RPM_NEEDS).await?;
    }
    let before = files(desk).await?;
    let brought = install(desk, kind, package).await?;
    let unresolved = desk
        .shell("ldd /usr/bin/redflag | grep 'not found' || true")
        .await?;
    ensure!(unresolved.is_empty(), "it lacks dependencies: {unresolved}");

    desk.install_from_mirror(&TOOLS).await?;
    let entry = "/usr/share/applications/redflag.desktop";
    let complaints = desk
        .run(&["desktop-file-validate", "--no-hints", entry])
        .await?;
    ensure!(
        complaints.status == 0 && complaints.stdout.trim().is_empty(),
        "{complaints:?}"
    );
    desk.shell("useradd --create-home anna").await?;
    start(desk).await?;
    let picture = seen(desk, kind).await?;
    let told = log(desk, "the agent for LXCs is there").await?;
    let sum = desk.shell(&format!("sha256sum {AGENT}")).await?;
    let sum = sum.split(' ').next().context("a sum")?;
    ensure!(told.contains(AGENT) && told.contains(sum), "{sum}: {told}");
    ensure!(colours(&picture)? > 20, "the picture is not one colour");
    end(desk).await?;

    // Another agent in its place is refused in clear words.
    desk.shell(&format!("echo more >>{AGENT}")).await?;
    start(desk).await?;
    let told = log(desk, "not the one that it came with").await?;
    ensure!(told.contains(sum), "{told}");
    end(desk).await?;

    remove(desk, kind).await?;
    let after = files(desk).await?;
    let left: Vec<&str> = brought
        .lines()
        .filter(|path| after.contains(*path) && !before.contains(*path))
        .filter(|path| path.contains("redflag"))
        .collect();
    ensure!(left.is_empty(), "left behind: {left:?}");
    Ok(())
}

/// Installs it; the files that it brought.
async fn install(desk: &RealGuest, kind: Kind, package: &Path) -> anyhow::Result<String> {
    match kind {
        Kind::Deb => {
            fs::copy(package, desk.root().join("root/redflag.deb"))?;
            desk.install_from_mirror(&["/root/redflag.deb"]).await?;
            Ok(desk.shell("dpkg -L redflag").await?)
        }
        Kind::Rpm => {
            fs::copy(package, desk.root().join("root/redflag.rpm"))?;
            desk.shell("rpm --install --nodeps --force-debian /root/redflag.rpm")
                .await?;
            let verified = desk
                .run(&["rpm", "--verify", "--nodeps", "redflag"])
                .await?;
            ensure!(verified.status == 0, "{verified:?}");
            Ok(desk.shell("rpm --query --list redflag").await?)
        }
    }
}

async fn remove(desk: &RealGuest, kind: Kind) -> anyhow::Result<()> {
    let (line, question) = match kind {
        Kind::Deb => (
            "DEBIAN_FRONTEND=noninteractive apt-get -qq -y purge redflag",
            ["dpkg-query", "-W", "redflag"],
        ),
        Kind::Rpm => (
            "rpm --erase --nodeps redflag",
            ["rpm", "--query", "redflag"],
        ),
    };
    desk.shell(line).await?;
    let state = desk.run(&question).await?;
    ensure!(state.status != 0, "it is still known: {}", state.stdout);
    Ok(())
}

/// Every file of the system; homes are the users'.
async fn files(desk: &RealGuest) -> anyhow::Result<BTreeSet<String>> {
    let text = desk.shell("find /usr /etc /opt /var/lib -xdev").await?;
    Ok(text.lines().map(str::to_owned).collect())
}

/// A screen and a session of Anna's, in which she clicks the menu entry.
async fn start(desk: &RealGuest) -> anyhow::Result<()> {
    let session = "gtk-launch redflag && exec sleep infinity";
    desk.shell(&format!(
        "systemd-run --quiet --unit=screen --uid=anna Xvfb :7 -screen 0 1600x1000x24 -nolisten tcp && \
         systemd-run --quiet --unit=session --uid=anna --setenv=HOME=/home/anna --setenv=DISPLAY=:7 --setenv=NO_AT_BRIDGE=1 \
         --setenv=XDG_RUNTIME_DIR=/home/anna --working-directory=/home/anna \
         /bin/sh -c 'while ! xdpyinfo >/dev/null 2>&1; do sleep 0.1; done; exec dbus-run-session -- /bin/sh -c \"{session}\"'"
    ))
    .await?;
    Ok(())
}

async fn end(desk: &RealGuest) -> anyhow::Result<()> {
    desk.shell(
        "systemctl stop session screen; rm -rf /home/anna/.local/share/dev.redflag.desktop/logs",
    )
    .await?;
    Ok(())
}

/// Waits until a shell line inside prints something.
async fn until(desk: &RealGuest, what: &str, line: &str) -> anyhow::Result<String> {
    let began = Instant::now();
    loop {
        let text = desk.shell(&format!("{line} || true")).await?;
        if !text.trim().is_empty() {
            return Ok(text);
        }
        if began.elapsed() > PATIENCE {
            let why = "systemctl status --no-pager --lines=30 session screen; cat /home/anna/.local/share/dev.redflag.desktop/logs/*; true";
            let why = desk.shell(why).await?;
            anyhow::bail!("waited in vain: {what}\n{why}");
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// What the program's log says with these words in it.
async fn log(desk: &RealGuest, words: &str) -> anyhow::Result<String> {
    let folder = "/home/anna/.local/share/dev.redflag.desktop/logs";
    until(
        desk,
        words,
        &format!("grep -h '{words}' {folder}/* 2>/dev/null"),
    )
    .await
}

/// Waits for the window, and for something in it; a picture of the screen.
async fn seen(desk: &RealGuest, kind: Kind) -> anyhow::Result<PathBuf> {
    let find = "DISPLAY=:7 xdotool search --onlyvisible --name '^RedFlag$' 2>/dev/null";
    until(desk, "the window", find).await?;
    // A page that is not painted yet is one colour.
    let painted = "DISPLAY=:7 import -window root png:/tmp/screen.png && identify -format '%k\\n' /tmp/screen.png | awk '$1 > 50'";
    until(desk, "a painted page", painted).await?;
    let folder = std::env::var_os("REDFLAG_TEST_OUTPUT")
        .map_or_else(|| PathBuf::from(env!("CARGO_TARGET_TMPDIR")), PathBuf::from);
    fs::create_dir_all(&folder)?;
    let picture = folder.join(format!("package-{kind:?}.png").to_lowercase());
    fs::copy(desk.root().join("tmp/screen.png"), &picture)?;
    eprintln!("picture of the installed program: {}", picture.display());
    Ok(picture)
}

/// How many different colours a picture has.
fn colours(picture: &Path) -> anyhow::Result<usize> {
    let file = std::io::BufReader::new(fs::File::open(picture)?);
    let mut reader = png::Decoder::new(file).read_info()?;
    let mut pixels = vec![0; reader.output_buffer_size().context("a picture")?];
    let frame = reader.next_frame(&mut pixels)?;
    let samples = frame.color_type.samples();
    let pixels = pixels[..frame.buffer_size()].chunks(samples);
    Ok(pixels.collect::<HashSet<_>>().len())
}
