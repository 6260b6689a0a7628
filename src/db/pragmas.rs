//! What every connection is set to, and the proof that SQLite took it: a misspelt pragma is
//! accepted in silence, so each is read back.

use anyhow::{Context as _, Result, bail};
use rusqlite::Connection;
use rusqlite::config::DbConfig;
use rusqlite::types::Value;
use std::path::Path;

/// How long a write waits for another process (the console, a command) to finish its own.
pub(super) const BUSY_TIMEOUT_MS: i64 = 10_000;

/// Of a new file, in bytes; an older one keeps its own. A commit of ours changes a few bytes in many
/// places, mostly indexes, and writes each page that it touches: small ones make half as much to write.
const PAGE_SIZE: i64 = 1_024;

/// Pages of the log; then it is taken into the file, and written over from its beginning.
const LOG_PAGES: i64 = 8_000;
/// As long as the log gets, in bytes: each page has a header of 24, and a large commit may go beyond
/// the last page.
pub(super) const LOG_BYTES: usize = (LOG_PAGES as usize + 500) * (PAGE_SIZE as usize + 24);

/// `busy_timeout` comes first, since the others may have to wait themselves.
const PRAGMAS: &[(&str, i64)] = &[
    ("busy_timeout", BUSY_TIMEOUT_MS),
    ("synchronous", 2), // FULL: an acknowledged credit survives a power loss
    ("foreign_keys", 1),
    ("recursive_triggers", 1), // or INSERT OR REPLACE slips past the ledger's triggers
    ("trusted_schema", 0),
    ("cell_size_check", 1),
    ("mmap_size", 0),
    ("wal_autocheckpoint", LOG_PAGES),
    ("secure_delete", 1), // what a customer wants gone is overwritten, not only unlinked
];

/// A setting as SQLite has it, read back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pragma {
    pub name: &'static str,
    /// What [`set`] asked for.
    pub wanted: String,
    pub found: String,
}

/// The settings of a reader's connection: for `doctor`.
pub fn read(conn: &Connection) -> Result<Vec<Pragma>> {
    let numbers = PRAGMAS.iter().map(|(name, value)| (*name, value.to_string()));
    let words = [("query_only", "1".to_owned()), ("journal_mode", "wal".to_owned())];
    let mut pragmas = Vec::new();
    for (name, wanted) in numbers.chain(words) {
        let found = conn.pragma_query_value(None, name, |row| row.get::<_, Value>(0));
        let found = match found {
            Ok(Value::Integer(number)) => number.to_string(),
            Ok(Value::Text(text)) => text.to_lowercase(),
            Ok(other) => format!("{other:?}"),
            // See `set`: a build without memory maps has none.
            Err(rusqlite::Error::QueryReturnedNoRows) if name == "mmap_size" => wanted.clone(),
            Err(error) => return Err(error).with_context(|| format!("cannot read {name}")),
        };
        pragmas.push(Pragma { name, wanted, found });
    }
    Ok(pragmas)
}

/// WAL with several connections corrupts data in 3.7.0 to 3.51.2 (the WAL-reset bug).
pub(super) fn check_version() -> Result<()> {
    let version = rusqlite::version_number();
    let sound = version >= 3_053_000 || (3_051_003..3_052_000).contains(&version);
    if !sound {
        bail!(
            "built with SQLite {}, which can corrupt this database: build with 3.53.0 or newer",
            rusqlite::version()
        );
    }
    Ok(())
}

pub(super) fn set(conn: &Connection, query_only: bool) -> Result<()> {
    conn.set_prepared_statement_cache_capacity(256);
    // Else a value that is compared with a partial index's condition, or with a sample of a table,
    // has its statement parsed and planned anew at every execution.
    let stable = DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG;
    if !conn.set_db_config(stable, true).context("cannot keep the plans")? {
        bail!("SQLite does not keep its plans");
    }
    conn.pragma_update(None, "page_size", PAGE_SIZE).context("cannot set page_size")?;
    let reader = ("query_only", i64::from(query_only));
    for (name, value) in PRAGMAS.iter().chain([&reader]) {
        conn.pragma_update(None, name, value).with_context(|| format!("cannot set {name}"))?;
        // mmap_size answers with no row at all where the build leaves memory maps out.
        let read = conn.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
        match read {
            Ok(read) if read == *value => {}
            Ok(read) => bail!("SQLite set {name} to {read} instead of {value}"),
            Err(rusqlite::Error::QueryReturnedNoRows) if *name == "mmap_size" => {}
            Err(error) => return Err(error).with_context(|| format!("cannot read {name}")),
        }
    }
    let journal: String = conn
        .query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))
        .context("cannot switch to WAL")?;
    if !journal.eq_ignore_ascii_case("wal") {
        bail!("SQLite keeps journal mode {journal}: the folder must be on a local disk");
    }
    Ok(())
}

/// What SQLite sorts or rewrites goes through files without a name: beside the database, where
/// there is room for it, and not in the system's temporary folder, which may be small, in memory,
/// or on a disk that nobody encrypts. It counts for the whole process.
pub(super) fn keep_temporary_files_in(conn: &Connection, database: &Path) -> Result<()> {
    let folder = database.parent().and_then(Path::to_str).context("a path that is not UTF-8")?;
    // Refused where nobody may write: then nothing is rewritten, either.
    let _ = conn.pragma_update(None, "temp_store_directory", folder);
    Ok(())
}

/// The pool's hook may only fail with SQLite's own error type.
pub(super) fn as_sqlite_error(error: anyhow::Error) -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(
        rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_MISUSE),
        Some(format!("{error:#}")),
    )
}
