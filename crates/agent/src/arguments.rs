//! The command line as it is written.

use std::{ffi::OsString, path::PathBuf};

use domain::JobId;
use lexopt::{
    Arg::{Long, Short, Value},
    Parser, ValueExt as _,
};

const HELP: &str = "\
RedFlag's agent: reports pending updates of this guest and installs approved ones

Usage: redflag-agent COMMAND

Commands:
  install    Set the agent up as a service of this guest
               --bootstrap FILE  where the desktop's bootstrap is; - for standard input
               --take-over       take the agent over from another desktop
               --json
  run        Run the agent; what the service does
  stdio      Speak with the desktop over standard input and output; for guests that
             cannot reach it
  restart    Start the agent's service again, or, in a guest without init system, the agent
  scan       Show which updates are pending
               --refresh  fetch the package lists first
               --json
  status     Show how the agent stands
               --json
  check      Try every address of the desktop from here
  uninstall  Remove the agent and all it has written
               --force  even while a job is running
               --json

  -h, --help     Show this
  -V, --version  Show the agent's version
";

/// What is wanted.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// `root` stands in the place of `/`.
    Work { root: PathBuf, command: Command },
    /// To be told this.
    Words(String),
}

/// One command with its options.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Install {
        /// `-` is standard input.
        bootstrap: Option<PathBuf>,
        take_over: bool,
        json: bool,
    },
    Run {
        /// Where to write what there is to say, in the place of standard error.
        log: Option<PathBuf>,
    },
    Stdio,
    Restart,
    /// Keeps the agent running where no init system does.
    Supervise,
    Scan {
        refresh: bool,
        json: bool,
        /// Keeps the result for the running agent.
        record: bool,
    },
    Status {
        json: bool,
    },
    Check,
    Uninstall {
        force: bool,
        json: bool,
    },
    /// Works on a job that was accepted.
    Job {
        id: JobId,
    },
}

/// Everything that may be written, wherever it belongs.
#[derive(Default)]
struct Given {
    root: Option<PathBuf>,
    command: Option<String>,
    job: Option<String>,
    bootstrap: Option<PathBuf>,
    log: Option<PathBuf>,
    /// Options without a value.
    flags: Vec<String>,
}

impl Given {
    fn flag(&mut self, name: &str) -> bool {
        let before = self.flags.len();
        self.flags.retain(|flag| flag != name);
        before != self.flags.len()
    }
}

/// Reads a command line, without the program's own name.
///
/// # Errors
/// What is wrong with it, in words.
pub(crate) fn read(words: impl IntoIterator<Item = OsString>) -> Result<Wanted, String> {
    let mut parser = Parser::from_args(words);
    let mut given = Given::default();
    while let Some(argument) = parser.next().map_err(|e| e.to_string())? {
        let option = match argument {
            Short('h') | Long("help") => return Ok(Wanted::Words(HELP.to_owned())),
            Short('V') | Long("version") => {
                let version = env!("CARGO_PKG_VERSION");
                return Ok(Wanted::Words(format!("redflag-agent {version}\n")));
            }
            Long(flag @ ("take-over" | "json" | "refresh" | "record" | "force")) => {
                given.flags.push(flag.to_owned());
                continue;
            }
            Value(word) => {
                let word = word.string().map_err(|e| e.to_string())?;
                let place = match given.command {
                    None => &mut given.command,
                    Some(_) => &mut given.job,
                };
                if place.replace(word).is_some() {
                    return Err("there are too many words".to_owned());
                }
                continue;
            }
            Long(option @ ("root" | "bootstrap" | "log")) => option.to_owned(),
            Short(_) | Long(_) => return Err(argument.unexpected().to_string()),
        };
        let value = parser.value().map_err(|e| e.to_string())?;
        let place = match option.as_str() {
            "root" => &mut given.root,
            "bootstrap" => &mut given.bootstrap,
            _ => &mut given.log,
        };
        *place = Some(PathBuf::from(value));
    }
    let root = given.root.take().unwrap_or_else(|| PathBuf::from("/"));
    let command = command(&mut given)?;
    let rest = given.bootstrap.is_some() || given.log.is_some() || given.job.is_some();
    match (given.flags.pop(), rest) {
        (None, false) => Ok(Wanted::Work { root, command }),
        (Some(flag), _) => Err(format!("the command takes no --{flag}")),
        (None, true) => Err("the command takes no such option or word".to_owned()),
    }
}

