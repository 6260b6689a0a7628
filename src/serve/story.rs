//! Tells in the log what happens to every order and video, line by line and by their ids, and counts
//! it. It reads what was committed, so that no line tells of what a rollback took back, and none is
//! missing that another process wrote.

use crate::db::Db;
use crate::jobs::Step;
use crate::meter::Histogram;
use crate::operator::watching::news::{self, Moment, News, Place, What};
use anyhow::{Context as _, Result};
use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// What other processes commit rings no bell here.
const AT_LEAST: Duration = Duration::from_secs(2);
/// Looks are this far apart, however much is committed.
const APART: Duration = Duration::from_millis(50);
/// The tables that ring.
const TABLES: [&str; 3] = ["orders", "ledger", "events"];
/// More different words than this there are not, unless somebody writes rows by hand.
const WORDS: usize = 300;
/// Upper bounds of a step's time and a video's, in seconds.
const SPANS: [f64; 12] =
    [1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1_800.0, 3_600.0, 14_400.0];

/// What has happened since the start, in numbers that only grow.
#[derive(Clone)]
pub(super) struct Tally {
    pub(super) customers: u64,
    pub(super) orders: u64,
    /// By result.
    pub(super) orders_ended: BTreeMap<&'static str, u64>,
    /// By status.
    pub(super) videos_ended: BTreeMap<String, u64>,
    /// Of those that failed, by reason.
    pub(super) failures: BTreeMap<String, u64>,
    /// From the order to the video.
    pub(super) video_took: Histogram,
    /// Lines of stories, by step and what happened.
    pub(super) events: BTreeMap<(String, String), u64>,
    /// By step, in seconds.
    pub(super) step_took: BTreeMap<String, Histogram>,
    /// Credits, by kind.
    pub(super) credits: BTreeMap<String, u64>,
    /// And their Stars.
    pub(super) payments: (u64, u64),
    /// createTasks by key and outcome.
    pub(super) submits: BTreeMap<(String, String), u64>,
}

/// Counted from 0: what appears with its first case would be no rise to whoever looks for one.
const STATUSES: [&str; 3] = ["done", "failed", "canceled"];
const KINDS: [&str; 10] = [
    "grant",
    "purchase",
    "invite",
    "bonus",
    "promo",
    "hold",
    "charge",
    "release",
    "repay",
    "taken_back",
];

impl Default for Tally {
    fn default() -> Self {
        let none = |words: &[&str]| words.iter().map(|word| ((*word).to_owned(), 0)).collect();
        let steps = Step::ALL.map(|step| (step.word().to_owned(), Histogram::of(&SPANS)));
        Self {
            customers: 0,
            orders: 0,
            orders_ended: ["done", "partial", "none"].map(|result| (result, 0)).into(),
            videos_ended: none(&STATUSES),
            failures: BTreeMap::new(),
            video_took: Histogram::of(&SPANS),
            events: BTreeMap::new(),
            step_took: steps.into(),
            credits: none(&KINDS),
            payments: (0, 0),
            submits: BTreeMap::new(),
        }
    }
}

/// Reads on, tells and counts; shared by the thread and by whoever wants the numbers now.
pub(super) struct Teller {
    db: Db,
    state: Mutex<(Place, Tally)>,
}

impl Teller {
    /// Begins with what is committed from now on.
    pub(super) fn new(db: &Db) -> Result<Self> {
        let place = db.read(news::place)?;
        Ok(Self { db: db.clone(), state: Mutex::new((place, Tally::default())) })
    }

    /// Everything up to now.
    pub(super) fn look(&self) -> Result<()> {
        let mut state = self.state();
        loop {
            let (place, tally) = &mut *state;
            let (news, next) = self.db.read(|conn| news::since(conn, place))?;
            *place = next;
            news.moments.iter().for_each(tell);
            tally.add(&news);
            if !news.more {
                return Ok(());
            }
        }
    }

    /// The numbers as of the last look.
    pub(super) fn tally(&self) -> Tally {
        self.state().1.clone()
    }

    fn state(&self) -> MutexGuard<'_, (Place, Tally)> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The thread that looks whenever something was committed.
pub(super) struct Story {
    bell: SyncSender<Bell>,
    thread: Option<JoinHandle<()>>,
}

enum Bell {
    Rung,
    End,
}

impl Story {
    pub(super) fn start(teller: Arc<Teller>) -> Result<Self> {
        // One ring that waits is enough; more of them would say the same.
        let (bell, rings) = sync_channel(2);
        let ring = bell.clone();
        teller.db.watch(&TABLES, Arc::new(move || drop(ring.try_send(Bell::Rung))));
        let thread = std::thread::Builder::new()
            .name("story".into())
            .spawn(move || {
                while goes_on(&rings) {
                    if let Err(error) = teller.look() {
                        tracing::error!(error = format!("{error:#}"), "the story cannot be read");
                    }
                }
                // What was committed at the end is told as well.
                let _read_or_not = teller.look();
            })
            .context("cannot start the thread story")?;
        Ok(Self { bell, thread: Some(thread) })
    }

