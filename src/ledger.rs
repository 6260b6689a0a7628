//! Credits: an append-only ledger, moved two-phase.
//!
//! ```text
//! grant +n        purchase +n
//! hold  -n ──┬── charge  0    the video was delivered
//!            └── release +n   it was not ── repay -n   a refund was to take it
//! ```
//! A trigger keeps `users.credits` equal to the sum; the schema refuses a second hold of a job and
//! a second settlement of a hold, so the worst that a defect can do is fail.

mod debts;

pub use debts::{TakeBack, Taken, due, repaid, since_left, take_back, taken, there_is};

use crate::clock::Millis;
use crate::db::{JobId, Tx, UserId};
use anyhow::Result;
use rusqlite::{Connection, OptionalExtension as _, named_params};

/// A gift or a correction.
#[derive(Clone, Debug)]
pub struct Grant<'a> {
    /// Whose.
    pub user: UserId,
    /// Credits; negative takes back.
    pub credits: i64,
    /// What may happen only once, as `signup:7`; None: as often as it is asked for.
    pub key: Option<&'a str>,
    /// Who gave it: `bot`, `operator`.
    pub actor: &'a str,
    /// Why.
    pub note: Option<&'a str>,
}

/// What came of a [`grant`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Granted {
    /// The balance now.
    Done(i64),
    /// A grant with this key was made before.
    Already,
    /// It would take more than there is: the balance.
    TooFew(i64),
}

/// Gives or takes back credits.
pub fn grant(tx: &Tx<'_>, grant: &Grant<'_>, now: Millis) -> Result<Granted> {
    let credits = balance(tx, grant.user)?;
    if let Some(key) = grant.key {
        let known = tx.prepare_cached("SELECT 1 FROM ledger WHERE key = ?1")?.exists([key])?;
        if known {
            return Ok(Granted::Already);
        }
    }
    if credits + grant.credits < 0 {
        return Ok(Granted::TooFew(credits));
    }
    insert(tx, "grant", grant, now)?;
    Ok(Granted::Done(credits + grant.credits))
}

/// Credits that were paid for: as a grant, but a kind of its own. Never called without a payment.
/// Returns the balance.
///
/// # Errors
/// Its key was used before, or it adds nothing: whoever records payments sees to both.
pub fn purchase(tx: &Tx<'_>, bought: &Grant<'_>, now: Millis) -> Result<i64> {
    insert(tx, "purchase", bought, now)?;
    balance(tx, bought.user)
}

/// What is given by a rule: an invitation's reward, a bonus, a promo code.
#[derive(Clone, Debug)]
pub struct Gift<'a> {
    /// Whose.
    pub user: UserId,
    /// Credits.
    pub credits: i64,
    /// What it is for, as the payment's charge.
    pub note: Option<&'a str>,
}

/// Gives credits of a kind (`invite`, `bonus`, `promo`), once per key. `false`: that was before.
pub fn gift(tx: &Tx<'_>, kind: &str, key: &str, gift: &Gift<'_>, now: Millis) -> Result<bool> {
    if given(tx, key)?.is_some() {
        return Ok(false);
    }
    let Gift { user, credits, note } = *gift;
    insert(tx, kind, &Grant { user, credits, key: Some(key), actor: "bot", note }, now)?;
    Ok(true)
}

/// A line with a key, as it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// To whom.
    pub user: UserId,
    /// Credits.
    pub credits: i64,
    /// As in [`Gift`].
    pub note: Option<String>,
}

/// What a customer had in the old system, once per key. `false`: that was brought before.
pub fn import(tx: &Tx<'_>, brought: &Grant<'_>, now: Millis) -> Result<bool> {
    if let Some(key) = brought.key
        && given(tx, key)?.is_some()
    {
        return Ok(false);
    }
    insert(tx, "import", brought, now)?;
    Ok(true)
}

/// The line with this key.
pub fn given(conn: &Connection, key: &str) -> Result<Option<Given>> {
    let sql = "SELECT user_id, delta, note FROM ledger WHERE key = ?1";
    let read = |row: &rusqlite::Row<'_>| {
        Ok(Given { user: row.get(0)?, credits: row.get(1)?, note: row.get(2)? })
    };
    Ok(conn.prepare_cached(sql)?.query_row([key], read).optional()?)
}

