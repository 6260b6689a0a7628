//! Backups: a copy that is whole or not there at all, made beside the running appliance, checked,
//! and put back. Photos, videos and logs are not in it.
//!
//! A copy grows under the name `….part`, is checked as `doctor` checks a database, goes to the disk,
//! and only then gets its name.

pub mod daily;
mod restore;
mod upgrade;

pub use restore::{Restored, restore};
pub use upgrade::open;

use crate::db::{self, Phase, Watch};
use anyhow::{Context as _, Result, bail};
use std::fs::{File, OpenOptions, Permissions, TryLockError};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

/// Room that is left to the appliance beside the copy, in bytes.
const MARGIN: u64 = 64 << 20;

/// A backup that was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Made {
    /// The file's size.
    pub bytes: u64,
    /// Customers in it.
    pub users: i64,
}

/// Writes a backup of `database` to `to`. `force`: over a file that is there.
///
/// # Errors
/// The file exists, the disk has no room, the copy is damaged; then `to` is as it was.
pub fn make(database: &Path, to: &Path, force: bool, watch: &Watch) -> Result<Made> {
    let folder = folder_of(to)?;
    if database.parent().and_then(|it| it.canonicalize().ok()) == Some(folder.clone()) {
        bail!("{}: choose a place outside of the data folder, or its backups/", to.display());
    }
    if to.is_dir() {
        bail!("{} is a folder: name a file", to.display());
    }
    if !force && to.exists() {
        bail!("{} exists: choose another name, or add --force", to.display());
    }
    has_room(&folder, size_of(database)? + MARGIN, "a backup")?;
    let part = part_of(to)?;
    // Held until the end: a second backup to the same file is refused.
    let _claim = claim(&part)?;
    match fill(database, to, &part, watch) {
        Ok(made) => sync_folder(&folder).map(|()| made),
        Err(error) => {
            // What a crash leaves is overwritten by the next one as well.
            let _ = std::fs::remove_file(&part);
            Err(error).with_context(|| format!("no backup was made to {}", to.display()))
        }
    }
}

fn fill(database: &Path, to: &Path, part: &Path, watch: &Watch) -> Result<Made> {
    db::copy(database, part, watch)?;
    let facts = db::examine(part, watch).context("the copy")?;
    let file = File::open(part).context("cannot open the copy")?;
    file.sync_all().context("the copy did not reach the disk")?;
    let bytes = file.metadata()?.len();
    std::fs::rename(part, to).context("cannot name the copy")?;
    Ok(Made { bytes, users: facts.users })
}

/// The folder of a file, without any `..` or links.
fn folder_of(file: &Path) -> Result<PathBuf> {
    let folder = match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    folder.canonicalize().with_context(|| format!("the folder {}", folder.display()))
}

fn part_of(to: &Path) -> Result<PathBuf> {
    let mut name = to.file_name().context("name a file")?.to_owned();
    name.push(".part");
    Ok(to.with_file_name(name))
}

fn claim(part: &Path) -> Result<File> {
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .custom_flags(rustix::fs::OFlags::NOFOLLOW.bits() as i32)
        .open(part)
        .with_context(|| format!("cannot create {}", part.display()))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => bail!("another backup writes {}", part.display()),
        Err(TryLockError::Error(error)) => {
            return Err(error).with_context(|| format!("cannot lock {}", part.display()));
        }
    }
    // Of a backup that was killed.
    let empty = file.set_len(0).and_then(|()| file.set_permissions(Permissions::from_mode(0o600)));
    if let Err(error) = empty {
        // What a crash leaves is overwritten by the next one as well.
        let _ = std::fs::remove_file(part);
        return Err(error).with_context(|| format!("cannot write to {}", part.display()));
    }
    Ok(file)
}

fn size_of(database: &Path) -> Result<u64> {
    let facts = std::fs::metadata(database)
        .with_context(|| format!("no database {}", database.display()))?;
    Ok(facts.len())
}

/// A copy that filled the disk would stop the appliance. `wanted`: bytes.
fn has_room(folder: &Path, wanted: u64, what: &str) -> Result<()> {
    let disk = rustix::fs::statvfs(folder).context("cannot ask how full the disk is")?;
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    if free < wanted {
        let (free, wanted) = (free >> 20, wanted >> 20);
        bail!("{free} MB are free in {}, {what} takes {wanted} MB", folder.display());
    }
    Ok(())
}

/// A name is on the disk only when its folder is.
fn sync_folder(folder: &Path) -> Result<()> {
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.with_context(|| format!("the folder {} did not reach the disk", folder.display()))
}

fn same_file(one: &Path, other: &Path) -> bool {
    match (std::fs::metadata(one), std::fs::metadata(other)) {
        (Ok(one), Ok(other)) => (one.dev(), one.ino()) == (other.dev(), other.ino()),
        _ => false,
    }
}

/// Nobody looks.
pub fn unwatched() -> Watch {
    std::sync::Arc::new(|_: Phase| false)
}

#[cfg(test)]
mod tests;
