//! Payments in Telegram Stars: credited once per charge, given back once.
//!
//! ```text
//! received: the row and the ledger's `purchase` ── ask: Telegram is asked ── refunded: credits back
//!                                                       └── unasked: Telegram refused
//! ```
//! A refund takes back what is left of the payment's worth in credits, never below zero: what was
//! spent before is owed, and stays in the row. What running videos hold is owed, too, and taken when
//! it comes back (`ledger::take_back`). So is what they lost by leaving since: nothing of what they
//! bought after that pays for it.

mod invoices;
mod left;

pub use invoices::{Invoice, OPEN_FOR, Offer, close_all, close_as_paid, invoice, open, prune};

pub use left::{Lost, carry, lost};

use crate::clock::Millis;
use crate::db::{Tx, UserId};
use crate::growth::{self, Undone};
use crate::ledger::{self, Grant, TakeBack, Taken};
use anyhow::{Result, bail};
use rusqlite::{Connection, OptionalExtension as _, Row, named_params};

/// What Telegram says of a payment.
#[derive(Clone, Copy, Debug)]
pub struct Payment<'a> {
    /// Who paid.
    pub user: UserId,
    /// `telegram_payment_charge_id`.
    pub charge_id: &'a str,
    /// What they paid, in Stars.
    pub stars: i64,
    /// What they get.
    pub credits: i64,
    /// The invoice's payload.
    pub payload: &'a str,
    /// How we know of it.
    pub source: Source,
    /// When they paid, by Telegram's clock.
    pub paid_at: Millis,
}

/// How we know of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// By a `successful_payment`.
    Update,
    /// By `getStarTransactions`: its update was missed.
    Reconciled,
}

impl Source {
    fn word(self) -> &'static str {
        match self {
            Self::Update => "update",
            Self::Reconciled => "reconciled",
        }
    }

    /// Of the database's column, which holds nothing else.
    fn of(word: &str) -> Self {
        if word == "update" { Self::Update } else { Self::Reconciled }
    }
}

/// What came of [`received`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received {
    /// The credits are there: the balance now.
    Credited(i64),
    /// This charge was credited before; nothing was changed.
    Already,
}

/// Records a payment and gives its credits, once per charge.
///
/// # Errors
/// Stars or credits below 1, or an empty charge id: the caller has checked the package.
pub fn received(tx: &Tx<'_>, payment: &Payment<'_>, now: Millis) -> Result<Received> {
    let made = tx
        .prepare_cached(
            "INSERT INTO payments (user_id, telegram_payment_charge_id, stars, credits, payload,
                                   source, paid_at, created_at)
             VALUES (:user, :charge, :stars, :credits, :payload, :source, :paid_at, :now)
             ON CONFLICT (telegram_payment_charge_id) DO NOTHING",
        )?
        .execute(named_params! {
            ":user": payment.user,
            ":charge": payment.charge_id,
            ":stars": payment.stars,
            ":credits": payment.credits,
            ":payload": payment.payload,
            ":source": payment.source.word(),
            ":paid_at": payment.paid_at,
            ":now": now,
        })?;
    if made == 0 {
        return Ok(Received::Already);
    }
    let key = purchase(payment.charge_id);
    let bought = Grant {
        user: payment.user,
        credits: payment.credits,
        key: Some(&key),
        actor: "bot",
        note: None,
    };
    Ok(Received::Credited(ledger::purchase(tx, &bought, now)?))
}

/// The key of the line that gave a payment's credits.
fn purchase(charge_id: &str) -> String {
    format!("purchase:{charge_id}")
}

/// A payment as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Who paid.
    pub user: UserId,
    /// What they paid, in Stars.
    pub stars: i64,
    /// What they got.
    pub credits: i64,
    /// Telegram was asked for a refund.
    pub refund_asked_at: Option<Millis>,
    /// What the refund took; `None`: not refunded.
    pub refunded: Option<Taken>,
}

/// What a refund takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Took {
    /// Of the payment's own credits.
    pub credits: Taken,
    /// Of what it brought besides.
    pub gifts: Undone,
}

