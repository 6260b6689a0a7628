//! Rows of a table, one at a time, whatever file they stand in.

use super::dump::DumpRows;
use super::sheet::SheetRows;
use anyhow::Result;
use std::path::PathBuf;

/// A cell as it stands there; `None`: NULL.
pub(super) type Cell = Option<Vec<u8>>;

/// Those of a row; or why it is none of its table.
pub(super) type Cells = Result<Vec<Cell>, &'static str>;

/// A row of a file.
pub(super) struct Row {
    /// Where it begins in the file, from 1.
    pub(super) line: u64,
    /// As many as there are columns; or why it cannot be read.
    pub(super) cells: Cells,
}

/// Why a row is no row of its table.
pub(super) const OTHER_WIDTH: &str = "another number of fields than there are columns";
/// See [`OTHER_WIDTH`].
pub(super) const TOO_LONG: &str = "a row of more than 1 MB";

/// A table in a file, at its first row.
pub(super) struct Table {
    /// `users` or `jobs`.
    pub(super) name: &'static str,
    /// As the operator named it.
    pub(super) file: PathBuf,
    /// As they stand in the file.
    pub(super) columns: Vec<String>,
    /// The file's bytes.
    pub(super) bytes: u64,
    /// What follows.
    pub(super) rows: Rows,
}

/// What is still to be read.
pub(super) enum Rows {
    /// Of a CSV file.
    Sheet(Box<SheetRows>),
    /// Of a dump.
    Dump(Box<DumpRows>),
}

impl Rows {
    /// The next one; `None`: that was all.
    ///
    /// # Errors
    /// Nothing after it can be told apart any more, or the disk.
    pub(super) fn next(&mut self) -> Result<Option<Row>> {
        match self {
            Self::Sheet(rows) => rows.next(),
            Self::Dump(rows) => rows.next(),
        }
    }

    /// Bytes of the file that were read.
    pub(super) fn read(&self) -> u64 {
        match self {
            Self::Sheet(rows) => rows.read(),
            Self::Dump(rows) => rows.read(),
        }
    }
}
