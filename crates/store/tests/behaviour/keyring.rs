//! The real keyring: a Secret Service on a session bus of the test's own, with a home of its own.

#[cfg(target_os = "linux")]
mod linux {
    use std::{
        io::Write,
        path::Path,
        process::{Child, Command, Stdio},
        time::{Duration, Instant},
    };

    use secrecy::{ExposeSecret, SecretString};
    use store::{KeySource, SecretPurpose, Store, Vault, VaultError, VaultState};
    use tempfile::TempDir;

    use crate::samples::NOW;

    const STAGE: &str = "REDFLAG_TEST_KEYRING_STAGE";
    const FOLDER: &str = "REDFLAG_TEST_KEYRING_FOLDER";

    fn needed(program: &str, package: &str) {
        let found = std::env::var_os("PATH").is_some_and(|path| {
            std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
        });
        assert!(
            found,
            "this test needs {program}: install the Debian package {package}"
        );
    }

    /// Runs this test once more, as `stage`, on a session bus of its own.
    fn on_a_bus(stage: &str, home: &Path) {
        let runtime = home.join("run");
        std::fs::create_dir_all(&runtime).unwrap();
        let status = Command::new("dbus-run-session")
            .arg("--")
            .arg(std::env::current_exe().unwrap())
            .args([
                "keyring::linux::keeps_the_key_where_there_is_an_unlocked_keyring",
                "--exact",
                "--nocapture",
            ])
            .env(STAGE, stage)
            .env(FOLDER, home.join("data"))
            .env("HOME", home)
            .env("XDG_RUNTIME_DIR", &runtime)
            .env_remove("XDG_DATA_HOME")
            .env_remove("XDG_CONFIG_HOME")
            .env_remove("DISPLAY")
            .env_remove("WAYLAND_DISPLAY")
            .env_remove("GNOME_KEYRING_CONTROL")
            .stdin(Stdio::null())
            .status()
            .unwrap();
        assert!(status.success(), "stage {stage} failed: {status}");
        assert!(
            home.join(stage).is_file(),
            "stage {stage} did not run to its end"
        );
    }

    /// Ends with the value, whatever happens.
    struct Daemon(Child);

    impl Drop for Daemon {
        fn drop(&mut self) {
            let _already_over = self.0.kill();
            let _status = self.0.wait();
        }
    }

    fn unlocked_daemon() -> Daemon {
        let mut child = Command::new("gnome-keyring-daemon")
            .args(["--foreground", "--unlock", "--components=secrets"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(b"password of the login keyring")
            .unwrap();
        let daemon = Daemon(child);
        let began = Instant::now();
        while !owned("org.freedesktop.secrets") {
            assert!(
                began.elapsed() < Duration::from_secs(30),
                "the keyring daemon did not come up"
            );
            std::thread::yield_now();
        }
        daemon
    }

    fn owned(name: &str) -> bool {
        let answer = Command::new("dbus-send")
            .args([
                "--session",
                "--print-reply",
                "--dest=org.freedesktop.DBus",
                "/org/freedesktop/DBus",
                "org.freedesktop.DBus.NameHasOwner",
                &format!("string:{name}"),
            ])
            .output()
            .unwrap();
        String::from_utf8_lossy(&answer.stdout).contains("boolean true")
    }

    #[test]
    fn keeps_the_key_where_there_is_an_unlocked_keyring() {
        let Ok(stage) = std::env::var(STAGE) else {
            needed("dbus-run-session", "dbus-daemon");
            needed("dbus-send", "dbus-bin");
            needed("gnome-keyring-daemon", "gnome-keyring");
            let home = TempDir::new().unwrap();
            on_a_bus("locked", home.path());
            std::fs::remove_dir_all(home.path().join("data")).unwrap();
            on_a_bus("first", home.path());
            on_a_bus("again", home.path());
            on_a_bus("unavailable", home.path());
            on_a_bus("lost", home.path());
            return;
        };
        let folder = std::env::var_os(FOLDER).unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(Box::pin(run(&stage, Path::new(&folder))));
    }

    async fn run(stage: &str, folder: &Path) {
        let store = Store::open(folder, NOW).await.unwrap();
        match stage {
            // The bus starts a daemon on demand, which has no unlocked collection: reads answer "no entry".
            "locked" => {
                let vault = Vault::open(&store, KeySource::Auto).await.unwrap();
                assert_eq!(vault.state(), VaultState::PassphraseToChoose);
            }
            "first" => {
                let _daemon = unlocked_daemon();
                let vault = Vault::open(&store, KeySource::Auto).await.unwrap();
                assert_eq!(vault.state(), VaultState::Keyring);
                let id = vault
                    .keep(SecretPurpose::SshKey, SecretString::from("in the ring"))
                    .await
                    .unwrap();
                store.set_setting("test.id", &id.to_string()).await.unwrap();
            }
            "again" => {
                let _daemon = unlocked_daemon();
                let vault = Vault::open(&store, KeySource::Auto).await.unwrap();
                let id = store.setting("test.id").await.unwrap().unwrap();
                let secret = vault.reveal(&id.parse().unwrap()).await.unwrap();
                assert_eq!(secret.expose_secret(), "in the ring");
            }
            "unavailable" => match Vault::open(&store, KeySource::Auto).await.map(drop) {
                Err(VaultError::KeyringUnavailable { .. }) => {}
                other => panic!("{other:?}"),
            },
            "lost" => {
                let _daemon = unlocked_daemon();
                let entry = store.id().to_string();
                let delete = move || {
                    keyring::Entry::new("RedFlag", &entry)
                        .unwrap()
                        .delete_credential()
                };
                tokio::task::spawn_blocking(delete).await.unwrap().unwrap();
                for _ in 0..2 {
                    match Vault::open(&store, KeySource::Auto).await.map(drop) {
                        Err(VaultError::KeyMissing { .. }) => {}
                        other => panic!("{other:?}"),
                    }
                }
            }
            other => panic!("there is no stage {other}"),
        }
        store.close().await;
        std::fs::write(folder.parent().unwrap().join(stage), "").unwrap();
    }
}
