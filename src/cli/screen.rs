//! What a person or a script reads: tables, JSON, times and ages. A reader that hangs up (`| head`)
//! is no error.

use std::io::Write;
use std::process::ExitCode;

use anyhow::Result;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use rusqlite::types::ValueRef;

use crate::clock::{DAY, HOUR, MINUTE, Millis, SECOND};
pub(super) use crate::operator::days::midnight;
use crate::text::columns::width;
pub(super) use crate::text::columns::{clean, cut};

/// Longest text in a cell, in columns of the terminal.
const WIDEST_CELL: usize = 48;

/// Prints a text as it is.
pub(super) fn print(text: &str) -> Result<ExitCode> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

/// Prints one JSON document.
pub(super) fn print_json(value: &impl serde::Serialize) -> Result<ExitCode> {
    print(&(serde_json::to_string_pretty(value)? + "\n"))
}

/// The one line of an error. Control characters of whoever wrote it stay out of the terminal.
pub(super) fn complain(line: &str) {
    // Where standard error is closed, there is nobody to tell.
    let _ = writeln!(std::io::stderr().lock(), "neurocards: {}", clean(line));
}

/// Whether it failed only because the reader of our output went away.
pub(super) fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause
            .downcast_ref::<std::io::Error>()
            .is_some_and(|io| io.kind() == std::io::ErrorKind::BrokenPipe)
    })
}

/// An aligned table: a heading, then rows; long cells are cut. Numbers go to the right where the
/// heading says so by beginning with `>`.
pub(super) fn table(heading: &[&str], rows: &[Vec<String>]) -> String {
    let cut_row = |row: &Vec<String>| row.iter().map(|cell| cut(cell, WIDEST_CELL)).collect();
    wide_table(heading, &rows.iter().map(cut_row).collect::<Vec<_>>())
}

/// The same for cells that the caller has cut.
pub(super) fn wide_table(heading: &[&str], rows: &[Vec<String>]) -> String {
    let right: Vec<bool> = heading.iter().map(|name| name.starts_with('>')).collect();
    let heading = heading.iter().map(|name| name.trim_start_matches('>').to_owned()).collect();
    let rows: Vec<Vec<String>> = std::iter::once(heading).chain(rows.iter().cloned()).collect();
    let widest = |at: usize| rows.iter().map(|row| row.get(at).map_or(0, |cell| width(cell))).max();
    let widths: Vec<usize> = (0..right.len()).map(|at| widest(at).unwrap_or(0)).collect();
    let mut text = String::new();
    for row in &rows {
        let mut line = String::new();
        for (at, cell) in row.iter().enumerate().take(widths.len()) {
            let gap = " ".repeat(widths[at] - width(cell));
            let (before, after) =
                if right[at] { (gap, String::new()) } else { (String::new(), gap) };
            line += &format!("{before}{cell}{after}  ");
        }
        text += line.trim_end();
        text.push('\n');
    }
    text
}

/// A database value as JSON; a blob is hexadecimal.
pub(super) fn json(value: ValueRef<'_>) -> serde_json::Value {
    match value {
        ValueRef::Null => serde_json::Value::Null,
        ValueRef::Integer(number) => number.into(),
        ValueRef::Real(number) => number.into(),
        ValueRef::Text(text) => String::from_utf8_lossy(text).into(),
        ValueRef::Blob(bytes) => {
            bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into()
        }
    }
}

/// A point in time as people of the zone write it.
pub(super) fn time(at: Millis, zone: &TimeZone) -> String {
    match Timestamp::from_millisecond(at) {
        Ok(at) => at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string(),
        Err(_) => at.to_string(),
    }
}

/// "3m ago", "in 2h".
pub(super) fn age(at: Millis, now: Millis) -> String {
    match now - at {
        past if past >= SECOND => format!("{} ago", span(past)),
        past if past <= -SECOND => format!("in {}", span(-past)),
        _ => "now".to_owned(),
    }
}

/// A length of time in its largest unit: "45s", "3m", "2h", "5d".
pub(super) fn span(ms: Millis) -> String {
    match ms {
        ..MINUTE => format!("{}s", ms / SECOND),
        MINUTE..HOUR => format!("{}m", ms / MINUTE),
        HOUR..DAY => format!("{}h", ms / HOUR),
        _ => format!("{}d", ms / DAY),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_lines_up_by_columns_of_the_terminal() {
        let rows = vec![
            vec!["1".to_owned(), "крем".to_owned()],
            vec!["22".to_owned(), "保湿".to_owned()],
            vec!["3".to_owned(), "a\u{1b}[2J\nb".to_owned()],
        ];
        let text = table(&[">id", "product"], &rows);
        assert_eq!(text, "id  product\n 1  крем\n22  保湿\n 3  a [2J b\n");
    }

    #[test]
    fn ages_are_read_at_a_glance() {
        for (past, shown) in [
            (0, "now"),
            (5_000, "5s ago"),
            (3 * MINUTE, "3m ago"),
            (2 * HOUR, "2h ago"),
            (5 * DAY, "5d ago"),
            (-3 * MINUTE, "in 3m"),
        ] {
            assert_eq!(age(10 * DAY, 10 * DAY + past), shown);
        }
    }

    #[test]
    fn a_time_is_that_of_the_zone() {
        let zone = TimeZone::fixed(jiff::tz::offset(3));
        assert_eq!(time(0, &zone), "1970-01-01 03:00:00");
    }
}
