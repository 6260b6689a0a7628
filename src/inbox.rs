//! Updates as Telegram sent them, kept until they are handled. The poller stores a batch before
//! Telegram hears that we have it; the handler marks a row in the same transaction that acts on it.

use anyhow::Context;
use rusqlite::{Connection, named_params};

use crate::clock::Millis;
use crate::db::Tx;

/// A row that failed this often is marked handled with its error, so that it never holds up its
/// chat.
pub const MAX_TRIES: i64 = 3;

/// The longest error text that is kept, in characters.
const ERROR_LENGTH: usize = 500;

/// One update before it has a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Raw {
    pub update_id: i64,
    /// The chat in whose order it is handled; 0: none.
    pub chat_id: i64,
    /// The update's JSON, whole.
    pub body: String,
    /// Telegram waits for its answer: it is in no chat's order, and [`urgent`] has it.
    pub urgent: bool,
}

/// A stored update that waits for its handler.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub update_id: i64,
    pub chat_id: i64,
    pub body: String,
    pub received_at: Millis,
    /// How often handling it has failed.
    pub tries: i64,
}

/// Keeps a batch; updates that are already known are passed over. Returns how many were new.
pub fn store(tx: &Tx<'_>, updates: &[Raw], now: Millis) -> anyhow::Result<usize> {
    let mut insert = tx.prepare_cached(
        "INSERT INTO inbox (update_id, chat_id, body, urgent, received_at)
         VALUES (:update_id, :chat_id, :body, :urgent, :now)
         ON CONFLICT (update_id) DO NOTHING",
    )?;
    let mut stored = 0;
    for update in updates {
        stored += insert
            .execute(named_params! {
                ":update_id": update.update_id,
                ":chat_id": update.chat_id,
                ":body": update.body,
                ":urgent": update.urgent,
                ":now": now,
            })
            .context("storing an update")?;
    }
    Ok(stored)
}

/// Unhandled updates in their chats' order, oldest first, without those of the `busy` chats.
pub fn open(conn: &Connection, limit: u32, busy: &[i64]) -> anyhow::Result<Vec<Row>> {
    let mut select = conn.prepare_cached(
        "SELECT update_id, chat_id, body, received_at, tries
         FROM inbox
         WHERE handled_at IS NULL
           AND urgent = 0
           AND chat_id NOT IN (SELECT value FROM json_each(:busy))
         ORDER BY update_id
         LIMIT :limit",
    )?;
    let busy = serde_json::to_string(busy)?;
    let rows = select.query_map(named_params! { ":busy": busy, ":limit": limit }, read)?;
    rows.collect::<Result<_, _>>().context("reading the inbox")
}

/// Unhandled updates for whose answer Telegram waits, oldest first, without the `busy` ones.
pub fn urgent(conn: &Connection, limit: u32, busy: &[i64]) -> anyhow::Result<Vec<Row>> {
    let mut select = conn.prepare_cached(
        "SELECT update_id, chat_id, body, received_at, tries
         FROM inbox
         WHERE handled_at IS NULL
           AND urgent = 1
           AND update_id NOT IN (SELECT value FROM json_each(:busy))
         ORDER BY update_id
         LIMIT :limit",
    )?;
    let busy = serde_json::to_string(busy)?;
    let rows = select.query_map(named_params! { ":busy": busy, ":limit": limit }, read)?;
    rows.collect::<Result<_, _>>().context("reading the urgent part of the inbox")
}

fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Row> {
    Ok(Row {
        update_id: row.get("update_id")?,
        chat_id: row.get("chat_id")?,
        body: row.get("body")?,
        received_at: row.get("received_at")?,
        tries: row.get("tries")?,
    })
}

/// Whether an update still waits for its handler.
pub fn is_open(conn: &Connection, update_id: i64) -> anyhow::Result<bool> {
    let sql = "SELECT 1 FROM inbox WHERE update_id = ?1 AND handled_at IS NULL";
    conn.prepare_cached(sql)?.exists([update_id]).context("looking for an update")
}

/// Marks an update as handled. `false`: it already was, so the caller undoes what it did.
pub fn done(tx: &Tx<'_>, update_id: i64, now: Millis) -> anyhow::Result<bool> {
    let changed = tx
        .prepare_cached(
            "UPDATE inbox
             SET handled_at = :now
             WHERE update_id = :update_id AND handled_at IS NULL",
        )?
        .execute(named_params! { ":update_id": update_id, ":now": now })?;
    Ok(changed == 1)
}

