//! `neurocards jobs`: the newest videos and where they stand.

use std::process::ExitCode;

use anyhow::Result;
use rusqlite::{Connection, named_params};
use serde::Serialize;

use super::args::JobsArgs;
use super::screen;
use crate::clock::Millis;
use crate::config::Config;
use crate::db::Db;

/// One element of the `--json` list, newest first. Times are unix milliseconds.
#[derive(Debug, Serialize)]
pub(super) struct Job {
    id: i64,
    /// None: inserted by hand or run again.
    order_id: Option<i64>,
    tg_user_id: i64,
    template_id: String,
    status: String,
    step: String,
    attempts: i64,
    model: Option<String>,
    /// What the customer wrote about the product.
    product: Option<String>,
    error_class: Option<String>,
    error: Option<String>,
    created_at: Millis,
    started_at: Option<Millis>,
    finished_at: Option<Millis>,
}

pub(super) fn run(config: &Config, args: &JobsArgs) -> Result<ExitCode> {
    let now = config.process_clock().now();
    let db = Db::open_existing(&config.data_dir)?;
    let jobs = db.read(|conn| read(conn, args.user, args.limit))?;
    if args.output.json { screen::print_json(&jobs) } else { screen::print(&show(&jobs, now)) }
}

fn read(conn: &Connection, tg_user_id: Option<i64>, limit: u32) -> Result<Vec<Job>> {
    // Two queries, so that each walks its index from the end.
    let whose = match tg_user_id {
        Some(_) => "WHERE user_id = (SELECT id FROM users WHERE tg_user_id = :user)",
        None => "WHERE :user IS NULL",
    };
    let mut found = conn.prepare(&format!(
        "SELECT id, order_id, tg_user_id, template_id, status, step, attempts, model,
                product_info ->> '$.text' AS product,
                error_class, error, created_at, started_at, finished_at
         FROM jobs
         {whose}
         ORDER BY id DESC
         LIMIT :limit"
    ))?;
    let rows = found.query_map(named_params! { ":user": tg_user_id, ":limit": limit }, |row| {
        Ok(Job {
            id: row.get("id")?,
            order_id: row.get("order_id")?,
            tg_user_id: row.get("tg_user_id")?,
            template_id: row.get("template_id")?,
            status: row.get("status")?,
            step: row.get("step")?,
            attempts: row.get("attempts")?,
            model: row.get("model")?,
            product: screen::text(row, "product")?,
            error_class: row.get("error_class")?,
            error: row.get("error")?,
            created_at: row.get("created_at")?,
            started_at: row.get("started_at")?,
            finished_at: row.get("finished_at")?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn show(jobs: &[Job], now: Millis) -> String {
    let row = |job: &Job| {
        let took = job.finished_at.map_or(now, |end| end) - job.created_at;
        vec![
            job.id.to_string(),
            job.order_id.map_or("–".to_owned(), |id| id.to_string()),
            job.tg_user_id.to_string(),
            screen::age(job.created_at, now),
            job.status.clone(),
            if job.finished_at.is_none() { job.step.clone() } else { String::new() },
            screen::span(took),
            job.attempts.to_string(),
            job.template_id.clone(),
            screen::cut(job.product.as_deref().unwrap_or_default(), 24),
            job.error.clone().or_else(|| job.error_class.clone()).unwrap_or_default(),
        ]
    };
    let heading = [
        ">job",
        ">order",
        ">user",
        "ordered",
        "status",
        "step",
        ">took",
        ">attempts",
        "template",
        "product",
        "error",
    ];
    screen::table(&heading, &jobs.iter().map(row).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::tests::sample;

    #[test]
    fn the_newest_job_comes_first() {
        let (conn, now) = sample();
        let jobs = read(&conn, None, 2).unwrap();
        assert_eq!(jobs.iter().map(|job| job.id).collect::<Vec<_>>(), [3, 2]);
        assert_eq!(read(&conn, Some(7), 10).unwrap().len(), 3);
        assert!(read(&conn, Some(8), 10).unwrap().is_empty());
        let text = show(&read(&conn, None, 10).unwrap(), now);
        assert!(text.contains("processing  render"), "{text}");
        assert!(text.contains("Крем для рук"), "{text}");
        assert!(text.contains("the photo shows a person"), "{text}");
    }

    #[test]
    fn a_product_that_is_no_text_is_still_shown() {
        let (conn, _) = sample();
        conn.execute("UPDATE jobs SET product_info = '{\"text\": 5}' WHERE id = 1", []).unwrap();
        assert_eq!(read(&conn, None, 3).unwrap()[2].product.as_deref(), Some("5"));
    }
}
