//! Databases as they were released: `tests/data/released/N.sql`, whole, with rows in every table.
//! `ARCHITECTURE.md` says when one is recorded.

use super::{Mode, SCHEMA, raise};
use rusqlite::Connection;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

const EVENING: &str = include_str!("../../../tests/data/evening.sql");

/// For the tables that the evening left empty; less of what it has much of; and numbers of updates
/// that no sandbox gives again.
const MORE: &str = "
INSERT INTO users (id, tg_user_id, language, deleted_at, left_at, created_at)
VALUES (7, 107, 'ru', 1795212000000, 1795212000000, 1795205800000);
INSERT INTO ledger (user_id, delta, kind, key, actor, created_at)
VALUES (7, 2, 'grant', 'signup:7', 'bot', 1795205800000),
       (7, -2, 'grant', 'left:7:2', 'bot', 1795212000000),
       (3, 5, 'purchase', 'purchase:stx103x000004', 'bot', 1795211800000),
       (3, -2, 'grant', 'refund:stx103x000004', 'operator', 1795211900000);
INSERT INTO departures (user_id, at, update_id, language)
VALUES (7, 1795212000000, 500000200, 'ru');
INSERT INTO payments (id, user_id, telegram_payment_charge_id, stars, credits, payload, paid_at,
                      created_at, refund_asked_at, refunded_at, taken_back, owed)
VALUES (4, 3, 'stx103x000004', 300, 5, 'pack:5:300:9', 1795211800000, 1795211800000,
        1795211899000, 1795211900000, 2, 3);
INSERT INTO debts (key, user_id, charge, owed, line)
SELECT 'refund:stx103x000004', 3, 'stx103x000004', 3, MAX(id)
FROM ledger;
INSERT INTO tickets (user_id, payment_id, text, opened_at, asked_at)
VALUES (1, 1, 'Где мои звёзды?', 1795207800000, 1795207810000);
INSERT INTO tickets (user_id, opened_at)
VALUES (2, 1795212000000);
INSERT INTO broadcasts (author, html, state, total, bookmark, last_user, queued, sent, made_at,
                        started_at)
VALUES (500, 'Новый шаблон!', 'paused', 6, 3, 6, 3, 3, 1795211000000, 1795211100000);
INSERT INTO promos (code, credits, uses, used, created_at)
VALUES ('ОСЕНЬ', 3, 50, 1, 1795205500000);
INSERT INTO promo_guesses (user_id, since, guesses)
VALUES (6, 1795210000000, 4);
INSERT INTO invoices (user_id, credits, stars, created_at)
VALUES (1, 5, 300, 1795212000000);
INSERT INTO invoices (user_id, credits, stars, created_at, closed_at, why)
VALUES (2, 10, 550, 1795207235000, 1795207235874, 'paid');
INSERT INTO gifts (job_id, until)
SELECT MIN(id), 1795298000000
FROM jobs
WHERE status = 'failed';
INSERT INTO ratings (job_id, good, at)
SELECT id, id % 2, finished_at
FROM jobs
WHERE status = 'done' AND id < 6;
INSERT INTO files (asset, file_id)
VALUES ('menu', 'photo-1');
DELETE FROM outbox WHERE state = 'sent' AND id % 5 <> 0;
DELETE FROM inbox WHERE handled_at IS NOT NULL AND update_id % 5 <> 0;
DELETE FROM events WHERE job_id % 3 <> 0;
UPDATE inbox SET update_id = update_id - 400000000;";

/// By version.
pub(super) fn file(version: i64) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/data/released/{version}.sql"))
}

/// A database as it was released.
pub(super) fn put(version: i64, at: &Path) {
    let sql = std::fs::read_to_string(file(version)).unwrap();
    Connection::open(at).unwrap().execute_batch(&sql).unwrap();
}

/// An evening at the newest version, and more.
fn an_evening(at: &Path) -> Connection {
    let mut conn = Connection::open(at).unwrap();
    raise(&mut conn, &SCHEMA, Some((Mode::Demo, 1))).unwrap();
    conn.execute_batch("DELETE FROM instance").unwrap();
    conn.execute_batch(EVENING).unwrap();
    conn.execute_batch(MORE).unwrap();
    conn
}

/// A row a line, and what refers or reacts to rows after them all.
fn dump(conn: &Connection) -> rusqlite::Result<String> {
    let mut sql = format!(
        "-- A database of version {}, as it was released. Written by a test of\n\
         -- src/db/migrate/recorded.rs; not by hand.\n\
         PRAGMA foreign_keys = OFF;\nPRAGMA page_size = 1024;\nBEGIN;\n",
        SCHEMA.version()
    );
    let mut parts = conn.prepare(
        "SELECT type, name, sql
         FROM sqlite_schema
         WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'
         ORDER BY type <> 'table', rowid",
    )?;
    let parts: Vec<(String, String, String)> = parts
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<rusqlite::Result<_>>()?;
    for (kind, name, text) in &parts {
        let _ = writeln!(sql, "{text};");
        if kind == "table" {
            rows(conn, name, &mut sql)?;
        }
    }
    rows(conn, "sqlite_sequence", &mut sql)?;
    for pragma in ["application_id", "user_version"] {
        let value: i64 = conn.pragma_query_value(None, pragma, |row| row.get(0))?;
        let _ = writeln!(sql, "PRAGMA {pragma} = {value};");
    }
    sql.push_str("COMMIT;\n");
    Ok(sql)
}

fn rows(conn: &Connection, table: &str, sql: &mut String) -> rusqlite::Result<()> {
    let mut found = conn.prepare(&format!("SELECT name FROM pragma_table_info('{table}')"))?;
    let names: Vec<String> =
        found.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    let value = |name: &String| format!("replace(quote({name}), char(10), ''' || char(10) || ''')");
    let values: Vec<String> = names.iter().map(value).collect();
    let values = values.join(" || ', ' || ");
    let mut rows = conn.prepare(&format!("SELECT {values} FROM {table} ORDER BY 1"))?;
    for row in rows.query_map([], |row| row.get::<_, String>(0))? {
        let _ = writeln!(sql, "INSERT INTO {table} ({}) VALUES ({});", names.join(", "), row?);
    }
    Ok(())
}

#[test]
#[ignore = "writes tests/data/released/N.sql"]
fn the_version_to_be_released_is_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let conn = an_evening(&folder.path().join("evening.db"));
    let tables = "SELECT name FROM sqlite_schema WHERE type = 'table'";
    let tables: Vec<String> = conn
        .prepare(tables)
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<rusqlite::Result<_>>()
        .unwrap();
    for table in tables {
        let rows = format!("SELECT COUNT(*) FROM {table}");
        let rows: i64 = conn.query_row(&rows, [], |row| row.get(0)).unwrap();
        assert!(rows > 0, "{table} is empty: give it a row in MORE");
    }
    std::fs::write(file(SCHEMA.version()), dump(&conn).unwrap()).unwrap();
}