    pub(super) fn stop(mut self) {
        // It fails only where the thread has ended.
        let _ended = self.bell.send(Bell::End);
        if let Some(thread) = self.thread.take() {
            let _panicked_or_not = thread.join();
        }
    }
}

/// Waits for something to read, and then a little for what comes with it. `false`: it ends.
fn goes_on(rings: &Receiver<Bell>) -> bool {
    let (mut left, mut until) = (AT_LEAST, None);
    loop {
        match rings.recv_timeout(left) {
            Ok(Bell::End) | Err(RecvTimeoutError::Disconnected) => return false,
            Err(RecvTimeoutError::Timeout) => return true,
            Ok(Bell::Rung) => {
                let until = *until.get_or_insert_with(|| Instant::now() + APART);
                left = until.saturating_duration_since(Instant::now());
            }
        }
    }
}

fn tell(moment: &Moment) {
    let Moment { job, order, what, .. } = moment;
    let (job, order) = (*job, *order);
    match what {
        What::Ordered { videos } => tracing::info!(order.id = order, videos, "ordered"),
        What::OrderEnded { result } => tracing::info!(order.id = order, result, "order ended"),
        What::Credits { .. } if job.is_none() => {}
        What::Credits { kind, credits } => {
            tracing::info!(job.id = job, order.id = order, credits, "{}", of_credits(kind));
        }
        // A warning, of which the log takes so many in a minute: a service that is gone for hours
        // would fill it with all that wait for it.
        What::Step { step, what, detail, took, .. } if what == "trouble" => {
            let detail = detail.as_deref();
            tracing::warn!(job.id = job, order.id = order, step, detail, ms = took, "trouble");
        }
        What::Step { step, what, detail, took, .. } => {
            let detail = detail.as_deref();
            tracing::info!(job.id = job, order.id = order, step, detail, ms = took, "{what}");
        }
    }
}

fn of_credits(kind: &str) -> &'static str {
    match kind {
        "hold" => "credits held",
        "charge" => "credits charged",
        "release" => "credits released",
        _ => "credits taken back",
    }
}

impl Tally {
    fn add(&mut self, news: &News) {
        self.customers += news.customers;
        self.payments.0 += news.payments.0;
        self.payments.1 += news.payments.1;
        for submit in &news.submits {
            bump(&mut self.submits, submit.clone(), 1);
        }
        for moment in &news.moments {
            self.moment(&moment.what);
        }
    }

    fn moment(&mut self, what: &What) {
        match what {
            What::Ordered { .. } => self.orders += 1,
            What::OrderEnded { result } => *self.orders_ended.entry(result).or_default() += 1,
            What::Credits { kind, credits } => {
                let kind = if *credits < 0 { "taken_back" } else { kind };
                bump(&mut self.credits, kind.to_owned(), credits.unsigned_abs());
            }
            What::Step { step, what, took, end, .. } => {
                bump(&mut self.events, (step.clone(), what.clone()), 1);
                if let Some(ms) = took.filter(|_| what != "trouble") {
                    let none = || Histogram::of(&SPANS);
                    self.step_took.entry(step.clone()).or_insert_with(none).add(seconds(ms));
                }
                let Some(end) = end else { return };
                bump(&mut self.videos_ended, end.status.clone(), 1);
                match &end.class {
                    Some(class) => bump(&mut self.failures, class.clone(), 1),
                    None if end.status == "done" => self.video_took.add(seconds(end.lived)),
                    None => {}
                }
            }
        }
    }
}

fn seconds(ms: i64) -> f64 {
    ms.max(0) as f64 / 1_000.0
}

/// What somebody wrote by hand must not grow this without an end.
fn bump<K: Ord>(counts: &mut BTreeMap<K, u64>, key: K, by: u64) {
    let known = counts.len() < WORDS || counts.contains_key(&key);
    if known {
        *counts.entry(key).or_default() += by;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operator::watching::news::End;

    #[test]
    fn a_video_counts_once_by_how_it_ended() {
        let mut tally = Tally::default();
        let step = |what: &str, took, end| What::Step {
            step: "render".into(),
            what: what.into(),
            detail: None,
            took,
            end,
        };
        let end = |status: &str, class: Option<&str>| {
            Some(End { status: status.into(), class: class.map(str::to_owned), lived: 90_000 })
        };
        tally.moment(&step("rendered", Some(4_000), None));
        tally.moment(&step("done", None, end("done", None)));
        tally.moment(&step("failed", None, end("failed", Some("timeout"))));
        tally.moment(&What::Credits { kind: "grant".into(), credits: -3 });
        tally.moment(&What::Credits { kind: "charge".into(), credits: 2 });
        let ended = ["done", "failed", "canceled"].map(|status| tally.videos_ended[status]);
        assert_eq!(ended, [1, 1, 0]);
        assert_eq!(tally.failures, BTreeMap::from([("timeout".into(), 1)]));
        assert_eq!(tally.video_took.sum(), 90.0);
        assert_eq!(tally.step_took["render"].sum(), 4.0);
        let credits = ["charge", "taken_back", "grant"].map(|kind| tally.credits[kind]);
        assert_eq!(credits, [2, 3, 0]);
    }

    #[test]
    fn words_of_rows_by_hand_have_a_limit() {
        let mut counts = BTreeMap::new();
        for n in 0..2 * WORDS {
            bump(&mut counts, n, 1);
        }
        bump(&mut counts, 0, 1);
        assert_eq!((counts.len(), counts[&0]), (WORDS, 2));
    }
}
