//! The end of the newest log file.

use super::picture::LogLine;
use jiff::Timestamp;
use serde_json::Value;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

/// So much of the file's end is read.
const BYTES: u64 = 128 << 10;
/// So many lines are shown.
const LINES: usize = 500;
/// Files that are looked at.
const MOST_FILES: usize = 1_000;

/// The newest lines, the newest first; none where there is no log.
pub(super) fn tail(folder: &Path) -> Vec<LogLine> {
    let Some(path) = newest(folder) else { return Vec::new() };
    let (mut from, bytes) = end(&path).unwrap_or_default();
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    let mut lines = Vec::new();
    for bytes in bytes.split_inclusive(|byte| *byte == b'\n') {
        let text = String::from_utf8_lossy(bytes);
        lines.push(line(format!("{file}:{from}"), text.trim_end_matches(['\r', '\n'])));
        from += bytes.len() as u64;
    }
    lines.into_iter().rev().take(LINES).collect()
}

/// The files' names hold their day, so that the greatest name is the newest file.
fn newest(folder: &Path) -> Option<PathBuf> {
    let entries = std::fs::read_dir(folder).ok()?.take(MOST_FILES);
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    paths.filter(|path| path.extension().is_some_and(|it| it == "log")).max()
}

/// The file's last whole lines, and where in it they begin.
fn end(path: &Path) -> std::io::Result<(u64, Vec<u8>)> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    let from = length.saturating_sub(BYTES);
    file.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::new();
    file.take(BYTES).read_to_end(&mut bytes)?;
    // The first line was cut, unless it is the file's first.
    match bytes.iter().position(|byte| *byte == b'\n') {
        Some(cut) if from > 0 => Ok((from + cut as u64 + 1, bytes.split_off(cut + 1))),
        _ => Ok((from, bytes)),
    }
}

/// `2026-11-21T17:32:49.569626Z  INFO neurocards::serve: serving`, or the same as an object.
fn line(place: String, text: &str) -> LogLine {
    let plain = plain(text);
    let text = plain.as_deref().unwrap_or(text);
    let mut words = text.splitn(2, char::is_whitespace);
    let at = words.next().unwrap_or_default();
    let rest = words.next().unwrap_or_default().trim_start();
    let (level, said) = rest.split_once(' ').unwrap_or((rest, ""));
    match (level, at.parse::<Timestamp>()) {
        ("ERROR" | "WARN" | "INFO" | "DEBUG" | "TRACE", Ok(at)) => LogLine {
            place,
            level: level.to_owned(),
            at: Some(at.as_millisecond()),
            text: said.to_owned(),
        },
        _ => LogLine { place, level: String::new(), at: None, text: text.to_owned() },
    }
}

/// A line of `[log] format = "json"` as it would be in text; none: it is none.
fn plain(text: &str) -> Option<String> {
    let Ok(Value::Object(mut all)) = serde_json::from_str(text) else { return None };
    let mut word = |key: &str| match all.remove(key) {
        Some(Value::String(word)) => Some(word),
        _ => None,
    };
    let (at, level, target) = (word("timestamp")?, word("level")?, word("target")?);
    let mut plain = format!("{at} {level} {target}: {}", word("message").unwrap_or_default());
    for (name, value) in &all {
        plain.push_str(&format!(" {name}={value}"));
    }
    Some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_lines_of_the_newest_file_come_first() {
        let folder = tempfile::tempdir().unwrap();
        assert!(tail(folder.path()).is_empty());
        std::fs::write(folder.path().join("neurocards.2026-11-20.log"), "old\n").unwrap();
        let text = "2026-11-21T17:32:49.569626Z  INFO neurocards::serve: serving\n  and more\n\
                    2026-11-21T17:33:00.000001Z ERROR neurocards::bot: failed job.id=7\n";
        std::fs::write(folder.path().join("neurocards.2026-11-21.log"), text).unwrap();
        let lines = tail(folder.path());
        let first = LogLine {
            place: "neurocards.2026-11-21.log:72".into(),
            level: "ERROR".into(),
            at: Some("2026-11-21T17:33:00Z".parse::<Timestamp>().unwrap().as_millisecond()),
            text: "neurocards::bot: failed job.id=7".into(),
        };
        assert_eq!((lines.len(), &lines[0]), (3, &first));
        assert_eq!((lines[1].level.as_str(), lines[1].text.as_str()), ("", "  and more"));
        let path = folder.path().join("neurocards.2026-11-21.log");
        std::fs::write(&path, text.to_owned() + "\u{fffd}\nnewest\n").unwrap();
        let grown = tail(folder.path());
        assert_eq!((grown.len(), &grown[2..]), (5, &lines[..]), "a line stays what it was");
    }

    #[test]
    fn a_line_in_json_is_shown_as_in_text() {
        let json = r#"{"timestamp":"2026-11-21T17:33:00.000001Z","level":"ERROR","message":"failed","job.id":7,"error":"a \"b\"","target":"neurocards::bot"}"#;
        let shown = line("x:0".into(), json);
        assert_eq!(shown.level, "ERROR");
        assert_eq!(shown.text, r#"neurocards::bot: failed error="a \"b\"" job.id=7"#);
        let at = "2026-11-21T17:33:00Z".parse::<Timestamp>().unwrap().as_millisecond();
        assert_eq!(shown.at, Some(at));
        assert_eq!(line("x:0".into(), "{\"a\": 1}").text, "{\"a\": 1}");
    }

    #[test]
    fn of_a_long_file_only_the_end_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("neurocards.2026-11-21.log");
        let text: String = (0..100_000).map(|n| format!("line {n}\n")).collect();
        std::fs::write(&path, text).unwrap();
        let lines = tail(folder.path());
        assert_eq!((lines.len(), lines[0].text.as_str()), (LINES, "line 99999"));
    }
}
