//! The write-ahead log's place on the disk, taken before anything is written into it.

use super::migrate::APPLICATION_ID;
use super::pragmas::LOG_BYTES;
use anyhow::Result;
use rustix::fs::{CWD, RenameFlags, renameat_with};
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// Written at once.
const PIECE: usize = 1 << 20;
/// Of an SQLite file: <https://www.sqlite.org/fileformat2.html#the_database_header>.
const HEADER: u64 = 100;

/// Puts a log of zeros beside the database where there is none; SQLite reads it as an empty one. While
/// a file grows, the file system writes down its new length at every commit, which is as much again
/// as the commit itself; in a log of full length a commit is its own pages alone.
///
/// One that is there stays as it is: it is a killed appliance's, or a command has the database open.
/// Beside an empty database SQLite would throw it away, and beside a stranger's it has no business.
/// Where it cannot be made the log grows as it is written, and nothing else is different.
pub(super) fn reserve(database: &Path) {
    if let Err(error) = try_reserve(database) {
        tracing::debug!(error = format!("{error:#}"), "the log will grow as it is written");
    }
}

fn try_reserve(database: &Path) -> Result<()> {
    let log = beside(database, "-wal");
    if log.try_exists()? || !has_a_log_of_ours(database)? {
        return Ok(());
    }
    let new = beside(database, "-wal.new");
    let made = fill(&new).and_then(|()| {
        // Whole or not at all, and never in the place of one that came meanwhile.
        Ok(renameat_with(CWD, &new, CWD, &log, RenameFlags::NOREPLACE)?)
    });
    if made.is_err() {
        // Perhaps it was never there.
        let _ = std::fs::remove_file(&new);
    }
    Ok(made?)
}

/// By the file's header: the log is its way to write, and we made it.
fn has_a_log_of_ours(database: &Path) -> io::Result<bool> {
    let mut header = Vec::new();
    File::open(database)?.take(HEADER).read_to_end(&mut header)?;
    let id = APPLICATION_ID as i32;
    Ok(header.get(18..20) == Some(&[2, 2]) && header.get(68..72) == Some(&id.to_be_bytes()))
}

fn fill(path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    let mut file = options.create(true).truncate(true).write(true).mode(0o600).open(path)?;
    let zeros = vec![0; PIECE];
    let mut left = LOG_BYTES;
    while left > 0 {
        let piece = left.min(PIECE);
        file.write_all(&zeros[..piece])?;
        left -= piece;
    }
    file.sync_all()
}

fn beside(database: &Path, ending: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(ending);
    name.into()
}
