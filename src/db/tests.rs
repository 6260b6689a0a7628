use super::*;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A fresh live database in a folder of its own.
pub(crate) fn fresh() -> (tempfile::TempDir, Db) {
    let folder = tempfile::tempdir().unwrap();
    let db = Db::open(folder.path(), Mode::Live, 1_000).unwrap();
    (folder, db)
}

fn user(tx: &Tx<'_>, id: i64) -> Result<()> {
    tx.execute("INSERT INTO users (tg_user_id) VALUES (?1)", [id])?;
    Ok(())
}

fn users(db: &Db) -> i64 {
    db.read(|conn| Ok(conn.query_row("SELECT COUNT(*) FROM users", [], |row| row.get(0))?)).unwrap()
}

#[test]
fn an_error_or_a_panic_rolls_back_only_its_own_caller() {
    let (_folder, db) = fresh();
    let threads: Vec<_> = (0..30)
        .map(|n| {
            let db = db.clone();
            std::thread::spawn(move || {
                db.write(move |tx| {
                    user(tx, n)?;
                    match n % 3 {
                        0 => Ok(()),
                        1 => anyhow::bail!("no"),
                        _ => panic!("on purpose"),
                    }
                })
                .is_ok()
            })
        })
        .collect();
    let kept = threads.into_iter().map(|t| t.join().unwrap()).filter(|ok| *ok);
    assert_eq!(kept.count(), 10);
    assert_eq!(users(&db), 10);
}

#[test]
fn a_new_file_has_small_pages_and_so_has_its_copy() {
    let (folder, db) = fresh();
    let copied = folder.path().join("copy.db");
    copy(db.path(), &copied, &(Arc::new(|_| false) as Watch)).unwrap();
    for file in [db.path(), &copied] {
        let conn = Connection::open(file).unwrap();
        let size: i64 = conn.pragma_query_value(None, "page_size", |row| row.get(0)).unwrap();
        assert_eq!(size, 1_024, "{}", file.display());
    }
}

#[test]
fn readers_cannot_write() {
    let (_folder, db) = fresh();
    let refused =
        db.read(|conn| Ok(conn.execute("INSERT INTO users (tg_user_id) VALUES (1)", [])?));
    assert!(format!("{:#}", refused.unwrap_err()).contains("readonly"));
}

#[test]
fn a_watcher_hears_of_its_tables_after_the_commit() {
    let (_folder, db) = fresh();
    let (users, outbox) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    for (table, count) in [("users", &users), ("outbox", &outbox)] {
        let count = Arc::clone(count);
        db.watch(
            &[table],
            Arc::new(move || {
                count.fetch_add(1, Ordering::SeqCst);
            }),
        );
    }
    db.write(|tx| user(tx, 1)).unwrap();
    assert_eq!(users.load(Ordering::SeqCst), 1);
    assert_eq!(outbox.load(Ordering::SeqCst), 0);
}

#[test]
fn a_file_of_somebody_else_or_of_the_other_mode_is_refused_unchanged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(FILE_NAME);
    Connection::open(&path).unwrap().execute_batch("CREATE TABLE theirs (x)").unwrap();
    let before = std::fs::read(&path).unwrap();
    let refused = Db::open(folder.path(), Mode::Live, 0).err().unwrap();
    assert!(format!("{refused:#}").contains("not one of neurocards"), "{refused:#}");
    assert_eq!(std::fs::read(&path).unwrap(), before);
    std::fs::write(&path, "no database at all, ".repeat(50)).unwrap();
    assert!(Db::open(folder.path(), Mode::Live, 0).is_err());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing lies beside it");

    let (folder, db) = fresh();
    drop(db);
    let refused = Db::open(folder.path(), Mode::Demo, 0).err().unwrap();
    assert!(format!("{refused:#}").contains("is a live one"), "{refused:#}");
}

#[test]
fn a_newer_file_is_refused() {
    let (folder, db) = fresh();
    db.write(|tx| Ok(tx.execute_batch("PRAGMA user_version = 99")?)).unwrap();
    drop(db);
    let refused = Db::open(folder.path(), Mode::Live, 0).err().unwrap();
    assert!(format!("{refused:#}").contains("install the newer program"), "{refused:#}");
}

#[test]
fn the_folder_is_private_and_held_by_one() {
    use std::os::unix::fs::PermissionsExt as _;
    let outer = tempfile::tempdir().unwrap();
    let folder = outer.path().join("data");
    let lock = InstanceLock::take(&folder).unwrap();
    let refused = InstanceLock::take(&folder).err().unwrap();
    assert!(refused.is::<LockHeld>());
    drop(lock);
    let _lock = InstanceLock::take(&folder).unwrap();
    let db = Db::open(&folder, Mode::Live, 0).unwrap();
    db.write(|tx| user(tx, 1)).unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), if path.is_dir() { 0o700 } else { 0o600 }, "{}", path.display());
    }
}

