//! `neurocards jobs`.

use std::process::ExitCode;

use anyhow::Result;

use super::args::JobsArgs;
use crate::config::Config;

pub(super) fn run(_config: &Config, _args: &JobsArgs) -> Result<ExitCode> {
    anyhow::bail!("not yet written")
}
