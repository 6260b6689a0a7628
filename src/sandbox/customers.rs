//! Customers who press what they see: each looks at the newest messages of its chat, finds the
//! button or the question, and goes on from there. Nobody guesses callback data.
//!
//! ```text
//! /start → 🎬 → photo → product → template → (own prompt | wishes) → count → ✅ → videos
//!                                                  too few credits: 💳 → ⭐ → pays → ▶️ ┘
//! ```

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use axum::body::Bytes;

use super::Telegram;
use crate::clock::{Clock, Millis};

mod visit;

use visit::Visit;

/// How often everybody looks at their chats at most, in real time.
const LOOK_EVERY: Duration = Duration::from_millis(15);

/// What one customer orders.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// The Telegram user.
    pub user: i64,
    /// `ru` or `en`.
    pub language: String,
    /// JPEG or PNG.
    pub photo: Bytes,
    /// The product in words.
    pub product: String,
    /// A part of the template's button: 🎥, 📢, 🧑‍💻.
    pub template: String,
    /// With 🧑‍💻: the customer's own prompt.
    pub own_prompt: Option<String>,
    /// `None`: presses "no wishes".
    pub wishes: Option<String>,
    /// 1, 3 or 5.
    pub count: u32,
}

/// What became of it.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// Index of the plan.
    pub plan: usize,
    /// The Telegram user.
    pub user: i64,
    /// Videos wanted.
    pub count: u32,
    /// file_ids of the videos that came, in order.
    pub videos: Vec<String>,
    /// Videos that came as a link: their texts.
    pub links: Vec<String>,
    /// The present texts of the failure messages.
    pub failures: Vec<String>,
    /// Credits that the failure messages say came back.
    pub returned: u32,
    /// When the order was confirmed; `None`: it never was.
    pub confirmed_at: Option<Millis>,
    /// When each video came, file or link.
    pub video_at: Vec<Millis>,
    /// Where the customer stands while the order is not settled; `None` at the end.
    pub stuck: Option<String>,
}

/// Runs plans against a Telegram; several plans of one user go one after the other.
pub struct Customers {
    telegram: Telegram,
    clock: Clock,
    plans: Vec<Plan>,
    /// Between the beginnings of two plans.
    every: Millis,
    /// Between what comes and what is done about it.
    think: Millis,
}

impl Outcome {
    /// Whether every video has come or has come back as credits.
    pub fn settled(&self) -> bool {
        self.confirmed_at.is_some() && self.videos_and_links() + self.returned >= self.count
    }

    /// Seconds of the process clock from the confirmation to each video.
    pub fn seconds(&self) -> Vec<f64> {
        let since = |at: &Millis| Some((at - self.confirmed_at?) as f64 / 1_000.0);
        self.video_at.iter().filter_map(since).collect()
    }

    fn videos_and_links(&self) -> u32 {
        (self.videos.len() + self.links.len()) as u32
    }
}

impl Customers {
    /// Nothing happens before [`Customers::run`].
    pub fn new(telegram: Telegram, clock: Clock, plans: Vec<Plan>) -> Self {
        Self { telegram, clock, plans, every: 0, think: 0 }
    }

    /// They come one after the other, `every` ms apart, and read for `think` ms before each act;
    /// without this all come at once, and act as soon as they can. On the process clock.
    pub fn paced(mut self, every: Millis, think: Millis) -> Self {
        (self.every, self.think) = (every, think);
        self
    }

    /// Blocks until every plan is settled or the real time is up; what is not settled then says
    /// where it is stuck. `progress` hears of every change. Outcomes are in the plans' order.
    pub fn run(self, at_most: Duration, progress: impl FnMut(&Outcome)) -> Vec<Outcome> {
        self.run_while(at_most, progress, || true)
    }

    /// The same, for as long as `go_on` says so (asked some times a second).
    pub fn run_while(
        self,
        at_most: Duration,
        mut progress: impl FnMut(&Outcome),
        mut go_on: impl FnMut() -> bool,
    ) -> Vec<Outcome> {
        let until = Instant::now() + at_most;
        let begun = self.clock.now();
        let mut outcomes: Vec<Outcome> = (0..).zip(&self.plans).map(outcome).collect();
        let mut waiting = self.by_user();
        let mut visits: BTreeMap<i64, Visit> = BTreeMap::new();
        loop {
            for (user, plans) in &mut waiting {
                let has_come =
                    |plan: &mut usize| self.clock.now() - begun >= self.every * *plan as Millis;
                if !visits.contains_key(user)
                    && let Some(plan) = plans.pop_front_if(has_come)
                {
                    let first = outcomes.iter().all(|it| it.user != *user || it.stuck.is_some());
                    let what = &self.plans[plan];
                    let visit = Visit::begin(&self.telegram, &self.clock, plan, what, first);
                    visits.insert(*user, visit);
                }
            }
            waiting.retain(|_, plans| !plans.is_empty());
            if (visits.is_empty() && waiting.is_empty()) || Instant::now() >= until || !go_on() {
                return outcomes;
            }
            let revisions: BTreeMap<i64, u64> = self.telegram.revisions().into_iter().collect();
            visits.retain(|user, visit| {
                let revision = revisions.get(user).copied().unwrap_or(0);
                if visit.revision == Some(revision) && !visit.is_due(&self.clock) {
                    return true;
                }
                if self.clock.now()
                    < *visit.reads_until.get_or_insert(self.clock.now() + self.think)
                {
                    return true;
                }
                visit.reads_until = None;
                visit.revision = Some(revision);
                let outcome = &mut outcomes[visit.plan];
                let plan = &self.plans[visit.plan];
                if visit.look(&self.telegram, &self.clock, plan, outcome) {
                    progress(outcome);
                }
                !outcome.settled()
            });
            self.telegram.wait(LOOK_EVERY, |_| None::<()>);
        }
    }

    fn by_user(&self) -> BTreeMap<i64, VecDeque<usize>> {
        let mut plans: BTreeMap<i64, VecDeque<usize>> = BTreeMap::new();
        for (n, plan) in self.plans.iter().enumerate() {
            plans.entry(plan.user).or_default().push_back(n);
        }
        plans
    }
}

fn outcome((n, plan): (usize, &Plan)) -> Outcome {
    Outcome {
        plan: n,
        user: plan.user,
        count: plan.count,
        stuck: Some("before /start".into()),
        ..Outcome::default()
    }
}