#[test]
fn the_linked_sqlite_has_no_wal_reset_bug() {
    pragmas::check_version().unwrap();
}

#[test]
fn every_connection_is_durable() {
    let (_folder, db) = fresh();
    let check = |conn: &Connection| {
        let synchronous: i64 = conn.pragma_query_value(None, "synchronous", |row| row.get(0))?;
        let keys: i64 = conn.pragma_query_value(None, "foreign_keys", |row| row.get(0))?;
        assert_eq!((synchronous, keys), (2, 1));
        Ok(())
    };
    db.read(check).unwrap();
    db.write(move |tx| check(tx)).unwrap();
}

#[test]
fn after_the_disk_failed_under_a_caller_nothing_is_promised_any_more() {
    let (_folder, db) = fresh();
    let (tell, heard) = std::sync::mpsc::channel();
    db.on_fatal(Arc::new(move |reason| drop(tell.send(reason))));
    let failed = db.write(|_| {
        let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_IOERR_READ);
        Err::<(), _>(rusqlite::Error::SqliteFailure(code, None).into())
    });
    assert_eq!(Machine::of(&failed.unwrap_err()), Some(Machine::Disk));
    assert!(heard.recv_timeout(std::time::Duration::from_secs(5)).is_ok(), "and it is told");
    let refused = db.write(|tx| user(tx, 1)).unwrap_err();
    assert!(refused.is::<NotCommitted>(), "{refused:#}");
    assert_eq!(users(&db), 0);
}

