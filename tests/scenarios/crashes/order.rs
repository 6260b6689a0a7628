//! One whole order on an appliance whose plug is pulled on the way, and what came of it.

use std::collections::HashMap;
use std::os::unix::process::ExitStatusExt as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitStatus;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use neurocards::clock::SECOND;
use neurocards::sandbox::faults::{Action, Moment, Pulled, Seen, Service};
use neurocards::sandbox::telegram::Kind;
use rustix::process::{Pid, Signal, kill_process};

use crate::customer::{PACK, PRODUCT, photo, ru};
use crate::plug::{Plug, When};
use crate::{Appliance, Customer, Setup, UGC};

/// Fast, for there are many; sockets and files stay as slow as they are.
const RATE: f64 = 150.0;
const ANN: i64 = 7;
const BOSS: i64 = 99;
/// The credits of a [`PACK`].
const BOUGHT: i64 = 5;

/// When the plug is pulled, within one life of the process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Blow {
    /// At the n-th request of this name; an empty name is any.
    Request { name: String, n: u64, moment: Moment },
    /// At the n-th fsync.
    Sync { n: u64, when: When },
}

/// What is pulled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cut {
    /// SIGKILL: what was written stays.
    Process,
    /// Power: what was not synced is gone.
    Power,
}

/// The blows of one run, one for each life.
#[derive(Clone, Debug)]
pub(super) struct Run {
    pub(super) cut: Cut,
    pub(super) blows: Vec<Blow>,
}

/// What came of a run.
#[derive(Clone, Debug, Default)]
pub(super) struct Outcome {
    /// Where it died: the request or the fsync, in the order of the deaths.
    pub(super) died: Vec<String>,
    pub(super) done: i64,
    pub(super) failed: i64,
    /// What was done again because its answer was lost, by its method, with the death's number.
    pub(super) doubled: Vec<(&'static str, usize)>,
    /// Submits counted as lost.
    pub(super) lost_submits: i64,
    /// What does not hold.
    pub(super) broken: Option<String>,
    pub(super) took: Duration,
    /// Requests and fsyncs, where nothing was pulled.
    pub(super) requests: Vec<String>,
    pub(super) syncs: u64,
}

/// A request's name: its service's, and its path without what is different in each run.
pub(super) fn name(seen: &Seen) -> String {
    let path = match seen.path.as_str() {
        path if path.starts_with("/file/") => "/file",
        path if path.starts_with("/results/") => "/results",
        path => path,
    };
    format!("{:?} {path}", seen.service)
}

/// Pulls the plug at requests.
struct Hand {
    blows: Vec<Blow>,
    pid: Arc<AtomicU32>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// From 0; the blow of this life.
    life: usize,
    struck: bool,
    counts: HashMap<String, u64>,
    /// The requests that were counted as the n-th of the name that matters.
    numbers: HashMap<u64, u64>,
    died: Vec<String>,
}

impl Hand {
    fn pulls(&self, now: Moment, seen: &Seen) -> Pulled {
        let mut state = self.state.lock().unwrap();
        let blow = self.blows.get(state.life);
        let Some(Blow::Request { name: wanted, n, moment }) = blow else { return Pulled::No };
        let name = name(seen);
        if state.struck || (!wanted.is_empty() && *wanted != name) {
            return Pulled::No;
        }
        if now == Moment::Before {
            let count = state.counts.entry(wanted.clone()).or_insert(0);
            *count += 1;
            let count = *count;
            state.numbers.insert(seen.n, count);
        }
        if now != *moment || state.numbers.get(&seen.n) != Some(n) {
            return Pulled::No;
        }
        state.struck = true;
        state.died.push(format!("{now:?} {name}").to_lowercase());
        // It may have ended by itself in this moment.
        let _ = self.kills();
        Pulled::Out
    }

    fn kills(&self) -> Option<()> {
        let pid = i32::try_from(self.pid.load(Ordering::SeqCst)).ok()?;
        kill_process(Pid::from_raw(pid)?, Signal::KILL).ok()
    }

