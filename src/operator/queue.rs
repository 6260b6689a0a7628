//! Jobs in rows: what lives and what ended lately, or whatever a filter finds.

mod filter;

use std::cmp::Reverse;

use anyhow::Result;
use rusqlite::{Connection, OptionalExtension as _, Params, named_params};
use serde::Serialize;

use super::failures::LOOKED;
pub use filter::{Filter, FilterError};

use crate::clock::{HOUR, Millis};
use crate::db::{JobId, OrderId};
use crate::text::shorten;

/// Live jobs that are looked at.
const MOST_LIVE: i64 = 20_000;
/// Without a filter: what ended in the last hour, so many at most.
const JUST_ENDED: Millis = HOUR;
const MOST_JUST_ENDED: i64 = 200;
/// With a filter: so many ended jobs are looked at, newest first, until there are enough; all of a
/// customer's and of an order's are found by their indexes.
pub const MOST_ENDED: i64 = 20_000;
const MOST_FOUND: usize = 200;
/// Characters of a product and of an error in a row.
const SHOWN: usize = 200;

/// What is asked for.
#[derive(Clone, Debug, Default)]
pub struct Query {
    /// Which.
    pub filter: Filter,
    /// In which order.
    pub sort: Sort,
    /// Rows at most; 0: as many as there are.
    pub limit: usize,
}

/// The order of rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// Live ones first: the higher priority, then the older; then those that ended, newest first.
    #[default]
    Urgency,
    /// The newest order first.
    Newest,
    /// The oldest order first.
    Oldest,
    /// By step in the order of the work, and the longest in it first.
    Step,
    /// By the customer's Telegram id, newest first.
    Customer,
}

/// One job. Times are unix milliseconds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// The row.
    pub id: JobId,
    /// None: inserted by hand or run again.
    pub order_id: Option<OrderId>,
    /// Which of its order's videos, from 1.
    pub ordinal: i64,
    /// Whose.
    pub tg_user_id: i64,
    /// Their name without the `@`.
    pub username: Option<String>,
    /// As they call themselves.
    pub first_name: Option<String>,
    /// `ugc`, `ad`, `self` or an operator's own.
    pub template_id: String,
    /// `queued`, `processing`, `done`, `failed` or `canceled`.
    pub status: String,
    /// `script`, `upload`, `submit`, `render`, `fetch` or `deliver`; where it ended.
    pub step: String,
    /// The higher goes first.
    pub priority: i64,
    /// createTasks that were accepted, lost or failed as temporary.
    pub attempts: i64,
    /// Failed tries of this step.
    pub tries: i64,
    /// The model that serves it.
    pub model: Option<String>,
    /// The key's fingerprint.
    pub api_key: Option<String>,
    /// What the customer wrote about the product, its first 200 characters.
    pub product: Option<String>,
    /// Why it failed.
    pub error_class: Option<String>,
    /// In the service's words, the first 200 characters.
    pub error: Option<String>,
    /// When it was ordered.
    pub created_at: Millis,
    /// Its first claim.
    pub started_at: Option<Millis>,
    /// When this step began; none: nobody has claimed it yet.
    pub step_since: Option<Millis>,
    /// When it next needs a thread; while it is leased, when the lease expires.
    pub due_at: Millis,
    /// Since when a thread works on it; none: nobody does.
    pub leased_at: Option<Millis>,
    /// When it ended.
    pub finished_at: Option<Millis>,
}

impl Row {
    /// Whether it still runs.
    pub fn is_live(&self) -> bool {
        self.finished_at.is_none()
    }
}

/// Texts of any length are cut before they are read: to one character more than is shown, or, for a
/// filter, to what it looks at.
fn select(filter: &Filter) -> String {
    let chars = if filter.is_empty() { SHOWN + 1 } else { LOOKED };
    ROW.replace("CHARS", &chars.to_string())
}

const ROW: &str = "SELECT j.id, j.order_id, j.ordinal, j.tg_user_id, u.username, u.first_name,
        j.template_id, j.status, j.step, j.priority, j.attempts, j.tries, j.model, j.api_key,
        SUBSTR(CAST(j.product_info ->> '$.text' AS TEXT), 1, CHARS) AS product, j.error_class,
        SUBSTR(j.error, 1, CHARS) AS error, j.created_at, j.started_at, j.step_since, j.due_at, j.leased_at, j.finished_at
     FROM jobs j
     JOIN users u ON u.id = j.user_id";

