//! The pasted command, run by a real shell with a real curl against the real gateway. `lxc-attach` stands in: it runs
//! the guest's script in a folder of this test, where `/usr/local` and `/etc` are its own.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    reason = "functions that tests share are tests too"
)]

use std::{
    fs,
    net::{IpAddr, SocketAddr},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::Command,
    sync::{Arc, Mutex},
};

use domain::{AgentId, JobId, Vmid, host::Fingerprint};
use gateway::{Gateway, Inbox};
use reach::paste::{Order, PastedGuest};
use secrecy::SecretString;
use sha2::{Digest, Sha256};
use tls::Ca;
use tokio_util::sync::CancellationToken;
use wire::{
    CheckInRequest, CheckInResponse, EnrolRequest, EnrolResponse, InventoryReport,
    JobAcknowledgement, JobReport, Refusal, RefusalCode, RenewRequest, RenewResponse,
};

const NAME: &str = "redflag.desktop";
const CODE: &str = "k3x-9QzR-77";

/// A desktop that knows one code.
struct Desk {
    ca_pem: String,
    script: Mutex<Option<Vec<u8>>>,
}

fn refuse(code: RefusalCode) -> Refusal {
    Refusal {
        code,
        message: "this code is unknown, used or too old".into(),
    }
}

impl Inbox for Desk {
    async fn agent_of(&self, _: Fingerprint) -> Result<AgentId, Refusal> {
        Err(refuse(RefusalCode::Revoked))
    }
    async fn enrol(&self, _: EnrolRequest, _: IpAddr) -> Result<EnrolResponse, Refusal> {
        Err(refuse(RefusalCode::CodeInvalid))
    }
    async fn renew(&self, _: AgentId, _: RenewRequest) -> Result<RenewResponse, Refusal> {
        Err(refuse(RefusalCode::Revoked))
    }
    async fn check_in(&self, _: AgentId, _: CheckInRequest) -> Result<CheckInResponse, Refusal> {
        Err(refuse(RefusalCode::Revoked))
    }
    async fn inventory(&self, _: AgentId, _: InventoryReport) -> Result<(), Refusal> {
        Err(refuse(RefusalCode::Revoked))
    }
    async fn job(&self, _: AgentId, _: JobId, _: JobReport) -> Result<JobAcknowledgement, Refusal> {
        Err(refuse(RefusalCode::Revoked))
    }
    fn authority(&self) -> Option<String> {
        Some(self.ca_pem.clone())
    }
    async fn pasted(&self, code: String, _: IpAddr) -> Result<Vec<u8>, Refusal> {
        let mut script = self.script.lock().unwrap();
        (code == CODE)
            .then(|| script.take())
            .flatten()
            .ok_or_else(|| refuse(RefusalCode::CodeInvalid))
    }
}

/// A gateway with a certificate of `signer`, which tells that its authority is `shown`.
async fn desktop(signer: &Ca, shown: &Ca, script: Vec<u8>) -> (Gateway, CancellationToken) {
    let now = time();
    let identity = signer.server_identity(NAME, now).unwrap();
    let config = tls::server_config(&identity, signer.certificate_pem()).unwrap();
    let desk = Desk {
        ca_pem: shown.certificate_pem().to_owned(),
        script: Mutex::new(Some(script)),
    };
    let stop = CancellationToken::new();
    let any: SocketAddr = "127.0.0.1:0".parse().unwrap();
    let gateway = Gateway::serve(any, config, Arc::new(desk), stop.clone()).await;
    (gateway.unwrap(), stop)
}

fn time() -> domain::Timestamp {
    let since = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    domain::Timestamp(i64::try_from(since.as_millis()).unwrap())
}

fn vmid(number: u32) -> Vmid {
    Vmid::try_from(number).unwrap()
}

fn agent() -> (Vec<u8>, [u8; 32]) {
    let mut bytes =
        b"#!/bin/sh\n[ \"$1\" != install ] || echo installed >>/etc/ran\nexit 0\n".to_vec();
    bytes.extend((0..=u8::MAX).cycle().take(900_000));
    let hash = Sha256::digest(&bytes).into();
    (bytes, hash)
}

fn pasted_script(guests: &[u32]) -> Vec<u8> {
    let guests: Vec<PastedGuest> = guests
        .iter()
        .map(|number| PastedGuest {
            vmid: vmid(*number),
            bootstrap: SecretString::from(format!("{{\"code\":\"for-{number}\"}}")),
        })
        .collect();
    let (bytes, hash) = agent();
    reach::paste::script(&guests, &bytes, hash).unwrap()
}

