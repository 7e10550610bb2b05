//! The reach over consoles against the double's terminals: simulated guests, both ways in which a session ends, and
//! everything that can be wrong with a terminal that is shared.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "functions that tests share are tests too"
)]

mod common {
    pub(crate) mod consoles;
}

use common::consoles::{allow_consoles, consoles};
use domain::Vmid;
use lab::{Fault, Lab, Options, Rule, Scenario, Where, world::Profile};
use pve::ConsoleSupport;
use reach::{ApiConsole, ConsoleMode, ConsoleTrouble, Copied, ReachError};
use sha2::{Digest, Sha256};

fn vmid(number: u32) -> Vmid {
    Vmid::try_from(number).unwrap()
}

/// The small lab, its consoles connected to shells.
async fn lab(profile: Profile) -> (Lab, ApiConsole) {
    let scenario = Scenario::small().of_release(profile);
    let lab = Lab::start(scenario, Options::quick()).await.unwrap();
    allow_consoles(&lab, "small");
    for number in [100, 101, 102] {
        lab.guest("small", number, |g| g.console.mode = Some("shell".into()))
            .unwrap();
    }
    let (console, _) = consoles(&lab, "small", "pve1");
    (lab, console)
}

/// Sessions that have begun, and those that have ended.
fn sessions(lab: &Lab, number: u32) -> (u32, u32) {
    lab.world().read(|w| {
        let console = &w.guest("small", number).unwrap().console;
        (console.begun, console.ended)
    })
}

async fn all_left(lab: &Lab, number: u32) {
    lab.world()
        .until(|w| {
            let console = &w.guest("small", number).unwrap().console;
            console.begun == console.ended
        })
        .await;
}

fn binary(size: usize) -> (Vec<u8>, [u8; 32]) {
    let mut state = 7_u64;
    let bytes: Vec<u8> = std::iter::repeat_with(|| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 57) as u8
    })
    .take(size)
    .collect();
    let hash = Sha256::digest(&bytes).into();
    (bytes, hash)
}

