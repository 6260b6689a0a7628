//! The models in the order in which they are asked, and how they serve.

use std::collections::HashMap;

use anyhow::Result;
use rusqlite::{Connection, named_params};
use serde::Serialize;

use crate::clock::Millis;
use crate::orders::Shop;

/// Ended jobs that are looked at, the newest.
const JOBS: i64 = 2_000;
/// Of these, as many of one model.
const JOBS_OF_ONE: usize = 500;
/// Lines of all stories that are looked at for renders, the newest.
const EVENTS: i64 = 4_000;

/// One model. Times are unix milliseconds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Model {
    /// As the provider calls it.
    pub name: String,
    /// Its turn, from 1.
    pub position: usize,
    /// Whether it is asked.
    pub state: State,
    /// What the catalogue says that a video costs, in the provider's credits.
    pub about_credits: Option<f64>,
    /// A video's length.
    pub video_seconds: Option<u32>,
    /// Of its last 500 ended jobs.
    pub done: usize,
    /// Of its last 500 ended jobs, without what broke the provider's rules.
    pub failed: usize,
    /// Done of done and failed, from 0 to 1; none: it was not asked lately.
    pub success_rate: Option<f64>,
    /// The middle one of its last renders, in seconds.
    pub median_seconds: Option<f64>,
    /// What its last videos cost on average, in the provider's credits.
    pub credits_per_video: Option<f64>,
}

/// Whether a model is asked.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum State {
    /// Yes.
    Open,
    /// The provider said that it is off: it is tried again then.
    Paused {
        /// Until when.
        until: Millis,
        /// In the provider's words.
        reason: Option<String>,
    },
    /// The operator switched it off.
    Off {
        /// Since when.
        since: Millis,
    },
    /// The catalogue says that it is off for good.
    Ended {
        /// From this day (ISO) on.
        day: String,
    },
    /// The catalogue does not know it.
    Unknown,
}

/// The configured models in their order, then those that only a choice has.
pub fn read(conn: &Connection, shop: &Shop, now: Millis) -> Result<Vec<Model>> {
    let known = known(conn)?;
    let renders = renders(conn)?;
    let record = record(conn)?;
    let names = shop.models();
    Ok(names
        .iter()
        .enumerate()
        .map(|(at, name)| {
            let entry = shop.catalogue.get(name);
            let state = state(shop, &known, name, now);
            let none = Record::default();
            let record = record.get(name).unwrap_or(&none);
            let ended = record.done + record.failed;
            Model {
                name: name.clone(),
                position: at + 1,
                state,
                about_credits: entry.map(|entry| entry.about_credits),
                video_seconds: entry.map(|entry| entry.seconds),
                done: record.done,
                failed: record.failed,
                success_rate: (ended > 0).then(|| record.done as f64 / ended as f64),
                median_seconds: renders.get(name).map(|ms| *ms as f64 / 1_000.0),
                credits_per_video: (record.priced > 0)
                    .then(|| record.credits / record.priced as f64),
            }
        })
        .collect())
}

/// The names of the same, and whether each is asked.
pub fn open(conn: &Connection, shop: &Shop, now: Millis) -> Result<Vec<(String, bool)>> {
    let known = known(conn)?;
    let is_open = |name: &String| state(shop, &known, name, now) == State::Open;
    Ok(shop.models().iter().map(|name| (name.clone(), is_open(name))).collect())
}

fn state(shop: &Shop, known: &HashMap<String, Known>, name: &str, now: Millis) -> State {
    let entry = shop.catalogue.get(name);
    let ended = entry.and_then(|entry| entry.ended.clone());
    match (entry, ended, known.get(name)) {
        (None, ..) => State::Unknown,
        (_, Some(day), _) => State::Ended { day },
        (.., Some(known)) => known.state(now),
        (.., None) => State::Open,
    }
}

struct Known {
    paused_until: Option<Millis>,
    reason: Option<String>,
    off_at: Option<Millis>,
}