/// Marks an update as handled that means nothing to us: what somebody says in a group is nobody's
/// business, and is not kept.
pub fn pass_over(tx: &Tx<'_>, update_id: i64, now: Millis) -> anyhow::Result<()> {
    tx.prepare_cached(
        "UPDATE inbox
         SET handled_at = ?2, body = '{}'
         WHERE update_id = ?1 AND handled_at IS NULL",
    )?
    .execute((update_id, now))
    .context("passing over an update")?;
    Ok(())
}

/// Counts a try before it begins: one that takes the process with it counts, too.
pub fn begun(tx: &Tx<'_>, update_id: i64) -> anyhow::Result<()> {
    tx.prepare_cached("UPDATE inbox SET tries = tries + 1 WHERE update_id = ?1")?
        .execute([update_id])
        .context("counting a try")?;
    Ok(())
}

/// What failed was not the update's doing: it has been tried `tries` times, as before.
pub fn uncount(tx: &Tx<'_>, update_id: i64, tries: i64) -> anyhow::Result<()> {
    tx.prepare_cached("UPDATE inbox SET tries = ?2 WHERE update_id = ?1 AND tries > ?2")?
        .execute((update_id, tries))
        .context("uncounting a try")?;
    Ok(())
}

/// Counts a failed try of what had failed `tries` times before; one that was counted when it had
/// [`begun`] counts once. The last of [`MAX_TRIES`] marks the update handled and keeps its error.
/// Returns whether it was given up now.
pub fn failed(
    tx: &Tx<'_>,
    update_id: i64,
    tries: i64,
    error: &str,
    now: Millis,
) -> anyhow::Result<bool> {
    let error: String = error.chars().take(ERROR_LENGTH).collect();
    let given_up = tx
        .prepare_cached(
            "UPDATE inbox
             SET tries = :tries + 1,
                 error = :error,
                 handled_at = CASE WHEN :tries + 1 >= :max_tries THEN :now END
             WHERE update_id = :update_id AND handled_at IS NULL
             RETURNING handled_at IS NOT NULL",
        )?
        .query_map(
            named_params! {
                ":update_id": update_id,
                ":tries": tries,
                ":error": error,
                ":max_tries": MAX_TRIES,
                ":now": now,
            },
            |row| row.get(0),
        )?
        .collect::<Result<Vec<bool>, _>>()?;
    Ok(given_up.contains(&true))
}

/// Empties the handled updates of a chat; their ids stay, so that none is taken for a new one.
pub fn forget(tx: &Tx<'_>, chat_id: i64) -> anyhow::Result<()> {
    tx.prepare_cached(
        "UPDATE inbox
         SET body = '{}', error = NULL
         WHERE chat_id = ?1 AND handled_at IS NOT NULL",
    )?
    .execute([chat_id])
    .context("forgetting a chat's updates")?;
    Ok(())
}

/// Empties one update that was handled; its id stays.
pub fn empty(tx: &Tx<'_>, update_id: i64) -> anyhow::Result<()> {
    tx.prepare_cached("UPDATE inbox SET body = '{}' WHERE update_id = ?1")?
        .execute([update_id])
        .context("emptying an update")?;
    Ok(())
}

