//! `neurocards pause` and `neurocards resume`: the operator closes and opens selling.

use std::process::ExitCode;

use anyhow::Result;

use super::screen;
use crate::config::Config;
use crate::db::Db;
use crate::operator::hands;

/// What was sold before goes on.
pub(super) fn pause(config: &Config) -> Result<ExitCode> {
    let (db, now) = (Db::open_existing(&config.data_dir)?, config.process_clock().now());
    let changed = db.write(move |tx| hands::pause_selling(tx, &super::by(), now))?;
    screen::print(match changed {
        true => "selling is paused; what was sold before goes on\n",
        false => "selling was paused already\n",
    })
}

/// Also leaves safe mode. Where there is nothing to open it does nothing.
pub(super) fn resume(config: &Config) -> Result<ExitCode> {
    let (db, now) = (Db::open_existing(&config.data_dir)?, config.process_clock().now());
    let changed = db.write(move |tx| hands::resume(tx, &super::by(), now))?;
    screen::print(match changed {
        true => "selling is open\n",
        false => "selling was open already\n",
    })
}
