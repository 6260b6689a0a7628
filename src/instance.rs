//! The one row that says whose database this is and how its appliance is doing.

use crate::clock::{Millis, SECOND};
use crate::db::Tx;
use anyhow::{Result, bail};
use rusqlite::{Connection, OptionalExtension as _};

/// Starts in a row that died young before nothing is sold or submitted any more.
const CRASH_LOOP: i64 = 5;
/// A start that lived this long did not die young.
const YOUNG: Millis = 30 * SECOND;

/// How much later it is than when somebody last looked; negative: the clock was set back. 0 where
/// nobody ever did. `beat` is the time between two heartbeats: what was done after the last one
/// counts, and what lies further ahead was written under another clock.
pub fn away(conn: &Connection, beat: Millis, now: Millis) -> Result<Millis> {
    let seen: Option<Millis> = conn.query_row(
        "SELECT MAX(seen_at,
                    COALESCE((SELECT at
                              FROM (SELECT at FROM events ORDER BY id DESC LIMIT 1)
                              WHERE at <= seen_at + ?1), seen_at))
         FROM instance",
        [2 * beat],
        |row| row.get(0),
    )?;
    Ok(seen.map_or(0, |seen| now - seen))
}

/// Takes the row over for a new start, and counts the last one if it died young: within
/// [`YOUNG`], without an orderly stop, and without having been good for anything. [`CRASH_LOOP`] of
/// them in a row begin safe mode.
///
/// # Errors
/// The database belongs to another bot.
pub fn begin(tx: &Tx<'_>, bot_id: i64, now: Millis) -> Result<()> {
    let owner: Option<i64> = tx.query_row("SELECT bot_id FROM instance", [], |row| row.get(0))?;
    if let Some(owner) = owner.filter(|owner| *owner != bot_id) {
        bail!(
            "this data folder belongs to bot {owner}, the token to bot {bot_id}: choose another \
             folder with --data-dir"
        );
    }
    let died_young = died_young(tx)?;
    tx.execute(
        "UPDATE instance
         SET bot_id = ?1, started_at = ?2, heartbeat_at = ?2, heartbeat_wall = NULL, seen_at = ?2,
             version = ?3,
             early_deaths = CASE WHEN ?4 THEN early_deaths + 1 ELSE 0 END,
             safe_mode_at = CASE WHEN ?4 AND early_deaths + 1 >= ?5 THEN COALESCE(safe_mode_at, ?2)
                                 ELSE safe_mode_at END",
        (bot_id, now, env!("CARGO_PKG_VERSION"), died_young, CRASH_LOOP),
    )?;
    Ok(())
}

/// A heartbeat is left behind by whoever did not stop in order.
fn died_young(conn: &Connection) -> Result<bool> {
    let last: Option<(Millis, Millis)> = conn
        .query_row(
            "SELECT started_at, heartbeat_at
             FROM instance
             WHERE started_at IS NOT NULL
               AND heartbeat_at IS NOT NULL",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .optional()?;
    let Some((started_at, heartbeat_at)) = last else { return Ok(false) };
    Ok(heartbeat_at - started_at < YOUNG && !has_served(conn, started_at)?)
}

/// Since then a customer was answered or a step was finished.
fn has_served(conn: &Connection, since: Millis) -> Result<bool> {
    Ok(conn.query_row(
        "SELECT EXISTS (SELECT 1
                        FROM inbox
                        WHERE handled_at IS NOT NULL
                          AND handled_at > ?1
                          AND error IS NULL)
             OR EXISTS (SELECT 1
                        FROM (SELECT at, what FROM events ORDER BY id DESC LIMIT 50)
                        WHERE at > ?1
                          AND what NOT IN ('trouble', 'failed'))",
        [since],
        |row| row.get(0),
    )?)
}

/// The appliance lives, with `busy` of its `threads` workers at work. `wall`: what the machine's clock
/// says. The process clock stands still while the machine sleeps, and does not follow when it is set,
/// so that another process cannot tell by it how long ago this was.
pub fn beat(tx: &Tx<'_>, (busy, threads): (usize, usize), wall: Millis, now: Millis) -> Result<()> {
    tx.execute(
        "UPDATE instance
         SET heartbeat_at = ?1, heartbeat_wall = ?2, seen_at = ?1, threads_busy = ?3, threads = ?4",
        (now, wall, busy as i64, threads as i64),
    )?;
    Ok(())
}

