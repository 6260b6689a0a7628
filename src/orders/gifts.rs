//! Late videos. A render over its time limit was refunded, but its task goes on at the provider: it
//! is watched for another day, and a video that comes after all is the customer's, as a gift. The
//! job stays failed: nothing here moves a credit or ends it anew.

use super::messages::{self, Gets};
use super::{Fetched, Shop};
use crate::clock::{DAY, Millis};
use crate::db::{JobId, Tx};
use crate::jobs::{self, Job};
use crate::ledger;
use crate::outbox::{self, State};
use anyhow::Result;
use rusqlite::{Connection, OptionalExtension as _};

/// A refunded render that is watched on.
#[derive(Clone, Debug, PartialEq)]
pub struct Gift {
    /// Failed; its `output_url` is there once the video came.
    pub job: Job,
    /// No longer than this.
    pub until: Millis,
    /// Failed tries to fetch the video.
    pub tries: i64,
}

/// Begins with the refund, in its commit.
pub(super) fn watch(tx: &Tx<'_>, job: &Job, now: Millis) -> Result<()> {
    if job.task.is_some() {
        tx.prepare_cached("INSERT INTO gifts (job_id, until) VALUES (?1, ?2)")?
            .execute((job.id, now + DAY))?;
    }
    Ok(())
}

