//! A picture costs the same after a year as on the first day: counted in steps of SQLite's machine
//! beside a long history, which is exact where a stopwatch is not.

use std::cell::RefCell;
use std::collections::BTreeMap;

use rusqlite::trace::{TraceEvent, TraceEventCodes};
use rusqlite::{Connection, StatementStatus};

use super::{empty, shop};
use crate::clock::{DAY, HOUR, Millis, SECOND};
use crate::db::{JobId, UserId};
use crate::operator::queue::{Filter, Query};
use crate::operator::{
    alerts, customers, failures, head, keys, models, overview, payments, queue, ratings, stats,
    story, trail, watching,
};
use crate::orders::Shop;

/// Ended jobs, spread over [`DAYS`]; as many customers.
const HISTORY: i64 = 30_000;
const DAYS: i64 = 300;
const LIVE: i64 = 200;
const NOW: Millis = 1_000 * DAY;
/// Reading the whole history takes twice as many steps at the least.
const MOST_STEPS: i32 = 60_000;

thread_local! {
    static SEEN: RefCell<BTreeMap<String, i32>> = const { RefCell::new(BTreeMap::new()) };
}

/// A statement's counter goes on while it is cached, so its last value is its sum.
fn seen(event: TraceEvent<'_>) {
    if let TraceEvent::Profile(statement, _) = event {
        let steps = statement.get_status(StatementStatus::VmStep);
        SEEN.with_borrow_mut(|seen| seen.insert(statement.sql().into_owned(), steps));
    }
}

/// The statements of one read that were too long.
#[track_caller]
fn steps<T>(conn: &Connection, read: impl FnOnce(&Connection) -> anyhow::Result<T>) -> Vec<String> {
    conn.flush_prepared_statement_cache();
    SEEN.take();
    read(conn).unwrap();
    let seen = SEEN.take();
    assert!(!seen.is_empty());
    seen.into_iter()
        .filter(|(_, steps)| *steps > MOST_STEPS)
        .map(|(sql, steps)| format!("{steps} steps: {sql}"))
        .collect()
}

/// Years of orders, each with hold, charge, story and messages; a few live ones.
fn long_history() -> Connection {
    let conn = empty();
    let span = DAYS * DAY / HISTORY;
    conn.execute_batch(&format!(
        "PRAGMA synchronous = OFF;
         CREATE TEMP TABLE n AS
         WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < {all})
         SELECT i, {NOW} - ({all} - i) * {span} AS at, i > {HISTORY} AS live FROM n;
         INSERT INTO instance (id, mode, created_at) VALUES (1, 'live', 0);
         INSERT INTO users (id, tg_user_id, username, created_at)
         SELECT i, 1000000 + i, 'name' || i, at FROM n;
         INSERT INTO orders (id, user_id, draft, template_id, photo_path, product, videos, price,
                             created_at)
         SELECT i, i, 'd' || i, 'ugc', 'p', 'Крем', 1, 1, at FROM n;
         INSERT INTO jobs (id, user_id, tg_user_id, idempotency_key, template_id, input_photo_path,
                           product_info, order_id, status, step, created_at, finished_at,
                           error_class, error, api_key, kie_task_id, model)
         SELECT i, i, 1000000 + i, 'k' || i, 'ugc', 'p', '{{\"text\": \"Крем\"}}', i,
                CASE WHEN live THEN 'processing' WHEN i % 20 = 0 THEN 'failed' ELSE 'done' END,
                CASE WHEN live THEN 'render' ELSE 'deliver' END, at,
                CASE WHEN live THEN NULL ELSE at + 90000 END,
                CASE WHEN i % 20 = 0 AND NOT live THEN 'timeout' END,
                CASE WHEN i % 20 = 0 AND NOT live THEN 'no video within 30 minutes' END,
                'aaaa', 't' || i, 'kling-3.0/video' FROM n;
         INSERT INTO ledger (id, user_id, delta, kind, actor, created_at)
         SELECT i, i, 5, 'grant', 'bot', at FROM n;
         INSERT INTO ledger (id, user_id, delta, kind, job_id, actor, created_at)
         SELECT 1000000 + i, i, -1, 'hold', i, 'bot', at FROM n;
         INSERT INTO ledger (user_id, delta, kind, job_id, hold_id, actor, created_at)
         SELECT i, 0, 'charge', i, 1000000 + i, 'worker', at + 90000 FROM n WHERE NOT live;
         INSERT INTO events (job_id, at, step, what, duration_ms)
         SELECT i, at, step, what, 500
         FROM n, (SELECT 'script' AS step, 'written' AS what UNION ALL SELECT 'render', 'rendered'
                  UNION ALL SELECT 'deliver', 'done');
         INSERT INTO submits (job_id, api_key, model, at, ended_at, outcome, task_id)
         SELECT i, 'aaaa', 'kling-3.0/video', at, at + 1, CASE WHEN i % 500 THEN 'accepted' ELSE 'lost' END,
                CASE WHEN i % 500 THEN 't' || i END FROM n;
         INSERT INTO outbox (seq, chat_id, key, content, job_id, state, sent_rev, created_at, sent_at)
         SELECT i, 1000000 + i, 'video:' || i, '{{\"kind\": \"video\"}}', i,
                CASE WHEN i % 500 THEN 'sent' ELSE 'dropped' END, 1, at, at + 5 FROM n;
         INSERT INTO ratings (job_id, good, at) SELECT i, i % 3 > 0, at + 95000 FROM n;
         INSERT INTO inbox (update_id, chat_id, body, received_at, handled_at)
         SELECT i, 1, '{{}}', at, at + 5 FROM n;
         INSERT INTO api_keys (fingerprint, position, configured, balance) VALUES ('aaaa', 1, 1, 5);
         INSERT INTO balances (api_key, at, balance) SELECT 'aaaa', at, i FROM n;
         INSERT INTO payments (user_id, telegram_payment_charge_id, stars, credits, payload,
                               paid_at, created_at)
         SELECT i, 'c' || i, 50, 2, 'p', at, at FROM n;
         INSERT INTO tickets (user_id, text, opened_at, asked_at, answer, answered_at)
         SELECT i, 'x', at, at, 'y', at FROM n WHERE NOT live;
         INSERT INTO audit (at, way, who, action, object)
         SELECT at, 'console', 'root', 'grant', 'user ' || i FROM n;",
        all = HISTORY + LIVE,
    ))
    .unwrap();
    conn.trace_v2(TraceEventCodes::SQLITE_TRACE_PROFILE, Some(seen));
    conn
}

