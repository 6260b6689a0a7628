//! What has happened since somebody last looked: new rows of the tables that only grow. A [`Place`]
//! says how far they read; whatever is pruned behind it changes nothing that was counted.

use anyhow::Result;
use rusqlite::{Connection, OptionalExtension as _, Row, named_params};

use crate::clock::Millis;

/// Rows of one table in one look.
const MOST: i64 = 500;

/// How far somebody has read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Place {
    users: i64,
    orders: i64,
    ledger: i64,
    events: i64,
    payments: i64,
    submits: i64,
    /// createTasks that were under way.
    open: Vec<i64>,
}

/// What is new.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct News {
    /// In the order in which it happened, as well as the tables tell.
    pub moments: Vec<Moment>,
    /// Customers who came.
    pub customers: u64,
    /// Payments, and their Stars.
    pub payments: (u64, u64),
    /// createTasks that are over: the key's fingerprint and the outcome.
    pub submits: Vec<(String, String)>,
    /// There may be more to read at once.
    pub more: bool,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Moment {
    /// When, in unix milliseconds.
    pub at: Millis,
    /// To which video.
    pub job: Option<i64>,
    /// Of which order.
    pub order: Option<i64>,
    /// What.
    pub what: What,
}

/// The same.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// An order was confirmed.
    Ordered {
        /// Its videos.
        videos: i64,
    },
    /// Credits moved.
    Credits {
        /// As in the ledger.
        kind: String,
        /// Of a charge, those that it settles; negative: taken back.
        credits: i64,
    },
    /// A line of a job's story.
    Step {
        /// Where the job stood.
        step: String,
        /// `written`, `accepted`, `failed`, …
        what: String,
        /// More of it.
        detail: Option<String>,
        /// How long it took, in milliseconds.
        took: Option<Millis>,
        /// The job ended with it.
        end: Option<End>,
    },
    /// The last of an order's videos ended.
    OrderEnded {
        /// `done`: all came; `partial`; `none`.
        result: &'static str,
    },
}

/// How a job ended.
#[derive(Clone, Debug, PartialEq)]
pub struct End {
    /// `done`, `failed` or `canceled`.
    pub status: String,
    /// Why it failed.
    pub class: Option<String>,
    /// Since it was ordered, in milliseconds.
    pub lived: Millis,
}

/// As far as there is anything now.
pub fn place(conn: &Connection) -> Result<Place> {
    let mut open = conn.prepare_cached("SELECT id FROM submits WHERE outcome = 'sending'")?;
    let open = open.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    let last = |sql: &str| -> Result<i64> {
        Ok(conn.query_row(sql, [], |row| row.get::<_, Option<i64>>(0))?.unwrap_or(0))
    };
    Ok(Place {
        users: last("SELECT MAX(id) FROM users")?,
        orders: last("SELECT MAX(id) FROM orders")?,
        ledger: last("SELECT MAX(id) FROM ledger")?,
        events: last("SELECT MAX(id) FROM events")?,
        payments: last("SELECT MAX(id) FROM payments")?,
        submits: last("SELECT MAX(id) FROM submits")?,
        open,
    })
}

/// What came after `place`, and how far that is.
pub fn since(conn: &Connection, place: &Place) -> Result<(News, Place)> {
    let (mut news, mut next) = (News::default(), place.clone());
    // Where all rows of a pruned table are gone, their numbers begin anew.
    let place = place_now(conn, place)?;
    let mut moments = Vec::new();
    next.orders = orders(conn, place.orders, &mut moments)?;
    next.ledger = credits(conn, place.ledger, &mut moments)?;
    next.events = events(conn, place.events, &mut moments)?;
    news.more = moments.len() >= MOST as usize;
    // In one commit credits are held before the work and settled after it.
    moments.sort_by_key(|moment| (moment.at, rank(&moment.what)));
    news.moments = moments;
    (news.customers, next.users) = customers(conn, place.users)?;
    (news.payments, next.payments) = payments(conn, place.payments)?;
    (next.submits, next.open) = submits(conn, &place, &mut news)?;
    Ok((news, next))
}

fn place_now(conn: &Connection, place: &Place) -> Result<Place> {
    let mut place = place.clone();
    for (sql, at) in [
        ("SELECT MAX(id) FROM events", &mut place.events),
        ("SELECT MAX(id) FROM submits", &mut place.submits),
    ] {
        let last: Option<i64> = conn.prepare_cached(sql)?.query_row([], |row| row.get(0))?;
        if last.unwrap_or(0) < *at {
            *at = 0;
        }
    }
    Ok(place)
}

fn rank(what: &What) -> u8 {
    match what {
        What::Ordered { .. } => 0,
        What::Credits { kind, .. } if kind == "hold" => 1,
        What::Step { .. } => 2,
        What::Credits { .. } => 3,
        What::OrderEnded { .. } => 4,
    }
}

fn orders(conn: &Connection, after: i64, moments: &mut Vec<Moment>) -> Result<i64> {
    let mut found = conn.prepare_cached(
        "SELECT id, created_at, videos
         FROM orders
         WHERE id > :after
         ORDER BY id
         LIMIT :most",
    )?;
    let mut last = after;
    let mut rows = found.query(named_params! { ":after": after, ":most": MOST })?;
    while let Some(row) = rows.next()? {
        last = row.get(0)?;
        let what = What::Ordered { videos: row.get(2)? };
        moments.push(Moment { at: row.get(1)?, job: None, order: Some(last), what });
    }
    Ok(last)
}

