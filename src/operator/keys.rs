//! The health of the provider's keys, never the keys.

use anyhow::Result;
use rusqlite::{Connection, OptionalExtension as _, named_params};
use serde::Serialize;

use crate::clock::{DAY, Millis, SECOND};

/// createTasks that a key's success rate looks at, the newest of the last 24 hours.
const SUBMITS: i64 = 500;
/// Points of a trend.
const POINTS: i64 = 48;

/// One key. Times are unix milliseconds, balances the provider's credits.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Key {
    /// From 1: what `neurocards keys unblock N` takes.
    pub position: i64,
    /// What it is known by.
    pub fingerprint: String,
    /// False: it left the configuration.
    pub configured: bool,
    /// `billing`, `rate_limit` or `operator`; none: free.
    pub blocked_class: Option<String>,
    /// Until when it is left alone.
    pub blocked_until: Option<Millis>,
    /// In the provider's or the operator's words.
    pub blocked_why: Option<String>,
    /// What its account had, when last asked.
    pub balance: Option<f64>,
    /// When that was.
    pub balance_at: Option<Millis>,
    /// The operator wants to know now, and there is no answer yet.
    pub ask_balance: bool,
    /// Why the last question had no balance for an answer.
    pub balance_error: Option<String>,
    /// Against what the account had 24 hours ago, or as far back as is known.
    pub balance_change_24h: Option<f64>,
    /// The balance over the last 24 hours, oldest first, at most 48 points.
    pub balance_trend: Vec<Point>,
    /// Videos of the cheapest model that the balance pays for.
    pub videos_left: Option<i64>,
    /// Tasks that run with it now, as they count against its limit.
    pub running: i64,
    /// createTasks of the last 10 s.
    pub submits_10s: i64,
    /// Of the last 500 createTasks of the last 24 hours, those that were accepted, from 0 to 1;
    /// none: there were none.
    pub success_rate: Option<f64>,
    /// When it was last chosen.
    pub used_at: Option<Millis>,
}

/// What an account had.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Point {
    /// Unix milliseconds.
    pub at: Millis,
    /// The provider's credits.
    pub balance: f64,
}

/// All keys in the order of the configuration, then those that left it. `video_credits`: what the
/// cheapest model's video costs, in the provider's credits; 0: nobody knows.
pub fn read(conn: &Connection, video_credits: f64, now: Millis) -> Result<Vec<Key>> {
    let mut found = conn.prepare_cached(KEYS)?;
    let rows = found.query_map(named_params! { ":since": now - 10 * SECOND }, |row| {
        let until: Option<Millis> = row.get("blocked_until")?;
        let blocked = until.is_some_and(|until| until > now);
        let balance: Option<f64> = row.get("balance")?;
        let left = balance.filter(|_| video_credits > 0.0);
        Ok(Key {
            position: row.get("position")?,
            fingerprint: row.get("fingerprint")?,
            configured: row.get("configured")?,
            // A block that ran out stays in its row until the key is used again.
            blocked_class: if blocked { row.get("blocked_class")? } else { None },
            blocked_until: until.filter(|_| blocked),
            blocked_why: if blocked { row.get("blocked_why")? } else { None },
            balance,
            balance_at: row.get("balance_at")?,
            ask_balance: row.get("ask_balance")?,
            balance_error: row.get("balance_error")?,
            balance_change_24h: None,
            balance_trend: Vec::new(),
            videos_left: left.map(|balance| (balance / video_credits).floor().max(0.0) as i64),
            running: row.get("running")?,
            submits_10s: row.get("submits_10s")?,
            success_rate: None,
            used_at: row.get("used_at")?,
        })
    })?;
    let mut keys: Vec<Key> = rows.collect::<rusqlite::Result<_>>()?;
    for key in &mut keys {
        key.success_rate = success_rate(conn, &key.fingerprint, now)?;
        let before = balance_at(conn, &key.fingerprint, now - DAY)?;
        key.balance_trend = trend(conn, &key.fingerprint, now)?;
        let then = before.or_else(|| key.balance_trend.first().map(|point| point.balance));
        key.balance_change_24h = key.balance.zip(then).map(|(now, then)| now - then);
    }
    Ok(keys)
}

