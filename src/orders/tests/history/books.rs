//! The books of the model: whose credits, which videos, which createTasks.

use super::super::*;
use std::collections::BTreeMap;

pub(super) const KEYS: [&str; 2] = ["aaaa", "bbbb"];

/// One video.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Video {
    pub(super) customer: usize,
    /// What is held for it; nothing where the operator runs it again.
    pub(super) price: i64,
    pub(super) lease: i64,
    pub(super) end: Option<&'static str>,
    /// createTasks by what came of them.
    pub(super) accepted: i64,
    pub(super) lost: i64,
}

/// What a refund did not find.
#[derive(Clone, Debug)]
pub(super) struct Debt {
    pub(super) customer: usize,
    pub(super) owed: i64,
    /// Of the payment, by its number.
    pub(super) payment: usize,
    /// Videos that held something at that time.
    pub(super) held: Vec<i64>,
}

/// What a crash does not take, but a restored backup does.
#[derive(Clone, Debug)]
pub(super) struct Books {
    pub(super) credits: Vec<i64>,
    pub(super) welcomed: Vec<bool>,
    pub(super) banned: Vec<bool>,
    pub(super) paused: bool,
    pub(super) drafts: BTreeMap<(usize, u8), OrderId>,
    pub(super) videos: BTreeMap<i64, Video>,
    /// Whose, the credits, and whether the Stars went back.
    pub(super) payments: Vec<(usize, i64, bool)>,
    /// The oldest first.
    pub(super) debts: Vec<Debt>,
    /// createTasks that are under way, and whose.
    pub(super) open: BTreeMap<i64, i64>,
    /// Keys without money and models that are off, since when: only these may close the shop.
    pub(super) broke: BTreeMap<String, Millis>,
    pub(super) off: BTreeMap<String, Millis>,
}

impl Books {
    pub(super) fn adds(&mut self, id: i64, customer: usize, price: i64) {
        let video = Video { customer, price, lease: 0, end: None, accepted: 0, lost: 0 };
        assert!(self.videos.insert(id, video).is_none());
    }

    pub(super) fn nth(&self, video: usize) -> Option<i64> {
        let at = video.checked_rem(self.videos.len())?;
        self.videos.keys().nth(at).copied()
    }

    pub(super) fn is_held(&self, job: &Job) -> bool {
        let video = &self.videos[&job.id.0];
        video.end.is_none() && video.lease == job.lease
    }

    /// Once: what ended stays as it ended. Returns the credits that came back and stay.
    pub(super) fn ends(&mut self, id: i64, end: &'static str) -> i64 {
        let video = self.videos.get_mut(&id).unwrap();
        if video.end.is_some() {
            return 0;
        }
        video.end = Some(end);
        let mut back = if end == "done" { 0 } else { video.price };
        for debt in self.debts.iter_mut().filter(|debt| debt.held.contains(&id)) {
            let taken = back.min(debt.owed);
            debt.owed -= taken;
            back -= taken;
        }
        self.credits[video.customer] += back;
        back
    }

    pub(super) fn lose_open(&mut self, job: i64) {
        self.open.retain(|_, of| *of != job);
        self.videos.get_mut(&job).unwrap().lost += 1;
    }

    /// The order's videos that the provider was never asked for.
    pub(super) fn unbegun(&self, world: &World, order: OrderId) -> Vec<i64> {
        let unasked = |id: &i64, video: &Video| {
            video.accepted + video.lost == 0 && self.open.values().all(|of| of != id)
        };
        let live = self.videos.iter().filter(|(_, video)| video.end.is_none());
        let asked = live.filter(|(id, video)| unasked(id, video)).map(|(id, _)| *id);
        let early = |id: &i64| {
            let job = world.job(JobId(*id));
            let early = matches!(job.step, Step::Script | Step::Upload | Step::Submit);
            job.order == Some(order) && early
        };
        asked.filter(early).collect()
    }

    pub(super) fn heard(&mut self, job: &Job, what: Trouble, now: Millis) {
        match (what, &job.key, &job.model) {
            (Trouble::Billing, Some(key), _) => _ = self.broke.insert(key.clone(), now),
            (Trouble::ModelOff, _, Some(model)) => _ = self.off.insert(model.clone(), now),
            _ => {}
        }
    }

    pub(super) fn may_be_closed(&self, why: Closed, customer: usize, now: Millis) -> bool {
        match why {
            Closed::Paused => self.paused,
            Closed::Banned => self.banned[customer],
            Closed::NoKey => {
                KEYS.iter().all(|key| self.broke.get(*key).is_some_and(|since| now < since + DAY))
            }
            Closed::NoModel => MODELS.iter().all(|model| self.off.contains_key(*model)),
            Closed::Budget | Closed::TooManyOrders => false,
        }
    }
}

/// What the table in the design says of a trouble, where it needs nobody else's state.
pub(super) fn must_fail(job: &Job, what: Trouble, now: Millis) -> Option<bool> {
    match what {
        Trouble::UserViolation | Trouble::OurMistake | Trouble::Unknown => Some(true),
        Trouble::Temporary | Trouble::Lost if job.step == Step::Upload => Some(job.tries >= 4),
        Trouble::Temporary | Trouble::Lost => {
            Some(job.attempts + i64::from(job.step != Step::Render) >= 3)
        }
        Trouble::Unreached => Some(now - job.unreached_since.unwrap_or(now) >= 2 * HOUR),
        _ => None,
    }
}
