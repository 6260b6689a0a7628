//! Work that takes a while, on one line of the terminal.

use std::io::{IsTerminal as _, Write as _};
use std::sync::{Arc, Mutex, PoisonError};

/// A line on the terminal that is written anew; nothing where there is none. Cheap to clone.
#[derive(Clone)]
pub(super) struct Progress(Option<Arc<Mutex<String>>>);

impl Progress {
    pub(super) fn begin() -> Self {
        Self(std::io::stderr().is_terminal().then(Arc::default))
    }

    /// Whether anybody looks.
    pub(super) fn is_seen(&self) -> bool {
        self.0.is_some()
    }

    /// The line from now on.
    pub(super) fn show(&self, line: &str) {
        let Some(shown) = &self.0 else { return };
        let mut shown = shown.lock().unwrap_or_else(PoisonError::into_inner);
        if *shown != line {
            // Where standard error is closed, there is nobody to show it to.
            let _ = write!(std::io::stderr().lock(), "\r{line:13}");
            line.clone_into(&mut shown);
        }
    }

    /// How much of something is done.
    pub(super) fn part(&self, what: &str, done: u64, all: u64) {
        self.show(&format!("{what} {:3} %", (done * 100 / all.max(1)).min(100)));
    }

    pub(super) fn end(&self) {
        if self.is_seen() {
            let _ = write!(std::io::stderr().lock(), "\r             \r");
        }
    }
}
