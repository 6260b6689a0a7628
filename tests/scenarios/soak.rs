//! Thousands of orders while everything fails a little and the process is killed again and again:
//! the long run of `.ci/full`. Its report says what it counted; what must be nought fails it.
//!
//! ```text
//! SOAK_ORDERS=10000 cargo test --test scenarios -- --ignored --nocapture thousands_of_orders
//! ```

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use fastrand::Rng;
use neurocards::clock::{MINUTE, SECOND};
use neurocards::sandbox::customers::{Customers, Outcome, Plan};
use neurocards::sandbox::faults::{Action, Fate, Service};
use neurocards::sandbox::telegram::{Does, Kind};

use crate::appliance::PATIENCE;
use crate::customer::{PRODUCT, photo};
use crate::{Appliance, Setup};

const FIRST_USER: i64 = 1_000_001;
/// Of one customer, one after the other.
const ORDERS_EACH: u32 = 100;
/// To Telegram at once, at most.
const CALLS: u64 = 24;
/// Given are not enough credits for everything that a customer orders: the rest is bought.
const SETTINGS: &str = "[credits]\nsignup = 150\n[kie]\nrate_limit_cooldown = \"60s\"\n\
                        generation_timeout = \"5m\"\n[limits]\norders_per_user_per_hour = 1000\n";

fn set<T: std::str::FromStr>(name: &str, default: T) -> T {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}

fn plans(orders: u32, rng: &mut Rng) -> Vec<Plan> {
    let customers = orders.div_ceil(ORDERS_EACH);
    let picture = small_photo();
    let plan = |n: u32| {
        let template = ["🎥", "📢", "🧑‍💻"][n as usize % 3];
        Plan {
            user: FIRST_USER + i64::from(n % customers),
            language: if (n % customers).is_multiple_of(4) { "en" } else { "ru" }.to_owned(),
            photo: picture.clone().into(),
            product: PRODUCT.to_owned(),
            template: template.to_owned(),
            own_prompt: (n % 3 == 2).then(|| format!("Slow dolly around product {n}, soft light")),
            wishes: None,
            count: [1, 1, 1, 3, 1, 5][rng.usize(..6)],
        }
    };
    (0..orders).map(plan).collect()
}

/// It is decoded with every order, which is not what is tried here.
fn small_photo() -> Vec<u8> {
    let picture = image::load_from_memory(&photo()).unwrap().thumbnail(480, 480);
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut bytes, image::ImageFormat::Jpeg).unwrap();
    bytes.into_inner()
}

/// Each service's little troubles: of a hundred calls five get no answer in time or none at all.
fn troubles(shop: &Appliance, seed: u64) {
    let hang = Action::Hang(30 * MINUTE);
    let slow_down = "{\"ok\":false,\"error_code\":429,\"description\":\"Too Many Requests: \
                     retry after 2\",\"parameters\":{\"retry_after\":2}}";
    let busy = "Your call frequency is too high. Please try again later.";
    let fails = Fate::Fails("500".into(), "Internal Error, Please try again later.".into());
    let (telegram, kie, gpt) = (Service::Telegram, Service::Kie, Service::OpenAi);
    let all = [
        (telegram, "send", 0.005, hang.clone()),
        (telegram, "", 0.025, Action::DropBefore),
        (telegram, "", 0.02, Action::DropAfter),
        (telegram, "", 0.01, Action::Html(502)),
        (telegram, "send", 0.02, Action::Status(429, slow_down.into())),
        (kie, "", 0.03, hang.clone()),
        (kie, "", 0.02, Action::DropAfter),
        (kie, "", 0.05, Action::Slow(20 * SECOND)),
        (kie, "createTask", 0.01, Action::Envelope(429, busy.into())),
        (kie, "createTask", 0.05, Action::Render(fails)),
        (kie, "createTask", 0.01, Action::Render(Fate::Takes(15 * MINUTE))),
        (gpt, "", 0.05, hang),
        (gpt, "", 0.05, Action::Slow(20 * SECOND)),
    ];
    for (n, (service, path, chance, action)) in all.into_iter().enumerate() {
        let dice = Mutex::new(Rng::with_seed(seed.wrapping_add(n as u64)));
        let strikes = move |_: &_| dice.lock().unwrap().f64() < chance;
        shop.sandbox().faults().on(service, path).when(strikes).does(action);
    }
    shop.sandbox().telegram().deliver_twice(true);
}

