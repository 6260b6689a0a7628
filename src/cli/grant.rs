//! `neurocards grant`: credits by hand.

use std::process::ExitCode;

use anyhow::Result;

use super::args::GrantArgs;
use crate::config::Config;

pub(super) fn run(_config: &Config, _args: GrantArgs) -> Result<ExitCode> {
    anyhow::bail!("not yet written")
}
