//! What refunds take, and what they did not find.
//!
//! A refund takes what there is of its credits. What a video holds at that time is taken when it
//! comes back, in the release's commit, before anybody can spend it again; what was spent stays
//! owed. Credits that came later are no part of it: a new payment buys what it says. Nor is anything
//! there of what a customer lost by leaving: what they have now came later.

use super::{OpenHold, balance};
use crate::clock::Millis;
use crate::db::{JobId, Tx, UserId};
use anyhow::Result;
use rusqlite::{Connection, OptionalExtension as _, named_params};

/// What a refund is to take.
#[derive(Clone, Debug)]
pub struct TakeBack<'a> {
    /// Whose.
    pub user: UserId,
    /// Credits, above 0.
    pub credits: i64,
    /// The key of the line that gave them.
    pub given: &'a str,
    /// The ledger's kind: `grant`, or that of a gift.
    pub kind: &'a str,
    /// It is taken once: `refund:CHARGE`, `bonus:7:back`.
    pub key: &'a str,
    /// Of the payment that was given back.
    pub charge: &'a str,
    /// Who gave it back, as in a grant.
    pub actor: &'a str,
    /// Why.
    pub note: Option<&'a str>,
}

/// What was taken of some credits, and what was not there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Taken {
    /// Credits that went.
    pub taken_back: i64,
    /// Credits that had been spent or lost, or are held by videos.
    pub owed: i64,
}

impl Taken {
    /// Of so many credits, where there are so many.
    pub fn of(credits: i64, there: i64) -> Self {
        let taken_back = there.clamp(0, credits);
        Self { taken_back, owed: credits - taken_back }
    }
}

/// Takes what there is and keeps in mind what there is not, once per key. `None`: that was before.
pub fn take_back(tx: &Tx<'_>, what: &TakeBack<'_>, now: Millis) -> Result<Option<Taken>> {
    let known = tx
        .prepare_cached(
            "SELECT 1 FROM ledger WHERE key = ?1 UNION ALL SELECT 1 FROM debts WHERE key = ?1",
        )?
        .exists([what.key])?;
    if known {
        return Ok(None);
    }
    let lost = lost(tx, what.user, what.given)?;
    let there = if lost.is_some() { 0 } else { balance(tx, what.user)? };
    let taken = Taken::of(what.credits, there);
    if taken.taken_back > 0 {
        let (user, credits, key) = (what.user, -taken.taken_back, Some(what.key));
        let line = super::Grant { user, credits, key, actor: what.actor, note: what.note };
        super::insert(tx, what.kind, &line, now)?;
    }
    if taken.owed > 0 {
        tx.prepare_cached(
            "INSERT INTO debts (key, user_id, charge, owed, line)
             VALUES (:key, :user, :charge, :owed,
                     COALESCE(:lost, (SELECT COALESCE(MAX(id), 0) FROM ledger)))",
        )?
        .execute(named_params! {
            ":key": what.key,
            ":user": what.user,
            ":charge": what.charge,
            ":owed": taken.owed,
            ":lost": lost,
        })?;
    }
    Ok(Some(taken))
}

/// What a refund would find of what the line with this key gave: nothing where its customer has left
/// since, whatever they bought after that.
pub fn there_is(conn: &Connection, user: UserId, given: &str) -> Result<i64> {
    Ok(if lost(conn, user, given)?.is_some() { 0 } else { balance(conn, user)? })
}

/// The ledger's last line when its customer left; `None`: not since the line with this key.
fn lost(conn: &Connection, user: UserId, given: &str) -> Result<Option<i64>> {
    let line = conn
        .prepare_cached(
            "SELECT left_line
             FROM users
             WHERE id = ?1
               AND left_line >= (SELECT id FROM ledger WHERE key = ?2)",
        )?
        .query_row((user, given), |row| row.get(0))
        .optional()?;
    Ok(line)
}

/// What came since they left, or are to leave once more: given or paid, less what was taken of it.
/// What videos hold and give back is no part of it.
pub fn since_left(conn: &Connection, user: UserId) -> Result<i64> {
    Ok(conn
        .prepare_cached(
            "SELECT COALESCE(SUM(delta), 0)
             FROM ledger
             WHERE user_id = ?1
               AND job_id IS NULL
               AND id > (SELECT left_line FROM users WHERE id = ?1)",
        )?
        .query_row([user], |row| row.get(0))?)
}

