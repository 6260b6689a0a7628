//! `neurocards retry ID` and `neurocards cancel ID`: the operator's hands on one job.

use std::process::ExitCode;

use anyhow::Result;

use super::screen;
use crate::config::Config;
use crate::db::{Db, JobId};
use crate::operator::hands;
use crate::serve;

/// A new job that points to the old one; nobody pays for it.
pub(super) fn retry(config: &Config, id: i64) -> Result<ExitCode> {
    let (db, now) = (Db::open_existing(&config.data_dir)?, config.process_clock().now());
    let new = db.write(move |tx| hands::retry(tx, &super::by(), JobId(id), now))?;
    screen::print(&format!("job {id} runs again as job {new}, at your cost\n"))
}

/// The credit goes back at once; what renders is paid to the provider all the same.
pub(super) fn cancel(config: &Config, id: i64) -> Result<ExitCode> {
    let db = Db::open_existing(&config.data_dir)?;
    let (shop, now) = (serve::shop(config)?, config.process_clock().now());
    let back = db.write(move |tx| hands::cancel(tx, &shop, &super::by(), JobId(id), now))?;
    screen::print(&format!("job {id} is canceled, {back} credits went back\n"))
}
