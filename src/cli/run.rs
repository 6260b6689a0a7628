//! `neurocards run`: the whole appliance without the console.

use std::process::ExitCode;

use anyhow::Result;

use crate::config::Config;

/// Until the appliance ends. The tokens are judged before anything is opened or called.
pub(super) fn run(config: Config) -> Result<ExitCode> {
    let _tokens = config.require_tokens()?;
    anyhow::bail!("not yet written")
}
