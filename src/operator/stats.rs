//! The sums for `neurocards stats`. Users and their credits are counted one by one: for a command,
//! not for a screen.

use anyhow::Result;
use rusqlite::Connection;
use serde::Serialize;

use super::overview::{Period, Waiting, period, steps};
use super::ratings::{self, Rated};
use crate::clock::Millis;

/// Times are unix milliseconds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Stats {
    /// When this was read.
    pub now: Millis,
    /// Since midnight in the configured time zone.
    pub today: Period,
    /// The last 24 hours.
    pub day: Period,
    /// Steps with unfinished jobs, in the order of the work.
    pub queue: Vec<Waiting>,
    /// Everybody who ever wrote to the bot.
    pub users: i64,
    /// Credits that customers have now, what is held not counted.
    pub credits_outstanding: i64,
    /// Credits held for unfinished videos.
    pub credits_held: i64,
    /// What customers think of their videos, by template and model.
    pub ratings: Vec<Rated>,
}

/// Sums up.
pub fn read(conn: &Connection, midnight: Millis, now: Millis) -> Result<Stats> {
    let (today, day, _) = period::read(conn, midnight, now)?;
    let number = |sql| conn.query_row(sql, [], |row| row.get(0));
    Ok(Stats {
        now,
        today,
        day,
        queue: steps::queue(conn, now)?,
        users: number("SELECT COUNT(*) FROM users")?,
        credits_outstanding: number("SELECT COALESCE(SUM(credits), 0) FROM users")?,
        // Whoever holds credits runs: the live jobs are few, the ledger is long.
        credits_held: number(
            "SELECT COALESCE(-SUM(h.delta), 0)
             FROM jobs j
             CROSS JOIN ledger h ON h.job_id = j.id AND h.kind = 'hold'
             WHERE j.status IN ('queued', 'processing')",
        )?,
        ratings: ratings::read(conn)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::HOUR;
    use crate::operator::tests::sample;

    #[test]
    fn what_customers_have_and_what_is_held_are_apart() {
        let (conn, now) = sample();
        let stats = read(&conn, now - 2 * HOUR, now).unwrap();
        assert_eq!((stats.credits_outstanding, stats.credits_held, stats.users), (3, 1, 2));
        assert_eq!((stats.today.orders, stats.day.videos, stats.queue.len()), (1, 1, 1));
    }
}
