//! `neurocards pause` and `neurocards resume`: the operator closes and opens selling.

use std::process::ExitCode;

use anyhow::Result;

use crate::config::Config;

pub(super) fn pause(_config: &Config) -> Result<ExitCode> {
    anyhow::bail!("not yet written")
}

/// Also leaves safe mode. Where there is nothing to open it does nothing.
pub(super) fn resume(_config: &Config) -> Result<ExitCode> {
    anyhow::bail!("not yet written")
}
