//! Rows that have had their time. `docs/performance.md` says of every table what bounds it.

use crate::alerts;
use crate::broadcasts;
use crate::clock::{DAY, HOUR, Millis};
use crate::db::{Db, Tx};
use crate::flow;
use crate::growth;
use crate::inbox;
use crate::jobs;
use crate::keys;
use crate::orders;
use crate::outbox;
use crate::payments;
use anyhow::Result;
use std::sync::atomic::{AtomicBool, Ordering};

/// Who got one is known for so long after its end.
const BROADCASTS_KEEP: Millis = DAY;
const MESSAGES_KEEP: Millis = 30 * DAY;
/// A broadcast that nobody began; the message with its buttons is gone from the outbox by then.
const DRAFTS_KEEP: Millis = 30 * DAY;
/// A month of the accounts' balances, for their trend.
const BALANCES_KEEP: Millis = 31 * DAY;
/// An alert that is over.
const ALERTS_KEEP: Millis = 90 * DAY;
/// Nobody can pay them for long; what was paid has rows of its own.
const INVOICES_KEEP: Millis = 30 * DAY;
/// Guesses are counted by the hour.
const GUESSES_KEEP: Millis = HOUR;
/// Rows of a table that go in one transaction: a customer's tap waits for it.
const BATCH: u32 = 500;

/// What the operator sets, in milliseconds.
#[derive(Clone, Copy, Debug)]
pub struct Keep {
    /// Updates as Telegram sent them.
    pub updates: Millis,
    /// What customers wrote.
    pub texts: Millis,
}

