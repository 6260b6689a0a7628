//! `neurocards run`: the whole appliance without the console.

use std::process::ExitCode;

use anyhow::Result;

use crate::config::Config;
use crate::db::{InstanceLock, Mode};
use crate::serve::{Appliance, LogTo, begin_logs};

/// Until the appliance ends. The tokens are judged before anything is opened or called.
pub(super) fn run(config: Config) -> Result<ExitCode> {
    let tokens = config.require_tokens()?;
    // Another instance is said on standard error, before its log is touched.
    drop(InstanceLock::take(&config.data_dir)?);
    let _logs = begin_logs(&config, LogTo::Stdout)?;
    let clock = config.process_clock();
    let mode = if clock.is_real() { Mode::Live } else { Mode::Demo };
    let appliance = Appliance::start(&config, &tokens, mode, clock)?;
    let ended = appliance.wait();
    appliance.stop(ended.is_ok());
    ended.map(|()| ExitCode::SUCCESS)
}
