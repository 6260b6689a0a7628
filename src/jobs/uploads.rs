//! Photos' copies at the provider: one per picture and key, used again by the order's other videos.

use super::Job;
use crate::clock::Millis;
use crate::db::{JobId, Tx};
use anyhow::Result;
use rusqlite::{Connection, OptionalExtension as _, named_params};

/// What a photo's copy is kept as: one that was padded is another picture.
pub fn upload_name(photo: &str, padded: bool) -> String {
    if padded { format!("{photo}#9x16") } else { photo.to_owned() }
}

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

/// Keeps a photo's copy for the order's other videos, whatever became of the job meanwhile; but not
/// of a photo that was forgotten since (its customer left): its address would outlive it.
pub fn keep_upload(
    tx: &Tx<'_>,
    job: JobId,
    photo: &str,
    key: &str,
    url: &str,
    now: Millis,
) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO uploads (photo_path, api_key, url, created_at)
         SELECT :photo, :key, :url, :now
         FROM jobs
         WHERE id = :job
           AND input_photo_path <> ''
         ON CONFLICT DO UPDATE SET url = :url, created_at = :now",
    )?
    .execute(named_params! {
        ":photo": photo, ":key": key, ":url": url, ":now": now, ":job": job,
    })?;
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
