//! Whose file it is, of which age and of which mode.

use anyhow::{Result, bail};
use rusqlite::{Connection, OptionalExtension as _};
use rusqlite_migration::{M, Migrations};
use std::sync::LazyLock;

/// "NCRD": written into the file's header, so that nobody's other database is migrated by mistake.
const APPLICATION_ID: i64 = 0x4E43_5244;

/// Append-only: released steps never change.
const STEPS: [&str; 1] = [include_str!("../../schema.sql")];

static MIGRATIONS: LazyLock<Migrations<'static>> =
    LazyLock::new(|| Migrations::new(STEPS.into_iter().map(M::up).collect()));

/// Whether real customers stand behind the file. A demo may run on a fast clock, a live one never.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Real customers, real money.
    Live,
    /// The sandbox's.
    Demo,
}

impl Mode {
    /// As in `instance.mode`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Demo => "demo",
        }
    }

    /// Of the database's column, which holds nothing else.
    pub(super) fn of(word: &str) -> Self {
        if word == "live" { Self::Live } else { Self::Demo }
    }
}

/// Refuses a file that is a database of somebody else, before anything is changed in it.
pub(super) fn check_identity(conn: &Connection) -> Result<()> {
    let id: i64 = conn.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let tables: i64 = conn.query_row("SELECT COUNT(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if id != APPLICATION_ID && (id != 0 || tables != 0) {
        bail!("is not one of neurocards: choose another data folder with --data-dir");
    }
    Ok(())
}

pub(super) fn migrate(conn: &mut Connection, mode: Mode, now: i64) -> Result<()> {
    refuse_newer(conn)?;
    // First of all: a file with tables and without it would be taken for somebody else's, should
    // the process die in between.
    conn.pragma_update(None, "application_id", APPLICATION_ID)?;
    MIGRATIONS.to_latest(conn)?;
    conn.execute(
        "INSERT INTO instance (id, mode, created_at)
         VALUES (1, ?1, ?2)
         ON CONFLICT DO NOTHING",
        (mode.word(), now),
    )?;
    let found: String = conn.query_row("SELECT mode FROM instance", [], |row| row.get(0))?;
    if found != mode.word() {
        bail!("is a {found} one and cannot serve as a {} one: choose another folder", mode.word());
    }
    Ok(())
}

/// For commands: they never migrate under a running appliance.
pub(super) fn check_current(conn: &mut Connection) -> Result<()> {
    refuse_newer(conn)?;
    let mode: Option<String> = match MIGRATIONS.pending_migrations(conn) {
        Ok(0) => conn.query_row("SELECT mode FROM instance", [], |row| row.get(0)).optional()?,
        _ => None,
    };
    let tables: i64 = conn.query_row("SELECT COUNT(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if tables == 0 {
        bail!(
            "is empty: start `neurocards run` once, or put a backup back with `neurocards restore FILE`"
        );
    }
    if mode.is_none() {
        bail!("is of an older version: start `neurocards run` once, it migrates the file");
    }
    Ok(())
}

/// For a copy that is to be trusted: ours, and of a version that this program knows.
pub(super) fn check_copy(conn: &Connection) -> Result<()> {
    let id: i64 = conn.pragma_query_value(None, "application_id", |row| row.get(0))?;
    if id != APPLICATION_ID {
        bail!("it is no database of neurocards");
    }
    refuse_newer(conn)
}

fn refuse_newer(conn: &Connection) -> Result<()> {
    let version: i64 = conn.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let ours = STEPS.len() as i64;
    if version > ours {
        bail!("is of version {version}, this program knows {ours}: install the newer program");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering};

    #[test]
    fn a_first_start_that_died_at_any_commit_is_followed_by_one_that_serves() {
        let folder = tempfile::tempdir().unwrap();
        for survived in 0..10 {
            let mut conn = Connection::open(folder.path().join(format!("{survived}.db"))).unwrap();
            let commits = AtomicU64::new(0);
            conn.commit_hook(Some(move || commits.fetch_add(1, Ordering::SeqCst) >= survived))
                .unwrap();
            let died = migrate(&mut conn, Mode::Live, 1).is_err();
            conn.commit_hook(None::<fn() -> bool>).unwrap();
            check_identity(&conn).unwrap();
            migrate(&mut conn, Mode::Live, 2).unwrap();
            check_current(&mut conn).unwrap();
            if !died {
                assert!(survived >= 3, "{survived} commits made it whole");
                return;
            }
        }
        panic!("it never ends");
    }
}
