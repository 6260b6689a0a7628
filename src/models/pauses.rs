//! Which models are off, for a while or by the operator's word. The table `models` is written here
//! alone.

use std::collections::HashSet;

use rusqlite::{Connection, OptionalExtension, named_params};

use crate::clock::{HOUR, MINUTE, Millis};
use crate::db::Tx;

const FIRST: Millis = 10 * MINUTE;
const LONGEST: Millis = 6 * HOUR;

/// Pauses a model that the provider says is off: 10 minutes, doubling with each pause in a row up
/// to 6 hours. Jobs that find out together make one pause. Returns until when.
pub fn pause(tx: &Tx, name: &str, reason: &str, now: Millis) -> anyhow::Result<Millis> {
    let known: Option<(Option<Millis>, i64)> = tx
        .query_row(
            "SELECT paused_until, pauses
             FROM models
             WHERE name = :name",
            named_params! { ":name": name },
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .optional()?;
    let (until, before) = known.unwrap_or((None, 0));
    if let Some(until) = until.filter(|until| *until > now) {
        return Ok(until);
    }
    let doubled = FIRST << before.clamp(0, 10);
    let until = now + doubled.min(LONGEST);
    tx.execute(
        "INSERT INTO models (name, paused_until, pauses, reason)
         VALUES (:name, :until, 1, :reason)
         ON CONFLICT (name) DO UPDATE
         SET paused_until = :until, pauses = pauses + 1, reason = :reason",
        named_params! { ":name": name, ":until": until, ":reason": reason },
    )?;
    Ok(until)
}

/// A model that served within this time serves; one that did not is asked by one job at a time.
const TRUSTED: Millis = 10 * MINUTE;

/// Whether a model is asked by one job at a time: its pause is over but it has not served since, or
/// it has not served lately.
pub fn in_doubt(conn: &Connection, name: &str, now: Millis) -> anyhow::Result<bool> {
    let trusted = conn
        .prepare_cached(
            "SELECT 1
             FROM models
             WHERE name = :name
               AND paused_until IS NULL
               AND served_at BETWEEN :since AND :now",
        )?
        .exists(named_params! { ":name": name, ":since": now - TRUSTED, ":now": now })?;
    Ok(!trusted)
}

/// It accepted a createTask: the pause is over for all, but not forgotten before there is a video.
/// `true`: there was one. Writes nothing for a model that serves all the time.
pub fn served(tx: &Tx, name: &str, now: Millis) -> anyhow::Result<bool> {
    // A pause that another job found out about meanwhile is newer than this answer.
    let was_paused = tx
        .prepare_cached("SELECT 1 FROM models WHERE name = ?1 AND paused_until <= ?2")?
        .exists((name, now))?;
    tx.prepare_cached(
        "INSERT INTO models (name, served_at)
         VALUES (:name, :now)
         ON CONFLICT (name) DO UPDATE
         SET served_at = :now,
             paused_until = CASE WHEN paused_until > :now THEN paused_until END
         WHERE paused_until <= :now
            OR served_at IS NULL
            OR served_at NOT BETWEEN :lately AND :now",
    )?
    .execute(named_params! { ":name": name, ":now": now, ":lately": now - MINUTE })?;
    Ok(was_paused)
}

/// Switches a model off until it is switched on, by hand; on also ends a pause. `false`: it was so
/// already.
pub fn switch(tx: &Tx, name: &str, on: bool, now: Millis) -> anyhow::Result<bool> {
    let changed = if on {
        tx.execute(
            "UPDATE models
             SET off_at = NULL, paused_until = NULL, pauses = 0, reason = NULL
             WHERE name = :name
               AND (off_at IS NOT NULL OR paused_until > :now)",
            named_params! { ":name": name, ":now": now },
        )?
    } else {
        tx.execute(
            "INSERT INTO models (name, off_at)
             VALUES (:name, :now)
             ON CONFLICT (name) DO UPDATE
             SET off_at = :now
             WHERE off_at IS NULL",
            named_params! { ":name": name, ":now": now },
        )?
    };
    Ok(changed == 1)
}

/// The clock went back by `by`: no pause lasts longer for that.
pub fn set_back(tx: &Tx, by: Millis) -> anyhow::Result<()> {
    tx.execute(
        "UPDATE models SET paused_until = paused_until - ?1, served_at = served_at - ?1",
        [by],
    )?;
    Ok(())
}

/// Whether the operator switched it off: nothing more is asked of it.
pub fn is_off(conn: &Connection, name: &str) -> anyhow::Result<bool> {
    let mut off =
        conn.prepare_cached("SELECT 1 FROM models WHERE name = ?1 AND off_at IS NOT NULL")?;
    Ok(off.exists([name])?)
}

/// The models that do not serve now: paused, or switched off.
pub fn paused(conn: &Connection, now: Millis) -> anyhow::Result<HashSet<String>> {
    let mut query = conn.prepare_cached(
        "SELECT name
         FROM models
         WHERE paused_until > :now
            OR off_at IS NOT NULL",
    )?;
    let names = query.query_map(named_params! { ":now": now }, |row| row.get(0))?;
    Ok(names.collect::<Result<_, _>>()?)
}

/// A model made a video: its pauses are forgotten, but for one that lasts: the video was asked for
/// before it. That a pause is over is for [`served`] to say, with the end of its alert. Writes
/// nothing where there was none.
pub fn resume(tx: &Tx, name: &str, now: Millis) -> anyhow::Result<()> {
    tx.prepare_cached(
        "UPDATE models
         SET pauses = 0, reason = NULL
         WHERE name = :name
           AND pauses > 0
           AND (paused_until IS NULL OR paused_until <= :now)",
    )?
    .execute(named_params! { ":name": name, ":now": now })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_grows_until_the_model_serves_again() {
        let (_folder, db) = crate::db::tests::fresh();
        db.write(|tx| {
            let mut now = 1_000;
            for minutes in [10, 20, 40, 80, 160, 320, 360, 360] {
                let until = pause(tx, "sora", "paused", now)?;
                assert_eq!(until, now + minutes * MINUTE);
                assert_eq!(pause(tx, "sora", "paused", now + 1)?, until, "one pause for all");
                assert!(paused(tx, until - 1)?.contains("sora"));
                assert!(paused(tx, until)?.is_empty());
                now = until;
            }
            resume(tx, "sora", now - 1)?;
            assert!(paused(tx, now - 1)?.contains("sora"), "a video of before the pause");
            resume(tx, "sora", now)?;
            resume(tx, "never paused", now)?;
            assert_eq!(pause(tx, "sora", "paused", now)?, now + FIRST);
            Ok(())
        })
        .unwrap();
    }

    #[test]
    fn after_a_pause_one_job_asks_and_an_accepted_task_lets_the_others_in() {
        let (_folder, db) = crate::db::tests::fresh();
        db.write(|tx| {
            assert!(in_doubt(tx, "sora", 5)?, "nobody knows it yet");
            assert!(!served(tx, "sora", 5)? && !in_doubt(tx, "sora", 5)?);
            assert!(!in_doubt(tx, "sora", 5 + TRUSTED)? && in_doubt(tx, "sora", 6 + TRUSTED)?);
            let until = pause(tx, "sora", "paused", 10)?;
            assert!(!served(tx, "sora", 11)?, "that call was sent before the pause");
            assert!(paused(tx, 11)?.contains("sora"));
            assert!(in_doubt(tx, "sora", until)? && paused(tx, until)?.is_empty());
            assert!(served(tx, "sora", until)? && !in_doubt(tx, "sora", until)?);
            let again = pause(tx, "sora", "paused", until + 1)?;
            assert_eq!(again - until - 1, 2 * FIRST, "no video came of it: the pause grows");
            Ok(())
        })
        .unwrap();
    }

    #[test]
    fn a_model_that_was_switched_off_stays_off_until_it_is_switched_on() {
        let (_folder, db) = crate::db::tests::fresh();
        db.write(|tx| {
            assert!(!switch(tx, "sora", true, 5)?, "it was never off");
            assert!(switch(tx, "sora", false, 5)? && !switch(tx, "sora", false, 6)?);
            resume(tx, "sora", 6)?;
            assert!(paused(tx, i64::MAX)?.contains("sora") && is_off(tx, "sora")?);
            assert!(switch(tx, "sora", true, 7)? && !switch(tx, "sora", true, 8)?);
            assert!(paused(tx, 9)?.is_empty() && !is_off(tx, "sora")?);
            let until = pause(tx, "sora", "paused", 10)?;
            assert!(paused(tx, 11)?.contains("sora") && !is_off(tx, "sora")?);
            assert!(switch(tx, "sora", true, 12)?, "on also ends a pause");
            assert!(paused(tx, 13)?.is_empty());
            assert_eq!(pause(tx, "sora", "paused", 14)? - 14, until - 10, "and forgets it");
            Ok(())
        })
        .unwrap();
    }
}
