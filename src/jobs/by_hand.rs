//! The operator's hand on a live job: sooner, or before the others.

use super::Step;
use crate::clock::Millis;
use crate::db::{JobId, Tx};
use anyhow::Result;
use rusqlite::{Connection, OptionalExtension as _};

/// The highest priority that the operator's hand gives.
pub const TOP_PRIORITY: i64 = 9;

/// Where a job stands, for whoever wants to change that by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stand {
    /// It has not ended.
    pub live: bool,
    /// Somebody works on it now.
    pub leased: bool,
    /// What it needs next.
    pub step: Step,
    /// When.
    pub due_at: Millis,
    /// The higher goes first.
    pub priority: i64,
}

/// `None`: there is no such job.
pub fn stand(conn: &Connection, id: JobId) -> Result<Option<Stand>> {
    Ok(conn
        .prepare_cached(
            "SELECT finished_at IS NULL, leased_at IS NOT NULL, step, due_at, priority
             FROM jobs
             WHERE id = ?1",
        )?
        .query_row([id], |row| {
            Ok(Stand {
                live: row.get(0)?,
                leased: row.get(1)?,
                step: Step::of(&row.get::<_, String>(2)?),
                due_at: row.get(3)?,
                priority: row.get(4)?,
            })
        })
        .optional()?)
}

/// Ends a live job's wait, unless somebody works on it.
pub fn hurry(tx: &Tx<'_>, id: JobId, now: Millis) -> Result<()> {
    tx.execute(
        "UPDATE jobs
         SET due_at = ?2
         WHERE id = ?1
           AND status IN ('queued', 'processing')
           AND leased_at IS NULL
           AND due_at > ?2",
        (id, now),
    )?;
    Ok(())
}

/// Lets a live job go before others.
pub fn prioritize(tx: &Tx<'_>, id: JobId, priority: i64) -> Result<()> {
    tx.execute(
        "UPDATE jobs
         SET priority = ?2
         WHERE id = ?1
           AND status IN ('queued', 'processing')",
        (id, priority),
    )?;
    Ok(())
}