/// Deletes up to `limit` updates that were handled before `before`. Telegram's ids may restart
/// after a week of silence, so old rows must not stay: they would hide new updates.
pub fn prune(tx: &Tx<'_>, before: Millis, limit: u32) -> anyhow::Result<usize> {
    tx.prepare_cached(
        "DELETE FROM inbox
         WHERE update_id IN (
             SELECT update_id
             FROM inbox
             WHERE handled_at IS NOT NULL
               AND handled_at < :before
             LIMIT :limit)",
    )?
    .execute(named_params! { ":before": before, ":limit": limit })
    .context("pruning the inbox")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::Db;
    use crate::db::tests::fresh;

    fn raw(update_id: i64, chat_id: i64) -> Raw {
        let body = format!("{{\"update_id\":{update_id}}}");
        Raw { update_id, chat_id, body, urgent: false }
    }

    fn keep(db: &Db, updates: Vec<Raw>) -> usize {
        db.write(move |tx| store(tx, &updates, 1)).unwrap()
    }

    fn ids(db: &Db, busy: &[i64]) -> Vec<i64> {
        let rows = db.read(|conn| open(conn, 10, busy)).unwrap();
        rows.into_iter().map(|row| row.update_id).collect()
    }

    #[test]
    fn an_update_is_kept_once_and_handled_once() {
        let (_folder, db) = fresh();
        assert_eq!(keep(&db, vec![raw(5, 7), raw(4, 8), raw(5, 7)]), 2);
        assert_eq!(keep(&db, vec![raw(4, 8), raw(6, 7)]), 1);
        assert_eq!(ids(&db, &[]), [4, 5, 6]);
        assert_eq!(ids(&db, &[7, 9]), [4]);
        assert!(db.write(|tx| done(tx, 5, 2)).unwrap());
        assert!(!db.write(|tx| done(tx, 5, 3)).unwrap());
        assert_eq!(keep(&db, vec![raw(5, 7)]), 0);
        assert_eq!(ids(&db, &[]), [4, 6]);
    }

    #[test]
    fn what_is_urgent_is_in_a_lane_of_its_own() {
        let (_folder, db) = fresh();
        let urgent_one = |update_id| Raw { urgent: true, ..raw(update_id, 7) };
        keep(&db, vec![raw(1, 7), urgent_one(2), urgent_one(3)]);
        let lane = |busy: &'static [i64]| -> Vec<i64> {
            let rows = db.read(|conn| urgent(conn, 10, busy)).unwrap();
            rows.into_iter().map(|row| row.update_id).collect()
        };
        assert_eq!((ids(&db, &[]), lane(&[]), lane(&[2])), (vec![1], vec![2, 3], vec![3]));
        db.write(|tx| done(tx, 3, 2)).unwrap();
        assert_eq!(lane(&[]), [2]);
        let plan = |conn: &Connection| -> anyhow::Result<String> {
            let query = "EXPLAIN QUERY PLAN SELECT update_id FROM inbox
                         WHERE handled_at IS NULL AND urgent = 1
                         ORDER BY update_id LIMIT 5";
            Ok(conn.query_row(query, [], |row| row.get("detail"))?)
        };
        let plan = db.read(plan).unwrap();
        assert!(plan.contains("INDEX inbox_urgent"), "{plan}");
    }

    #[test]
    fn a_poisonous_update_is_given_up_with_its_error() {
        let (_folder, db) = fresh();
        keep(&db, vec![raw(1, 7)]);
        let fail = |tries| db.write(move |tx| failed(tx, 1, tries, "boom", 2)).unwrap();
        assert_eq!((fail(0), fail(1), ids(&db, &[])), (false, false, vec![1]));
        assert_eq!((fail(2), fail(3), ids(&db, &[])), (true, false, vec![]));
        let error: String = db
            .read(|conn| Ok(conn.query_row("SELECT error FROM inbox", [], |row| row.get(0))?))
            .unwrap();
        assert_eq!(error, "boom");
    }

    #[test]
    fn a_try_that_was_counted_when_it_began_counts_once() {
        let (_folder, db) = fresh();
        keep(&db, vec![raw(1, 7)]);
        let tries =
            || db.read(|conn| Ok(open(conn, 1, &[])?.first().map(|row| row.tries))).unwrap();
        for before in 0..2 {
            db.write(|tx| begun(tx, 1)).unwrap();
            db.write(move |tx| failed(tx, 1, before, "boom", 2)).unwrap();
            assert_eq!(tries(), Some(before + 1));
        }
    }

    #[test]
    fn a_forgotten_chats_updates_say_nothing_and_are_still_known() {
        let (_folder, db) = fresh();
        keep(&db, vec![raw(1, 7), raw(2, 7), raw(3, 8)]);
        for id in [1, 3] {
            db.write(move |tx| done(tx, id, 2)).unwrap();
        }
        db.write(|tx| forget(tx, 7)).unwrap();
        let empty = "SELECT group_concat(update_id) FROM inbox WHERE body = '{}'";
        let empty: String =
            db.read(|conn| Ok(conn.query_row(empty, [], |row| row.get(0))?)).unwrap();
        assert_eq!(empty, "1", "what waits for its handler keeps its words");
        assert_eq!(keep(&db, vec![raw(1, 7)]), 0);
    }

    #[test]
    fn only_what_was_handled_is_pruned() {
        let (_folder, db) = fresh();
        keep(&db, (1..=5).map(|id| raw(id, 7)).collect());
        for id in 1..=3 {
            db.write(move |tx| done(tx, id, id * 10)).unwrap();
        }
        assert_eq!(db.write(|tx| prune(tx, 30, 1)).unwrap(), 1);
        assert_eq!(db.write(|tx| prune(tx, 30, 9)).unwrap(), 1);
        assert_eq!(db.write(|tx| prune(tx, 30, 9)).unwrap(), 0);
        assert_eq!(ids(&db, &[]), [4, 5]);
    }
}
