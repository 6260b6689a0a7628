//! The queue by step, how long each step takes, and how late Telegram's side runs.

use std::collections::HashMap;

use anyhow::Result;
use rusqlite::{Connection, OptionalExtension as _, named_params};
use serde::Serialize;

use crate::clock::{MINUTE, Millis};
use crate::jobs::Step;

/// Lines of all stories that are looked at, the newest.
const EVENTS: i64 = 2_000;
/// What waits is counted so far.
const MOST_WAITING: i64 = 100_000;
/// A delay is that of the messages of the last minutes, and of so many at most.
const LATELY: Millis = 10 * MINUTE;
const MOST_SENT: i64 = 500;

/// Live jobs of one step. Times are unix milliseconds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Waiting {
    /// `script`, `upload`, `submit`, `render`, `fetch` or `deliver`.
    pub step: String,
    /// How many.
    pub jobs: i64,
    /// Since when the one that is longest in this step is in it.
    pub oldest_at: Millis,
    /// When the oldest of them was ordered.
    pub ordered_at: Millis,
    /// Of these, what could be worked on now and has no thread.
    pub due_now: i64,
}

/// Steps with live jobs, in the order of the work.
pub fn queue(conn: &Connection, now: Millis) -> Result<Vec<Waiting>> {
    let mut found = conn.prepare_cached(
        "SELECT step, COUNT(*) AS jobs, MIN(COALESCE(step_since, created_at)) AS oldest_at,
                MIN(created_at) AS ordered_at,
                COUNT(*) FILTER (WHERE leased_at IS NULL AND due_at <= :now) AS due_now
         FROM jobs
         WHERE status IN ('queued', 'processing')
         GROUP BY step
         ORDER BY INSTR('script upload submit render fetch deliver', step)",
    )?;
    let rows = found.query_map(named_params! { ":now": now }, |row| {
        Ok(Waiting {
            step: row.get("step")?,
            jobs: row.get("jobs")?,
            oldest_at: row.get("oldest_at")?,
            ordered_at: row.get("ordered_at")?,
            due_now: row.get("due_now")?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// How a step went lately.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StepTimes {
    /// As in [`Waiting::step`].
    pub step: String,
    /// Jobs that got through it.
    pub ok: usize,
    /// Its tries that failed.
    pub failed: usize,
    /// Ok of ok and failed, from 0 to 1; none: it was not tried lately.
    pub success_rate: Option<f64>,
    /// From its beginning to its end, retries included, the middle one; none: nothing got through.
    pub median_ms: Option<Millis>,
    /// Nineteen of twenty were not slower.
    pub p95_ms: Option<Millis>,
}

#[derive(Default)]
struct Record {
    took: Vec<Millis>,
    ok: usize,
    failed: usize,
}

/// All six steps, from the last 2,000 lines of all stories.
pub fn times(conn: &Connection) -> Result<Vec<StepTimes>> {
    let mut records: HashMap<String, Record> = HashMap::new();
    // Newest first. What came after a line: `failed` after `trouble` tells of the same try.
    let mut failed_after: HashMap<i64, bool> = HashMap::new();
    // The message's way to Telegram has no time of its own: it began when the job came to `deliver`.
    let mut found = conn.prepare_cached(
        "SELECT job_id, step, what,
                CASE what
                    WHEN 'done' THEN at - (SELECT step_since FROM jobs WHERE id = events.job_id)
                    ELSE duration_ms
                END
         FROM events
         ORDER BY id DESC
         LIMIT :most",
    )?;
    let mut rows = found.query(named_params! { ":most": EVENTS })?;
    while let Some(row) = rows.next()? {
        let (job, what): (i64, &str) = (row.get(0)?, row.get_ref(2)?.as_str()?);
        let told = failed_after.insert(job, what == "failed").unwrap_or(false);
        let record = records.entry(row.get(1)?).or_default();
        match what {
            "written" | "uploaded" | "accepted" | "rendered" | "fetched" | "done" => {
                record.ok += 1;
                record.took.extend(row.get::<_, Option<Millis>>(3)?.map(|ms| ms.max(0)));
            }
            "failed" => record.failed += 1,
            "trouble" if !told => record.failed += 1,
            _ => {}
        }
    }
    Ok(Step::ALL
        .into_iter()
        .map(|step| finish(step.word(), records.remove(step.word()).unwrap_or_default()))
        .collect())
}

fn finish(step: &str, mut record: Record) -> StepTimes {
    record.took.sort_unstable();
    let (ok, failed) = (record.ok, record.failed);
    let all = ok + failed;
    let place = |percent: usize| {
        let at = (record.took.len() * percent).div_ceil(100).saturating_sub(1);
        record.took.get(at).copied()
    };
    StepTimes {
        step: step.to_owned(),
        ok,
        failed,
        success_rate: (all > 0).then(|| ok as f64 / all as f64),
        median_ms: place(50),
        p95_ms: place(95),
    }
}

/// What waits on one side, and how late it is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Delay {
    /// How many wait, counted up to 100,000.
    pub waiting: i64,
    /// How long the oldest of them has waited, in milliseconds; of messages, those never sent.
    pub oldest_ms: Option<Millis>,
    /// The middle delay of the last ten minutes; none: nothing came through.
    pub median_delay_ms: Option<Millis>,
}

/// Messages on their way to Telegram. An edit is as old as its message, so it tells no delay.
pub fn telegram(conn: &Connection, now: Millis) -> Result<Delay> {
    let waiting = count(conn, "SELECT 1 FROM outbox WHERE state = 'pending'")?;
    let oldest: Option<Millis> = conn
        .prepare_cached(
            "SELECT created_at
             FROM outbox
             WHERE state = 'pending'
               AND sent_rev = 0
             ORDER BY seq
             LIMIT 1",
        )?
        .query_row([], |row| row.get(0))
        .optional()?;
    let delays = delays(
        conn,
        "SELECT sent_at - created_at
         FROM outbox
         WHERE state <> 'pending'
           AND created_at > :since
           AND sent_rev = 1
           AND rev = 1
         ORDER BY created_at DESC
         LIMIT :most",
        now,
    )?;
    Ok(Delay { waiting, oldest_ms: oldest.map(|at| now - at), median_delay_ms: delays })
}

/// Updates on their way from the poller to the dialogue.
pub fn inbox(conn: &Connection, now: Millis) -> Result<Delay> {
    let waiting = count(conn, "SELECT 1 FROM inbox WHERE handled_at IS NULL")?;
    let oldest: Option<Millis> = conn
        .prepare_cached(
            "SELECT received_at
             FROM inbox
             WHERE handled_at IS NULL
             ORDER BY update_id
             LIMIT 1",
        )?
        .query_row([], |row| row.get(0))
        .optional()?;
    let delays = delays(
        conn,
        "SELECT handled_at - received_at
         FROM inbox
         WHERE handled_at > :since
         ORDER BY handled_at DESC
         LIMIT :most",
        now,
    )?;
    Ok(Delay { waiting, oldest_ms: oldest.map(|at| now - at), median_delay_ms: delays })
}

fn count(conn: &Connection, rows: &str) -> Result<i64> {
    let sql = format!("SELECT COUNT(*) FROM ({rows} LIMIT {MOST_WAITING})");
    Ok(conn.prepare_cached(&sql)?.query_row([], |row| row.get(0))?)
}

/// The middle one.
fn delays(conn: &Connection, sql: &str, now: Millis) -> Result<Option<Millis>> {
    let mut found = conn.prepare_cached(sql)?;
    let params = named_params! { ":since": now - LATELY, ":most": MOST_SENT };
    let rows = found.query_map(params, |row| row.get::<_, Option<Millis>>(0))?;
    let mut spans: Vec<Millis> = rows.filter_map(Result::transpose).collect::<Result<_, _>>()?;
    spans.sort_unstable();
    Ok(spans.get(spans.len().saturating_sub(1) / 2).map(|ms| (*ms).max(0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::HOUR;
    use crate::operator::tests::sample;

    #[test]
    fn a_step_is_as_old_as_what_is_longest_in_it() {
        let (conn, now) = sample();
        let render = Waiting {
            step: "render".into(),
            jobs: 1,
            oldest_at: now - HOUR,
            ordered_at: now - HOUR,
            due_now: 0,
        };
        assert_eq!(queue(&conn, now).unwrap(), std::slice::from_ref(&render));
        conn.execute("UPDATE jobs SET step_since = ?1, due_at = 0 WHERE id = 3", [now - 5])
            .unwrap();
        let moved = Waiting { oldest_at: now - 5, due_now: 1, ..render };
        assert_eq!(queue(&conn, now).unwrap(), [moved]);
    }

    #[test]
    fn a_step_tells_its_time_and_a_failed_try_counts_once() {
        let (conn, _) = sample();
        let times = times(&conn).unwrap();
        let of = |step: &str| times.iter().find(|one| one.step == step).unwrap();
        assert_eq!((of("script").median_ms, of("script").ok), (Some(12), 1));
        assert_eq!((of("render").median_ms, of("render").p95_ms), (Some(60_000), Some(60_000)));
        assert_eq!((of("render").failed, of("render").success_rate), (1, Some(0.5)));
        assert_eq!(of("deliver").median_ms, Some(8_000));
        assert_eq!((of("upload").success_rate, of("upload").median_ms), (None, None));
    }

    #[test]
    fn delays_are_those_of_the_last_minutes() {
        let (conn, now) = sample();
        let sent = telegram(&conn, now).unwrap();
        assert_eq!(sent, Delay { waiting: 1, oldest_ms: Some(2_000), median_delay_ms: None });
        conn.execute(
            "INSERT INTO outbox (seq, chat_id, content, state, sent_rev, created_at, sent_at)
             VALUES (90, 7, '{}', 'sent', 1, ?1, ?1 + 300)",
            [now - 1_000],
        )
        .unwrap();
        assert_eq!(telegram(&conn, now).unwrap().median_delay_ms, Some(300));
        let read = inbox(&conn, now).unwrap();
        assert_eq!(read, Delay { waiting: 1, oldest_ms: Some(1_000), median_delay_ms: Some(250) });
    }
}
