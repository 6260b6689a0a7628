//! Coming from the old system: its tables `users` and `jobs`, from CSV or a dump of PostgreSQL.
//!
//! ```text
//! file ─ a row at a time ─▶ what it means here, or why it means nothing ─▶ a batch ─▶ one commit
//! ```
//! Everything has a key, so that whatever is done again changes nothing, also after a death in the
//! middle: a customer is their Telegram id, their balance the ledger's key `import:TG_ID`, a video
//! `jobs.idempotency_key` `import:OLD_ID`. A dry run decides by the same functions and writes nothing.

mod cells;
mod columns;
mod dump;
mod people;
mod report;
mod rows;
mod scratch;
mod sheet;
mod sql;
mod values;
mod videos;

pub use report::{Columns, Credits, Customers, Place, Remarks, Report, Taken, Unfinished, Videos};
pub use values::Decimal;

use crate::audit::{self, Action, By};
use crate::clock::Millis;
use crate::db::{Db, Tx};
use anyhow::{Context as _, Result, bail};
use people::PeopleColumns;
use report::{Becomes, List, Remark};
use rows::Table;
use rusqlite::Connection;
use scratch::Scratch;
use std::path::PathBuf;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};
use videos::VideoColumns;

/// Rows of one commit: a customer's tap waits for it.
const BATCH: usize = 250;
/// The longest rest after a commit.
const REST: Duration = Duration::from_millis(100);

/// Where the tables are.
#[derive(Clone, Debug)]
pub enum Source {
    /// Each in a file of its own.
    Sheets {
        /// `users`.
        users: Option<PathBuf>,
        /// `jobs`.
        jobs: Option<PathBuf>,
    },
    /// Both in a plain dump.
    Dump(PathBuf),
}

/// What is to be done.
#[derive(Clone, Debug)]
pub struct Options {
    /// Credits for each video that was under way.
    pub give_back: Option<i64>,
    /// Where all rows are listed that were left out or changed.
    pub list: Option<PathBuf>,
    /// Whose hand it is.
    pub by: By,
    /// For what has no time of its own.
    pub now: Millis,
}

/// The database that it goes into.
pub enum Target {
    /// This one.
    Write(Db),
    /// Nothing is written: what would become of this one, or of a new one.
    DryRun(Option<Db>),
}

/// Hears of the progress: the table, bytes that were read, of so many.
pub type Watch<'a> = &'a dyn Fn(&str, u64, u64);

/// What each row is decided by.
#[derive(Clone, Copy)]
struct Rule {
    give_back: i64,
    now: Millis,
}

/// Rows of a kind: what they mean for a database, and how that is written.
trait Kind: Send + Sized + 'static {
    type Outcome: Send + 'static;
    /// `None`: there is no database yet.
    fn decide(&self, conn: Option<&Connection>, rule: Rule) -> Result<Self::Outcome>;
    /// Whether anything is to be written.
    fn changes(outcome: &Self::Outcome) -> bool;
    fn write(&self, tx: &Tx<'_>, outcome: &Self::Outcome, rule: Rule) -> Result<()>;
}

/// An import under way.
struct Work<'a> {
    into: &'a Target,
    options: &'a Options,
    /// The files, as the audit has them.
    names: String,
    rule: Rule,
    scratch: Scratch,
    report: Report,
    list: Option<List>,
    /// The audit has its line.
    begun: bool,
}

/// The tables, found to have what is needed.
pub struct Tables {
    names: String,
    people: Option<(Table, PeopleColumns)>,
    videos: Option<(Table, VideoColumns)>,
}

impl Tables {
    /// Opens the files. A dump is read to its end.
    ///
    /// # Errors
    /// One is no such table, lacks a column, or was cut off.
    pub fn open(source: &Source) -> Result<Self> {
        let (users, jobs) = open(source)?;
        let people = users.map(|it| PeopleColumns::of(&it).map(|of| (it, of))).transpose()?;
        let ids = people.as_ref().map(|(_, columns)| columns.has_ids());
        let videos = jobs.map(|it| VideoColumns::of(&it, ids).map(|of| (it, of))).transpose()?;
        Ok(Self { names: source.names(), people, videos })
    }
}

/// Brings the tables into a database.
///
/// # Errors
/// A row after which nothing can be told apart, or the disk: what was written stays, and the same
/// import goes on from there.
pub fn run(into: &Target, tables: Tables, options: &Options, watch: Watch<'_>) -> Result<Report> {
    let Tables { names, people, videos } = tables;
    let mut work = Work {
        into,
        options,
        names,
        rule: Rule { give_back: options.give_back.unwrap_or(0), now: options.now },
        scratch: Scratch::new()?,
        report: Report { dry_run: matches!(into, Target::DryRun(_)), ..Report::default() },
        list: options.list.as_deref().map(List::begin).transpose()?,
        begun: false,
    };
    if let Some((table, columns)) = people {
        people::bring(&mut work, table, &columns, watch)?;
    }
    if let Some((table, columns)) = videos {
        videos::bring(&mut work, table, &columns, watch)?;
    }
    work.end()
}

