//! The worlds themselves.

use std::{net::Ipv4Addr, time::Duration};

use super::{Scenario, build::storage, cluster, guest, node, packages, token};
use crate::{
    seed::{Seed, noise},
    world::{Acl, Cluster, Down, Profile, World},
};

pub(super) fn demo() -> Scenario {
    // Corosync takes any text as a name, though the setup tool allows fewer characters.
    let mut first = cluster(
        "Homelab Cluster 1",
        Some("Homelab Cluster 1"),
        Profile::V8_4,
        vec![node("pve1"), node("pve2")],
    );
    first.tie_breaker = true;
    let first = first
        .with_guest(
            guest(100, "ubuntu-docker-01", "pve1")
                .ubuntu()
                .pending(&["curl", "tzdata"])
                .size(4, 4096, 32)
                .tags(&["docker", "prod"])
                .address([192, 168, 1, 100])
                .with(|g| g.features = Some("keyctl=1,nesting=1".into())),
        )
        .with_guest(
            guest(101, "debian-pihole", "pve1")
                .pending(&["base-files"])
                .size(1, 512, 4)
                .tags(&["dns"])
                .address([192, 168, 1, 101]),
        )
        .with_guest(
            guest(102, "ubuntu-dev", "pve1")
                .ubuntu()
                .size(4, 8192, 40)
                .address([192, 168, 1, 102])
                .stopped(),
        )
        .with_guest(
            guest(103, "syncthing", "pve1")
                .pending(&["rsync", "syncthing"])
                .address([192, 168, 1, 103])
                .locked_after_report("backup"),
        )
        .with_guest(
            guest(200, "nextcloud", "pve2")
                .pending(&["curl", "libssl3", "nginx", "php8.2-fpm", "tzdata"])
                .size(4, 4096, 64)
                .tags(&["prod", "web"])
                .address([192, 168, 1, 200]),
        )
        .with_guest(
            guest(201, "mariadb", "pve2")
                .size(2, 2048, 20)
                .tags(&["db", "prod"])
                .address([192, 168, 1, 201]),
        )
        .with_guest(
            guest(900, "tmpl-debian-12", "pve2")
                .size(1, 512, 4)
                .template(),
        );
    let mut second = cluster(
        "Homelab Cluster 2",
        Some("Homelab Cluster 2"),
        Profile::V8_4,
        vec![node("pve3"), node("pve4").unreachable(Down::Refused)],
    );
    second.tie_breaker = true;
    let second = second
        .with_guest(
            guest(300, "monitoring", "pve3")
                .pending(&["perl-base", "python3.11"])
                .size(2, 2048, 16)
                .address([192, 168, 1, 130]),
        )
        .with_guest(
            guest(310, "jellyfin", "pve4")
                .pending(&["curl", "libc6", "systemd"])
                .size(4, 4096, 32)
                .address([192, 168, 1, 131]),
        )
        .with_guest(
            guest(311, "paperless", "pve4")
                .pending(&["libpq5"])
                .size(2, 2048, 16)
                .address([192, 168, 1, 132]),
        );
    Scenario {
        world: World {
            clusters: vec![first, second],
        },
        // So that the last known picture of pve4 stands for as long as anyone looks at the demo.
        statistics_kept: Duration::from_secs(86_400),
    }
}

pub(super) fn small() -> Scenario {
    let small = cluster(
        "small",
        Some("small"),
        Profile::V8_4,
        vec![node("pve1"), node("pve2")],
    )
    .with_guest(
        guest(100, "web", "pve1")
            .pending(&["curl", "openssl", "nginx", "vim-tiny"])
            .held("vim-tiny")
            .tags(&["prod", "web"])
            .address([10, 98, 7, 100]),
    )
    .with_guest(guest(101, "stopped1", "pve1").stopped())
    .with_guest(guest(102, "db", "pve2").pending(&["libpq5"]));
    Scenario::new(World {
        clusters: vec![small],
    })
}

