//! Copies of a database: made beside whoever writes it, checked before they are trusted, and put
//! in the place of the present one. All of it by SQLite or by names: no file of a database that is
//! in use is opened by other means, since closing it would drop SQLite's locks.

use super::migrate::{self, Mode, Schema};
use super::{Tx, flags, pragmas, writer};
use anyhow::{Context as _, Result, bail};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode};
use std::path::Path;
use std::sync::Arc;

/// Steps of SQLite's machine between two looks at who watches.
const LOOK_EVERY: i32 = 20_000;

/// What a copy is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Bytes written of about so many.
    Copying {
        /// Written.
        done: u64,
        /// The file that is copied.
        all: u64,
    },
    /// Every page and every balance is read.
    Checking,
}

/// Hears of the progress now and then; `true` ends the work with an error.
pub type Watch = Arc<dyn Fn(Phase) -> bool + Send + Sync>;

/// Writes a consistent copy to `to`, an empty file or none, while others write the database. They
/// are not held up: the copy reads one state of it.
pub fn copy(from: &Path, to: &Path, watch: &Watch) -> Result<()> {
    let conn = Connection::open_with_flags(from, flags())
        .with_context(|| format!("cannot open the database {}", from.display()))?;
    migrate::check_identity(&conn).with_context(|| format!("the database {}", from.display()))?;
    pragmas::set(&conn, false)?;
    let (tell, part) = (Arc::clone(watch), to.to_owned());
    let all = std::fs::metadata(from).map_or(0, |facts| facts.len());
    let look = move || {
        let done = std::fs::metadata(&part).map_or(0, |facts| facts.len());
        tell(Phase::Copying { done, all })
    };
    conn.progress_handler(LOOK_EVERY, Some(look))?;
    conn.execute("VACUUM INTO ?1", [to.to_str().context("a path that is not UTF-8")?])
        .context("the copy failed")?;
    Ok(())
}

/// What a database is, after every page and every balance was checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Whom it serves.
    pub mode: Mode,
    /// Whose it is; `None`: it never served.
    pub bot_id: Option<i64>,
    /// Customers in it.
    pub users: i64,
    /// Videos that are not finished.
    pub open_jobs: i64,
}

/// Checks a copy that nobody has open: identity, version, every page, every reference, every
/// balance. It becomes a file without any beside it.
///
/// # Errors
/// What is wrong with it.
pub fn examine(path: &Path, watch: &Watch) -> Result<Facts> {
    let conn = Connection::open_with_flags(path, flags()).context("it cannot be opened")?;
    let tell = Arc::clone(watch);
    conn.progress_handler(LOOK_EVERY, Some(move || tell(Phase::Checking)))?;
    for (name, value) in [("trusted_schema", 0), ("cell_size_check", 1), ("foreign_keys", 1)] {
        conn.pragma_update(None, name, value)?;
    }
    migrate::check_copy(&conn)?;
    alone(&conn)?;
    if let Some(damage) = damage(&conn)? {
        bail!("it is damaged ({damage})");
    }
    let (_, wrong) = balances(&conn)?;
    if wrong > 0 {
        bail!("it is damaged ({wrong} users have credits that are not their ledger's sum)");
    }
    let facts = conn.query_row(
        "SELECT mode, bot_id,
                (SELECT COUNT(*) FROM users),
                (SELECT COUNT(*) FROM jobs WHERE status IN ('queued', 'processing'))
         FROM instance",
        [],
        |row| {
            let mode = Mode::of(&row.get::<_, String>(0)?);
            Ok(Facts { mode, bot_id: row.get(1)?, users: row.get(2)?, open_jobs: row.get(3)? })
        },
    )?;
    Ok(facts)
}

