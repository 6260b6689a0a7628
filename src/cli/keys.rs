//! `neurocards keys`.

use std::process::ExitCode;

use anyhow::Result;

use super::args::{KeysCommand, Output};
use crate::config::Config;

pub(super) fn run(
    _config: &Config,
    _command: Option<KeysCommand>,
    _output: Output,
) -> Result<ExitCode> {
    anyhow::bail!("not yet written")
}
