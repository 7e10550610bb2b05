//! What differs between releases of Proxmox VE, as far as a client can see it.

/// A release that the double can play. Only 8.4 was measured on a live system; the others are from sources.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Profile {
    V7_4,
    V8_1,
    #[default]
    V8_4,
    V9_2,
}

/// What `…/interfaces` answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interfaces {
    /// There is no such call.
    Missing,
    /// `inet` and `inet6` only, one address each.
    Legacy,
    /// With the list `ip-addresses`.
    Full,
}

impl Profile {
    /// All of them, oldest first.
    pub const ALL: [Self; 4] = [Self::V7_4, Self::V8_1, Self::V8_4, Self::V9_2];

    /// The one of that short form: `8.4`.
    pub fn named(release: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|p| p.release() == release)
    }

    /// As `/version` gives it.
    pub fn version(self) -> &'static str {
        match self {
            Self::V7_4 => "7.4-17",
            Self::V8_1 => "8.1.11",
            Self::V8_4 => "8.4.21",
            Self::V9_2 => "9.2.11",
        }
    }

    /// The short form: `8.4`.
    pub fn release(self) -> &'static str {
        match self {
            Self::V7_4 => "7.4",
            Self::V8_1 => "8.1",
            Self::V8_4 => "8.4",
            Self::V9_2 => "9.2",
        }
    }

    /// The commit that it was built from.
    pub fn repoid(self) -> &'static str {
        match self {
            Self::V7_4 => "513c62be",
            Self::V8_1 => "d0b5e2f4a7c91836",
            Self::V8_4 => "2606ac85f6f41e0d",
            Self::V9_2 => "7f1c5a09be34d268",
        }
    }

    /// The kernel that such a node runs.
    pub(crate) fn kernel(self) -> &'static str {
        match self {
            Self::V7_4 => "5.15.158-2-pve",
            Self::V8_1 => "6.5.13-5-pve",
            Self::V8_4 => "6.8.12-15-pve",
            Self::V9_2 => "6.17.4-2-pve",
        }
    }

    /// The Debian release below it.
    pub(crate) fn debian(self) -> &'static str {
        match self {
            Self::V7_4 => "bullseye",
            Self::V8_1 | Self::V8_4 => "bookworm",
            Self::V9_2 => "trixie",
        }
    }

    /// Handle and name of the repositories that Proxmox offers for it.
    pub(crate) fn standard_repositories(self) -> Vec<(&'static str, &'static str)> {
        let mut all = vec![
            ("enterprise", "Enterprise"),
            ("no-subscription", "No-Subscription"),
            ("test", "Test"),
        ];
        let quincy = [
            ("ceph-quincy-enterprise", "Ceph Quincy Enterprise"),
            ("ceph-quincy-no-subscription", "Ceph Quincy No-Subscription"),
            ("ceph-quincy-test", "Ceph Quincy Test"),
        ];
        let reef = [
            ("ceph-reef-enterprise", "Ceph Reef Enterprise"),
            ("ceph-reef-no-subscription", "Ceph Reef No-Subscription"),
            ("ceph-reef-test", "Ceph Reef Test"),
        ];
        let squid = [
            ("ceph-squid-enterprise", "Ceph Squid Enterprise"),
            ("ceph-squid-no-subscription", "Ceph Squid No-Subscription"),
            ("ceph-squid-test", "Ceph Squid Test"),
        ];
        match self {
            Self::V7_4 => all.extend(&quincy[1..]),
            Self::V8_1 => all.extend(quincy.into_iter().chain(reef)),
            Self::V8_4 => all.extend(quincy.into_iter().chain(reef).chain(squid)),
            Self::V9_2 => all.extend(squid),
        }
        all
    }

    /// For people: the release and where its behaviour was learned.
    pub fn label(self) -> String {
        match self {
            Self::V8_4 => self.version().to_owned(),
            Self::V7_4 | Self::V8_1 | Self::V9_2 => format!("{} (from sources)", self.version()),
        }
    }

    /// Since http-server 5.2.0 an error's text stands in the body too; before, only in the reason phrase.
    pub(crate) fn message_in_body(self) -> bool {
        match self {
            Self::V7_4 | Self::V8_1 => false,
            Self::V8_4 | Self::V9_2 => true,
        }
    }

    /// `vmid` in the list of containers was text before pve-container 5.0.10.
    pub(crate) fn vmid_as_text(self) -> bool {
        match self {
            Self::V7_4 | Self::V8_1 => true,
            Self::V8_4 | Self::V9_2 => false,
        }
    }

    pub(crate) fn interfaces(self) -> Interfaces {
        match self {
            Self::V7_4 => Interfaces::Missing,
            Self::V8_1 => Interfaces::Legacy,
            Self::V8_4 | Self::V9_2 => Interfaces::Full,
        }
    }

    /// Since January 2026 a refused token learns nothing but that.
    pub(crate) fn refusal_reason(self) -> &'static str {
        match self {
            Self::V7_4 | Self::V8_1 => "invalid token value!",
            Self::V8_4 | Self::V9_2 => "Authentication failed!",
        }
    }

    /// The same for the ticket of a login.
    pub(crate) fn refused_ticket(self) -> &'static str {
        match self {
            Self::V7_4 | Self::V8_1 => "permission denied - invalid PVE ticket",
            Self::V8_4 | Self::V9_2 => "Authentication failed!",
        }
    }

    /// Since 8.0 a node tells of its kernel and boot in fields of their own.
    pub(crate) fn has_boot_info(self) -> bool {
        self != Self::V7_4
    }

    /// `memory.available`, `memhost` and pressure figures came with 9.0.
    pub(crate) fn has_pressure(self) -> bool {
        self == Self::V9_2
    }

    /// Whether its packages let API tokens onto consoles (since April 2026).
    pub(crate) fn console_takes_tokens(self) -> bool {
        match self {
            Self::V7_4 | Self::V8_1 => false,
            Self::V8_4 | Self::V9_2 => true,
        }
    }

    /// Whether a console's connection stays open when the program on it has ended.
    pub(crate) fn console_stays(self) -> bool {
        self == Self::V9_2
    }

    /// Every privilege of the role Administrator.
    pub fn all_privileges(self) -> impl Iterator<Item = &'static str> {
        let guest_agent: &[&str] = match self {
            Self::V7_4 | Self::V8_1 | Self::V8_4 => &["VM.Monitor"],
            Self::V9_2 => &[
                "VM.GuestAgent.Audit",
                "VM.GuestAgent.FileRead",
                "VM.GuestAgent.FileSystemMgmt",
                "VM.GuestAgent.FileWrite",
                "VM.GuestAgent.Unrestricted",
            ],
        };
        PRIVILEGES.iter().chain(guest_agent).copied()
    }
}

