//! `neurocards stats`: orders, videos, refunds, credits and the queue, at a glance.

use std::process::ExitCode;

use anyhow::Result;
use rusqlite::{Connection, named_params};
use serde::Serialize;

use super::args::Output;
use super::screen;
use crate::clock::{DAY, Millis};
use crate::config::Config;
use crate::db::Db;

/// `--json`. Times are unix milliseconds.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Stats {
    now: Millis,
    /// Since midnight in the configured time zone.
    today: Period,
    /// The last 24 hours.
    day: Period,
    /// Steps with unfinished jobs, in the order of the work.
    queue: Vec<Waiting>,
    users: i64,
    /// Credits that customers have now, what is held not counted.
    credits_outstanding: i64,
    /// Credits held for unfinished videos.
    credits_held: i64,
}

#[derive(Debug, PartialEq, Serialize)]
struct Period {
    orders: i64,
    /// Jobs that ended as done, failed, canceled.
    videos: i64,
    failed: i64,
    canceled: i64,
    /// Holds that were given back.
    refunds: i64,
    /// Credits granted and bought, what was taken back not counted.
    credits_in: i64,
    /// Credits charged for videos.
    credits_out: i64,
    /// Done of done and failed, from 0 to 1; none where nothing ended.
    success_rate: Option<f64>,
    /// From the order to the video; none where there was none.
    median_seconds: Option<f64>,
}

#[derive(Debug, PartialEq, Serialize)]
struct Waiting {
    step: String,
    jobs: i64,
    /// When the oldest of them was ordered.
    oldest_at: Millis,
}

pub(super) fn run(config: &Config, output: Output) -> Result<ExitCode> {
    let now = config.process_clock().now();
    let zone = &config.report.timezone;
    let midnight = screen::midnight(now, zone);
    let stats = Db::open_existing(&config.data_dir)?.read(|conn| read(conn, now, midnight))?;
    if output.json { screen::print_json(&stats) } else { screen::print(&show(&stats)) }
}

fn read(conn: &Connection, now: Millis, midnight: Millis) -> Result<Stats> {
    let number = |sql| conn.query_row(sql, [], |row| row.get(0));
    Ok(Stats {
        now,
        today: period(conn, midnight)?,
        day: period(conn, now - DAY)?,
        queue: queue(conn)?,
        users: number("SELECT COUNT(*) FROM users")?,
        credits_outstanding: number("SELECT COALESCE(SUM(credits), 0) FROM users")?,
        credits_held: number(
            "SELECT COALESCE(-SUM(delta), 0)
             FROM ledger h
             WHERE kind = 'hold'
               AND NOT EXISTS (SELECT 1 FROM ledger s WHERE s.hold_id = h.id)",
        )?,
    })
}

fn period(conn: &Connection, from: Millis) -> Result<Period> {
    let orders = conn.query_row(
        "SELECT COUNT(*) FROM orders WHERE created_at >= :from",
        named_params! { ":from": from },
        |row| row.get(0),
    )?;
    let (videos, failed, canceled): (i64, i64, i64) = conn.query_row(
        "SELECT COUNT(*) FILTER (WHERE status = 'done'),
                COUNT(*) FILTER (WHERE status = 'failed'),
                COUNT(*) FILTER (WHERE status = 'canceled')
         FROM jobs
         WHERE finished_at >= :from",
        named_params! { ":from": from },
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )?;
    let (refunds, credits_in, credits_out) = conn.query_row(
        "SELECT COUNT(*) FILTER (WHERE l.kind = 'release'),
                COALESCE(SUM(l.delta) FILTER (WHERE l.kind IN ('grant', 'purchase') AND l.delta > 0), 0),
                COALESCE(-SUM(h.delta) FILTER (WHERE l.kind = 'charge'), 0)
         FROM ledger l
         LEFT JOIN ledger h ON h.id = l.hold_id
         WHERE l.created_at >= :from",
        named_params! { ":from": from },
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )?;
    let ended = videos + failed;
    Ok(Period {
        orders,
        videos,
        failed,
        canceled,
        refunds,
        credits_in,
        credits_out,
        success_rate: (ended > 0).then(|| videos as f64 / ended as f64),
        median_seconds: median_seconds(conn, from, videos)?,
    })
}