type Chore = fn(&Tx<'_>, Keep, Millis) -> Result<usize>;

const CHORES: [Chore; 12] = [
    |tx, keep, now| inbox::prune(tx, now - keep.updates, BATCH),
    |tx, keep, now| orders::prune_texts(tx, now - keep.texts, BATCH),
    |tx, keep, now| flow::prune_questions(tx, now - keep.texts, BATCH),
    |tx, keep, now| flow::prune(tx, now - keep.texts, BATCH),
    |tx, _, now| broadcasts::prune(tx, now - BROADCASTS_KEEP, BATCH),
    |tx, _, now| broadcasts::prune_drafts(tx, now - DRAFTS_KEEP, BATCH),
    |tx, _, now| outbox::prune(tx, now - MESSAGES_KEEP, BATCH),
    |tx, _, now| keys::prune_balances(tx, now - BALANCES_KEEP, BATCH),
    |tx, _, now| alerts::prune(tx, now - ALERTS_KEEP, BATCH),
    |tx, _, now| payments::prune(tx, now - INVOICES_KEEP, BATCH),
    |tx, _, now| growth::prune_guesses(tx, now - GUESSES_KEEP, BATCH),
    |tx, _, now| jobs::prune(tx, now, BATCH),
];

/// Deletes what has had its time, in small transactions of one kind each, until nothing of it is
/// left, or the program ends.
///
/// # Errors
/// Those of the disk. The kinds after it are done all the same; the first error is told.
pub fn prune(db: &Db, keep: Keep, ends: &AtomicBool, now: Millis) -> Result<()> {
    let mut done = Ok(());
    for chore in CHORES {
        done = done.and(all(db, chore, keep, ends, now));
    }
    done
}

fn all(db: &Db, chore: Chore, keep: Keep, ends: &AtomicBool, now: Millis) -> Result<()> {
    while !ends.load(Ordering::Relaxed)
        && db.write(move |tx| chore(tx, keep, now))? >= BATCH as usize
    {}
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::tests::fresh;
    use std::sync::Arc;
    use std::sync::atomic::AtomicUsize;

    const NOW: Millis = 400 * DAY;
    const KEEP: Keep = Keep { updates: 30 * DAY, texts: 90 * DAY };
    static NOT_YET: AtomicBool = AtomicBool::new(false);

    fn number(db: &Db, sql: &str) -> i64 {
        db.read(|conn| Ok(conn.query_row(sql, [], |row| row.get(0))?)).unwrap()
    }

    #[test]
    fn what_is_old_goes_in_many_small_commits_and_what_is_young_stays() {
        let (_folder, db) = fresh();
        db.write(|tx| {
            tx.execute_batch(&format!(
                "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 1600)
                 INSERT INTO inbox (update_id, chat_id, body, received_at, handled_at)
                 SELECT n, 7, '{{}}', 1, IIF(n > 1590, {NOW}, 1) FROM n;
                 INSERT INTO users (tg_user_id) VALUES (1), (2);
                 INSERT INTO promo_guesses (user_id, since, guesses)
                 VALUES (1, {NOW} - {HOUR} - 1, 3), (2, {NOW} - {HOUR}, 3);"
            ))?;
            Ok(())
        })
        .unwrap();
        let commits = Arc::new(AtomicUsize::new(0));
        let ends = Arc::new(AtomicBool::new(false));
        let (count, end) = (Arc::clone(&commits), Arc::clone(&ends));
        db.watch(
            &["inbox"],
            Arc::new(move || {
                count.fetch_add(1, Ordering::Relaxed);
                end.store(true, Ordering::Relaxed);
            }),
        );
        prune(&db, KEEP, &ends, NOW).unwrap();
        assert_eq!(number(&db, "SELECT COUNT(*) FROM inbox"), 1_100, "the program ends");
        assert_eq!(number(&db, "SELECT COUNT(*) FROM promo_guesses"), 2);
        commits.store(0, Ordering::Relaxed);
        prune(&db, KEEP, &NOT_YET, NOW).unwrap();
        assert_eq!(number(&db, "SELECT COUNT(*) FROM inbox"), 10);
        assert_eq!(commits.load(Ordering::Relaxed), 3, "500 at a time");
        assert_eq!(number(&db, "SELECT SUM(user_id) FROM promo_guesses"), 2, "an hour");
    }

    #[test]
    fn the_operators_copy_of_a_question_goes_with_it() {
        let (_folder, db) = fresh();
        db.write(|tx| {
            tx.execute("INSERT INTO users (tg_user_id) VALUES (7)", [])?;
            for (id, at) in [(5, 1), (50, NOW)] {
                let sql = "INSERT INTO tickets (id, user_id, text, opened_at, asked_at)
                           VALUES (?1, 1, 'where?', ?2, ?2)";
                tx.execute(sql, [id, at])?;
                let sql = "INSERT INTO outbox (seq, chat_id, key, content, created_at, state)
                           VALUES (?1, 99, ?2, json_object('words', 'where?'), ?3, 'sent')";
                tx.execute(sql, (id, format!("ticket:{id}:99"), NOW))?;
            }
            Ok(())
        })
        .unwrap();
        prune(&db, KEEP, &NOT_YET, NOW).unwrap();
        assert_eq!(number(&db, "SELECT SUM(id) FROM tickets"), 50);
        let copies = "SELECT SUM(seq) FROM outbox WHERE content LIKE '%where%'";
        assert_eq!(number(&db, copies), 50);
    }

    #[test]
    fn a_broadcast_that_nobody_began_is_kept_for_a_month() {
        let (_folder, db) = fresh();
        db.write(|tx| {
            for (state, made_at) in
                [("draft", NOW - DRAFTS_KEEP - 1), ("draft", NOW - DRAFTS_KEEP), ("paused", 1)]
            {
                let sql = "INSERT INTO broadcasts (author, html, state, made_at)
                           VALUES (1, 'x', ?1, ?2)";
                tx.execute(sql, (state, made_at))?;
            }
            Ok(())
        })
        .unwrap();
        prune(&db, KEEP, &NOT_YET, NOW).unwrap();
        assert_eq!(number(&db, "SELECT SUM(id) FROM broadcasts"), 2 + 3);
    }

    #[test]
    fn a_kind_that_fails_does_not_keep_the_others() {
        let (_folder, db) = fresh();
        db.write(|tx| {
            Ok(tx.execute_batch(
                "INSERT INTO inbox (update_id, chat_id, body, received_at, handled_at)
                 VALUES (1, 7, '{}', 1, 1);
                 CREATE TRIGGER stays BEFORE DELETE ON inbox BEGIN
                     SELECT RAISE(ABORT, 'stays');
                 END;
                 INSERT INTO balances (api_key, at, balance) VALUES ('a', 1, 2);",
            )?)
        })
        .unwrap();
        assert!(prune(&db, KEEP, &NOT_YET, NOW).is_err());
        assert_eq!(number(&db, "SELECT COUNT(*) FROM balances"), 0);
    }

    #[test]
    fn of_every_table_it_is_said_what_bounds_it() {
        let (_folder, db) = fresh();
        let said = include_str!("../../../docs/performance.md");
        let tables: Vec<String> = db
            .read(|conn| {
                let sql = "SELECT name FROM sqlite_schema WHERE type = 'table'
                           AND name NOT LIKE 'sqlite_%'";
                let mut query = conn.prepare(sql)?;
                let names = query.query_map([], |row| row.get(0))?;
                Ok(names.collect::<rusqlite::Result<_>>()?)
            })
            .unwrap();
        assert!(tables.len() > 20);
        for table in tables {
            assert!(said.contains(&format!("`{table}`")), "docs/performance.md: {table}");
        }
    }
}
