//! What an import did, or would do; and the list of the rows that did not come over as they were.

use super::values::Decimal;
use anyhow::{Context as _, Result, bail};
use serde::{Serialize, Serializer};
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// Rows of each kind that the report names.
const NAMED: usize = 3;
/// How much of a cell is shown, in characters.
const SHOWN: usize = 60;

/// What an import did, or, in a dry run, would do.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// Nothing was written.
    pub dry_run: bool,
    /// What the files have.
    pub tables: Vec<Columns>,
    /// Who came.
    pub customers: Customers,
    /// What they brought.
    pub credits: Credits,
    /// Which videos came.
    pub videos: Videos,
    /// Videos that nobody makes any more.
    pub unfinished: Unfinished,
    /// Rows that were left out, by reason.
    pub skipped: Vec<Remarks>,
    /// Rows that came otherwise than they were, by reason.
    pub changed: Vec<Remarks>,
}

/// A table's columns.
#[derive(Clone, Debug, Serialize)]
pub struct Columns {
    /// `users` or `jobs`.
    pub table: &'static str,
    /// As the operator named it.
    pub file: String,
    /// Rows in it.
    pub rows: u64,
    /// What was taken from where.
    pub taken: Vec<Taken>,
    /// Columns that mean nothing here.
    pub ignored: Vec<String>,
}

/// A column that was found.
#[derive(Clone, Debug, Serialize)]
pub struct Taken {
    /// What it holds.
    pub what: &'static str,
    /// Its name there.
    pub column: String,
}

/// Counts of rows.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Customers {
    /// They were not here.
    pub new: u64,
    /// They were here: from an earlier import, or they began with the bot.
    pub here: u64,
}

/// Sums of balances.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Credits {
    /// All balances above 0 that count.
    pub in_file: Decimal,
    /// What was added by rounding up.
    pub rounded_up: Decimal,
    /// All balances below 0, which are taken as 0.
    pub negative: Decimal,
    /// Credits that were given now.
    pub given: i64,
    /// Credits that an earlier import gave to the same customers.
    pub given_before: i64,
}

/// Counts of rows.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Videos {
    /// New here, by their status.
    pub done: u64,
    /// See `done`.
    pub failed: u64,
    /// See `done`.
    pub canceled: u64,
    /// Here from an earlier import.
    pub before: u64,
}

/// What was under way.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Unfinished {
    /// Rows, whether or not they were here before.
    pub videos: u64,
    /// Of so many customers.
    pub customers: u64,
    /// Credits that were given for them now.
    pub given: i64,
    /// Credits that an earlier import gave for them.
    pub given_before: i64,
}

/// Rows with one thing to be said of them.
#[derive(Clone, Debug, Serialize)]
pub struct Remarks {
    /// `users` or `jobs`.
    pub table: &'static str,
    /// In words.
    pub why: &'static str,
    /// How many.
    pub rows: u64,
    /// The first of them.
    pub first: Vec<Place>,
}

/// A row.
#[derive(Clone, Debug, Serialize)]
pub struct Place {
    /// Where it begins in the file.
    pub line: u64,
    /// Whose or which, and what stands there.
    pub detail: String,
}

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// What is to be said of a row.
#[derive(Clone, Debug)]
pub(super) struct Remark {
    pub(super) why: &'static str,
    pub(super) detail: String,
}

/// What becomes of a row of which something is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Becomes {
    Skipped,
    Changed,
}

impl Report {
    pub(super) fn add(&mut self, becomes: Becomes, table: &'static str, line: u64, said: &Remark) {
        let list = match becomes {
            Becomes::Skipped => &mut self.skipped,
            Becomes::Changed => &mut self.changed,
        };
        let at = list.iter().position(|it| it.table == table && it.why == said.why);
        let at = at.unwrap_or_else(|| {
            list.push(Remarks { table, why: said.why, rows: 0, first: Vec::new() });
            list.len() - 1
        });
        let remarks = &mut list[at];
        remarks.rows += 1;
        if remarks.first.len() < NAMED {
            remarks.first.push(Place { line, detail: crate::text::shorten(&said.detail, SHOWN) });
        }
    }
}

/// All such rows, in a file.
pub(super) struct List(csv::Writer<File>);

const HEADING: [&str; 5] = ["table", "line", "what", "why", "detail"];

impl List {
    /// In a new file, or in the place of an earlier list.
    ///
    /// # Errors
    /// Something else stands there.
    pub(super) fn begin(path: &Path) -> Result<Self> {
        let shown = path.display();
        if path.exists() && !is_list(path)? {
            bail!("{shown} exists and is no list of an earlier import: choose another name");
        }
        let file = File::options().create(true).write(true).truncate(true).mode(0o600).open(path);
        let file = file.with_context(|| format!("cannot write {shown}"))?;
        let mut list = csv::Writer::from_writer(file);
        list.write_record(HEADING).with_context(|| format!("cannot write {shown}"))?;
        Ok(Self(list))
    }

    pub(super) fn add(
        &mut self,
        becomes: Becomes,
        table: &str,
        line: u64,
        said: &Remark,
    ) -> Result<()> {
        let what = if becomes == Becomes::Skipped { "skipped" } else { "changed" };
        let row = [table, &line.to_string(), what, said.why, &said.detail];
        self.0.write_record(row).context("cannot write the list")
    }

    pub(super) fn end(mut self) -> Result<()> {
        self.0.flush().context("cannot write the list")
    }
}

fn is_list(path: &Path) -> Result<bool> {
    let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut first = String::new();
    let read = BufReader::new(file.take(200)).read_line(&mut first);
    Ok(read.is_ok() && first.trim_end() == HEADING.join(","))
}