/// All that are watched, in their order, and whether the video came: the worker's memory of them.
pub fn open(conn: &Connection) -> Result<Vec<(JobId, bool)>> {
    let mut query = conn.prepare_cached(
        "SELECT job_id, output_url IS NOT NULL
         FROM gifts
         JOIN jobs ON jobs.id = job_id
         WHERE ended_at IS NULL
         ORDER BY job_id",
    )?;
    let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// One that is watched; `None`: it is over.
pub fn get(conn: &Connection, id: JobId) -> Result<Option<Gift>> {
    let found: Option<(Millis, i64)> = conn
        .prepare_cached("SELECT until, tries FROM gifts WHERE job_id = ?1 AND ended_at IS NULL")?
        .query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let (Some((until, tries)), Some(job)) = (found, jobs::get(conn, id)?) else {
        return Ok(None);
    };
    Ok(Some(Gift { job, until, tries }))
}

/// The provider has the video: it is to be fetched. Where nobody waits for it any more (its customer
/// left while the provider was asked) nothing is kept of it.
pub fn came(tx: &Tx<'_>, job: &Job, url: &str, credits: Option<f64>, now: Millis) -> Result<()> {
    if get(tx, job.id)?.is_none() {
        return Ok(());
    }
    jobs::late_video(tx, job, url, credits)?;
    jobs::note(tx, job, "late", "", None, now)
}

/// It could not be fetched now.
pub fn not_fetched(tx: &Tx<'_>, job: &Job, error: &str, now: Millis) -> Result<()> {
    let sql = "UPDATE gifts SET tries = tries + 1 WHERE job_id = ?1 AND ended_at IS NULL";
    if tx.prepare_cached(sql)?.execute([job.id])? == 0 {
        return Ok(());
    }
    jobs::note(tx, job, "trouble", error, None, now)
}

/// The customer is to have it: the file, or, where there is none, or it is too large for Telegram,
/// the link.
pub fn give(
    tx: &Tx<'_>,
    shop: &Shop,
    job: &Job,
    video: Option<&Fetched>,
    now: Millis,
) -> Result<()> {
    let Some(url) = job.output_url.as_deref() else { return Ok(()) };
    let what = match video {
        Some(video) if video.bytes <= shop.options.upload_limit => Gets::File(video),
        _ if !super::fits_a_link(url) => return give_up(tx, job, super::NO_LINK, now),
        Some(_) => Gets::Large(url),
        None => Gets::Unfetched(url),
    };
    if !end(tx, job, "given", now)? {
        return Ok(());
    }
    say(tx, shop, job, what, now)
}

/// Nothing will come: by the provider's word, or the day is over (then `why` is empty).
pub fn give_up(tx: &Tx<'_>, job: &Job, why: &str, now: Millis) -> Result<()> {
    if end(tx, job, "none", now)? {
        jobs::note(tx, job, "no gift", why, None, now)?;
    }
    Ok(())
}

/// The customer has it, if that message was a gift.
pub fn sent(tx: &Tx<'_>, key: Option<&str>, now: Millis) -> Result<()> {
    match of_key(tx, key)? {
        Some(job) => jobs::note(tx, &job, "gift", "", None, now),
        None => Ok(()),
    }
}

/// Telegram does not take the file, if that message was a gift: the link goes in its place.
pub fn too_large(tx: &Tx<'_>, shop: &Shop, key: Option<&str>, now: Millis) -> Result<()> {
    let Some(job) = of_key(tx, key)? else { return Ok(()) };
    match job.output_url.as_deref() {
        Some(url) if super::fits_a_link(url) => say(tx, shop, &job, Gets::Large(url), now),
        Some(_) => jobs::note(tx, &job, "no gift", super::NO_LINK, None, now),
        None => Ok(()),
    }
}

/// As `jobs::carry`: only time in which somebody looked counts.
pub fn carry(tx: &Tx<'_>, by: Millis) -> Result<()> {
    tx.execute("UPDATE gifts SET until = until + ?1 WHERE ended_at IS NULL", [by])?;
    Ok(())
}

/// Whether the file of a failed job is still to be sent.
pub(super) fn needs_file(conn: &Connection, id: JobId) -> Result<bool> {
    if get(conn, id)?.is_some() {
        return Ok(true);
    }
    let message = outbox::by_key(conn, &key(id))?;
    Ok(message.is_some_and(|row| row.state == State::Pending))
}

fn key(id: JobId) -> String {
    format!("gift:{id}")
}

fn of_key(conn: &Connection, key: Option<&str>) -> Result<Option<Job>> {
    let id = key.and_then(|key| key.strip_prefix("gift:")).and_then(|id| id.parse().ok());
    id.map_or(Ok(None), |id| jobs::get(conn, JobId(id)))
}

/// Without a job of the outbox's kind: to send it ends none.
fn say(tx: &Tx<'_>, shop: &Shop, job: &Job, what: Gets<'_>, now: Millis) -> Result<()> {
    let content = messages::gift(tx, shop, job, what, came_back(tx, job.id)?)?;
    outbox::put(tx, job.tg_user_id, Some(&key(job.id)), &content, None, now)?;
    Ok(())
}

/// The credits that the refund gave back and left; none for a job that nobody paid for. Where
/// something was taken of their credits since (a payment went back, or support took them), nobody
/// can say that these are still there, and nothing is said of them.
fn came_back(conn: &Connection, id: JobId) -> Result<i64> {
    let back: i64 = conn
        .prepare_cached(
            "SELECT COALESCE(SUM(delta), 0)
             FROM ledger AS back
             WHERE kind = 'release'
               AND hold_id IN (SELECT id
                               FROM ledger
                               WHERE job_id = ?1
                                 AND kind = 'hold')
               AND NOT EXISTS (SELECT 1
                               FROM ledger
                               WHERE user_id = back.user_id
                                 AND id > back.id
                                 AND delta < 0
                                 AND kind IN ('grant', 'bonus', 'invite'))",
        )?
        .query_row([id], |row| row.get(0))?;
    Ok(back - ledger::repaid(conn, id)?)
}

fn end(tx: &Tx<'_>, job: &Job, outcome: &str, now: Millis) -> Result<bool> {
    let ended = tx
        .prepare_cached(
            "UPDATE gifts
             SET ended_at = ?3, outcome = ?2
             WHERE job_id = ?1
               AND ended_at IS NULL",
        )?
        .execute((job.id, outcome, now))?;
    Ok(ended == 1)
}
