//! What the sender knows of the outbox's pending rows, and which of them goes next. Per chat they
//! go in order, one at a time; a chat that must wait holds up no other. Who has pressed or written
//! something and waits goes before what comes by itself, but for every fourth.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::super::limiter::Limiter;
use crate::clock::Millis;
use crate::outbox::{Class, Waiting};

/// Rows known at once; the rest waits in the table until there is room.
pub(super) const WINDOW: usize = 5_000;
/// The same with the answers that come after these.
const CRAMMED: usize = 2 * WINDOW;

/// A row that failed more often lets its chat's later messages pass.
const PATIENCE: i64 = 6;

/// Calls at the same time: messages, videos among them, answers beside them.
const MESSAGES: usize = 24;
const UPLOADS: usize = 8;
const ANSWERS: usize = 8;
/// So many messages that were asked for go in a row while others wait longer: these go on, too.
const AHEAD: u8 = 3;

#[derive(Debug, Default)]
pub(super) struct Queue {
    waiting: BTreeMap<i64, Waiting>,
    /// The newest `seq` of each known row, those in flight included.
    known: HashMap<i64, i64>,
    /// Chats with a message in flight.
    busy: HashSet<i64>,
    uploads: usize,
    answers: usize,
    /// A broadcast's message is in flight.
    bulk: bool,
    /// Messages that were asked for, in a row.
    ahead: u8,
}

/// What to do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    Send(Waiting),
    /// Nothing before this time, or before something lands or arrives.
    At(Millis),
    Nothing,
}

impl Queue {
    pub(super) fn is_full(&self) -> bool {
        self.waiting.len() >= WINDOW
    }

    /// No answer is learned of any more either.
    pub(super) fn is_crammed(&self) -> bool {
        self.waiting.len() >= CRAMMED
    }

    /// A row as the table has it; known ones are passed over, moved ones take their new place.
    pub(super) fn learn(&mut self, row: Waiting) {
        match self.known.insert(row.id, row.seq) {
            Some(seq) if seq == row.seq => return,
            Some(seq) => drop(self.waiting.remove(&seq)),
            None => {}
        }
        self.waiting.insert(row.seq, row);
    }

    /// Takes what may go now: the oldest answer, else the oldest message whose chat is free.
    pub(super) fn next(&mut self, now: Millis, limiter: &Limiter) -> Next {
        let mut soonest = None;
        let mut found = self.find_answer(now, limiter, &mut soonest);
        if found.is_none() && self.ahead < AHEAD {
            let asked = self.waiting.values().filter(|row| row.class == Class::Asked);
            let chats: HashSet<i64> = asked.map(|row| row.chat_id).collect();
            let waits = |row: &Waiting| chats.contains(&row.chat_id);
            found = self.find_message(now, limiter, &mut soonest, waits);
        }
        if found.is_none() {
            found = self.find_message(now, limiter, &mut soonest, |_| true);
        }
        if found.is_none() {
            found = self.find_bulk(now, limiter, &mut soonest);
        }
        if let Some(row) = found {
            self.take_off(row);
            return Next::Send(row);
        }
        soonest.map_or(Next::Nothing, Next::At)
    }

    fn find_answer(
        &self,
        now: Millis,
        limiter: &Limiter,
        soonest: &mut Option<Millis>,
    ) -> Option<Waiting> {
        if self.answers >= ANSWERS {
            return None;
        }
        let free = limiter.ready_for_answer(now);
        let answers = self.waiting.values().filter(|row| row.class == Class::Answer);
        for row in answers {
            let at = free.max(row.due_at);
            if at <= now {
                return Some(*row);
            }
            sooner(soonest, at);
        }
        None
    }

    /// Of a broadcast: one at a time, so that a death doubles one at most; and it leaves the whole
    /// burst to messages of somebody's own, which come before it in any case.
    fn find_bulk(
        &self,
        now: Millis,
        limiter: &Limiter,
        soonest: &mut Option<Millis>,
    ) -> Option<Waiting> {
        if self.bulk || self.busy.len() >= MESSAGES {
            return None;
        }
        let free = limiter.ready_for_bulk(now);
        for row in self.waiting.values().filter(|row| row.class == Class::Bulk) {
            if self.busy.contains(&row.chat_id) {
                continue;
            }
            let at = free.max(row.due_at).max(limiter.ready_for(row.chat_id, now));
            if at <= now {
                return Some(*row);
            }
            sooner(soonest, at);
        }
        None
    }

