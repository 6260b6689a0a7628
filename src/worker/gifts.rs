//! Refunded renders, watched on from memory: when each is asked about again, or its video fetched.
//! The rows say which there are; a lost memory is rebuilt from them at the start.

use super::{Desk, steps};
use crate::clock::{MINUTE, Millis};
use crate::db::JobId;
use crate::orders::gifts;
use anyhow::Result;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::{MutexGuard, PoisonError};

/// Between two polls of one task.
pub(super) const EVERY: Millis = 5 * MINUTE;

/// What is done next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// The provider is asked.
    Poll,
    /// The video is there.
    Fetch,
}

type Queue = BinaryHeap<Reverse<(Millis, JobId)>>;

/// All of them, each once.
#[derive(Default)]
pub(super) struct Gifts {
    polls: Queue,
    fetches: Queue,
}

impl Gifts {
    fn queue(&mut self, turn: Turn) -> &mut Queue {
        match turn {
            Turn::Poll => &mut self.polls,
            Turn::Fetch => &mut self.fetches,
        }
    }

    /// Its turn comes at `at`.
    pub(super) fn put(&mut self, id: JobId, turn: Turn, at: Millis) {
        self.queue(turn).push(Reverse((at, id)));
    }

    /// One whose turn has come; it is out of the queue until [`Gifts::put`].
    pub(super) fn take_due(&mut self, turn: Turn, now: Millis) -> Option<JobId> {
        let queue = self.queue(turn);
        let Reverse((at, _)) = queue.peek()?;
        if *at > now {
            return None;
        }
        queue.pop().map(|Reverse((_, id))| id)
    }

    /// When the next turn comes.
    pub(super) fn next(&self) -> Option<Millis> {
        let first = |queue: &Queue| queue.peek().map(|Reverse((at, _))| *at);
        [first(&self.polls), first(&self.fetches)].into_iter().flatten().min()
    }
}

/// The desk's gifts, whatever happened to a thread that held them.
pub(super) fn watched(desk: &Desk) -> MutexGuard<'_, Gifts> {
    desk.gifts.lock().unwrap_or_else(PoisonError::into_inner)
}

/// After a start: all at once would crowd out the others' polls, so they are spread.
pub(super) fn remember(desk: &Desk, now: Millis) -> Result<()> {
    let open = desk.db.read(gifts::open)?;
    let between = EVERY / (open.len().max(1) as Millis);
    let mut gifts = watched(desk);
    for (at, (id, came)) in open.into_iter().enumerate() {
        let turn = if came { Turn::Fetch } else { Turn::Poll };
        gifts.put(id, turn, now + between * at as Millis);
    }
    Ok(())
}

/// Takes its turn, with one remote call.
pub(super) fn take_turn(desk: &Desk, id: JobId, turn: Turn) -> Result<()> {
    let Some(gift) = desk.db.read(|conn| gifts::get(conn, id))? else { return Ok(()) };
    match turn {
        Turn::Poll => steps::poll_gift(desk, &gift),
        Turn::Fetch => steps::fetch_gift(desk, &gift),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_its_turn_when_it_is_due_and_polls_do_not_wait_for_downloads() {
        let mut gifts = Gifts::default();
        for (id, turn, at) in [(1, Turn::Poll, 20), (2, Turn::Poll, 10), (3, Turn::Fetch, 5)] {
            gifts.put(JobId(id), turn, at);
        }
        assert_eq!((gifts.next(), gifts.take_due(Turn::Poll, 9)), (Some(5), None));
        assert_eq!(gifts.take_due(Turn::Poll, 20), Some(JobId(2)));
        assert_eq!(gifts.take_due(Turn::Poll, 20), Some(JobId(1)));
        assert_eq!(gifts.take_due(Turn::Poll, 99), None, "each once");
        assert_eq!((gifts.next(), gifts.take_due(Turn::Fetch, 5)), (Some(5), Some(JobId(3))));
        assert_eq!(gifts.next(), None);
    }
}
