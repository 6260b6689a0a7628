//! What an action would do, for the question before it.

use crate::db::JobId;
use anyhow::Result;
use rusqlite::{Connection, OptionalExtension as _};
use serde::Serialize;

/// What canceling these jobs would do.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Cancel {
    /// Jobs that would end.
    pub live: usize,
    /// Jobs that have ended already, or do not exist.
    pub ended: usize,
    /// Credits that would go back.
    pub credits: i64,
    /// Of the live ones, those that the provider works on: they are paid all the same.
    pub rendering: usize,
}

/// Counts it; changes nothing.
pub fn cancel(conn: &Connection, jobs: &[JobId]) -> Result<Cancel> {
    let mut effect = Cancel::default();
    let mut query = conn.prepare_cached(
        "SELECT kie_task_id IS NOT NULL,
                COALESCE((SELECT -h.delta
                          FROM ledger h
                          WHERE h.job_id = jobs.id
                            AND h.kind = 'hold'), 0)
         FROM jobs
         WHERE id = ?1
           AND status IN ('queued', 'processing')",
    )?;
    for job in jobs {
        let found: Option<(bool, i64)> =
            query.query_row([job], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        match found {
            Some((rendering, credits)) => {
                effect.live += 1;
                effect.credits += credits;
                effect.rendering += usize::from(rendering);
            }
            None => effect.ended += 1,
        }
    }
    Ok(effect)
}
