//! One HTTP exchange: as it was recorded from a live node, or as the lab just answered it.

use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

/// A request and its answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transcript {
    pub method: String,
    pub target: String,
    /// Id of the token that asked; empty for none.
    pub token: String,
    /// Headers that were sent beside the token.
    pub headers: Vec<(String, String)>,
    /// The body that was sent.
    pub form: String,
    pub status_line: String,
    /// Name and value, in order; empty where they were not recorded.
    pub answer: Vec<(String, String)>,
    pub body: String,
}

/// The options of the recorded command line that matter.
const OPTIONS: [&str; 4] = ["-H ", "-b ", "--data-urlencode ", "--data "];

impl Transcript {
    /// Reads a recorded file; none when it is no HTTP exchange (a console session, say).
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn read(path: &Path) -> Result<Option<Self>> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        Ok(Self::parse(&text))
    }

    fn parse(text: &str) -> Option<Self> {
        if text.starts_with('[') {
            return Self::refused_console(text);
        }
        let mut lines = text.lines();
        let request = lines.next()?.strip_prefix("# ")?;
        let (request, rest) = request.split_once("(token: ")?;
        let (token, arguments) = rest.split_once(')')?;
        let mut words = request.split_whitespace().skip(1);
        let mut this = Self {
            method: words.next()?.into(),
            target: words.next()?.into(),
            token: token.into(),
            ..Self::default()
        };
        this.arguments(arguments.trim().strip_prefix("args:")?);
        this.status_line = lines.next().filter(|l| l.starts_with("HTTP/1.1 "))?.into();
        for line in lines.by_ref().take_while(|l| !l.is_empty()) {
            let (name, value) = line.split_once(": ")?;
            this.answer.push((name.into(), value.into()));
        }
        let body = lines.next().unwrap_or_default();
        if !body.starts_with("# ") {
            this.body = body.into();
        }
        Some(this)
    }

    /// The notes of a console session that was refused at once: status line and body, without headers or token.
    fn refused_console(text: &str) -> Option<Self> {
        let mut lines = text.lines().filter_map(|l| l.split_once("] "));
        let (request, answer) = lines.next()?.1.split_once(" -> ")?;
        let (method, target) = request.split_once(' ')?;
        let answer = answer.strip_suffix(" application/json;charset=UTF-8")?;
        let this = Self {
            method: method.into(),
            target: target.into(),
            status_line: format!("HTTP/1.1 {answer}"),
            body: lines.next()?.1.into(),
            ..Self::default()
        };
        (this.status() >= 400).then_some(this)
    }

    fn arguments(&mut self, text: &str) {
        let mut rest = text.trim();
        while let Some(option) = OPTIONS.iter().find(|o| rest.starts_with(**o)) {
            let value = &rest[option.len()..];
            let ends = OPTIONS.iter().filter_map(|o| value.find(&format!(" {o}")));
            let end = ends.min().unwrap_or(value.len());
            let (value, next) = value.split_at(end);
            rest = next.trim_start();
            match *option {
                "-b " => self.headers.push(("Cookie".into(), value.into())),
                "-H " => {
                    if let Some((name, value)) = value.split_once(": ") {
                        self.headers.push((name.into(), value.into()));
                    }
                }
                _ => {
                    if !self.form.is_empty() {
                        self.form.push('&');
                    }
                    self.form.push_str(value);
                }
            }
        }
    }

    /// The body; null when it is no JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or(Value::Null)
    }

    /// What the envelope holds.
    pub fn data(&self) -> Value {
        self.json()["data"].clone()
    }

    /// 0 when there was no answer.
    pub fn status(&self) -> u16 {
        let word = self.status_line.split(' ').nth(1);
        word.and_then(|w| w.parse().ok()).unwrap_or(0)
    }

    /// Headers with what differs from answer to answer taken out.
    pub fn timeless(&self) -> Vec<(String, String)> {
        self.answer
            .iter()
            .map(|(name, value)| match name.as_str() {
                "Date" | "Expires" | "Content-Length" => (name.clone(), "*".into()),
                _ => (name.clone(), value.clone()),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Transcript;

    #[test]
    fn the_recorded_command_line_becomes_headers_and_a_body() {
        let text = "# 2026-11-22T20:32:26Z  PUT /api2/json/x  (token: a@pve!b)  args: -b C=1 -H Content-Type: application/json --data {\"a\":\"b c\"}\nHTTP/1.1 200 OK\nDate: x\n\n{\"data\":null}\n";
        let read = Transcript::parse(text).unwrap();
        assert_eq!(read.headers[0], ("Cookie".to_owned(), "C=1".to_owned()));
        assert_eq!(read.headers[1].1, "application/json");
        assert_eq!(
            (read.form.as_str(), read.status()),
            ("{\"a\":\"b c\"}", 200)
        );
    }

    #[test]
    fn what_is_no_exchange_is_none() {
        assert_eq!(Transcript::parse("[ 0.256] POST /x -> 200 OK\n"), None);
        assert_eq!(Transcript::parse(""), None);
    }
}
