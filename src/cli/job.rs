//! `neurocards job ID`: one video's whole story.

use std::process::ExitCode;

use anyhow::{Result, bail};
use jiff::tz::TimeZone;
use rusqlite::{Connection, OptionalExtension, Row, named_params};
use serde::Serialize;

use super::args::Output;
use super::screen;
use crate::clock::Millis;
use crate::config::Config;
use crate::db::Db;

/// No story is longer; a job that was polled for a day has some hundred lines.
const MOST_LINES: usize = 10_000;

/// `--json`.
#[derive(Debug, Serialize)]
pub(super) struct Story {
    /// The row of `jobs`, a value per column.
    job: serde_json::Map<String, serde_json::Value>,
    /// What happened, oldest first.
    timeline: Vec<Line>,
}

#[derive(Debug, Serialize)]
struct Line {
    /// Unix milliseconds.
    at: Millis,
    /// `event`, `submit`, `ledger` or `message`: the table that it comes from.
    of: String,
    /// The step of an event, the outcome of a submit, the kind of a ledger line, the state of a message.
    what: String,
    detail: String,
}

pub(super) fn run(config: &Config, id: i64, output: Output) -> Result<ExitCode> {
    let found = Db::open_existing(&config.data_dir)?.read(|conn| read(conn, id))?;
    let Some(story) = found else {
        bail!("there is no job {id}: `neurocards jobs` lists the newest");
    };
    if output.json {
        screen::print_json(&story)
    } else {
        screen::print(&show(&story, &config.report.timezone))
    }
}

fn read(conn: &Connection, id: i64) -> Result<Option<Story>> {
    let job = conn
        .query_row("SELECT * FROM jobs WHERE id = :id", named_params! { ":id": id }, row_as_map)
        .optional()?;
    let Some(job) = job else { return Ok(None) };
    let mut found = conn.prepare(
        "SELECT at, 'event' AS of, step || ' ' || what AS what,
                CONCAT_WS(', ', detail, duration_ms || ' ms') AS detail, id
         FROM events
         WHERE job_id = :id
         UNION ALL
         SELECT at, 'submit', outcome, CONCAT_WS(', ', model, 'key ' || api_key, 'task ' || task_id), id
         FROM submits
         WHERE job_id = :id
         UNION ALL
         SELECT created_at, 'ledger', kind, CONCAT_WS(', ', PRINTF('%+d', delta), actor, note), id
         FROM ledger
         WHERE job_id = :id
         UNION ALL
         SELECT COALESCE(sent_at, created_at), 'message', state,
                CONCAT_WS(', ', content ->> '$.kind', key, 'message ' || message_id, error), id
         FROM outbox
         WHERE job_id = :id
         ORDER BY 1, 5
         LIMIT :most",
    )?;
    let params = named_params! { ":id": id, ":most": MOST_LINES as i64 };
    let timeline = found.query_map(params, |row| {
        Ok(Line {
            at: row.get(0)?,
            of: row.get(1)?,
            what: row.get(2)?,
            detail: screen::text(row, "detail")?.unwrap_or_default(),
        })
    })?;
    Ok(Some(Story { job, timeline: timeline.collect::<rusqlite::Result<_>>()? }))
}

/// A row as a JSON object.
fn row_as_map(row: &Row<'_>) -> rusqlite::Result<serde_json::Map<String, serde_json::Value>> {
    let names: Vec<String> =
        row.as_ref().column_names().into_iter().map(ToOwned::to_owned).collect();
    let mut map = serde_json::Map::new();
    for (at, name) in names.into_iter().enumerate() {
        map.insert(name, screen::json(row.get_ref(at)?));
    }
    Ok(map)
}

fn show(story: &Story, zone: &TimeZone) -> String {
    let mut text = String::new();
    let widest = story.job.keys().map(String::len).max().unwrap_or(0);
    for (name, value) in &story.job {
        let value = match value {
            serde_json::Value::Null => continue,
            serde_json::Value::Number(number) if is_time(name) => number
                .as_i64()
                .filter(|at| *at > 0)
                .map_or(String::new(), |at| screen::time(at, zone)),
            serde_json::Value::String(text) => screen::cut(text, 400),
            other => other.to_string(),
        };
        text += format!("{name:widest$}  {value}").trim_end();
        text.push('\n');
    }
    let mut before = None;
    let rows: Vec<Vec<String>> = story
        .timeline
        .iter()
        .map(|line| {
            let after = before.replace(line.at).map_or(0, |then| line.at - then);
            let after = if after > 0 { format!("+{}", screen::span(after)) } else { String::new() };
            let (of, what) = (line.of.clone(), line.what.clone());
            vec![screen::time(line.at, zone), after, of, what, screen::cut(&line.detail, 100)]
        })
        .collect();
    text + "\n" + &screen::wide_table(&["time", "", "of", "what", "detail"], &rows)
}

fn is_time(name: &str) -> bool {
    name.ends_with("_at") || name == "step_since"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::tests::sample;

    #[test]
    fn a_job_tells_its_story_in_the_order_of_time() {
        let (conn, _) = sample();
        let story = read(&conn, 1).unwrap().unwrap();
        let told: Vec<String> =
            story.timeline.iter().map(|line| format!("{} {}", line.of, line.what)).collect();
        assert_eq!(
            told,
            [
                "ledger hold",
                "event script claimed",
                "submit accepted",
                "ledger charge",
                "message sent"
            ]
        );
        let text = show(&story, &TimeZone::UTC);
        assert!(text.contains("task t1") && text.contains("status"), "{text}");
        assert!(text.contains("1970-01-"), "{text}");
        assert!(read(&conn, 99).unwrap().is_none());
    }
}
