//! `neurocards models on|off NAME`: which of the configured models serve.

use std::process::ExitCode;

use anyhow::Result;

use super::args::ModelsCommand;
use super::{ask, screen};
use crate::config::Config;
use crate::db::Db;
use crate::operator::{effects, hands};
use crate::serve;

pub(super) fn run(config: &Config, command: ModelsCommand) -> Result<ExitCode> {
    let (name, on, yes) = match command {
        ModelsCommand::On { name } => (name, true, true),
        ModelsCommand::Off { name, yes } => (name, false, yes),
    };
    let db = Db::open_existing(&config.data_dir)?;
    let (shop, now) = (serve::shop(config)?, config.process_clock().now());
    let model = name.clone();
    let (changed, fails) = db.write(move |tx| {
        let fails = match on {
            true => String::new(),
            false => {
                let effect = effects::switch_off(tx, &shop, &model, now)?;
                ask::outage(&effect, yes)?
            }
        };
        Ok((hands::switch_model(tx, &shop, &super::by(), &model, on, now)?, fails))
    })?;
    screen::print(&match (on, changed) {
        (true, true) => format!("{name} serves again\n"),
        (true, false) => format!("{name} served already\n"),
        (false, true) => {
            format!("{name} is off: `neurocards models on {name}` brings it back\n{fails}")
        }
        (false, false) => format!("{name} was off already\n"),
    })
}