/// What the bot is called, without the `@`. Writes nothing where that is known.
pub fn named(tx: &Tx<'_>, username: &str) -> Result<()> {
    tx.execute(
        "UPDATE instance SET bot_username = NULLIF(?1, '') WHERE bot_username IS NOT NULLIF(?1, '')",
        [username],
    )?;
    Ok(())
}

/// What the bot is called, without the `@`; `None`: Telegram has not said so yet.
pub fn username(conn: &Connection) -> Result<Option<String>> {
    Ok(conn.query_row("SELECT bot_username FROM instance", [], |row| row.get(0))?)
}

/// How far the bot's transactions in Stars were compared with our payments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StarsSeen {
    /// So many, the oldest first.
    pub count: u32,
    /// The name of the last one; `None`: there was none.
    pub last: Option<String>,
    /// When this folder began: what was paid before then was paid to another program.
    pub since: Millis,
}

/// How far they were compared.
pub fn stars_seen(conn: &Connection) -> Result<StarsSeen> {
    let sql = "SELECT stars_seen, stars_last, created_at FROM instance";
    Ok(conn.query_row(sql, [], |row| {
        Ok(StarsSeen { count: row.get(0)?, last: row.get(1)?, since: row.get(2)? })
    })?)
}

/// So many were compared by now, up to this one.
pub fn saw_stars(tx: &Tx<'_>, count: u32, last: Option<&str>) -> Result<()> {
    tx.execute(
        "UPDATE instance
         SET stars_seen = ?1, stars_last = ?2
         WHERE stars_seen <> ?1 OR stars_last IS NOT ?2",
        (count, last),
    )?;
    Ok(())
}

/// An orderly stop: no heartbeat stays behind.
pub fn stopped(tx: &Tx<'_>) -> Result<()> {
    tx.execute(
        "UPDATE instance SET heartbeat_at = NULL, heartbeat_wall = NULL, threads_busy = NULL",
        [],
    )?;
    Ok(())
}

/// Closes selling; what was sold goes on. `false`: it was closed already.
pub fn pause(tx: &Tx<'_>, now: Millis) -> Result<bool> {
    let sql = "UPDATE instance SET selling_paused_at = ?1 WHERE selling_paused_at IS NULL";
    Ok(tx.execute(sql, [now])? == 1)
}

/// What customers read while selling is closed by hand; empty: nothing more than that it is. `false`:
/// it was so already.
pub fn say_meanwhile(tx: &Tx<'_>, note: &str) -> Result<bool> {
    let changed = tx.execute(
        "UPDATE instance
         SET selling_note = NULLIF(?1, '')
         WHERE selling_paused_at IS NOT NULL AND selling_note IS NOT NULLIF(?1, '')",
        [note],
    )?;
    Ok(changed == 1)
}

/// The words of [`say_meanwhile`], while they are true.
pub fn said_meanwhile(conn: &Connection) -> Result<Option<String>> {
    let sql = "SELECT selling_note FROM instance WHERE selling_paused_at IS NOT NULL";
    Ok(conn.prepare_cached(sql)?.query_row([], |row| row.get(0)).optional()?.flatten())
}

/// Asks the provider for nothing new; what it works on goes on. `false`: it was so already.
pub fn pause_submitting(tx: &Tx<'_>, now: Millis) -> Result<bool> {
    let sql = "UPDATE instance SET submitting_paused_at = ?1 WHERE submitting_paused_at IS NULL";
    Ok(tx.execute(sql, [now])? == 1)
}

/// Opens selling and submitting, and leaves safe mode. `false`: there was nothing to open.
pub fn resume(tx: &Tx<'_>) -> Result<bool> {
    let changed = tx.execute(
        "UPDATE instance
         SET selling_paused_at = NULL, selling_note = NULL, submitting_paused_at = NULL, safe_mode_at = NULL,
             early_deaths = 0
         WHERE selling_paused_at IS NOT NULL
            OR submitting_paused_at IS NOT NULL
            OR safe_mode_at IS NOT NULL",
        [],
    )?;
    Ok(changed == 1)
}

/// How it is doing.
#[derive(Clone, Copy, Debug)]
pub struct State {
    /// The last sign of life; `None` after an orderly stop.
    pub heartbeat_at: Option<Millis>,
    /// The same by the machine's clock.
    pub heartbeat_wall: Option<Millis>,
    /// The operator closed selling.
    pub paused: bool,
    /// The operator lets nothing new go to the provider.
    pub submitting_paused: bool,
    /// It kept dying: nothing is sold or submitted until `neurocards resume`.
    pub safe_mode: bool,
}

