//! `neurocards retry ID` and `neurocards cancel ID`: the operator's hands on one job.

use std::process::ExitCode;

use anyhow::{Result, bail};

use super::screen;
use crate::audit::{self, Action};
use crate::config::Config;
use crate::db::{Db, JobId};
use crate::jobs;
use crate::orders;
use crate::serve;

/// A new job that points to the old one; nobody pays for it.
pub(super) fn retry(config: &Config, id: i64) -> Result<ExitCode> {
    let (db, now) = (Db::open_existing(&config.data_dir)?, config.process_clock().now());
    let new = db.write(move |tx| {
        let Some(new) = jobs::rerun(tx, JobId(id), now)? else {
            bail!("there is no job {id}: `neurocards jobs` lists them");
        };
        record(tx, "retry", id, &format!("as job {new}"), now)?;
        Ok(new)
    })?;
    screen::print(&format!("job {id} runs again as job {new}, at your cost\n"))
}

/// The credit goes back at once; what renders is paid to the provider all the same.
pub(super) fn cancel(config: &Config, id: i64) -> Result<ExitCode> {
    let db = Db::open_existing(&config.data_dir)?;
    let (shop, now) = (serve::shop(config)?, config.process_clock().now());
    let back = db.write(move |tx| {
        let Some(back) = orders::cancel(tx, &shop, JobId(id), now)? else {
            bail!("job {id} has ended: there is nothing to cancel");
        };
        record(tx, "cancel", id, &format!("{back} credits back"), now)?;
        Ok(back)
    })?;
    screen::print(&format!("job {id} is canceled, {back} credits went back\n"))
}

fn record(tx: &crate::db::Tx<'_>, action: &str, id: i64, detail: &str, now: i64) -> Result<()> {
    let object = format!("job {id}");
    audit::record(tx, &Action { actor: "command", action, object: &object, detail }, now)
}