pub(super) fn recorded() -> Scenario {
    let mut node = node("pve1");
    node.from_sources = true;
    node.repositories.clear();
    let mut alone = cluster("pve1", None, Profile::V8_4, vec![node])
        .with_guest(
            guest(100, "web", "pve1")
                .size(1, 256, 1)
                .tags(&["prod", "web"])
                .address([10, 98, 7, 100])
                .with(|g| {
                    g.storage = "btr".into();
                    g.description = Some("web container\n".into());
                    g.swap = 0;
                    g.onboot = false;
                }),
        )
        .with_guest(
            guest(101, "stopped1", "pve1")
                .size(1, 128, 4)
                .stopped()
                .address([10, 98, 7, 101])
                .with(|g| {
                    g.storage = "local".into();
                    g.description = Some("json ü body\n".into());
                    g.features = None;
                    g.swap = 0;
                    g.onboot = false;
                }),
        )
        .with_guest(
            guest(102, "db", "pve1")
                .size(2, 192, 4)
                .tags(&["db", "prod"]),
        );
    let agent = [
        "VM.Audit",
        "VM.Console",
        "VM.PowerMgmt",
        "VM.Snapshot",
        "VM.Snapshot.Rollback",
        "Sys.Audit",
        "Datastore.Audit",
    ];
    let auditor = [
        "Datastore.Audit",
        "Mapping.Audit",
        "Pool.Audit",
        "SDN.Audit",
        "Sys.Audit",
        "VM.Audit",
    ];
    alone.storages = vec![
        storage("local", "dir", "rootdir,backup,vztmpl,snippets,iso,images"),
        storage("btr", "btrfs", "rootdir,images"),
    ];
    let access = &mut alone.access;
    access.users.clear();
    access.roles.clear();
    let mut user = |id: &str, acl: Acl| access.users.insert(id.into(), acl.into());
    user("mgr@pve", Acl::none().grant("/", agent));
    user("ro@pve", Acl::none().grant("/", auditor));
    user("none@pve", Acl::none());
    let mut old = token("ro@pve!old", false, Acl::none());
    old.expires = Some(1_000_000);
    access.tokens = vec![
        token("root@pam!full", false, Acl::none()),
        token("mgr@pve!agent", false, Acl::none()),
        token("ro@pve!audit", false, Acl::none()),
        token("none@pve!nothing", false, Acl::none()),
        token("mgr@pve!sep", true, Acl::none()),
        old,
    ];
    Scenario::new(World {
        clusters: vec![alone],
    })
}

pub(super) fn many(clusters: usize, nodes: usize, guests: usize) -> Scenario {
    const NAMES: [&str; 8] = [
        "web", "db", "cache", "proxy", "mail", "git", "media", "build",
    ];
    let mut seed = Seed::new(0x5EED);
    let clusters = (1..=clusters)
        .map(|c| {
            let label = format!("cluster-{c}");
            let names: Vec<String> = (1..=nodes).map(|n| format!("c{c}n{n}")).collect();
            let mut cluster = cluster(
                &label,
                Some(&label),
                Profile::V8_4,
                names.iter().map(|n| node(n)).collect(),
            );
            for (n, node) in names.iter().enumerate() {
                for g in 0..guests {
                    add(
                        &mut cluster,
                        node,
                        n * guests + g,
                        NAMES[g % NAMES.len()],
                        &mut seed,
                    );
                }
            }
            cluster
        })
        .collect();
    Scenario::new(World { clusters })
}

fn add(cluster: &mut Cluster, node: &str, index: usize, name: &str, seed: &mut Seed) {
    let vmid = 100 + u32::try_from(index).unwrap_or(u32::MAX - 100);
    let mut planner = guest(vmid, &format!("{name}-{vmid}"), node);
    if seed.unit() < 0.3 {
        planner = planner.ubuntu();
    }
    let [_, _, high, low] = vmid.to_be_bytes();
    planner = planner
        .with(|g| g.address = Some(Ipv4Addr::new(10, 30, high, low)))
        .inside(|machine| {
            let names = packages::names(machine);
            let count = (seed.unit() * 7.0) as usize;
            let from = (noise(seed.next(), 1) * names.len() as f64) as usize;
            let chosen: Vec<&str> = (0..count)
                .map(|i| names[(from + i * 3) % names.len()])
                .collect();
            packages::pending(machine, &chosen);
        });
    if index % 17 == 16 {
        planner = planner.stopped();
    }
    let guest = planner.build();
    cluster.guests.insert(guest.vmid, guest);
}
