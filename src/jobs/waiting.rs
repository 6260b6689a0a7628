//! What waits for its createTask, by key and model: whom the key's limits keep waiting costs nothing
//! meanwhile, and is there when there is room. Where it is not known whether a key or a model
//! serves, one job asks and the others wait for its answer.

use super::Step;
use super::claim::Due;
use crate::clock::Millis;
use crate::keys::{self, Limits, Room};
use crate::models;
use anyhow::Result;
use rusqlite::{Connection, OptionalExtension as _, named_params};

/// The jobs that wait for the same; both empty: for nobody that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Group {
    key: String,
    model: String,
}

/// Whether one of a group may be claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gate {
    Open,
    /// Not before this time.
    From(Millis),
    /// Not before something else has ended.
    Closed,
}

/// All of them: as many as there are pairs of a key and a model, however many jobs there are.
pub(super) fn groups(conn: &Connection) -> Result<Vec<Group>> {
    let mut groups: Vec<Group> = Vec::new();
    loop {
        let next = match groups.last() {
            None => group(conn, FIRST_GROUP, &[])?,
            Some(Group { key, model }) => match group(conn, NEXT_OF_KEY, &[key, model])? {
                None => group(conn, NEXT_KEY, &[key])?,
                next => next,
            },
        };
        let Some(next) = next else { return Ok(groups) };
        groups.push(next);
    }
}

fn group(conn: &Connection, sql: &str, after: &[&String]) -> Result<Option<Group>> {
    let read = |row: &rusqlite::Row<'_>| Ok(Group { key: row.get(0)?, model: row.get(1)? });
    let after = rusqlite::params_from_iter(after);
    Ok(conn.prepare_cached(sql)?.query_row(after, read).optional()?)
}

const FIRST_GROUP: &str = "SELECT COALESCE(api_key, ''), COALESCE(model, '')
     FROM jobs INDEXED BY jobs_submits
     WHERE status IN ('queued', 'processing')
       AND step = 'submit'
     ORDER BY COALESCE(api_key, ''), COALESCE(model, '')
     LIMIT 1";

const NEXT_OF_KEY: &str = "SELECT COALESCE(api_key, ''), COALESCE(model, '')
     FROM jobs INDEXED BY jobs_submits
     WHERE status IN ('queued', 'processing')
       AND step = 'submit'
       AND COALESCE(api_key, '') = ?1
       AND COALESCE(model, '') > ?2
     ORDER BY COALESCE(model, '')
     LIMIT 1";

const NEXT_KEY: &str = "SELECT COALESCE(api_key, ''), COALESCE(model, '')
     FROM jobs INDEXED BY jobs_submits
     WHERE status IN ('queued', 'processing')
       AND step = 'submit'
       AND COALESCE(api_key, '') > ?1
     ORDER BY COALESCE(api_key, ''), COALESCE(model, '')
     LIMIT 1";

/// Whoever waits for a key or a model that is out of service is let through, to choose again.
pub(super) fn gate(conn: &Connection, group: &Group, limits: Limits, now: Millis) -> Result<Gate> {
    let Group { key, model } = group;
    if !in_service(conn, key, now)? || models::paused(conn, now)?.contains(model) {
        return Ok(Gate::Open);
    }
    let claimed = claimed(conn, Whose::Key(key), now)?;
    if (claimed > 0 || is_sending(conn, Whose::Key(key))?)
        && keys::in_doubt(conn, key, limits, now)?
    {
        return Ok(Gate::Closed);
    }
    if models::in_doubt(conn, model, now)?
        && (self::claimed(conn, Whose::Model(model), now)? > 0
            || is_sending(conn, Whose::Model(model))?)
    {
        return Ok(Gate::Closed);
    }
    Ok(match keys::room(conn, key, limits, claimed, now)? {
        Room::Free => Gate::Open,
        Room::From(at) => Gate::From(at),
        Room::Later => Gate::Closed,
    })
}

fn in_service(conn: &Connection, key: &str, now: Millis) -> Result<bool> {
    let serves = conn
        .prepare_cached(
            "SELECT 1
             FROM api_keys
             WHERE fingerprint = ?1
               AND configured = 1
               AND (blocked_until IS NULL OR blocked_until <= ?2)",
        )?
        .exists((key, now))?;
    Ok(serves)
}

/// What of a group is asked about.
#[derive(Clone, Copy)]
enum Whose<'a> {
    Key(&'a str),
    Model(&'a str),
}

impl<'a> Whose<'a> {
    fn name(self) -> &'a str {
        match self {
            Self::Key(name) | Self::Model(name) => name,
        }
    }
}

