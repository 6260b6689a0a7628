//! `neurocards sql`: the live database through the built-in SQLite.

use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use rusqlite::fallible_iterator::FallibleIterator as _;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::types::ValueRef;
use rusqlite::{Batch, Connection};
use serde_json::{Map, Value, json};

use super::args::SqlArgs;
use super::screen;
use crate::audit::{self, Action, By};
use crate::clock::Millis;
use crate::config::Config;
use crate::db::{Db, Tx};
use crate::text::shorten;

/// What is printed at most: it is gathered before it is printed, so that no slow reader keeps a
/// read open in the live database.
const MOST_BYTES: usize = 64 << 20;
/// How much of a statement stands in the audit, in characters.
const NOTE_KEPT: usize = 500;

/// What a statement answered.
#[derive(Debug, Default)]
struct Answer {
    columns: Vec<String>,
    rows: Vec<Vec<Value>>,
    /// Rows written, without those that triggers wrote.
    changed: u64,
}

/// Rows as tab-separated lines under a heading (NULL is empty; tab, line end and backslash are
/// `\t`, `\n`, `\\`), or with `--json` as a list of objects; with `--write` as
/// `{"changed": N, "rows": […]}`. A blob is hexadecimal.
pub(super) fn run(config: &Config, args: SqlArgs) -> Result<ExitCode> {
    let SqlArgs { statement, write, output } = args;
    let db = Db::open_existing(&config.data_dir)?;
    let answer = if write {
        let now = config.process_clock().now();
        db.write(move |tx| written(tx, &super::by(), &statement, now))?
    } else {
        db.read(|conn| guarded(conn, &statement, false))?
    };
    match (output.json, write) {
        (true, true) => {
            screen::print_json(&json!({ "changed": answer.changed, "rows": answer.objects() }))
        }
        (true, false) => screen::print_json(&answer.objects()),
        (false, true) if answer.columns.is_empty() => {
            screen::print(&format!("{} rows changed\n", answer.changed))
        }
        (false, _) => screen::print(&answer.tsv()),
    }
}

/// With its line in the audit, which no statement of its own can leave out.
fn written(tx: &Tx<'_>, by: &By, statement: &str, now: Millis) -> Result<Answer> {
    let answer = guarded(tx, statement, true)?;
    let done = Action {
        action: "sql",
        object: "database",
        after: &format!("{} rows changed", answer.changed),
        note: &shorten(statement, NOTE_KEPT),
        ..Action::default()
    };
    audit::record(tx, by, &done, now)?;
    Ok(answer)
}

