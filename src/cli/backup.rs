//! `neurocards backup` and `neurocards restore`.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Result;

use super::args::BackupArgs;
use super::progress::Progress;
use super::screen;
use crate::audit::{self, Action};
use crate::backup;
use crate::clock::Millis;
use crate::config::Config;
use crate::db::{Db, FILE_NAME, InstanceLock, Mode, Phase, Watch};
use crate::instance;
use crate::users::departures;
use rusqlite::{Connection, OpenFlags};

/// Beside a running appliance as well as without one.
pub(super) fn make(config: &Config, args: &BackupArgs) -> Result<ExitCode> {
    // Only for its complaint where there is no database of ours.
    drop(Db::open_existing(&config.data_dir)?);
    let progress = Progress::begin();
    let database = config.data_dir.join(FILE_NAME);
    let made = backup::make(&database, &args.file, args.force, &watch(&progress));
    progress.end();
    let made = made?;
    screen::print(&format!(
        "{}: {} customers, {} MB, checked\n",
        args.file.display(),
        made.users,
        made.bytes.div_ceil(1 << 20)
    ))
}

/// Needs the folder for itself: exit code 3 where an appliance runs on it.
pub(super) fn restore(config: &Config, file: &Path) -> Result<ExitCode> {
    let lock = InstanceLock::take(&config.data_dir)?;
    let clock = config.process_clock();
    let now = clock.now();
    let mode = if clock.is_real() { Mode::Live } else { Mode::Demo };
    let stamp = screen::time(now, &config.report.timezone).replace([' ', ':'], "-");
    let progress = Progress::begin();
    let restored = backup::restore(&lock, &config.data_dir, file, mode, &stamp, &watch(&progress));
    progress.end();
    let restored = restored?;
    let left = restored.aside.as_deref().map(left_in).unwrap_or_default();
    let mut again = 0;
    // Nothing of an older version is touched before the start that migrates it.
    if let Ok(db) = Db::open_existing(&config.data_dir) {
        let object = file.display().to_string();
        again = db.write(move |tx| {
            instance::stopped(tx)?;
            let action = Action {
                action: "restore",
                object: "database",
                note: &object,
                ..Action::default()
            };
            audit::record(tx, &super::by(), &action, now)?;
            departures::once_more(tx, &left)
        })?;
    }
    let kept = restored.aside.map(|aside| format!("The former database is {}.\n", aside.display()));
    let left = match again {
        0 => String::new(),
        n => format!("Had left since, and are forgotten again at the next start: {n}.\n"),
    };
    screen::print(&format!(
        "{} is restored: {} customers, {} open videos.\n{}{left}\
         What happened after the backup is not in it: credits given or spent since are as they \
         were then,\nand messages and videos that were sent since may be sent again. Photos are \
         not in a backup.\nNext: `neurocards doctor`, then `neurocards run`.\n",
        file.display(),
        restored.facts.users,
        restored.facts.open_jobs,
        kept.unwrap_or_default()
    ))
}

/// Who had had all of theirs deleted by then, and when. What cannot be read tells of nobody.
fn left_in(former: &Path) -> Vec<(i64, Millis)> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
    let former = std::path::absolute(former).ok();
    let uri = former.and_then(|former| url::Url::from_file_path(former).ok());
    let Some(mut uri) = uri else { return Vec::new() };
    // Its log was taken in, and nobody writes to it.
    uri.set_query(Some("immutable=1"));
    let conn = Connection::open_with_flags(uri.as_str(), flags);
    conn.map_err(anyhow::Error::from).and_then(|conn| departures::left(&conn)).unwrap_or_default()
}

/// What a copy is at, on the terminal.
fn watch(progress: &Progress) -> Watch {
    if !progress.is_seen() {
        return backup::unwatched();
    }
    let progress = progress.clone();
    Arc::new(move |phase| {
        match phase {
            Phase::Copying { done, all } => progress.part("copying", done, all),
            Phase::Checking => progress.show("checking"),
        }
        false
    })
}
