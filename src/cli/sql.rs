//! `neurocards sql`.

use std::process::ExitCode;

use anyhow::Result;

use super::args::SqlArgs;
use crate::config::Config;

pub(super) fn run(_config: &Config, _args: SqlArgs) -> Result<ExitCode> {
    anyhow::bail!("not yet written")
}