impl Took {
    /// Of the payer's credits, the bonus among them.
    pub fn of_payer(&self) -> Taken {
        let (own, bonus) = (self.credits, self.gifts.bonus);
        Taken { taken_back: own.taken_back + bonus.taken_back, owed: own.owed + bonus.owed }
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<Receipt> {
    let (taken_back, owed): (Option<i64>, Option<i64>) = (row.get(4)?, row.get(5)?);
    Ok(Receipt {
        user: row.get(0)?,
        stars: row.get(1)?,
        credits: row.get(2)?,
        refund_asked_at: row.get(3)?,
        refunded: taken_back.zip(owed).map(|(taken_back, owed)| Taken { taken_back, owed }),
    })
}

/// The payment with this charge id.
pub fn by_charge(conn: &Connection, charge_id: &str) -> Result<Option<Receipt>> {
    let sql = "SELECT user_id, stars, credits, refund_asked_at, taken_back, owed
               FROM payments
               WHERE telegram_payment_charge_id = ?1";
    Ok(conn.prepare_cached(sql)?.query_row([charge_id], read).optional()?)
}

/// What a refund would take now.
pub fn would_take(conn: &Connection, charge_id: &str, receipt: &Receipt) -> Result<Took> {
    let there = ledger::there_is(conn, receipt.user, &purchase(charge_id))?;
    let credits = Taken::of(receipt.credits, there);
    let left = ledger::balance(conn, receipt.user)? - credits.taken_back;
    Ok(Took { credits, gifts: growth::would_undo(conn, receipt.user, charge_id, left)? })
}

/// Before Telegram is asked to give the Stars back: whatever becomes of the answer, it is known
/// that they may be gone.
pub fn ask(tx: &Tx<'_>, charge_id: &str, now: Millis) -> Result<()> {
    tx.execute(
        "UPDATE payments
         SET refund_asked_at = COALESCE(refund_asked_at, ?2)
         WHERE telegram_payment_charge_id = ?1
           AND refunded_at IS NULL",
        (charge_id, now),
    )?;
    Ok(())
}

/// Telegram refused: no Stars went back.
pub fn unasked(tx: &Tx<'_>, charge_id: &str) -> Result<()> {
    tx.execute(
        "UPDATE payments
         SET refund_asked_at = NULL
         WHERE telegram_payment_charge_id = ?1
           AND refunded_at IS NULL",
        [charge_id],
    )?;
    Ok(())
}

/// What came of [`refunded`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refunded {
    /// The credits were taken.
    Now(Took),
    /// They were taken before; nothing was changed.
    Already(Took),
    /// No such payment.
    Unknown,
}

/// The Stars are back with the payer: takes the credits back, once per charge. `actor`: who gave
/// them back, as in the ledger (`bot`, `operator`).
pub fn refunded(tx: &Tx<'_>, charge_id: &str, actor: &str, now: Millis) -> Result<Refunded> {
    let Some(receipt) = by_charge(tx, charge_id)? else { return Ok(Refunded::Unknown) };
    if let Some(credits) = receipt.refunded {
        let gifts = growth::undone(tx, receipt.user, charge_id)?;
        return Ok(Refunded::Already(Took { credits, gifts }));
    }
    let back = TakeBack {
        user: receipt.user,
        credits: receipt.credits,
        given: &purchase(charge_id),
        kind: "grant",
        key: &format!("refund:{charge_id}"),
        charge: charge_id,
        actor,
        note: None,
    };
    let Some(credits) = ledger::take_back(tx, &back, now)? else {
        bail!("the credits of charge {charge_id} were taken back without its refund");
    };
    tx.prepare_cached(
        "UPDATE payments
         SET refunded_at = :now, taken_back = :taken_back, owed = :owed
         WHERE telegram_payment_charge_id = :charge",
    )?
    .execute(named_params! {
        ":now": now,
        ":taken_back": credits.taken_back,
        ":owed": credits.owed,
        ":charge": charge_id,
    })?;
    let gifts = growth::unpaid(tx, receipt.user, charge_id, now)?;
    Ok(Refunded::Now(Took { credits, gifts }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::{Db, tests::fresh};
    use crate::users::{self, Profile};

    /// A customer with no credits.
    fn payer(db: &Db) -> UserId {
        let profile = Profile { tg_user_id: 7, ..Profile::default() };
        db.write(move |tx| Ok(users::meet(tx, &profile, 1)?.0.id)).unwrap()
    }

    fn pays(db: &Db, user: UserId, charge_id: &'static str, credits: i64) -> Received {
        let payment = Payment {
            user,
            charge_id,
            stars: 300,
            credits,
            payload: "pack:5",
            source: Source::Update,
            paid_at: 5,
        };
        db.write(move |tx| received(tx, &payment, 6)).unwrap()
    }

    fn spends(db: &Db, user: UserId, credits: i64) {
        let gift = Grant { user, credits: -credits, key: None, actor: "test", note: None };
        db.write(move |tx| ledger::grant(tx, &gift, 7)).unwrap();
    }

    fn only(credits: Taken) -> Took {
        Took { credits, gifts: Undone::default() }
    }

    fn refund(db: &Db, charge_id: &'static str) -> Refunded {
        db.write(move |tx| refunded(tx, charge_id, "operator", 9)).unwrap()
    }

    fn has(db: &Db, user: UserId) -> i64 {
        db.read(|conn| ledger::balance(conn, user)).unwrap()
    }

    #[test]
    fn a_charge_is_credited_once_however_often_it_is_told() {
        let (_folder, db) = fresh();
        let user = payer(&db);
        assert_eq!(pays(&db, user, "a", 5), Received::Credited(5));
        assert_eq!(pays(&db, user, "a", 5), Received::Already);
        assert_eq!(pays(&db, user, "b", 5), Received::Credited(10));
    }

    #[test]
    fn a_refund_takes_the_credits_back_once_and_only_its_own() {
        let (_folder, db) = fresh();
        let user = payer(&db);
        pays(&db, user, "a", 5);
        pays(&db, user, "b", 7);
        let all = only(Taken { taken_back: 5, owed: 0 });
        assert_eq!(refund(&db, "a"), Refunded::Now(all));
        assert_eq!(refund(&db, "a"), Refunded::Already(all));
        assert_eq!((refund(&db, "nosuch"), has(&db, user)), (Refunded::Unknown, 7));
        assert_eq!(pays(&db, user, "a", 5), Received::Already, "a refunded charge stays refunded");
    }

    #[test]
    fn what_was_spent_before_the_refund_is_owed_and_the_balance_stays_at_zero() {
        for (spent, taken_back, owed) in [(2, 3, 2), (5, 0, 5), (0, 5, 0)] {
            let (_folder, db) = fresh();
            let user = payer(&db);
            pays(&db, user, "a", 5);
            if spent > 0 {
                spends(&db, user, spent);
            }
            assert_eq!(refund(&db, "a"), Refunded::Now(only(Taken { taken_back, owed })));
            assert_eq!(has(&db, user), 0);
        }
    }

    #[test]
    fn what_a_video_held_at_the_refund_is_taken_when_it_comes_back_and_not_owed_any_more() {
        let (_folder, db) = fresh();
        let user = payer(&db);
        pays(&db, user, "a", 5);
        let job = crate::db::JobId(1);
        db.write(move |tx| {
            tx.execute(
                "INSERT INTO jobs (user_id, tg_user_id, idempotency_key, template_id,
                                   input_photo_path, product_info)
                 VALUES (?1, 7, 'one', 'ugc', 'a.jpg', '{}')",
                [user],
            )?;
            ledger::hold(tx, user, job, 4, 7)
        })
        .unwrap();
        let held = only(Taken { taken_back: 1, owed: 4 });
        assert_eq!(refund(&db, "a"), Refunded::Now(held));
        db.write(move |tx| ledger::settle(tx, job, ledger::Settle::Release, 10)).unwrap();
        assert_eq!(has(&db, user), 0, "their Stars are back, and so they have no credits");
        assert_eq!(refund(&db, "a"), Refunded::Already(only(Taken { taken_back: 5, owed: 0 })));
    }

    #[test]
    fn a_refund_that_was_asked_for_stays_visible_until_it_is_answered() {
        let (_folder, db) = fresh();
        let user = payer(&db);
        pays(&db, user, "a", 5);
        let asked = || db.read(|conn| by_charge(conn, "a")).unwrap().unwrap().refund_asked_at;
        db.write(|tx| ask(tx, "a", 8)).unwrap();
        db.write(|tx| ask(tx, "a", 9)).unwrap();
        assert_eq!(asked(), Some(8), "the first time counts");
        db.write(|tx| unasked(tx, "a")).unwrap();
        assert_eq!((asked(), has(&db, user)), (None, 5));
    }

    #[test]
    fn the_schema_refuses_what_the_code_never_does() {
        let (_folder, db) = fresh();
        let user = payer(&db);
        pays(&db, user, "a", 5);
        for (sql, word) in [
            ("DELETE FROM payments", "refund-payment"),
            ("UPDATE payments SET credits = 6", "as it was paid"),
            ("UPDATE payments SET refunded_at = 9", "CHECK"),
            ("UPDATE payments SET refunded_at = 9, taken_back = 3, owed = 1", "CHECK"),
            ("UPDATE payments SET owed = 5", "CHECK"),
        ] {
            let refused = db.write(move |tx| Ok(tx.execute(sql, [])?)).unwrap_err();
            assert!(format!("{refused:#}").contains(word), "{sql}: {refused:#}");
        }
    }
}
