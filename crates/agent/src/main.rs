//! The agent's command line.
//!
//! Exit status: 0 done · 1 not well (`status`), or another failure · 2 wrong usage · 3 configuration missing or wrong ·
//! 4 no package manager that is supported · 5 the service could not be started or stopped · 6 not root · 7 a file could
//! not be read or written · 8 a job is running · 9 the scan failed · 10 the agent of another desktop is there.

mod arguments;

use std::{
    io::{Read, Write},
    path::PathBuf,
    process::ExitCode,
};

use agent::{
    Layout, Tools, carried, clock,
    desktop::{check, config},
    init, install, inventory,
    inventory::Effort,
    jobs,
    jobs::JobDirectory,
    journal, packages, run,
    status::Status,
    uninstall,
};
use arguments::{Command, Wanted};
use domain::inventory::PackageScan;
use serde::Serialize;

/// What is said when a command fails: its exit status and the reason.
struct Failure {
    code: u8,
    what: String,
}

impl Failure {
    fn new(code: u8, what: impl ToString) -> Self {
        let what = what.to_string();
        Self { code, what }
    }
}

fn main() -> ExitCode {
    let (root, command) = match arguments::read(std::env::args_os().skip(1)) {
        Ok(Wanted::Work { root, command }) => (root, command),
        Ok(Wanted::Words(words)) => {
            print(&words);
            return ExitCode::SUCCESS;
        }
        Err(wrong) => {
            let words = format!("redflag-agent: {wrong}; --help shows what there is");
            journal::say(journal::Urgency::Warning, &words);
            return ExitCode::from(2);
        }
    };
    let json = match command {
        Command::Install { json, .. }
        | Command::Scan { json, .. }
        | Command::Status { json }
        | Command::Uninstall { json, .. } => json,
        Command::Run { .. }
        | Command::Stdio
        | Command::Check
        | Command::Restart
        | Command::Supervise
        | Command::Job { .. } => false,
    };
    match execute(root, command) {
        Ok(code) => ExitCode::from(code),
        Err(Failure { code, what }) => {
            if json {
                #[derive(Serialize)]
                struct Failed<'a> {
                    error: &'a str,
                    code: u8,
                }
                print(&encode(&Failed { error: &what, code }));
            } else {
                journal::say(journal::Urgency::Warning, &format!("redflag-agent: {what}"));
            }
            ExitCode::from(code)
        }
    }
}

fn execute(root: PathBuf, command: Command) -> Result<u8, Failure> {
    let layout = Layout::new(root);
    let tools = Tools::from_environment();
    match command {
        Command::Install {
            bootstrap,
            take_over,
            json,
        } => {
            let bootstrap = match bootstrap {
                None => None,
                Some(file) => {
                    Some(config::parse_bootstrap(&text(&file)?).map_err(|e| Failure::new(3, e))?)
                }
            };
            let wish = install::Wish {
                bootstrap,
                take_over,
            };
            let done =
                install::run(&layout, &tools, wish).map_err(|e| Failure::new(e.exit_code(), &e))?;
            if json {
                print(&encode(&done));
            } else {
                let next = if done.enrolling {
                    "it now makes itself known to RedFlag"
                } else {
                    "it was enrolled before"
                };
                print(&format!(
                    "RedFlag agent {} is installed and running; {next}\n",
                    done.version
                ));
                if let Some(note) = done.note {
                    print(&format!("{note}\n"));
                }
            }
            Ok(0)
        }
        Command::Run { log } => {
            if let Some(log) = log {
                journal::to_file(log);
            }
            run_agent(layout, tools)
        }
        Command::Stdio => stdio(layout, tools),
        Command::Check => check(&layout),
        Command::Restart => {
            let init = init::detect(&layout, &tools);
            init::restart(init, &layout, &tools).map_err(|e| Failure::new(5, e))?;
            Ok(0)
        }
        Command::Supervise => {
            journal::to_file(layout.log());
            runtime()?
                .block_on(init::own::supervise(&layout, &tools))
                .map_err(|e| Failure::new(5, e))?;
            Ok(0)
        }
        Command::Scan {
            refresh,
            json,
            record,
        } => scan(&layout, &tools, refresh, json, record),
        Command::Status { json } => {
            let status = Status::read(&layout, &tools);
            if json {
                print(&encode(&status));
            } else {
                print(&status.text(clock::now()));
            }
            Ok(u8::from(!status.is_well()))
        }
        Command::Uninstall { force, json } => {
            uninstall::run(&layout, &tools, force).map_err(|e| Failure::new(e.exit_code(), &e))?;
            if json {
                print("{}\n");
            } else {
                print("the RedFlag agent is removed\n");
            }
            Ok(0)
        }
        Command::Job { id } => {
            // Out of the agent's session and process group; fails only where it is out already.
            let _ = rustix::process::setsid();
            let job = JobDirectory::open(&layout, id).map_err(|e| Failure::new(7, e))?;
            jobs::run(&layout, &tools, &job).map_err(|e| Failure::new(7, e))?;
            Ok(0)
        }
    }
}

fn run_agent(layout: Layout, tools: Tools) -> Result<u8, Failure> {
    let program = std::env::current_exe().unwrap_or_else(|_| layout.binary());
    runtime()?.block_on(async {
        let mut ended = signal(tokio::signal::unix::SignalKind::terminate())?;
        let mut interrupted = signal(tokio::signal::unix::SignalKind::interrupt())?;
        let shutdown = async {
            tokio::select! {
                _ = ended.recv() => {}
                _ = interrupted.recv() => {}
            }
        };
        run::run(layout, tools, program, run::Pace::default(), shutdown)
            .await
            .map_err(|e| Failure::new(3, e))
    })?;
    Ok(0)
}

