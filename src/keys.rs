//! The provider's keys: which one serves next, and which are blocked and why. Kept in `api_keys` by
//! fingerprint, so that a restart forgets nothing; the keys themselves stay in the configuration.

mod balances;
mod room;

pub use balances::{ask_balance, asked, balance, no_balance, prune_balances};
pub use room::{Limits, Room, WINDOW, in_doubt, room};

use crate::clock::{MINUTE, Millis};
use crate::db::Tx;
use anyhow::Result;
use rusqlite::{Connection, OptionalExtension as _, named_params};

/// The end of a block that ends by hand alone: the year 9999.
pub const UNTIL_UNBLOCKED: Millis = 253_402_300_799_000;

/// Why a key is not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Block {
    /// No money, or the key is not accepted.
    Billing,
    /// Too many calls on its account.
    RateLimit,
    /// The operator said so.
    Operator,
}

impl Block {
    /// As in `api_keys.blocked_class`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Billing => "billing",
            Self::RateLimit => "rate_limit",
            Self::Operator => "operator",
        }
    }

    fn of(word: &str) -> Self {
        match word {
            "billing" => Self::Billing,
            "rate_limit" => Self::RateLimit,
            _ => Self::Operator,
        }
    }
}

/// A key as the choice sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct Health {
    /// `api_keys.fingerprint`.
    pub fingerprint: String,
    /// Why and until when it is not used.
    pub blocked: Option<(Block, Millis)>,
    /// Tasks of ours that the provider works on, and those that wait to become some.
    pub running: i64,
    /// When it was last chosen.
    pub used_at: Millis,
}

/// What came of [`pick`].
#[derive(Clone, Debug, PartialEq)]
pub enum Pick {
    /// This one.
    Key(String),
    /// All that are left are limited; the first is free at this time.
    AllLimited(Millis),
    /// None is free of BILLING (or of the operator's block).
    None,
}

/// The healthy key with the fewest running tasks, ties in turn; not one that this round has asked
/// already. `desperate` takes the limited key that is free soonest when there is no other.
pub fn pick(keys: &[Health], asked: &[String], desperate: bool, now: Millis) -> Pick {
    let fresh = |key: &&Health| !asked.contains(&key.fingerprint);
    let free = |key: &&Health| key.blocked.is_none_or(|(_, until)| until <= now);
    let best = keys.iter().filter(fresh).filter(free);
    if let Some(key) = best.min_by_key(|key| (key.running, key.used_at)) {
        return Pick::Key(key.fingerprint.clone());
    }
    // One that was asked in this round and is free again serves the next round.
    let limited = keys.iter().filter_map(|key| match key.blocked {
        Some((Block::RateLimit, until)) => Some((until.max(now), key)),
        Some((_, until)) if until > now => None,
        _ => Some((now, key)),
    });
    match limited.min_by_key(|(until, _)| *until) {
        Some((_, key)) if desperate => Pick::Key(key.fingerprint.clone()),
        Some((until, _)) => Pick::AllLimited(until),
        None => Pick::None,
    }
}

const ALL: &str = "SELECT fingerprint, blocked_class, blocked_until, COALESCE(used_at, 0),
            (SELECT COUNT(*)
             FROM jobs
             WHERE jobs.api_key = api_keys.fingerprint
               AND status IN ('queued', 'processing')
               AND kie_task_id IS NOT NULL
               AND step = 'render')
            + (SELECT COUNT(*)
               FROM jobs INDEXED BY jobs_submits
               WHERE status IN ('queued', 'processing')
                 AND step = 'submit'
                 -- The plus takes the column's affinity away, which would keep the index out.
                 AND COALESCE(jobs.api_key, '') = +api_keys.fingerprint)
     FROM api_keys
     WHERE configured = 1
     ORDER BY position";

