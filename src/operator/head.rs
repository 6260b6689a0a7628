//! What stands above every screen: whether the appliance lives, sells and submits.

use anyhow::Result;
use rusqlite::Connection;
use serde::Serialize;

use crate::clock::{self, Clock, Millis, SECOND};
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
    /// Its last sign of life, as the reader's clock has it; none after an orderly stop.
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

/// Three heartbeats, in real time.
const ALIVE: Millis = 30 * SECOND;

/// How old the last heartbeat of a living appliance may be, in the process clock's milliseconds: it
/// beats every ten real seconds, and two missed ones may be a busy disk.
pub fn alive_within(clock: &Clock) -> Millis {
    (ALIVE as f64 * clock.spec().rate.max(1.0)) as Millis
}

/// How a reader judges whether the appliance lives. Each process has a clock of its own, which
/// stands still while the machine sleeps and does not follow when it is set: how old a heartbeat is
/// the machine's clock says.
#[derive(Clone, Copy, Debug)]
pub struct Pulse {
    /// See [`alive_within`].
    pub alive_within: Millis,
    /// What the machine's clock says; `None`: the heart is the reader's own.
    pub wall: Option<Millis>,
}

impl Pulse {
    /// Of another process, at this moment.
    pub fn of(clock: &Clock) -> Self {
        Self { alive_within: alive_within(clock), wall: Some(clock::wall()) }
    }

    /// When the heart beat last, by the reader's clock. A machine's clock that went back since says
    /// no more than one that went on: the next beat will.
    pub fn beat_at(
        self,
        heartbeat_at: Option<Millis>,
        heartbeat_wall: Option<Millis>,
        now: Millis,
    ) -> Option<Millis> {
        let (Some(wall), Some(at)) = (self.wall, heartbeat_wall) else { return heartbeat_at };
        let age = (wall - at).abs() as f64 * self.alive_within as f64 / ALIVE as f64;
        heartbeat_at.map(|_| now.saturating_sub(age as Millis))
    }

    /// Whether that is not long ago.
    pub fn is_felt(self, beat_at: Option<Millis>, now: Millis) -> bool {
        beat_at.is_some_and(|at| now.saturating_sub(at) < self.alive_within)
    }
}

/// Reads it.
pub fn read(conn: &Connection, shop: &Shop, pulse: Pulse, now: Millis) -> Result<Head> {
    let selling = orders::selling(conn, shop, now)?;
    let live = jobs::live_by_step(conn)?;
    let live_jobs = live.iter().map(|(_, jobs)| jobs).sum();
    let render = live.iter().find(|(step, _)| *step == Step::Render.word());
    let rendering = render.map_or(0, |(_, jobs)| *jobs);
    let after = [Step::Render, Step::Fetch, Step::Deliver].map(Step::word);
    let begun = live.iter().filter(|(step, _)| after.contains(step)).map(|(_, jobs)| jobs).sum();
    let mut found = conn.prepare_cached(
        "SELECT mode, bot_username, version, started_at, heartbeat_at, heartbeat_wall,
                selling_paused_at, submitting_paused_at, safe_mode_at, threads, threads_busy
         FROM instance",
    )?;
    Ok(found.query_row([], |row| {
        let heartbeat_at = pulse.beat_at(row.get("heartbeat_at")?, row.get("heartbeat_wall")?, now);
        Ok(Head {
            now,
            mode: row.get("mode")?,
            bot_username: row.get("bot_username")?,
            version: row.get("version")?,
            started_at: row.get("started_at")?,
            heartbeat_at,
            alive: pulse.is_felt(heartbeat_at, now),
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
    use crate::clock::HOUR;
    use crate::operator::tests::{sample, shop};
    use crate::orders::Closed;

    #[test]
    fn an_appliance_lives_while_its_heart_beats() {
        let (conn, now) = sample();
        let pulse = Pulse { alive_within: 30 * SECOND, wall: None };
        let head = read(&conn, &shop(), pulse, now).unwrap();
        assert!(head.alive && head.selling == Selling::Open);
        assert_eq!((head.live_jobs, head.rendering, head.threads), (1, 1, Some(20)));
        let later = read(&conn, &shop(), pulse, now + 26 * SECOND).unwrap();
        assert!(!later.alive && later.heartbeat_at.is_some());
        conn.execute("UPDATE instance SET heartbeat_at = NULL, selling_paused_at = 5", []).unwrap();
        let stopped = read(&conn, &shop(), pulse, now).unwrap();
        assert!(!stopped.alive);
        assert_eq!(stopped.selling, Selling::Closed(Closed::Paused));
    }

    #[test]
    fn how_old_a_heartbeat_is_the_machines_clock_says() {
        let (conn, now) = sample();
        conn.execute("UPDATE instance SET heartbeat_wall = 500000", []).unwrap();
        // The reader's clock runs twice as fast, and is an hour ahead of the appliance's.
        let (alive_within, now) = (60 * SECOND, now + HOUR);
        let seen = |wall: Millis| {
            let pulse = Pulse { alive_within, wall: Some(wall) };
            let head = read(&conn, &shop(), pulse, now).unwrap();
            (now - head.heartbeat_at.unwrap(), head.alive)
        };
        assert_eq!(seen(505_000), (10 * SECOND, true));
        assert_eq!(seen(530_000), (60 * SECOND, false));
        // One that was set back makes nothing alive that is dead.
        assert_eq!(seen(500_000 - HOUR), (2 * HOUR, false));
        conn.execute("UPDATE instance SET heartbeat_at = NULL", []).unwrap();
        let pulse = Pulse { alive_within, wall: Some(500_000) };
        assert!(!read(&conn, &shop(), pulse, now).unwrap().alive, "after an orderly stop");
    }
}