/// A charge moves nothing: its credits are those of its hold.
fn credits(conn: &Connection, after: i64, moments: &mut Vec<Moment>) -> Result<i64> {
    let mut found = conn.prepare_cached(
        "SELECT l.id, l.created_at, l.job_id, j.order_id, l.kind,
                CASE l.kind
                    WHEN 'hold' THEN -l.delta
                    WHEN 'repay' THEN -l.delta
                    WHEN 'charge' THEN (SELECT -h.delta FROM ledger h WHERE h.id = l.hold_id)
                    ELSE l.delta
                END
         FROM ledger l
         LEFT JOIN jobs j ON j.id = l.job_id
         WHERE l.id > :after
         ORDER BY l.id
         LIMIT :most",
    )?;
    let mut last = after;
    let mut rows = found.query(named_params! { ":after": after, ":most": MOST })?;
    while let Some(row) = rows.next()? {
        last = row.get(0)?;
        let what = What::Credits { kind: row.get(4)?, credits: row.get(5)? };
        moments.push(Moment { at: row.get(1)?, job: row.get(2)?, order: row.get(3)?, what });
    }
    Ok(last)
}

/// The message's way to Telegram has no time of its own: it began when the job came to `deliver`.
fn events(conn: &Connection, after: i64, moments: &mut Vec<Moment>) -> Result<i64> {
    let mut found = conn.prepare_cached(
        "SELECT e.id, e.at, e.job_id, j.order_id, e.step, e.what, e.detail,
                CASE e.what WHEN 'done' THEN e.at - j.step_since ELSE e.duration_ms END,
                j.status, j.error_class, e.at - j.created_at,
                COALESCE(e.at = (SELECT finished_at FROM orders WHERE id = j.order_id), 0)
         FROM events e
         JOIN jobs j ON j.id = e.job_id
         WHERE e.id > :after
         ORDER BY e.id
         LIMIT :most",
    )?;
    let mut last = after;
    let mut ended: Vec<i64> = Vec::new();
    let mut rows = found.query(named_params! { ":after": after, ":most": MOST })?;
    while let Some(row) = rows.next()? {
        last = row.get(0)?;
        let (moment, ends_order) = event(row)?;
        let order = moment.order.filter(|order| ends_order && !ended.contains(order));
        if let Some(order) = order {
            ended.push(order);
            let what = What::OrderEnded { result: result(conn, order)? };
            moments.push(Moment { at: moment.at, job: None, order: Some(order), what });
        }
        moments.push(moment);
    }
    Ok(last)
}

/// And whether the order ended with it: in the same commit, so at the same time.
fn event(row: &Row<'_>) -> Result<(Moment, bool)> {
    let what: String = row.get(5)?;
    let ends = matches!(what.as_str(), "done" | "failed" | "canceled");
    let end = match ends {
        true => Some(End { status: what.clone(), class: row.get(9)?, lived: row.get(10)? }),
        false => None,
    };
    let ends_order = ends && row.get(11)?;
    let what = What::Step { step: row.get(4)?, what, detail: row.get(6)?, took: row.get(7)?, end };
    Ok((Moment { at: row.get(1)?, job: row.get(2)?, order: row.get(3)?, what }, ends_order))
}

fn result(conn: &Connection, order: i64) -> Result<&'static str> {
    let (all, done): (i64, i64) = conn
        .prepare_cached(
            "SELECT COUNT(*), COUNT(*) FILTER (WHERE status = 'done')
             FROM jobs
             WHERE order_id = ?1",
        )?
        .query_row([order], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(match done {
        0 => "none",
        done if done == all => "done",
        _ => "partial",
    })
}

fn customers(conn: &Connection, after: i64) -> Result<(u64, i64)> {
    Ok(conn
        .prepare_cached("SELECT COUNT(*), COALESCE(MAX(id), ?1) FROM users WHERE id > ?1")?
        .query_row([after], |row| Ok((row.get::<_, i64>(0)?.unsigned_abs(), row.get(1)?)))?)
}

fn payments(conn: &Connection, after: i64) -> Result<((u64, u64), i64)> {
    Ok(conn
        .prepare_cached(
            "SELECT COUNT(*), COALESCE(SUM(stars), 0), COALESCE(MAX(id), ?1)
             FROM payments
             WHERE id > ?1",
        )?
        .query_row([after], |row| {
            let number = |at| row.get::<_, i64>(at).map(i64::unsigned_abs);
            Ok(((number(0)?, number(1)?), row.get(2)?))
        })?)
}

/// The new ones, and those that were under way at the last look.
fn submits(conn: &Connection, place: &Place, news: &mut News) -> Result<(i64, Vec<i64>)> {
    let mut fresh = conn.prepare_cached(
        "SELECT id
         FROM submits
         WHERE id > :after
         ORDER BY id
         LIMIT :most",
    )?;
    let fresh = fresh
        .query_map(named_params! { ":after": place.submits, ":most": MOST }, |row| {
            row.get::<_, i64>(0)
        })?;
    let fresh: Vec<i64> = fresh.collect::<rusqlite::Result<_>>()?;
    news.more |= fresh.len() >= MOST as usize;
    let last = fresh.last().copied().unwrap_or(place.submits);
    let mut one = conn.prepare_cached("SELECT api_key, outcome FROM submits WHERE id = ?1")?;
    let mut open = Vec::new();
    for id in place.open.iter().copied().chain(fresh) {
        let found: Option<(String, String)> =
            one.query_row([id], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        match found {
            Some((_, outcome)) if outcome == "sending" => open.push(id),
            Some(over) => news.submits.push(over),
            None => {}
        }
    }
    Ok((last, open))
}

#[cfg(test)]
mod tests;