/// All configured keys.
pub fn all(conn: &Connection) -> Result<Vec<Health>> {
    let mut query = conn.prepare_cached(ALL)?;
    let keys = query.query_map([], |row| {
        let class: Option<String> = row.get(1)?;
        let until: Option<Millis> = row.get(2)?;
        Ok(Health {
            fingerprint: row.get(0)?,
            blocked: class.as_deref().map(Block::of).zip(until),
            used_at: row.get(3)?,
            running: row.get(4)?,
        })
    })?;
    Ok(keys.collect::<rusqlite::Result<_>>()?)
}

/// One key's block, over or not: [`all`] counts every key's jobs, which takes its time with thousands.
pub fn blocked(conn: &Connection, fingerprint: &str) -> Result<Option<(Block, Millis)>> {
    let read = |row: &rusqlite::Row<'_>| {
        let class: String = row.get(0)?;
        Ok((Block::of(&class), row.get(1)?))
    };
    Ok(conn
        .prepare_cached(
            "SELECT blocked_class, blocked_until
             FROM api_keys
             WHERE fingerprint = ?1
               AND configured = 1
               AND blocked_class IS NOT NULL
               AND blocked_until IS NOT NULL",
        )?
        .query_row([fingerprint], read)
        .optional()?)
}

/// Makes the table agree with the configuration; health of a key that stays is kept.
pub fn configure(tx: &Tx<'_>, fingerprints: &[String]) -> Result<()> {
    tx.execute("UPDATE api_keys SET configured = 0", [])?;
    for (at, fingerprint) in fingerprints.iter().enumerate() {
        tx.execute(
            "INSERT INTO api_keys (fingerprint, position, configured)
             VALUES (?1, ?2, 1)
             ON CONFLICT (fingerprint) DO UPDATE SET position = ?2, configured = 1",
            (fingerprint, at as i64 + 1),
        )?;
    }
    Ok(())
}

/// The clock went back by `by`: no block lasts longer for that, but for the operator's, which has
/// no end.
pub fn set_back(tx: &Tx<'_>, by: Millis) -> Result<()> {
    tx.execute(
        "UPDATE api_keys
         SET blocked_until = CASE WHEN blocked_until >= :never THEN blocked_until
                                  ELSE blocked_until - :by END,
             blocked_at = blocked_at - :by,
             served_at = served_at - :by,
             used_at = used_at - :by,
             balance_at = balance_at - :by",
        named_params! { ":by": by, ":never": UNTIL_UNBLOCKED },
    )?;
    Ok(())
}

/// It was chosen: the next tie goes to another.
pub fn used(tx: &Tx<'_>, fingerprint: &str, now: Millis) -> Result<()> {
    tx.prepare_cached("UPDATE api_keys SET used_at = ?2 WHERE fingerprint = ?1")?
        .execute((fingerprint, now))?;
    Ok(())
}

