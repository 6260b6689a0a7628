//! `neurocards pause`, `drain` and `resume`: what the operator closes and opens.

use std::process::ExitCode;

use anyhow::Result;

use super::screen;
use crate::config::Config;
use crate::db::Db;
use crate::operator::hands;

/// Selling, or `submitting` instead; `note`: what customers read meanwhile.
pub(super) fn pause(config: &Config, submitting: bool, note: Option<String>) -> Result<ExitCode> {
    let (db, now) = (Db::open_existing(&config.data_dir)?, config.process_clock().now());
    let changed = db.write(move |tx| match note {
        _ if submitting => hands::pause_submitting(tx, &super::by(), now),
        Some(note) => hands::pause_selling_saying(tx, &super::by(), &note, now),
        None => hands::pause_selling(tx, &super::by(), now),
    })?;
    screen::print(match (submitting, changed) {
        (false, true) => "selling is paused; what was sold before goes on\n",
        (false, false) => "selling was paused already\n",
        (true, true) => "submitting is paused; what was sold waits until `neurocards resume`\n",
        (true, false) => "submitting was paused already\n",
    })
}

/// Nothing new comes in, nothing new goes out.
pub(super) fn drain(config: &Config) -> Result<ExitCode> {
    let (db, now) = (Db::open_existing(&config.data_dir)?, config.process_clock().now());
    let changed = db.write(move |tx| hands::drain(tx, &super::by(), now))?;
    screen::print(match changed {
        true => {
            "selling and submitting are paused; what the provider works on goes on until it is \
             delivered\n"
        }
        false => "selling and submitting were paused already\n",
    })
}

/// Also leaves safe mode. Where there is nothing to open it does nothing.
pub(super) fn resume(config: &Config) -> Result<ExitCode> {
    let (db, now) = (Db::open_existing(&config.data_dir)?, config.process_clock().now());
    let changed = db.write(move |tx| hands::resume(tx, &super::by(), now))?;
    screen::print(match changed {
        true => "selling and submitting are open\n",
        false => "selling and submitting were open already\n",
    })
}
