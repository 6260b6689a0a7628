//! Keys that are typed ahead: `2c` means the queue's first row, whatever the line's delay.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// So long they wait for the screen that they are meant for; it is usually there at once.
const PATIENCE: Duration = Duration::from_secs(2);
/// More of them are no typing.
const MOST: usize = 1_000;

/// What was pressed or pasted and not yet understood, in its order.
pub(super) struct Ahead<T> {
    keys: VecDeque<T>,
    /// Since when a screen is waited for.
    since: Option<Instant>,
}

impl<T> Ahead<T> {
    pub(super) fn new() -> Self {
        Self { keys: VecDeque::new(), since: None }
    }

    pub(super) fn add(&mut self, key: T) {
        if self.keys.len() < MOST {
            self.keys.push_back(key);
        }
    }

    /// After a key: whether it leads to a screen that is not there yet.
    pub(super) fn pressed(&mut self, waiting: bool) {
        if waiting {
            self.since.get_or_insert_with(Instant::now);
        }
    }

    /// After a drawing: whether the screen's own picture is still to come.
    pub(super) fn drawn(&mut self, waiting: bool) {
        if !waiting {
            self.since = None;
        }
    }

    /// The next key's turn has come.
    pub(super) fn is_due(&self) -> bool {
        !self.keys.is_empty() && self.since.is_none_or(|since| since.elapsed() >= PATIENCE)
    }

    pub(super) fn next(&mut self) -> Option<T> {
        if self.is_due() { self.keys.pop_front() } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_waits_for_the_screen_that_the_one_before_it_leads_to() {
        let mut ahead = Ahead::new();
        ahead.add('2');
        ahead.add('c');
        assert_eq!(ahead.next(), Some('2'));
        ahead.pressed(true);
        assert_eq!(ahead.next(), None);
        ahead.drawn(true);
        assert!(!ahead.is_due());
        ahead.drawn(false);
        assert_eq!(ahead.next(), Some('c'));
        ahead.pressed(false);
        assert_eq!(ahead.next(), None);
    }
}
