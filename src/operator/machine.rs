//! The folder and its disk. The database's files are only looked at from outside: opening and
//! closing one of them would drop SQLite's locks on it.

use std::path::Path;
use std::time::UNIX_EPOCH;

use anyhow::{Context as _, Result};
use serde::Serialize;

use crate::clock::Millis;
use crate::db::FILE_NAME;

/// Less than this on the disk is little, if it is less than a twentieth of it, too.
const LITTLE_DISK: u64 = 1 << 30;
/// Less than this is little on any disk.
const HARDLY_ANY_DISK: u64 = 256 << 20;
/// Entries of `backups/` that are looked at.
const MOST_BACKUPS: usize = 1_000;

/// What the data folder takes, and what the disk has.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Machine {
    /// The database.
    pub database_bytes: u64,
    /// Its write-ahead log; 0: there is none now.
    pub wal_bytes: u64,
    /// What the disk of the data folder has left for us.
    pub disk_free_bytes: u64,
    /// How large it is.
    pub disk_total_bytes: u64,
    /// When the newest file in `backups/` was written, by the machine's own clock, in unix
    /// milliseconds.
    pub last_backup_at: Option<Millis>,
}

impl Machine {
    /// Whether the disk is nearly full: under 5 % or 1 GB, whichever is less, or under 256 MB.
    pub fn is_short(&self) -> bool {
        let little = LITTLE_DISK.min(self.disk_total_bytes / 20).max(HARDLY_ANY_DISK);
        self.disk_free_bytes < little
    }
}

/// Looks.
///
/// # Errors
/// The folder cannot be reached.
pub fn look(data_dir: &Path) -> Result<Machine> {
    let shown = data_dir.display();
    let disk = rustix::fs::statvfs(data_dir).with_context(|| format!("cannot look at {shown}"))?;
    let size = |name: &str| std::fs::metadata(data_dir.join(name)).map_or(0, |file| file.len());
    Ok(Machine {
        database_bytes: size(FILE_NAME),
        wal_bytes: size(&format!("{FILE_NAME}-wal")),
        disk_free_bytes: disk.f_bavail.saturating_mul(disk.f_frsize),
        disk_total_bytes: disk.f_blocks.saturating_mul(disk.f_frsize),
        last_backup_at: newest(&data_dir.join("backups")),
    })
}

fn newest(folder: &Path) -> Option<Millis> {
    let entries = std::fs::read_dir(folder).ok()?.take(MOST_BACKUPS);
    // What grows there under the name `….part` is no backup yet.
    let whole = entries
        .filter_map(Result::ok)
        .filter(|entry| entry.path().extension().is_some_and(|ending| ending == "db"));
    let files = whole.filter_map(|entry| entry.metadata().ok().filter(|it| it.is_file()));
    let written = files.filter_map(|file| file.modified().ok()?.duration_since(UNIX_EPOCH).ok());
    written.map(|at| at.as_millis() as Millis).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_is_short_by_its_size() {
        let is_short = |total: u64, free: u64| {
            let machine = Machine {
                database_bytes: 0,
                wal_bytes: 0,
                disk_free_bytes: free << 20,
                disk_total_bytes: total << 20,
                last_backup_at: None,
            };
            machine.is_short()
        };
        for (total, little) in [(1_000_000, 1_024), (10_000, 500), (1_000, 256)] {
            assert!(is_short(total, little - 1) && !is_short(total, little), "{total} MB");
        }
    }

    #[test]
    fn a_folder_is_measured_from_outside() {
        let (folder, _db) = crate::db::tests::fresh();
        let machine = look(folder.path()).unwrap();
        assert!(machine.database_bytes > 0 && machine.disk_total_bytes > machine.disk_free_bytes);
        assert_eq!(machine.last_backup_at, None);
        std::fs::create_dir(folder.path().join("backups")).unwrap();
        std::fs::write(folder.path().join("backups/x.db"), "x").unwrap();
        assert!(look(folder.path()).unwrap().last_backup_at > Some(1_600_000_000_000));
        assert!(look(&folder.path().join("none")).is_err());
    }
}
