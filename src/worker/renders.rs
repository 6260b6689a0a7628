//! Tasks that render, watched from memory: when each is polled next. Only this process polls them
//! (the instance lock), and a lost memory is rebuilt from the rows at the start.

use crate::clock::Millis;
use crate::db::JobId;
use crate::jobs::Job;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};

/// How many of a model's last times are kept.
const SAMPLE: usize = 20;

/// One task.
#[derive(Clone, Debug)]
pub(super) struct Render {
    /// The job, with the lease that it was submitted under.
    pub(super) job: Job,
    /// From here on the row is due by itself and this watch ends.
    pub(super) deadline: Millis,
    /// When it is polled next: an older entry of the queue is not this watch's.
    next: Millis,
}

/// All of them.
#[derive(Default)]
pub(super) struct Renders {
    due: BinaryHeap<Reverse<(Millis, JobId)>>,
    watched: HashMap<JobId, Render>,
    /// How long each model took lately, as measured here.
    times: HashMap<String, VecDeque<Millis>>,
}

impl Renders {
    /// Begins to poll a task at `first`.
    pub(super) fn watch(&mut self, job: &Job, first: Millis, deadline: Millis) {
        self.due.push(Reverse((first, job.id)));
        self.watched.insert(job.id, Render { job: job.clone(), deadline, next: first });
    }

    /// The next task whose poll is due; it is out of the queue until [`Renders::again`].
    pub(super) fn take_due(&mut self, now: Millis) -> Option<Render> {
        while let Some(Reverse((at, id))) = self.due.peek().copied() {
            if at > now {
                return None;
            }
            self.due.pop();
            match self.watched.get(&id) {
                Some(render) if render.next != at => {}
                Some(render) if render.deadline > now => return Some(render.clone()),
                Some(_) => drop(self.watched.remove(&id)),
                None => {}
            }
        }
        None
    }

    /// Polls it again at `at`, if it is still watched under this lease.
    pub(super) fn again(&mut self, render: &Render, at: Millis) {
        if let Some(watched) = self.watched.get_mut(&render.job.id)
            && watched.job.lease == render.job.lease
        {
            watched.next = at;
            self.due.push(Reverse((at, render.job.id)));
        }
    }

    /// It ended, one way or the other; a newer task of the same job is watched on.
    pub(super) fn forget(&mut self, job: &Job) {
        if self.watched.get(&job.id).is_some_and(|watched| watched.job.lease <= job.lease) {
            self.watched.remove(&job.id);
        }
    }

    /// When the next poll is due.
    pub(super) fn next(&self) -> Option<Millis> {
        self.due.peek().map(|Reverse((at, _))| *at)
    }

    /// Remembers how long a task of a model took.
    pub(super) fn took(&mut self, model: &str, ms: Millis) {
        let times = self.times.entry(model.to_owned()).or_default();
        if times.len() == SAMPLE {
            times.pop_front();
        }
        times.push_back(ms);
    }

    /// How long to wait before the first poll: half of the shortest of the last twenty, so that
    /// nothing is asked that cannot be ready; never under `interval`.
    pub(super) fn head_start(&self, model: &str, interval: Millis) -> Millis {
        let times = self.times.get(model).filter(|times| times.len() == SAMPLE);
        times.and_then(|times| times.iter().min()).map_or(interval, |ms| (ms / 2).max(interval))
    }
}
