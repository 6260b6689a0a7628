//! Invoices: what was offered for Stars, to whom, and until when.

use crate::clock::{DAY, HOUR, Millis};
use crate::db::{Tx, UserId};
use anyhow::Result;
use rusqlite::{Connection, OptionalExtension as _, Row, named_params};

/// How long an invoice may be paid.
pub const OPEN_FOR: Millis = DAY;
/// One that is asked for again stays the same unless less than this is left of it.
const WORTH_KEEPING: Millis = HOUR;
/// Open ones of one customer; the oldest makes room for another.
const MOST_OPEN: i64 = 5;
/// The configuration's own bounds: what is beyond them was never offered.
const MOST_CREDITS: i64 = 1_000_000;
const MOST_STARS: i64 = 100_000;

/// What an invoice's payload says, so that a payment speaks for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer {
    /// What its customer gets.
    pub credits: i64,
    /// What they pay.
    pub stars: i64,
    /// The invoice's id.
    pub invoice: i64,
}

impl Offer {
    /// As it goes to Telegram: 1 to 128 bytes.
    pub fn payload(&self) -> String {
        format!("pack:{}:{}:{}", self.credits, self.stars, self.invoice)
    }

    /// Reads a payload; `None`: not one of ours.
    pub fn read(payload: &str) -> Option<Self> {
        let mut numbers = payload.strip_prefix("pack:")?.splitn(3, ':').map(str::parse::<i64>);
        let mut next = || numbers.next()?.ok();
        let offer = Self { credits: next()?, stars: next()?, invoice: next()? };
        let ours = (1..=MOST_CREDITS).contains(&offer.credits)
            && (1..=MOST_STARS).contains(&offer.stars)
            && offer.invoice > 0;
        (ours && offer.payload() == payload).then_some(offer)
    }
}

/// An invoice as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invoice {
    /// Ours.
    pub id: i64,
    /// Who may pay it.
    pub user: UserId,
    /// What they get.
    pub credits: i64,
    /// What they pay, in Stars.
    pub stars: i64,
    /// Since when.
    pub created_at: Millis,
    /// It was paid.
    pub paid: bool,
    /// It was closed, for whatever reason; time may have closed it without that.
    pub closed: bool,
}

impl Invoice {
    /// What its payload says.
    pub fn offer(&self) -> Offer {
        Offer { credits: self.credits, stars: self.stars, invoice: self.id }
    }

