//! What the operator should know: one row per cause, told at once and not again for a day.

use crate::clock::{DAY, Millis};
use crate::db::Tx;
use crate::outbox::{self, Content};
use anyhow::Result;
use rusqlite::{Connection, OptionalExtension as _, named_params};

/// The same cause is told again after this time at the earliest.
const QUIET: Millis = DAY;

/// Records `cause` and, unless it was told within a day, tells every administrator. `html`
/// never holds a secret.
pub fn raise(tx: &Tx<'_>, admins: &[i64], cause: &str, html: &str, now: Millis) -> Result<()> {
    let told_at: Option<Millis> = tx
        .prepare_cached("SELECT told_at FROM alerts WHERE cause = ?1 AND ended_at IS NULL")?
        .query_row([cause], |row| row.get(0))
        .optional()?
        .flatten();
    let due = told_at.is_none_or(|at| now - at >= QUIET);
    tx.prepare_cached(
        "INSERT INTO alerts (cause, text, first_at, last_at, told_at)
         VALUES (:cause, :text, :now, :now, :now)
         ON CONFLICT (cause) DO UPDATE
         SET text = :text, last_at = :now, count = count + 1, ended_at = NULL,
             told_at = CASE WHEN :due THEN :now ELSE told_at END",
    )?
    .execute(named_params! { ":cause": cause, ":text": html, ":now": now, ":due": due })?;
    if due {
        tell(tx, admins, &format!("⚠️ {html}"), now)?;
    }
    Ok(())
}

/// Whether a cause goes on.
pub fn is_open(conn: &Connection, cause: &str) -> Result<bool> {
    let mut open =
        conn.prepare_cached("SELECT 1 FROM alerts WHERE cause = ?1 AND ended_at IS NULL")?;
    Ok(open.exists([cause])?)
}

/// The cause is gone; says so where it was told. The words say what works again.
pub fn end(tx: &Tx<'_>, admins: &[i64], cause: &str, html: &str, now: Millis) -> Result<()> {
    let ended = tx
        .prepare_cached("UPDATE alerts SET ended_at = ?2 WHERE cause = ?1 AND ended_at IS NULL")?
        .execute((cause, now))?;
    if ended == 1 {
        tell(tx, admins, &format!("✅ {html}"), now)?;
    }
    Ok(())
}

/// The cause is gone, and the operator who made it go knows.
pub fn forget(tx: &Tx<'_>, cause: &str, now: Millis) -> Result<()> {
    tx.prepare_cached("UPDATE alerts SET ended_at = ?2 WHERE cause = ?1 AND ended_at IS NULL")?
        .execute((cause, now))?;
    Ok(())
}

/// The clock went back by `by`: what was told is not kept quiet any longer for that.
pub fn set_back(tx: &Tx<'_>, by: Millis) -> Result<()> {
    tx.execute("UPDATE alerts SET told_at = told_at - ?1, last_at = last_at - ?1", [by])?;
    Ok(())
}

/// A message to every administrator, without a cause to remember.
pub fn tell(tx: &Tx<'_>, admins: &[i64], html: &str, now: Millis) -> Result<()> {
    tracing::warn!(alert = html, "told the operator");
    for admin in admins {
        outbox::put(tx, *admin, None, &Content::text(html), None, now)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::{Db, tests::fresh};

    fn raise_at(db: &Db, cause: &'static str, now: Millis) {
        db.write(move |tx| raise(tx, &[1, 2], cause, "the key &lt;a&gt; is empty", now)).unwrap();
    }

    fn told(db: &Db) -> i64 {
        db.read(|conn| Ok(conn.query_row("SELECT COUNT(*) FROM outbox", [], |row| row.get(0))?))
            .unwrap()
    }

    #[test]
    fn a_cause_is_told_to_every_administrator_and_again_after_a_day() {
        let (_folder, db) = fresh();
        for (at, messages) in [(5, 2), (6, 2), (DAY, 2), (DAY + 4, 2), (DAY + 5, 4), (DAY + 6, 4)] {
            raise_at(&db, "billing:a", at);
            assert_eq!(told(&db), messages, "at {at}");
        }
        raise_at(&db, "billing:b", DAY + 7);
        assert_eq!(told(&db), 6, "another cause is another alert");
        let row = db
            .read(|conn| {
                let sql = "SELECT count, first_at, last_at, told_at FROM alerts ORDER BY cause";
                let read = |row: &rusqlite::Row<'_>| {
                    Ok((row.get::<_, i64>(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
                };
                Ok(conn.query_row(sql, [], read)?)
            })
            .unwrap();
        assert_eq!(row, (6, 5, DAY + 6, DAY + 5));
    }

    #[test]
    fn an_end_is_told_once_and_only_where_there_was_a_beginning() {
        let (_folder, db) = fresh();
        let end_at = |now| {
            db.write(move |tx| end(tx, &[1, 2], "billing:a", "works again", now)).unwrap();
        };
        end_at(4);
        assert_eq!(told(&db), 0);
        raise_at(&db, "billing:a", 5);
        end_at(6);
        end_at(7);
        assert_eq!(told(&db), 4);
        raise_at(&db, "billing:a", 8);
        assert_eq!(told(&db), 6, "what ended and comes back is news");
    }

    #[test]
    fn without_an_administrator_an_alert_is_kept_all_the_same() {
        let (_folder, db) = fresh();
        db.write(|tx| raise(tx, &[], "x", "y", 5)).unwrap();
        assert_eq!(told(&db), 0);
        let kept: String = db
            .read(|conn| Ok(conn.query_row("SELECT text FROM alerts", [], |row| row.get(0))?))
            .unwrap();
        assert_eq!(kept, "y");
    }
}
