//! Whose file it is, of which version and of which mode; and how it becomes of this program's.
//!
//! ```text
//! no file ── whole ──▶ version N ◀── steps N-1 … ── version 1, after a copy of it was made
//! ```
//! Either way is one transaction, which is checked before it is committed: whatever ends it leaves
//! the file as it was.

use super::copy;
use anyhow::{Context as _, Result, bail};
use rusqlite::{Connection, Transaction, TransactionBehavior};

/// "NCRD": written into the file's header, so that nobody's other database is migrated by mistake.
pub(super) const APPLICATION_ID: i64 = 0x4E43_5244;

/// What a database of this program looks like, and how one of an older version comes to it.
#[derive(Clone, Copy, Debug)]
pub struct Schema<'a> {
    /// A new file's.
    pub whole: &'a str,
    /// The first makes version 2 of version 1, and so on. Append-only: a released step never changes.
    pub steps: &'a [&'a str],
}

impl Schema<'_> {
    /// In the file's `user_version`; the first release is 1.
    pub fn version(&self) -> i64 {
        1 + self.steps.len() as i64
    }
}

/// The program's. `ARCHITECTURE.md` says how to release a change of it.
pub const SCHEMA: Schema<'static> = Schema { whole: include_str!("../../schema.sql"), steps: &[] };

/// What is about to happen to an older file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Upgrade {
    /// The file's version.
    pub from: i64,
    /// The program's.
    pub to: i64,
}

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
    let id = number(conn, "application_id")?;
    if id != APPLICATION_ID && (id != 0 || !is_empty(conn)?) {
        bail!("is not one of neurocards: choose another data folder with --data-dir");
    }
    Ok(())
}

/// For an appliance: creates what is missing, and brings an older file to `schema` once `copy` has
/// put a copy of it away.
pub(super) fn migrate(
    conn: &mut Connection,
    schema: &Schema<'_>,
    mode: Mode,
    now: i64,
    copy: impl FnOnce(Upgrade) -> Result<()>,
) -> Result<()> {
    let upgrade = Upgrade { from: number(conn, "user_version")?, to: schema.version() };
    refuse_newer(upgrade, BACK)?;
    if upgrade.from > 0 {
        refuse_other(conn, mode)?;
        if upgrade.from < upgrade.to {
            copy(upgrade)?;
        }
    }
    raise(conn, schema, Some((mode, now)))
}

fn refuse_other(conn: &Connection, mode: Mode) -> Result<()> {
    let found: String = conn.query_row("SELECT mode FROM instance", [], |row| row.get(0))?;
    if found != mode.word() {
        bail!("is a {found} one and cannot serve as a {} one: choose another folder", mode.word());
    }
    Ok(())
}

/// Does what is missing. `fresh`: whom an empty file is to serve, and since when; `None` refuses
/// one.
pub(super) fn raise(
    conn: &mut Connection,
    schema: &Schema<'_>,
    fresh: Option<(Mode, i64)>,
) -> Result<()> {
    // A table that is made anew is dropped first, which what refers to it would forbid. Inside of a
    // transaction this does nothing.
    conn.pragma_update(None, "foreign_keys", 0)?;
    let raised = in_one(conn, schema, fresh);
    conn.pragma_update(None, "foreign_keys", 1)?;
    raised
}

fn in_one(conn: &mut Connection, schema: &Schema<'_>, fresh: Option<(Mode, i64)>) -> Result<()> {
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let (found, wanted) = (number(&tx, "user_version")?, schema.version());
    match (found, fresh) {
        _ if found == wanted => return Ok(()),
        (0, None) => bail!("is empty"),
        (0, Some((mode, now))) => {
            run(&tx, schema.whole).with_context(|| stays(found, wanted))?;
            tx.execute(
                "INSERT INTO instance (id, mode, created_at)
                 VALUES (1, ?1, ?2)",
                (mode.word(), now),
            )?;
            tx.pragma_update(None, "application_id", APPLICATION_ID)?;
        }
        _ => {
            for (step, version) in schema.steps.iter().zip(2_i64..) {
                if version > found {
                    run(&tx, step).with_context(|| stays(found, version))?;
                }
            }
        }
    }
    tx.pragma_update(None, "user_version", wanted)?;
    check(&tx).with_context(|| stays(found, wanted))?;
    tx.commit().with_context(|| stays(found, wanted))
}

/// An error is a line, not the whole of a schema with it.
fn run(tx: &Transaction<'_>, sql: &str) -> rusqlite::Result<()> {
    tx.execute_batch(sql).map_err(|error| match error {
        rusqlite::Error::SqlInputError { error, msg, .. } => {
            rusqlite::Error::SqliteFailure(error, Some(msg))
        }
        error => error,
    })
}

fn stays(found: i64, wanted: i64) -> String {
    if found == 0 {
        return "cannot be made".to_owned();
    }
    format!("cannot become version {wanted} and stays version {found}, as it was")
}

/// Every page, constraint, reference and balance.
fn check(tx: &Transaction<'_>) -> Result<()> {
    if let Some(damage) = copy::damage(tx)? {
        bail!("it would be damaged ({damage})");
    }
    let (_, wrong) = copy::balances(tx)?;
    if wrong > 0 {
        bail!("{wrong} users would have credits that are not their ledger's sum");
    }
    Ok(())
}

/// For commands: they never migrate under a running appliance.
pub(super) fn check_current(conn: &Connection, schema: &Schema<'_>) -> Result<()> {
    let upgrade = Upgrade { from: number(conn, "user_version")?, to: schema.version() };
    refuse_newer(upgrade, BACK)?;
    if is_empty(conn)? {
        bail!(
            "is empty: start `neurocards run` once, or put a backup back with `neurocards restore FILE`"
        );
    }
    if upgrade.from < upgrade.to {
        let Upgrade { from, to } = upgrade;
        bail!(
            "is of version {from}, this program needs {to}: start `neurocards run`, which copies it \
             to backups/ and migrates it"
        );
    }
    Ok(())
}

/// For a copy that is to be trusted: ours, and of a version that this program knows.
pub(super) fn check_copy(conn: &Connection) -> Result<()> {
    if number(conn, "application_id")? != APPLICATION_ID {
        bail!("it is no database of neurocards");
    }
    refuse_newer(Upgrade { from: number(conn, "user_version")?, to: SCHEMA.version() }, "")
}

/// What else there is to do about a newer database than to install the newer program.
const BACK: &str = ", or go back to the copy that was made before the upgrade: `neurocards restore` \
                    with backups/before-version-…";

fn refuse_newer(upgrade: Upgrade, or: &str) -> Result<()> {
    let Upgrade { from, to } = upgrade;
    if from > to {
        bail!("is of version {from}, this program knows {to}: install the newer program{or}");
    }
    Ok(())
}

fn number(conn: &Connection, pragma: &str) -> Result<i64> {
    Ok(conn.pragma_query_value(None, pragma, |row| row.get(0))?)
}

fn is_empty(conn: &Connection) -> Result<bool> {
    Ok(conn.query_row("SELECT COUNT(*) = 0 FROM sqlite_schema", [], |row| row.get(0))?)
}

#[cfg(test)]
mod meaning;
#[cfg(test)]
mod recorded;
#[cfg(test)]
mod tests;
