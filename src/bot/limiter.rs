//! Telegram's limits, kept before it has to remind us: about one message a second and chat with
//! short bursts, about thirty a second in all. A generic cell rate algorithm per chat and overall:
//! `tat` is when everything sent so far would have been sent at the steady rate.

use std::collections::HashMap;

use crate::clock::{Millis, SECOND};

/// What is kept below Telegram's own numbers.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Steady messages a second, overall.
    pub per_second: u32,
    /// How many may go at once overall.
    pub burst: u32,
    /// How many may go at once to one chat; then one a second.
    pub chat_burst: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { per_second: 28, burst: 4, chat_burst: 3 }
    }
}

/// How many answers to callbacks may go at once. They are no messages: Telegram's limits do not count
/// them, and a button should not spin while messages are many.
const ANSWERS: Micros = 8;
/// A broadcast leaves a third of what Telegram takes to everybody else.
pub const BULK_A_SECOND: i64 = 20;
/// No wait that Telegram asks for is believed beyond this: then it is asked again.
pub const LONGEST_WAIT: Millis = 3600 * SECOND;
/// Refusals of two chats within this time, and no message taken between them, mean all of them.
const TOGETHER: Millis = 5 * SECOND;
/// Idle chats are forgotten when there are so many.
const REMEMBERED: usize = 10_000;

/// Microseconds: at 28 a second a millisecond is too coarse.
type Micros = i64;
const MICROS: Micros = 1_000;

/// Pure: the time comes with each call, in process milliseconds.
#[derive(Debug)]
pub struct Limiter {
    limits: Limits,
    tat: Micros,
    /// The same of answers to callbacks, as many a second again.
    answer_tat: Micros,
    /// The same of broadcasts alone.
    bulk_tat: Micros,
    blocked_until: Millis,
    chats: HashMap<i64, Chat>,
    /// The latest chat that Telegram slowed down, while nothing has gone through since.
    slowed: Option<Slowed>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Chat {
    tat: Micros,
    blocked_until: Millis,
}

#[derive(Clone, Copy, Debug)]
struct Slowed {
    chat: i64,
    at: Millis,
    until: Millis,
}

/// Whom a [`Limiter::retry_after`] holds up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    Chat,
    All,
}