fn row(row: &rusqlite::Row<'_>) -> rusqlite::Result<Row> {
    Ok(Row {
        id: row.get("id")?,
        order_id: row.get("order_id")?,
        ordinal: row.get("ordinal")?,
        tg_user_id: row.get("tg_user_id")?,
        username: row.get("username")?,
        first_name: row.get("first_name")?,
        template_id: row.get("template_id")?,
        status: row.get("status")?,
        step: row.get("step")?,
        priority: row.get("priority")?,
        attempts: row.get("attempts")?,
        tries: row.get("tries")?,
        model: row.get("model")?,
        api_key: row.get("api_key")?,
        product: row.get("product")?,
        error_class: row.get("error_class")?,
        error: row.get("error")?,
        created_at: row.get("created_at")?,
        started_at: row.get("started_at")?,
        step_since: row.get("step_since")?,
        due_at: row.get("due_at")?,
        leased_at: row.get("leased_at")?,
        finished_at: row.get("finished_at")?,
    })
}

fn shown(row: Row) -> Row {
    let short = |text: Option<String>| text.map(|text| shorten(&text, SHOWN));
    Row { product: short(row.product), error: short(row.error), ..row }
}

/// What a query finds: without a filter all live jobs and up to 200 that ended within the hour;
/// with one, live jobs and up to 200 ended ones that it lets through.
pub fn read(conn: &Connection, query: &Query, now: Millis) -> Result<Vec<Row>> {
    let mut rows = live(conn, &query.filter, now)?;
    if query.filter.is_empty() {
        let params = named_params! { ":since": now - JUST_ENDED, ":most": MOST_JUST_ENDED };
        rows.extend(ended(
            conn,
            "WHERE j.finished_at >= :since ORDER BY j.finished_at DESC LIMIT :most",
            params,
            &query.filter,
            now,
        )?);
    } else {
        rows.extend(searched(conn, &query.filter, now)?);
    }
    sort(&mut rows, query.sort);
    if query.limit > 0 {
        rows.truncate(query.limit);
    }
    Ok(rows)
}

/// The newest jobs, whatever their state; of one customer, by Telegram's id, or of all.
pub fn newest(conn: &Connection, tg_user_id: Option<i64>, limit: u32) -> Result<Vec<Row>> {
    // Two queries, so that each walks its index from the end.
    let whose = match tg_user_id {
        Some(_) => "WHERE j.user_id = (SELECT id FROM users WHERE tg_user_id = :user)",
        None => "WHERE :user IS NULL",
    };
    let select = select(&Filter::default());
    let sql = format!("{select} {whose} ORDER BY j.id DESC LIMIT :limit");
    let mut found = conn.prepare_cached(&sql)?;
    let rows = found.query_map(named_params! { ":user": tg_user_id, ":limit": limit }, row)?;
    Ok(rows.map(|row| row.map(shown)).collect::<rusqlite::Result<_>>()?)
}

fn live(conn: &Connection, filter: &Filter, now: Millis) -> Result<Vec<Row>> {
    let select = select(filter);
    let sql = format!("{select} WHERE j.status IN ('queued', 'processing') LIMIT :most");
    let mut found = conn.prepare_cached(&sql)?;
    let rows = found.query_map(named_params! { ":most": MOST_LIVE }, row)?;
    let fits = |row: &rusqlite::Result<Row>| row.as_ref().map_or(true, |it| filter.fits(it, now));
    Ok(rows.filter(fits).map(|row| row.map(shown)).collect::<rusqlite::Result<_>>()?)
}

/// Ended jobs; one that is named by its id is found however long ago it ended, and so are those of
/// a customer with that id.
fn searched(conn: &Connection, filter: &Filter, now: Millis) -> Result<Vec<Row>> {
    if filter.wants_live() {
        return Ok(Vec::new());
    }
    let mut rows = by_shortest_way(conn, filter, now)?;
    for id in filter.ids() {
        if rows.iter().all(|row| row.id != id) {
            let named = ended(conn, "WHERE j.id = :id", named_params! { ":id": id }, filter, now)?;
            rows.extend(named);
        }
        for row in of_customer(conn, id.0, filter, now)? {
            if rows.iter().all(|known| known.id != row.id) {
                rows.push(row);
            }
        }
    }
    Ok(rows)
}

