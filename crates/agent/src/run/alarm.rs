//! A pause that wakes the process once. The runtime's own timers sort a long pause into finer steps as its end comes near,
//! which wakes it three times for each: most of what an agent costs that has nothing to do.

use std::{io, time::Duration};

use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
    timerfd_settime,
};
use tokio::net::unix::pipe::Receiver;

/// Ends after `length`.
pub(super) async fn pause(length: Duration) {
    match timer(length) {
        Ok(timer) => drop(timer.readable().await),
        // Where the kernel gives none, the dearer way does as well.
        Err(_) => tokio::time::sleep(length).await,
    }
}

/// As a pipe, since all that is asked of it is whether there is something to read.
fn timer(length: Duration) -> io::Result<Receiver> {
    let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
    let timer = timerfd_create(TimerfdClockId::Monotonic, flags)?;
    let zero = Timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // All zeros would be no timer at all.
    let length = length.max(Duration::from_nanos(1));
    let once = Itimerspec {
        it_interval: zero,
        it_value: Timespec::try_from(length).map_err(|_| io::ErrorKind::InvalidInput)?,
    };
    timerfd_settime(&timer, TimerfdTimerFlags::empty(), &once)?;
    Receiver::from_owned_fd_unchecked(timer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    #[tokio::test]
    async fn it_ends_when_its_time_is_over() {
        let began = Instant::now();
        pause(Duration::ZERO).await;
        pause(Duration::from_millis(30)).await;
        assert!(began.elapsed() >= Duration::from_millis(30));
    }
}