    /// Whether it may still be paid.
    pub fn is_open(&self, now: Millis) -> bool {
        !self.closed && now - self.created_at < OPEN_FOR
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<Invoice> {
    let why: Option<String> = row.get(5)?;
    Ok(Invoice {
        id: row.get(0)?,
        user: row.get(1)?,
        credits: row.get(2)?,
        stars: row.get(3)?,
        created_at: row.get(4)?,
        paid: why.as_deref() == Some("paid"),
        closed: why.is_some(),
    })
}

/// The invoice with this id.
pub fn invoice(conn: &Connection, id: i64) -> Result<Option<Invoice>> {
    let sql = "SELECT id, user_id, credits, stars, created_at, why FROM invoices WHERE id = ?1";
    Ok(conn.prepare_cached(sql)?.query_row([id], read).optional()?)
}

/// A customer's open invoice for so many credits: the one that there is, or a new one.
pub fn open(
    tx: &Tx<'_>,
    user: UserId,
    (credits, stars): (i64, i64),
    now: Millis,
) -> Result<Invoice> {
    expire(tx, user, now)?;
    let known = tx
        .prepare_cached(
            "SELECT id, user_id, credits, stars, created_at, why
             FROM invoices
             WHERE user_id = ?1
               AND credits = ?2
               AND closed_at IS NULL",
        )?
        .query_row((user, credits), read)
        .optional()?;
    if let Some(known) = known {
        if known.stars == stars && now - known.created_at < OPEN_FOR - WORTH_KEEPING {
            return Ok(known);
        }
        close(tx, known.id, "replaced", now)?;
    }
    make_room(tx, user, now)?;
    tx.prepare_cached(
        "INSERT INTO invoices (user_id, credits, stars, created_at)
         VALUES (:user, :credits, :stars, :now)",
    )?
    .execute(named_params! {
        ":user": user,
        ":credits": credits,
        ":stars": stars,
        ":now": now,
    })?;
    let (id, created_at) = (tx.last_insert_rowid(), now);
    Ok(Invoice { id, user, credits, stars, created_at, paid: false, closed: false })
}

fn expire(tx: &Tx<'_>, user: UserId, now: Millis) -> Result<()> {
    tx.prepare_cached(
        "UPDATE invoices
         SET closed_at = created_at + :open_for, why = 'expired'
         WHERE user_id = :user
           AND closed_at IS NULL
           AND created_at <= :now - :open_for",
    )?
    .execute(named_params! { ":user": user, ":open_for": OPEN_FOR, ":now": now })?;
    Ok(())
}

/// Room for one more.
fn make_room(tx: &Tx<'_>, user: UserId, now: Millis) -> Result<()> {
    tx.prepare_cached(
        "UPDATE invoices
         SET closed_at = :now, why = 'replaced'
         WHERE closed_at IS NULL
           AND id IN (SELECT id
                      FROM invoices
                      WHERE user_id = :user
                        AND closed_at IS NULL
                      ORDER BY id DESC
                      LIMIT -1 OFFSET :most)",
    )?
    .execute(named_params! { ":now": now, ":user": user, ":most": MOST_OPEN - 1 })?;
    Ok(())
}

/// It was paid: nobody may pay it again.
pub fn close_as_paid(tx: &Tx<'_>, id: i64, now: Millis) -> Result<()> {
    close(tx, id, "paid", now)
}

/// Its customer has left: none of theirs may be paid any more.
pub fn close_all(tx: &Tx<'_>, user: UserId, now: Millis) -> Result<()> {
    tx.execute(
        "UPDATE invoices
         SET closed_at = :now, why = 'left'
         WHERE user_id = :user
           AND closed_at IS NULL",
        named_params! { ":user": user, ":now": now },
    )?;
    Ok(())
}

fn close(tx: &Tx<'_>, id: i64, why: &str, now: Millis) -> Result<()> {
    tx.prepare_cached(
        "UPDATE invoices
         SET closed_at = :now, why = :why
         WHERE id = :id
           AND closed_at IS NULL",
    )?
    .execute(named_params! { ":id": id, ":why": why, ":now": now })?;
    Ok(())
}

/// Deletes up to `limit` invoices that were made before `before`. The newest stays, so that no id
/// is given twice.
pub fn prune(tx: &Tx<'_>, before: Millis, limit: u32) -> Result<usize> {
    Ok(tx
        .prepare_cached(
            "DELETE FROM invoices
             WHERE id IN (SELECT id
                          FROM invoices
                          WHERE created_at < ?1
                            AND id < (SELECT MAX(id) FROM invoices)
                          LIMIT ?2)",
        )?
        .execute((before, limit))?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::{Db, tests::fresh};
    use crate::users::{self, Profile};

    fn customer(db: &Db, tg_user_id: i64) -> UserId {
        let profile = Profile { tg_user_id, ..Profile::default() };
        db.write(move |tx| Ok(users::meet(tx, &profile, 1)?.0.id)).unwrap()
    }

    fn opened(db: &Db, user: UserId, pack: (i64, i64), now: Millis) -> i64 {
        db.write(move |tx| open(tx, user, pack, now)).unwrap().id
    }

    fn is_open(db: &Db, id: i64, now: Millis) -> bool {
        db.read(|conn| invoice(conn, id)).unwrap().unwrap().is_open(now)
    }

    #[test]
    fn a_payload_is_read_again_and_nothing_else_is() {
        let offer = Offer { credits: 10, stars: 550, invoice: 7 };
        assert_eq!(offer.payload(), "pack:10:550:7");
        assert_eq!(Offer::read("pack:10:550:7"), Some(offer));
        let most = Offer { credits: MOST_CREDITS, stars: MOST_STARS, invoice: i64::MAX };
        assert!(most.payload().len() <= 128);
        assert_eq!(Offer::read(&most.payload()), Some(most));
        for payload in [
            "",
            "pack",
            "pack:10",
            "pack:10:550",
            "pack:10:550:",
            "pack:10:550:7:8",
            "pack:10:550:+7",
            "pack:010:550:7",
            "pack:0:550:7",
            "pack:-1:550:7",
            "pack:10:0:7",
            "pack:10:550:0",
            "pack:1000001:550:7",
            "pack:10:100001:7",
            "Pack:10:550:7",
            " pack:10:550:7",
            "pack:10:550:99999999999999999999",
        ] {
            assert_eq!(Offer::read(payload), None, "{payload:?}");
        }
    }

    #[test]
    fn one_invoice_is_open_per_customer_and_pack_for_a_day() {
        let (_folder, db) = fresh();
        let (anna, boris) = (customer(&db, 7), customer(&db, 8));
        let first = opened(&db, anna, (5, 300), 100);
        assert_eq!(opened(&db, anna, (5, 300), 200), first, "the one that there is");
        assert_ne!(opened(&db, anna, (10, 550), 200), first);
        assert_ne!(opened(&db, boris, (5, 300), 200), first);
        assert!(is_open(&db, first, 100 + DAY - 1) && !is_open(&db, first, 100 + DAY));
        let next = opened(&db, anna, (5, 300), 100 + DAY);
        assert!(next != first && !is_open(&db, first, 200), "its day is over");
        db.write(move |tx| close_as_paid(tx, next, 300 + DAY)).unwrap();
        assert!(!is_open(&db, next, 300 + DAY));
        assert_ne!(opened(&db, anna, (5, 300), 400 + DAY), next);
    }

    #[test]
    fn another_price_or_the_last_hour_takes_a_new_invoice() {
        let (_folder, db) = fresh();
        let anna = customer(&db, 7);
        let first = opened(&db, anna, (5, 300), 100);
        let dearer = opened(&db, anna, (5, 400), 200);
        assert!(dearer != first && !is_open(&db, first, 200) && is_open(&db, dearer, 200));
        let late = opened(&db, anna, (5, 400), 200 + DAY - HOUR);
        assert!(late != dearer && !is_open(&db, dearer, 200 + DAY - HOUR));
    }

    #[test]
    fn the_oldest_open_invoice_makes_room_for_another() {
        let (_folder, db) = fresh();
        let anna = customer(&db, 7);
        let all: Vec<i64> = (1..=7).map(|n| opened(&db, anna, (n, 100), n)).collect();
        let open: Vec<bool> = all.iter().map(|id| is_open(&db, *id, 10)).collect();
        assert_eq!(open, [false, false, true, true, true, true, true]);
    }

    #[test]
    fn old_invoices_go_and_no_id_comes_back() {
        let (_folder, db) = fresh();
        let anna = customer(&db, 7);
        let all = [1, 2, 3].map(|n| opened(&db, anna, (n, 100), n));
        assert_eq!(db.write(|tx| prune(tx, 100, 1)).unwrap(), 1);
        assert_eq!(db.write(|tx| prune(tx, 100, 9)).unwrap(), 1);
        assert_eq!(db.write(|tx| prune(tx, 100, 9)).unwrap(), 0);
        assert!(opened(&db, anna, (9, 100), 9) > all[2]);
    }
}
