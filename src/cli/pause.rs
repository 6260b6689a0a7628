//! `neurocards pause` and `neurocards resume`: the operator closes and opens selling.

use std::process::ExitCode;

use anyhow::Result;

use super::screen;
use crate::config::Config;
use crate::db::Db;

/// What was sold before goes on.
pub(super) fn pause(config: &Config) -> Result<ExitCode> {
    let (db, now) = (Db::open_existing(&config.data_dir)?, config.process_clock().now());
    let changed = db.write(move |tx| {
        let changed = tx.execute(
            "UPDATE instance
             SET selling_paused_at = ?1
             WHERE selling_paused_at IS NULL",
            [now],
        )?;
        if changed == 1 {
            audit(tx, "pause", now)?;
        }
        Ok(changed)
    })?;
    screen::print(match changed {
        1 => "selling is paused; what was sold before goes on\n",
        _ => "selling was paused already\n",
    })
}

/// Also leaves safe mode. Where there is nothing to open it does nothing.
pub(super) fn resume(config: &Config) -> Result<ExitCode> {
    let (db, now) = (Db::open_existing(&config.data_dir)?, config.process_clock().now());
    let changed = db.write(move |tx| {
        let changed = tx.execute(
            "UPDATE instance
             SET selling_paused_at = NULL, safe_mode_at = NULL, early_deaths = 0
             WHERE selling_paused_at IS NOT NULL
                OR safe_mode_at IS NOT NULL",
            [],
        )?;
        if changed == 1 {
            audit(tx, "resume", now)?;
        }
        Ok(changed)
    })?;
    screen::print(match changed {
        1 => "selling is open\n",
        _ => "selling was open already\n",
    })
}

fn audit(tx: &crate::db::Tx<'_>, action: &str, now: i64) -> Result<()> {
    tx.execute(
        "INSERT INTO audit (at, actor, action, object)
         VALUES (?1, 'command', ?2, 'selling')",
        (now, action),
    )?;
    Ok(())
}