/// Takes out what belongs to the command.
fn command(given: &mut Given) -> Result<Command, String> {
    let name = given.command.take().ok_or("a command is missing")?;
    Ok(match name.as_str() {
        "install" => Command::Install {
            bootstrap: given.bootstrap.take(),
            take_over: given.flag("take-over"),
            json: given.flag("json"),
        },
        "run" => Command::Run {
            log: given.log.take(),
        },
        "stdio" => Command::Stdio,
        "restart" => Command::Restart,
        "supervise" => Command::Supervise,
        "scan" => Command::Scan {
            refresh: given.flag("refresh"),
            json: given.flag("json"),
            record: given.flag("record"),
        },
        "status" => Command::Status {
            json: given.flag("json"),
        },
        "check" => Command::Check,
        "uninstall" => Command::Uninstall {
            force: given.flag("force"),
            json: given.flag("json"),
        },
        "job" => {
            let id = given.job.take().ok_or("the job's id is missing")?;
            Command::Job {
                id: id
                    .parse()
                    .map_err(|e: domain::ids::InvalidId| e.to_string())?,
            }
        }
        other => return Err(format!("there is no command {other:?}")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(line: &str) -> Result<Wanted, String> {
        read(line.split_whitespace().map(OsString::from))
    }

    fn work(root: &str, command: Command) -> Result<Wanted, String> {
        let root = PathBuf::from(root);
        Ok(Wanted::Work { root, command })
    }

    #[test]
    fn commands_are_read_with_their_options_in_any_order() {
        let install = Command::Install {
            bootstrap: Some("-".into()),
            take_over: true,
            json: true,
        };
        assert_eq!(
            of("install --json --bootstrap - --take-over"),
            work("/", install)
        );
        let scan = Command::Scan {
            refresh: false,
            json: false,
            record: true,
        };
        assert_eq!(of("--root /tmp/x scan --record"), work("/tmp/x", scan));
        let log = Some("/var/log/a".into());
        assert_eq!(
            of("run --log=/var/log/a --root /y"),
            work("/y", Command::Run { log })
        );
        let id = JobId::new();
        assert_eq!(of(&format!("job {id}")), work("/", Command::Job { id }));
        assert_eq!(of("status"), work("/", Command::Status { json: false }));
    }

    #[test]
    fn what_does_not_belong_is_refused_with_its_name() {
        let rows = [
            ("", "a command is missing"),
            ("go", "there is no command \"go\""),
            ("status --force", "the command takes no --force"),
            ("status --log x", "the command takes no such option or word"),
            ("scan twice", "the command takes no such option or word"),
            ("job a b", "there are too many words"),
            ("job", "the job's id is missing"),
            ("run --what", "invalid option '--what'"),
            ("run -x", "invalid option '-x'"),
        ];
        for (line, expected) in rows {
            assert_eq!(of(line).unwrap_err(), expected, "{line}");
        }
        assert!(of("run --log").unwrap_err().contains("--log"));
        assert!(of("job x").is_err());
    }

    #[test]
    fn help_and_version_are_words() {
        for line in ["--help", "-h", "install --help"] {
            assert_eq!(of(line), Ok(Wanted::Words(HELP.to_owned())));
        }
        let version = concat!("redflag-agent ", env!("CARGO_PKG_VERSION"), "\n");
        assert_eq!(of("--version"), Ok(Wanted::Words(version.to_owned())));
    }
}
