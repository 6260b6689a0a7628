//! The queue as customers see it: who has not begun, who is before whom, and how fast it moves.

use crate::clock::{MINUTE, Millis};
use crate::db::{JobId, OrderId};
use anyhow::Result;
use rusqlite::Connection;

/// createTasks that the pace is taken from: the newest, and of these what was accepted lately.
const SUBMITS: i64 = 200;
const LATELY: Millis = 10 * MINUTE;
/// Fewer of them are no pace.
const ENOUGH: i64 = 3;

/// What has not begun: the provider was not asked for it, or has refused. A photo's copy and a script
/// do not count: they can be thrown away.
pub(super) const UNBEGUN: &str = "(status IN ('queued', 'processing')
        AND (step = 'script' OR step = 'upload' OR step = 'submit')
        AND NOT EXISTS (SELECT 1
                        FROM submits
                        WHERE job_id = jobs.id
                          AND outcome IN ('sending', 'accepted', 'lost')))";

/// An order's videos that have not begun.
pub fn unbegun(conn: &Connection, order: OrderId) -> Result<Vec<JobId>> {
    let sql = format!("SELECT id FROM jobs WHERE order_id = ?1 AND {UNBEGUN} ORDER BY ordinal");
    let mut query = conn.prepare_cached(&sql)?;
    let jobs = query.query_map([order], |row| row.get(0))?;
    Ok(jobs.collect::<rusqlite::Result<_>>()?)
}

/// How many come before the job with this priority and number, those that somebody works on
/// included: a place never goes up and down with each of their steps.
pub fn ahead(conn: &Connection, priority: i64, id: JobId) -> Result<i64> {
    let first: i64 = conn.prepare_cached(MORE_URGENT)?.query_row([priority], |row| row.get(0))?;
    let second: i64 = conn.prepare_cached(EARLIER)?.query_row((priority, id), |row| row.get(0))?;
    Ok(first + second)
}

pub(super) const MORE_URGENT: &str = "SELECT COUNT(*)
     FROM jobs INDEXED BY jobs_queue
     WHERE status IN ('queued', 'processing')
       AND (step = 'script' OR step = 'upload' OR step = 'submit')
       AND priority > ?1";

pub(super) const EARLIER: &str = "SELECT COUNT(*)
     FROM jobs INDEXED BY jobs_queue
     WHERE status IN ('queued', 'processing')
       AND (step = 'script' OR step = 'upload' OR step = 'submit')
       AND priority = ?1
       AND id < ?2";

/// How many wait in all.
pub fn waiting(conn: &Connection) -> Result<i64> {
    Ok(conn.prepare_cached(MORE_URGENT)?.query_row([i64::MIN], |row| row.get(0))?)
}

/// From one accepted createTask to the next, on average, lately; `None`: too few to say.
pub fn pace(conn: &Connection, now: Millis) -> Result<Option<Millis>> {
    let (count, since): (i64, Option<Millis>) = conn
        .prepare_cached(
            "SELECT COUNT(*), MIN(ended_at)
             FROM (SELECT outcome, ended_at
                   FROM submits
                   ORDER BY id DESC
                   LIMIT ?1)
             WHERE outcome = 'accepted'
               AND ended_at > ?2
               AND ended_at <= ?3",
        )?
        .query_row((SUBMITS, now - LATELY, now), |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(since.filter(|_| count >= ENOUGH).map(|since| (now - since) / count))
}