/// Takes a key out of service. `true`: it was in service before. The operator's word stands as long
/// as they said, and a limit shortens no block for want of money.
pub fn block(
    tx: &Tx<'_>,
    fingerprint: &str,
    why: Block,
    text: &str,
    until: Millis,
    now: Millis,
) -> Result<bool> {
    let (was_free, for_money) = tx
        .prepare_cached(
            "SELECT blocked_class IS NOT :class,
                    blocked_class IS 'billing' AND blocked_until > :now
             FROM api_keys
             WHERE fingerprint = :fingerprint",
        )?
        .query_row(
            named_params! { ":class": why.word(), ":now": now, ":fingerprint": fingerprint },
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .unwrap_or((false, false));
    tx.prepare_cached(
        "UPDATE api_keys
         SET blocked_class = :class, blocked_until = :until, blocked_why = :text,
             blocked_at = :now, refusals = refusals + :refusal
         WHERE fingerprint = :fingerprint
           AND NOT (:class <> 'operator'
                    AND blocked_class IS 'operator'
                    AND blocked_until > :now)
           AND NOT (:class = 'rate_limit'
                    AND blocked_class IS 'billing'
                    AND blocked_until >= :until)",
    )?
    .execute(named_params! {
        ":class": why.word(),
        ":until": until,
        ":text": text,
        ":fingerprint": fingerprint,
        ":now": now,
        // Jobs that find out together are one refusal.
        ":refusal": why == Block::Billing && !for_money,
    })?;
    Ok(was_free)
}

/// Puts a key back into service, by the operator's word: its balance is believed again.
pub fn unblock(tx: &Tx<'_>, fingerprint: &str) -> Result<bool> {
    let changed = tx
        .prepare_cached(
            "UPDATE api_keys
             SET blocked_class = NULL, blocked_until = NULL, blocked_why = NULL,
                 blocked_at = NULL, refusals = 0
             WHERE fingerprint = ?1
               AND blocked_class IS NOT NULL",
        )?
        .execute([fingerprint])?;
    Ok(changed == 1)
}

/// It accepted a createTask that was sent at `asked_at`: a block that is older than the call has
/// proved wrong, one that another call brought about meanwhile has not. `true`: a block for want
/// of money ended. Writes nothing for a key that serves all the time.
pub fn served(tx: &Tx<'_>, fingerprint: &str, asked_at: Millis, now: Millis) -> Result<bool> {
    let had_no_money = has_no_money(tx, fingerprint)?;
    let freed = tx
        .prepare_cached(
            "UPDATE api_keys
             SET blocked_class = NULL, blocked_until = NULL, blocked_why = NULL,
                 blocked_at = NULL
             WHERE fingerprint = ?1
               AND blocked_class IN ('billing', 'rate_limit')
               AND COALESCE(blocked_at, 0) <= ?2",
        )?
        .execute((fingerprint, asked_at))?;
    tx.prepare_cached(
        "UPDATE api_keys
         SET served_at = :now, refusals = 0
         WHERE fingerprint = :fingerprint
           AND blocked_class IS NOT 'billing'
           AND (refusals > 0 OR served_at IS NULL OR served_at NOT BETWEEN :lately AND :now)",
    )?
    .execute(named_params! {
        ":now": now,
        ":lately": now - MINUTE,
        ":fingerprint": fingerprint,
    })?;
    Ok(had_no_money && freed == 1)
}

/// Whether it is blocked for BILLING.
pub fn has_no_money(conn: &Connection, fingerprint: &str) -> Result<bool> {
    Ok(conn
        .prepare_cached(
            "SELECT 1 FROM api_keys WHERE fingerprint = ?1 AND blocked_class = 'billing'",
        )?
        .exists([fingerprint])?)
}

/// Whether any key is in service and, as far as is known, pays for a video that takes `enough` of
/// the provider's credits.
pub fn any_pays(conn: &Connection, enough: f64, now: Millis) -> Result<bool> {
    let pays = conn
        .prepare_cached(
            "SELECT 1
             FROM api_keys
             WHERE configured = 1
               AND (blocked_class IS NULL OR blocked_class = 'rate_limit' OR blocked_until <= ?1)
               AND (balance IS NULL OR balance >= ?2)",
        )?
        .exists((now, enough))?;
    Ok(pays)
}

/// Whether any key can be sold on: not blocked for money or by the operator.
pub fn any_sells(conn: &Connection, now: Millis) -> Result<bool> {
    others_sell(conn, "", now)
}

/// The same of all keys but this one.
pub fn others_sell(conn: &Connection, fingerprint: &str, now: Millis) -> Result<bool> {
    let sells = conn
        .prepare_cached(
            "SELECT 1
             FROM api_keys
             WHERE configured = 1
               AND (blocked_class IS NULL OR blocked_class = 'rate_limit' OR blocked_until <= ?1)
               AND fingerprint <> ?2",
        )?
        .exists((now, fingerprint))?;
    Ok(sells)
}

#[cfg(test)]
mod tests;
