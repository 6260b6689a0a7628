//! `neurocards job ID`: one video's whole story.

use std::process::ExitCode;

use anyhow::Result;
use jiff::tz::TimeZone;
use serde_json::Value;

use super::args::Output;
use super::screen;
use crate::config::Config;
use crate::db::{Db, JobId};
use crate::operator::Refused;
use crate::operator::story::{self, Story};
use crate::serve;

pub(super) fn run(config: &Config, id: i64, output: Output) -> Result<ExitCode> {
    let db = Db::open_existing(&config.data_dir)?;
    let (shop, now, id) = (serve::shop(config)?, config.process_clock().now(), JobId(id));
    let Some(story) = db.read(|conn| story::read(conn, &shop, id, now))? else {
        return Err(Refused::NoJob(id).into());
    };
    if output.json {
        screen::print_json(&story)
    } else {
        screen::print(&show(&story, &config.report.timezone)?)
    }
}

fn show(story: &Story, zone: &TimeZone) -> Result<String> {
    let mut text = String::new();
    let Value::Object(job) = serde_json::to_value(&story.job)? else { return Ok(text) };
    let widest = job.keys().map(String::len).max().unwrap_or(0);
    for (name, value) in &job {
        let value = match value {
            Value::Null => continue,
            Value::Number(number) if is_time(name) => number
                .as_i64()
                .filter(|at| *at > 0)
                .map_or(String::new(), |at| screen::time(at, zone)),
            Value::String(text) => screen::cut(text, 400),
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
            let took = line.duration_ms.map(|ms| format!("{ms} ms")).unwrap_or_default();
            vec![screen::time(line.at, zone), after, of, what, took, screen::cut(&line.detail, 100)]
        })
        .collect();
    let heading = ["time", "", "of", "what", ">took", "detail"];
    Ok(text + "\n" + &screen::wide_table(&heading, &rows))
}

fn is_time(name: &str) -> bool {
    name.ends_with("_at") || name == "step_since"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operator::tests::{sample, shop};

    #[test]
    fn a_story_is_shown_with_its_columns_and_its_times() {
        let (conn, now) = sample();
        let story = story::read(&conn, &shop(), JobId(1), now).unwrap().unwrap();
        let text = show(&story, &TimeZone::UTC).unwrap();
        assert!(text.contains("task t1") && text.contains("status"), "{text}");
        assert!(text.contains("1970-01-") && text.contains("60000 ms"), "{text}");
    }
}