/// Lets the customers order while the process is killed every few seconds.
fn kill_again_and_again(shop: &Appliance, plans: Vec<Plan>, rng: &mut Rng) -> (Vec<Outcome>, u64) {
    let telegram = shop.sandbox().telegram().clone();
    let clock = shop.sandbox().options().clock.clone();
    let (over, mut kills, total) = (AtomicBool::new(false), 0, plans.len());
    let at_most = Duration::from_secs(120 + total as u64);
    let settled = AtomicUsize::new(0);
    let outcomes = std::thread::scope(|scope| {
        let customers = scope.spawn(|| {
            let told = |outcome: &Outcome| {
                settled.fetch_add(usize::from(outcome.settled()), Ordering::Relaxed);
            };
            let outcomes = Customers::new(telegram, clock, plans).run(at_most, told);
            over.store(true, Ordering::SeqCst);
            outcomes
        });
        while !over.load(Ordering::SeqCst) {
            let pause = Duration::from_millis(rng.u64(2_000..5_000));
            let ended = || over.load(Ordering::SeqCst).then_some(());
            if shop.sandbox().telegram().wait(pause, |_| ended()).is_none() {
                shop.kill9_unseen();
                kills += 1;
                shop.start_again();
            }
            if kills % 10 == 9 {
                let so_far = settled.load(Ordering::Relaxed);
                println!("{so_far} of {total} orders settled, {kills} kills");
            }
        }
        customers.join().unwrap()
    });
    (outcomes, kills)
}

/// What came of it, counted in the database and at the services.
struct Count {
    lost: usize,
    charged_twice: i64,
    videos: i64,
    refunded: i64,
    gifts: i64,
    packs: i64,
    asked_to_pay: usize,
    videos_twice: usize,
    videos_unanswered: i64,
    words_twice: usize,
    words_unanswered: i64,
    submits: i64,
    submits_lost: i64,
    tasks_twice: usize,
}

fn count(shop: &Appliance, outcomes: &[Outcome]) -> Count {
    let one = |sql: &str| shop.value::<i64>(sql);
    let mut shown: BTreeMap<i64, usize> = BTreeMap::new();
    let mut words_twice = 0;
    let known: Vec<i64> = shop.read(|conn| {
        let mut ids = conn.prepare("SELECT message_id FROM outbox WHERE message_id IS NOT NULL")?;
        let ids = ids.query_map([], |row| row.get(0))?;
        Ok(ids.collect::<rusqlite::Result<_>>()?)
    });
    let known: HashSet<i64> = known.into_iter().collect();
    for user in shop.sandbox().telegram().users() {
        for message in shop.sandbox().telegram().messages(user) {
            match message.kind {
                Kind::Video => *shown.entry(job_of(&message.buttons)).or_default() += 1,
                _ => words_twice += usize::from(!known.contains(&message.id)),
            }
        }
    }
    let accepted = one("SELECT COUNT(*) FROM submits WHERE outcome = 'accepted'");
    Count {
        lost: outcomes.iter().filter(|outcome| !outcome.settled()).count(),
        charged_twice: one(
            "SELECT COUNT(*) FROM (SELECT job_id FROM ledger WHERE kind IN ('hold', 'charge')
                                   GROUP BY job_id, kind HAVING COUNT(*) > 1)",
        ),
        videos: one("SELECT COUNT(*) FROM jobs WHERE status = 'done'"),
        refunded: one("SELECT COUNT(*) FROM jobs WHERE status = 'failed'"),
        gifts: one("SELECT COUNT(*) FROM outbox WHERE key LIKE 'gift:%' AND state = 'sent'"),
        packs: one("SELECT COUNT(*) FROM payments"),
        asked_to_pay: shop.sandbox().telegram().checkouts().len(),
        videos_twice: shown.values().map(|times| times - 1).sum(),
        videos_unanswered: one(
            "SELECT COALESCE(SUM(lost), 0) FROM outbox WHERE content ->> '$.kind' = 'video'",
        ),
        words_twice,
        words_unanswered: one(
            "SELECT COALESCE(SUM(lost), 0) FROM outbox WHERE content ->> '$.kind' <> 'video'",
        ),
        submits: one("SELECT COUNT(*) FROM submits WHERE outcome IN ('accepted', 'lost')"),
        submits_lost: one("SELECT COUNT(*) FROM submits WHERE outcome = 'lost'"),
        tasks_twice: shop.sandbox().kie().submits() - accepted as usize,
    }
}