impl Known {
    fn state(&self, now: Millis) -> State {
        match (self.off_at, self.paused_until) {
            (Some(since), _) => State::Off { since },
            (_, Some(until)) if until > now => State::Paused { until, reason: self.reason.clone() },
            _ => State::Open,
        }
    }
}

fn known(conn: &Connection) -> Result<HashMap<String, Known>> {
    let mut found = conn.prepare_cached(
        "SELECT name, paused_until, reason, off_at
         FROM models
         LIMIT 1000",
    )?;
    let rows = found.query_map([], |row| {
        let (paused_until, reason) = (row.get("paused_until")?, row.get("reason")?);
        Ok((row.get("name")?, Known { paused_until, reason, off_at: row.get("off_at")? }))
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

#[derive(Default)]
struct Record {
    done: usize,
    failed: usize,
    priced: usize,
    credits: f64,
}

/// How the last jobs of each model ended.
fn record(conn: &Connection) -> Result<HashMap<String, Record>> {
    let mut found = conn.prepare_cached(
        "SELECT model, status, provider_credits
         FROM (SELECT model, status, provider_credits, error_class
               FROM jobs
               WHERE finished_at IS NOT NULL
               ORDER BY finished_at DESC
               LIMIT :most)
         WHERE model IS NOT NULL
           AND status IN ('done', 'failed')
           AND error_class IS NOT 'user_violation'",
    )?;
    let mut records: HashMap<String, Record> = HashMap::new();
    let mut rows = found.query(named_params! { ":most": JOBS })?;
    while let Some(row) = rows.next()? {
        let record = records.entry(row.get("model")?).or_default();
        if record.done + record.failed == JOBS_OF_ONE {
            continue;
        }
        match row.get_ref("status")?.as_str()? {
            "done" => record.done += 1,
            _ => record.failed += 1,
        }
        if let Some(credits) = row.get::<_, Option<f64>>("provider_credits")? {
            record.priced += 1;
            record.credits += credits;
        }
    }
    Ok(records)
}

/// The middle one of each model's last renders, in milliseconds.
fn renders(conn: &Connection) -> Result<HashMap<String, Millis>> {
    let mut found = conn.prepare_cached(
        "SELECT j.model, e.duration_ms
         FROM (SELECT job_id, what, duration_ms
               FROM events
               ORDER BY id DESC
               LIMIT :most) AS e
         JOIN jobs j ON j.id = e.job_id
         WHERE e.what = 'rendered'
           AND e.duration_ms IS NOT NULL
           AND j.model IS NOT NULL",
    )?;
    let rows = found.query_map(named_params! { ":most": EVENTS }, |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, Millis>(1)?))
    })?;
    let mut took: HashMap<String, Vec<Millis>> = HashMap::new();
    for row in rows {
        let (model, ms) = row?;
        took.entry(model).or_default().push(ms);
    }
    let middle = took.into_iter().filter_map(|(model, mut spans)| {
        spans.sort_unstable();
        spans.get((spans.len() - 1) / 2).map(|ms| (model, *ms))
    });
    Ok(middle.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operator::tests::{sample, shop};

    #[test]
    fn a_model_says_how_it_serves_and_why_not() {
        let (conn, now) = sample();
        let shop = shop();
        let models = read(&conn, &shop, now).unwrap();
        let mini = &models[0];
        assert_eq!((mini.position, mini.done, mini.failed), (1, 1, 0), "no rule was broken by it");
        assert_eq!((mini.median_seconds, mini.credits_per_video), (Some(60.0), Some(45.5)));
        assert_eq!((mini.state.clone(), mini.success_rate), (State::Open, Some(1.0)));
        let (until, reason) = (now + 60_000, Some("off".to_owned()));
        assert_eq!(models[1].state, State::Paused { until, reason });
        conn.execute("UPDATE models SET off_at = 5", []).unwrap();
        assert_eq!(read(&conn, &shop, now).unwrap()[1].state, State::Off { since: 5 });
        conn.execute("UPDATE models SET off_at = NULL", []).unwrap();
        assert_eq!(read(&conn, &shop, now + 60_000).unwrap()[1].state, State::Open);
    }
}