/// What a write changed, a line for each value: `jobs 1 step: script -> upload`; for a new row its
/// values, for one that is gone its number.
pub(crate) fn changes(
    db: &Db,
    tables: &[&'static str],
    act: impl FnOnce(&Tx<'_>) -> Result<()> + Send + 'static,
) -> Vec<String> {
    let before = rows_of(db, tables);
    db.write(act).unwrap();
    let after = rows_of(db, tables);
    let mut lines = Vec::new();
    for (row, values) in &after {
        let Some(old) = before.get(row) else {
            let set = values.iter().filter(|(_, value)| value != "NULL");
            let set: Vec<_> = set.map(|(column, value)| format!("{column} {value}")).collect();
            lines.push(format!("{row}: new, {}", set.join(", ")));
            continue;
        };
        for ((column, old), (_, new)) in old.iter().zip(values).filter(|(old, new)| old != new) {
            lines.push(format!("{row} {column}: {old} -> {new}"));
        }
    }
    lines.extend(
        before.keys().filter(|row| !after.contains_key(*row)).map(|row| row.clone() + ": gone"),
    );
    lines
}

type Values = Vec<(String, String)>;

fn rows_of(db: &Db, tables: &[&str]) -> std::collections::BTreeMap<String, Values> {
    let read = |conn: &Connection, table: &str| -> Result<Vec<(String, Values)>> {
        let mut query = conn.prepare(&format!("SELECT rowid AS number, * FROM {table}"))?;
        let names: Vec<String> = query.column_names().into_iter().map(str::to_owned).collect();
        let rows = query.query_map([], |row| {
            let values = (1..names.len()).map(|at| {
                let value = match row.get::<_, rusqlite::types::Value>(at)? {
                    rusqlite::types::Value::Null => "NULL".to_owned(),
                    rusqlite::types::Value::Integer(number) => number.to_string(),
                    rusqlite::types::Value::Real(number) => number.to_string(),
                    rusqlite::types::Value::Text(text) => text,
                    rusqlite::types::Value::Blob(_) => "a blob".to_owned(),
                };
                Ok((names[at].clone(), value))
            });
            let values = values.collect::<rusqlite::Result<Values>>()?;
            Ok((format!("{table} {}", row.get::<_, i64>(0)?), values))
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    };
    db.read(|conn| {
        let all: Result<Vec<_>> = tables.iter().map(|table| read(conn, table)).collect();
        Ok(all?.into_iter().flatten().collect())
    })
    .unwrap()
}

/// So many pieces of text that begin so.
fn pieces(db: &Db, word: &str) -> usize {
    let bytes = std::fs::read(db.path()).unwrap();
    bytes.windows(word.len()).filter(|part| *part == word.as_bytes()).count()
}

#[test]
fn nothing_of_what_was_emptied_is_in_the_file_once_it_was_compacted() {
    let (_folder, db) = fresh();
    db.write(|tx| Ok(tx.execute_batch("CREATE TABLE t (id INTEGER PRIMARY KEY, a, b)")?)).unwrap();
    // Rows that grow after others were written move to other pages.
    db.write(|tx| {
        let mut random = fastrand::Rng::with_seed(1);
        for id in 0..2_000_i64 {
            let words = format!("MARK-{}", "x".repeat(random.usize(50..900)));
            tx.execute("INSERT INTO t (id, a) VALUES (?1, ?2)", (id, words))?;
            let words = format!("MARK-{}", "y".repeat(random.usize(100..1_500)));
            let id = random.i64((id - 20).max(0)..=id);
            tx.execute("UPDATE t SET b = ?2 WHERE id = ?1", (id, words))?;
        }
        Ok(())
    })
    .unwrap();
    db.write(|tx| Ok(tx.execute_batch("UPDATE t SET a = '', b = NULL")?)).unwrap();
    db.compact().unwrap();
    db.read(|conn| {
        conn.query_row("SELECT COUNT(*) FROM t", [], |_| Ok(()))?;
        db.write(|tx| user(tx, 1))?;
        assert!(!db.empty_log()?, "somebody reads");
        Ok(())
    })
    .unwrap();
    assert!(db.empty_log().unwrap());
    assert_eq!(pieces(&db, "MARK-"), 0);
    let log = db.path().with_file_name("neurocards.db-wal");
    assert_eq!(std::fs::metadata(log).unwrap().len(), 0);
    assert_eq!(users(&db), 1, "and nothing else is gone");
}

#[test]
fn a_compaction_among_writes_disturbs_none() {
    let (_folder, db) = fresh();
    std::thread::scope(|scope| {
        for n in 0..20 {
            let db = db.clone();
            scope.spawn(move || db.write(move |tx| user(tx, n)).unwrap());
        }
        for _ in 0..3 {
            scope.spawn(|| db.compact().unwrap());
        }
    });
    assert_eq!(users(&db), 20);
}

#[test]
fn a_compaction_is_given_up_when_the_program_ends_and_writes_go_on() {
    let (_folder, db) = fresh();
    let users = "SELECT COUNT(*) FROM users";
    let insert = |from: i64| {
        db.write(move |tx| {
            let sql = "WITH RECURSIVE n (n) AS (SELECT ?1 UNION ALL SELECT n + 1 FROM n WHERE n < ?1 + 999)
                       INSERT INTO users (tg_user_id) SELECT n FROM n";
            Ok(tx.execute(sql, [from])?)
        })
        .unwrap();
    };
    insert(1);
    db.compact().unwrap();
    db.hurry();
    assert!(db.compact().is_err());
    insert(2_000);
    let known: i64 = db.read(|conn| Ok(conn.query_row(users, [], |row| row.get(0))?)).unwrap();
    assert_eq!(known, 2_000);
}

#[test]
fn from_the_second_start_on_the_log_has_its_full_length_and_grows_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join(format!("{FILE_NAME}-wal"));
    let length = || std::fs::metadata(&log).map_or(0, |it| it.len());
    // SQLite would throw a log away that lies beside an empty file.
    drop(Db::open(folder.path(), Mode::Live, 0).unwrap());
    // The pool's own thread may be the last to let go of its connections.
    let comes_to_rest = || {
        let patience = std::time::Instant::now() + Duration::from_secs(20);
        while length() > 0 && std::time::Instant::now() < patience {
            std::thread::yield_now();
        }
        length() == 0
    };
    assert!(comes_to_rest());
    let db = Db::open(folder.path(), Mode::Live, 0).unwrap();
    let full = pragmas::LOG_BYTES as u64;
    assert_eq!(length(), full);
    assert!(!folder.path().join(format!("{FILE_NAME}-wal.new")).exists());
    for _ in 0..9_000 {
        db.write(
            |tx| Ok(tx.execute("UPDATE instance SET threads = 1 - COALESCE(threads, 0)", [])?),
        )
        .unwrap();
    }
    assert_eq!(length(), full, "it went around");
    // Who opens it besides takes no other log for it.
    drop(Db::open(folder.path(), Mode::Live, 0).unwrap());
    let threads = "SELECT threads FROM instance";
    let read =
        |db: &Db| db.read(|conn| Ok(conn.query_row(threads, [], |row| row.get::<_, i64>(0))?));
    assert_eq!(read(&db).unwrap(), 0);
    assert_eq!(length(), full);
    drop(db);
    assert!(comes_to_rest(), "at rest there is the file alone");
    let db = Db::open_existing(folder.path()).unwrap();
    assert_eq!((read(&db).unwrap(), length()), (0, 0), "a command has no use for it");
}
