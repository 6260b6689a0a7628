use super::*;
use crate::db::tests::fresh;
use crate::db::{Db, InstanceLock, Mode, Present};
use rusqlite::Connection;

/// So many customers.
fn meets(db: &Db, many: i64) {
    db.write(move |tx| {
        let known: i64 = tx.query_row("SELECT COUNT(*) FROM users", [], |row| row.get(0))?;
        for id in 1..=many {
            tx.execute("INSERT INTO users (tg_user_id) VALUES (?1)", [known + id])?;
        }
        Ok(())
    })
    .unwrap();
}

fn users(path: &Path) -> i64 {
    let conn = Connection::open(path).unwrap();
    conn.query_row("SELECT COUNT(*) FROM users", [], |row| row.get(0)).unwrap()
}

fn put_back(folder: &Path, file: &Path) -> Result<Restored<()>> {
    puts_back(folder, file, |_, _| Ok(()))
}

fn puts_back<T>(
    folder: &Path,
    file: &Path,
    carry: impl FnOnce(&Present, &Path) -> Result<T>,
) -> Result<Restored<T>> {
    let lock = InstanceLock::take(folder)?;
    restore(&lock, folder, file, (Mode::Live, "now"), &unwatched(), carry)
}

/// A stopped folder with three customers, and its backup.
fn stopped() -> (tempfile::TempDir, tempfile::TempDir, PathBuf) {
    let (folder, db) = fresh();
    meets(&db, 3);
    let elsewhere = tempfile::tempdir().unwrap();
    let file = elsewhere.path().join("copy.db");
    make(db.path(), &file, false, &unwatched()).unwrap();
    lets_go(db);
    (folder, elsewhere, file)
}

/// The pool's threads close their connections a moment later; the last one takes the log away.
fn lets_go(db: Db) {
    let log = db.path().with_extension("db-wal");
    drop(db);
    let (_never, wait) = std::sync::mpsc::channel::<()>();
    for _ in 0..1_000 {
        if !log.exists() {
            return;
        }
        let _ = wait.recv_timeout(std::time::Duration::from_millis(5));
    }
    panic!("somebody still has it open");
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("neurocards.db"))
        .collect();
    names.sort();
    names
}

#[test]
fn a_backup_is_whole_private_and_never_written_over_by_mistake() {
    let (folder, db) = fresh();
    meets(&db, 3);
    let elsewhere = tempfile::tempdir().unwrap();
    let file = elsewhere.path().join("copy.db");
    let made = make(db.path(), &file, false, &unwatched()).unwrap();
    assert_eq!((made.users, users(&file)), (3, 3));
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(std::fs::read_dir(elsewhere.path()).unwrap().count(), 1, "nothing beside it");
    let refused = make(db.path(), &file, false, &unwatched()).unwrap_err();
    assert!(format!("{refused:#}").contains("--force"), "{refused:#}");
    meets(&db, 1);
    assert_eq!(make(db.path(), &file, true, &unwatched()).unwrap().users, 4);
    let inside = make(db.path(), &folder.path().join(db::FILE_NAME), true, &unwatched());
    assert!(format!("{:#}", inside.unwrap_err()).contains("outside of the data folder"));
}

#[test]
fn a_backup_that_is_stopped_leaves_nothing_behind() {
    let (_folder, db) = fresh();
    meets(&db, 20_000);
    let elsewhere = tempfile::tempdir().unwrap();
    let stop: Watch = std::sync::Arc::new(|_: Phase| true);
    assert!(make(db.path(), &elsewhere.path().join("copy.db"), false, &stop).is_err());
    assert_eq!(std::fs::read_dir(elsewhere.path()).unwrap().count(), 0);
}

#[test]
fn a_restored_folder_is_as_the_backup_was_and_the_former_database_is_kept_whole() {
    let (folder, _elsewhere, file) = stopped();
    let db = Db::open(folder.path(), Mode::Live, 5).unwrap();
    meets(&db, 1);
    lets_go(db);
    let restored = put_back(folder.path(), &file).unwrap();
    let aside = restored.aside.unwrap();
    assert_eq!((restored.facts.users, users(&aside)), (3, 4));
    assert_eq!(names(folder.path()), ["neurocards.db", "neurocards.db.before-restore-now"]);
    let db = Db::open(folder.path(), Mode::Live, 5).unwrap();
    assert_eq!(users(db.path()), 3);
}

#[test]
fn a_log_that_a_kill_left_goes_into_the_former_database_and_not_into_the_new_one() {
    let (folder, _elsewhere, file) = stopped();
    // As after a kill: the files of an open database, its log included.
    let killed = tempfile::tempdir().unwrap();
    let db = Db::open(folder.path(), Mode::Live, 5).unwrap();
    meets(&db, 1);
    for name in ["neurocards.db", "neurocards.db-wal"] {
        std::fs::copy(folder.path().join(name), killed.path().join(name)).unwrap();
    }
    assert!(std::fs::metadata(killed.path().join("neurocards.db-wal")).unwrap().len() > 0);
    let restored = put_back(killed.path(), &file).unwrap();
    assert_eq!(users(&restored.aside.unwrap()), 4);
    assert_eq!(users(&killed.path().join("neurocards.db")), 3);
}

