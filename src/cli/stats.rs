//! `neurocards stats`.

use std::process::ExitCode;

use anyhow::Result;

use super::args::Output;
use crate::config::Config;

pub(super) fn run(_config: &Config, _output: Output) -> Result<ExitCode> {
    anyhow::bail!("not yet written")
}
