//! Customers: found by id or name, and one of them with ledger and orders.

use anyhow::Result;
use rusqlite::{Connection, OptionalExtension as _, Params, Row, named_params};
use serde::Serialize;

use crate::clock::Millis;
use crate::db::{JobId, OrderId, UserId};

/// Lines of a statement.
const LINES: i64 = 200;
/// Orders of one customer.
const ORDERS: i64 = 50;

/// One customer in a list. Times are unix milliseconds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Customer {
    /// Ours.
    pub id: UserId,
    /// Telegram's.
    pub tg_user_id: i64,
    /// Without the `@`.
    pub username: Option<String>,
    /// As they call themselves.
    pub first_name: Option<String>,
    /// `ru` or `en`.
    pub language: String,
    /// What they may still spend; what is held counts as taken.
    pub credits: i64,
    /// Credits held for videos that have not ended.
    pub held: i64,
    /// Orders.
    pub orders: i64,
    /// Videos that were delivered.
    pub videos: i64,
    /// Their first message.
    pub created_at: Millis,
    /// The customer blocked the bot.
    pub blocked_at: Option<Millis>,
    /// The operator banned the customer.
    pub banned_at: Option<Millis>,
    /// Their newest order.
    pub last_order_at: Option<Millis>,
}

/// A customer with what happened.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Account {
    /// Who.
    pub customer: Customer,
    /// The last 200 lines of their ledger, newest first.
    pub statement: Vec<Line>,
    /// Their last 50 orders, newest first.
    pub orders: Vec<Order>,
}

/// A line of the ledger.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Line {
    /// The row.
    pub id: i64,
    /// Unix milliseconds.
    pub at: Millis,
    /// `grant`, `purchase`, `hold`, `charge` or `release`.
    pub kind: String,
    /// Credits; 0 for a charge.
    pub delta: i64,
    /// What they had after it.
    pub balance: i64,
    /// Of a hold and its end.
    pub job_id: Option<JobId>,
    /// `bot`, `worker` or `operator`.
    pub actor: String,
    /// Why.
    pub note: Option<String>,
}

/// An order and its videos.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Order {
    /// The row.
    pub id: OrderId,
    /// `ugc`, `ad`, `self` or an operator's own.
    pub template_id: String,
    /// In the customer's words.
    pub product: String,
    /// Credits per video.
    pub price: i64,
    /// When it was confirmed.
    pub created_at: Millis,
    /// When its last video ended.
    pub finished_at: Option<Millis>,
    /// Its videos, in their order.
    pub jobs: Vec<Video>,
}

/// A video of an order.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Video {
    /// The row.
    pub id: JobId,
    /// `queued`, `processing`, `done`, `failed` or `canceled`.
    pub status: String,
    /// Where it stands, or ended.
    pub step: String,
    /// Why it failed.
    pub error_class: Option<String>,
}

const CUSTOMER: &str = "SELECT id, tg_user_id, username, first_name, language, credits,
        (SELECT COALESCE(-SUM(h.delta), 0)
         FROM jobs j
         JOIN ledger h ON h.job_id = j.id AND h.kind = 'hold'
         WHERE j.user_id = u.id
           AND +j.status IN ('queued', 'processing')) AS held,
        (SELECT COUNT(*) FROM orders o WHERE o.user_id = u.id) AS orders,
        (SELECT COUNT(*) FROM jobs j WHERE j.user_id = u.id AND j.status = 'done') AS videos,
        created_at, blocked_at, banned_at,
        (SELECT created_at
         FROM orders o
         WHERE o.user_id = u.id
         ORDER BY o.id DESC
         LIMIT 1) AS last_order_at
     FROM users u";

/// Up to `limit` customers: those with this id (Telegram's, or ours), else those whose @name begins
/// so, else nobody; with an empty text the newest.
pub fn search(conn: &Connection, text: &str, limit: u32) -> Result<Vec<Customer>> {
    let text = text.trim();
    let name = text.trim_start_matches('@');
    if text.is_empty() {
        let params = named_params! { ":limit": limit };
        return list(conn, "ORDER BY id DESC LIMIT :limit", params);
    }
    if let Ok(id) = text.parse::<i64>() {
        let whose =
            "WHERE tg_user_id = :id OR id = :id ORDER BY tg_user_id = :id DESC LIMIT :limit";
        let found = list(conn, whose, named_params! { ":id": id, ":limit": limit })?;
        if !found.is_empty() {
            return Ok(found);
        }
    }
    let whose = "WHERE username IS NOT NULL
                   AND username COLLATE NOCASE >= :from
                   AND username COLLATE NOCASE < :to
                 ORDER BY username COLLATE NOCASE
                 LIMIT :limit";
    let to = format!("{name}{}", char::MAX);
    list(conn, whose, named_params! { ":from": name, ":to": to, ":limit": limit })
}