fn open(source: &Source) -> Result<(Option<Table>, Option<Table>)> {
    match source {
        Source::Sheets { users, jobs } => {
            let sheet = |name, path: &Option<PathBuf>| {
                path.as_deref().map(|path| sheet::open(name, path)).transpose()
            };
            Ok((sheet("users", users)?, sheet("jobs", jobs)?))
        }
        Source::Dump(path) => {
            let [users, jobs] = dump::open(path, ["users", "jobs"])?;
            if users.is_none() && jobs.is_none() {
                bail!("{} has no rows of a table users or jobs", path.display());
            }
            Ok((users, jobs))
        }
    }
}

impl Work<'_> {
    /// Decides on a batch, and writes it in one commit.
    fn settle<K: Kind>(&mut self, batch: Vec<K>) -> Result<Vec<(K, K::Outcome)>> {
        let rule = self.rule;
        let look = move |conn: Option<&Connection>| {
            let decided = batch.into_iter().map(|row| {
                let outcome = row.decide(conn, rule)?;
                Ok((row, outcome))
            });
            decided.collect::<Result<Vec<_>>>()
        };
        let db = match self.into {
            Target::DryRun(None) => return look(None),
            Target::DryRun(Some(db)) => return db.read(|conn| look(Some(conn))),
            Target::Write(db) => db,
        };
        let line = (!self.begun).then(|| (self.options.by.clone(), self.names.clone()));
        let begun = Instant::now();
        let (decided, changed) = db.write(move |tx| {
            let decided = look(Some(tx))?;
            let mut changed = false;
            for (row, outcome) in decided.iter().filter(|(_, outcome)| K::changes(outcome)) {
                row.write(tx, outcome, rule)?;
                changed = true;
            }
            if let (true, Some((by, names))) = (changed, line) {
                let (action, object) = ("import", "database");
                let done = Action { action, object, note: &names, ..Action::default() };
                audit::record(tx, &by, &done, rule.now)?;
            }
            Ok((decided, changed))
        })?;
        self.begun |= changed;
        rest(begun.elapsed());
        Ok(decided)
    }

    fn skip(
        &mut self,
        table: &'static str,
        line: u64,
        why: &'static str,
        detail: String,
    ) -> Result<()> {
        self.remark(Becomes::Skipped, table, line, &Remark { why, detail })
    }

    fn changed(&mut self, table: &'static str, line: u64, said: &Remark) -> Result<()> {
        self.remark(Becomes::Changed, table, line, said)
    }

    fn remark(
        &mut self,
        becomes: Becomes,
        table: &'static str,
        line: u64,
        said: &Remark,
    ) -> Result<()> {
        self.report.add(becomes, table, line, said);
        self.list.as_mut().map_or(Ok(()), |list| list.add(becomes, table, line, said))
    }

    /// The audit's last word says what came of it; where nothing did, it has none.
    fn end(self) -> Result<Report> {
        let Report { customers, credits, videos, unfinished, .. } = &self.report;
        if let (true, Target::Write(db)) = (self.begun, self.into) {
            let after = format!(
                "{} customers, {} credits, {} videos",
                customers.new,
                credits.given + unfinished.given,
                videos.done + videos.failed + videos.canceled
            );
            let (by, now) = (self.options.by.clone(), self.options.now);
            db.write(move |tx| {
                let (action, object) = ("import", "database");
                let done = Action { action, object, after: &after, ..Action::default() };
                audit::record(tx, &by, &done, now)
            })?;
        }
        self.list.map_or(Ok(()), List::end).context("all was imported, but")?;
        Ok(self.report)
    }
}

impl Source {
    /// As the audit has them.
    fn names(&self) -> String {
        let files = match self {
            Self::Sheets { users, jobs } => [users.as_ref(), jobs.as_ref()],
            Self::Dump(file) => [Some(file), None],
        };
        let names = files.into_iter().flatten().filter_map(|file| file.file_name());
        names.map(|name| name.to_string_lossy()).collect::<Vec<_>>().join(", ")
    }
}

/// As long as the commit took: an appliance that waits for the database gets it in between.
fn rest(took: Duration) {
    let (_nobody, never) = channel::<()>();
    // Nobody writes to it: the time runs out.
    let _ = never.recv_timeout(took.min(REST));
}

#[cfg(test)]
mod tests;