fn trouble(error: &ReachError) -> &ConsoleTrouble {
    match error {
        ReachError::Console { trouble, .. } => trouble,
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn an_agent_gets_in_over_the_console_and_the_shell_is_left_on_both_releases() {
    for profile in [Profile::V8_4, Profile::V9_2] {
        let (lab, console) = lab(profile).await;
        let probe = console.probe(vmid(100)).await.unwrap();
        assert!(probe.root && probe.agent.is_none());
        let (bytes, hash) = binary(200_000);
        let copied = console.copy(vmid(100), &bytes, hash).await.unwrap();
        assert_eq!(copied, Copied::Copied);
        let again = console.copy(vmid(100), &bytes, hash).await.unwrap();
        assert_eq!(again, Copied::Same, "not typed in twice");
        let file = lab.world().read(|w| {
            let files = &w.guest("small", 100).unwrap().machine.files;
            files.values().next().cloned().unwrap()
        });
        assert_eq!(file.sha256, hex::encode(hash));
        console.clean(vmid(100)).await.unwrap();
        all_left(&lab, 100).await;
        assert_eq!(sessions(&lab, 100), (4, 4), "{profile:?}");
        lab.stop().await;
    }
}

#[tokio::test]
async fn another_nodes_guest_is_reached_through_the_entry_node() {
    let (lab, _) = lab(Profile::V8_4).await;
    let (console, _) = consoles(&lab, "small", "pve2");
    assert!(console.probe(vmid(102)).await.unwrap().root);
    lab.stop().await;
}

#[tokio::test]
async fn a_console_with_a_login_prompt_asks_for_the_shell_and_a_restart() {
    let (lab, console) = lab(Profile::V8_4).await;
    let (_, client) = consoles(&lab, "small", "pve1");
    lab.guest("small", 100, |g| g.console.mode = None).unwrap();
    let node = "pve1".parse().unwrap();
    let error = console.probe(vmid(100)).await.unwrap_err();
    assert_eq!(
        trouble(&error),
        &ConsoleTrouble::NeedsShell {
            present: ConsoleMode::Tty,
            waiting: false
        }
    );
    let setting = client.lxc_console_setting(&node, vmid(100)).await.unwrap();
    let digest = setting.digest.as_deref();
    client
        .set_lxc_cmode(&node, vmid(100), Some("shell"), digest)
        .await
        .unwrap();
    let stale = client
        .set_lxc_cmode(&node, vmid(100), Some("console"), digest)
        .await;
    assert!(stale.unwrap_err().to_string().contains("modified"));
    let error = console.ready(vmid(100)).await.unwrap_err();
    assert_eq!(
        trouble(&error),
        &ConsoleTrouble::NeedsShell {
            present: ConsoleMode::Tty,
            waiting: true
        }
    );
    assert_eq!(sessions(&lab, 100), (0, 0), "nothing was opened for that");
    lab.stop_guest("small", 100).unwrap();
    lab.start_guest("small", 100).unwrap();
    console.probe(vmid(100)).await.unwrap();
    // Back to what it was: at the next start.
    client
        .set_lxc_cmode(&node, vmid(100), None, None)
        .await
        .unwrap();
    let setting = client.lxc_console_setting(&node, vmid(100)).await.unwrap();
    assert_eq!(setting.active.as_deref(), Some("shell"));
    assert_eq!(setting.waiting, Some(None));
    lab.stop().await;
}

#[tokio::test]
async fn somebody_elses_program_is_shown_and_left_alone() {
    for (screen, typed) in [
        ("\x1b[?1049h\x1b[H~\r\n\"/etc/fstab\" 3L, 101B", false),
        ("Do you want to continue? [Y/n] ", false),
        ("cloning into 'x'...\r\n", true),
    ] {
        let (lab, console) = lab(Profile::V8_4).await;
        lab.guest("small", 100, |g| g.console.foreign = Some(screen.into()))
            .unwrap();
        let error = console.probe(vmid(100)).await.unwrap_err();
        let ConsoleTrouble::Foreign { shown } = trouble(&error) else {
            panic!("{error}");
        };
        assert!(error.surely_not_run());
        assert!(!shown.is_empty() || typed, "{screen:?}");
        assert_eq!(sessions(&lab, 100), (1, 0), "it goes on");
        lab.stop().await;
    }
}

#[tokio::test]
async fn a_session_from_before_hides_the_change_and_is_said() {
    let (lab, console) = lab(Profile::V8_4).await;
    lab.guest("small", 100, |g| {
        g.console.foreign = Some("\r\nweb login: ".into())
    })
    .unwrap();
    let error = console.probe(vmid(100)).await.unwrap_err();
    assert_eq!(trouble(&error), &ConsoleTrouble::Login);
    lab.stop().await;
}

#[tokio::test]
async fn a_connection_that_is_cut_in_the_middle_leaves_no_shell_behind() {
    for profile in [Profile::V8_4, Profile::V9_2] {
        for after in [10, 300, 2_500, 60_000] {
            let (lab, console) = lab(profile).await;
            lab.guest("small", 100, |g| g.console.cut_after = Some(after))
                .unwrap();
            let (bytes, hash) = binary(150_000);
            let error = console.copy(vmid(100), &bytes, hash).await.unwrap_err();
            assert!(
                matches!(
                    error,
                    ReachError::Lost { .. }
                        | ReachError::Console {
                            trouble: ConsoleTrouble::Unreachable { .. },
                            ..
                        }
                ),
                "{after}: {error}"
            );
            let copied = console.copy(vmid(100), &bytes, hash).await;
            assert_eq!(copied.unwrap(), Copied::Copied, "{after}");
            all_left(&lab, 100).await;
            lab.stop().await;
        }
    }
}

#[tokio::test]
async fn a_visit_that_nobody_waits_for_any_more_is_left_in_order() {
    let (lab, console) = lab(Profile::V9_2).await;
    let (bytes, hash) = binary(3_000_000);
    let call = tokio::spawn({
        let console = console.clone();
        async move { console.copy(vmid(100), bytes, hash).await }
    });
    lab.world()
        .until(|w| w.guest("small", 100).unwrap().console.begun > 0)
        .await;
    call.abort();
    assert!(call.await.is_err());
    all_left(&lab, 100).await;
    // The next one waits for its turn and finds a fresh shell.
    console.probe(vmid(100)).await.unwrap();
    lab.stop().await;
}

#[tokio::test]
async fn missing_rights_locks_stopped_guests_and_old_packages_read_differently() {
    let (lab, console) = lab(Profile::V8_4).await;
    lab.lock_guest("small", 100, Some("backup")).unwrap();
    let error = console.probe(vmid(100)).await.unwrap_err();
    let locked = ConsoleTrouble::Locked {
        lock: "backup".into(),
    };
    assert_eq!(trouble(&error), &locked);
    lab.lock_guest("small", 100, None).unwrap();
    let stopped = console.probe(vmid(101)).await.unwrap_err();
    assert!(
        matches!(stopped, ReachError::NotRunning { .. }),
        "{stopped}"
    );
    lab.world().change(|w| {
        let cluster = w.cluster_mut("small").unwrap();
        let role = cluster.access.roles.get_mut("RedFlag").unwrap();
        role.retain(|p| p != "VM.Console");
    });
    let error = console.probe(vmid(100)).await.unwrap_err();
    let ConsoleTrouble::Forbidden { words } = trouble(&error) else {
        panic!("{error}");
    };
    assert!(words.contains("VM.Console"), "{words}");
    lab.stop().await;

    let (lab, console) = self::lab(Profile::V8_1).await;
    let (_, client) = consoles(&lab, "small", "pve1");
    let packages = client.apt_versions(&"pve1".parse().unwrap()).await.unwrap();
    assert!(matches!(
        pve::console_support(&packages),
        ConsoleSupport::TooOld { .. }
    ));
    let error = console.probe(vmid(100)).await.unwrap_err();
    assert!(
        matches!(trouble(&error), ConsoleTrouble::TooOld { .. }),
        "{error}"
    );
    lab.stop().await;
}

#[tokio::test]
async fn tickets_that_ran_out_and_connections_that_break_are_troubles_and_not_more() {
    let (lab, console) = lab(Profile::V8_4).await;
    lab.guest("small", 100, |g| g.console.expired = true)
        .unwrap();
    let error = console.probe(vmid(100)).await.unwrap_err();
    let ConsoleTrouble::Unreachable { words } = trouble(&error) else {
        panic!("{error}");
    };
    assert!(words.contains("401"), "{words}");
    lab.guest("small", 100, |g| g.console.expired = false)
        .unwrap();
    for fault in [
        Fault::CutBefore,
        Fault::Garbage,
        Fault::Answer {
            status: 500,
            reason: "got timeout".into(),
        },
    ] {
        let at = Where {
            path: Some("/vncwebsocket".into()),
            ..Where::default()
        };
        lab.faults().add(Rule::always(fault).at(at).times(1));
        let error = console.probe(vmid(100)).await.unwrap_err();
        assert!(error.surely_not_run(), "{error}");
    }
    console.probe(vmid(100)).await.unwrap();
    lab.stop().await;
}
