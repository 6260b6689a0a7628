//! A newer program on an older database. Where this program is the newest there is, its successor is
//! this test's own process: the same start with further steps, killed like any other.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use jiff::tz::TimeZone;
use neurocards::backup;
use neurocards::db::{self, InstanceLock, Mode, SCHEMA, Schema};
use rusqlite::Connection;

use crate::plug::{Op, Plug, When};
use crate::{Appliance, OWN, Setup};

/// What the successor does to the database.
const NEXT: [&str; 2] = [
    "ALTER TABLE users ADD COLUMN town TEXT;
     UPDATE users SET town = 'Псков';",
    "CREATE TABLE answers (
         id INTEGER PRIMARY KEY, payment_id INTEGER REFERENCES payments (id), text TEXT
     ) STRICT;
     INSERT INTO answers (payment_id, text) SELECT payment_id, text FROM tickets;
     DROP TABLE tickets;",
];

const VERSION: &str = "SELECT user_version FROM pragma_user_version";

/// More fsyncs than an upgrade has.
const MOST: u64 = 60;

/// The database of a release, in a data folder.
fn released(version: i64, folder: &Path) {
    let file = format!("tests/data/released/{version}.sql");
    let sql = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
    drop(InstanceLock::take(folder).unwrap());
    let path = folder.join(db::FILE_NAME);
    let conn = Connection::open(&path).unwrap();
    conn.execute_batch(&sql).unwrap();
    conn.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(())).unwrap();
    drop(conn);
    crate::backups::private(&path);
}

impl Appliance {
    /// The successor's start on this folder.
    fn is_upgraded(&self, plug: &Plug) -> Output {
        let child = "upgrades::a_successor_opens_the_database";
        Command::new(std::env::current_exe().unwrap())
            .args([child, "--exact", "--ignored", "--nocapture"])
            .env("NEUROCARDS_DATA_DIR", self.data())
            .envs(plug.env())
            .output()
            .unwrap()
    }

    fn kept(&self) -> Vec<PathBuf> {
        let folder = std::fs::read_dir(self.path("backups")).unwrap();
        let paths = folder.map(|entry| entry.unwrap().path());
        paths.filter(|path| path.extension().is_some_and(|it| it == "db")).collect()
    }

    /// Its version, and what the customers have.
    fn facts(&self) -> (i64, String) {
        let conn = Connection::open(self.path(db::FILE_NAME)).unwrap();
        let version = conn.query_row(VERSION, [], |row| row.get(0)).unwrap();
        let sql = "SELECT group_concat(id || ':' || credits)
                       || (SELECT '/' || COUNT(*) || '/' || SUM(status <> 'done') FROM jobs)
                       || (SELECT '/' || COUNT(*) FROM outbox WHERE state = 'pending')
                   FROM users";
        (version, conn.query_row(sql, [], |row| row.get(0)).unwrap())
    }

    /// Whoever is in a recorded chat is not in this sandbox: its promises say nothing here.
    fn is_put_away(&self) {
        self.lets_go();
        std::fs::rename(self.path(db::FILE_NAME), self.path("put-away.db")).unwrap();
    }
}

#[test]
#[ignore = "is started by the tests beside it"]
fn a_successor_opens_the_database() {
    let Some(folder) = std::env::var_os("NEUROCARDS_DATA_DIR") else { return };
    let folder = PathBuf::from(folder);
    let lock = InstanceLock::take(&folder).unwrap();
    let steps = [SCHEMA.steps, &NEXT].concat();
    let later = Schema { steps: &steps, ..SCHEMA };
    let opened = backup::open(&lock, &folder, &later, Mode::Demo, (1, &TimeZone::UTC));
    drop(opened.unwrap());
}

#[test]
fn every_release_is_served_by_this_program() {
    for version in 1..=SCHEMA.version() {
        let shop = Setup::new().stopped();
        released(version, &shop.data());
        shop.start_again();
        shop.customer(900).orders(1, OWN).arrives();
        let said = shop.commands(&["doctor", "--offline"]);
        assert!(said.contains("every balance is the sum of its ledger"), "{version}: {said}");
        let begins = format!("before-version-{}-", SCHEMA.version());
        let is_copy = |path: &PathBuf| path.to_string_lossy().contains(&begins);
        assert_eq!(shop.kept().iter().any(is_copy), version < SCHEMA.version(), "{version}");
        assert!(shop.sigterm().0.success());
        shop.is_put_away();
    }
}

