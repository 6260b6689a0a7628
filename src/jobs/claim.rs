//! Who works on what: the claim.

use super::{COLUMNS, Job, Step, read};
use crate::clock::Millis;
use crate::db::{JobId, Tx};
use anyhow::Result;
use rusqlite::{Connection, OptionalExtension as _, named_params};

/// Leases the most urgent due job among `steps` for `lease_ms`: by priority, then by due time.
/// A lease that it finds expired is a strike against the job.
pub fn claim(tx: &Tx<'_>, steps: &[Step], lease_ms: Millis, now: Millis) -> Result<Option<Job>> {
    let mut best: Option<Due> = None;
    for step in steps {
        if let Some(due) = most_urgent(tx, *step, now)?
            && best.as_ref().is_none_or(|best| due.before(best))
        {
            best = Some(due);
        }
    }
    let Some(due) = best else { return Ok(None) };
    let sql = format!(
        "UPDATE jobs
         SET lease = lease + 1,
             strikes = strikes + (leased_at IS NOT NULL),
             leased_at = :now,
             due_at = :now + :lease_ms,
             status = 'processing',
             started_at = COALESCE(started_at, :now),
             step_since = COALESCE(step_since, :now)
         WHERE id = :id
         RETURNING {COLUMNS}"
    );
    let job = tx
        .prepare_cached(&sql)?
        .query_row(named_params! { ":now": now, ":lease_ms": lease_ms, ":id": due.id }, read)?;
    Ok(Some(job))
}

/// Whether the job still runs and its lease is still this holder's.
pub fn is_held(conn: &Connection, job: &Job) -> Result<bool> {
    let held = conn
        .prepare_cached(
            "SELECT 1
             FROM jobs
             WHERE id = ?1
               AND lease = ?2
               AND status IN ('queued', 'processing')",
        )?
        .exists((job.id, job.lease))?;
    Ok(held)
}

struct Due {
    id: JobId,
    priority: i64,
    due_at: Millis,
}

impl Due {
    fn before(&self, other: &Self) -> bool {
        (-self.priority, self.due_at, self.id) < (-other.priority, other.due_at, other.id)
    }
}

/// Walks down the few priorities in use, so that however many jobs of a step wait for a later
/// time, none of them is looked at. Both queries repeat the condition of the index `jobs_claim`.
fn most_urgent(conn: &Connection, step: Step, now: Millis) -> Result<Option<Due>> {
    let mut below: Option<i64> = None;
    loop {
        let priority: Option<i64> = conn
            .prepare_cached(NEXT_PRIORITY)?
            .query_row((step.word(), below.unwrap_or(i64::MAX)), |row| row.get(0))
            .optional()?;
        let Some(priority) = priority else { return Ok(None) };
        let due = conn
            .prepare_cached(FIRST_DUE)?
            .query_row((step.word(), priority, now), |row| {
                Ok(Due { id: row.get(0)?, due_at: row.get(1)?, priority })
            })
            .optional()?;
        if due.is_some() {
            return Ok(due);
        }
        if priority == i64::MIN {
            return Ok(None);
        }
        below = Some(priority - 1);
    }
}

pub(super) const NEXT_PRIORITY: &str = "SELECT priority
     FROM jobs
     WHERE status IN ('queued', 'processing')
       AND step = ?1
       AND priority <= ?2
     ORDER BY priority DESC
     LIMIT 1";

pub(super) const FIRST_DUE: &str = "SELECT id, due_at
     FROM jobs
     WHERE status IN ('queued', 'processing')
       AND step = ?1
       AND priority = ?2
       AND due_at <= ?3
     ORDER BY due_at
     LIMIT 1";

pub(super) const NEXT_DUE: &str = "SELECT MIN(due_at)
     FROM jobs
     WHERE status IN ('queued', 'processing')";

/// When the next live job needs a thread; may be in the past.
pub fn next_due(conn: &Connection) -> Result<Option<Millis>> {
    Ok(conn.prepare_cached(NEXT_DUE)?.query_row([], |row| row.get(0))?)
}
