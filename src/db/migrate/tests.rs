use super::recorded::{file, put};
use super::*;
use crate::db::{Db, FILE_NAME};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// A release after this one, whatever this one is: rows move, and a table that others refer to is
/// made anew.
const NEXT: [&str; 2] = [
    "CREATE TABLE towns (id INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT;
     INSERT INTO towns VALUES (1, 'Псков'), (2, 'York');
     ALTER TABLE users ADD COLUMN town INTEGER REFERENCES towns (id);
     UPDATE users SET town = CASE language WHEN 'ru' THEN 1 ELSE 2 END;",
    "CREATE TABLE places (id INTEGER PRIMARY KEY, name TEXT NOT NULL, far INTEGER) STRICT;
     INSERT INTO places (id, name) SELECT id, name FROM towns;
     DROP TABLE towns;
     ALTER TABLE places RENAME TO towns;
     INSERT INTO ledger (user_id, delta, kind, key, actor)
     SELECT id, 1, 'grant', 'moved:' || id, 'bot'
     FROM users;",
];

/// `SCHEMA` with further steps, and what a new file of it is made from.
struct Later {
    whole: String,
    steps: Vec<&'static str>,
}

impl Later {
    fn with(further: &[&'static str]) -> Self {
        let town =
            "language          TEXT    NOT NULL DEFAULT 'ru' CHECK (language IN ('ru', 'en')),";
        assert!(SCHEMA.whole.contains(town));
        let whole = SCHEMA.whole.replace(
            town,
            &format!("town INTEGER REFERENCES towns (id), -- where they live\n{town}"),
        );
        let towns = "CREATE TABLE towns (
                         id   INTEGER PRIMARY KEY,
                         name TEXT    NOT NULL,
                         far  INTEGER
                     ) STRICT;";
        Self { whole: format!("{towns}\n{whole}"), steps: [SCHEMA.steps, further].concat() }
    }

    fn schema(&self) -> Schema<'_> {
        Schema { whole: &self.whole, steps: &self.steps }
    }
}

/// The newest version that was recorded, in a data folder.
fn released() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(FILE_NAME);
    put(SCHEMA.version(), &path);
    (folder, path)
}

fn upgrade(folder: &Path, schema: &Schema<'_>) -> Result<Db> {
    Db::upgrade(folder, schema, Mode::Demo, 1, |_| Ok(()))
}

/// All rows but the sums, by table.
fn rows(conn: &Connection) -> BTreeMap<String, Vec<String>> {
    let mut tables =
        conn.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY 1").unwrap();
    let tables: Vec<String> =
        tables.query_map([], |row| row.get(0)).unwrap().collect::<rusqlite::Result<_>>().unwrap();
    let of = |table: &String| {
        let mut query = conn.prepare(&format!("SELECT * FROM {table} ORDER BY 1, 2")).unwrap();
        let columns = query.column_count();
        let line = |row: &rusqlite::Row<'_>| {
            let values = (0..columns).map(|at| Ok(format!("{:?}", row.get_ref(at)?)));
            Ok(values.collect::<rusqlite::Result<Vec<_>>>()?.join(", "))
        };
        query.query_map([], line).unwrap().collect::<rusqlite::Result<Vec<_>>>().unwrap()
    };
    tables.iter().map(|table| (table.clone(), of(table))).collect()
}

#[test]
fn every_release_becomes_what_a_new_file_is() {
    let folder = tempfile::tempdir().unwrap();
    let mut fresh = Connection::open(folder.path().join("fresh.db")).unwrap();
    raise(&mut fresh, &SCHEMA, Some((Mode::Live, 1))).unwrap();
    let fresh = meaning::of(&fresh);
    for version in 1..=SCHEMA.version() {
        // The last one may not be released yet.
        if version == SCHEMA.version() && version > 1 && !file(version).exists() {
            continue;
        }
        let path = folder.path().join(format!("{version}.db"));
        put(version, &path);
        let mut conn = Connection::open(&path).unwrap();
        raise(&mut conn, &SCHEMA, None).unwrap();
        for (part, clauses) in meaning::of(&conn) {
            assert_eq!(
                Some(&clauses),
                fresh.get(&part),
                "{part} of a file of version {version} is another than a new one's: see \
                 `A change of the schema` in ARCHITECTURE.md"
            );
        }
        assert_eq!(meaning::of(&conn).len(), fresh.len(), "{version}: something is missing");
        check(&conn.transaction().unwrap()).unwrap();
        check_current(&conn, &SCHEMA).unwrap();
    }
}

#[test]
fn an_older_file_becomes_the_same_as_a_new_one_and_keeps_its_rows() {
    let (folder, path) = released();
    let before = rows(&Connection::open(&path).unwrap());
    let later = Later::with(&NEXT);
    let told = Cell::new(None);
    let db = Db::upgrade(folder.path(), &later.schema(), Mode::Demo, 1, |upgrade| {
        told.set(Some(upgrade));
        assert_eq!(rows(&Connection::open(&path).unwrap()), before, "it was changed before");
        Ok(())
    })
    .unwrap();
    let from = SCHEMA.version();
    assert_eq!(told.get(), Some(Upgrade { from, to: from + 2 }));
    db.write(|tx| {
        let keys: i64 = tx.pragma_query_value(None, "foreign_keys", |row| row.get(0))?;
        assert_eq!(keys, 1, "the writer goes on without them");
        Ok(())
    })
    .unwrap();
    let fresh = tempfile::tempdir().unwrap();
    let fresh =
        Db::upgrade(fresh.path(), &later.schema(), Mode::Demo, 1, |_| bail!("new")).unwrap();
    let meaning = |db: &Db| db.read(|conn| Ok(meaning::of(conn))).unwrap();
    assert_eq!(meaning(&db), meaning(&fresh));
    let after = db.read(|conn| Ok(rows(conn))).unwrap();
    for (table, rows) in before.iter().filter(|(table, _)| *table != "users" && *table != "ledger")
    {
        assert_eq!(after.get(table), Some(rows), "{table}");
    }
    assert_eq!(after["ledger"].len(), before["ledger"].len() + before["users"].len());
    assert_eq!(after["towns"].len(), 2);
    let again =
        Db::upgrade(folder.path(), &later.schema(), Mode::Demo, 1, |_| bail!("copied twice"));
    again.unwrap();
}