    fn find_message(
        &self,
        now: Millis,
        limiter: &Limiter,
        soonest: &mut Option<Millis>,
        among: impl Fn(&Waiting) -> bool,
    ) -> Option<Waiting> {
        if self.busy.len() >= MESSAGES {
            return None;
        }
        let free = limiter.ready(now);
        if free > now {
            if self.waiting.values().any(is_own) {
                sooner(soonest, free);
            }
            return None;
        }
        let mut held = HashSet::new();
        for row in self.waiting.values().filter(|row| is_own(row) && among(row)) {
            if self.busy.contains(&row.chat_id) || held.contains(&row.chat_id) {
                continue;
            }
            let at = row.due_at.max(limiter.ready_for(row.chat_id, now));
            let no_room = row.class == Class::Upload && self.uploads >= UPLOADS;
            if at <= now && !no_room {
                return Some(*row);
            }
            if at > now {
                sooner(soonest, at);
            }
            if no_room || row.due_at <= now || row.tries < PATIENCE {
                held.insert(row.chat_id);
            }
        }
        None
    }

    fn take_off(&mut self, row: Waiting) {
        self.waiting.remove(&row.seq);
        match row.class {
            Class::Asked if self.ahead < AHEAD => self.ahead += 1,
            Class::Asked | Class::Light | Class::Upload => self.ahead = 0,
            Class::Answer | Class::Bulk => {}
        }
        match row.class {
            Class::Answer => self.answers += 1,
            Class::Light | Class::Asked => drop(self.busy.insert(row.chat_id)),
            Class::Bulk => {
                self.busy.insert(row.chat_id);
                self.bulk = true;
            }
            Class::Upload => {
                self.busy.insert(row.chat_id);
                self.uploads += 1;
            }
        }
    }

    /// A call ended. `again`: the row as it waits now, unless it moved meanwhile.
    pub(super) fn landed(&mut self, row: Waiting, again: Option<Waiting>) {
        match row.class {
            Class::Answer => self.answers -= 1,
            Class::Light | Class::Asked => drop(self.busy.remove(&row.chat_id)),
            Class::Bulk => {
                self.busy.remove(&row.chat_id);
                self.bulk = false;
            }
            Class::Upload => {
                self.busy.remove(&row.chat_id);
                self.uploads -= 1;
            }
        }
        if self.known.get(&row.id) != Some(&row.seq) {
            return;
        }
        match again {
            Some(again) => drop(self.waiting.insert(again.seq, again)),
            None => drop(self.known.remove(&row.id)),
        }
    }

    /// All messages of a chat were dropped in the table.
    pub(super) fn forget_chat(&mut self, chat_id: i64) {
        let gone = self.waiting.values().filter(|row| row.chat_id == chat_id);
        for row in gone.copied().collect::<Vec<_>>() {
            self.waiting.remove(&row.seq);
            self.known.remove(&row.id);
        }
    }
}

/// In its chat's order: neither an answer nor a broadcast's.
fn is_own(row: &Waiting) -> bool {
    matches!(row.class, Class::Light | Class::Asked | Class::Upload)
}