/// What was taken by now of so many credits that were to be, by [`take_back`].
pub fn taken(conn: &Connection, key: &str, credits: i64) -> Result<Taken> {
    let sql = "SELECT owed FROM debts WHERE key = ?1";
    let owed: Option<i64> =
        conn.prepare_cached(sql)?.query_row([key], |row| row.get(0)).optional()?;
    Ok(Taken::of(credits, credits - owed.unwrap_or(0)))
}

/// What comes back of a hold pays what is owed since, the oldest first. Returns the credits.
pub(super) fn repay(tx: &Tx<'_>, back: &OpenHold, job: JobId, now: Millis) -> Result<i64> {
    let mut left = back.credits;
    for (key, owed) in debts(tx, back)? {
        let credits = owed.min(left);
        if credits == 0 {
            break;
        }
        left -= credits;
        tx.prepare_cached(
            "INSERT INTO ledger (user_id, delta, kind, job_id, key, actor, created_at)
             VALUES (:user, -:credits, 'repay', :job, :key, 'worker', :now)",
        )?
        .execute(named_params! {
            ":user": back.user,
            ":credits": credits,
            ":job": job,
            ":key": format!("{key}:{job}"),
            ":now": now,
        })?;
        tx.prepare_cached("UPDATE debts SET owed = owed - ?2 WHERE key = ?1")?
            .execute((&key, credits))?;
    }
    Ok(back.credits - left)
}

