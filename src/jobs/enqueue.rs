//! New jobs: an order's, and the operator's second try.

use super::Refines;
use crate::clock::Millis;
use crate::db::{JobId, OrderId, Tx, UserId};
use anyhow::{Context as _, Result};
use rusqlite::named_params;

/// A new video, with its price held by the caller.
#[derive(Clone, Debug)]
pub struct Enqueue<'a> {
    /// Whose.
    pub user: UserId,
    /// Their chat.
    pub tg_user_id: i64,
    /// Their order; None: run again by the operator.
    pub order: Option<OrderId>,
    /// Which of the order's videos.
    pub ordinal: i64,
    /// What may exist only once.
    pub key: &'a str,
    /// The template's id.
    pub template: &'a str,
    /// Relative to `photos/`.
    pub photo: &'a str,
    /// The product, in the customer's words.
    pub product: &'a str,
    /// Template `self`.
    pub own_prompt: Option<&'a str>,
    /// The customer's wishes.
    pub wishes: Option<&'a str>,
    /// The id of what the customer chose among the operator's choices.
    pub choice: Option<&'a str>,
    /// A script that is to be changed.
    pub refines: Option<&'a Refines>,
    /// The higher goes first.
    pub priority: i64,
}

/// Queues a video.
pub fn enqueue(tx: &Tx<'_>, new: &Enqueue<'_>, now: Millis) -> Result<JobId> {
    let mut product = serde_json::json!({ "text": new.product, "user_prompt": new.own_prompt });
    if let Some(refines) = new.refines {
        product["refines"] = serde_json::to_value(refines)?;
    }
    tx.prepare_cached(
        "INSERT INTO jobs (user_id, tg_user_id, order_id, ordinal, idempotency_key, template_id,
                           input_photo_path, product_info, extra_wishes, choice, priority, due_at,
                           created_at)
         VALUES (:user, :tg_user_id, :order, :ordinal, :key, :template, :photo, :product, :wishes,
                 :choice, :priority, :now, :now)",
    )?
    .execute(named_params! {
        ":user": new.user,
        ":tg_user_id": new.tg_user_id,
        ":order": new.order,
        ":ordinal": new.ordinal,
        ":key": new.key,
        ":template": new.template,
        ":photo": new.photo,
        ":product": product.to_string(),
        ":wishes": new.wishes,
        ":choice": new.choice,
        ":priority": new.priority,
        ":now": now,
    })
    .context("cannot queue a job")?;
    Ok(JobId(tx.last_insert_rowid()))
}

/// Videos of a user that have not ended.
pub fn live_of(conn: &rusqlite::Connection, user: UserId) -> Result<i64> {
    Ok(conn.prepare_cached(LIVE_OF)?.query_row([user], |row| row.get(0))?)
}

pub(super) const LIVE_OF: &str = "SELECT COUNT(*)
     FROM jobs
     WHERE user_id = ?1
       AND status IN ('queued', 'processing')";

/// Whether a job was run again.
pub fn is_rerun(conn: &rusqlite::Connection, id: JobId) -> Result<bool> {
    Ok(conn.prepare_cached("SELECT 1 FROM jobs WHERE rerun_of = ?1")?.exists([id])?)
}

/// Runs a job again from `due_at` on as a new one, at the operator's cost: it belongs to no order and
/// holds nothing. `None`: there is no such job.
pub fn rerun(tx: &Tx<'_>, id: JobId, due_at: Millis, now: Millis) -> Result<Option<JobId>> {
    let made = tx.execute(
        "INSERT INTO jobs (user_id, tg_user_id, rerun_of, idempotency_key, kind, template_id,
                           input_photo_path, product_info, extra_wishes, choice, due_at, created_at)
         SELECT user_id, tg_user_id, id,
                'rerun:' || id || ':' || (SELECT COUNT(*) + 1 FROM jobs WHERE rerun_of = ?1),
                kind, template_id, input_photo_path, product_info, extra_wishes, choice, ?2, ?3
         FROM jobs
         WHERE id = ?1",
        (id, due_at, now),
    )?;
    Ok((made == 1).then(|| JobId(tx.last_insert_rowid())))
}
