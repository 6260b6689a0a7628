//! Whether a key takes one more createTask now. The window slides truly: a call is in it from before
//! it leaves until ten seconds after its answer, since only the provider knows when it counted it.

use crate::clock::{MINUTE, Millis, SECOND};
use anyhow::Result;
use rusqlite::{Connection, OptionalExtension as _, named_params};

/// The provider counts createTask calls in a sliding window of this length.
pub const WINDOW: Millis = 10 * SECOND;
/// A key that served within this time serves; one that did not is asked by one job at a time.
const TRUSTED: Millis = 10 * MINUTE;
/// Videos that an account pays for in any case: with a balance for as many there is nothing to add
/// up.
const MANY_VIDEOS: i64 = 2_000;
/// A balance that was told longer ago says nothing: nobody knows what came in and went out since.
const STALE: Millis = 30 * MINUTE;

/// Per key; they delay a submit, they never spend an attempt.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// createTask calls in any ten seconds.
    pub creates_per_10s: i64,
    /// Tasks running at once.
    pub in_flight: i64,
    /// What a video takes from an account at least, in the provider's credits.
    pub video_credits: f64,
}

/// What a key's limits say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    /// There is some.
    Free,
    /// Not before this time.
    From(Millis),
    /// Not before a call or a task of ours has ended.
    Later,
}

/// `claimed` are the jobs that hold a lease for a submit with this key, whether their call is
/// written down yet or not.
pub fn room(
    conn: &Connection,
    fingerprint: &str,
    limits: Limits,
    claimed: i64,
    now: Millis,
) -> Result<Room> {
    let open = sending(conn, fingerprint)?.max(claimed);
    let places = limits.creates_per_10s - open;
    if places <= 0 {
        return Ok(Room::Later);
    }
    // The last call that has to leave before there is a place; later ones may stay.
    let leaves: Option<Millis> = conn
        .prepare_cached(
            "SELECT ended_at
             FROM submits
             WHERE api_key = :key
               AND outcome <> 'unsent'
               AND ended_at > :since
             ORDER BY ended_at DESC
             LIMIT 1
             OFFSET :places - 1",
        )?
        .query_row(
            named_params! { ":key": fingerprint, ":since": now - WINDOW, ":places": places },
            |row| row.get(0),
        )
        .optional()?;
    if let Some(ended_at) = leaves {
        return Ok(Room::From(ended_at + WINDOW));
    }
    let running: i64 = conn
        .prepare_cached(
            "SELECT COUNT(*)
             FROM jobs
             WHERE api_key = ?1
               AND status IN ('queued', 'processing')
               AND kie_task_id IS NOT NULL
               AND step = 'render'",
        )?
        .query_row([fingerprint], |row| row.get(0))?;
    Ok(if running + open >= limits.in_flight { Room::Later } else { Room::Free })
}

/// createTask calls of a key whose answer is not known yet.
pub(super) fn sending(conn: &Connection, fingerprint: &str) -> Result<i64> {
    Ok(conn
        .prepare_cached(
            "SELECT COUNT(*)
             FROM submits INDEXED BY submits_open
             WHERE outcome = 'sending'
               AND api_key = ?1",
        )?
        .query_row([fingerprint], |row| row.get(0))?)
}

/// Whether a key is asked by one job at a time: it has not served lately, its block's time is over
/// but it has not served since, or its account, as far as is known, does not pay for one video
/// more. So a key without money is asked once, however many jobs wait for it.
pub fn in_doubt(conn: &Connection, fingerprint: &str, limits: Limits, now: Millis) -> Result<bool> {
    let (unproven, balance, balance_at): (bool, Option<f64>, Option<Millis>) = conn
        .prepare_cached(
            "SELECT blocked_class IS NOT NULL
                    OR served_at IS NULL
                    OR served_at NOT BETWEEN :since AND :now,
                    balance, balance_at
             FROM api_keys
             WHERE fingerprint = :key",
        )?
        .query_row(
            named_params! { ":since": now - TRUSTED, ":now": now, ":key": fingerprint },
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )?;
    if unproven {
        return Ok(true);
    }
    let (Some(balance), Some(balance_at)) = (balance, balance_at) else { return Ok(false) };
    if now - balance_at > STALE || balance >= MANY_VIDEOS as f64 * limits.video_credits {
        return Ok(false);
    }
    let asked_since: i64 = conn
        .prepare_cached(
            "SELECT COUNT(*)
             FROM (SELECT 1
                   FROM submits
                   WHERE api_key = :key
                     AND outcome <> 'unsent'
                     AND outcome IN ('accepted', 'lost')
                     AND ended_at > :since
                   LIMIT :enough)",
        )?
        .query_row(
            named_params! { ":key": fingerprint, ":since": balance_at, ":enough": MANY_VIDEOS },
            |row| row.get(0),
        )?;
    let asked = asked_since + sending(conn, fingerprint)?;
    Ok(balance < limits.video_credits * (asked + 1) as f64)
}
