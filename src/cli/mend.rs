//! `neurocards retry`, `cancel`, `run-now` and `raise`: the operator's hands on single jobs.

use std::process::ExitCode;

use anyhow::Result;

use super::args::RetryArgs;
use super::screen;
use crate::config::Config;
use crate::db::{Db, JobId};
use crate::operator::hands;
use crate::serve;

/// New jobs that point to the old ones; nobody pays for them. All or none.
pub(super) fn retry(config: &Config, args: &RetryArgs) -> Result<ExitCode> {
    let (db, now) = (Db::open_existing(&config.data_dir)?, config.process_clock().now());
    let (ids, every): (Vec<_>, _) = (args.ids.iter().copied().map(JobId).collect(), args.every);
    let new = db.write(move |tx| hands::retry_all(tx, &super::by(), &ids, every, now))?;
    screen::print(&match new.as_slice() {
        [one] => format!("job {} runs again as job {one}, at your cost\n", args.ids[0]),
        all => {
            let names: Vec<_> = all.iter().map(JobId::to_string).collect();
            format!("{} jobs run again as {}, at your cost\n", all.len(), names.join(", "))
        }
    })
}

/// The credit goes back at once; what renders is paid to the provider all the same.
pub(super) fn cancel(config: &Config, id: i64) -> Result<ExitCode> {
    let db = Db::open_existing(&config.data_dir)?;
    let (shop, now) = (serve::shop(config)?, config.process_clock().now());
    let back = db.write(move |tx| hands::cancel(tx, &shop, &super::by(), JobId(id), now))?;
    screen::print(&format!("job {id} is canceled, {} went back\n", hands::in_words(back)))
}

/// Its next try, now.
pub(super) fn hurry(config: &Config, id: i64) -> Result<ExitCode> {
    let (db, now) = (Db::open_existing(&config.data_dir)?, config.process_clock().now());
    let changed = db.write(move |tx| hands::hurry(tx, &super::by(), JobId(id), now))?;
    screen::print(&match changed {
        true => format!("job {id} is due now\n"),
        false => format!("job {id} was due already: it waits for a thread\n"),
    })
}

/// Before the others.
pub(super) fn raise(config: &Config, id: i64) -> Result<ExitCode> {
    let (db, now) = (Db::open_existing(&config.data_dir)?, config.process_clock().now());
    let priority = db.write(move |tx| hands::raise(tx, &super::by(), JobId(id), now))?;
    screen::print(&format!("job {id} has priority {priority}\n"))
}
