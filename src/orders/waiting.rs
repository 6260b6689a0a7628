//! Waiting, honestly: the place in the queue, and the time that is left by what the last real
//! videos took. A place is told as 1 2 3 5 8 13 21 …, rounded up, so that a message far from the
//! front is edited seldom, and a thousand customers who wait are no thousand edits.

use super::selling::{median, usual_wait};
use crate::clock::Millis;
use crate::db::OrderId;
use crate::jobs;
use anyhow::Result;
use rusqlite::Connection;
use std::collections::HashSet;

/// Of the queue, so much is looked at: beyond it a place that is told changes by the thousand.
const LOOK: i64 = 20_000;
/// Orders whose message is written anew after one look, those at the front first: what Telegram
/// takes in a second or so: nobody else waits for longer.
const AT_ONCE: usize = 40;

/// A place as it is told: of 1 2 3 5 8 13 21 …, the first that is not before it.
pub(super) fn told(ahead: i64) -> i64 {
    let (mut place, mut next) = (1, 2);
    while place < ahead + 1 {
        (place, next) = (next, place + next);
    }
    place
}

/// The queue with what its orders' messages tell.
pub(super) const QUEUE: &str = "SELECT orders.id, orders.place
     FROM jobs INDEXED BY jobs_queue
     LEFT JOIN orders ON orders.id = jobs.order_id
     WHERE jobs.status IN ('queued', 'processing')
       AND (jobs.step = 'script' OR jobs.step = 'upload' OR jobs.step = 'submit')
     ORDER BY jobs.priority DESC, jobs.id
     LIMIT ?1";

/// Orders whose status message tells another place than is true by now, the most urgent first.
pub fn moved(conn: &Connection) -> Result<Vec<OrderId>> {
    let mut query = conn.prepare_cached(QUEUE)?;
    let (mut seen, mut moved) = (HashSet::new(), Vec::new());
    let mut rows = query.query([LOOK])?;
    let mut ahead = 0;
    while let Some(row) = rows.next()? {
        let told_before: Option<i64> = row.get(1)?;
        if let Some(order) = row.get::<_, Option<OrderId>>(0)?
            && seen.insert(order)
            && told_before != Some(told(ahead))
        {
            moved.push(order);
            if moved.len() == AT_ONCE {
                break;
            }
        }
        ahead += 1;
    }
    Ok(moved)
}

/// How long it takes until a video is there before which so many wait, in milliseconds; `None`:
/// too few real ones to say.
pub(super) fn time_left(conn: &Connection, ahead: i64, now: Millis) -> Result<Option<Millis>> {
    if ahead == 0 {
        return usual_wait(conn);
    }
    let (Some(pace), Some(making)) = (jobs::pace(conn, now)?, making(conn)?) else {
        return Ok(None);
    };
    Ok(Some(pace.saturating_mul(ahead).saturating_add(making)))
}

/// The same for an order that is confirmed now.
pub fn usual_wait_now(conn: &Connection, now: Millis) -> Result<Option<Millis>> {
    match time_left(conn, jobs::waiting(conn)?, now)? {
        None => usual_wait(conn),
        known => Ok(known),
    }
}

/// From the accepted createTask to the chat.
fn making(conn: &Connection) -> Result<Option<Millis>> {
    median(
        conn,
        "SELECT finished_at - submitted_at
         FROM jobs
         WHERE status = 'done'
           AND order_id IS NOT NULL
           AND finished_at IS NOT NULL
           AND submitted_at IS NOT NULL
         ORDER BY finished_at DESC
         LIMIT ?1",
    )
}
