//! The database: one WAL-mode SQLite file, one connection that writes, a pool of query-only readers.
//!
//! A write begins in exactly one place, the writer, by [`Db::write`] or by one of those that have
//! time, [`Db::write_paced`] and [`Db::write_within`]. Whoever finds the connection idle commits at
//! once; the closures that wait meanwhile are gathered, each runs in a savepoint of one `BEGIN
//! IMMEDIATE`, and every caller is answered only after the COMMIT is on disk. Thus many threads share
//! one fsync and nobody is told of a change that a power loss could take back.

mod compact;
mod copy;
mod ids;
mod lock;
mod log;
mod machine;
mod migrate;
mod pragmas;
mod writer;

pub use copy::{
    Facts, Held, Phase, Present, Watch, amend, balances, copy, damage, examine, hold, is_broken,
    renew,
};
pub use ids::{JobId, OrderId, UserId};
pub use lock::{InstanceLock, LockHeld};
pub use machine::{Machine, NotCommitted};
pub use migrate::{Mode, SCHEMA, Schema, Upgrade};
pub use pragmas::{Pragma, read as read_pragmas};
pub use writer::Tx;

use crate::clock::Millis;
use anyhow::{Context as _, Result};
use r2d2_sqlite::SqliteConnectionManager;
use rusqlite::{Connection, OpenFlags};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// The file's name in the data folder.
pub const FILE_NAME: &str = "neurocards.db";

/// Readers hold a connection for milliseconds, so a few serve everybody.
const READERS: u32 = 8;

/// How long a log is waited for that is to be emptied.
const LOG_PATIENCE: Duration = Duration::from_secs(1);

/// Under a load the commits of videos' steps are this far apart, on the process clock. With less each
/// video costs the disk more, and with more the threads wait.
pub const PACE: Millis = 85;

/// Connections for reading that are open from the beginning, and stay.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Keep {
    /// An appliance reads on where no file can be opened any more.
    All,
    /// A command ends soon.
    Few,
}

/// Cheap to clone; the writer thread ends with the last clone.
#[derive(Clone)]
pub struct Db(Arc<Inner>);

struct Inner {
    path: PathBuf,
    writer: writer::Writer,
    readers: r2d2::Pool<SqliteConnectionManager>,
}

impl Db {
    /// Opens the database of a data folder for an appliance, which holds the folder's
    /// [`InstanceLock`]: creates it where there is none, refuses one that is of another version, not
    /// ours, or of the other mode.
    pub fn open(folder: &Path, mode: Mode, now: i64) -> Result<Self> {
        Self::upgrade(folder, &SCHEMA, mode, now, |Upgrade { from, to }| {
            anyhow::bail!("is of version {from}, not {to}, and nobody has copied it")
        })
    }

    /// As [`Db::open`], and brings an older file to `schema` after `copy` has put a copy of it away.
    /// `crate::backup::open()` is what an appliance calls.
    ///
    /// # Errors
    /// Those of `copy`, and whatever ends the migration: then the file is as it was.
    pub fn upgrade(
        folder: &Path,
        schema: &Schema<'_>,
        mode: Mode,
        now: i64,
        copy: impl FnOnce(Upgrade) -> Result<()>,
    ) -> Result<Self> {
        let path = folder.join(FILE_NAME);
        lock::create_private(&path)?;
        log::reserve(&path);
        Self::connect(path, Keep::All, |conn| migrate::migrate(conn, schema, mode, now, copy))
    }

    /// Opens an existing database beside a running or stopped appliance: for commands.
    pub fn open_existing(folder: &Path) -> Result<Self> {
        let path = folder.join(FILE_NAME);
        if !path.exists() {
            anyhow::bail!(
                "no database in {}: start `neurocards run` first, or name the folder with --data-dir",
                folder.display()
            );
        }
        Self::connect(path, Keep::Few, |conn| migrate::check_current(conn, &SCHEMA))
    }

    fn connect(
        path: PathBuf,
        keep: Keep,
        prepare: impl FnOnce(&mut Connection) -> Result<()>,
    ) -> Result<Self> {
        pragmas::check_version()?;
        let shown = path.display().to_string();
        let mut conn = Connection::open_with_flags(&path, flags())
            .with_context(|| format!("cannot open the database {shown}"))?;
        migrate::check_identity(&conn).with_context(|| format!("the database {shown}"))?;
        pragmas::set(&conn, false).with_context(|| format!("the database {shown}"))?;
        pragmas::keep_temporary_files_in(&conn, &path)?;
        prepare(&mut conn).with_context(|| format!("the database {shown}"))?;
        let manager = SqliteConnectionManager::file(&path)
            .with_flags(flags())
            .with_init(|conn| pragmas::set(conn, true).map_err(pragmas::as_sqlite_error));
        let readers = r2d2::Pool::builder()
            .max_size(READERS)
            .min_idle(if keep == Keep::All { None } else { Some(1) })
            .idle_timeout(None)
            .max_lifetime(None)
            .test_on_check_out(false)
            .build(manager)
            .context("cannot open the database for reading")?;
        Ok(Self(Arc::new(Inner { path, writer: writer::Writer::start(conn)?, readers })))
    }