/// Writes to a copy that was [examined](examine), and [renewed](renew) where it was older, in one
/// transaction: it is on the disk when this returns, in the one file that the copy is.
pub fn amend<T>(path: &Path, work: impl FnOnce(&Tx<'_>) -> Result<T>) -> Result<T> {
    let conn = Connection::open_with_flags(path, flags()).context("it cannot be opened")?;
    pragmas::set(&conn, false)?;
    alone(&conn)?;
    writer::once(&conn, work)
}

/// Brings a copy that [`examine`] found sound to `schema`, where it is older. The database that it is
/// put in the place of is what there is to go back to.
///
/// # Errors
/// What ends the migration: then the copy is as it was.
pub fn renew(path: &Path, schema: &Schema<'_>) -> Result<()> {
    let mut conn = Connection::open_with_flags(path, flags()).context("it cannot be opened")?;
    for (name, value) in [("trusted_schema", 0), ("recursive_triggers", 1), ("secure_delete", 1)] {
        conn.pragma_update(None, name, value)?;
    }
    migrate::raise(&mut conn, schema, None)
}

/// Reads every page and every reference. `None`: all is well.
pub fn damage(conn: &Connection) -> Result<Option<String>> {
    let word: String = conn.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    let strays: i64 =
        conn.query_row("SELECT COUNT(*) FROM pragma_foreign_key_check", [], |row| row.get(0))?;
    Ok((word != "ok" || strays > 0).then(|| format!("{word}, {strays} stray rows")))
}

/// How many users there are, and how many of them have credits that are not their ledger's sum.
pub fn balances(conn: &Connection) -> Result<(i64, i64)> {
    Ok(conn.query_row(
        "SELECT COUNT(*),
                COUNT(*) FILTER (WHERE credits <> (SELECT COALESCE(SUM(delta), 0)
                                                   FROM ledger
                                                   WHERE user_id = users.id))
         FROM users",
        [],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?)
}

/// Takes the log into the file and away from beside it, which works only where nobody else has the
/// database open.
fn alone(conn: &Connection) -> rusqlite::Result<()> {
    let mode: String = conn.query_row("PRAGMA journal_mode = DELETE", [], |row| row.get(0))?;
    if mode.eq_ignore_ascii_case("delete") { Ok(()) } else { Err(busy()) }
}

fn busy() -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY), None)
}

/// What stands where a database is to be put.
pub enum Present {
    /// Nothing.
    None,
    /// One that nobody else has open, or can open until this is dropped; a single file.
    Held(Box<Held>),
    /// What SQLite cannot read: its log, if any, still lies beside it.
    Broken,
}

/// Keeps everybody out. Whoever waits for the file meanwhile finds, by SQLite's own check, that it
/// was moved, and writes nothing by its name.
pub struct Held {
    conn: Connection,
    /// Whose it is.
    pub bot_id: Option<i64>,
}

impl Held {
    /// To read what it knows.
    pub fn conn(&self) -> &Connection {
        &self.conn
    }
}

/// Whether what was asked for cannot be read because the database is damaged.
pub fn is_broken(error: &anyhow::Error) -> bool {
    let code = error.downcast_ref::<rusqlite::Error>().and_then(|it| it.sqlite_error_code());
    matches!(code, Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
}

/// Takes hold of the database of a data folder whose [`super::InstanceLock`] the caller has.
///
/// # Errors
/// Somebody else's file, or a console or a command that has it open.
pub fn hold(path: &Path) -> Result<Present> {
    if !path.exists() {
        return Ok(Present::None);
    }
    match try_hold(path) {
        Ok(held) => Ok(Present::Held(Box::new(held))),
        Err(error) if is_broken(&error) => Ok(Present::Broken),
        Err(error) => {
            match error.downcast_ref::<rusqlite::Error>().map(|it| it.sqlite_error_code()) {
                Some(Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)) => bail!(
                    "a console or another command has {} open: close it, then try again",
                    path.display()
                ),
                _ => Err(error.context(format!("the database {}", path.display()))),
            }
        }
    }
}

fn try_hold(path: &Path) -> Result<Held> {
    let conn = Connection::open_with_flags(path, flags())?;
    conn.busy_timeout(std::time::Duration::from_secs(2))?;
    // A wreck keeps its log as it is.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    migrate::check_identity(&conn)?;
    alone(&conn)?;
    conn.execute_batch("BEGIN EXCLUSIVE")?;
    // A file that never became a database of ours has no such table.
    let bot_id = conn.query_row("SELECT bot_id FROM instance", [], |row| row.get(0)).ok().flatten();
    Ok(Held { conn, bot_id })
}
