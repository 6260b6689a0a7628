//! Payments in Stars, newest first, and what they come to.

use crate::clock::Millis;
use anyhow::Result;
use rusqlite::{Connection, named_params};

/// One payment. Times are unix milliseconds.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Row {
    /// Ours; grows with time.
    pub id: i64,
    /// What `neurocards refund-payment` takes.
    pub charge_id: String,
    /// Who paid.
    pub tg_user_id: i64,
    /// Without the `@`.
    pub username: Option<String>,
    /// What they paid, in Stars.
    pub stars: i64,
    /// What they got.
    pub credits: i64,
    /// The invoice's payload.
    pub payload: String,
    /// `update`, or `reconciled`: found by asking Telegram.
    pub source: String,
    /// By Telegram's clock.
    pub paid_at: Millis,
    /// When the credits came.
    pub created_at: Millis,
    /// Telegram was asked to give the Stars back. Without [`Row::refunded_at`] the answer is
    /// lost: the refund can be asked for again.
    pub refund_asked_at: Option<Millis>,
    /// The Stars are back.
    pub refunded_at: Option<Millis>,
    /// Credits that the refund took.
    pub taken_back: Option<i64>,
    /// Credits that were spent or lost before the refund, or that running videos hold since.
    pub owed: Option<i64>,
    /// The same of what came with the payment: the bonus, and the reward of who invited.
    pub gifts_spent: i64,
}

/// At most `limit` payments, newest first: of everybody, or of one customer by their Telegram id.
/// `before`: only those with a smaller [`Row::id`], for the next page.
pub fn read(
    conn: &Connection,
    tg_user_id: Option<i64>,
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<Row>> {
    // Two queries, so that each walks its index from the end.
    let whose = match tg_user_id {
        Some(_) => "p.user_id = (SELECT id FROM users WHERE tg_user_id = :user)",
        None => ":user IS NULL",
    };
    let mut found = conn.prepare_cached(&format!(
        "SELECT p.*, u.tg_user_id, u.username,
                (SELECT COALESCE(SUM(owed), 0)
                 FROM debts
                 WHERE charge = p.telegram_payment_charge_id
                   AND key <> 'refund:' || charge) AS gifts_spent
         FROM payments p
         JOIN users u ON u.id = p.user_id
         WHERE {whose}
           AND p.id < :before
         ORDER BY p.id DESC
         LIMIT :limit"
    ))?;
    let values = named_params! {
        ":user": tg_user_id,
        ":before": before.unwrap_or(i64::MAX),
        ":limit": limit,
    };
    let rows = found.query_map(values, |row| {
        Ok(Row {
            id: row.get("id")?,
            charge_id: row.get("telegram_payment_charge_id")?,
            tg_user_id: row.get("tg_user_id")?,
            username: row.get("username")?,
            stars: row.get("stars")?,
            credits: row.get("credits")?,
            payload: row.get("payload")?,
            source: row.get("source")?,
            paid_at: row.get("paid_at")?,
            created_at: row.get("created_at")?,
            refund_asked_at: row.get("refund_asked_at")?,
            refunded_at: row.get("refunded_at")?,
            taken_back: row.get("taken_back")?,
            owed: row.get("owed")?,
            gifts_spent: row.get("gifts_spent")?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Payments and refunds of a span of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Sums {
    /// Payments that came.
    pub payments: i64,
    /// Stars that came.
    pub stars: i64,
    /// Credits that came with them.
    pub credits: i64,
    /// Payments that were given back, whenever they came.
    pub refunds: i64,
    /// Stars that went back.
    pub stars_back: i64,
    /// Credits that refunds could not take back.
    pub owed: i64,
}

/// What came and went since `from`: a day's or a month's rows, by their indexes.
pub fn sums(conn: &Connection, from: Millis) -> Result<Sums> {
    let (payments, stars, credits) = conn
        .prepare_cached(
            "SELECT COUNT(*), COALESCE(SUM(stars), 0), COALESCE(SUM(credits), 0)
             FROM payments
             WHERE created_at >= ?1",
        )?
        .query_row([from], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let (refunds, stars_back, owed) = conn
        .prepare_cached(
            "SELECT COUNT(*), COALESCE(SUM(stars), 0), COALESCE(SUM(owed), 0)
             FROM payments
             WHERE refunded_at IS NOT NULL
               AND refunded_at >= ?1",
        )?
        .query_row([from], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    Ok(Sums { payments, stars, credits, refunds, stars_back, owed })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::tests::fresh;
    use crate::payments::{self, Payment, Source};
    use crate::users::{self, Profile};

    #[test]
    fn payments_are_listed_by_customer_and_page_and_summed_by_time() {
        let (_folder, db) = fresh();
        db.write(|tx| {
            for (user, charge_id, at) in [(7, "a", 10), (8, "b", 20), (7, "c", 30)] {
                let profile = Profile { tg_user_id: user, ..Profile::default() };
                let user = users::meet(tx, &profile, 1)?.0.id;
                let payment = Payment {
                    user,
                    charge_id,
                    stars: 300,
                    credits: 5,
                    payload: "p",
                    source: Source::Update,
                    paid_at: at - 1,
                };
                payments::received(tx, &payment, at)?;
            }
            payments::refunded(tx, "a", "operator", 40)
        })
        .unwrap();
        let charges = |user, before, limit| -> Vec<String> {
            let rows = db.read(|conn| read(conn, user, before, limit)).unwrap();
            rows.into_iter().map(|row| row.charge_id).collect()
        };
        assert_eq!(charges(None, None, 2), ["c", "b"]);
        assert_eq!(charges(None, Some(2), 2), ["a"]);
        assert_eq!(charges(Some(7), None, 9), ["c", "a"]);
        assert_eq!(charges(Some(99), None, 9), [""; 0]);
        let sums = |from| db.read(|conn| sums(conn, from)).unwrap();
        let expected =
            Sums { payments: 2, stars: 600, credits: 10, refunds: 1, stars_back: 300, owed: 0 };
        assert_eq!(sums(20), expected);
        assert_eq!(sums(41), Sums::default());
    }
}
