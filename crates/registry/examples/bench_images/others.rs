//! The registries, in a process of their own, and this side's hold of it.

use std::{process::Stdio, time::Duration};

use lab::registry::{Build, Manners, Mood, Registry};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines, stdin},
    process::{Child, ChildStdin, ChildStdout, Command},
};

use crate::{IMAGES, REGISTRIES, UPDATES, fleet::Row};

const LATENCY: Duration = Duration::from_millis(20);

fn manners(mood: &str) -> Manners {
    let error = |status: u16| Mood::Error {
        status,
        message: "no".into(),
    };
    Manners {
        latency: LATENCY,
        mood: match mood {
            "429" => Mood::TooMany {
                headers: Vec::new(),
            },
            "500" => error(500),
            "401" => error(401),
            "page" => Mood::Page,
            "silent" => Mood::Silent,
            _ => Mood::Well,
        },
        ..Manners::default()
    }
}

/// A word a line: `count`, or the mood of the first registry. Each is answered by a line.
pub(crate) async fn serve() {
    let mut registries = Vec::new();
    let mut rows = Vec::new();
    for registry in 0..REGISTRIES {
        let double = Registry::start(manners("well")).await.unwrap();
        for n in 0..IMAGES {
            let repository = format!("team{}/app{n}", n % 20);
            let old = double
                .push(&repository, "1", &Build::new(&format!("{n} old")))
                .digest;
            let has = match n < UPDATES {
                true => {
                    double.push(&repository, "1", &Build::new(&format!("{n} new")));
                    old
                }
                false => old,
            };
            rows.push(Row {
                registry,
                host: double.name(),
                repository,
                has,
            });
        }
        registries.push(double);
    }
    println!("{}", serde_json::to_string(&rows).unwrap());
    let mut lines = BufReader::new(stdin()).lines();
    while let Ok(Some(word)) = lines.next_line().await {
        let count: usize = registries.iter().map(|r| r.asked().len()).sum();
        if word != "count" {
            registries[0].behave(manners(&word));
        }
        println!("{count}");
    }
}

pub(crate) struct Others {
    _process: Child,
    words: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
    pub(crate) rows: Vec<Row>,
}

impl Others {
    pub(crate) async fn start() -> Self {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .arg("serve")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let words = process.stdin.take().unwrap();
        let mut answers = BufReader::new(process.stdout.take().unwrap()).lines();
        let rows = answers.next_line().await.unwrap().unwrap();
        Self {
            _process: process,
            words,
            answers,
            rows: serde_json::from_str(&rows).unwrap(),
        }
    }

    async fn say(&mut self, word: &str) -> usize {
        self.words
            .write_all(format!("{word}\n").as_bytes())
            .await
            .unwrap();
        self.words.flush().await.unwrap();
        let answer = self.answers.next_line().await.unwrap().unwrap();
        answer.parse().unwrap()
    }

    /// What was asked since the last time.
    pub(crate) async fn count(&mut self) -> usize {
        self.say("count").await
    }

    /// How the first registry is from now on.
    pub(crate) async fn mood(&mut self, mood: &str) {
        self.say(mood).await;
    }
}