#[test]
fn a_migration_that_fails_changes_nothing_and_says_which() {
    let taken = "UPDATE jobs SET user_id = 99 WHERE id = 1";
    let unsettled = "DROP TRIGGER users_credits_by_ledger_only; UPDATE users SET credits = 70";
    let wrong = "CREATE TABLE villages (id INTEGER); INSERT INTO nowhere VALUES (1)";
    for (step, word) in [
        (taken, "stray rows"),
        (unsettled, "not their ledger's sum"),
        (wrong, "no such table: nowhere"),
    ] {
        let (folder, path) = released();
        let before = rows(&Connection::open(&path).unwrap());
        let later = Later::with(&[NEXT[0], step]);
        let refused = upgrade(folder.path(), &later.schema()).err().unwrap();
        let said = format!("{refused:#}");
        let (from, to) = (SCHEMA.version(), SCHEMA.version() + 2);
        let stays = format!("cannot become version {to} and stays version {from}");
        assert!(said.contains(&stays) && said.contains(word), "{said}");
        assert!(said.len() < 300, "{said}");
        let conn = Connection::open(&path).unwrap();
        assert_eq!(number(&conn, "user_version").unwrap(), from, "{word}");
        assert_eq!(rows(&conn), before, "{word}");
        check_current(&conn, &SCHEMA).unwrap();
        drop(conn);
        upgrade(folder.path(), &Later::with(&NEXT).schema()).unwrap();
    }
}

#[test]
fn without_a_copy_nothing_is_migrated() {
    let (folder, path) = released();
    let before = rows(&Connection::open(&path).unwrap());
    let later = Later::with(&NEXT);
    for mode in [Mode::Demo, Mode::Live] {
        let copy = |_| bail!("the disk is full");
        let refused = Db::upgrade(folder.path(), &later.schema(), mode, 1, copy).err().unwrap();
        let word = if mode == Mode::Demo { "the disk is full" } else { "is a demo one" };
        assert!(format!("{refused:#}").contains(word), "{refused:#}");
        assert_eq!(rows(&Connection::open(&path).unwrap()), before);
    }
}

#[test]
fn a_newer_file_is_named_with_both_ways_out() {
    let (folder, path) = released();
    upgrade(folder.path(), &Later::with(&NEXT).schema()).unwrap();
    let appliance = Db::open(folder.path(), Mode::Demo, 1).err().unwrap();
    let command = Db::open_existing(folder.path()).err().unwrap();
    for refused in [appliance, command] {
        let said = format!("{refused:#}");
        let versions =
            format!("version {}, this program knows {}", SCHEMA.version() + 2, SCHEMA.version());
        for word in [&versions, "install the newer program", "backups/before-version-"] {
            assert!(said.contains(word), "no `{word}` in {said}");
        }
    }
    assert_eq!(
        number(&Connection::open(path).unwrap(), "user_version").unwrap(),
        SCHEMA.version() + 2
    );
}

#[test]
fn a_command_says_of_an_older_file_who_migrates_it() {
    let (_folder, path) = released();
    let conn = Connection::open(&path).unwrap();
    let before = std::fs::read(&path).unwrap();
    let said = check_current(&conn, &Later::with(&NEXT).schema()).unwrap_err().to_string();
    let versions = format!("version {}, this program needs", SCHEMA.version());
    assert!(said.contains(&versions) && said.contains("neurocards run"), "{said}");
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[test]
fn a_copy_of_an_older_version_is_brought_up_before_it_is_put_back() {
    let (_folder, path) = released();
    let later = Later::with(&NEXT);
    copy::renew(&path, &later.schema()).unwrap();
    let conn = Connection::open(&path).unwrap();
    assert_eq!(number(&conn, "user_version").unwrap(), SCHEMA.version() + 2);
    let before = std::fs::read(&path).unwrap();
    copy::renew(&path, &later.schema()).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), before, "and is left alone after that");
    let nothing = path.with_file_name("nothing.db");
    Connection::open(&nothing).unwrap();
    assert!(copy::renew(&nothing, &SCHEMA).is_err());
}

#[test]
fn a_first_start_that_died_at_any_commit_is_followed_by_one_that_serves() {
    let folder = tempfile::tempdir().unwrap();
    let fresh = |conn: &mut Connection| migrate(conn, &SCHEMA, Mode::Live, 1, |_| bail!("new"));
    for survived in 0..10 {
        let mut conn = Connection::open(folder.path().join(format!("{survived}.db"))).unwrap();
        let commits = AtomicU64::new(0);
        conn.commit_hook(Some(move || commits.fetch_add(1, Ordering::SeqCst) >= survived)).unwrap();
        let died = fresh(&mut conn).is_err();
        conn.commit_hook(None::<fn() -> bool>).unwrap();
        check_identity(&conn).unwrap();
        fresh(&mut conn).unwrap();
        check_current(&conn, &SCHEMA).unwrap();
        if !died {
            assert!(survived >= 1, "no commit made it whole");
            return;
        }
    }
    panic!("it never ends");
}
