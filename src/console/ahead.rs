//! Keys that are typed ahead: `2c` means the queue's first row, whatever the line's delay.

use crossterm::event::KeyEvent;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// So long they wait for the screen that they are meant for: where the database cannot be read, it
/// never comes.
const PATIENCE: Duration = Duration::from_millis(500);

/// What was pressed and not yet understood, in its order.
#[derive(Default)]
pub(super) struct Ahead {
    keys: VecDeque<KeyEvent>,
    /// Since when a screen is waited for.
    since: Option<Instant>,
}

impl Ahead {
    pub(super) fn add(&mut self, key: KeyEvent) {
        self.keys.push_back(key);
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

    pub(super) fn next(&mut self) -> Option<KeyEvent> {
        if self.is_due() { self.keys.pop_front() } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossterm::event::{KeyCode, KeyModifiers};

    fn key(letter: char) -> KeyEvent {
        KeyEvent::new(KeyCode::Char(letter), KeyModifiers::NONE)
    }

    #[test]
    fn a_key_waits_for_the_screen_that_the_one_before_it_leads_to() {
        let mut ahead = Ahead::default();
        ahead.add(key('2'));
        ahead.add(key('c'));
        assert_eq!(ahead.next(), Some(key('2')));
        ahead.pressed(true);
        assert_eq!(ahead.next(), None);
        ahead.drawn(true);
        assert!(!ahead.is_due());
        ahead.drawn(false);
        assert_eq!(ahead.next(), Some(key('c')));
        ahead.pressed(false);
        assert_eq!(ahead.next(), None);
    }
}
