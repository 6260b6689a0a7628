//! The customer's words in jobs: gone when they are asked to be, or when they had their time. What a
//! job was, when and how it ended stays.

use super::queue::UNBEGUN;
use crate::clock::Millis;
use crate::db::{JobId, Tx, UserId};
use anyhow::Result;
use rusqlite::{Connection, named_params};

/// Empties all ended jobs of a user: words, photo, video, and what the services said about them.
/// The caller has seen that none is live.
pub fn forget(tx: &Tx<'_>, user: UserId) -> Result<()> {
    // Both names that `upload_name` gives.
    tx.execute(
        "DELETE FROM uploads
         WHERE photo_path IN (SELECT input_photo_path FROM jobs WHERE user_id = ?1)
            OR photo_path IN (SELECT input_photo_path || '#9x16' FROM jobs WHERE user_id = ?1)",
        [user],
    )?;
    tx.execute(
        "UPDATE events
         SET detail = NULL
         WHERE job_id IN (SELECT id FROM jobs WHERE user_id = ?1)",
        [user],
    )?;
    tx.execute(
        "UPDATE jobs
         SET product_info = '{}', extra_wishes = NULL, prompt = NULL, input_photo_path = '',
             input_url = NULL, output_url = NULL, video_path = NULL, tg_file_id = NULL,
             error = NULL
         WHERE user_id = ?1
           AND finished_at IS NOT NULL",
        [user],
    )?;
    Ok(())
}

/// A user's live jobs: how many have begun, and the ids of those that have not. One that somebody
/// works on at this moment has: what its call brings (a photo's copy) is written down whatever became
/// of the job.
pub fn begun_of(conn: &Connection, user: UserId) -> Result<(i64, Vec<JobId>)> {
    let sql = format!(
        "SELECT id, leased_at IS NOT NULL OR NOT {UNBEGUN}
         FROM jobs
         WHERE user_id = ?1
           AND status IN ('queued', 'processing')
         ORDER BY id"
    );
    let mut query = conn.prepare_cached(&sql)?;
    let rows = query.query_map([user], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let (mut begun, mut unbegun) = (0, Vec::new());
    for row in rows {
        match row? {
            (_, true) => begun += 1,
            (id, false) => unbegun.push(id),
        }
    }
    Ok((begun, unbegun))
}

/// What the photos of a user's jobs are called, as far as it is known.
pub fn photos_of(conn: &Connection, user: UserId) -> Result<Vec<String>> {
    let mut query = conn.prepare_cached(
        "SELECT DISTINCT input_photo_path
         FROM jobs
         WHERE user_id = ?1
           AND input_photo_path <> ''",
    )?;
    let photos = query.query_map([user], |row| row.get(0))?;
    Ok(photos.collect::<rusqlite::Result<_>>()?)
}

/// The jobs of a user that had ended by then: their files are theirs, too.
pub fn ended_of(conn: &Connection, user: UserId, by: Millis) -> Result<Vec<JobId>> {
    let mut query = conn.prepare_cached(
        "SELECT id
         FROM jobs
         WHERE user_id = ?1
           AND finished_at <= ?2",
    )?;
    let ids = query.query_map((user, by), |row| row.get(0))?;
    Ok(ids.collect::<rusqlite::Result<_>>()?)
}

/// Empties up to `limit` jobs that ended before `before` of their words. Returns how many.
pub fn prune_texts(tx: &Tx<'_>, before: Millis, limit: u32) -> Result<usize> {
    Ok(tx
        .prepare_cached(
            "UPDATE jobs
             SET product_info = '{}', extra_wishes = NULL, prompt = NULL, input_url = NULL,
                 output_url = NULL, error = NULL
             WHERE id IN (SELECT id
                          FROM jobs
                          WHERE finished_at IS NOT NULL
                            AND product_info <> '{}'
                            AND finished_at < :before
                          LIMIT :limit)",
        )?
        .execute(named_params! { ":before": before, ":limit": limit })?)
}
