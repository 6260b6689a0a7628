//! One question before something that cannot be undone.

use std::io::{IsTerminal as _, Write as _};

use anyhow::Result;

use crate::config::ConfigError;

/// Asks on the terminal; only a yes is one. `agreed`: `--yes` was said.
///
/// # Errors
/// Nobody can be asked: wrong usage.
pub(super) fn yes(question: &str, agreed: bool) -> Result<bool> {
    if agreed {
        return Ok(true);
    }
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        let why = "this asks before it acts, and there is no terminal: add --yes";
        return Err(ConfigError::new(why).into());
    }
    let mut shown = std::io::stderr().lock();
    write!(shown, "{question} [y/N] ")?;
    shown.flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes" | "д" | "да"))
}