/// How many payments of theirs were credited and not given back.
pub fn purchases(conn: &Connection, user: UserId) -> Result<i64> {
    Ok(conn
        .prepare_cached(
            "SELECT COUNT(*)
             FROM ledger
             LEFT JOIN payments ON telegram_payment_charge_id = SUBSTR(key, LENGTH('purchase:') + 1)
             WHERE ledger.user_id = ?1
               AND kind = 'purchase'
               AND refunded_at IS NULL",
        )?
        .query_row([user], |row| row.get(0))?)
}

/// What is left of the line with this key after those that go on from it (`KEY:…`).
pub fn left_of(conn: &Connection, key: &str) -> Result<i64> {
    Ok(conn
        .prepare_cached(
            "SELECT COALESCE(SUM(delta), 0)
             FROM ledger
             WHERE key = ?1
                OR key BETWEEN ?1 || ':' AND ?1 || ';'",
        )?
        .query_row([key], |row| row.get(0))?)
}

/// What their friends brought them and did not take along again; what they were given when they
/// came as a friend is no part of it.
pub fn invitations(conn: &Connection, user: UserId) -> Result<i64> {
    Ok(conn
        .prepare_cached(
            "SELECT COALESCE(SUM(delta), 0)
             FROM ledger
             WHERE user_id = ?1
               AND kind IN ('invite', 'repay')
               AND key BETWEEN 'invite:' AND 'invite;'",
        )?
        .query_row([user], |row| row.get(0))?)
}

fn insert(tx: &Tx<'_>, kind: &str, grant: &Grant<'_>, now: Millis) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO ledger (user_id, delta, kind, key, actor, note, created_at)
         VALUES (:user, :delta, :kind, :key, :actor, :note, :now)",
    )?
    .execute(named_params! {
        ":user": grant.user,
        ":delta": grant.credits,
        ":kind": kind,
        ":key": grant.key,
        ":actor": grant.actor,
        ":note": grant.note,
        ":now": now,
    })?;
    Ok(())
}

/// What came of a [`hold`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// Taken.
    Held,
    /// The balance that does not suffice.
    Insufficient(i64),
    /// This job holds its credits already.
    AlreadyHeld,
}

/// Takes the price of one video until it is delivered or fails. A free one holds nothing.
pub fn hold(tx: &Tx<'_>, user: UserId, job: JobId, credits: i64, now: Millis) -> Result<Hold> {
    if credits == 0 {
        return Ok(Hold::Held);
    }
    if held(tx, job)?.is_some() {
        return Ok(Hold::AlreadyHeld);
    }
    let balance = balance(tx, user)?;
    if balance < credits {
        return Ok(Hold::Insufficient(balance));
    }
    tx.prepare_cached(
        "INSERT INTO ledger (user_id, delta, kind, job_id, actor, created_at)
         VALUES (:user, -:credits, 'hold', :job, 'bot', :now)",
    )?
    .execute(named_params! { ":user": user, ":credits": credits, ":job": job, ":now": now })?;
    Ok(Hold::Held)
}

/// How a hold ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settle {
    /// The credits are spent.
    Charge,
    /// The credits go back.
    Release,
}

/// Settles a job's hold. Returns the credits that went back: 0 for a charge, for a job that held
/// nothing, and for one that was settled before; less what a refund was to take of them, which goes
/// at once ([`repaid`]).
pub fn settle(tx: &Tx<'_>, job: JobId, how: Settle, now: Millis) -> Result<i64> {
    let Some(open) = held(tx, job)? else { return Ok(0) };
    let (kind, delta) = match how {
        Settle::Charge => ("charge", 0),
        Settle::Release => ("release", open.credits),
    };
    tx.prepare_cached(
        "INSERT INTO ledger (user_id, delta, kind, job_id, hold_id, actor, created_at)
         VALUES (:user, :delta, :kind, :job, :hold, 'worker', :now)",
    )?
    .execute(named_params! {
        ":user": open.user,
        ":delta": delta,
        ":kind": kind,
        ":job": job,
        ":hold": open.id,
        ":now": now,
    })?;
    match how {
        Settle::Charge => Ok(0),
        Settle::Release => Ok(delta - debts::repay(tx, &open, job, now)?),
    }
}

struct OpenHold {
    id: i64,
    user: UserId,
    credits: i64,
}

fn held(conn: &Connection, job: JobId) -> Result<Option<OpenHold>> {
    let hold = conn
        .prepare_cached(
            "SELECT id, user_id, -delta
             FROM ledger AS hold
             WHERE job_id = ?1
               AND kind = 'hold'
               AND NOT EXISTS (SELECT 1 FROM ledger WHERE hold_id = hold.id)",
        )?
        .query_row([job], |row| {
            Ok(OpenHold { id: row.get(0)?, user: row.get(1)?, credits: row.get(2)? })
        })
        .optional()?;
    Ok(hold)
}

