//! What the accounts have, and had: the table `balances` is written here alone.

use super::unblock;
use crate::clock::Millis;
use crate::db::Tx;
use crate::text::shorten;
use anyhow::Result;
use rusqlite::Connection;

/// How much of an error is kept, in characters.
const ERROR_KEPT: usize = 300;

/// The account's balance as the provider tells it: one that pays for a video (`enough`, in the
/// provider's credits) ends a block for BILLING. `true`: it did. What is left after the last
/// video that could be paid is positive, too, and would only bring the next refusal.
pub fn balance(
    tx: &Tx<'_>,
    fingerprint: &str,
    balance: f64,
    enough: f64,
    now: Millis,
) -> Result<bool> {
    tx.prepare_cached(
        "UPDATE api_keys
         SET balance = ?2, balance_at = ?3, ask_balance = 0, balance_error = NULL
         WHERE fingerprint = ?1",
    )?
    .execute((fingerprint, balance, now))?;
    tx.prepare_cached(
        "INSERT INTO balances (api_key, at, balance)
         VALUES (?1, ?2, ?3)
         ON CONFLICT DO UPDATE SET balance = ?3",
    )?
    .execute((fingerprint, now, balance))?;
    let back = balance > 0.0
        && balance >= enough
        && tx
            .prepare_cached(
                "SELECT 1 FROM api_keys WHERE fingerprint = ?1 AND blocked_class = 'billing'",
            )?
            .exists([fingerprint])?;
    if back { unblock(tx, fingerprint) } else { Ok(false) }
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