impl Limiter {
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            tat: 0,
            answer_tat: 0,
            bulk_tat: 0,
            blocked_until: 0,
            chats: HashMap::new(),
            slowed: None,
        }
    }

    /// When a message may go to some chat at the earliest; not later than `now`: at once.
    pub fn ready(&self, now: Millis) -> Millis {
        let slack = self.interval() * (Micros::from(self.limits.burst) - 1);
        earliest(self.tat, slack, self.blocked_until).max(now)
    }

    /// The same for a message to `chat_id`.
    pub fn ready_for(&self, chat_id: i64, now: Millis) -> Millis {
        let chat = self.chats.get(&chat_id).copied().unwrap_or_default();
        let slack = CHAT_INTERVAL * (Micros::from(self.limits.chat_burst) - 1);
        earliest(chat.tat, slack, chat.blocked_until).max(self.ready(now))
    }

    /// The same for the answer to a callback, which waits for no message.
    pub fn ready_for_answer(&self, now: Millis) -> Millis {
        let slack = self.interval() * (ANSWERS - 1);
        earliest(self.answer_tat, slack, self.blocked_until).max(now)
    }

    /// The same for a message of a broadcast: at [`BULK_A_SECOND`] at most, and only while nothing of
    /// the overall burst is taken.
    pub fn ready_for_bulk(&self, now: Millis) -> Millis {
        earliest(self.tat.max(self.bulk_tat), 0, self.blocked_until).max(now)
    }

    /// Counts such a message, beside [`Limiter::take`].
    pub fn take_bulk(&mut self, now: Millis) {
        self.bulk_tat = self.bulk_tat.max(now * MICROS) + SECOND * MICROS / BULK_A_SECOND;
    }

    /// Counts a message that goes now.
    pub fn take(&mut self, chat_id: i64, now: Millis) {
        self.take_again(now);
        if self.chats.len() >= REMEMBERED {
            self.forget(now);
        }
        let chat = self.chats.entry(chat_id).or_default();
        chat.tat = chat.tat.max(now * MICROS) + CHAT_INTERVAL;
    }

    /// Counts a second call for one message.
    pub fn take_again(&mut self, now: Millis) {
        self.tat = self.tat.max(now * MICROS) + self.interval();
    }

    /// Counts an answer to a callback.
    pub fn take_answer(&mut self, now: Millis) {
        self.answer_tat = self.answer_tat.max(now * MICROS) + self.interval();
    }

    /// Telegram asked for a pause of `wait` after a message to `chat_id`. It names nobody: the
    /// first refusal is taken for that chat's, another chat's soon after it for everybody's. Then
    /// everybody waits for the earlier of the two ends, since a pause for all ends for both at once:
    /// the longer one is its chat's own.
    pub fn retry_after(&mut self, chat_id: i64, wait: Millis, now: Millis) -> Held {
        let until = now + wait.clamp(0, LONGEST_WAIT);
        let chat = self.chats.entry(chat_id).or_default();
        chat.blocked_until = chat.blocked_until.max(until);
        let before = self.slowed.replace(Slowed { chat: chat_id, at: now, until });
        match before {
            Some(before) if before.chat != chat_id && now - before.at <= TOGETHER => {
                self.hold_all(until.min(before.until));
                Held::All
            }
            _ => Held::Chat,
        }
    }

    /// Telegram took a message: what it refused before was no pause for all.
    pub fn went_through(&mut self) {
        self.slowed = None;
    }

    /// Nothing goes before `until`.
    pub fn hold_all(&mut self, until: Millis) {
        self.blocked_until = self.blocked_until.max(until);
    }

    fn interval(&self) -> Micros {
        SECOND * MICROS / Micros::from(self.limits.per_second.max(1))
    }

    /// A chat whose time has passed is as good as new.
    fn forget(&mut self, now: Millis) {
        self.chats.retain(|_, chat| chat.tat > now * MICROS || chat.blocked_until > now);
    }
}

const CHAT_INTERVAL: Micros = SECOND * MICROS;

