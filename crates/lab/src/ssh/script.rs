//! Recognises the scripts that RedFlag sends, without running them: verb, nonce, values, payload.

/// A script as it came on standard input, complete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Script {
    pub(super) verb: String,
    pub(super) nonce: String,
    /// `name='value'` lines before the first function.
    values: Vec<(String, String)>,
    /// What its function `payload` would print.
    pub(super) payload: Option<Vec<u8>>,
    /// The file that its function `payload` would print instead, and whether it is compressed.
    pub(super) staged: Option<(String, bool)>,
}

impl Script {
    /// None for anything else, and for a script whose last line is missing: a shell would have run nothing of it.
    pub(super) fn parse(input: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(input).ok()?;
        let mut lines = text.lines();
        let verb = lines.next()?.strip_prefix("# redflag ")?.trim().to_owned();
        let last = text.trim_end().lines().next_back()?;
        let nonce = last.split_once("@@redflag:")?.1.split(':').next()?;
        if nonce.is_empty() || !last.contains(":%s") {
            return None;
        }
        let mut values = Vec::new();
        let mut payload = None;
        let mut staged = None;
        while let Some(line) = lines.next() {
            if line.starts_with("payload()") {
                let first = lines.next()?;
                match first.split_once("<<") {
                    Some(parts) => payload = Some(read_payload(parts, &mut lines)?),
                    None => staged = Some(read_staged(first)?),
                }
            } else if line.ends_with("() {") {
                break;
            } else if let Some((name, value)) = line.split_once("='")
                && let Some(value) = value.strip_suffix('\'')
                && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
            {
                values.push((name.to_owned(), value.to_owned()));
            }
        }
        Some(Self {
            verb,
            nonce: nonce.to_owned(),
            values,
            payload,
            staged,
        })
    }

    pub(super) fn value(&self, name: &str) -> Option<&str> {
        let found = self.values.iter().find(|(n, _)| n == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// The here-document of `payload`: as it is after `cat`, decoded after `base64 -d`.
fn read_payload<'a>(
    (command, mark): (&str, &str),
    lines: &mut impl Iterator<Item = &'a str>,
) -> Option<Vec<u8>> {
    let mark = mark.trim_matches('\'');
    let body: Vec<&str> = lines.take_while(|line| *line != mark).collect();
    if command.trim() == "base64 -d" {
        decode(&body)
    } else {
        let mut text = body.join("\n");
        text.push('\n');
        Some(text.into_bytes())
    }
}

/// `gzip -dc <'file'` or `cat <'file'`.
fn read_staged(line: &str) -> Option<(String, bool)> {
    let (command, file) = line.split_once(" <'")?;
    let file = file.strip_suffix('\'')?;
    Some((file.to_owned(), command == "gzip -dc"))
}

/// Standard base64 over several lines.
fn decode(lines: &[&str]) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let (mut bits, mut held) = (0_u32, 0_u32);
    for c in lines.iter().flat_map(|l| l.bytes()).filter(|c| *c != b'=') {
        let six = match c {
            b'A'..=b'Z' => c - b'A',
            b'a'..=b'z' => c - b'a' + 26,
            b'0'..=b'9' => c - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(six);
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held & 0xFF) as u8);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::Script;

    const COPY: &str = "# redflag copy\nprintf '@@redflag:ab12:begin\\n'\nPATH=/bin\nexpected='77ff'\npayload() {\nbase64 -d <<'@@payload:ab12'\naGVs\nbG8=\n@@payload:ab12\n}\nredflag() {\nnew='x'\n}\nredflag </dev/null\nprintf '\\n@@redflag:ab12:%s\\n' \"$?\"\n";

    #[test]
    fn a_complete_script_is_recognised_with_values_and_payload() {
        let script = Script::parse(COPY.as_bytes()).unwrap();
        assert_eq!(script.verb, "copy");
        assert_eq!(script.nonce, "ab12");
        assert_eq!(script.value("expected"), Some("77ff"));
        assert_eq!(script.value("new"), None);
        assert_eq!(script.payload.as_deref(), Some(b"hello".as_slice()));
    }

    #[test]
    fn a_script_that_was_cut_off_is_none() {
        let cut = &COPY.as_bytes()[..COPY.len() - 30];
        assert_eq!(Script::parse(cut), None);
        assert_eq!(Script::parse(b"rm -rf /\n"), None);
        assert_eq!(Script::parse(b""), None);
    }
}
