//! The start of an appliance on a database of an older version: a copy first, then the change.
//!
//! The copy is as good as a backup of the day: checked, on the disk, named last. It stays until
//! somebody removes it, since only the operator knows when there is no way back any more.

use super::{MARGIN, has_room, make, size_of, unwatched};
use crate::clock::Millis;
use crate::db::{Db, FILE_NAME, InstanceLock, Mode, Schema, Upgrade};
use anyhow::{Context as _, Result};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::path::{Path, PathBuf};

/// The names of such copies.
const BEGINS: &str = "before-version-";

/// Opens the database of a data folder for an appliance, as [`Db::open`] does; one of an older
/// version is copied into `backups/` before it is brought to `schema`. `zone` names the day.
///
/// # Errors
/// No room for both, a copy that is not sound, or a migration that cannot be done: then the
/// database is as it was.
pub fn open(
    _lock: &InstanceLock,
    folder: &Path,
    schema: &Schema<'_>,
    mode: Mode,
    (now, zone): (Millis, &TimeZone),
) -> Result<Db> {
    let database = folder.join(FILE_NAME);
    Db::upgrade(folder, schema, mode, now, |upgrade| {
        let Upgrade { from, to } = upgrade;
        let file = copy_of(folder, to, now, zone)?;
        forget_halves(folder)?;
        // The migration writes what it changes to the log, all of it at worst.
        let wanted = 2 * size_of(&database)? + MARGIN;
        has_room(folder, wanted, "the upgrade with its copy")?;
        tracing::info!(from, to, file = %file.display(), "an older database is copied first");
        // One that failed to start all day leaves one copy, the last: nothing was changed since.
        make(&database, &file, true, &unwatched())?;
        tracing::info!(from, to, "the database is being migrated");
        Ok(())
    })
}

/// What starts that were killed on other days left, each as large as the database.
fn forget_halves(folder: &Path) -> Result<()> {
    for entry in std::fs::read_dir(folder.join("backups")).context("cannot list backups/")? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with(BEGINS) && name.ends_with(".part") {
            std::fs::remove_file(entry.path()).context("cannot remove what was killed")?;
        }
    }
    Ok(())
}

fn copy_of(folder: &Path, to: i64, now: Millis, zone: &TimeZone) -> Result<PathBuf> {
    let day = Timestamp::from_millisecond(now).context("what day is it")?;
    let day = day.to_zoned(zone.clone()).date();
    Ok(folder.join("backups").join(format!("{BEGINS}{to}-{day}.db")))
}
