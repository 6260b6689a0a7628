//! What stands above every screen: whether the appliance lives, sells and submits.

use anyhow::Result;
use rusqlite::Connection;
use serde::Serialize;

use crate::clock::{Clock, Millis, SECOND};
use crate::jobs::{self, Step};
use crate::orders::{self, Selling, Shop};

/// The appliance at a glance. Times are unix milliseconds of the process clock.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Head {
    /// When this was read.
    pub now: Millis,
    /// `live` or `demo`.
    pub mode: String,
    /// The bot's name without the `@`; none before its first start.
    pub bot_username: Option<String>,
    /// The version that ran last.
    pub version: Option<String>,
    /// Its last start.
    pub started_at: Option<Millis>,
    /// Its last sign of life; none after an orderly stop.
    pub heartbeat_at: Option<Millis>,
    /// The last sign of life is young enough.
    pub alive: bool,
    /// Whether orders are taken, and if not, why.
    pub selling: Selling,
    /// Since when the operator has closed selling.
    pub selling_paused_at: Option<Millis>,
    /// Since when the operator lets nothing go to the provider.
    pub submitting_paused_at: Option<Millis>,
    /// Since when it keeps to safe mode.
    pub safe_mode_at: Option<Millis>,
    /// Jobs that have not ended.
    pub live_jobs: usize,
    /// Of these, what the provider works on.
    pub rendering: usize,
    /// Jobs that the provider was asked for and whose customer does not have the video yet.
    pub begun: usize,
    /// Worker threads, at the last heartbeat.
    pub threads: Option<i64>,
    /// Of these, busy ones.
    pub threads_busy: Option<i64>,
}

/// How old the last heartbeat of a living appliance may be, in the process clock's milliseconds: it
/// beats every ten real seconds, and two missed ones may be a busy disk.
pub fn alive_within(clock: &Clock) -> Millis {
    (30.0 * SECOND as f64 * clock.spec().rate.max(1.0)) as Millis
}

/// Reads it. `alive_within`: see there.
pub fn read(conn: &Connection, shop: &Shop, alive_within: Millis, now: Millis) -> Result<Head> {
    let selling = orders::selling(conn, shop, now)?;
    let live = jobs::live_by_step(conn)?;
    let live_jobs = live.iter().map(|(_, jobs)| jobs).sum();
    let render = live.iter().find(|(step, _)| *step == Step::Render.word());
    let rendering = render.map_or(0, |(_, jobs)| *jobs);
    let after = [Step::Render, Step::Fetch, Step::Deliver].map(Step::word);
    let begun = live.iter().filter(|(step, _)| after.contains(step)).map(|(_, jobs)| jobs).sum();
    let mut found = conn.prepare_cached(
        "SELECT mode, bot_username, version, started_at, heartbeat_at, selling_paused_at,
                submitting_paused_at, safe_mode_at, threads, threads_busy
         FROM instance",
    )?;
    Ok(found.query_row([], |row| {
        let heartbeat_at: Option<Millis> = row.get("heartbeat_at")?;
        Ok(Head {
            now,
            mode: row.get("mode")?,
            bot_username: row.get("bot_username")?,
            version: row.get("version")?,
            started_at: row.get("started_at")?,
            heartbeat_at,
            alive: heartbeat_at.is_some_and(|at| now - at < alive_within),
            selling,
            selling_paused_at: row.get("selling_paused_at")?,
            submitting_paused_at: row.get("submitting_paused_at")?,
            safe_mode_at: row.get("safe_mode_at")?,
            live_jobs,
            rendering,
            begun,
            threads: row.get("threads")?,
            threads_busy: row.get("threads_busy")?,
        })
    })?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SECOND;
    use crate::operator::tests::{sample, shop};
    use crate::orders::Closed;

    #[test]
    fn an_appliance_lives_while_its_heart_beats() {
        let (conn, now) = sample();
        let head = read(&conn, &shop(), 30 * SECOND, now).unwrap();
        assert!(head.alive && head.selling == Selling::Open);
        assert_eq!((head.live_jobs, head.rendering, head.threads), (1, 1, Some(20)));
        let later = read(&conn, &shop(), 30 * SECOND, now + 26 * SECOND).unwrap();
        assert!(!later.alive && later.heartbeat_at.is_some());
        conn.execute("UPDATE instance SET heartbeat_at = NULL, selling_paused_at = 5", []).unwrap();
        let stopped = read(&conn, &shop(), 30 * SECOND, now).unwrap();
        assert!(!stopped.alive);
        assert_eq!(stopped.selling, Selling::Closed(Closed::Paused));
    }
}