/// What is owed since a time at which this was held.
fn debts(conn: &Connection, hold: &OpenHold) -> Result<Vec<(String, i64)>> {
    let mut query = conn.prepare_cached(
        "SELECT key, owed
         FROM debts
         WHERE user_id = ?1
           AND owed > 0
           AND line >= ?2
         ORDER BY line, rowid",
    )?;
    let rows = query.query_map((hold.user, hold.id), |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// What went at once of the credits that a job gave back.
pub fn repaid(conn: &Connection, job: JobId) -> Result<i64> {
    let sql = "SELECT COALESCE(-SUM(delta), 0) FROM ledger WHERE job_id = ?1 AND kind = 'repay'";
    Ok(conn.prepare_cached(sql)?.query_row([job], |row| row.get(0))?)
}

/// What would go of a user's held credits if all of them came back now.
pub fn due(conn: &Connection, user: UserId) -> Result<i64> {
    let mut query = conn.prepare_cached(
        "SELECT owed, (SELECT COALESCE(-SUM(delta), 0)
                       FROM ledger AS hold
                       WHERE hold.user_id = debts.user_id
                         AND hold.kind = 'hold'
                         AND hold.id <= debts.line
                         AND NOT EXISTS (SELECT 1 FROM ledger WHERE hold_id = hold.id))
         FROM debts
         WHERE user_id = ?1
           AND owed > 0
         ORDER BY line, rowid",
    )?;
    let debts = query.query_map([user], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let mut due = 0;
    for debt in debts {
        let (owed, held): (i64, i64) = debt?;
        due += owed.min(held - due).max(0);
    }
    Ok(due)
}

#[cfg(test)]
mod tests {
    use super::super::{Grant, Settle, grant, hold, settle};
    use super::*;
    use crate::db::{
        Db,
        tests::{changes, fresh},
    };
    use crate::users::{self, Profile};

    /// A user with credits, and two jobs of theirs that hold some of them.
    fn user_who_holds(credits: i64, held: [i64; 2]) -> (tempfile::TempDir, Db, UserId) {
        let (folder, db) = fresh();
        let user = db.write(move |tx| {
            let profile = Profile { tg_user_id: 7, ..Profile::default() };
            let user = users::meet(tx, &profile, 1)?.0.id;
            grant(tx, &Grant { user, credits, key: None, actor: "test", note: None }, 1)?;
            for (id, held) in [1, 2].into_iter().zip(held) {
                tx.execute(
                    "INSERT INTO jobs (id, user_id, tg_user_id, idempotency_key, template_id,
                                       input_photo_path, product_info)
                     VALUES (?1, ?2, 7, 'k' || ?1, 'ugc', 'a.jpg', '{}')",
                    (id, user),
                )?;
                hold(tx, user, JobId(id), held, 1)?;
            }
            Ok(user)
        });
        (folder, db, user.unwrap())
    }

    fn takes(db: &Db, user: UserId, key: &'static str, credits: i64) -> Option<Taken> {
        let charge = key.strip_prefix("refund:").unwrap_or(key);
        let kind = "grant";
        let given = "purchase:c";
        let what = TakeBack { user, credits, given, kind, key, charge, actor: "bot", note: None };
        db.write(move |tx| take_back(tx, &what, 2)).unwrap()
    }

    fn settles(db: &Db, job: i64, how: Settle) -> i64 {
        db.write(move |tx| settle(tx, JobId(job), how, 3)).unwrap()
    }

    fn stand(db: &Db, user: UserId) -> (i64, i64) {
        db.read(|conn| Ok((balance(conn, user)?, due(conn, user)?))).unwrap()
    }

    #[test]
    fn what_a_video_held_at_a_refund_is_taken_when_it_comes_back_and_once() {
        let (_folder, db, user) = user_who_holds(6, [3, 2]);
        assert_eq!(takes(&db, user, "refund:c", 5), Some(Taken { taken_back: 1, owed: 4 }));
        assert_eq!(takes(&db, user, "refund:c", 5), None, "once");
        assert_eq!(stand(&db, user), (0, 4));
        let back = changes(&db, &["ledger", "debts", "users"], |tx| {
            assert_eq!(settle(tx, JobId(1), Settle::Release, 3)?, 0);
            Ok(())
        });
        let repaid_line = "id 6, user_id 1, delta -3, kind repay, job_id 1, key refund:c:1, \
                           actor worker, created_at 3";
        assert!(back.contains(&format!("ledger 6: new, {repaid_line}")), "{back:?}");
        assert!(back.contains(&"debts 1 owed: 4 -> 1".to_owned()), "{back:?}");
        assert_eq!(settles(&db, 1, Settle::Release), 0, "it was settled");
        assert_eq!(stand(&db, user), (0, 1));
        assert_eq!(settles(&db, 2, Settle::Release), 1, "no more than is owed");
        assert_eq!(stand(&db, user), (1, 0));
        let repaid = |job| db.read(|conn| repaid(conn, JobId(job))).unwrap();
        assert_eq!((repaid(1), repaid(2)), (3, 1));
        let now = db.read(|conn| taken(conn, "refund:c", 5)).unwrap();
        assert_eq!(now, Taken { taken_back: 5, owed: 0 });
    }

    #[test]
    fn what_was_made_stays_owed_and_nothing_that_came_later_pays_for_it() {
        let (_folder, db, user) = user_who_holds(5, [4, 0]);
        assert_eq!(takes(&db, user, "refund:c", 5), Some(Taken { taken_back: 1, owed: 4 }));
        assert_eq!(settles(&db, 1, Settle::Charge), 0);
        let gives = Grant { user, credits: 5, key: None, actor: "operator", note: None };
        db.write(move |tx| {
            grant(tx, &gives, 4)?;
            hold(tx, user, JobId(2), 5, 4)
        })
        .unwrap();
        assert_eq!(stand(&db, user), (0, 0));
        assert_eq!(settles(&db, 2, Settle::Release), 5);
        assert_eq!(stand(&db, user), (5, 0));
        let owed = db.read(|conn| taken(conn, "refund:c", 5)).unwrap();
        assert_eq!(owed, Taken { taken_back: 1, owed: 4 });
    }

    #[test]
    fn of_two_refunds_the_older_is_paid_first() {
        let (_folder, db, user) = user_who_holds(5, [3, 2]);
        assert_eq!(takes(&db, user, "refund:b", 3).unwrap().owed, 3);
        assert_eq!(takes(&db, user, "refund:a", 4).unwrap().owed, 4);
        assert_eq!(stand(&db, user), (0, 5));
        assert_eq!(settles(&db, 2, Settle::Release), 0);
        let owed = |key| db.read(|conn| taken(conn, key, 9)).unwrap().owed;
        assert_eq!((owed("refund:b"), owed("refund:a")), (1, 4));
        assert_eq!(settles(&db, 1, Settle::Release), 0);
        assert_eq!((owed("refund:b"), owed("refund:a"), stand(&db, user)), (0, 2, (0, 0)));
    }
}