fn command_for(ca: &Ca, at: &[SocketAddr], guests: &[u32]) -> String {
    let guests: Vec<Vmid> = guests.iter().map(|n| vmid(*n)).collect();
    let code = SecretString::from(CODE);
    let order = Order {
        endpoints: at,
        ca_pem: ca.certificate_pem(),
        server_name: NAME,
        code: &code,
        guests: &guests,
        until: "21:30",
    };
    reach::paste::command(&order).unwrap()
}

/// A node of this test's own: guests are folders, 102 does not run.
fn node(folder: &Path) {
    let attach = folder.join("lxc-attach");
    let text = format!(
        "#!/bin/sh\n[ \"$2\" != 102 ] || {{ echo 'lxc-attach: 102: Failed to get init pid' >&2; exit 1; }}\n\
         g={}/$2; mkdir -p \"$g/etc\" \"$g/local\" \"$g/lib\"\n\
         exec unshare --mount --propagation private /bin/sh -c \"mount --bind $g/local /usr/local && \
         mount --bind $g/lib /var/lib && mount --bind $g/etc /etc && exec /bin/sh -s\"\n",
        folder.display()
    );
    fs::write(&attach, text).unwrap();
    fs::set_permissions(&attach, fs::Permissions::from_mode(0o755)).unwrap();
}

/// Runs the command as root's shell on the node does; its status and all that it wrote.
async fn run(folder: &Path, command: &str) -> (Option<i32>, String) {
    let path = format!("{}:/usr/sbin:/usr/bin:/sbin:/bin", folder.display());
    let mut shell = Command::new("/bin/bash");
    shell
        .args(["-c", command])
        .env("PATH", path)
        .env("TMPDIR", folder);
    let output = tokio::task::spawn_blocking(move || shell.output().unwrap())
        .await
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    (
        output.status.code(),
        String::from_utf8_lossy(&text).into_owned(),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pasted_command_puts_agents_in_once_and_one_bad_guest_does_not_stop_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    node(folder.path());
    let ca = Ca::create("desktop", time()).unwrap();
    let guests = [101, 102, 103];
    let (gateway, stop) = desktop(&ca, &ca, pasted_script(&guests)).await;
    // The first address does not answer; the second does.
    let at = ["127.0.0.1:1".parse().unwrap(), gateway.local_addr()];
    let command = command_for(&ca, &at, &guests);
    let (status, said) = run(folder.path(), &command).await;
    assert_eq!(status, Some(1), "one of them is stopped: {said}");
    assert!(said.contains("LXC 101: the agent is in"), "{said}");
    assert!(
        said.contains("LXC 102: copy did not work: lxc-attach: 102: Failed to get init pid"),
        "{said}"
    );
    assert!(said.contains("LXC 103: the agent is in"), "{said}");
    for number in [101, 103] {
        let guest = folder.path().join(number.to_string());
        let binary = fs::read(guest.join("local/bin/redflag-agent")).unwrap();
        assert!(binary == agent().0, "byte by byte");
        let bootstrap = guest.join("etc/redflag-agent/bootstrap.json");
        let text = fs::read_to_string(&bootstrap).unwrap();
        assert_eq!(text.trim(), format!("{{\"code\":\"for-{number}\"}}"));
        let mode = fs::metadata(&bootstrap).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(
            fs::read_to_string(guest.join("etc/ran")).unwrap(),
            "installed\n"
        );
    }
    let left: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("tmp."))
        .collect();
    assert!(left.is_empty(), "{left:?}");
    let (status, said) = run(folder.path(), &command).await;
    assert_ne!(status, Some(0), "it counts once: {said}");
    assert!(said.contains("403"), "{said}");
    stop.cancel();
    gateway.stopped().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_impostor_gets_neither_the_code_nor_anything_run() {
    let folder = tempfile::tempdir().unwrap();
    node(folder.path());
    let ours = Ca::create("desktop", time()).unwrap();
    let theirs = Ca::create("desktop", time()).unwrap();
    let evil = format!("touch {}/evil\n", folder.path().display()).into_bytes();
    // One shows its own authority; one shows ours and has a certificate of its own.
    for shown in [&theirs, &ours] {
        let (gateway, stop) = desktop(&theirs, shown, evil.clone()).await;
        let command = command_for(&ours, &[gateway.local_addr()], &[101]);
        let (status, said) = run(folder.path(), &command).await;
        assert_ne!(status, Some(0), "{said}");
        assert!(!folder.path().join("evil").exists(), "{said}");
        stop.cancel();
        gateway.stopped().await;
    }
}
