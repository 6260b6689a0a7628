//! `neurocards demo`: the whole appliance against the built-in sandbox.

use std::process::ExitCode;

use anyhow::Result;

use super::Context;
use super::args::DemoArgs;

/// Until every order of the simulated customers is settled.
pub(super) fn run(_context: &Context, _args: DemoArgs) -> Result<ExitCode> {
    anyhow::bail!("not yet written")
}
