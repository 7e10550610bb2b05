//! How many files the program may have open: every agent keeps a connection, and desktops usually begin with a limit of
//! 1024, which a thousand agents would reach.

/// Room for as many agents and newcomers as the gateway takes, and for all the rest. The usual hard limit is far above.
#[cfg(unix)]
const WANTED: u64 = 8192;

/// Raises this process's own limit as far as it may be raised. Where that fails everything works, with fewer agents.
#[cfg(unix)]
pub(crate) fn raise_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let now = getrlimit(Resource::Nofile);
    let wanted = now.maximum.map_or(WANTED, |hard| hard.min(WANTED));
    if now.current.is_none_or(|soft| soft >= wanted) {
        return;
    }
    let limit = Rlimit {
        current: Some(wanted),
        maximum: now.maximum,
    };
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        tracing::warn!(%error, wanted, "the limit of open files stays as it is");
    }
}

/// Windows has no such limit for connections.
#[cfg(not(unix))]
pub(crate) fn raise_limit() {}

#[cfg(all(test, unix))]
mod tests {
    use rustix::process::{Resource, getrlimit};

    #[test]
    fn afterwards_a_thousand_agents_have_room_where_the_system_allows_it() {
        super::raise_limit();
        let now = getrlimit(Resource::Nofile);
        let allowed = now
            .maximum
            .map_or(super::WANTED, |hard| hard.min(super::WANTED));
        assert!(now.current.is_none_or(|soft| soft >= allowed), "{now:?}");
    }
}
