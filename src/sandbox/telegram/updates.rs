//! The queue that getUpdates reads.

use std::collections::VecDeque;
use std::time::Duration;

use serde_json::{Value, json};

use crate::clock::{Clock, MINUTE, Millis, SECOND};

/// The server gives up on a button that nobody fetched, but never within [`SOCKETS_TAKE`].
const PRESS_LIVES: Millis = 150 * SECOND;
/// A fast clock does not make a program start faster: in real time.
pub(super) const SOCKETS_TAKE: Duration = Duration::from_secs(20);
/// And on anything else.
const UPDATE_LIVES: Millis = 24 * 60 * MINUTE;
/// The first id; real ones are large as well.
const FIRST: i64 = 500_000_001;

#[derive(Default)]
pub(super) struct Updates {
    queue: VecDeque<Update>,
    made: i64,
    /// `None`: all kinds.
    allowed: Option<Vec<String>>,
    pub(super) twice: bool,
    /// Counts the pollers; an older one is sent away.
    pub(super) poller: u64,
}

struct Update {
    id: i64,
    kind: &'static str,
    json: Value,
    at: Millis,
    /// The callback's id, for the day that it is dropped.
    press: Option<String>,
    /// How often it still has to be delivered and confirmed.
    passes: u8,
    again: bool,
    delivered: bool,
}

impl Updates {
    /// Adds an update and returns its id.
    pub(super) fn push(
        &mut self,
        kind: &'static str,
        json: Value,
        at: Millis,
        press: Option<String>,
    ) -> i64 {
        self.made += 1;
        let id = FIRST + self.made - 1;
        let wanted = self.allowed.as_ref().is_none_or(|kinds| kinds.iter().any(|it| it == kind));
        if wanted {
            let passes = if self.twice { 2 } else { 1 };
            self.queue.push_back(Update {
                id,
                kind,
                json,
                at,
                press,
                passes,
                again: false,
                delivered: false,
            });
        }
        id
    }

    pub(super) fn allow(&mut self, kinds: Vec<String>) {
        self.allowed = if kinds.is_empty() { None } else { Some(kinds) };
    }

    /// Everything below the offset is done with; a negative one keeps only the last so many.
    pub(super) fn confirm(&mut self, offset: i64) {
        if offset < 0 {
            let keep = usize::try_from(-offset).unwrap_or(usize::MAX);
            while self.queue.len() > keep {
                self.queue.pop_front();
            }
            return;
        }
        for update in self.queue.iter_mut().filter(|update| update.id < offset) {
            if update.delivered {
                update.passes -= 1;
                update.again = true;
                update.delivered = false;
            } else if !update.again {
                update.passes = 0;
            }
        }
        self.queue.retain(|update| update.passes > 0);
    }

    /// What is due, and the presses that were dropped because nobody came for them.
    pub(super) fn take(
        &mut self,
        offset: i64,
        limit: usize,
        clock: &Clock,
    ) -> (Vec<Value>, Vec<String>) {
        let now = clock.now();
        let press_lives = PRESS_LIVES.max(clock.span_of(SOCKETS_TAKE));
        let mut dropped = Vec::new();
        self.queue.retain(|update| {
            let lives = if update.press.is_some() { press_lives } else { UPDATE_LIVES };
            let keep = update.delivered || update.again || now - update.at <= lives;
            if !keep {
                dropped.extend(update.press.clone());
            }
            keep
        });
        let due = self.queue.iter_mut().filter(|update| update.id >= offset || update.again);
        let mut taken = Vec::new();
        for update in due.take(limit) {
            update.delivered = true;
            let mut json = json!({ "update_id": update.id });
            json[update.kind] = update.json.clone();
            taken.push(json);
        }
        (taken, dropped)
    }

    pub(super) fn waiting(&self) -> usize {
        self.queue.len()
    }
}