fn median_seconds(conn: &Connection, from: Millis, videos: i64) -> Result<Option<f64>> {
    if videos == 0 {
        return Ok(None);
    }
    let median: f64 = conn.query_row(
        "SELECT (finished_at - created_at) / 1000.0
         FROM jobs
         WHERE finished_at >= :from AND status = 'done'
         ORDER BY finished_at - created_at
         LIMIT 1 OFFSET :half",
        named_params! { ":from": from, ":half": (videos - 1) / 2 },
        |row| row.get(0),
    )?;
    Ok(Some(median))
}

fn queue(conn: &Connection) -> Result<Vec<Waiting>> {
    let mut found = conn.prepare(
        "SELECT step, COUNT(*), MIN(created_at)
         FROM jobs
         WHERE status IN ('queued', 'processing')
         GROUP BY step
         ORDER BY INSTR('script upload submit render fetch deliver', step)",
    )?;
    let rows = found.query_map([], |row| {
        Ok(Waiting { step: row.get(0)?, jobs: row.get(1)?, oldest_at: row.get(2)? })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn show(stats: &Stats) -> String {
    let both = [&stats.today, &stats.day];
    let line = |name: &str, value: &dyn Fn(&Period) -> String| {
        std::iter::once(name.to_owned()).chain(both.iter().map(|one| value(one))).collect()
    };
    let rows = vec![
        line("orders", &|p| p.orders.to_string()),
        line("videos", &|p| p.videos.to_string()),
        line("failed", &|p| p.failed.to_string()),
        line("canceled", &|p| p.canceled.to_string()),
        line("refunds", &|p| p.refunds.to_string()),
        line("credits in", &|p| p.credits_in.to_string()),
        line("credits out", &|p| p.credits_out.to_string()),
        line("success", &|p| {
            p.success_rate.map_or("–".to_owned(), |rate| format!("{:.1}%", rate * 100.0))
        }),
        line("median seconds", &|p| {
            p.median_seconds.map_or("–".to_owned(), |seconds| format!("{seconds:.0}"))
        }),
    ];
    let queue: Vec<Vec<String>> = stats
        .queue
        .iter()
        .map(|one| {
            vec![one.step.clone(), one.jobs.to_string(), screen::age(one.oldest_at, stats.now)]
        })
        .collect();
    let queue = if queue.is_empty() {
        "The queue is empty.\n".to_owned()
    } else {
        screen::table(&["step", ">jobs", "oldest"], &queue)
    };
    let Stats { users, credits_outstanding, credits_held, .. } = stats;
    format!(
        "{}\n{queue}\n{users} users have {credits_outstanding} credits; {credits_held} are held.\n",
        screen::table(&["", ">today", ">24 h"], &rows)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::tests::sample;
    use crate::clock::HOUR;

    #[test]
    fn a_day_is_summed_up() {
        let (conn, now) = sample();
        let stats = read(&conn, now, now - 2 * HOUR).unwrap();
        assert_eq!((stats.day.orders, stats.day.videos, stats.day.failed), (1, 1, 1));
        assert_eq!((stats.day.refunds, stats.day.credits_in, stats.day.credits_out), (1, 5, 1));
        assert_eq!((stats.day.success_rate, stats.day.median_seconds), (Some(0.5), Some(90.0)));
        assert_eq!((stats.credits_outstanding, stats.credits_held, stats.users), (3, 1, 1));
        let waiting = Waiting { step: "render".into(), jobs: 1, oldest_at: now - HOUR };
        assert_eq!(stats.queue, [waiting]);
        let text = show(&stats);
        assert!(text.contains("success") && text.contains("50.0%"), "{text}");
        assert!(text.contains("render     1  1h ago"), "{text}");
    }

    #[test]
    fn an_empty_database_has_no_rates() {
        let conn = crate::cli::tests::empty();
        let stats = read(&conn, 0, 0).unwrap();
        assert_eq!((stats.day.success_rate, stats.day.median_seconds), (None, None));
        assert!(show(&stats).contains("The queue is empty."));
    }
}