#[test]
fn while_somebody_has_the_database_open_nothing_is_restored() {
    let (folder, _elsewhere, file) = stopped();
    let console = Db::open_existing(folder.path()).unwrap();
    let refused = put_back(folder.path(), &file).unwrap_err();
    assert!(format!("{refused:#}").contains("close it"), "{refused:#}");
    meets(&console, 1);
    lets_go(console);
    assert_eq!(users(&folder.path().join("neurocards.db")), 4);
    assert_eq!(names(folder.path()), ["neurocards.db"]);
}

#[test]
fn a_file_that_is_no_sound_backup_is_refused_and_nothing_changes() {
    let (folder, elsewhere, file) = stopped();
    let damaged = |name: &str, change: &str| {
        let path = elsewhere.path().join(name);
        std::fs::copy(&file, &path).unwrap();
        Connection::open(&path).unwrap().execute_batch(change).unwrap();
        path
    };
    let torn = elsewhere.path().join("torn.db");
    let bytes = std::fs::read(&file).unwrap();
    std::fs::write(&torn, &bytes[..bytes.len() / 2]).unwrap();
    let text = elsewhere.path().join("text.db");
    std::fs::write(&text, "no database at all, but long enough to be read as one".repeat(99))
        .unwrap();
    let credits = "DROP TRIGGER users_credits_by_ledger_only; UPDATE users SET credits = 5";
    let stray = "PRAGMA foreign_keys = OFF;
                 INSERT INTO ledger (user_id, delta, kind, actor) VALUES (99, 1, 'grant', 'x')";
    for (path, word) in [
        (torn, "was not restored"),
        (text, "not a database"),
        (elsewhere.path().join("nowhere.db"), "no file"),
        (folder.path().join("neurocards.db"), "itself"),
        (damaged("a", "PRAGMA user_version = 99"), "newer program"),
        (damaged("b", "PRAGMA application_id = 7"), "no database of neurocards"),
        (damaged("c", "UPDATE instance SET mode = 'demo'"), "of a demo"),
        (damaged("d", credits), "ledger's sum"),
        (damaged("e", stray), "stray"),
    ] {
        let before = std::fs::read(folder.path().join("neurocards.db")).unwrap();
        let refused = put_back(folder.path(), &path).unwrap_err();
        assert!(format!("{refused:#}").contains(word), "{word}: {refused:#}");
        assert_eq!(std::fs::read(folder.path().join("neurocards.db")).unwrap(), before, "{word}");
        assert_eq!(names(folder.path()), ["neurocards.db"], "{word}");
    }
}

#[test]
fn a_wreck_is_kept_with_its_log_and_replaced() {
    let (folder, _elsewhere, file) = stopped();
    let database = folder.path().join("neurocards.db");
    std::fs::write(&database, "this was a database".repeat(500)).unwrap();
    std::fs::write(folder.path().join("neurocards.db-wal"), "its log").unwrap();
    let restored = put_back(folder.path(), &file).unwrap();
    assert!(std::fs::read(restored.aside.unwrap()).unwrap().starts_with(b"this was"));
    assert_eq!(users(&database), 3);
    let aside = "neurocards.db.before-restore-now";
    assert_eq!(names(folder.path()), ["neurocards.db", aside, &format!("{aside}-wal")]);
}

#[test]
fn what_the_present_database_alone_knows_is_in_the_new_one_before_it_has_its_name() {
    let (folder, _elsewhere, file) = stopped();
    let present = folder.path().join("neurocards.db");
    let many = |present: &Present| {
        let Present::Held(held) = present else { panic!("it is there") };
        let users = "SELECT COUNT(*) FROM users";
        held.conn().query_row(users, [], |row| row.get::<_, i64>(0)).unwrap()
    };
    let refused = puts_back(folder.path(), &file, |_, fresh| -> Result<()> {
        db::amend(fresh, |tx| {
            tx.execute("INSERT INTO users (tg_user_id) VALUES (9)", [])?;
            anyhow::bail!("the disk is full")
        })
    });
    assert!(format!("{:#}", refused.unwrap_err()).contains("the disk is full"));
    assert_eq!((names(folder.path()), users(&present)), (vec!["neurocards.db".to_owned()], 3));
    let restored = puts_back(folder.path(), &file, |former, fresh| {
        let known = many(former);
        db::amend(fresh, |tx| {
            tx.execute("INSERT INTO users (tg_user_id) VALUES (9)", [])?;
            Ok(known)
        })
    });
    assert_eq!((restored.unwrap().carried, users(&present)), (3, 4));
    assert_eq!(names(folder.path()), ["neurocards.db", "neurocards.db.before-restore-now"]);
}

#[test]
fn an_empty_folder_is_filled() {
    let (_folder, _elsewhere, file) = stopped();
    let fresh = tempfile::tempdir().unwrap();
    let folder = fresh.path().join("data");
    assert_eq!(put_back(&folder, &file).unwrap().aside, None);
    assert_eq!(users(&folder.join("neurocards.db")), 3);
}
