//! Photos' copies at the provider: one per picture and key, used again by the order's other videos.

use super::Job;
use crate::clock::Millis;
use crate::db::Tx;
use anyhow::Result;
use rusqlite::{Connection, OptionalExtension as _};

/// A photo's copy at the provider that still lives.
pub fn uploaded(
    conn: &Connection,
    photo: &str,
    key: &str,
    since: Millis,
) -> Result<Option<String>> {
    Ok(conn
        .prepare_cached(
            "SELECT url
             FROM uploads
             WHERE photo_path = ?1
               AND api_key = ?2
               AND created_at > ?3",
        )?
        .query_row((photo, key, since), |row| row.get(0))
        .optional()?)
}

/// Keeps a photo's copy for the order's other videos, and calls those that wait for it.
pub fn keep_upload(tx: &Tx<'_>, photo: &str, key: &str, url: &str, now: Millis) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO uploads (photo_path, api_key, url, created_at)
         VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT DO UPDATE SET url = ?3, created_at = ?4",
    )?
    .execute((photo, key, url, now))?;
    Ok(())
}

/// The order's other videos wait for this upload no longer.
pub fn wake_order(tx: &Tx<'_>, job: &Job, now: Millis) -> Result<()> {
    tx.prepare_cached(
        "UPDATE jobs
         SET due_at = ?2
         WHERE order_id = ?1
           AND status IN ('queued', 'processing')
           AND step = 'upload'
           AND leased_at IS NULL
           AND error IS NULL
           AND due_at > ?2",
    )?
    .execute((job.order, now))?;
    Ok(())
}

/// The provider could not load it: the next video uploads again.
pub fn forget_upload(tx: &Tx<'_>, url: &str) -> Result<()> {
    tx.execute("DELETE FROM uploads WHERE url = ?1", [url])?;
    Ok(())
}
