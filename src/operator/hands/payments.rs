//! Giving Stars back. Telegram is asked outside of any transaction, so that it takes three: what
//! it would do, the note that Telegram is asked, and what its answer means.

use super::customers;
use super::{Refused, in_words};
use crate::audit::{self, Action, By};
use crate::clock::Millis;
use crate::db::Tx;
use crate::flow;
use crate::ledger::Taken;
use crate::orders::Shop;
use crate::payments::{self, Receipt, Refunded, Took};
use crate::users::{self, User};
use anyhow::Result;
use rusqlite::Connection;

/// A payment that goes back, with its effect.
#[derive(Clone, Debug, PartialEq)]
pub struct Refund {
    /// Who paid.
    pub user: User,
    /// Stars that go back.
    pub stars: i64,
    /// Credits that they were for.
    pub credits: i64,
    /// What of the credits goes, and what was spent or lost, or is held by videos.
    pub taken: Taken,
    /// The same of the bonus that came with them.
    pub bonus: Taken,
    /// The same of its reward for who invited them, by their Telegram id.
    pub reward: Option<(i64, Taken)>,
    /// It was asked for before, and the answer is not known.
    pub asked_at: Option<Millis>,
}

/// What giving this payment back would do now.
///
/// # Errors
/// [`Refused::NoPayment`], [`Refused::Refunded`].
pub fn weigh_refund(conn: &Connection, charge_id: &str) -> Result<Refund> {
    let receipt = receipt(conn, charge_id)?;
    if receipt.refunded.is_some() {
        return Err(Refused::Refunded(charge_id.to_owned()).into());
    }
    let took = payments::would_take(conn, charge_id, &receipt)?;
    refund(conn, receipt, &took)
}

fn receipt(conn: &Connection, charge_id: &str) -> Result<Receipt> {
    let receipt = payments::by_charge(conn, charge_id)?;
    receipt.ok_or_else(|| Refused::NoPayment(charge_id.to_owned()).into())
}

fn refund(conn: &Connection, receipt: Receipt, took: &Took) -> Result<Refund> {
    let reward = match took.gifts.reward {
        Some((inviter, taken)) => Some((users::by_id(conn, inviter)?.tg_user_id, taken)),
        None => None,
    };
    Ok(Refund {
        user: users::by_id(conn, receipt.user)?,
        stars: receipt.stars,
        credits: receipt.credits,
        taken: took.credits,
        bonus: took.gifts.bonus,
        reward,
        asked_at: receipt.refund_asked_at,
    })
}

/// To be on disk before Telegram is asked for the refund.
///
/// # Errors
/// As of [`weigh_refund`].
pub fn begin_refund(tx: &Tx<'_>, charge_id: &str, now: Millis) -> Result<Refund> {
    payments::ask(tx, charge_id, now)?;
    weigh_refund(tx, charge_id)
}

/// Telegram refused: no Stars went back, and no credits go.
pub fn drop_refund(tx: &Tx<'_>, by: &By, charge_id: &str, why: &str, now: Millis) -> Result<()> {
    payments::unasked(tx, charge_id)?;
    let object = format!("payment {charge_id}");
    let action = Action {
        action: "refund-payment",
        object: &object,
        after: "refused by Telegram",
        note: why,
        ..Action::default()
    };
    audit::record(tx, by, &action, now)
}

/// The Stars are back: takes the credits, and the customer is told. Where an update of Telegram's
/// was faster, the credits are gone already, and only the audit gets its line.
pub fn end_refund(
    tx: &Tx<'_>,
    shop: &Shop,
    by: &By,
    charge_id: &str,
    now: Millis,
) -> Result<Refund> {
    let receipt = receipt(tx, charge_id)?;
    let (took, fresh) = match payments::refunded(tx, charge_id, "operator", now)? {
        Refunded::Now(took) => (took, true),
        Refunded::Already(took) => (took, false),
        Refunded::Unknown => return Err(Refused::NoPayment(charge_id.to_owned()).into()),
    };
    let refund = refund(tx, receipt, &took)?;
    let object = format!("payment {charge_id}");
    let before = format!("{}: {} Stars", customers::object(refund.user.tg_user_id), refund.stars);
    let Taken { taken_back, owed } = refund.taken;
    let after = format!("back; {} taken, {owed} owed", in_words(taken_back));
    let action = Action {
        action: "refund-payment",
        object: &object,
        before: &before,
        after: &after,
        note: &refund.besides(),
    };
    audit::record(tx, by, &action, now)?;
    if fresh {
        flow::refunded(tx, shop, &refund.user, refund.stars, &took, now)?;
    }
    Ok(refund)
}