    /// The process has died; returns the next one's blow.
    fn next_life(&self, plug: &Plug) {
        let mut state = self.state.lock().unwrap();
        if !state.struck {
            let last = plug.syncs().pop();
            state.died.push(last.map_or("nowhere".into(), |sync| format!("fsync {}", sync.path)));
        }
        let died = std::mem::take(&mut state.died);
        *state = State { life: state.life + 1, died, ..State::default() };
        self.arms(plug, state.life);
    }

    fn arms(&self, plug: &Plug, life: usize) {
        if let Some(Blow::Sync { n, when }) = self.blows.get(life) {
            plug.kills_at(*n, *when);
        }
    }
}

impl Run {
    /// Nothing is pulled.
    pub(super) fn dry() -> Self {
        Self { cut: Cut::Process, blows: Vec::new() }
    }

    /// The same; a second blow comes after a part of the time that it had.
    pub(super) fn with_its_last_sooner(&self, times: u32) -> Self {
        let mut run = self.clone();
        if let Some(Blow::Request { n, .. } | Blow::Sync { n, .. }) = run.blows.get_mut(1) {
            *n = (*n >> (2 * times)).max(1);
        }
        run
    }

    /// Goes through the whole order; what breaks is in the outcome.
    pub(super) fn goes(&self) -> Outcome {
        let begun = Instant::now();
        let mut outcome = Outcome::default();
        let done = catch_unwind(AssertUnwindSafe(|| self.tries(&mut outcome)));
        if let Err(panic) = done {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or_else(|| panic.downcast_ref::<&str>().map(|it| (*it).to_owned()));
            outcome.broken = Some(text.unwrap_or_else(|| "a panic".into()));
        }
        outcome.took = begun.elapsed();
        outcome
    }

    fn tries(&self, outcome: &mut Outcome) {
        let plug = Arc::new(Plug::new());
        if self.cut == Cut::Power {
            plug.remembers_the_disk();
        }
        let shop = Setup::new()
            .admin(BOSS)
            .rate(RATE)
            .settings("[credits]\nsignup = 0")
            .tuned(|options| options.render_ms = (20 * SECOND, 40 * SECOND))
            .plug(&plug)
            .stopped();
        let busy = Action::Envelope(500, "Internal Error, Please try again later.".into());
        shop.sandbox().faults().on(Service::Kie, "createTask").nth(2).does(busy);
        let hand = Arc::new(Hand {
            blows: self.blows.clone(),
            pid: shop.last_pid(),
            state: Mutex::default(),
        });
        let pulling = Arc::clone(&hand);
        shop.sandbox().faults().pull_plug(move |now, seen| pulling.pulls(now, seen));
        hand.arms(&plug, 0);
        let tending = (Arc::clone(&hand), Arc::clone(&plug), self.cut);
        shop.tended_by(move |shop, status| tend(shop, status, &tending));
        shop.launches();
        let ann = orders_three(&shop);
        outcome.syncs = self.ends(&shop, &hand, &plug);
        outcome.died = hand.state.lock().unwrap().died.clone();
        self.counts(&shop, &ann, outcome);
    }

    /// Until it is quiet, serves, and has stopped in order. Returns how often its last process had
    /// synced before the stop.
    fn ends(&self, shop: &Appliance, hand: &Arc<Hand>, plug: &Arc<Plug>) -> u64 {
        loop {
            shop.waits_for("an end of the order", || {
                (shop.serves() && shop.is_quiet() && shop.serves()).then_some(())
            });
            if self.blows.is_empty() {
                // What comes after the order is not counted.
                shop.sandbox().faults().mend_plug();
            }
            let pid = shop.last_pid().load(Ordering::SeqCst);
            let syncs = plug.syncs().iter().filter(|it| it.pid == pid).count() as u64;
            let (status, _) = shop.sigterm();
            if status.success() {
                return syncs;
            }
            tend(shop, status, &(Arc::clone(hand), Arc::clone(plug), self.cut));
        }
    }