fn by_shortest_way(conn: &Connection, filter: &Filter, now: Millis) -> Result<Vec<Row>> {
    if let Some(order) = filter.order() {
        let whose = "WHERE j.order_id = :order LIMIT 1000";
        return ended(conn, whose, named_params! { ":order": order }, filter, now);
    }
    if let Some(tg_user_id) = filter.customer() {
        return of_customer(conn, tg_user_id, filter, now);
    }
    if let Some(handle) = filter.handle() {
        // The plus keeps the planner from walking the jobs of all from their end.
        let whose = "WHERE j.user_id IN (SELECT id
                                         FROM users
                                         WHERE username IS NOT NULL
                                           AND username COLLATE NOCASE = :handle)
                     ORDER BY +j.id DESC
                     LIMIT :most";
        let params = named_params! { ":handle": handle, ":most": MOST_ENDED };
        return ended(conn, whose, params, filter, now);
    }
    if filter.wants_failed() {
        let whose = "WHERE j.status = 'failed' ORDER BY j.finished_at DESC LIMIT :most";
        return ended(conn, whose, named_params! { ":most": MOST_ENDED }, filter, now);
    }
    let last: Option<i64> =
        conn.prepare_cached("SELECT MAX(id) FROM jobs")?.query_row([], |row| row.get(0))?;
    let since = last.unwrap_or(0) - MOST_ENDED;
    let whose = "WHERE j.id > :since ORDER BY j.id DESC";
    ended(conn, whose, named_params! { ":since": since }, filter, now)
}

fn of_customer(conn: &Connection, id: i64, filter: &Filter, now: Millis) -> Result<Vec<Row>> {
    let whose = "WHERE j.user_id = (SELECT id FROM users WHERE tg_user_id = :user)
                 ORDER BY j.id DESC
                 LIMIT :most";
    ended(conn, whose, named_params! { ":user": id, ":most": MOST_ENDED }, filter, now)
}

/// Reads until there are enough.
fn ended(
    conn: &Connection,
    whose: &str,
    params: impl Params,
    filter: &Filter,
    now: Millis,
) -> Result<Vec<Row>> {
    let mut found = conn.prepare_cached(&format!("{} {whose}", select(filter)))?;
    let rows = found.query_map(params, row)?;
    let fits = |row: &rusqlite::Result<Row>| {
        row.as_ref().map_or(true, |it| !it.is_live() && filter.fits(it, now))
    };
    let found = rows.filter(fits).take(MOST_FOUND).map(|row| row.map(shown));
    Ok(found.collect::<rusqlite::Result<_>>()?)
}

fn sort(rows: &mut [Row], sort: Sort) {
    let step = |row: &Row| "script upload submit render fetch deliver".find(&row.step);
    match sort {
        Sort::Urgency => rows.sort_by_key(|row| match row.finished_at {
            None => (false, Reverse(row.priority), row.created_at, row.id),
            Some(at) => (true, Reverse(0), -at, row.id),
        }),
        Sort::Newest => rows.sort_by_key(|row| Reverse((row.created_at, row.id))),
        Sort::Oldest => rows.sort_by_key(|row| (row.created_at, row.id)),
        Sort::Step => rows.sort_by_key(|row| {
            let since = row.step_since.unwrap_or(row.created_at);
            (!row.is_live(), step(row), since, row.id)
        }),
        Sort::Customer => rows.sort_by_key(|row| (row.tg_user_id, Reverse(row.id))),
    }
}

