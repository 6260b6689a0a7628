//! createTask calls, written down before a byte of them leaves: what was open when the process
//! died may have been billed, and a key's sliding window survives a restart.

use super::{Found, Job, Step, advance, get};
use crate::clock::{Millis, SECOND};
use crate::db::{JobId, Tx};
use crate::keys::{self, Limits, Room};
use anyhow::Result;
use rusqlite::{Connection, OptionalExtension as _, named_params};

/// Whether a submit may go out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reserved {
    /// Yes; the row to settle afterwards.
    Go(i64),
    /// Not before this time: the key's limits.
    NotBefore(Millis),
    /// An earlier submit's outcome could never be written down: it is lost.
    Lost,
    /// The job is somebody else's by now.
    Gone,
}

/// Takes a place in the key's window for one createTask.
pub fn reserve(
    tx: &Tx<'_>,
    job: &Job,
    key: &str,
    model: &str,
    limits: Limits,
    now: Millis,
) -> Result<Reserved> {
    let mine = tx
        .prepare_cached(
            "SELECT 1
             FROM jobs
             WHERE id = ?1
               AND lease = ?2
               AND status = 'processing'",
        )?
        .exists((job.id, job.lease))?;
    if !mine {
        return Ok(Reserved::Gone);
    }
    if lose_open(tx, job, now)? {
        return Ok(Reserved::Lost);
    }
    match keys::room(tx, key, limits, 0, now)? {
        Room::Free => {}
        Room::From(at) => return Ok(Reserved::NotBefore(at)),
        // The claim keeps the others waiting until there is room.
        Room::Later => return Ok(Reserved::NotBefore(now + SECOND)),
    }
    tx.prepare_cached(
        "INSERT INTO submits (job_id, api_key, model, at)
         VALUES (:job, :key, :model, :now)",
    )?
    .execute(named_params! { ":job": job.id, ":key": key, ":model": model, ":now": now })?;
    Ok(Reserved::Go(tx.last_insert_rowid()))
}

/// Settles the submits that the job's holder left open as lost: they may have been billed, and they
/// take a place in their key's window. `true`: there were some.
pub fn lose_open(tx: &Tx<'_>, job: &Job, now: Millis) -> Result<bool> {
    let lost = tx
        .prepare_cached(
            "UPDATE submits
             SET outcome = 'lost', ended_at = :now
             WHERE job_id = :job
               AND outcome = 'sending'
               AND EXISTS (SELECT 1
                           FROM jobs
                           WHERE id = :job
                             AND lease = :lease)",
        )?
        .execute(named_params! { ":now": now, ":job": job.id, ":lease": job.lease })?;
    Ok(lost > 0)
}

/// How a submit ended: `accepted` (with its task), `refused`, `lost` or `unsent`; once.
pub fn settle_submit(
    tx: &Tx<'_>,
    submit: i64,
    outcome: &str,
    task: Option<&str>,
    now: Millis,
) -> Result<()> {
    tx.prepare_cached(
        "UPDATE submits
         SET outcome = :outcome, task_id = :task, ended_at = :now
         WHERE id = :id
           AND outcome = 'sending'",
    )?
    .execute(named_params! { ":outcome": outcome, ":task": task, ":now": now, ":id": submit })?;
    Ok(())
}

/// The answer was a task: the submit is settled, and its job renders, due at `due_at`. A task that
/// is paid is kept whatever became of the lease meanwhile: whoever took the job over to ask once
/// more, or counted the submit as lost, holds it no longer. The job as it is now; `None`: it has
/// ended, or has another task.
pub fn accepted(
    tx: &Tx<'_>,
    job: &Job,
    submit: i64,
    task: &str,
    due_at: Millis,
    now: Millis,
) -> Result<Option<Job>> {
    tx.prepare_cached(
        "UPDATE submits
         SET outcome = 'accepted', task_id = ?2, ended_at = ?3
         WHERE id = ?1
           AND outcome IN ('sending', 'lost')",
    )?
    .execute((submit, task, now))?;
    let mut found = Found { task: Some(task), ..Found::default() };
    if advance(tx, job, Step::Render, &found, due_at, now)? {
        return get(tx, job.id);
    }
    // One that was counted as lost is the same attempt.
    let lease: Option<i64> = tx
        .prepare_cached(
            "UPDATE jobs
             SET lease = lease + 1,
                 attempts = MAX(attempts - 1, :attempts)
             WHERE id = :id
               AND status IN ('queued', 'processing')
               AND step IN ('upload', 'submit')
               AND kie_task_id IS NULL
             RETURNING lease",
        )?
        .query_row(named_params! { ":attempts": job.attempts, ":id": job.id }, |row| row.get(0))
        .optional()?;
    let Some(lease) = lease else { return Ok(None) };
    // Another key may have been chosen since: only this one knows the task.
    (found.key, found.model) = (job.key.as_deref(), job.model.as_deref());
    found.input_url = job.input_url.as_deref();
    advance(tx, &Job { lease, ..job.clone() }, Step::Render, &found, due_at, now)?;
    get(tx, job.id)
}

/// The submits that were under way when the last process ended.
pub fn open_submits(conn: &Connection) -> Result<Vec<(i64, JobId)>> {
    let mut query =
        conn.prepare_cached("SELECT id, job_id FROM submits WHERE outcome = 'sending'")?;
    let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
