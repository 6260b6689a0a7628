//! What whoever watches the appliance is told: how everything stands now, and, in [`news`], what has
//! happened since they last looked. Short queries that walk indexes, like all of this room.

pub mod news;

use anyhow::Result;
use rusqlite::Connection;
use std::collections::BTreeMap;

use super::head::{self, Head};
use super::keys::{self, Key};
use super::overview::{Delay, Waiting, steps};
use super::{alerts, models};
use crate::clock::Millis;
use crate::orders::Shop;
use crate::tickets;

/// Open alerts that are counted; there is one row per cause.
const ALERTS: u32 = 1_000;

/// How everything stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    /// Whether it lives, sells and submits.
    pub head: Head,
    /// Live jobs by status and step.
    pub live: Vec<(String, String, i64)>,
    /// Since when they are there, by step.
    pub queue: Vec<Waiting>,
    /// Credits that live jobs hold.
    pub held: i64,
    /// The keys.
    pub keys: Vec<Key>,
    /// The models, and whether each is asked.
    pub models: Vec<(String, bool)>,
    /// Messages on their way.
    pub telegram: Delay,
    /// Updates on their way.
    pub inbox: Delay,
    /// Open alerts by the first word of their cause.
    pub alerts: BTreeMap<String, u64>,
    /// Questions of customers that wait for an answer, and since when the first of them does.
    pub tickets: Option<(i64, Millis)>,
    /// Payments that were ever given back, and their Stars.
    pub refunds: (i64, i64),
}

/// Reads it.
pub fn read(conn: &Connection, shop: &Shop, pulse: head::Pulse, now: Millis) -> Result<Standing> {
    Ok(Standing {
        head: head::read(conn, shop, pulse, now)?,
        live: live(conn)?,
        queue: steps::queue(conn, now)?,
        held: held(conn)?,
        keys: keys::read(conn, shop.least_price(), now)?,
        models: models::open(conn, shop, now)?,
        telegram: steps::telegram(conn, now)?,
        inbox: steps::inbox(conn, now)?,
        alerts: open_alerts(conn)?,
        tickets: tickets::waiting_for_us(conn)?,
        refunds: refunds(conn)?,
    })
}

fn live(conn: &Connection) -> Result<Vec<(String, String, i64)>> {
    let mut found = conn.prepare_cached(
        "SELECT status, step, COUNT(*)
         FROM jobs
         WHERE status IN ('queued', 'processing')
         GROUP BY status, step",
    )?;
    let rows = found.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// From the live jobs to their holds: the other way round all that was ever held would be read.
fn held(conn: &Connection) -> Result<i64> {
    Ok(conn
        .prepare_cached(
            "SELECT COALESCE(SUM(-delta), 0)
             FROM jobs
             CROSS JOIN ledger ON ledger.job_id = jobs.id
                              AND ledger.kind = 'hold'
             WHERE jobs.status IN ('queued', 'processing')",
        )?
        .query_row([], |row| row.get(0))?)
}

/// A cause may go on with a key's fingerprint or a customer's id: its first word is the kind.
fn open_alerts(conn: &Connection) -> Result<BTreeMap<String, u64>> {
    let mut kinds = BTreeMap::new();
    for alert in alerts::read(conn, ALERTS)? {
        let kind = alert.cause.split(':').next().unwrap_or_default().to_owned();
        *kinds.entry(kind).or_default() += 1;
    }
    Ok(kinds)
}

fn refunds(conn: &Connection) -> Result<(i64, i64)> {
    Ok(conn
        .prepare_cached(
            "SELECT COUNT(*), COALESCE(SUM(stars), 0)
             FROM payments
             WHERE refunded_at IS NOT NULL",
        )?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SECOND;
    use crate::operator::tests::{sample, shop};

    #[test]
    fn everything_stands_as_the_database_says() {
        let (conn, now) = sample();
        let pulse = head::Pulse { alive_within: 30 * SECOND, wall: None };
        let all = read(&conn, &shop(), pulse, now).unwrap();
        assert_eq!(all.live, [("processing".to_owned(), "render".to_owned(), 1)]);
        assert_eq!((all.held, all.refunds), (1, (0, 0)));
        assert_eq!(all.alerts, BTreeMap::from([("billing".to_owned(), 1), ("gpt".to_owned(), 1)]));
        assert_eq!(all.models.iter().map(|(_, open)| *open).collect::<Vec<_>>(), [true, false]);
        assert_eq!((all.keys.len(), all.telegram.waiting, all.inbox.waiting), (2, 1, 1));
    }

    #[test]
    fn what_is_given_back_is_counted_with_its_stars() {
        let (conn, now) = sample();
        let refund = "UPDATE payments SET refunded_at = ?1, taken_back = 5, owed = 0";
        conn.execute(refund, [now]).unwrap();
        assert_eq!(refunds(&conn).unwrap(), (1, 150));
    }
}
