//! `neurocards config`: what is in force, and where each value comes from.

use std::process::ExitCode;

use anyhow::Result;

use super::args::Output;
use super::screen;
use crate::config::Config;

/// `--json`: a list of `{"key", "value", "source"}`.
pub(super) fn run(config: &Config, output: Output) -> Result<ExitCode> {
    if output.json {
        return screen::print_json(&config.entries());
    }
    let width = config.entries().iter().map(|entry| entry.key.len()).max().unwrap_or(0);
    let line = |entry: &crate::config::Entry| {
        format!("{:width$} = {}  # {}\n", entry.key, entry.value, entry.source)
    };
    screen::print(&config.entries().iter().map(line).collect::<String>())
}

/// The commented sample, as it is packaged.
pub(super) fn sample() -> Result<ExitCode> {
    screen::print(crate::config::sample())
}
