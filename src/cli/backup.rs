//! `neurocards backup` and `neurocards restore`.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, Result};

use super::args::BackupArgs;
use super::progress::Progress;
use super::screen;
use crate::audit::{self, Action};
use crate::backup;
use crate::config::Config;
use crate::db::{self, Db, FILE_NAME, InstanceLock, Mode, Phase, Present, Watch};
use crate::flow::WhoLeft;
use crate::instance;

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
    let carry = |former: &Present, fresh: &Path| {
        let left = who_left(former)?;
        let action = Action {
            action: "restore",
            object: "database",
            note: &file.display().to_string(),
            ..Action::default()
        };
        db::amend(fresh, |tx| {
            instance::stopped(tx)?;
            audit::record(tx, &super::by(), &action, now)?;
            left.map(|left| left.leave_once_more(tx)).transpose()
        })
    };
    let (folder, watch) = (&config.data_dir, watch(&progress));
    let restored = backup::restore(&lock, folder, file, (mode, &stamp), &watch, carry);
    progress.end();
    let restored = restored?;
    let kept = restored.aside.map(|aside| format!("The former database is {}.\n", aside.display()));
    let left = match restored.carried {
        Some(0) => String::new(),
        Some(n) => format!("Had left since, and are forgotten again at the next start: {n}.\n"),
        None => "Who has had all of theirs deleted since the backup is not known: the former \
                 database cannot be read.\n"
            .to_owned(),
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

/// Who had all of theirs deleted, by the database that is replaced. `None`: it is damaged, and tells
/// of nobody.
fn who_left(former: &Present) -> Result<Option<WhoLeft>> {
    let held = match former {
        Present::None => return Ok(Some(WhoLeft::default())),
        Present::Broken => return Ok(None),
        Present::Held(held) => held.conn(),
    };
    let tables: i64 = held.query_row("SELECT COUNT(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if tables == 0 {
        return Ok(Some(WhoLeft::default()));
    }
    match WhoLeft::read(held) {
        Err(error) if db::is_broken(&error) => Ok(None),
        read => read
            .map(Some)
            .context("cannot read from the present database who had all of theirs deleted"),
    }
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
