//! Whether the program serves, for whoever asks over HTTP: it does while the database's writer
//! answers heartbeats. What a supervisor hears by its watchdog is the same.

use crate::db::Machine;
use anyhow::Result;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Heartbeats in a row without an answer; then it is dead.
const MISSED: u32 = 3;

pub(super) struct Health {
    /// Without an answer for so long it is dead.
    patience: Duration,
    last: Mutex<Last>,
    /// The database is being rewritten, and its writer answers nobody meanwhile.
    rewriting: AtomicBool,
    stopping: AtomicBool,
}

struct Last {
    answered: Instant,
    /// What the writer said then, if it was no yes.
    trouble: Option<String>,
}

impl Health {
    /// `heartbeat`: the time between two.
    pub(super) fn new(heartbeat: Duration) -> Self {
        Self {
            patience: heartbeat * MISSED,
            last: Mutex::new(Last { answered: Instant::now(), trouble: None }),
            rewriting: AtomicBool::new(false),
            stopping: AtomicBool::new(false),
        }
    }

    /// The writer's answer to a heartbeat; `lives`: it is one, though perhaps no yes.
    pub(super) fn heard(&self, answer: &Result<()>, lives: bool) {
        let mut last = self.last();
        last.trouble = answer.as_ref().err().map(|error| {
            Machine::of(error).map_or("the database does not take a word", Machine::remedy).into()
        });
        if lives {
            last.answered = Instant::now();
        }
    }

    pub(super) fn rewrites(&self, now: bool) {
        self.rewriting.store(now, Ordering::Relaxed);
        if !now {
            self.last().answered = Instant::now();
        }
    }

    pub(super) fn stops(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    /// How long ago the writer answered.
    pub(super) fn age(&self) -> Duration {
        self.last().answered.elapsed()
    }

    /// One line: how it is doing, or why it does not serve.
    ///
    /// # Errors
    /// It does not.
    pub(super) fn word(&self) -> Result<String, String> {
        if self.stopping.load(Ordering::Relaxed) {
            return Err("stopping".into());
        }
        if self.rewriting.load(Ordering::Relaxed) {
            return Ok("ok, and the database is being rewritten".into());
        }
        let last = self.last();
        let age = last.answered.elapsed();
        match &last.trouble {
            _ if age > self.patience => {
                let seconds = age.as_secs();
                let why = last.trouble.as_deref().unwrap_or("it hangs, or its disk does");
                Err(format!("the database's writer has not answered for {seconds} s: {why}"))
            }
            Some(trouble) => Ok(format!("ok, but {trouble}")),
            None => Ok("ok".into()),
        }
    }

    fn last(&self) -> MutexGuard<'_, Last> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::anyhow;

    #[test]
    fn it_serves_while_the_writer_answers_even_with_a_no() {
        let health = Health::new(Duration::from_secs(10));
        assert_eq!(health.word().unwrap(), "ok");
        health.heard(&Err(anyhow!("x")), true);
        assert_eq!(health.word().unwrap(), "ok, but the database does not take a word");
        health.heard(&Ok(()), true);
        assert_eq!(health.word().unwrap(), "ok");
        health.stops();
        assert_eq!(health.word().unwrap_err(), "stopping");
    }

    #[test]
    fn without_an_answer_for_three_heartbeats_it_does_not() {
        let health = Health::new(Duration::ZERO);
        while health.age().is_zero() {}
        health.heard(&Err(anyhow!("x")), false);
        assert!(health.word().unwrap_err().contains("has not answered for 0 s"));
        health.rewrites(true);
        assert!(health.word().unwrap().contains("rewritten"), "that takes as long as it takes");
    }
}