/// Dies at its n-th fsync, and is started again. `false`: it was done before.
fn dies(n: u64, when: When) -> bool {
    let plug = Plug::new();
    let shop = Setup::new().stopped();
    released(SCHEMA.version(), &shop.data());
    let before = shop.facts();
    plug.kills_at(n, when);
    let output = shop.is_upgraded(&plug);
    let after = shop.facts();
    assert_eq!(after.1, before.1, "{n} {when:?}");
    let to = SCHEMA.version() + NEXT.len() as i64;
    let is_done = after.0 == to;
    assert!(is_done || after.0 == before.0, "{n} {when:?}: it is of version {}", after.0);
    // Nothing was changed before the copy was whole, and what has its name is whole.
    let copies = shop.kept();
    assert!(copies.len() == 1 || !is_done, "{n} {when:?}: {copies:?}");
    for copy in &copies {
        db::examine(copy, &backup::unwatched()).unwrap();
    }
    let again = shop.is_upgraded(&plug);
    assert!(again.status.success(), "{n} {when:?}: {}", String::from_utf8_lossy(&again.stdout));
    assert_eq!(shop.facts(), (to, before.1), "{n} {when:?}");
    assert_eq!(shop.kept().len(), 1, "{n} {when:?}");
    shop.is_put_away();
    !output.status.success()
}

#[test]
fn an_upgrade_survives_a_kill_at_every_fsync_of_it() {
    let mut died = 0;
    for n in 1..=MOST {
        let both = [When::Before, When::After].map(|when| dies(n, when));
        died += both.into_iter().filter(|died| *died).count();
        if both == [false; 2] {
            assert!(died >= 16, "{died}");
            return;
        }
    }
    panic!("an upgrade goes on for ever");
}

#[test]
fn a_copy_that_cannot_be_written_stops_the_upgrade_and_changes_nothing() {
    let plug = Plug::new();
    let shop = Setup::new().stopped();
    released(SCHEMA.version(), &shop.data());
    let before = shop.facts();
    plug.fails(Op::Write, "ENOSPC before-version");
    let output = shop.is_upgraded(&plug);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && said.contains("No space left"), "{said}");
    assert_eq!(shop.facts(), before);
    assert!(shop.kept().is_empty());
    plug.mends(Op::Write);
    // Where it is the log that finds no room, the copy is there, and the database as it was.
    let half = shop.path("backups/before-version-2-2026-01-01.db.part");
    std::fs::write(&half, "of a start that was killed").unwrap();
    plug.fails(Op::Write, "ENOSPC neurocards.db-wal");
    let output = shop.is_upgraded(&plug);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && said.contains("as it was"), "{said}");
    plug.mends(Op::Write);
    assert_eq!(shop.facts(), before);
    assert!(shop.is_upgraded(&plug).status.success());
    assert_eq!((shop.facts().1, shop.kept().len(), half.exists()), (before.1, 1, false));
    shop.is_put_away();
}

#[test]
fn after_an_upgrade_the_older_program_says_how_to_go_back_and_does() {
    let plug = Plug::new();
    let shop = Setup::new().stopped();
    released(SCHEMA.version(), &shop.data());
    let before = shop.facts();
    assert!(shop.is_upgraded(&plug).status.success());
    for args in [&["run"][..], &["stats"], &["doctor", "--offline"], &["backup", "copy.db"]] {
        let output = shop.command(args);
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said).into_owned();
        assert_eq!(output.status.code(), Some(1), "{args:?}: {said}");
        for word in ["install the newer program", "neurocards restore", "before-version-"] {
            assert!(said.contains(word), "{args:?}: no `{word}` in {said}");
        }
    }
    let copy = shop.kept().remove(0);
    let said = shop.commands(&["restore", copy.to_str().unwrap()]);
    assert!(said.contains("is restored"), "{said}");
    assert_eq!(shop.facts(), before);
    shop.start_again();
    shop.customer(900).orders(1, OWN).arrives();
    assert!(shop.sigterm().0.success());
    shop.is_put_away();
}
