//! The videos that a customer has: they are sent again whenever they like.

use super::{Shop, fits_a_link, messages};
use crate::clock::{HOUR, Millis};
use crate::db::{JobId, Tx, UserId};
use crate::jobs::{self, Job};
use crate::outbox::{self, Content};
use crate::users::User;
use anyhow::Result;
use rusqlite::{Connection, OptionalExtension as _, Row};

/// The provider keeps a video for a day from when it was made, which is a while before it came.
const LINK_LIVES: Millis = 23 * HOUR;

/// A video that came.
#[derive(Clone, Debug, PartialEq)]
pub struct Film {
    /// Whose video it is.
    pub job: JobId,
    /// As in `jobs.template_id`.
    pub template: String,
    /// The product, in the customer's words.
    pub product: String,
    /// When it came.
    pub at: Millis,
    /// By which Telegram sends it again.
    pub file_id: Option<String>,
    /// Where our own copy was, relative to `videos/`.
    pub path: Option<String>,
    /// Where it lay at the provider.
    pub url: Option<String>,
}

/// A row inserted by hand may hold any JSON.
const COLUMNS: &str = "id, template_id, COALESCE(CAST(product_info ->> '$.text' AS TEXT), ''),
        COALESCE(finished_at, created_at), tg_file_id, video_path, output_url";

/// What came: delivered, or given after its refund. History inserted by hand has no video.
const CAME: &str = "(status = 'done'
        OR EXISTS (SELECT 1 FROM gifts WHERE job_id = jobs.id AND outcome = 'given'))
   AND (tg_file_id IS NOT NULL OR video_path IS NOT NULL OR output_url IS NOT NULL)";

fn read(row: &Row<'_>) -> rusqlite::Result<Film> {
    Ok(Film {
        job: row.get(0)?,
        template: row.get(1)?,
        product: row.get(2)?,
        at: row.get(3)?,
        file_id: row.get(4)?,
        path: row.get(5)?,
        url: row.get(6)?,
    })
}

/// Up to `limit` of a customer's videos before the one with this number, the newest first.
pub fn page(
    conn: &Connection,
    user: UserId,
    before: Option<i64>,
    limit: usize,
) -> Result<Vec<Film>> {
    let sql = format!(
        "SELECT {COLUMNS}
         FROM jobs
         WHERE user_id = ?1
           AND id < ?2
           AND {CAME}
         ORDER BY id DESC
         LIMIT ?3"
    );
    let mut query = conn.prepare_cached(&sql)?;
    let films = query.query_map((user, before.unwrap_or(i64::MAX), limit as i64), read)?;
    Ok(films.collect::<rusqlite::Result<_>>()?)
}

/// One of them; `None`: it is not this customer's, or never came.
pub fn get(conn: &Connection, user: UserId, id: JobId) -> Result<Option<Film>> {
    let sql = format!("SELECT {COLUMNS} FROM jobs WHERE id = ?1 AND user_id = ?2 AND {CAME}");
    Ok(conn.prepare_cached(&sql)?.query_row((id, user), read).optional()?)
}

/// Sends a video of theirs again: by Telegram's own copy, else (`file_kept`) by our file, else by
/// its link while that lives. `false`: nothing is left of it. `nth` tells this sending from others.
pub fn send_again(
    tx: &Tx<'_>,
    shop: &Shop,
    user: &User,
    (film, file_kept): (&Film, bool),
    nth: i64,
    now: Millis,
) -> Result<bool> {
    let Some(job) = jobs::get(tx, film.job)? else { return Ok(false) };
    let html = messages::about(shop, user.lang, &job);
    let path = film.path.clone().filter(|_| file_kept);
    let content = if film.file_id.is_some() || path.is_some() {
        let (width, height, seconds) = shape(tx, &job)?;
        let file_id = film.file_id.clone();
        let buttons = messages::after_video(tx, shop, user.lang, &job)?;
        Content::Video { path, file_id, width, height, seconds, html, buttons }
    } else {
        let lives = |url: &&String| now - film.at < LINK_LIVES && fits_a_link(url);
        let Some(url) = film.url.as_ref().filter(lives) else { return Ok(false) };
        messages::link(tx, shop, user.lang, &job, ("video-link-again", url), &html)?
    };
    let key = format!("film:{}:{nth}", film.job);
    outbox::put(tx, user.tg_user_id, Some(&key), &content, None, now)?;
    Ok(true)
}

/// As it was sent the first time; Telegram knows it of its own copies.
fn shape(conn: &Connection, job: &Job) -> Result<(u32, u32, u32)> {
    for key in [format!("video:{}", job.id), format!("gift:{}", job.id)] {
        if let Some(row) = outbox::by_key(conn, &key)?
            && let Content::Video { width, height, seconds, .. } = row.content
        {
            return Ok((width, height, seconds));
        }
    }
    Ok((720, 1_280, 0))
}

/// Telegram has a copy of a video that went out with this key: from now on that one is sent.
pub fn sent(tx: &Tx<'_>, key: Option<&str>, file_id: Option<&str>) -> Result<()> {
    let job = key.and_then(|key| {
        let rest = key.strip_prefix("film:").or_else(|| key.strip_prefix("gift:"))?;
        rest.split(':').next()?.parse().ok()
    });
    match (job, file_id) {
        (Some(job), Some(file_id)) => jobs::keep_file_id(tx, JobId(job), file_id),
        _ => Ok(()),
    }
}
