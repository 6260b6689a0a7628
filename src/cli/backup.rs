//! `neurocards backup` and `neurocards restore`.

use std::io::{IsTerminal as _, Write as _};
use std::path::Path;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;

use super::args::BackupArgs;
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
    let made = backup::make(&database, &args.file, args.force, &progress.watch());
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
    let restored = backup::restore(&lock, &config.data_dir, file, mode, &stamp, &progress.watch());
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

/// A line on the terminal that is written anew; nothing where there is none.
struct Progress(Option<Arc<Mutex<String>>>);

impl Progress {
    fn begin() -> Self {
        Self(std::io::stderr().is_terminal().then(Arc::default))
    }

    fn watch(&self) -> Watch {
        let Some(shown) = self.0.clone() else { return backup::unwatched() };
        Arc::new(move |phase| {
            let line = match phase {
                Phase::Copying { done, all } => {
                    format!("copying {:3} %", (done * 100 / all.max(1)).min(100))
                }
                Phase::Checking => "checking     ".to_owned(),
            };
            let mut shown = shown.lock().unwrap_or_else(PoisonError::into_inner);
            if *shown != line {
                // Where standard error is closed, there is nobody to show it to.
                let _ = write!(std::io::stderr().lock(), "\r{line}");
                *shown = line;
            }
            false
        })
    }

    fn end(&self) {
        if self.0.is_some() {
            let _ = write!(std::io::stderr().lock(), "\r             \r");
        }
    }
}