/// The row of one job.
pub fn one(conn: &Connection, id: JobId) -> Result<Option<Row>> {
    let sql = format!("{} WHERE j.id = ?1", select(&Filter::default()));
    Ok(conn.prepare_cached(&sql)?.query_row([id], row).optional()?.map(shown))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operator::tests::sample;

    fn found(text: &str) -> Vec<i64> {
        let (conn, now) = sample();
        let query = Query { filter: Filter::parse(text).unwrap(), ..Query::default() };
        read(&conn, &query, now).unwrap().iter().map(|row| row.id.0).collect()
    }

    #[test]
    fn what_lives_comes_first_and_then_what_just_ended() {
        assert_eq!(found(""), [3, 1], "2 ended more than an hour ago");
    }

    #[test]
    fn a_filter_finds_what_ended_long_ago() {
        for (text, ids) in [
            ("2", vec![2]),
            ("state:failed", vec![2]),
            ("state:live", vec![3]),
            ("step:render", vec![3, 2]),
            ("user:@ANNA", vec![3, 1, 2]),
            ("user:7 state:done", vec![1]),
            ("user:8", vec![]),
            ("user:@ann", vec![]),
            ("user:ann", vec![3, 1, 2]),
            ("7", vec![3, 1, 2]),
            ("42", vec![]),
            ("order:1 PERSON", vec![2]),
            ("error:violation", vec![2]),
            ("крем", vec![3, 1, 2]),
            ("КРЕМ model:MINI", vec![1, 2]),
            ("КРЕМ model:kling", vec![]),
            ("key:aa age>1h", vec![]),
            ("key:aa age>59m", vec![3]),
            ("age<2m", vec![1, 2]),
            ("nothing like it", vec![]),
        ] {
            assert_eq!(found(text), ids, "{text}");
        }
    }

    #[test]
    fn a_cause_finds_its_failures_and_no_other_of_the_class() {
        let (conn, now) = sample();
        conn.execute_batch(
            "INSERT INTO jobs (id, user_id, tg_user_id, idempotency_key, template_id,
                               input_photo_path, product_info, status, error_class, error,
                               created_at, finished_at)
             VALUES (10, 1, 7, 'k10', 'ugc', 'p', '{}', 'failed', 'user_violation',
                     'the photo shows a weapon', 5, 6),
                    (11, 1, 7, 'k11', 'ugc', 'p', '{}', 'failed', 'user_violation',
                     'the photo shows 2 weapons', 5, 7),
                    (12, 1, 7, 'k12', 'ugc', 'p', '{}', 'failed', 'user_violation',
                     'the photo shows 33 weapons', 5, 8)",
        )
        .unwrap();
        for group in crate::operator::failures::read(&conn, 0).unwrap() {
            let filter = Filter::parse(&format!("state:failed cause:{}", group.id)).unwrap();
            let query = Query { filter, ..Query::default() };
            let found = read(&conn, &query, now).unwrap();
            let found: Vec<JobId> = found.iter().map(|row| row.id).collect();
            assert_eq!(found, group.jobs, "{}", group.signature);
        }
    }

    #[test]
    fn all_jobs_of_a_customer_are_found_however_many_came_since() {
        let (conn, now) = sample();
        conn.execute_batch(
            "WITH RECURSIVE n (i) AS (VALUES (100) UNION ALL SELECT i + 1 FROM n WHERE i < 20200)
             INSERT INTO jobs (id, user_id, tg_user_id, idempotency_key, template_id,
                               input_photo_path, product_info, status, created_at, finished_at)
             SELECT i, 2, 42, 'k' || i, 'ugc', 'p', '{}', 'done', 5, 6 FROM n",
        )
        .unwrap();
        let found = |text: &str| {
            let query = Query { filter: Filter::parse(text).unwrap(), ..Query::default() };
            read(&conn, &query, now).unwrap().len()
        };
        for text in ["user:@anna", "user:@Anna", "user:7", "7"] {
            assert_eq!(found(text), 3, "{text}");
        }
        assert_eq!((found("user:42"), found("user:anna")), (MOST_FOUND, 1), "the live one");
    }

    #[test]
    fn texts_are_cut_for_the_row_and_found_beyond_it() {
        let (conn, now) = sample();
        let long = format!("{} needle", "я".repeat(400));
        conn.execute(
            "UPDATE jobs SET error = ?1, product_info = json_object('text', ?1) WHERE id = 2",
            [&long],
        )
        .unwrap();
        let query = Query { filter: Filter::parse("needle").unwrap(), ..Query::default() };
        for row in
            [read(&conn, &query, now).unwrap().remove(0), one(&conn, JobId(2)).unwrap().unwrap()]
        {
            assert_eq!(row.error.as_ref().map(|text| text.chars().count()), Some(SHOWN + 1));
            assert_eq!((row.product, row.id), (row.error, JobId(2)));
        }
    }

    #[test]
    fn rows_are_sorted_and_cut_as_asked() {
        let (conn, now) = sample();
        let of = |sort, limit| -> Vec<i64> {
            let filter = Filter::parse("user:7").unwrap();
            let query = Query { filter, sort, limit };
            read(&conn, &query, now).unwrap().iter().map(|row| row.id.0).collect()
        };
        assert_eq!(of(Sort::Newest, 0), [3, 1, 2]);
        assert_eq!(of(Sort::Oldest, 2), [2, 1]);
        assert_eq!(of(Sort::Step, 1), [3]);
        assert_eq!(of(Sort::Customer, 0), [3, 2, 1]);
        conn.execute("UPDATE jobs SET priority = 5 WHERE id = 3", []).unwrap();
        assert_eq!(of(Sort::Urgency, 1), [3]);
    }

    #[test]
    fn the_newest_come_first_and_a_product_that_is_no_text_is_still_shown() {
        let (conn, _) = sample();
        let ids = |rows: Vec<Row>| rows.iter().map(|row| row.id.0).collect::<Vec<_>>();
        assert_eq!(ids(newest(&conn, None, 2).unwrap()), [3, 2]);
        assert_eq!(newest(&conn, Some(7), 10).unwrap().len(), 3);
        assert!(newest(&conn, Some(8), 10).unwrap().is_empty());
        conn.execute("UPDATE jobs SET product_info = '{\"text\": 5}' WHERE id = 1", []).unwrap();
        let one = one(&conn, JobId(1)).unwrap().unwrap();
        assert_eq!(one.product.as_deref(), Some("5"));
    }
}
