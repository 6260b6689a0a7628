//! Questions on a terminal, or to a script that answers line by line.

use std::io::{BufRead as _, IsTerminal as _, Read as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context as _, Result, bail};
use signal_hook::consts::SIGINT;

use super::super::screen;

/// Wrong answers to one question, before it gives up.
pub(super) const TRIES: u32 = 5;
/// The longest answer, in bytes: a hundred keys fit.
const LONGEST: u64 = 64 << 10;

/// Asks, and reads answers.
pub(super) struct Asker {
    terminal: bool,
    /// Whether Ctrl+C ends the program at once. Not while an answer is typed unseen: the terminal
    /// would stay as blind as it is then.
    deadly: Arc<AtomicBool>,
}

/// Whether an answer is seen while it is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Typed {
    Seen,
    Unseen,
}

impl Asker {
    pub(super) fn new() -> Result<Self> {
        let deadly = Arc::new(AtomicBool::new(true));
        signal_hook::flag::register_conditional_default(SIGINT, Arc::clone(&deadly))
            .context("cannot watch for Ctrl+C")?;
        Ok(Self { terminal: std::io::stdin().is_terminal(), deadly })
    }

    pub(super) fn is_terminal(&self) -> bool {
        self.terminal
    }

    pub(super) fn tell(&self, text: &str) -> Result<()> {
        screen::print(text).map(|_| ())
    }

    /// One answer, trimmed; empty for Enter alone.
    ///
    /// # Errors
    /// The answers have ended, or one is too long.
    pub(super) fn line(&self, question: &str, typed: Typed) -> Result<String> {
        const ENDED: &str = "the answers ended early: nothing was written";
        if self.terminal && typed == Typed::Unseen {
            self.tell(&format!("{question}: "))?;
            self.deadly.store(false, Ordering::SeqCst);
            let answer = rpassword::read_password();
            self.deadly.store(true, Ordering::SeqCst);
            // The answer's own Enter was not seen, either.
            self.tell("\n")?;
            let Ok(answer) = answer else { bail!(ENDED) };
            return Ok(answer.trim().to_owned());
        }
        // On a terminal the answer's own Enter ends the line.
        self.tell(&format!("{question}: {}", if self.terminal { "" } else { "\n" }))?;
        let mut bytes = Vec::new();
        let read = std::io::stdin().lock().take(LONGEST).read_until(b'\n', &mut bytes);
        if read.context("cannot read the answer")? == 0 {
            bail!(ENDED);
        }
        if bytes.len() as u64 == LONGEST {
            bail!("an answer of over {LONGEST} bytes: nothing was written");
        }
        let Ok(text) = String::from_utf8(bytes) else {
            bail!("an answer that is not UTF-8: nothing was written");
        };
        Ok(text.trim().to_owned())
    }

    /// Asks until `judge` takes the answer; what it says of a wrong one is shown.
    ///
    /// # Errors
    /// Those of `judge` and of [`Asker::line`], and [`TRIES`] wrong answers.
    pub(super) fn until<T>(
        &self,
        question: &str,
        typed: Typed,
        mut judge: impl FnMut(&str) -> Result<Result<T, String>>,
    ) -> Result<T> {
        for _ in 0..TRIES {
            let answer = self.line(question, typed)?;
            match judge(&answer)? {
                Ok(taken) => return Ok(taken),
                Err(why) => self.tell(&format!("  No: {}.\n", screen::clean(&why)))?,
            }
        }
        bail!("{TRIES} wrong answers in a row: nothing was written");
    }

    /// Yes or no; Enter is yes where that is safe, and asks again elsewhere.
    pub(super) fn agrees(&self, question: &str, enter_is_yes: bool) -> Result<bool> {
        let choice = if enter_is_yes { "[Y/n]" } else { "[y/n]" };
        self.until(&format!("{question} {choice}"), Typed::Seen, |answer| {
            Ok(match answer.to_lowercase().as_str() {
                "" if enter_is_yes => Ok(true),
                "y" | "yes" => Ok(true),
                "n" | "no" => Ok(false),
                _ => Err("write y or n".to_owned()),
            })
        })
    }
}