impl State {
    /// Whether jobs wait before their createTask until `neurocards resume`.
    pub fn holds_submits(self) -> bool {
        self.submitting_paused || self.safe_mode
    }
}

/// Reads it.
pub fn state(conn: &Connection) -> Result<State> {
    let sql = "SELECT heartbeat_at, heartbeat_wall, selling_paused_at IS NOT NULL,
                      submitting_paused_at IS NOT NULL, safe_mode_at IS NOT NULL
               FROM instance";
    Ok(conn.prepare_cached(sql)?.query_row([], |row| {
        Ok(State {
            heartbeat_at: row.get(0)?,
            heartbeat_wall: row.get(1)?,
            paused: row.get(2)?,
            submitting_paused: row.get(3)?,
            safe_mode: row.get(4)?,
        })
    })?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::{Db, tests::fresh};

    fn start(db: &Db, now: Millis) -> bool {
        db.write(move |tx| {
            begin(tx, 7, now)?;
            Ok(state(tx)?.safe_mode)
        })
        .unwrap()
    }

    #[test]
    fn five_starts_that_died_young_begin_safe_mode_until_resume() {
        let (_folder, db) = fresh();
        let safe: Vec<bool> = (1..=6).map(|n| start(&db, n * 1_000)).collect();
        assert_eq!(safe, [false, false, false, false, false, true]);
        assert!(start(&db, 9_000), "it stays");
        assert!(db.write(resume).unwrap());
        assert!(!db.write(resume).unwrap());
        assert!(!start(&db, 10_000));
    }

    #[test]
    fn a_clock_that_went_back_went_back_once() {
        let (_folder, db) = fresh();
        let day = crate::clock::DAY;
        let away_at = |now| {
            let away = move |tx: &Tx<'_>| {
                let away = away(tx, 10_000, now)?;
                begin(tx, 7, now).map(|()| away)
            };
            db.write(away).unwrap()
        };
        assert_eq!(away_at(3 * day), 0, "nobody ever looked");
        let event = |at: Millis| {
            db.write(move |tx| {
                tx.execute_batch(
                    "INSERT OR IGNORE INTO users (id, tg_user_id) VALUES (1, 7);
                     INSERT OR IGNORE INTO jobs (id, user_id, tg_user_id, idempotency_key,
                                                 template_id, input_photo_path, product_info)
                     VALUES (1, 1, 7, 'a', 'self', 'x.jpg', '{}');",
                )?;
                let sql = "INSERT INTO events (job_id, at, step, what) VALUES (1, ?1, 'x', 'y')";
                Ok(tx.execute(sql, [at])?)
            })
            .unwrap()
        };
        event(3 * day + 5_000);
        assert_eq!(
            away_at(3 * day + 6_000),
            1_000,
            "what was done after the last heartbeat counts"
        );
        assert_eq!(away_at(2 * day), -day - 6_000);
        assert_eq!(away_at(2 * day + 9_000), 9_000, "no further time for the same step back");
        event(9 * day);
        assert_eq!(away_at(2 * day + 10_000), 1_000, "nor for what another clock wrote");
    }

    #[test]
    fn a_start_that_lived_stopped_in_order_or_answered_somebody_did_not_die_young() {
        let (_folder, db) = fresh();
        for n in 1..=20 {
            let now = n * 100_000;
            assert!(!start(&db, now), "start {n}");
            db.write(move |tx| match n % 3 {
                0 => beat(tx, (0, 1), now + YOUNG, now + YOUNG),
                1 => stopped(tx),
                _ => {
                    tx.execute(
                        "INSERT INTO inbox (update_id, chat_id, body, received_at, handled_at)
                         VALUES (?1, 7, '{}', ?2, ?2)",
                        (n, now + 1),
                    )?;
                    Ok(())
                }
            })
            .unwrap();
        }
    }

    #[test]
    fn a_database_keeps_to_its_bot() {
        let (_folder, db) = fresh();
        start(&db, 1_000);
        let refused = db.write(|tx| begin(tx, 8, 2_000)).unwrap_err();
        assert!(refused.to_string().contains("belongs to bot 7"), "{refused}");
    }
}