const PRIVILEGES: &[&str] = &[
    "Datastore.Allocate",
    "Datastore.AllocateSpace",
    "Datastore.AllocateTemplate",
    "Datastore.Audit",
    "Group.Allocate",
    "Mapping.Audit",
    "Mapping.Modify",
    "Mapping.Use",
    "Permissions.Modify",
    "Pool.Allocate",
    "Pool.Audit",
    "Realm.Allocate",
    "Realm.AllocateUser",
    "SDN.Allocate",
    "SDN.Audit",
    "SDN.Use",
    "Sys.AccessNetwork",
    "Sys.Audit",
    "Sys.Console",
    "Sys.Incoming",
    "Sys.Modify",
    "Sys.PowerMgmt",
    "Sys.Syslog",
    "User.Modify",
    "VM.Allocate",
    "VM.Audit",
    "VM.Backup",
    "VM.Clone",
    "VM.Config.CDROM",
    "VM.Config.CPU",
    "VM.Config.Cloudinit",
    "VM.Config.Disk",
    "VM.Config.HWType",
    "VM.Config.Memory",
    "VM.Config.Network",
    "VM.Config.Options",
    "VM.Console",
    "VM.Migrate",
    "VM.PowerMgmt",
    "VM.Snapshot",
    "VM.Snapshot.Rollback",
];