/// Jobs whose lease for a submit lasts: their call is under way, or will be in a moment.
fn claimed(conn: &Connection, whose: Whose<'_>, now: Millis) -> Result<i64> {
    Ok(conn
        .prepare_cached(
            "SELECT COUNT(*)
             FROM jobs
             WHERE leased_at IS NOT NULL
               AND step = 'submit'
               AND due_at > :now
               AND CASE WHEN :by_key THEN api_key ELSE model END = :name",
        )?
        .query_row(
            named_params! {
                ":by_key": matches!(whose, Whose::Key(_)), ":name": whose.name(), ":now": now,
            },
            |row| row.get(0),
        )?)
}

fn is_sending(conn: &Connection, whose: Whose<'_>) -> Result<bool> {
    Ok(conn
        .prepare_cached(
            "SELECT 1
             FROM submits INDEXED BY submits_open
             WHERE outcome = 'sending'
               AND CASE WHEN ?1 THEN api_key ELSE model END = ?2",
        )?
        .exists((matches!(whose, Whose::Key(_)), whose.name()))?)
}

/// The most urgent of those that have room; before them one whose holder is gone, whatever room
/// there is: it may be what takes it.
pub(super) fn most_urgent(conn: &Connection, limits: Limits, now: Millis) -> Result<Option<Due>> {
    let read = |row: &rusqlite::Row<'_>| {
        Ok(Due { id: row.get(0)?, due_at: row.get(1)?, priority: row.get(2)? })
    };
    let expired =
        conn.prepare_cached(EXPIRED)?.query_row((Step::Submit.word(), now), read).optional()?;
    if expired.is_some() {
        return Ok(expired);
    }
    let mut best: Option<Due> = None;
    for group in groups(conn)? {
        let mut below = Some(i64::MAX);
        let mut due = None;
        while let (None, Some(most)) = (&due, below) {
            let Some((priority, _)) = first(conn, &group, most)? else { break };
            due = conn
                .prepare_cached(FIRST_DUE_OF_GROUP)?
                .query_row((&group.key, &group.model, priority, now), read)
                .optional()?;
            below = priority.checked_sub(1);
        }
        if let Some(due) = due
            && best.as_ref().is_none_or(|best| due.before(best))
            && gate(conn, &group, limits, now)? == Gate::Open
        {
            best = Some(due);
        }
    }
    Ok(best)
}

/// When the first of a group is due.
pub(super) fn next_due(conn: &Connection, group: &Group) -> Result<Option<Millis>> {
    let mut soonest: Option<Millis> = None;
    let mut below = Some(i64::MAX);
    while let Some(most) = below {
        let Some((priority, due_at)) = first(conn, group, most)? else { break };
        soonest = Some(soonest.map_or(due_at, |soonest| soonest.min(due_at)));
        below = priority.checked_sub(1);
    }
    Ok(soonest)
}

/// When a lease for a submit ends.
pub(super) fn next_expiry(conn: &Connection) -> Result<Option<Millis>> {
    Ok(conn
        .prepare_cached(
            "SELECT MIN(due_at)
             FROM jobs
             WHERE leased_at IS NOT NULL
               AND step = 'submit'",
        )?
        .query_row([], |row| row.get(0))?)
}

/// A group's next priority in use, with its first due time.
fn first(conn: &Connection, group: &Group, most: i64) -> Result<Option<(i64, Millis)>> {
    Ok(conn
        .prepare_cached(FIRST_OF_GROUP)?
        .query_row((&group.key, &group.model, most), |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?)
}

const FIRST_OF_GROUP: &str = "SELECT priority, due_at
     FROM jobs INDEXED BY jobs_submits
     WHERE status IN ('queued', 'processing')
       AND step = 'submit'
       AND COALESCE(api_key, '') = ?1
       AND COALESCE(model, '') = ?2
       AND priority <= ?3
     ORDER BY priority DESC, due_at
     LIMIT 1";

const FIRST_DUE_OF_GROUP: &str = "SELECT id, due_at, priority
     FROM jobs INDEXED BY jobs_submits
     WHERE status IN ('queued', 'processing')
       AND step = 'submit'
       AND COALESCE(api_key, '') = ?1
       AND COALESCE(model, '') = ?2
       AND priority = ?3
       AND due_at <= ?4
     ORDER BY due_at
     LIMIT 1";

/// All that walk the groups.
#[cfg(test)]
pub(super) const QUERIES: [&str; 5] =
    [FIRST_GROUP, NEXT_OF_KEY, NEXT_KEY, FIRST_OF_GROUP, FIRST_DUE_OF_GROUP];

pub(super) const EXPIRED: &str = "SELECT id, due_at, priority
     FROM jobs
     WHERE leased_at IS NOT NULL
       AND step = ?1
       AND due_at <= ?2
     ORDER BY due_at
     LIMIT 1";
