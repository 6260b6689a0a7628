//! What was just done or refused, and what was before.

use crate::clock::Millis;
use std::collections::VecDeque;

/// So long one is shown, in milliseconds of real time.
const SHOWN: u128 = 6_000;
/// So many are remembered.
const KEPT: usize = 100;

/// One line for the operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Toast {
    pub(super) text: String,
    pub(super) good: bool,
}

impl Toast {
    pub(super) fn good(text: String) -> Self {
        Self { text, good: true }
    }

    pub(super) fn bad(text: String) -> Self {
        Self { text, good: false }
    }
}

/// The history, newest first.
#[derive(Default)]
pub(super) struct Toasts {
    all: VecDeque<(Millis, Toast)>,
    last: Option<std::time::Instant>,
}

impl Toasts {
    pub(super) fn add(&mut self, toast: Toast, now: Millis) {
        self.all.push_front((now, toast));
        self.all.truncate(KEPT);
        self.last = Some(std::time::Instant::now());
    }

    /// The one that is still to be seen.
    pub(super) fn fresh(&self) -> Option<&Toast> {
        let fresh = self.last.is_some_and(|at| at.elapsed().as_millis() < SHOWN);
        self.all.front().filter(|_| fresh).map(|(_, toast)| toast)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &(Millis, Toast)> {
        self.all.iter()
    }
}
