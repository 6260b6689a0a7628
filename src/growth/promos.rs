//! Promo codes: so many credits, so many times, until a time.

use super::{Gift, give, readable};
use crate::clock::{HOUR, Millis};
use crate::db::{Tx, UserId};
use crate::ledger;
use anyhow::Result;
use rusqlite::{Connection, OptionalExtension as _, named_params};
use serde::Serialize;

/// The longest code, in characters: it fits a link's argument.
pub const CODE_MAX: usize = 32;
/// Codes that do not exist, tried by one customer in an hour, before none is looked at.
const GUESSES_MAX: i64 = 10;

/// A code as the operator sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Promo {
    /// As the operator wrote it; read in any case.
    pub code: String,
    /// For each who uses it.
    pub credits: i64,
    /// How many may use it.
    pub uses: i64,
    /// How many did.
    pub used: i64,
    /// Unix milliseconds; `null`: it has no end.
    pub until: Option<Millis>,
    /// Unix milliseconds; the operator closed it.
    pub closed_at: Option<Millis>,
    /// Unix milliseconds.
    pub created_at: Millis,
}

/// A new code. `false`: there is one of that name, or it can be none.
pub fn make(
    tx: &Tx<'_>,
    code: &str,
    (credits, uses): (i64, i64),
    until: Option<Millis>,
    now: Millis,
) -> Result<bool> {
    let Some(code) = readable(code) else { return Ok(false) };
    let made = tx
        .prepare_cached(
            "INSERT INTO promos (code, credits, uses, until, created_at)
             VALUES (:code, :credits, :uses, :until, :now)
             ON CONFLICT (code) DO NOTHING",
        )?
        .execute(named_params! {
            ":code": code,
            ":credits": credits,
            ":uses": uses,
            ":until": until,
            ":now": now,
        })?;
    Ok(made == 1)
}

/// Nobody uses it any more. `false`: there is none of that name, or it was closed already.
pub fn close(tx: &Tx<'_>, code: &str, now: Millis) -> Result<bool> {
    let sql = "UPDATE promos SET closed_at = ?2 WHERE code = ?1 AND closed_at IS NULL";
    Ok(tx.execute(sql, (code.trim(), now))? == 1)
}

/// The newest first.
pub fn list(conn: &Connection, limit: u32) -> Result<Vec<Promo>> {
    let mut query = conn.prepare_cached(
        "SELECT code, credits, uses, used, until, closed_at, created_at
         FROM promos
         ORDER BY created_at DESC, code
         LIMIT ?1",
    )?;
    let promos = query.query_map([limit], read)?;
    Ok(promos.collect::<rusqlite::Result<_>>()?)
}

fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Promo> {
    Ok(Promo {
        code: row.get(0)?,
        credits: row.get(1)?,
        uses: row.get(2)?,
        used: row.get(3)?,
        until: row.get(4)?,
        closed_at: row.get(5)?,
        created_at: row.get(6)?,
    })
}

/// What came of a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Redeemed {
    /// Credits that were given.
    Given(i64),
    /// This customer used it before.
    Already,
    /// All its uses are gone, its time is over, or the operator closed it.
    Over,
    /// No such code.
    Unknown,
    /// Too many of those: none is looked at for an hour.
    Guessing,
}

/// A customer uses a code.
pub fn redeem(tx: &Tx<'_>, user: UserId, code: &str, now: Millis) -> Result<Redeemed> {
    if guesses(tx, user, now)? >= GUESSES_MAX {
        return Ok(Redeemed::Guessing);
    }
    let promo = match readable(code) {
        Some(code) => by_code(tx, code)?,
        None => None,
    };
    let Some(promo) = promo else {
        guessed(tx, user, now)?;
        return Ok(Redeemed::Unknown);
    };
    let key = format!("promo:{}:{user}", promo.code);
    if ledger::given(tx, &key)?.is_some() {
        return Ok(Redeemed::Already);
    }
    if !use_up(tx, &promo.code, now)? {
        return Ok(Redeemed::Over);
    }
    let gift = Gift { user, credits: promo.credits, note: Some(&promo.code) };
    give(tx, "promo", &key, &gift, now).map(Redeemed::Given)
}

fn by_code(conn: &Connection, code: &str) -> Result<Option<Promo>> {
    let sql = "SELECT code, credits, uses, used, until, closed_at, created_at
               FROM promos
               WHERE code = ?1";
    Ok(conn.prepare_cached(sql)?.query_row([code], read).optional()?)
}

/// Takes one of its uses, if it may be used now.
fn use_up(tx: &Tx<'_>, code: &str, now: Millis) -> Result<bool> {
    let used = tx
        .prepare_cached(
            "UPDATE promos
             SET used = used + 1
             WHERE code = :code
               AND used < uses
               AND closed_at IS NULL
               AND (until IS NULL OR until > :now)",
        )?
        .execute(named_params! { ":code": code, ":now": now })?;
    Ok(used == 1)
}

/// An hour that lies ahead is of a clock that was set back: it holds nobody up.
fn guesses(conn: &Connection, user: UserId, now: Millis) -> Result<i64> {
    let guesses = conn
        .prepare_cached(
            "SELECT guesses
             FROM promo_guesses
             WHERE user_id = :user
               AND since > :hour_ago
               AND since <= :now",
        )?
        .query_row(named_params! { ":user": user, ":hour_ago": now - HOUR, ":now": now }, |row| {
            row.get(0)
        })
        .optional()?;
    Ok(guesses.unwrap_or(0))
}

fn guessed(tx: &Tx<'_>, user: UserId, now: Millis) -> Result<()> {
    let guesses = guesses(tx, user, now)?;
    tx.prepare_cached(
        "INSERT INTO promo_guesses (user_id, since, guesses)
         VALUES (:user, :now, 1)
         ON CONFLICT (user_id) DO UPDATE
         SET guesses = :guesses + 1,
             since = CASE WHEN :guesses = 0 THEN :now ELSE since END",
    )?
    .execute(named_params! { ":user": user, ":now": now, ":guesses": guesses })?;
    Ok(())
}

/// Deletes up to `limit` counts of guesses that began before `before`.
pub fn prune_guesses(tx: &Tx<'_>, before: Millis, limit: u32) -> Result<usize> {
    Ok(tx
        .prepare_cached(
            "DELETE FROM promo_guesses
             WHERE user_id IN (SELECT user_id FROM promo_guesses WHERE since < ?1 LIMIT ?2)",
        )?
        .execute((before, limit))?)
}
