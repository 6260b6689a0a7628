//! 👍 and 👎: one word per video, which may change.

use super::{Shop, messages};
use crate::clock::Millis;
use crate::db::{JobId, Tx, UserId};
use crate::outbox;
use crate::users;
use anyhow::Result;
use rusqlite::named_params;

/// Keeps what a customer thinks of a video of theirs, and marks it under the video. `false`: it is
/// not theirs, or there is none.
pub fn rate(
    tx: &Tx<'_>,
    shop: &Shop,
    user: UserId,
    id: JobId,
    good: bool,
    now: Millis,
) -> Result<bool> {
    if super::shelf::get(tx, user, id)?.is_none() {
        return Ok(false);
    }
    tx.prepare_cached(
        "INSERT INTO ratings (job_id, good, at)
         VALUES (:job, :good, :now)
         ON CONFLICT (job_id) DO UPDATE SET good = :good, at = :now",
    )?
    .execute(named_params! { ":job": id, ":good": good, ":now": now })?;
    let lang = users::by_id(tx, user)?.lang;
    for key in [format!("video:{id}"), format!("gift:{id}")] {
        let Some(row) = outbox::by_key(tx, &key)? else { continue };
        // Where the message is gone from our books, the toast has to do.
        if row.message_id.is_some() {
            let content = messages::marked(shop, lang, row.content, good);
            outbox::put(tx, row.chat_id, Some(&key), &content, None, now)?;
        }
    }
    Ok(true)
}
