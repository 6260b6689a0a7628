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
    stopping: AtomicBool,
}

struct Last {
    answered: Instant,
    /// What the writer said then, if it was no yes.
    trouble: Option<String>,
    /// Until then the writer need not answer: the database is being rewritten.
    excused: Option<Instant>,
}

impl Health {
    /// `heartbeat`: the time between two.
    pub(super) fn new(heartbeat: Duration) -> Self {
        Self {
            patience: heartbeat * MISSED,
            last: Mutex::new(Last { answered: Instant::now(), trouble: None, excused: None }),
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

    /// While the whole database is rewritten its writer answers nobody, for so long at most.
    pub(super) fn excuses<T>(&self, most: Duration, long: impl FnOnce() -> T) -> T {
        self.last().excused = Some(Instant::now() + most);
        let done = long();
        let mut last = self.last();
        (last.excused, last.answered) = (None, Instant::now());
        done
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
        let last = self.last();
        if last.excused.is_some_and(|until| Instant::now() < until) {
            return Ok("ok, and the database is being rewritten".into());
        }
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
        let said = health.excuses(Duration::from_secs(3_600), || health.word());
        assert!(said.unwrap().contains("rewritten"), "that takes as long as it takes");
        assert!(health.excuses(Duration::ZERO, || health.word()).is_err(), "but not for ever");
    }
}
