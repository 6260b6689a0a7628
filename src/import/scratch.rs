//! What was seen in the files so far: in a temporary file of SQLite's, since there may be more of it
//! than fits into the memory.

use anyhow::{Context as _, Result};
use rusqlite::{Connection, OptionalExtension as _};

/// Gone with the process.
pub(super) struct Scratch(Connection);

impl Scratch {
    pub(super) fn new() -> Result<Self> {
        // Without a name it is a private file that has no name on the disk either.
        let conn = Connection::open("").context("no temporary file")?;
        conn.execute_batch(
            "PRAGMA synchronous = OFF;
             CREATE TABLE people (tg INTEGER PRIMARY KEY) STRICT;
             CREATE TABLE ids (old TEXT PRIMARY KEY, tg INTEGER NOT NULL) STRICT, WITHOUT ROWID;
             CREATE TABLE videos (key TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
             CREATE TABLE unfinished (tg INTEGER PRIMARY KEY) STRICT;
             BEGIN",
        )
        .context("no temporary file")?;
        Ok(Self(conn))
    }

    /// `false`: they were seen before.
    pub(super) fn person(&self, tg: i64) -> Result<bool> {
        self.insert("INSERT OR IGNORE INTO people VALUES (?1)", [tg])
    }

    /// Whether they were seen.
    pub(super) fn knows(&self, tg: i64) -> Result<bool> {
        Ok(self.0.prepare_cached("SELECT 1 FROM people WHERE tg = ?1")?.exists([tg])?)
    }

    /// By which id the old system knew them.
    pub(super) fn known_as(&self, old: &str, tg: i64) -> Result<()> {
        self.insert("INSERT OR IGNORE INTO ids VALUES (?1, ?2)", (old, tg)).map(drop)
    }

    /// Who had this id there.
    pub(super) fn of(&self, old: &str) -> Result<Option<i64>> {
        let sql = "SELECT tg FROM ids WHERE old = ?1";
        Ok(self.0.prepare_cached(sql)?.query_row([old], |row| row.get(0)).optional()?)
    }

    /// `false`: it was seen before.
    pub(super) fn video(&self, key: &str) -> Result<bool> {
        self.insert("INSERT OR IGNORE INTO videos VALUES (?1)", [key])
    }

    /// One more whose video was under way. `false`: they had another one.
    pub(super) fn waits(&self, tg: i64) -> Result<bool> {
        self.insert("INSERT OR IGNORE INTO unfinished VALUES (?1)", [tg])
    }

    fn insert(&self, sql: &str, values: impl rusqlite::Params) -> Result<bool> {
        let added = self.0.prepare_cached(sql)?.execute(values);
        Ok(added.context("the temporary file")? == 1)
    }
}
