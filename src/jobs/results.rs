//! What tasks brought, and what they cost.

use super::Job;
use crate::db::{JobId, Tx};
use anyhow::Result;
use rusqlite::Connection;

/// A task that brought no video was paid for all the same.
pub fn spent(tx: &Tx<'_>, job: &Job, credits: f64) -> Result<()> {
    tx.prepare_cached(
        "UPDATE jobs
         SET provider_credits = COALESCE(provider_credits, 0) + ?3
         WHERE id = ?1
           AND lease = ?2
           AND status IN ('queued', 'processing')",
    )?
    .execute((job.id, job.lease, credits))?;
    Ok(())
}

/// A refunded render has a video after all: where it lies, and what it cost. The job stays ended, and
/// one that was forgotten stays empty.
pub fn late_video(tx: &Tx<'_>, job: &Job, url: &str, credits: Option<f64>) -> Result<()> {
    tx.prepare_cached(
        "UPDATE jobs
         SET output_url = ?2,
             provider_credits = IIF(?3 IS NULL, provider_credits,
                                    COALESCE(provider_credits, 0) + ?3)
         WHERE id = ?1
           AND status = 'failed'
           AND input_photo_path <> ''",
    )?
    .execute((job.id, url, credits))?;
    Ok(())
}

/// Telegram's own copy of an ended job's video; one that was forgotten stays so.
pub fn keep_file_id(tx: &Tx<'_>, id: JobId, file_id: &str) -> Result<()> {
    tx.prepare_cached(
        "UPDATE jobs
         SET tg_file_id = ?2
         WHERE id = ?1
           AND finished_at IS NOT NULL
           AND input_photo_path <> ''
           AND tg_file_id IS NOT ?2",
    )?
    .execute((id, file_id))?;
    Ok(())
}

/// The job has ended, and Telegram can send its video without our file.
pub fn needs_no_file(conn: &Connection, id: JobId) -> Result<bool> {
    Ok(conn
        .prepare_cached(
            "SELECT 1
             FROM jobs
             WHERE id = ?1
               AND (status IN ('failed', 'canceled')
                    OR (status = 'done' AND tg_file_id IS NOT NULL))",
        )?
        .exists([id])?)
}

/// The photos that live jobs name.
pub fn live_photos(conn: &Connection) -> Result<Vec<String>> {
    let mut query = conn.prepare_cached(
        "SELECT DISTINCT input_photo_path
         FROM jobs
         WHERE status IN ('queued', 'processing')",
    )?;
    let photos = query.query_map([], |row| row.get(0))?;
    Ok(photos.collect::<rusqlite::Result<_>>()?)
}
