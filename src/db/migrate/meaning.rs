//! What a schema means, however it is written: columns, constraints and keys of a table in any
//! order, no comments, one blank between two words.

use rusqlite::Connection;
use std::collections::{BTreeMap, BTreeSet};

/// By kind and name.
pub(super) fn of(conn: &Connection) -> BTreeMap<String, BTreeSet<String>> {
    let mut parts = conn
        .prepare(
            "SELECT type || ' ' || name, type = 'table', sql
             FROM sqlite_schema
             WHERE sql IS NOT NULL",
        )
        .unwrap();
    let parts = parts
        .query_map([], |row| {
            let (name, is_table, sql) = (row.get(0)?, row.get(1)?, row.get::<_, String>(2)?);
            let sql = plain(&sql);
            Ok((name, if is_table { clauses(&sql) } else { BTreeSet::from([sql]) }))
        })
        .unwrap();
    parts.collect::<rusqlite::Result<_>>().unwrap()
}

/// Without comments and quotes around names, a blank between two words and none elsewhere.
fn plain(sql: &str) -> String {
    let (mut text, mut rest) = (String::new(), sql);
    while let Some(letter) = rest.chars().next() {
        let mut length = letter.len_utf8();
        if rest.starts_with("--") {
            length = rest.find('\n').unwrap_or(rest.len());
        } else if letter == '\'' {
            length = 2 + rest[1..].find('\'').unwrap();
            text.push_str(&rest[..length]);
        } else if letter.is_whitespace() {
            text.push(' ');
        } else if letter != '"' {
            text.push(letter);
        }
        rest = &rest[length..];
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut text = words.join(" ");
    for mark in ["(", ")", ",", "=", "<", ">", ";", "||"] {
        text = text.replace(&format!(" {mark}"), mark).replace(&format!("{mark} "), mark);
    }
    text
}

/// What stands between the commas of a table, and what stands before and after it.
fn clauses(sql: &str) -> BTreeSet<String> {
    let (begin, end) = (sql.find('(').unwrap(), sql.rfind(')').unwrap());
    let mut clauses = BTreeSet::from([sql[..begin].to_owned(), sql[end..].to_owned()]);
    let (mut depth, mut quoted, mut clause) = (0, false, String::new());
    for letter in sql[begin + 1..end].chars() {
        quoted ^= letter == '\'';
        match letter {
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth -= 1,
            ',' if !quoted && depth == 0 => {
                assert!(clauses.insert(std::mem::take(&mut clause)), "twice in {sql}");
                continue;
            }
            _ => {}
        }
        clause.push(letter);
    }
    assert!(clauses.insert(clause), "twice in {sql}");
    clauses
}

#[test]
fn only_what_a_schema_means_counts() {
    let of = |sql: &str| {
        let conn = Connection::open_in_memory().unwrap();
        conn.execute_batch(sql).unwrap();
        of(&conn)
    };
    let whole = of("CREATE TABLE t (
                        a TEXT CHECK (a IN ('x, y', 'z')),  -- one, two
                        b INTEGER DEFAULT 1,
                        CHECK (a <> b)
                    ) STRICT;
                    CREATE INDEX i ON t (a) WHERE b = 1;");
    let grown = of("CREATE TABLE t (b INTEGER DEFAULT 1, a TEXT, CHECK (a <> b)) STRICT;
                    ALTER TABLE t RENAME TO u;
                    ALTER TABLE u RENAME TO t;
                    CREATE INDEX i ON t(a) WHERE b=1;");
    assert_ne!(whole, grown, "a check is missing");
    let grown = of("CREATE TABLE u (b INTEGER DEFAULT 1, a TEXT CHECK(a IN('x, y','z')),
                                    CHECK (a<>b)) STRICT;
                    ALTER TABLE u RENAME TO t;
                    CREATE INDEX i ON t (a)
                        WHERE b = 1;");
    assert_eq!(whole, grown);
}
