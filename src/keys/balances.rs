//! What the accounts have, and had: the table `balances` is written here alone.

use super::has_no_money;
use crate::clock::{DAY, MINUTE, Millis};
use crate::db::Tx;
use crate::text::shorten;
use anyhow::Result;
use rusqlite::Connection;

/// How much of an error is kept, in characters.
const ERROR_KEPT: usize = 300;

/// The trend has a point per this time at most, however often an account is asked; what the operator
/// asked for is one in any case.
const TREND: Millis = 5 * MINUTE;
/// A balance that is good so soon after a refusal is not what it was about; doubles with each
/// refusal that a good balance did not prevent.
const BELIEVED: Millis = 5 * MINUTE;

/// The account's balance as the provider tells it: one that pays for a video (`enough`, in the
/// provider's credits) ends a block for BILLING. `true`: it did. What is left after the last
/// video that could be paid is positive, too, and would only bring the next refusal. A key that is
/// refused again in spite of its balance (it is not accepted for another reason) is believed later
/// each time; one whose balance agreed with the refusal did not lie.
pub fn balance(
    tx: &Tx<'_>,
    fingerprint: &str,
    balance: f64,
    enough: f64,
    now: Millis,
) -> Result<bool> {
    tx.prepare_cached(
        "INSERT INTO balances (api_key, at, balance)
         SELECT ?1, ?2, ?3
         WHERE NOT EXISTS (SELECT 1
                           FROM balances
                           WHERE api_key = ?1
                             AND at BETWEEN ?2 - ?4 AND ?2)
            OR EXISTS (SELECT 1
                       FROM api_keys
                       WHERE fingerprint = ?1
                         AND ask_balance = 1)
         ON CONFLICT DO UPDATE SET balance = ?3",
    )?
    .execute((fingerprint, now, balance, TREND - 1))?;
    let poor = balance <= 0.0 || balance < enough;
    tx.prepare_cached(
        "UPDATE api_keys
         SET balance = ?2, balance_at = ?3, ask_balance = 0, balance_error = NULL,
             refusals = CASE WHEN ?4 THEN 0 ELSE refusals END
         WHERE fingerprint = ?1",
    )?
    .execute((fingerprint, balance, now, poor))?;
    if poor || !has_no_money(tx, fingerprint)? {
        return Ok(false);
    }
    let (refusals, blocked_at): (i64, Option<Millis>) = tx
        .prepare_cached("SELECT refusals, blocked_at FROM api_keys WHERE fingerprint = ?1")?
        .query_row([fingerprint], |row| Ok((row.get(0)?, row.get(1)?)))?;
    if blocked_at.is_some_and(|at| (0..doubted(refusals)).contains(&(now - at))) {
        return Ok(false);
    }
    tx.prepare_cached(
        "UPDATE api_keys
         SET blocked_class = NULL, blocked_until = NULL, blocked_why = NULL, blocked_at = NULL
         WHERE fingerprint = ?1",
    )?
    .execute([fingerprint])?;
    Ok(true)
}

fn doubted(refusals: i64) -> Millis {
    if refusals == 0 {
        return 0;
    }
    (BELIEVED << (refusals - 1).clamp(0, 10)).min(DAY)
}

/// The operator wants to know now. `false`: no such key is in the configuration.
pub fn ask_balance(tx: &Tx<'_>, fingerprint: &str) -> Result<bool> {
    let sql = "UPDATE api_keys SET ask_balance = 1 WHERE fingerprint = ?1 AND configured = 1";
    Ok(tx.execute(sql, [fingerprint])? == 1)
}

/// The question was answered by an error: the operator sees it, and may ask again.
pub fn no_balance(tx: &Tx<'_>, fingerprint: &str, error: &str) -> Result<()> {
    let sql = "UPDATE api_keys SET ask_balance = 0, balance_error = ?2 WHERE fingerprint = ?1";
    tx.prepare_cached(sql)?.execute((fingerprint, shorten(error, ERROR_KEPT)))?;
    Ok(())
}

/// The keys that the operator asked about and that were not answered yet.
pub fn asked(conn: &Connection) -> Result<Vec<String>> {
    let mut asked =
        conn.prepare_cached("SELECT fingerprint FROM api_keys WHERE ask_balance = 1")?;
    let fingerprints = asked.query_map([], |row| row.get(0))?;
    Ok(fingerprints.collect::<rusqlite::Result<_>>()?)
}

/// Deletes up to `limit` balances that were told before `before`.
pub fn prune_balances(tx: &Tx<'_>, before: Millis, limit: u32) -> Result<usize> {
    let sql = "DELETE FROM balances
               WHERE (api_key, at) IN (SELECT api_key, at
                                       FROM balances
                                       WHERE at < ?1
                                       LIMIT ?2)";
    Ok(tx.prepare_cached(sql)?.execute((before, limit))?)
}
