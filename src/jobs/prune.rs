//! What had its time: stories and calls of long ago, and the photos' copies that the provider has
//! deleted by itself.

use crate::clock::{DAY, Millis};
use crate::db::Tx;
use anyhow::Result;
use rusqlite::named_params;

/// How long a job's story and its calls can be read.
const STORIES_KEEP: Millis = 90 * DAY;
/// The provider keeps a copy for three days at most.
const COPIES_KEEP: Millis = 3 * DAY;

/// Deletes up to `limit` rows of each. Returns how many rows went.
///
/// Both tables grow in the order of their ids, so only the oldest rows are looked at. What was
/// written under a clock far ahead goes, too: it would hold up all that follow.
pub fn prune(tx: &Tx<'_>, now: Millis, limit: u32) -> Result<usize> {
    let before = now - STORIES_KEEP;
    let mut pruned = 0;
    for sql in [
        "DELETE FROM events
         WHERE id IN (SELECT id FROM events ORDER BY id LIMIT :limit)
           AND (at < :before OR at > :ahead)",
        "DELETE FROM submits
         WHERE id IN (SELECT id FROM submits ORDER BY id LIMIT :limit)
           AND (at < :before OR at > :ahead)
           AND outcome <> 'sending'",
    ] {
        pruned += tx
            .prepare_cached(sql)?
            .execute(named_params! { ":before": before, ":ahead": now + DAY, ":limit": limit })?;
    }
    let copies = "DELETE FROM uploads
         WHERE rowid IN (SELECT rowid FROM uploads WHERE created_at < :before LIMIT :limit)";
    pruned += tx
        .prepare_cached(copies)?
        .execute(named_params! { ":before": now - COPIES_KEEP, ":limit": limit })?;
    Ok(pruned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::Db;

    fn left(db: &Db, table: &str) -> i64 {
        let sql = format!("SELECT COUNT(*) FROM {table}");
        db.read(|conn| Ok(conn.query_row(&sql, [], |row| row.get(0))?)).unwrap()
    }

    #[test]
    fn what_is_old_goes_in_small_steps_and_what_is_open_stays() {
        let (_folder, db) = crate::db::tests::fresh();
        let now = 200 * DAY;
        db.write(move |tx| {
            tx.execute("INSERT INTO users (tg_user_id) VALUES (7)", [])?;
            tx.execute(
                "INSERT INTO jobs (user_id, tg_user_id, idempotency_key, template_id,
                                   input_photo_path, product_info)
                 VALUES (1, 7, 'a', 'self', 'x.jpg', '{}')",
                [],
            )?;
            for day in [1, 2, 3, 9_000, 150, 199] {
                let at = day * DAY;
                tx.execute(
                    "INSERT INTO events (job_id, at, step, what) VALUES (1, ?1, 'script', 'x')",
                    [at],
                )?;
                tx.execute(
                    "INSERT INTO submits (job_id, api_key, model, at, ended_at, outcome)
                     VALUES (1, 'k', 'm', ?1, NULLIF(?1, ?2),
                             CASE ?1 WHEN ?2 THEN 'sending' ELSE 'lost' END)",
                    (at, 2 * DAY),
                )?;
                let copy = "INSERT INTO uploads VALUES ('photo' || ?1, 'k', 'u', ?1)";
                tx.execute(copy, [at])?;
            }
            Ok(())
        })
        .unwrap();
        let prune = |limit| db.write(move |tx| super::prune(tx, now, limit)).unwrap();
        assert_eq!((prune(2), prune(9), prune(9)), (2 + 1 + 2, 2 + 2 + 2, 0));
        let left = |table| left(&db, table);
        assert_eq!((left("events"), left("submits"), left("uploads")), (2, 3, 2));
    }

    #[test]
    fn to_the_millisecond() {
        let now = 200 * DAY;
        for (at, copied, goes) in [
            (110 * DAY, 197 * DAY, false),
            (110 * DAY - 1, 197 * DAY - 1, true),
            (201 * DAY, 201 * DAY, false),
            (201 * DAY + 1, 0, true),
        ] {
            let (_folder, db) = crate::db::tests::fresh();
            db.write(move |tx| {
                tx.execute_batch(&format!(
                    "INSERT INTO users (tg_user_id) VALUES (7);
                     INSERT INTO jobs (user_id, tg_user_id, idempotency_key, template_id,
                                       input_photo_path, product_info)
                     VALUES (1, 7, 'a', 'self', 'x.jpg', '{{}}');
                     INSERT INTO events (job_id, at, step, what) VALUES (1, {at}, 'script', 'x');
                     INSERT INTO submits (job_id, api_key, model, at, ended_at, outcome)
                     VALUES (1, 'k', 'm', {at}, {at}, 'lost');
                     INSERT INTO uploads VALUES ('photo', 'k', 'u', {copied});"
                ))?;
                Ok(())
            })
            .unwrap();
            let pruned = db.write(move |tx| super::prune(tx, now, 9)).unwrap();
            assert_eq!(pruned, if goes { 3 } else { 0 }, "{at}");
        }
    }
}