fn sooner(soonest: &mut Option<Millis>, at: Millis) {
    *soonest = Some(soonest.map_or(at, |other| other.min(at)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bot::limiter::Limits;

    const NOW: Millis = 1_000_000;

    fn row(seq: i64, chat_id: i64, class: Class) -> Waiting {
        Waiting { seq, id: seq * 10, chat_id, due_at: 0, tries: 0, class }
    }

    fn queue(rows: &[Waiting]) -> Queue {
        let mut queue = Queue::default();
        rows.iter().for_each(|row| queue.learn(*row));
        queue
    }

    /// What goes at `NOW`, by `seq`, when nothing lands.
    fn flood(queue: &mut Queue) -> Vec<i64> {
        let mut limiter = Limiter::new(Limits { per_second: 10_000, burst: 1_000, chat_burst: 3 });
        let mut gone = Vec::new();
        while let Next::Send(row) = queue.next(NOW, &limiter) {
            limiter.take(row.chat_id, NOW);
            gone.push(row.seq);
        }
        gone
    }

    #[test]
    fn one_message_per_chat_flies_in_order_and_answers_go_first() {
        let light = Class::Light;
        let mut queue = queue(&[
            row(1, 7, light),
            row(2, 7, light),
            row(3, 8, light),
            row(4, 7, Class::Answer),
        ]);
        assert_eq!(flood(&mut queue), [4, 1, 3]);
        queue.landed(row(1, 7, light), None);
        assert_eq!(flood(&mut queue), [2]);
    }

    #[test]
    fn a_broadcast_goes_one_by_one_after_everything_else_and_holds_up_no_chat() {
        let mut queue = queue(&[
            row(1, 7, Class::Bulk),
            row(2, 8, Class::Bulk),
            row(3, 7, Class::Light),
            row(4, 9, Class::Light),
        ]);
        assert_eq!(flood(&mut queue), [3, 4], "the burst is theirs");
        assert_eq!(flood(&mut queue), [2], "and chat 7 is being written to");
        queue.landed(row(3, 7, Class::Light), None);
        assert_eq!(flood(&mut queue), [0i64; 0], "another is in flight");
        queue.landed(row(2, 8, Class::Bulk), None);
        assert_eq!(flood(&mut queue), [1]);
        let mut limiter = Limiter::new(Limits::default());
        let mut queue = super::tests::queue(&[row(1, 7, Class::Bulk), row(2, 8, Class::Light)]);
        limiter.take(9, NOW);
        assert_eq!(queue.next(NOW, &limiter), Next::Send(row(2, 8, Class::Light)));
        assert!(matches!(queue.next(NOW, &limiter), Next::At(at) if at > NOW));
    }

    #[test]
    fn who_asked_goes_first_and_every_fourth_by_its_age() {
        let mut rows: Vec<_> = (1..=3).map(|n| row(n, n, Class::Light)).collect();
        rows.extend((11..=18).map(|n| row(n, n, Class::Asked)));
        assert_eq!(flood(&mut queue(&rows)), [11, 12, 13, 1, 14, 15, 16, 2, 17, 18, 3]);
        let behind = [row(1, 7, Class::Light), row(2, 8, Class::Upload), row(3, 8, Class::Asked)];
        let mut queue = queue(&behind);
        assert_eq!(flood(&mut queue), [2, 1], "each chat hears in its order");
    }

    #[test]
    fn a_failed_message_holds_up_its_chat_but_not_for_ever() {
        let failed = Waiting { due_at: NOW + 60_000, tries: 1, ..row(1, 7, Class::Light) };
        let rows = [failed, row(2, 7, Class::Light), row(3, 8, Class::Light)];
        assert_eq!(flood(&mut queue(&rows)), [3]);
        let poison = Waiting { tries: PATIENCE, ..failed };
        assert_eq!(flood(&mut queue(&[poison, rows[1], rows[2]])), [2, 3]);
    }

    #[test]
    fn few_videos_go_up_at_a_time() {
        let rows: Vec<_> = (1..=20).map(|n| row(n, n, Class::Upload)).collect();
        let mut queue = queue(&rows);
        queue.learn(row(30, 30, Class::Light));
        let gone = flood(&mut queue);
        assert_eq!(gone, [1, 2, 3, 4, 5, 6, 7, 8, 30]);
        queue.landed(rows[0], None);
        assert_eq!(flood(&mut queue), [9]);
    }

    #[test]
    fn a_row_that_moved_while_in_flight_waits_in_its_new_place() {
        let mut queue = queue(&[row(1, 7, Class::Light)]);
        assert_eq!(flood(&mut queue), [1]);
        queue.learn(row(1, 7, Class::Light));
        assert_eq!(flood(&mut queue), [0i64; 0]);
        let moved = Waiting { seq: 5, ..row(1, 7, Class::Light) };
        queue.learn(moved);
        queue.landed(row(1, 7, Class::Light), None);
        assert_eq!(flood(&mut queue), [5]);
    }

    #[test]
    fn it_says_when_to_look_again() {
        let mut limiter = Limiter::new(Limits::default());
        let mut queue = queue(&[row(1, 7, Class::Light), row(2, 8, Class::Light)]);
        limiter.retry_after(7, 30_000, NOW);
        assert_eq!(queue.next(NOW, &limiter), Next::Send(row(2, 8, Class::Light)));
        assert_eq!(queue.next(NOW, &limiter), Next::At(NOW + 30_000));
        queue.forget_chat(7);
        assert_eq!(queue.next(NOW, &limiter), Next::Nothing);
    }
}