fn list(conn: &Connection, whose: &str, params: impl Params) -> Result<Vec<Customer>> {
    let mut found = conn.prepare_cached(&format!("{CUSTOMER} {whose}"))?;
    let rows = found.query_map(params, customer)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn customer(row: &Row<'_>) -> rusqlite::Result<Customer> {
    Ok(Customer {
        id: row.get("id")?,
        tg_user_id: row.get("tg_user_id")?,
        username: row.get("username")?,
        first_name: row.get("first_name")?,
        language: row.get("language")?,
        credits: row.get("credits")?,
        held: row.get("held")?,
        orders: row.get("orders")?,
        videos: row.get("videos")?,
        created_at: row.get("created_at")?,
        blocked_at: row.get("blocked_at")?,
        banned_at: row.get("banned_at")?,
        last_order_at: row.get("last_order_at")?,
    })
}

/// One customer, by Telegram's id.
pub fn read(conn: &Connection, tg_user_id: i64) -> Result<Option<Account>> {
    let sql = format!("{CUSTOMER} WHERE tg_user_id = ?1");
    let found = conn.prepare_cached(&sql)?.query_row([tg_user_id], customer).optional()?;
    let Some(customer) = found else { return Ok(None) };
    let statement = statement(conn, &customer)?;
    let orders = orders(conn, customer.id)?;
    Ok(Some(Account { customer, statement, orders }))
}

/// From the balance of today back, so that no line before the oldest shown is read.
fn statement(conn: &Connection, customer: &Customer) -> Result<Vec<Line>> {
    // The plus keeps the planner from walking the ledger of all from its end.
    let mut found = conn.prepare_cached(
        "SELECT id, created_at, kind, delta, job_id, actor, note
         FROM ledger
         WHERE user_id = :user
         ORDER BY +id DESC
         LIMIT :most",
    )?;
    let mut after = customer.credits;
    let lines = found.query_map(named_params! { ":user": customer.id, ":most": LINES }, |row| {
        let delta: i64 = row.get("delta")?;
        let balance = after;
        after -= delta;
        Ok(Line {
            id: row.get("id")?,
            at: row.get("created_at")?,
            kind: row.get("kind")?,
            delta,
            balance,
            job_id: row.get("job_id")?,
            actor: row.get("actor")?,
            note: row.get("note")?,
        })
    })?;
    Ok(lines.collect::<rusqlite::Result<_>>()?)
}

fn orders(conn: &Connection, user: UserId) -> Result<Vec<Order>> {
    let mut found = conn.prepare_cached(
        "SELECT id, template_id, product, price, created_at, finished_at
         FROM orders
         WHERE user_id = :user
         ORDER BY id DESC
         LIMIT :most",
    )?;
    let rows = found.query_map(named_params! { ":user": user, ":most": ORDERS }, |row| {
        Ok(Order {
            id: row.get("id")?,
            template_id: row.get("template_id")?,
            product: row.get("product")?,
            price: row.get("price")?,
            created_at: row.get("created_at")?,
            finished_at: row.get("finished_at")?,
            jobs: Vec::new(),
        })
    })?;
    let mut orders: Vec<Order> = rows.collect::<rusqlite::Result<_>>()?;
    for order in &mut orders {
        order.jobs = videos(conn, order.id)?;
    }
    Ok(orders)
}

fn videos(conn: &Connection, order: OrderId) -> Result<Vec<Video>> {
    let mut found = conn.prepare_cached(
        "SELECT id, status, step, error_class
         FROM jobs
         WHERE order_id = ?1
         ORDER BY ordinal, id
         LIMIT 100",
    )?;
    let rows = found.query_map([order], |row| {
        Ok(Video {
            id: row.get("id")?,
            status: row.get("status")?,
            step: row.get("step")?,
            error_class: row.get("error_class")?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operator::tests::sample;

    #[test]
    fn a_customer_is_found_by_either_id_and_by_the_beginning_of_the_name() {
        let (conn, _) = sample();
        let found = |text: &str| -> Vec<i64> {
            search(&conn, text, 10).unwrap().iter().map(|one| one.tg_user_id).collect()
        };
        assert_eq!(found(""), [42, 7], "the newest first");
        for text in ["7", "1", "@anna", "ANN", " an "] {
            assert_eq!(found(text), [7], "{text}");
        }
        for text in ["nna", "@", "99", "%", "a_"] {
            assert_eq!(found(text), if text == "@" { vec![7] } else { vec![] }, "{text}");
        }
        assert_eq!(search(&conn, "", 1).unwrap().len(), 1);
    }

    #[test]
    fn a_customer_counts_what_they_have_and_what_is_held() {
        let (conn, _) = sample();
        let anna = &search(&conn, "7", 10).unwrap()[0];
        assert_eq!((anna.credits, anna.held, anna.orders, anna.videos), (3, 1, 1, 1));
        assert_eq!(anna.last_order_at, Some(996_400_000));
    }

    #[test]
    fn a_statement_says_what_there_was_after_each_line() {
        let (conn, _) = sample();
        let account = read(&conn, 7).unwrap().unwrap();
        let lines: Vec<(&str, i64, i64)> = account
            .statement
            .iter()
            .map(|line| (line.kind.as_str(), line.delta, line.balance))
            .collect();
        assert_eq!(
            lines,
            [
                ("release", 1, 3),
                ("charge", 0, 2),
                ("hold", -1, 2),
                ("hold", -1, 3),
                ("hold", -1, 4),
                ("grant", 5, 5)
            ]
        );
        let states: Vec<&str> =
            account.orders[0].jobs.iter().map(|job| job.status.as_str()).collect();
        assert_eq!(states, ["done", "failed", "processing"]);
        assert!(read(&conn, 8).unwrap().is_none());
    }
}