    fn counts(&self, shop: &Appliance, ann: &Customer<'_>, outcome: &mut Outcome) {
        outcome.done = shop.value("SELECT COUNT(*) FROM jobs WHERE status = 'done'");
        outcome.failed = shop.value("SELECT COUNT(*) FROM jobs WHERE status = 'failed'");
        outcome.lost_submits = shop.value("SELECT COUNT(*) FROM submits WHERE outcome = 'lost'");
        for (n, death) in shop.deaths().iter().enumerate() {
            outcome.doubled.extend(death.tasks.iter().map(|_| ("createTask", n)));
            let method = |kind| match kind {
                Kind::Video => "sendVideo",
                Kind::Photo => "sendPhoto",
                _ => "sendMessage",
            };
            outcome.doubled.extend(death.messages.iter().map(|it| (method(it.kind), n)));
        }
        if self.blows.is_empty() {
            let requests = shop.sandbox().faults().requests();
            outcome.requests = requests.iter().map(name).collect();
        }
        let orders: i64 = shop.value("SELECT COUNT(*) FROM orders WHERE finished_at IS NOT NULL");
        assert_eq!((orders, outcome.done + outcome.failed), (1, 3), "LOST: orders, videos");
        let (paid, stars) = (shop.payments(), shop.stars());
        assert_eq!((paid, stars), (1, PACK), "PAID: once, for all that there is");
        assert_eq!(ann.credits(), BOUGHT - outcome.done, "CREDITS: {outcome:?}");
        let why: Option<String> = shop.value(
            "SELECT MAX(error_class || ' ' || error) FROM jobs
             WHERE status = 'failed' AND attempts < 3",
        );
        assert_eq!(why, None, "LOST: a video that was not tried three times");
        let sent: i64 = shop.value(
            "SELECT COUNT(DISTINCT message_id) FROM outbox WHERE job_id IS NOT NULL
             AND state = 'sent'",
        );
        assert_eq!(sent, outcome.done, "LOST: videos in the chat");
        let twice = outcome.doubled.iter().filter(|(what, _)| *what == "sendVideo").count();
        assert_eq!(ann.videos().len(), sent as usize + twice, "TWICE: videos in the chat");
    }
}

/// A process has ended while somebody waited: the next one takes its place.
fn tend(shop: &Appliance, status: ExitStatus, (hand, plug, cut): &(Arc<Hand>, Arc<Plug>, Cut)) {
    assert!(status.signal() == Some(9), "it ended by itself: {status}\n{}", shop.log_tail());
    match cut {
        Cut::Process => shop.takes_stock(),
        Cut::Power => {
            plug.cuts_the_power(shop);
            shop.takes_stock();
            // Whoever reads a database leaves its traces: the next process finds none.
            plug.cuts_the_power(shop);
        }
    }
    hand.next_life(plug);
    shop.launches();
}

/// From /start to the yes, by way of the till: nobody begins with credits.
fn orders_three(shop: &Appliance) -> Customer<'_> {
    let ann = Customer::meets(shop, ANN, "ru");
    ann.presses("🎬");
    ann.hears("📸");
    // A picture that two deaths have met is asked for again.
    let broken = ru("wrong-photo-broken");
    loop {
        ann.sends_photo(photo());
        let answer = ann.finds("a word on the photo", |message| {
            message.text.contains("✍️") || message.text.contains(&broken)
        });
        if answer.text.contains("✍️") {
            break;
        }
    }
    ann.says(PRODUCT);
    ann.chooses(UGC);
    ann.presses("3️⃣");
    ann.presses("💳");
    buys(&ann);
    ann.presses("▶️");
    ann.presses("✅");
    ann
}

/// The smallest pack. Who hears nothing in time pays again: no Stars were taken.
fn buys(ann: &Customer<'_>) {
    let invoice = ann.picks(PACK);
    let telegram = ann.of.sandbox().telegram();
    loop {
        ann.acts();
        let query = telegram.pays(ANN, invoice.id).unwrap();
        let over = ann.of.waits_for("a word at the till", || {
            telegram.checkout(&query).filter(|it| it.answer.is_some() || it.overdue)
        });
        match over.answer {
            Some(answer) => return assert_eq!(answer, Ok(())),
            None => assert!(over.overdue),
        }
    }
}
