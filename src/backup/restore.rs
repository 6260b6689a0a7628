//! A backup takes the place of the present database.
//!
//! ```text
//! FILE ─ copied ─▶ neurocards.db.restoring ─ checked, fsync
//! neurocards.db: nobody else has it open, its log is taken in
//!               ─ what must not be lost with it ─▶ neurocards.db.restoring, committed
//!               ─ a second name ─▶ ….before-restore-…
//! neurocards.db.restoring ─ rename ─▶ neurocards.db ─ fsync of the folder
//! ```
//! Until the rename the old database stands whole under its name, after it the new one. No log of
//! the one ever lies beside the other: the old one's is gone before, the new one never had any.

use super::{folder_of, same_file, sync_folder};
use crate::db::{self, FILE_NAME, Facts, InstanceLock, Mode, Present, Watch};
use anyhow::{Context as _, Result, bail};
use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// What was done.
#[derive(Clone, Debug, PartialEq)]
pub struct Restored<T> {
    /// What the backup has.
    pub facts: Facts,
    /// Where the former database lies; `None`: there was none.
    pub aside: Option<PathBuf>,
    /// What was carried over from it.
    pub carried: T,
}

/// Puts `file` into a data folder. `stamp` names the former database's second name; `mode` is what
/// the next start will be. `carry` writes into the copy, whose path it gets, what the present database
/// alone knows: after the rename it would be too late, should the process die.
///
/// # Errors
/// The file is not a sound backup for this folder, somebody has the database open, or nothing could be
/// carried over; then nothing has changed.
pub fn restore<T>(
    _lock: &InstanceLock,
    folder: &Path,
    file: &Path,
    (mode, stamp): (Mode, &str),
    watch: &Watch,
    carry: impl FnOnce(&Present, &Path) -> Result<T>,
) -> Result<Restored<T>> {
    let database = folder.join(FILE_NAME);
    refuse_live(file, &database)?;
    let fresh = folder.join(format!("{FILE_NAME}.restoring"));
    let restored = prepare(file, &fresh, mode, watch).and_then(|facts| {
        let (aside, carried) = exchange(&database, &fresh, &facts, stamp, carry)?;
        Ok(Restored { facts, aside, carried })
    });
    match restored {
        Ok(restored) => sync_folder(&folder_of(&database)?).map(|()| restored),
        Err(error) => {
            // What a crash leaves of it is overwritten by the next one as well.
            for suffix in ["", "-wal", "-shm", "-journal"] {
                let _ = std::fs::remove_file(with_suffix(&fresh, suffix));
            }
            Err(error.context(format!("{} was not restored", file.display())))
        }
    }
}

/// A database in use has a part of its content in the log beside it.
fn refuse_live(file: &Path, database: &Path) -> Result<()> {
    if !file.is_file() {
        bail!("there is no file {}", file.display());
    }
    if same_file(file, database) {
        bail!("{} is the database itself: name a backup", file.display());
    }
    for suffix in ["-wal", "-journal"] {
        let beside = with_suffix(file, suffix);
        if std::fs::metadata(&beside).is_ok_and(|facts| facts.len() > 0) {
            bail!(
                "{} lies beside it, so that it is no backup but a database in use: make one with \
                 `neurocards backup`",
                beside.display()
            );
        }
    }
    Ok(())
}

/// What is checked is the copy, so that nothing else can be put in place.
fn prepare(file: &Path, fresh: &Path, mode: Mode, watch: &Watch) -> Result<Facts> {
    let mut from = std::fs::File::open(file).context("cannot open it")?;
    for suffix in ["", "-wal", "-shm", "-journal"] {
        remove(&with_suffix(fresh, suffix))?;
    }
    let mut to = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(fresh)
        .context("cannot write to the data folder")?;
    std::io::copy(&mut from, &mut to).context("cannot copy it")?;
    drop(to);
    let facts = db::examine(fresh, watch)?;
    if facts.mode != mode {
        bail!("it is of a {} and this would run as a {}", facts.mode.word(), mode.word());
    }
    db::renew(fresh, &db::SCHEMA).context("it")?;
    let synced = std::fs::File::open(fresh).and_then(|file| file.sync_all());
    synced.context("the copy did not reach the disk")?;
    Ok(facts)
}

/// From here on it is one rename.
fn exchange<T>(
    database: &Path,
    fresh: &Path,
    facts: &Facts,
    stamp: &str,
    carry: impl FnOnce(&Present, &Path) -> Result<T>,
) -> Result<(Option<PathBuf>, T)> {
    let aside = free_name(database, stamp);
    let present = db::hold(database)?;
    if let Present::Held(held) = &present
        && let (Some(theirs), Some(ours)) = (facts.bot_id, held.bot_id)
        && theirs != ours
    {
        bail!("it is of bot {theirs}, this data folder of bot {ours}");
    }
    let carried = carry(&present, fresh)?;
    match &present {
        Present::None => {
            // A log without its database would be taken for the new one's.
            remove(&with_suffix(database, "-wal"))?;
            remove(&with_suffix(database, "-shm"))?;
        }
        Present::Held(_) => second_name(database, &aside)?,
        // Whole under its other name before its log goes: what a crash leaves then is this wreck,
        // which nothing can read with its log either.
        Present::Broken => {
            second_name(database, &aside)?;
            let log = with_suffix(database, "-wal");
            if log.exists() {
                second_name(&log, &with_suffix(&aside, "-wal"))?;
            }
            sync_folder(&folder_of(database)?)?;
            remove(&log)?;
            remove(&with_suffix(database, "-shm"))?;
        }
    }
    // What lies beside the database goes before the new one comes, on the disk as well.
    sync_folder(&folder_of(database)?)?;
    std::fs::rename(fresh, database).context("cannot put it in place")?;
    let had_one = !matches!(present, Present::None);
    drop(present);
    Ok((had_one.then_some(aside), carried))
}

/// A restore that was killed may have given it that name already.
fn second_name(file: &Path, name: &Path) -> Result<()> {
    if same_file(file, name) {
        return Ok(());
    }
    std::fs::hard_link(file, name)
        .with_context(|| format!("cannot keep the present database as {}", name.display()))
}

/// Two restores within a minute keep what each of them found.
fn free_name(database: &Path, stamp: &str) -> PathBuf {
    let name = with_suffix(database, &format!(".before-restore-{stamp}"));
    let numbered = (2..).map(|n| with_suffix(&name, &format!("-{n}")));
    let mut names = std::iter::once(name.clone()).chain(numbered);
    names.find(|name| !name.exists() || same_file(database, name)).unwrap_or(name)
}

fn with_suffix(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn remove(file: &Path) -> Result<()> {
    match std::fs::remove_file(file) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        removed => removed.with_context(|| format!("cannot remove {}", file.display())),
    }
}
