//! CSV as PostgreSQL's `\copy … CSV HEADER` writes it, and as spreadsheets do: commas, semicolons or
//! tabs, any line ends, a mark before the first byte or none.

use super::rows::{Cell, OTHER_WIDTH, Row, Rows, Table};
use super::sql::ROW_MAX;
use anyhow::{Context as _, Result, bail};
use csv::{ByteRecord, Reader, ReaderBuilder};
use std::fs::File;
use std::io::{Read, Seek as _};
use std::path::Path;

/// Of the file's beginning, to see how its columns are parted.
const HEAD: u64 = 64 << 10;

/// The rows after the heading.
pub(super) struct SheetRows {
    reader: Reader<Metered>,
    columns: usize,
    record: ByteRecord,
}

/// Counts what is read, and ends where one row would take the whole file: a quote that is never
/// closed does.
struct Metered {
    file: File,
    of_row: usize,
}

impl Read for Metered {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.of_row > ROW_MAX {
            let why = "a row of more than 1 MB begins after it: is a quote never closed there?";
            return Err(std::io::Error::other(why));
        }
        let read = self.file.read(buffer)?;
        self.of_row += read;
        Ok(read)
    }
}

/// The table of a file, whose first line names the columns.
///
/// # Errors
/// There is no such file, or it is something else than CSV.
pub(super) fn open(name: &'static str, path: &Path) -> Result<Table> {
    let shown = path.display();
    let mut file = File::open(path).with_context(|| format!("cannot open {shown}"))?;
    let bytes = file.metadata().with_context(|| format!("cannot read {shown}"))?.len();
    let mut head = Vec::new();
    (&mut file)
        .take(HEAD)
        .read_to_end(&mut head)
        .with_context(|| format!("cannot read {shown}"))?;
    refuse_others(&head).with_context(|| format!("{shown} cannot be imported"))?;
    file.rewind().with_context(|| format!("cannot read {shown}"))?;
    let mut reader = ReaderBuilder::new()
        .delimiter(delimiter(&head))
        .flexible(true)
        .from_reader(Metered { file, of_row: 0 });
    let heading = reader.byte_headers().with_context(|| format!("the first line of {shown}"))?;
    let columns: Vec<String> =
        heading.iter().map(|name| String::from_utf8_lossy(name).into_owned()).collect();
    let rows = SheetRows { reader, columns: columns.len(), record: ByteRecord::new() };
    let rows = Rows::Sheet(Box::new(rows));
    Ok(Table { name, file: path.to_owned(), columns, bytes, rows })
}

fn refuse_others(head: &[u8]) -> Result<()> {
    match head {
        [] => bail!("it is empty: its first line is to name the columns (`\\copy … CSV HEADER`)"),
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => bail!("it is UTF-16: save it as UTF-8"),
        [0x1F, 0x8B, ..] | [b'P', b'K', 3, 4, ..] => bail!("it is compressed: unpack it first"),
        _ if head.starts_with(b"--") || head.starts_with(b"PGDMP") => {
            bail!("it looks like a dump: name it without --users and --jobs")
        }
        _ => Ok(()),
    }
}

/// What parts the names in the first line most often.
fn delimiter(head: &[u8]) -> u8 {
    let end = head.iter().position(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or(head.len());
    let count = |mark: u8| head[..end].iter().filter(|byte| **byte == mark).count();
    [b',', b';', b'\t'].into_iter().rev().max_by_key(|mark| count(*mark)).unwrap_or(b',')
}

impl SheetRows {
    pub(super) fn next(&mut self) -> Result<Option<Row>> {
        self.reader.get_mut().of_row = 0;
        let after = self.reader.position().line();
        let more = self.reader.read_byte_record(&mut self.record);
        if !more.with_context(|| format!("after line {after}"))? {
            return Ok(None);
        }
        let line = self.record.position().map_or(after, csv::Position::line);
        let cells = if self.record.len() == self.columns {
            Ok(self.record.iter().map(cell).collect())
        } else {
            Err(OTHER_WIDTH)
        };
        Ok(Some(Row { line, cells }))
    }

    pub(super) fn read(&self) -> u64 {
        self.reader.position().byte()
    }
}

/// PostgreSQL writes NULL as nothing at all. An empty text says as little.
fn cell(bytes: &[u8]) -> Cell {
    (!bytes.is_empty()).then(|| bytes.to_vec())
}