    /// Runs `work` in a transaction and returns after it is on disk. An error or a panic of `work`
    /// rolls back what it wrote and nothing else. Never make a remote call in there.
    ///
    /// # Errors
    /// Those of `work`, and those of the disk: then nothing of it happened.
    pub fn write<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Tx<'_>) -> Result<T> + Send + 'static,
    {
        self.0.writer.write(work)
    }

    /// As [`Db::write`], for what makes up a load: at once where nobody wrote for `pace`, in real time
    /// ([`PACE`]), else along with the next commit, at the end of that time at the latest. What many do
    /// one after the other then shares pages and commits; who is alone waits only after a commit of
    /// their own.
    ///
    /// # Errors
    /// Those of [`Db::write`].
    pub fn write_paced<T, F>(&self, pace: Duration, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Tx<'_>) -> Result<T> + Send + 'static,
    {
        self.0.writer.write_paced(pace, work)
    }

    /// As [`Db::write`], for what has time: along with the next commit that somebody else makes, or by
    /// itself after `patience`, in real time. A commit of its own is some 8 KB on disk and an fsync.
    ///
    /// # Errors
    /// Those of [`Db::write`].
    pub fn write_within<T, F>(&self, patience: Duration, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Tx<'_>) -> Result<T> + Send + 'static,
    {
        self.0.writer.write_within(patience, work)
    }

    /// Reads one consistent picture. Keep it short: an open read keeps the WAL from shrinking.
    ///
    /// # Errors
    /// Those of `work`, and of a pool in which nothing came free.
    pub fn read<T>(&self, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let mut conn = self.0.readers.get().context("no free database connection")?;
        let tx = conn.transaction().context("cannot begin to read")?;
        work(&tx).inspect_err(|error| match machine::fatal_in(error) {
            // A reader may not write; that says nothing about the disk.
            Some(reason) if Machine::of(error) != Some(Machine::ReadOnly) => {
                self.0.writer.failed(reason);
            }
            _ => {}
        })
    }

    /// Rewrites the whole file, so that nothing is left in it but what its rows say: SQLite moves rows
    /// between pages and may leave an older copy in a page's unused space, `secure_delete` or not.
    /// All writes wait for it, about a second per 100 MB.
    ///
    /// # Errors
    /// Those of the disk, a full one among them, and [`Db::hurry`]; then the file is as it was.
    pub fn compact(&self) -> Result<()> {
        self.0.writer.compact()
    }

    /// The program ends: a compaction that nobody has begun to write is given up.
    pub fn hurry(&self) {
        self.0.writer.hurry();
    }

    /// Takes of the log into the file what it can without holding up anybody. `false`: somebody
    /// reads what the file was, so that the log cannot be emptied.
    pub fn drain_log(&self) -> Result<bool> {
        let conn = self.0.readers.get().context("no free database connection")?;
        let drained = conn.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| {
            let number = |at| row.get::<_, i64>(at);
            Ok(number(0)? == 0 && number(1)? == number(2)?)
        });
        drained.context("cannot drain the log")
    }

    /// Empties the log of past commits into the file. `false`: somebody reads or writes at this
    /// moment; ask again. Whoever writes meanwhile waits, for up to a second: [`Db::drain_log`]
    /// first says whether it is worth that.
    pub fn empty_log(&self) -> Result<bool> {
        let conn = self.0.readers.get().context("no free database connection")?;
        // While it waits for readers, nobody may write.
        conn.busy_timeout(LOG_PATIENCE)?;
        let emptied = conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| {
            row.get::<_, i64>(0).map(|busy| busy == 0)
        });
        conn.busy_timeout(Duration::from_millis(pragmas::BUSY_TIMEOUT_MS as u64))?;
        emptied.context("cannot empty the log")
    }

    /// How many commits the full disk has refused since the start.
    pub fn refused(&self) -> u64 {
        self.0.writer.refused()
    }

    /// Calls `ring` after every commit of this process that touched one of `tables`.
    pub fn watch(&self, tables: &[&'static str], ring: Arc<dyn Fn() + Send + Sync>) {
        self.0.writer.watch(tables, ring);
    }

    /// Calls `stop` with the reason when the disk failed, or what is read from it is damaged. What
    /// is on it is then known only after a restart. Nothing is committed any more where a write
    /// failed; after a reader's error what is under way, such as the id of a paid task, is still kept.
    pub fn on_fatal(&self, stop: Arc<dyn Fn(String) + Send + Sync>) {
        self.0.writer.on_fatal(stop);
    }

    /// Where the file is.
    pub fn path(&self) -> &Path {
        &self.0.path
    }
}

fn flags() -> OpenFlags {
    OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX
}

#[cfg(test)]
pub(crate) mod tests;
