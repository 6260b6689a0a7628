//! `neurocards doctor`: is everything that the appliance needs in order?

use std::process::ExitCode;

use anyhow::Result;

use super::Context;
use super::args::Output;

/// One line per check; exit code 1 if any fails.
pub(super) fn run(_context: &Context, _output: Output) -> Result<ExitCode> {
    anyhow::bail!("not yet written")
}