/// The guard leaves the connection before its transaction ends, which it would forbid.
fn guarded(conn: &Connection, statement: &str, write: bool) -> Result<Answer> {
    conn.authorizer(Some(move |context: AuthContext<'_>| allowed(&context.action, write)))?;
    let answer = execute(conn, statement, write);
    conn.authorizer(None::<fn(AuthContext<'_>) -> Authorization>)?;
    answer.map_err(|error| {
        let text = format!("{error:#}");
        let denied = text.contains("not authorized") || text.contains("authorization denied");
        match (denied, write) {
            (true, true) => error.context("only SELECT, INSERT, UPDATE and DELETE can be run here"),
            (true, false) => error.context("this would change the database: add --write"),
            _ => error,
        }
    })
}

/// The schema, the transaction and the connection's settings belong to the program.
fn allowed(action: &AuthAction<'_>, write: bool) -> Authorization {
    use AuthAction as A;
    const QUESTIONS: [&str; 12] = [
        "table_info",
        "table_xinfo",
        "table_list",
        "index_list",
        "index_info",
        "index_xinfo",
        "foreign_key_list",
        "foreign_key_check",
        "integrity_check",
        "quick_check",
        "page_count",
        "compile_options",
    ];
    let good = match action {
        A::Select | A::Read { .. } | A::Function { .. } | A::Recursive => true,
        A::Insert { .. } | A::Update { .. } | A::Delete { .. } => write,
        A::Pragma { pragma_name, .. } => QUESTIONS.contains(pragma_name),
        _ => false,
    };
    if good { Authorization::Allow } else { Authorization::Deny }
}

fn execute(conn: &Connection, sql: &str, write: bool) -> Result<Answer> {
    let mut answer = Answer::default();
    let mut statements = 0;
    let mut batch = Batch::new(conn, sql);
    while let Some(mut statement) = batch.next().context("the statement cannot be run")? {
        statements += 1;
        if statements > 1 && !write {
            bail!("one statement at a time; with --write there can be several");
        }
        let read_only = statement.readonly();
        let columns: Vec<String> =
            statement.column_names().into_iter().map(ToOwned::to_owned).collect();
        let mut bytes = 0;
        let mut found = Vec::new();
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next().context("the statement failed")? {
            let cells = (0..columns.len()).map(|at| Ok(cell(row.get_ref(at)?, &mut bytes)));
            found.push(cells.collect::<Result<Vec<_>>>()?);
            if bytes > MOST_BYTES {
                bail!("more than 64 MB of rows: add a LIMIT");
            }
        }
        drop(rows);
        if !read_only {
            answer.changed += conn.changes();
        }
        if !columns.is_empty() {
            (answer.columns, answer.rows) = (columns, found);
        }
    }
    if statements == 0 {
        bail!("there is no statement in it")
    }
    Ok(answer)
}

fn cell(value: ValueRef<'_>, bytes: &mut usize) -> Value {
    let value = screen::json(value);
    *bytes += value.as_str().map_or(8, str::len) + std::mem::size_of::<Value>();
    value
}

impl Answer {
    fn tsv(&self) -> String {
        let escape = |text: &str| {
            text.replace('\\', "\\\\")
                .replace('\t', "\\t")
                .replace('\n', "\\n")
                .replace('\r', "\\r")
        };
        let show = |value: &Value| match value {
            Value::Null => String::new(),
            Value::String(text) => escape(text),
            other => other.to_string(),
        };
        let heading = self.columns.iter().map(|name| escape(name)).collect::<Vec<_>>().join("\t");
        let rows = self.rows.iter();
        let rows = rows.map(|row| row.iter().map(show).collect::<Vec<_>>().join("\t"));
        std::iter::once(heading).chain(rows).map(|line| line + "\n").collect()
    }

    fn objects(&self) -> Vec<Map<String, Value>> {
        let object = |row: &Vec<Value>| self.columns.iter().cloned().zip(row.clone()).collect();
        self.rows.iter().map(object).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operator::tests::sample;

    fn read(sql: &str) -> Result<Answer> {
        guarded(&sample().0, sql, false)
    }

    #[test]
    fn rows_come_as_tsv_and_as_json() {
        let answer =
            read("SELECT 1 AS a, 'x\ty\\' AS b, NULL AS c, 1.5 AS d, x'00ff' AS e").unwrap();
        assert_eq!(answer.tsv(), "a\tb\tc\td\te\n1\tx\\ty\\\\\t\t1.5\t00ff\n");
        let json = serde_json::to_string(&answer.objects()).unwrap();
        assert_eq!(json, r#"[{"a":1,"b":"x\ty\\","c":null,"d":1.5,"e":"00ff"}]"#);
        assert_eq!(read("PRAGMA table_info(jobs)").unwrap().columns[1], "name");
        assert!(!read("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 3) SELECT i FROM n").unwrap().rows.is_empty());
    }

    #[test]
    fn without_write_nothing_changes() {
        for sql in [
            "DELETE FROM events",
            "UPDATE users SET language = 'en'",
            "PRAGMA query_only = 0",
            "DROP TABLE jobs",
            "BEGIN",
            "ATTACH 'x.db' AS x",
            "VACUUM",
        ] {
            let error = format!("{:#}", read(sql).unwrap_err());
            assert!(error.contains("--write"), "{sql}: {error}");
        }
        assert!(read("SELECT 1; SELECT 2").is_err());
        assert!(read(" -- nothing").is_err());
    }

    #[test]
    fn with_write_the_rules_of_the_ledger_hold() {
        let (conn, _) = sample();
        let write = |sql: &str| guarded(&conn, sql, true);
        assert_eq!(write("UPDATE jobs SET priority = 5").unwrap().changed, 3);
        let answer = write("DELETE FROM events; INSERT INTO events (job_id, at, step, what) VALUES (1, 0, 'script', 'x') RETURNING job_id").unwrap();
        assert_eq!((answer.changed, answer.rows.len()), (7, 1));
        let refused = format!("{:#}", write("UPDATE users SET credits = 9").unwrap_err());
        assert!(refused.contains("neurocards grant"), "{refused}");
        for sql in [
            "DROP TRIGGER ledger_no_update",
            "COMMIT",
            "SAVEPOINT x",
            "PRAGMA foreign_keys = 0",
            "DELETE FROM ledger",
            "ALTER TABLE jobs ADD COLUMN x",
            "CREATE TABLE x (y)",
        ] {
            assert!(write(sql).is_err(), "{sql}");
        }
        conn.execute_batch("BEGIN; COMMIT").unwrap();
    }

    #[test]
    fn what_was_written_stands_in_the_audit_whatever_it_was() {
        let (_folder, db) = crate::db::tests::fresh();
        let by = By { way: audit::Way::Command, who: "ann".to_owned() };
        let write = |sql: &str| {
            let (by, sql) = (by.clone(), sql.to_owned());
            db.write(move |tx| written(tx, &by, &sql, 5))
        };
        let long = format!("DELETE FROM audit -- {}", "я".repeat(600));
        write("INSERT INTO users (tg_user_id) VALUES (7)").unwrap();
        write(&long).unwrap();
        assert!(write("UPDATE users SET credits = 9").is_err());
        let sql = "SELECT who, action, after, LENGTH(note) AS n, SUBSTR(note, 1, 17) AS of
                   FROM audit";
        let lines = db.read(|conn| guarded(conn, sql, false)).unwrap();
        let lines = lines.tsv();
        assert_eq!(
            lines,
            "who\taction\tafter\tn\tof\nann\tsql\t1 rows changed\t501\tDELETE FROM audit\n"
        );
    }

    #[test]
    fn the_writer_is_free_again_after_a_guarded_statement() {
        let (_folder, db) = crate::db::tests::fresh();
        let sql = |sql: &str| {
            let sql = sql.to_owned();
            db.write(move |tx| guarded(tx, &sql, true))
        };
        assert_eq!(sql("INSERT INTO users (tg_user_id) VALUES (7)").unwrap().changed, 1);
        assert!(sql("INSERT INTO users (tg_user_id) VALUES (8); COMMIT").is_err());
        db.write(|tx| Ok(tx.execute("CREATE TEMP TABLE t (x)", [])?)).unwrap();
        let users = db.read(|conn| guarded(conn, "SELECT tg_user_id FROM users", false)).unwrap();
        assert_eq!(users.tsv(), "tg_user_id\n7\n");
    }
}