#[test]
fn no_screen_reads_the_whole_history() {
    let (conn, shop) = (long_history(), shop());
    // The keeper has SQLite look at the sizes of its tables, which may change its ways.
    for statistics in ["", "ANALYZE"] {
        conn.execute_batch(statistics).unwrap();
        let long = screens(&conn, &shop);
        assert!(long.is_empty(), "{statistics} {}", long.join("\n\n"));
    }
}

/// The statements that are too long.
fn screens(conn: &Connection, shop: &Shop) -> Vec<String> {
    let mut long = Vec::new();
    let pulse = head::Pulse { alive_within: 30 * SECOND, wall: None };
    long.extend(steps(conn, |conn| head::read(conn, shop, pulse, NOW)));
    let head = head::read(conn, shop, pulse, NOW).unwrap();
    let asked = overview::Asked { shop, head: &head, machine: None, midnight: NOW - HOUR };
    long.extend(steps(conn, |conn| overview::read(conn, &asked, NOW)));
    let limits = shop.options.limits;
    let full = |conn: &Connection| crate::keys::room(conn, "aaaa", limits, 0, NOW);
    long.extend(steps(conn, full));
    let doubt = |conn: &Connection| crate::keys::in_doubt(conn, "aaaa", shop.limits(), NOW);
    long.extend(steps(conn, doubt));
    long.extend(steps(conn, |conn| crate::jobs::next_due(conn, shop.limits(), NOW)));
    long.extend(steps(conn, |conn| keys::read(conn, 1.0, NOW)));
    long.extend(steps(conn, |conn| models::read(conn, shop, NOW)));
    long.extend(steps(conn, ratings::read));
    long.extend(steps(conn, crate::orders::moved));
    long.extend(steps(conn, |conn| crate::orders::usual_wait_now(conn, NOW)));
    let films = |conn: &Connection| crate::orders::shelf::page(conn, UserId(5), None, 6);
    long.extend(steps(conn, films));
    long.extend(steps(conn, |conn| failures::read(conn, NOW - 7 * DAY)));
    long.extend(steps(conn, |conn| alerts::read(conn, 100)));
    long.extend(steps(conn, |conn| trail::read(conn, Some(HISTORY / 2), 100)));
    long.extend(steps(conn, |conn| payments::read(conn, None, Some(HISTORY / 2), 100)));
    for id in [5, HISTORY / 2, HISTORY + LIVE] {
        long.extend(steps(conn, |conn| story::read(conn, shop, JobId(id), NOW)));
        long.extend(steps(conn, |conn| customers::read(conn, 1_000_000 + id)));
    }
    for text in ["", "1000005", "7", "@name2", "nobody"] {
        long.extend(steps(conn, |conn| customers::search(conn, text, 50)));
    }
    for text in ["", "state:live", "user:1000005", "user:@name7", "order:7", "cause:ab", "29999"] {
        let query = Query { filter: Filter::parse(text).unwrap(), ..Query::default() };
        let found = steps(conn, |conn| queue::read(conn, &query, NOW));
        // A job's number could be a word of its product, too: the last 20,000 are looked at.
        long.extend(found.into_iter().filter(|_| text != "29999"));
    }
    long.extend(steps(conn, |conn| queue::newest(conn, Some(1_000_005), 100)));
    long.extend(steps(conn, |conn| queue::newest(conn, None, 100)));
    long.extend(steps(conn, |conn| watching::read(conn, shop, pulse, NOW)));
    let now = watching::news::place(conn).unwrap();
    long.extend(steps(conn, watching::news::place));
    long.extend(steps(conn, |conn| watching::news::since(conn, &now)));
    // Whoever reads from the beginning does so piece by piece, but for what is only counted.
    let all = watching::news::Place::default();
    let pieces = steps(conn, |conn| watching::news::since(conn, &all));
    long.extend(pieces.into_iter().filter(|sql| !sql.contains("COUNT(*), COALESCE(")));
    long
}

#[test]
fn only_the_command_counts_every_customer() {
    let conn = long_history();
    let long = steps(&conn, |conn| stats::read(conn, NOW - HOUR, NOW));
    assert!(long.iter().all(|sql| sql.ends_with("FROM users")), "{}", long.join("\n\n"));
    assert!(!long.is_empty(), "the measure measures");
}
