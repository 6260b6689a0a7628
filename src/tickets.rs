//! Tickets: what customers ask the operator about a payment, and what they are answered.
//!
//! ```text
//! begin: a row that waits for words ── asked: it has them ── answered, as often as is needed
//!              └── dropped: they do something else
//! ```

use crate::clock::{DAY, HOUR, Millis};
use crate::db::{Tx, UserId};
use crate::text::Lang;
use anyhow::Result;
use rusqlite::{Connection, OptionalExtension as _, Row, named_params};

/// Tickets of one customer within a day.
pub const A_DAY: i64 = 5;
/// So long after the question their words are still an answer to it.
const WAITS: Millis = HOUR;
/// Payments that are shown.
const SHOWN: u32 = 3;

/// A ticket with its words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// The row.
    pub id: i64,
    /// Telegram's id of who asks; also their chat.
    pub tg_user_id: i64,
    /// Theirs.
    pub lang: Lang,
    /// What they wrote.
    pub text: String,
    /// They were answered before.
    pub answered: bool,
}

/// A payment as the operator needs it to find it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paid {
    /// The row.
    pub id: i64,
    /// `telegram_payment_charge_id`.
    pub charge_id: String,
    /// What was paid.
    pub stars: i64,
    /// What came for it.
    pub credits: i64,
    /// By Telegram's clock.
    pub paid_at: Millis,
    /// The Stars went back.
    pub refunded: bool,
}

/// The customer is asked for words; `payment`: the one that they pressed on, which is kept where
/// none is named. Returns the ticket's id.
pub fn begin(tx: &Tx<'_>, user: UserId, payment: Option<i64>, now: Millis) -> Result<i64> {
    let mut known = tx.prepare_cached(
        "UPDATE tickets
         SET payment_id = COALESCE(:payment, payment_id), opened_at = :now
         WHERE user_id = :user
           AND text IS NULL
         RETURNING id",
    )?;
    // An insert that finds it there would use up a number.
    let mut new = tx.prepare_cached(
        "INSERT INTO tickets (user_id, payment_id, opened_at)
         VALUES (:user, :payment, :now)
         RETURNING id",
    )?;
    let values = named_params! { ":user": user, ":payment": payment, ":now": now };
    match known.query_row(values, |row| row.get(0)).optional()? {
        Some(id) => Ok(id),
        None => Ok(new.query_row(values, |row| row.get(0))?),
    }
}

/// The ticket that waits for a customer's words.
pub fn waiting(conn: &Connection, user: UserId, now: Millis) -> Result<Option<i64>> {
    Ok(conn
        .prepare_cached(
            "SELECT id
             FROM tickets
             WHERE user_id = ?1
               AND text IS NULL
               AND opened_at BETWEEN ?2 AND ?3",
        )?
        .query_row((user, now - WAITS, now), |row| row.get(0))
        .optional()?)
}

/// They do something else: their next words are none for the operator.
pub fn drop_waiting(tx: &Tx<'_>, user: UserId) -> Result<()> {
    tx.prepare_cached("DELETE FROM tickets WHERE user_id = ?1 AND text IS NULL")?
        .execute([user])?;
    Ok(())
}

/// The words came.
pub fn asked(tx: &Tx<'_>, id: i64, text: &str, now: Millis) -> Result<()> {
    tx.execute(
        "UPDATE tickets SET text = ?2, asked_at = ?3 WHERE id = ?1 AND text IS NULL",
        (id, text, now),
    )?;
    Ok(())
}

/// Whether a customer has asked as often as anybody may within a day.
pub fn has_asked_enough(conn: &Connection, user: UserId, now: Millis) -> Result<bool> {
    let asked: i64 = conn
        .prepare_cached(
            "SELECT COUNT(*)
             FROM tickets
             WHERE user_id = ?1
               AND asked_at > ?2
               AND asked_at <= ?3",
        )?
        .query_row((user, now - DAY, now), |row| row.get(0))?;
    Ok(asked >= A_DAY)
}

