//! Which accounts are to be asked for their balance, and when: every ten minutes, after each task,
//! and when the operator wants to know. One question per key at a time; what comes up meanwhile is
//! one more question afterwards, ten seconds after the last at the earliest.

use crate::clock::{MINUTE, Millis, SECOND};
use std::collections::BTreeMap;

/// Between two questions in any case.
const EVERY: Millis = 10 * MINUTE;
/// The same of a key without money: with money on it, it serves again within ten minutes.
const EVERY_WITHOUT_MONEY: Millis = 5 * MINUTE;
/// However many tasks end, an account is not asked more often.
const APART: Millis = 10 * SECOND;

#[derive(Debug, Default)]
struct Account {
    due_at: Millis,
    asked_at: Option<Millis>,
    under_way: bool,
}

/// Lives in memory: a start asks everybody.
#[derive(Debug, Default)]
pub(super) struct Questions(BTreeMap<String, Account>);

impl Questions {
    /// All of these, now.
    pub(super) fn of(keys: impl Iterator<Item = String>, now: Millis) -> Self {
        let due = |key| (key, Account { due_at: now, ..Account::default() });
        Self(keys.map(due).collect())
    }

    /// Something was paid, or was not: soon.
    pub(super) fn soon(&mut self, key: &str, now: Millis) {
        if let Some(account) = self.0.get_mut(key) {
            let at = account.asked_at.map_or(now, |asked_at| now.max(asked_at + APART));
            account.due_at = account.due_at.min(at);
        }
    }

    /// The operator wants to know; what is under way answers that, too. A key that is not ours is
    /// asked about all the same, to be told so.
    pub(super) fn now(&mut self, key: &str, now: Millis) {
        let account = self.0.entry(key.to_owned()).or_default();
        if !account.under_way {
            account.due_at = now;
        }
    }

    /// It is not ours.
    pub(super) fn forget(&mut self, key: &str) {
        self.0.remove(key);
    }

    /// One that is due; until [`Questions::answered`] it is not due again.
    pub(super) fn take_due(&mut self, now: Millis) -> Option<String> {
        let (key, account) = self.0.iter_mut().find(|(_, it)| !it.under_way && it.due_at <= now)?;
        *account = Account { due_at: now + EVERY, asked_at: Some(now), under_way: true };
        Some(key.clone())
    }

    /// Answered, or not to be answered.
    pub(super) fn answered(&mut self, key: &str, has_no_money: bool, now: Millis) {
        if let Some(account) = self.0.get_mut(key) {
            account.under_way = false;
            if has_no_money {
                account.due_at = account.due_at.min(now + EVERY_WITHOUT_MONEY);
            }
        }
    }

    /// When the next one is due.
    pub(super) fn next(&self) -> Option<Millis> {
        self.0.values().filter(|it| !it.under_way).map(|it| it.due_at).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two() -> Questions {
        Questions::of(["a", "b"].map(str::to_owned).into_iter(), 5)
    }

    #[test]
    fn everybody_is_asked_at_the_start_and_every_ten_minutes() {
        let mut questions = two();
        let mut taken = |now| questions.take_due(now);
        assert_eq!(
            [taken(4), taken(5), taken(5), taken(5)],
            [None, Some("a".to_owned()), Some("b".to_owned()), None]
        );
        questions.answered("a", false, 6);
        questions.answered("b", true, 6);
        assert_eq!(questions.next(), Some(6 + EVERY_WITHOUT_MONEY));
        assert_eq!(questions.take_due(6 + EVERY_WITHOUT_MONEY).as_deref(), Some("b"));
        assert_eq!((questions.next(), questions.take_due(5 + EVERY - 1)), (Some(5 + EVERY), None));
        assert_eq!(questions.take_due(5 + EVERY).as_deref(), Some("a"));
    }

    #[test]
    fn many_tasks_are_one_question_at_a_time_and_none_is_forgotten() {
        let mut questions = two();
        while questions.take_due(5).is_some() {}
        questions.answered("b", false, 6);
        for now in 7..100 {
            questions.soon("a", now);
            assert_eq!(questions.take_due(now), None, "one is under way");
        }
        questions.answered("a", false, 100);
        assert_eq!(questions.next(), Some(5 + APART), "what came up meanwhile");
        assert_eq!(questions.take_due(5 + APART).as_deref(), Some("a"));
        questions.answered("a", false, 5 + APART);
        for now in (6 + APART)..(5 + 2 * APART) {
            questions.soon("a", now);
            assert_eq!(questions.take_due(now), None, "too early");
        }
        assert_eq!(questions.take_due(5 + 2 * APART).as_deref(), Some("a"));
    }

    #[test]
    fn the_operator_asks_at_once_and_about_any_key() {
        let mut questions = two();
        while questions.take_due(5).is_some() {}
        questions.answered("a", false, 6);
        questions.answered("b", false, 6);
        questions.now("a", 7);
        questions.now("stranger", 7);
        questions.soon("nobody", 7);
        assert_eq!(questions.take_due(7).as_deref(), Some("a"));
        questions.answered("a", false, 8);
        assert_eq!(questions.take_due(7).as_deref(), Some("stranger"));
        questions.now("stranger", 8);
        assert_eq!(questions.take_due(8), None, "that is under way");
        questions.forget("stranger");
        questions.answered("stranger", false, 9);
        assert_eq!(questions.take_due(2 * EVERY).as_deref(), Some("a"));
        assert_eq!(questions.take_due(2 * EVERY).as_deref(), Some("b"));
        assert_eq!(questions.take_due(2 * EVERY), None);
    }
}