/// What a new user was given when they came, if they have neither spent nor received anything since;
/// `None`: they have.
pub fn untouched_gift(conn: &Connection, user: UserId) -> Result<Option<i64>> {
    Ok(conn
        .prepare_cached(
            "SELECT CASE WHEN COUNT(*) = SUM(key IN (:signup, :invited)) THEN SUM(delta) END
             FROM ledger
             WHERE user_id = :user",
        )?
        .query_row(
            named_params! {
                ":user": user,
                ":signup": format!("signup:{user}"),
                ":invited": format!("invited:{user}"),
            },
            |row| row.get(0),
        )?)
}

/// Empties the notes of a user's lines, which may hold a name; the numbers stay.
pub fn forget_notes(tx: &Tx<'_>, user: UserId) -> Result<()> {
    tx.execute("UPDATE ledger SET note = NULL WHERE user_id = ?1 AND note IS NOT NULL", [user])?;
    Ok(())
}

/// What a user may spend.
pub fn balance(conn: &Connection, user: UserId) -> Result<i64> {
    let sql = "SELECT credits FROM users WHERE id = ?1";
    Ok(conn.prepare_cached(sql)?.query_row([user], |row| row.get(0))?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::{
        Db,
        tests::{changes, fresh},
    };
    use crate::users::{self, Profile};

    /// A user with credits and one job of theirs.
    fn user_with(db: &Db, credits: i64) -> (UserId, JobId) {
        db.write(move |tx| {
            let profile = Profile { tg_user_id: 7, ..Profile::default() };
            let (user, _) = users::meet(tx, &profile, 1)?;
            let gift = Grant { user: user.id, credits, key: None, actor: "test", note: None };
            grant(tx, &gift, 1)?;
            tx.execute(
                "INSERT INTO jobs (user_id, tg_user_id, idempotency_key, template_id,
                                   input_photo_path, product_info)
                 VALUES (?1, 7, 'one', 'ugc', 'a.jpg', '{}')",
                [user.id],
            )?;
            Ok((user.id, JobId(tx.last_insert_rowid())))
        })
        .unwrap()
    }

    #[test]
    fn a_hold_is_settled_once_whatever_is_asked_later() {
        let (_folder, db) = fresh();
        let (user, job) = user_with(&db, 3);
        db.write(move |tx| {
            assert_eq!(hold(tx, user, job, 2, 1)?, Hold::Held);
            assert_eq!(hold(tx, user, job, 2, 1)?, Hold::AlreadyHeld);
            assert_eq!(balance(tx, user)?, 1);
            assert_eq!(settle(tx, job, Settle::Release, 2)?, 2);
            assert_eq!(settle(tx, job, Settle::Release, 2)?, 0);
            assert_eq!(settle(tx, job, Settle::Charge, 2)?, 0);
            assert_eq!(balance(tx, user)?, 3);
            Ok(())
        })
        .unwrap();
    }

    #[test]
    fn nobody_spends_or_loses_what_they_do_not_have() {
        let (_folder, db) = fresh();
        let (user, job) = user_with(&db, 1);
        db.write(move |tx| {
            assert_eq!(hold(tx, user, job, 2, 1)?, Hold::Insufficient(1));
            let take = Grant { user, credits: -2, key: None, actor: "test", note: None };
            assert_eq!(grant(tx, &take, 1)?, Granted::TooFew(1));
            let once = Grant { user, credits: 5, key: Some("k"), actor: "test", note: None };
            assert_eq!(grant(tx, &once, 1)?, Granted::Done(6));
            assert_eq!(grant(tx, &once, 1)?, Granted::Already);
            Ok(())
        })
        .unwrap();
    }

    #[test]
    fn every_movement_is_one_row_that_says_whose_why_and_when() {
        let (_folder, db) = fresh();
        let (user, job) = user_with(&db, 3);
        const TABLES: [&str; 2] = ["ledger", "users"];
        let bought = changes(&db, &TABLES, move |tx| {
            let (key, note) = (Some("purchase:c"), Some("stars"));
            let pack = Grant { user, credits: 5, key, actor: "bot", note };
            assert_eq!(purchase(tx, &pack, 20)?, 8);
            assert!(purchase(tx, &pack, 21).is_err(), "a payment is booked once");
            Ok(())
        });
        let row = "user_id 1, delta 5, kind purchase, key purchase:c, actor bot, note stars";
        let row = format!("ledger 2: new, id 2, {row}, created_at 20");
        assert_eq!(bought, [row, "users 1 credits: 3 -> 8".into()]);
        let held = changes(&db, &TABLES, move |tx| {
            assert_eq!(hold(tx, user, job, 0, 30)?, Hold::Held, "what is free holds nothing");
            assert_eq!(hold(tx, user, job, 9, 30)?, Hold::Insufficient(8));
            assert_eq!(hold(tx, user, job, 8, 30)?, Hold::Held, "to the last credit");
            Ok(())
        });
        let row = "user_id 1, delta -8, kind hold, job_id 1, actor bot, created_at 30";
        assert_eq!(held, [format!("ledger 3: new, id 3, {row}"), "users 1 credits: 8 -> 0".into()]);
        let charged = changes(&db, &TABLES, move |tx| {
            assert_eq!(settle(tx, JobId(9), Settle::Release, 40)?, 0, "nobody's job");
            assert_eq!(settle(tx, job, Settle::Charge, 40)?, 0);
            Ok(())
        });
        let row = "user_id 1, delta 0, kind charge, job_id 1, hold_id 3, actor worker";
        assert_eq!(charged, [format!("ledger 4: new, id 4, {row}, created_at 40")]);
    }

    #[test]
    fn a_grant_may_take_back_to_nothing_and_not_below() {
        let (_folder, db) = fresh();
        let (user, _) = user_with(&db, 3);
        db.write(move |tx| {
            let take = |credits| Grant { user, credits, key: None, actor: "operator", note: None };
            assert_eq!(grant(tx, &take(-4), 1)?, Granted::TooFew(3));
            assert_eq!(grant(tx, &take(-3), 1)?, Granted::Done(0));
            Ok(())
        })
        .unwrap();
    }

    #[test]
    fn a_gift_is_untouched_until_anything_else_moves() {
        let (_folder, db) = fresh();
        db.write(move |tx| {
            let meet = |id| users::meet(tx, &Profile { tg_user_id: id, ..Profile::default() }, 1);
            let (ann, bob) = (meet(7)?.0.id, meet(8)?.0.id);
            let gift = |user, key: &'static str| {
                grant(tx, &Grant { user, credits: 2, key: Some(key), actor: "bot", note: None }, 1)
            };
            assert_eq!(untouched_gift(tx, ann)?, None, "there is none yet");
            gift(ann, "signup:1")?;
            gift(bob, "other")?;
            assert_eq!((untouched_gift(tx, ann)?, untouched_gift(tx, bob)?), (Some(2), None));
            gift(ann, "more")?;
            assert_eq!(untouched_gift(tx, ann)?, None);
            Ok(())
        })
        .unwrap();
    }

    #[test]
    fn the_schema_refuses_what_the_code_never_does() {
        let (_folder, db) = fresh();
        let (user, job) = user_with(&db, 3);
        db.write(move |tx| hold(tx, user, job, 1, 1)).unwrap();
        for (sql, word) in [
            ("UPDATE users SET credits = 99", "neurocards grant"),
            ("UPDATE users SET credits = credits + 1", "neurocards grant"),
            ("INSERT INTO users (tg_user_id, credits) VALUES (8, 5)", "begins with 0"),
            ("UPDATE ledger SET delta = 99", "append-only"),
            ("UPDATE ledger SET note = 'another'", "append-only"),
            ("UPDATE ledger SET note = NULL, delta = delta", "append-only"),
            ("DELETE FROM ledger", "append-only"),
            (
                "INSERT OR REPLACE INTO ledger (id, user_id, delta, kind, actor)
                 VALUES (1, 1, 99, 'grant', 'x')",
                "append-only",
            ),
            (
                "INSERT INTO ledger (user_id, delta, kind, job_id, hold_id, actor)
                 VALUES (1, 2, 'release', 1, 2, 'x')",
                "match its hold",
            ),
            (
                "INSERT INTO ledger (user_id, delta, kind, actor) VALUES (1, -9, 'grant', 'x')",
                "CHECK",
            ),
        ] {
            let refused = db.write(move |tx| Ok(tx.execute(sql, [])?)).unwrap_err();
            assert!(format!("{refused:#}").contains(word), "{sql}: {refused:#}");
        }
    }
}
