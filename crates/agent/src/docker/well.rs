//! Whether a container that was just started is well.

use std::time::Duration;

use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::{calls::Engine, socket::SocketError};
use crate::packages::Progress;

/// Between two looks.
const LOOK: Duration = Duration::from_secs(1);
/// Without a check of its own it has to run so long without being started again.
const STEADY: Duration = Duration::from_secs(10);
/// Over what its own check may take: an engine that never runs it must not be waited for.
const GRACE: Duration = Duration::from_secs(60);
/// Docker's own defaults, where a check does not say.
const INTERVAL: Duration = Duration::from_secs(30);
const RETRIES: u32 = 3;
/// Of a check's last words so many characters are shown.
const SHOWN: usize = 400;

/// Waits until it is well, or says why it is not.
pub(super) async fn wait(
    engine: &mut Engine,
    id: &str,
    progress: &mut dyn Progress,
) -> Result<Result<(), String>, SocketError> {
    let began = Instant::now();
    loop {
        let Some(container) = engine.container(id).await? else {
            return Ok(Err("it is gone again".to_owned()));
        };
        if let Some(verdict) = verdict(&container, began.elapsed()) {
            return Ok(verdict);
        }
        progress.quiet();
        sleep(LOOK).await;
    }
}

/// None while nothing can be said.
pub(super) fn verdict(container: &Value, since: Duration) -> Option<Result<(), String>> {
    let state = &container["State"];
    if container["RestartCount"].as_u64().unwrap_or_default() > 0 || state["Restarting"] == true {
        // Once it runs again, the engine tells no more how it ended.
        let ending = match state["Restarting"] == true {
            true => ending(state),
            false => String::new(),
        };
        return Some(Err(format!("it ended and was started again{ending}")));
    }
    if state["Running"] != true {
        return Some(Err(format!("it ended{}", ending(state))));
    }
    match state["Health"]["Status"].as_str() {
        Some("healthy") => Some(Ok(())),
        Some("unhealthy") => Some(Err(format!("its own check fails{}", checked(state)))),
        Some("starting") => (since > longest(&container["Config"]["Healthcheck"])).then(|| {
            Err(format!(
                "its own check has said nothing for {} s{}",
                since.as_secs(),
                checked(state)
            ))
        }),
        Some(_) | None => (since >= STEADY).then_some(Ok(())),
    }
}

/// The exit status, and the engine's words.
fn ending(state: &Value) -> String {
    let code = state["ExitCode"].as_i64().unwrap_or_default();
    match state["Error"].as_str().filter(|words| !words.is_empty()) {
        Some(words) => format!(" (exit status {code}): {words}"),
        None => format!(" (exit status {code})"),
    }
}

/// What the check said last.
fn checked(state: &Value) -> String {
    let last = state["Health"]["Log"].as_array().and_then(|log| log.last());
    let words = last.and_then(|last| last["Output"].as_str());
    match words.map(str::trim).filter(|words| !words.is_empty()) {
        Some(words) => format!(": {}", words.chars().take(SHOWN).collect::<String>()),
        None => String::new(),
    }
}

/// What the check may take until the engine gives a verdict. Docker counts in nanoseconds, and 0 is its default.
fn longest(check: &Value) -> Duration {
    let time = |field: &str, usual: Duration| match check[field].as_u64() {
        None | Some(0) => usual,
        Some(nanoseconds) => Duration::from_nanos(nanoseconds),
    };
    let retries = check["Retries"]
        .as_u64()
        .and_then(|r| u32::try_from(r).ok());
    let retries = retries.filter(|r| *r > 0).unwrap_or(RETRIES);
    let each = time("Interval", INTERVAL) + time("Timeout", INTERVAL);
    time("StartPeriod", Duration::ZERO) + each * (retries + 1) + GRACE
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn at(state: Value, seconds: u64) -> Option<Result<(), String>> {
        let container = json!({ "State": state, "RestartCount": 0, "Config": {} });
        verdict(&container, Duration::from_secs(seconds))
    }

    #[test]
    fn a_check_of_its_own_decides() {
        let check = |status: &str| json!({ "Running": true, "Health": { "Status": status, "Log": [{ "Output": "curl: (7)\n" }] } });
        assert_eq!(at(check("starting"), 60), None);
        assert_eq!(at(check("healthy"), 0), Some(Ok(())));
        let words = "its own check fails: curl: (7)".to_owned();
        assert_eq!(at(check("unhealthy"), 0), Some(Err(words)));
        let late = at(check("starting"), 301).unwrap().unwrap_err();
        assert!(late.starts_with("its own check has said nothing"), "{late}");
    }

    #[test]
    fn without_one_it_has_to_run_for_a_while() {
        assert_eq!(at(json!({ "Running": true }), 9), None);
        assert_eq!(at(json!({ "Running": true }), 10), Some(Ok(())));
        let ended = at(json!({ "Running": false, "ExitCode": 1, "Error": "" }), 1);
        assert_eq!(ended, Some(Err("it ended (exit status 1)".to_owned())));
        let again = json!({ "State": { "Running": true, "ExitCode": 0 }, "RestartCount": 2 });
        assert!(verdict(&again, Duration::from_secs(60)).unwrap().is_err());
    }

    #[test]
    fn a_check_with_long_times_is_waited_for() {
        let second = 1_000_000_000_u64;
        let check = json!({ "StartPeriod": 600 * second, "Interval": 10 * second, "Timeout": 5 * second, "Retries": 1 });
        assert_eq!(longest(&check).as_secs(), 600 + 15 * 2 + 60);
        assert_eq!(longest(&Value::Null).as_secs(), 60 * 4 + 60);
    }
}
