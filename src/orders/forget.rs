//! The customer's words in orders: gone when they are asked to be, or when they had their time.

use super::{Shop, finish, refresh};
use crate::clock::Millis;
use crate::db::{Tx, UserId};
use crate::jobs::{self, End};
use anyhow::Result;
use rusqlite::named_params;

/// Takes back what has not begun: credits back, as if the operator had cancelled it. Returns how
/// many videos still run.
pub fn take_all_back(tx: &Tx<'_>, shop: &Shop, user: UserId, now: Millis) -> Result<i64> {
    let (begun, unbegun) = jobs::begun_of(tx, user)?;
    for id in unbegun {
        let Some(job) = jobs::get(tx, id)? else { continue };
        if jobs::end(tx, &job, &End::Canceled, now)?.is_some() {
            jobs::note(tx, &job, "canceled", "by the customer", None, now)?;
            finish(tx, job.order, now)?;
            refresh(tx, shop, job.order, now)?;
        }
    }
    Ok(begun)
}

/// Empties a user's orders and all their jobs, none of which is live any more. No late video is
/// waited for.
pub fn forget(tx: &Tx<'_>, user: UserId, now: Millis) -> Result<()> {
    tx.execute(
        "UPDATE gifts
         SET ended_at = ?2, outcome = 'none'
         WHERE job_id IN (SELECT id FROM jobs WHERE user_id = ?1)
           AND ended_at IS NULL",
        (user, now),
    )?;
    jobs::forget(tx, user)?;
    tx.execute(
        "UPDATE orders
         SET photo_path = '', product = '', own_prompt = NULL, wishes = NULL, unfit = NULL
         WHERE user_id = ?1",
        [user],
    )?;
    Ok(())
}

/// Empties up to `limit` orders, and as many jobs, that ended before `before` of their words; the
/// photo has a time of its own. Returns how many rows.
pub fn prune_texts(tx: &Tx<'_>, before: Millis, limit: u32) -> Result<usize> {
    let orders = tx
        .prepare_cached(
            "UPDATE orders
             SET product = '', own_prompt = NULL, wishes = NULL
             WHERE id IN (SELECT id
                          FROM orders
                          WHERE finished_at IS NOT NULL
                            AND product <> ''
                            AND finished_at < :before
                          LIMIT :limit)",
        )?
        .execute(named_params! { ":before": before, ":limit": limit })?;
    Ok(orders + jobs::prune_texts(tx, before, limit)?)
}
