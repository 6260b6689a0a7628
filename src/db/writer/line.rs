//! The line before the pen. Those who stand in it together are answered together, and woken by one
//! call of the kernel's: a call for each was a third of the writer's time.

use super::super::machine::NotCommitted;
use super::work::Work;
use super::{Held, lock};
use anyhow::Result;
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// Set once all of a batch have their answers.
pub(super) type Answered = Arc<OnceLock<()>>;

/// The pen, and whom to serve with it; or what to wait for.
pub(super) type Place<'a> = Result<(MutexGuard<'a, Held>, Batch), Answered>;

/// Closures that are answered together.
#[derive(Default)]
pub(super) struct Batch {
    requests: Vec<Box<dyn Work>>,
    answered: Vec<Answered>,
}

impl Batch {
    fn add(&mut self, request: Box<dyn Work>) -> Answered {
        self.requests.push(request);
        if self.answered.is_empty() {
            self.answered.push(Answered::default());
        }
        Arc::clone(&self.answered[0])
    }

    pub(super) fn join(&mut self, mut other: Self) {
        self.requests.append(&mut other.requests);
        self.answered.append(&mut other.answered);
    }

    pub(super) fn requests(&mut self) -> &mut [Box<dyn Work>] {
        &mut self.requests
    }

    pub(super) fn answer(mut self, committed: Result<(), &NotCommitted>) {
        for request in self.requests.drain(..) {
            request.answer(committed);
        }
    }

    fn is_empty(&self) -> bool {
        self.requests.is_empty()
    }
}

/// Whatever became of them, nobody waits for ever.
impl Drop for Batch {
    fn drop(&mut self) {
        for answered in &self.answered {
            let _only_here = answered.set(());
        }
    }
}

#[derive(Default)]
pub(super) struct Line {
    places: Mutex<Places>,
    /// The writer thread waits here.
    bell: Condvar,
}

#[derive(Default)]
struct Places {
    first: Batch,
    /// They have time, the least patient of them until `due`.
    along: Batch,
    due: Option<Instant>,
    /// When somebody last took the pen.
    taken: Option<Instant>,
    compactions: Vec<SyncSender<Result<()>>>,
    /// The writer thread waits for the bell.
    asleep: bool,
    closed: bool,
}

impl Places {
    fn take(&mut self) -> Batch {
        let mut batch = std::mem::take(&mut self.first);
        batch.join(self.take_along());
        batch
    }

    fn is_due(&self) -> bool {
        self.due.is_some_and(|at| self.closed || at <= Instant::now())
    }

    /// Whoever takes the pen takes them along.
    fn take_along(&mut self) -> Batch {
        self.due = None;
        self.taken = Some(Instant::now());
        std::mem::take(&mut self.along)
    }
}

impl Line {
    /// The pen where it is `free` and nobody waits for it, with those who go along; else a place in
    /// the line. Nobody overtakes those who stand.
    pub(super) fn pass_or_stand<'a>(
        &self,
        request: Box<dyn Work>,
        free: impl FnOnce() -> Option<MutexGuard<'a, Held>>,
    ) -> Place<'a> {
        self.pass(lock(&self.places), request, free)
    }

    /// The same where nobody took the pen for `pace`; else a place among those who go along, for what
    /// is left of that time.
    pub(super) fn pass_or_follow<'a>(
        &self,
        request: Box<dyn Work>,
        pace: Duration,
        free: impl FnOnce() -> Option<MutexGuard<'a, Held>>,
    ) -> Place<'a> {
        let places = lock(&self.places);
        match places.taken.map(|at| at + pace).filter(|due| *due > Instant::now()) {
            Some(due) => Err(self.follow(places, request, due)),
            None => self.pass(places, request, free),
        }
    }

    pub(super) fn go_along(&self, request: Box<dyn Work>, patience: Duration) -> Answered {
        self.follow(lock(&self.places), request, Instant::now() + patience)
    }

    fn pass<'a>(
        &self,
        mut places: MutexGuard<'_, Places>,
        request: Box<dyn Work>,
        free: impl FnOnce() -> Option<MutexGuard<'a, Held>>,
    ) -> Place<'a> {
        let nobody = places.first.is_empty() && places.compactions.is_empty();
        if let Some(held) = nobody.then(free).flatten() {
            let mut batch = Batch { requests: vec![request], answered: Vec::new() };
            batch.join(places.take_along());
            return Ok((held, batch));
        }
        let answered = places.first.add(request);
        self.wake(&mut places);
        Err(answered)
    }

    fn follow(
        &self,
        mut places: MutexGuard<'_, Places>,
        request: Box<dyn Work>,
        due: Instant,
    ) -> Answered {
        let answered = places.along.add(request);
        if places.due.is_none_or(|other| due < other) {
            places.due = Some(due);
            self.wake(&mut places);
        }
        answered
    }

    pub(super) fn compact(&self, reply: SyncSender<Result<()>>) {
        let mut places = lock(&self.places);
        places.compactions.push(reply);
        self.wake(&mut places);
    }

    /// Nobody comes any more.
    pub(super) fn close(&self) {
        let mut places = lock(&self.places);
        places.closed = true;
        self.wake(&mut places);
    }

    fn wake(&self, places: &mut Places) {
        if std::mem::take(&mut places.asleep) {
            self.bell.notify_one();
        }
    }

    /// Until somebody's time has come. `false`: nobody comes any more.
    pub(super) fn wait(&self) -> bool {
        let mut places = lock(&self.places);
        loop {
            if !places.first.is_empty() || !places.compactions.is_empty() || places.is_due() {
                return true;
            }
            if places.closed {
                return false;
            }
            places.asleep = true;
            places = match places.due {
                Some(at) => {
                    let left = at.saturating_duration_since(Instant::now());
                    let woken = self.bell.wait_timeout(places, left);
                    woken.unwrap_or_else(PoisonError::into_inner).0
                }
                None => self.bell.wait(places).unwrap_or_else(PoisonError::into_inner),
            };
            places.asleep = false;
        }
    }

    /// Who waits, and need not wait any longer.
    pub(super) fn next(&self) -> Option<Batch> {
        let mut places = lock(&self.places);
        if places.first.is_empty() && !places.is_due() {
            return None;
        }
        Some(places.take())
    }

    /// Whoever waits: a commit is under way.
    pub(super) fn next_to_join(&self) -> Option<Batch> {
        let batch = lock(&self.places).take();
        if batch.is_empty() { None } else { Some(batch) }
    }

    pub(super) fn compactions(&self) -> Vec<SyncSender<Result<()>>> {
        std::mem::take(&mut lock(&self.places).compactions)
    }

    /// How many stand, and how many go along.
    #[cfg(test)]
    pub(super) fn waiting(&self) -> (usize, usize) {
        let places = lock(&self.places);
        (places.first.requests.len(), places.along.requests.len())
    }
}