/// A ticket that has its words.
pub fn get(conn: &Connection, id: i64) -> Result<Option<Ticket>> {
    Ok(conn
        .prepare_cached(
            "SELECT tickets.id, tg_user_id, language, text, answered_at IS NOT NULL
             FROM tickets
             JOIN users ON users.id = user_id
             WHERE tickets.id = ?1
               AND text IS NOT NULL",
        )?
        .query_row([id], |row| {
            Ok(Ticket {
                id: row.get(0)?,
                tg_user_id: row.get(1)?,
                lang: Lang::from_code(&row.get::<_, String>(2)?),
                text: row.get(3)?,
                answered: row.get(4)?,
            })
        })
        .optional()?)
}

/// A question that nobody has answered yet.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Unanswered {
    /// What `/answer` takes.
    pub id: i64,
    /// Telegram's id of who asks.
    pub tg_user_id: i64,
    /// Without the `@`.
    pub username: Option<String>,
    /// What they wrote.
    pub text: String,
    /// The payment that they pressed on, as `neurocards refund-payment` takes it.
    pub charge_id: Option<String>,
    /// When they wrote it.
    pub asked_at: Millis,
}

/// At most `limit` questions that nobody has answered yet, the oldest first.
pub fn unanswered(conn: &Connection, limit: u32) -> Result<Vec<Unanswered>> {
    let mut query = conn.prepare_cached(
        "SELECT t.id, u.tg_user_id, u.username, t.text, p.telegram_payment_charge_id, t.asked_at
         FROM tickets t
         JOIN users u ON u.id = t.user_id
         LEFT JOIN payments p ON p.id = t.payment_id
         WHERE t.text IS NOT NULL
           AND t.answered_at IS NULL
         ORDER BY t.asked_at
         LIMIT ?1",
    )?;
    let rows = query.query_map([limit], |row| {
        Ok(Unanswered {
            id: row.get(0)?,
            tg_user_id: row.get(1)?,
            username: row.get(2)?,
            text: row.get(3)?,
            charge_id: row.get(4)?,
            asked_at: row.get(5)?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// How many questions wait for an answer, and since when the first of them does; `None`: none.
pub fn waiting_for_us(conn: &Connection) -> Result<Option<(i64, Millis)>> {
    let (count, first): (i64, Option<Millis>) = conn
        .prepare_cached(
            "SELECT COUNT(*), MIN(asked_at)
             FROM tickets
             WHERE text IS NOT NULL
               AND answered_at IS NULL",
        )?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(first.map(|first| (count, first)))
}

/// The operator answered.
pub fn answered(tx: &Tx<'_>, id: i64, answer: &str, now: Millis) -> Result<()> {
    tx.execute(
        "UPDATE tickets SET answer = ?2, answered_at = ?3 WHERE id = ?1 AND text IS NOT NULL",
        (id, answer, now),
    )?;
    Ok(())
}

fn paid(row: &Row<'_>) -> rusqlite::Result<Paid> {
    Ok(Paid {
        id: row.get(0)?,
        charge_id: row.get(1)?,
        stars: row.get(2)?,
        credits: row.get(3)?,
        paid_at: row.get(4)?,
        refunded: row.get(5)?,
    })
}

/// A customer's newest payments.
pub fn payments_of(conn: &Connection, user: UserId) -> Result<Vec<Paid>> {
    let mut query = conn.prepare_cached(
        "SELECT id, telegram_payment_charge_id, stars, credits, paid_at, refunded_at IS NOT NULL
         FROM payments
         WHERE user_id = ?1
         ORDER BY id DESC
         LIMIT ?2",
    )?;
    let rows = query.query_map((user, SHOWN), paid)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// One payment, if it is theirs: anybody can forge a button.
pub fn payment_of(conn: &Connection, user: UserId, payment: i64) -> Result<Option<Paid>> {
    Ok(conn
        .prepare_cached(
            "SELECT id, telegram_payment_charge_id, stars, credits, paid_at,
                    refunded_at IS NOT NULL
             FROM payments
             WHERE id = ?2
               AND user_id = ?1",
        )?
        .query_row((user, payment), paid)
        .optional()?)
}

/// The payment that a ticket is about.
pub fn payment_in(conn: &Connection, ticket: i64) -> Result<Option<Paid>> {
    Ok(conn
        .prepare_cached(
            "SELECT id, telegram_payment_charge_id, stars, credits, paid_at,
                    refunded_at IS NOT NULL
             FROM payments
             WHERE id = (SELECT payment_id FROM tickets WHERE id = ?1)",
        )?
        .query_row([ticket], paid)
        .optional()?)
}

/// Deletes all of a customer's. Returns their ids: the operator's chat shows them.
pub fn forget(tx: &Tx<'_>, user: UserId) -> Result<Vec<i64>> {
    let mut delete = tx.prepare_cached("DELETE FROM tickets WHERE user_id = ?1 RETURNING id")?;
    let ids = delete.query_map([user], |row| row.get(0))?;
    Ok(ids.collect::<rusqlite::Result<_>>()?)
}

/// Deletes up to `limit` that were opened before `before`. Returns their ids, as [`forget`] does.
pub fn prune(tx: &Tx<'_>, before: Millis, limit: u32) -> Result<Vec<i64>> {
    let mut delete = tx.prepare_cached(
        "DELETE FROM tickets
         WHERE id IN (SELECT id FROM tickets WHERE opened_at < :before LIMIT :limit)
         RETURNING id",
    )?;
    let old = named_params! { ":before": before, ":limit": limit };
    let ids = delete.query_map(old, |row| row.get(0))?;
    Ok(ids.collect::<rusqlite::Result<_>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::orders::tests::{NOW, World};

    #[test]
    fn words_are_waited_for_an_hour_and_kept_as_long_as_they_may_be() {
        let world = World::new();
        let ann = world.customer(7, 0).id;
        let now = NOW + 2 * HOUR;
        let id = world.write(move |tx, _| begin(tx, ann, None, now));
        let waits = |at| world.db.read(|conn| waiting(conn, ann, at)).unwrap();
        assert_eq!((waits(now + HOUR), waits(now + HOUR + 1)), (Some(id), None));
        assert_eq!(world.write(move |tx, _| begin(tx, ann, None, now + 5)), id, "one at a time");
        assert_eq!(world.db.read(|conn| get(conn, id)).unwrap(), None, "no ticket without words");
        world.write(move |tx, _| asked(tx, id, "Where are they?", now + 6));
        assert_eq!(waits(now + 7), None);
        let ticket = world.db.read(|conn| get(conn, id)).unwrap().unwrap();
        assert_eq!((ticket.tg_user_id, ticket.answered), (7, false));
        let prune = |before| world.write(move |tx, _| prune(tx, before, 9));
        assert_eq!((prune(now + 5), prune(now + 6)), (vec![], vec![id]));
    }

    #[test]
    fn a_question_is_listed_until_it_is_answered() {
        let world = World::new();
        let (ann, ben) = (world.customer(7, 0).id, world.customer(8, 0).id);
        world.write(move |tx, _| {
            for (user, at) in [(ann, NOW + 2), (ben, NOW + 1)] {
                let id = begin(tx, user, None, at)?;
                asked(tx, id, "Where?", at)?;
            }
            begin(tx, ann, None, NOW + 3)
        });
        let ids = |limit| -> Vec<i64> {
            let found = world.db.read(|conn| unanswered(conn, limit)).unwrap();
            found.into_iter().map(|one| one.id).collect()
        };
        let waits = || world.db.read(waiting_for_us).unwrap();
        assert_eq!((ids(9), ids(1), waits()), (vec![2, 1], vec![2], Some((2, NOW + 1))));
        world.write(|tx, _| answered(tx, 2, "Here", NOW + 4));
        assert_eq!((ids(9), waits()), (vec![1], Some((1, NOW + 2))));
        world.write(|tx, _| answered(tx, 1, "Here", NOW + 5));
        assert_eq!((ids(9), waits()), (vec![], None), "who is asked for words has asked nothing");
    }

    #[test]
    fn enough_is_five_within_any_day() {
        let world = World::new();
        let ann = world.customer(7, 0).id;
        let ask = |at: Millis| {
            world.write(move |tx, _| {
                let id = begin(tx, ann, None, at)?;
                asked(tx, id, "Where?", at)
            });
        };
        let enough = |at| world.db.read(|conn| has_asked_enough(conn, ann, at)).unwrap();
        (0..4).for_each(|n| ask(NOW + n));
        assert!(!enough(NOW + 4));
        ask(NOW + 4);
        assert!(enough(NOW + 4) && enough(NOW + DAY - 1));
        assert!(!enough(NOW + DAY), "the first of them was a day ago");
        assert!(!enough(NOW - 1), "nor does a clock that was set back count what is to come");
    }
}