/// Rounded up to a millisecond.
fn earliest(tat: Micros, slack: Micros, blocked_until: Millis) -> Millis {
    (tat - slack + MICROS - 1).div_euclid(MICROS).max(blocked_until)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Millis = 1_763_730_000_000;

    fn limiter() -> Limiter {
        Limiter::new(Limits::default())
    }

    /// Sends to `chat` as soon as allowed, `count` times; returns the delays from `NOW`.
    fn send(limiter: &mut Limiter, chat: i64, count: usize) -> Vec<Millis> {
        let mut now = NOW;
        let sent = |_| {
            now = limiter.ready_for(chat, now);
            limiter.take(chat, now);
            now - NOW
        };
        (0..count).map(sent).collect()
    }

    #[test]
    fn one_chat_gets_a_short_burst_and_then_one_a_second() {
        assert_eq!(send(&mut limiter(), 1, 6), [0, 0, 0, 1000, 2000, 3000]);
    }

    #[test]
    fn no_second_has_more_than_thirty() {
        let mut limiter = limiter();
        let mut now = NOW;
        let mut times = Vec::new();
        for chat in 0..200 {
            now = limiter.ready_for(chat, now);
            limiter.take(chat, now);
            times.push(now);
        }
        for from in &times {
            let within = times.iter().filter(|at| (*from..from + SECOND).contains(at)).count();
            assert!(within <= 32, "{within}");
        }
        let steady = times.iter().filter(|at| **at >= NOW + SECOND && **at < NOW + 6 * SECOND);
        assert_eq!(steady.count(), 140);
    }

    #[test]
    fn answers_pass_when_messages_must_wait() {
        let mut limiter = limiter();
        for chat in 0..4 {
            limiter.take(chat, NOW);
        }
        assert!(limiter.ready(NOW) > NOW);
        assert_eq!(limiter.ready_for_answer(NOW), NOW);
    }

    #[test]
    fn answers_take_no_message_away_and_have_a_limit_of_their_own() {
        let mut limiter = limiter();
        let mut at = NOW;
        for _ in 0..100 {
            at = limiter.ready_for_answer(at);
            limiter.take_answer(at);
        }
        assert_eq!(limiter.ready_for(1, NOW), NOW);
        assert!((3_000..3_500).contains(&(at - NOW)), "28 a second: {}", at - NOW);
    }

    #[test]
    fn a_broadcast_goes_at_its_pace_and_no_message_of_anybody_else_waits_for_it() {
        let mut limiter = limiter();
        let mut times = Vec::new();
        let mut now = NOW;
        for chat in 0..200 {
            now = limiter.ready_for_bulk(now);
            limiter.take(chat, now);
            limiter.take_bulk(now);
            times.push(now);
            assert_eq!(limiter.ready_for(1_000 + chat, now), now, "at any moment of it");
        }
        for from in (0..9).map(|second| NOW + second * SECOND) {
            let within = times.iter().filter(|at| (from..from + SECOND).contains(at)).count();
            assert_eq!(within as i64, BULK_A_SECOND);
        }
        // While others talk as fast as Telegram takes it, nothing of it goes at all.
        for chat in 0..100 {
            now = limiter.ready_for(2_000 + chat, now);
            limiter.take(2_000 + chat, now);
            assert!(limiter.ready_for_bulk(now) > now);
        }
    }

    #[test]
    fn a_pause_holds_its_chat_and_two_hold_all() {
        let mut limiter = limiter();
        assert_eq!(limiter.retry_after(1, 30_000, NOW), Held::Chat);
        assert_eq!(limiter.ready_for(1, NOW), NOW + 30_000);
        assert_eq!(limiter.ready_for(2, NOW), NOW);
        assert_eq!(limiter.retry_after(1, 30_000, NOW + 1), Held::Chat);
        assert_eq!(limiter.retry_after(2, 10_000, NOW + 2_000), Held::All);
        assert_eq!(limiter.ready_for(3, NOW), NOW + 12_000);
        assert_eq!(limiter.ready_for_answer(NOW), NOW + 12_000);
        assert_eq!(limiter.ready_for(1, NOW), NOW + 30_001);
    }

    #[test]
    fn refusals_far_apart_or_beside_a_message_that_went_are_their_chats_own() {
        let mut limiter = limiter();
        assert_eq!(limiter.retry_after(1, 30_000, NOW), Held::Chat);
        assert_eq!(limiter.retry_after(2, 30_000, NOW + 6_000), Held::Chat);
        limiter.went_through();
        assert_eq!(limiter.retry_after(3, 30_000, NOW + 7_000), Held::Chat);
        assert_eq!(limiter.ready_for(4, NOW), NOW);
    }

    #[test]
    fn one_chats_long_pause_does_not_become_everybodys() {
        let mut limiter = limiter();
        limiter.retry_after(1, 3_000_000, NOW);
        assert_eq!(limiter.retry_after(2, 5_000, NOW), Held::All);
        assert_eq!(limiter.ready_for(3, NOW), NOW + 5_000);
        assert_eq!(limiter.ready_for(1, NOW), NOW + 3_000_000);
    }

    #[test]
    fn idle_chats_are_forgotten() {
        let mut limiter = limiter();
        for chat in 0..30_000 {
            limiter.take(chat, NOW + chat * 40);
        }
        assert!(limiter.chats.len() <= REMEMBERED);
    }

    #[test]
    fn an_absurd_pause_is_not_believed() {
        let mut limiter = limiter();
        limiter.retry_after(1, Millis::MAX, NOW);
        assert_eq!(limiter.ready_for(1, NOW), NOW + LONGEST_WAIT);
    }
}