/// Carries the running agent's connections; where none runs, this process is the agent for as long as it is spoken to.
fn stdio(layout: Layout, tools: Tools) -> Result<u8, Failure> {
    let program = std::env::current_exe().unwrap_or_else(|_| layout.binary());
    runtime()?.block_on(async {
        let socket = layout.socket();
        let alone = !carried::is_answered(&socket).await;
        let session = carried::run(&socket, tokio::io::stdin(), tokio::io::stdout());
        if alone {
            let pace = run::Pace::default();
            let until = async {
                // Its end is the end of this process, however it came.
                if let Err(e) = session.await {
                    journal::say(journal::Urgency::Warning, &e.to_string());
                }
            };
            let ended = Box::pin(run::run(layout, tools, program, pace, until)).await;
            ended.map(drop).map_err(|e| Failure::new(3, e))
        } else {
            session.await.map_err(|e| Failure::new(1, e))
        }
    })?;
    // Standard input is read by a thread that may still wait for it.
    std::process::exit(0)
}

/// Status 1 where no address answers.
fn check(layout: &Layout) -> Result<u8, Failure> {
    let known = config::Config::known(layout).map_err(|e| Failure::new(3, e))?;
    let missing = || Failure::new(3, "the agent is not installed: it knows no desktop");
    let config = known.ok_or_else(missing)?;
    let checked = runtime()?.block_on(check::check(&config));
    let answers = checked.map_err(|e| Failure::new(3, e))?;
    for (endpoint, answer) in &answers {
        print(&format!("way={endpoint} {answer}\n"));
    }
    let any = answers.iter().any(|(_, a)| *a == check::Answer::Answers);
    Ok(u8::from(!any))
}

fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|e| Failure::new(1, e))
}

fn signal(kind: tokio::signal::unix::SignalKind) -> Result<tokio::signal::unix::Signal, Failure> {
    tokio::signal::unix::signal(kind).map_err(|e| Failure::new(1, e))
}

fn scan(
    layout: &Layout,
    tools: &Tools,
    refresh: bool,
    json: bool,
    record: bool,
) -> Result<u8, Failure> {
    if refresh {
        let manager = packages::detect(layout, tools).map_err(|e| Failure::new(9, e))?;
        let refreshed = manager.refresh(&mut Screen {
            quiet: json || record,
        });
        let words = match refreshed {
            Ok(refreshed) => refreshed.failure(),
            Err(packages::Stopped::Failed(p) | packages::Stopped::Interrupted(p)) => {
                Some(format!("{} {}", p.what, p.words.unwrap_or_default()))
            }
            Err(packages::Stopped::Cancelled) => Some("it was stopped".to_owned()),
        };
        // For the running agent the inventory is told with the errors of the repositories in it.
        if let Some(words) = words.filter(|_| !record) {
            return Err(Failure::new(
                9,
                format!("no package list could be fetched: {words}"),
            ));
        }
    }
    let effort = if record {
        Effort::WhenChanged
    } else {
        Effort::Always
    };
    // Before the look at what is there. What cannot be removed now is next time.
    if record && let Err(words) = agent::docker::tidy(layout, clock::now()) {
        agent::journal::say(
            agent::journal::Urgency::Warning,
            &format!("old images stay: {words}"),
        );
    }
    let taken = inventory::take(layout, tools, effort, clock::now());
    if record {
        inventory::store(layout, &taken).map_err(|e| Failure::new(7, e))?;
        return Ok(0);
    }
    let inventory = &taken.report.inventory;
    if json {
        print(&encode(&taken.report));
    } else {
        print(&agent::status::inventory_text(inventory, clock::now()));
    }
    Ok(match inventory.packages {
        PackageScan::Apt { .. } => 0,
        PackageScan::Unsupported { .. } => 4,
        PackageScan::Failed { .. } => 9,
    })
}

/// Shows the progress of a refresh by hand.
struct Screen {
    quiet: bool,
}

impl packages::Progress for Screen {
    fn step(&mut self, _step: domain::operation::StepKind) {}
    fn detail(&mut self, text: &str) {
        journal::say(journal::Urgency::Info, text);
    }
    fn percent(&mut self, _percent: u8) {}
    fn log(&mut self, _level: domain::operation::LogLevel, text: &str) {
        if !self.quiet {
            journal::say(journal::Urgency::Info, text);
        }
    }
    fn quiet(&mut self) {}
    fn cancelled(&self) -> bool {
        false
    }
}

fn text(file: &PathBuf) -> Result<String, Failure> {
    if file.as_os_str() == "-" {
        let mut text = String::new();
        return std::io::stdin()
            .take(wire::BODY_LIMIT as u64)
            .read_to_string(&mut text)
            .map(|_| text)
            .map_err(|e| Failure::new(3, format!("standard input cannot be read: {e}")));
    }
    std::fs::read_to_string(file)
        .map_err(|e| Failure::new(3, format!("cannot read {}: {e}", file.display())))
}

fn encode<T: Serialize>(value: &T) -> String {
    let mut text = serde_json::to_string_pretty(value)
        .unwrap_or_else(|e| format!("{{\"error\": {:?}}}", e.to_string()));
    text.push('\n');
    text
}

fn print(text: &str) {
    // A reader that went away is no reason to fail.
    let _ = std::io::stdout().write_all(text.as_bytes());
}
