//! Who works on what: the claim. While submits are held, or where the key has no room, what waits
//! for its createTask is neither claimed nor due, however much that is.

use super::waiting::{self, Gate};
use super::{Job, Step};
use crate::clock::Millis;
use crate::db::{JobId, Tx};
use crate::instance;
use crate::keys::Limits;
use anyhow::Result;
use rusqlite::{Connection, OptionalExtension as _, named_params};

/// Leases the most urgent due job among `steps` for `lease_ms`: by priority, then by due time.
/// A lease that it finds expired is a strike against the job.
pub fn claim(
    tx: &Tx<'_>,
    steps: &[Step],
    limits: Limits,
    lease_ms: Millis,
    now: Millis,
) -> Result<Option<Job>> {
    let held = instance::state(tx)?.holds_submits();
    let mut best: Option<Due> = None;
    for step in steps.iter().filter(|step| !held || **step != Step::Submit) {
        let due = match step {
            Step::Submit => waiting::most_urgent(tx, limits, now)?,
            step => most_urgent(tx, *step, now)?,
        };
        if let Some(due) = due
            && best.as_ref().is_none_or(|best| due.before(best))
        {
            best = Some(due);
        }
    }
    let Some(due) = best else { return Ok(None) };
    let params = named_params! { ":now": now, ":lease_ms": lease_ms, ":id": due.id };
    if tx.prepare_cached(LEASE)?.execute(params)? == 0 {
        tx.prepare_cached(FIRST_LEASE)?.execute(params)?;
    }
    super::get(tx, due.id)
}

/// Not with RETURNING, for which SQLite sets up a table of its own each time; and no column is named
/// that stays as it is, for it would be written anew in all of its indexes.
const LEASE: &str = "UPDATE jobs
     SET lease = lease + 1,
         strikes = strikes + (leased_at IS NOT NULL),
         leased_at = :now,
         due_at = :now + :lease_ms,
         started_at = COALESCE(started_at, :now),
         step_since = COALESCE(step_since, :now)
     WHERE id = :id
       AND status = 'processing'";

const FIRST_LEASE: &str = "UPDATE jobs
     SET lease = lease + 1,
         strikes = strikes + (leased_at IS NOT NULL),
         leased_at = :now,
         due_at = :now + :lease_ms,
         status = 'processing',
         started_at = COALESCE(started_at, :now),
         step_since = COALESCE(step_since, :now)
     WHERE id = :id
       AND status = 'queued'";

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

pub(super) struct Due {
    pub(super) id: JobId,
    pub(super) priority: i64,
    pub(super) due_at: Millis,
}

impl Due {
    pub(super) fn before(&self, other: &Self) -> bool {
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

/// When the next live job needs a thread; may be in the past.
pub fn next_due(conn: &Connection, limits: Limits, now: Millis) -> Result<Option<Millis>> {
    if instance::state(conn)?.holds_submits() {
        return next_due_but_submits(conn);
    }
    let groups = waiting::groups(conn)?;
    let mut soonest = [next_due_but_submits(conn)?, waiting::next_expiry(conn)?];
    for group in &groups {
        let at = match waiting::gate(conn, group, limits, now)? {
            Gate::Open => waiting::next_due(conn, group)?,
            Gate::From(at) => waiting::next_due(conn, group)?.map(|due| due.max(at)),
            // What opens it is a commit to `jobs`, and that rings.
            Gate::Closed => None,
        };
        soonest[0] = soonest[0].into_iter().chain(at).min();
    }
    Ok(soonest.into_iter().flatten().min())
}

/// Asks for each step and priority, so that no submit is looked at.
fn next_due_but_submits(conn: &Connection) -> Result<Option<Millis>> {
    let mut soonest: Option<Millis> = None;
    let mut first = conn.prepare_cached(FIRST_OF_PRIORITY)?;
    for step in Step::ALL.into_iter().filter(|step| *step != Step::Submit) {
        let mut below = Some(i64::MAX);
        while let Some(most) = below {
            let next: Option<(i64, Millis)> = first
                .query_row((step.word(), most), |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()?;
            let Some((priority, due_at)) = next else { break };
            soonest = Some(soonest.map_or(due_at, |soonest| soonest.min(due_at)));
            below = priority.checked_sub(1);
        }
    }
    Ok(soonest)
}

pub(super) const FIRST_OF_PRIORITY: &str = "SELECT priority, due_at
     FROM jobs
     WHERE status IN ('queued', 'processing')
       AND step = ?1
       AND priority <= ?2
     ORDER BY priority DESC, due_at
     LIMIT 1";
