//! `neurocards completions`: made from the definitions of the commands.

use std::process::ExitCode;

use anyhow::Result;
use clap::CommandFactory as _;

use super::args::{Args, Shell};
use super::screen;

/// The script, for the shell's own folder of completions.
pub(super) fn run(shell: Shell) -> Result<ExitCode> {
    let shell = match shell {
        Shell::Bash => clap_complete::Shell::Bash,
        Shell::Zsh => clap_complete::Shell::Zsh,
        Shell::Fish => clap_complete::Shell::Fish,
    };
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "neurocards", &mut script);
    screen::print(&String::from_utf8(script)?)
}
