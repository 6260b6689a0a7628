//! `neurocards jobs`: the newest videos and where they stand.

use std::process::ExitCode;

use anyhow::Result;

use super::args::JobsArgs;
use super::screen;
use crate::clock::Millis;
use crate::config::Config;
use crate::db::Db;
use crate::operator::queue::{self, Row};

pub(super) fn run(config: &Config, args: &JobsArgs) -> Result<ExitCode> {
    let now = config.process_clock().now();
    let db = Db::open_existing(&config.data_dir)?;
    let jobs = db.read(|conn| queue::newest(conn, args.user, args.limit))?;
    if args.output.json { screen::print_json(&jobs) } else { screen::print(&show(&jobs, now)) }
}

fn show(jobs: &[Row], now: Millis) -> String {
    let row = |job: &Row| {
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
    use crate::operator::tests::sample;

    #[test]
    fn a_job_is_one_line() {
        let (conn, now) = sample();
        let text = show(&queue::newest(&conn, None, 10).unwrap(), now);
        assert!(text.contains("processing  render"), "{text}");
        assert!(text.contains("Крем для рук"), "{text}");
        assert!(text.contains("the photo shows a person"), "{text}");
    }
}