/// A video says whose it is by its button for another one.
fn job_of(buttons: &[Vec<neurocards::sandbox::telegram::Button>]) -> i64 {
    let data = buttons.iter().flatten().find_map(|button| match &button.does {
        Does::Data(data) => data.strip_prefix("again:").map(str::to_owned),
        _ => None,
    });
    data.and_then(|id| id.parse().ok()).unwrap()
}

impl Count {
    fn report(&self, orders: usize, kills: u64, took: Duration, seed: u64) -> String {
        let mut text = String::new();
        let mut line = |what: &str, value: String| writeln!(text, "{what:<42}{value:>9}").unwrap();
        line("orders", orders.to_string());
        line("kills", kills.to_string());
        line("orders lost or stuck", self.lost.to_string());
        line("charged twice", self.charged_twice.to_string());
        line("videos paid for and delivered", self.videos.to_string());
        line("videos that failed, credits back", self.refunded.to_string());
        line("late videos sent as gifts", self.gifts.to_string());
        line("packs bought and credited", self.packs.to_string());
        line("  of invoices that Pay was pressed under", self.asked_to_pay.to_string());
        line("videos that came twice", self.videos_twice.to_string());
        line("  of sends whose answer was lost", self.videos_unanswered.to_string());
        line("other messages that came twice", self.words_twice.to_string());
        line("  of sends whose answer was lost", self.words_unanswered.to_string());
        line("  and of those under way at a kill, at most", (kills * CALLS).to_string());
        line("createTasks sent", self.submits.to_string());
        line("  of them without an answer", self.submits_lost.to_string());
        line("  of those the provider had taken", self.tasks_twice.to_string());
        line("seed", seed.to_string());
        line("seconds", took.as_secs().to_string());
        text
    }
}

#[test]
#[ignore = "minutes: .ci/full runs it"]
fn thousands_of_orders_among_faults_and_kills_lose_nothing() {
    let (orders, seed) = (set("SOAK_ORDERS", 10_000), set("SOAK_SEED", 7));
    let mut rng = Rng::with_seed(seed);
    let setup = Setup::new().keys(10).admin(99).settings(SETTINGS);
    let setup = setup.tuned(|options| {
        options.kie_balance = 1e9;
        options.record_calls = false;
    });
    let shop = setup.start();
    troubles(&shop, seed);
    // Whom a kill leaves at the till presses Pay again later.
    shop.expects(|it| (it.maybe_twice, it.unanswered) = (i64::from(u32::MAX), usize::MAX / 2));
    let begun = Instant::now();
    let (outcomes, kills) = kill_again_and_again(&shop, plans(orders, &mut rng), &mut rng);
    shop.sandbox().faults().clear();
    let until = Instant::now() + PATIENCE;
    shop.waits_for("the end of the last", || {
        (shop.is_quiet() || Instant::now() > until).then_some(())
    });
    let count = count(&shop, &outcomes);
    let report = count.report(outcomes.len(), kills, begun.elapsed(), seed);
    println!("{report}");
    let path = concat!(env!("CARGO_TARGET_TMPDIR"), "/soak.txt");
    std::fs::write(path, &report).unwrap();
    let stuck = outcomes.iter().filter_map(|outcome| outcome.stuck.as_ref());
    let stuck: Vec<_> = stuck.take(5).collect();
    assert_eq!((count.lost, count.charged_twice), (0, 0), "{stuck:?}");
    // What is doubled was doubled by a lost answer, and every one of those is on record.
    assert!(count.videos_twice as i64 <= count.videos_unanswered, "a video came twice for nothing");
    let words = count.words_unanswered + (kills * CALLS) as i64;
    assert!(count.words_twice as i64 <= words, "a message came twice for nothing");
    assert!(count.tasks_twice as i64 <= count.submits_lost, "a task was asked for twice");
}
