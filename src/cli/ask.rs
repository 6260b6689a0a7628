//! One question before something that cannot be undone.

use std::io::{IsTerminal as _, Write as _};

use anyhow::{Result, bail};

use crate::config::ConfigError;
use crate::operator::effects::Outage;

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

/// What taking a key or a model out of service does to what waits, to be said after it.
///
/// # Errors
/// Something would fail, and nobody `agreed` to that by `--yes`.
pub(super) fn outage(effect: &Outage, agreed: bool) -> Result<String> {
    let Outage { others, failing, credits } = effect;
    match (failing, others) {
        (0, 0) => Ok("nothing else serves: selling is closed\n".to_owned()),
        (0, _) => Ok(String::new()),
        _ if agreed => {
            Ok(format!("nothing else serves: {failing} videos fail, {credits} credits go back\n"))
        }
        _ => bail!(
            "nothing else serves {failing} videos that wait: they would fail, and {credits} \
             credits go back; `neurocards pause --submitting` makes them wait instead, --yes does \
             it all the same"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_fail_is_said_and_wants_a_yes() {
        let said = |others, failing, agreed| {
            let said = outage(&Outage { others, failing, credits: 9 }, agreed);
            said.unwrap_or_else(|error| error.to_string())
        };
        assert_eq!(said(1, 0, false), "");
        assert!(said(0, 0, false).contains("selling is closed"));
        assert!(
            said(0, 3, false).contains("3 videos that wait") && said(0, 3, false).contains("--yes")
        );
        assert!(said(1, 3, true).contains("3 videos fail, 9 credits go back"));
    }
}
