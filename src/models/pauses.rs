//! Which models are off for a while. The table `models` is written here alone.

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

/// The models that are paused now.
pub fn paused(conn: &Connection, now: Millis) -> anyhow::Result<HashSet<String>> {
    let mut query = conn.prepare_cached(
        "SELECT name
         FROM models
         WHERE paused_until > :now",
    )?;
    let names = query.query_map(named_params! { ":now": now }, |row| row.get(0))?;
    Ok(names.collect::<Result<_, _>>()?)
}

/// A model served: its pauses are forgotten. Writes nothing where there was none.
pub fn resume(tx: &Tx, name: &str) -> anyhow::Result<()> {
    tx.execute(
        "UPDATE models
         SET paused_until = NULL, pauses = 0, reason = NULL
         WHERE name = :name AND pauses > 0",
        named_params! { ":name": name },
    )?;
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
            resume(tx, "sora")?;
            resume(tx, "never paused")?;
            assert_eq!(pause(tx, "sora", "paused", now)?, now + FIRST);
            Ok(())
        })
        .unwrap();
    }
}