const KEYS: &str = "SELECT position, fingerprint, configured, blocked_class, blocked_until,
        blocked_why, balance, balance_at, ask_balance, balance_error, used_at,
        (SELECT COUNT(*)
         FROM jobs j
         WHERE j.api_key = k.fingerprint
           AND j.status IN ('queued', 'processing')
           AND j.kie_task_id IS NOT NULL
           AND j.step = 'render') AS running,
        (SELECT COUNT(*)
         FROM submits s
         WHERE s.api_key = k.fingerprint
           AND s.outcome <> 'unsent'
           AND s.ended_at > :since)
        -- Apart, since an OR would walk all that the key was ever asked.
        + (SELECT COUNT(*)
           FROM submits s
           WHERE s.api_key = k.fingerprint
             AND s.outcome <> 'unsent'
             AND s.ended_at IS NULL) AS submits_10s
     FROM api_keys k
     ORDER BY configured DESC, position
     LIMIT 1000";

fn success_rate(conn: &Connection, key: &str, now: Millis) -> Result<Option<f64>> {
    let rate = conn
        .prepare_cached(
            "SELECT AVG(accepted)
             FROM (SELECT outcome = 'accepted' AS accepted
                   FROM submits
                   WHERE api_key = :key
                     AND outcome <> 'unsent'
                     AND ended_at > :since
                   ORDER BY ended_at DESC
                   LIMIT :most)",
        )?
        .query_row(named_params! { ":key": key, ":since": now - DAY, ":most": SUBMITS }, |row| {
            row.get(0)
        })?;
    Ok(rate)
}

/// What was known then.
fn balance_at(conn: &Connection, key: &str, then: Millis) -> Result<Option<f64>> {
    let balance = conn
        .prepare_cached(
            "SELECT balance
             FROM balances
             WHERE api_key = :key
               AND at <= :then
             ORDER BY at DESC
             LIMIT 1",
        )?
        .query_row(named_params! { ":key": key, ":then": then }, |row| row.get(0))
        .optional()?;
    Ok(balance)
}

/// The last balance of each half hour.
fn trend(conn: &Connection, key: &str, now: Millis) -> Result<Vec<Point>> {
    let mut found = conn.prepare_cached(
        "SELECT MAX(at) AS at, balance
         FROM balances
         WHERE api_key = :key
           AND at > :since
           AND at <= :now
         GROUP BY (at - :since - 1) / :span
         ORDER BY 1",
    )?;
    let params = named_params! {
        ":key": key, ":since": now - DAY, ":now": now, ":span": DAY / POINTS,
    };
    let points = found
        .query_map(params, |row| Ok(Point { at: row.get("at")?, balance: row.get("balance")? }))?;
    Ok(points.collect::<rusqlite::Result<_>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{HOUR, MINUTE};
    use crate::operator::tests::sample;

    #[test]
    fn a_block_is_shown_until_it_runs_out() {
        let (conn, now) = sample();
        let keys = read(&conn, 100.0, now).unwrap();
        assert_eq!((keys[0].running, keys[0].submits_10s), (1, 1));
        assert_eq!((keys[0].success_rate, keys[0].videos_left), (Some(1.0), Some(12)));
        assert_eq!(keys[1].blocked_class.as_deref(), Some("billing"));
        assert_eq!((keys[1].success_rate, keys[1].videos_left), (None, None));
        conn.execute("UPDATE jobs SET step = 'fetch' WHERE id = 3", []).unwrap();
        assert_eq!(read(&conn, 0.0, now).unwrap()[0].running, 0, "rendered: it counts no more");
        let later = read(&conn, 0.0, now + 3 * HOUR).unwrap();
        assert_eq!((later[1].blocked_class.clone(), later[0].videos_left), (None, None));
    }

    #[test]
    fn a_trend_has_a_point_for_each_half_hour_and_a_change_over_the_day() {
        let (conn, now) = sample();
        for at in 0..300 {
            conn.execute(
                "INSERT INTO balances (api_key, at, balance) VALUES ('aaaa', ?1, ?2)",
                (now - at * 10 * MINUTE, 1_200.5 + at as f64),
            )
            .unwrap();
        }
        let key = &read(&conn, 100.0, now).unwrap()[0];
        assert_eq!(key.balance_trend.len(), 48);
        assert_eq!(key.balance_trend[47], Point { at: now, balance: 1_200.5 });
        assert!(key.balance_trend.is_sorted_by_key(|point| point.at));
        assert_eq!(key.balance_change_24h, Some(-144.0));
    }
}