impl Refund {
    /// What goes of the gifts that came with the payment; empty: there were none.
    pub fn besides(&self) -> String {
        let words = |whose: String, taken: Taken| {
            let Taken { taken_back, owed } = taken;
            format!("{whose}: {} taken, {owed} owed", in_words(taken_back))
        };
        let bonus = (self.bonus != Taken::default()).then(|| words("bonus".into(), self.bonus));
        let reward = self.reward.map(|(inviter, taken)| {
            words(format!("reward of {}", customers::object(inviter)), taken)
        });
        bonus.into_iter().chain(reward).collect::<Vec<_>>().join("; ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::Way;
    use crate::db::{Db, tests::fresh};
    use crate::ledger::{self, Gift, Grant};
    use crate::orders::tests::World;
    use crate::payments::{Payment, Source};

    fn by() -> By {
        By { way: Way::Console, who: "boss".into() }
    }

    fn refused(db: &Db, charge_id: &'static str) -> Refused {
        let refused = db.read(|conn| weigh_refund(conn, charge_id)).unwrap_err();
        refused.downcast::<Refused>().unwrap()
    }

    /// Customer 7 paid for 5 credits and has `left`.
    fn paid(left: i64) -> World {
        let world = World::new();
        let user = world.customer(7, 0).id;
        world.write(move |tx, _| {
            let payment = Payment {
                user,
                charge_id: "a",
                stars: 300,
                credits: 5,
                payload: "p",
                source: Source::Update,
                paid_at: 1,
            };
            payments::received(tx, &payment, 1)?;
            let spent = crate::ledger::Grant {
                user,
                credits: left - 5,
                key: None,
                actor: "test",
                note: None,
            };
            if left < 5 {
                crate::ledger::grant(tx, &spent, 2)?;
            }
            Ok(())
        });
        world
    }

    #[test]
    fn a_refund_does_what_was_weighed_tells_the_customer_and_leaves_its_line() {
        let world = paid(3);
        let weighed = world.db.read(|conn| weigh_refund(conn, "a")).unwrap();
        assert_eq!(weighed.taken, Taken { taken_back: 3, owed: 2 });
        let begun = world.write(|tx, _| begin_refund(tx, "a", 5));
        let done = world.write(|tx, shop| end_refund(tx, shop, &by(), "a", 6));
        assert_eq!((done.taken, done.user.credits), (weighed.taken, 0));
        assert_eq!((begun.asked_at, done.asked_at), (Some(5), Some(5)));
        let line = "SELECT COUNT(*) FROM audit
                    WHERE object = 'payment a' AND before = 'user 7: 300 Stars'
                      AND after = 'back; 3 credits taken, 2 owed'";
        assert_eq!(world.number(line), 1);
        assert_eq!(world.number("SELECT COUNT(*) FROM outbox WHERE content LIKE '%300 Stars%'"), 1);
        assert_eq!(refused(&world.db, "a"), Refused::Refunded("a".into()));
    }

    #[test]
    fn what_is_not_there_of_the_gifts_is_weighed_and_in_the_audit() {
        let world = paid(5);
        let inviter = world.customer(8, 1).id;
        world.write(move |tx, _| {
            for (user, kind, key) in [(1, "bonus", "bonus:1"), (inviter.0, "invite", "invite:1")] {
                let gift = Gift { user: crate::db::UserId(user), credits: 3, note: Some("a") };
                ledger::gift(tx, kind, key, &gift, 3)?;
            }
            let spent = |user: i64, credits| Grant {
                user: crate::db::UserId(user),
                credits,
                key: None,
                actor: "test",
                note: None,
            };
            ledger::grant(tx, &spent(1, -2), 4)?;
            ledger::grant(tx, &spent(inviter.0, -3), 4)
        });
        let weighed = world.db.read(|conn| weigh_refund(conn, "a")).unwrap();
        let besides = "bonus: 1 credit taken, 2 owed; reward of user 8: 1 credit taken, 2 owed";
        assert_eq!(weighed.besides(), besides);
        let done = world.write(|tx, shop| end_refund(tx, shop, &by(), "a", 6));
        assert_eq!((done.besides(), done.user.credits), (besides.to_owned(), 0));
        let line = format!("SELECT COUNT(*) FROM audit WHERE note = '{besides}'");
        assert_eq!(world.number(&line), 1);
    }

    #[test]
    fn an_update_that_was_faster_takes_nothing_twice_and_says_nothing_twice() {
        let world = paid(5);
        world.write(|tx, _| begin_refund(tx, "a", 5));
        world.write(|tx, _| payments::refunded(tx, "a", "bot", 6));
        let done = world.write(|tx, shop| end_refund(tx, shop, &by(), "a", 7));
        assert_eq!((done.taken.taken_back, done.user.credits), (5, 0));
        assert_eq!(world.number("SELECT COUNT(*) FROM outbox"), 0);
    }

    #[test]
    fn a_refund_that_telegram_refused_took_nothing_and_can_be_tried_again() {
        let world = paid(5);
        world.write(|tx, _| begin_refund(tx, "a", 5));
        world.write(|tx, _| drop_refund(tx, &by(), "a", "CHARGE_NOT_FOUND", 6));
        let again = world.db.read(|conn| weigh_refund(conn, "a")).unwrap();
        assert_eq!((again.asked_at, again.user.credits), (None, 5));
        assert_eq!(world.number("SELECT COUNT(*) FROM audit WHERE note LIKE 'CHARGE%'"), 1);
    }

    #[test]
    fn an_unknown_charge_is_refused() {
        let (_folder, db) = fresh();
        assert_eq!(refused(&db, "nosuch"), Refused::NoPayment("nosuch".into()));
    }
}
