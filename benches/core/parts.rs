//! What one step of each kind takes, without a commit.

use std::hint::black_box;
use std::ops::Range;
use std::sync::Arc;
use std::time::Instant;

use neurocards::api::classify::classify;
use neurocards::clock::{Clock, Millis};
use neurocards::config::{Config, Env, Overrides};
use neurocards::console::Still;
use neurocards::db::{Db, JobId, Tx, UserId};
use neurocards::flow::{self, Bill, Choice, Dialog, Draft, Event, Facts, Photo, Press, Wishes};
use neurocards::ledger::{self, Grant, Hold, Settle};
use neurocards::orders::{self, NewOrder, Placed, Selling, Shop};
use neurocards::serve;
use neurocards::users::{self, Profile};

use crate::cycles::{Turns, enqueue, fresh};
use crate::table::{Table, median};

pub(crate) fn measure(table: &mut Table, turns: Turns) {
    let folder = tempfile::tempdir().unwrap();
    let clock = Clock::real();
    let (db, _) = fresh(folder.path(), &clock);
    let shop = Arc::new(shop(folder.path()));
    let rounds = turns.count * 5;
    let customers = customers(&db, 1, 0..rounds * IN_TX);
    let placed = {
        let shop = Arc::clone(&shop);
        in_tx(&db, rounds, move |tx, n| place(tx, &shop, customers[n], clock.now()))
    };
    table.fact("an order of one video: its hold, job and message", placed, "µs");
    for lines in [10, 1_000] {
        let what = format!("hold and charge, {lines} lines in the ledger");
        let jobs = jobs(&db, lines, rounds * IN_TX);
        table.fact(&what, in_tx(&db, rounds, move |tx, n| hold(tx, jobs[n])), "µs");
    }
    let (dialogs, facts) = (dialogs(), facts());
    let step = each(rounds, 1_000, || {
        for (dialog, event) in &dialogs {
            black_box(flow::step(black_box(dialog), black_box(event), &facts));
        }
    });
    table.fact("flow::step", step / dialogs.len() as f64, "µs");
    let read = each(rounds, 1_000, || {
        for (code, text) in ERRORS {
            black_box(classify(200, black_box(code), black_box(text)));
        }
    });
    table.fact("classification of an error", read / ERRORS.len() as f64, "µs");
    for (width, height) in [(120, 40), (200, 60)] {
        let mut still = Still::of(&db, &shop, (width, height)).unwrap();
        let what = format!("a console frame, {width} x {height}");
        table.fact(&what, each(rounds, 100, || assert!(still.draw() > 100)), "µs");
    }
}

pub(crate) fn shop(folder: &std::path::Path) -> Shop {
    let home = folder.to_str().unwrap();
    let flags = Overrides { data_dir: Some(folder.into()), ..Overrides::default() };
    let config = Config::load(&flags, &Env::from_pairs([("HOME", home)])).unwrap();
    serve::shop(&config).unwrap()
}

/// Microseconds, the median of rounds of `times`.
fn each(rounds: usize, times: u32, mut work: impl FnMut()) -> f64 {
    let round = || {
        let begun = Instant::now();
        for _ in 0..times {
            work();
        }
        begun.elapsed().as_secs_f64() / f64::from(times) * 1e6
    };
    median(std::iter::repeat_with(round).take(rounds).collect())
}

/// How many of a kind are done in one transaction.
const IN_TX: usize = 100;

/// Microseconds, the median of transactions with [`IN_TX`] each, without their commits.
fn in_tx<F>(db: &Db, rounds: usize, work: F) -> f64
where
    F: Fn(&Tx<'_>, usize) -> anyhow::Result<()> + Send + Sync + 'static,
{
    let work = Arc::new(work);
    let round = |round: usize| {
        let work = Arc::clone(&work);
        let took = db.write(move |tx| {
            let begun = Instant::now();
            (0..IN_TX).try_for_each(|n| work(tx, round * IN_TX + n))?;
            Ok(begun.elapsed())
        });
        took.unwrap().as_secs_f64() / IN_TX as f64 * 1e6
    };
    median((0..rounds).map(round).collect())
}

/// Customers, each with so many lines in the ledger and a credit at least.
pub(crate) fn customers(db: &Db, lines: usize, numbers: Range<usize>) -> Vec<UserId> {
    let now = Clock::real().now();
    db.write(move |tx| {
        tx.execute(
            "INSERT INTO api_keys (fingerprint, position, configured)
             VALUES ('ab12cd34', 1, 1)
             ON CONFLICT DO NOTHING",
            [],
        )?;
        let customer = |n: usize| {
            let tg_user_id = (lines * 1_000_000 + n + 100) as i64;
            let profile = Profile { tg_user_id, ..Profile::default() };
            let user = users::meet(tx, &profile, now)?.0.id;
            let gift = Grant { user, credits: 1, key: None, actor: "bench", note: None };
            for _ in 0..lines {
                ledger::grant(tx, &gift, now)?;
            }
            Ok(user)
        };
        numbers.map(customer).collect()
    })
    .unwrap()
}

pub(crate) fn place(tx: &Tx<'_>, shop: &Shop, user: UserId, now: Millis) -> anyhow::Result<()> {
    let draft = format!("bench-{user}");
    let order = NewOrder {
        draft: &draft,
        template: "ugc",
        photo: "7/photo.jpg",
        product: "Термокружка, 450 мл, не проливается",
        own_prompt: None,
        wishes: None,
        choice: None,
        refines: None,
        videos: 1,
    };
    let user = users::by_id(tx, user)?;
    match orders::place(tx, shop, &user, &order, now)? {
        Placed::Started(_) => Ok(()),
        other => anyhow::bail!("the order came to {other:?}"),
    }
}

/// A job each of customers with so many lines in the ledger, ten jobs a customer.
fn jobs(db: &Db, lines: usize, count: usize) -> Vec<(UserId, JobId)> {
    let owners = customers(db, lines, 0..count.div_ceil(10));
    let now = Clock::real().now();
    db.write(move |tx| {
        let job = |n: usize| {
            let user = owners[n / 10];
            enqueue(tx, user, &format!("held-{lines}-{n}"), now)?;
            Ok((user, JobId(tx.last_insert_rowid())))
        };
        (0..count).map(job).collect()
    })
    .unwrap()
}

fn hold(tx: &Tx<'_>, (user, job): (UserId, JobId)) -> anyhow::Result<()> {
    let now = Clock::real().now();
    assert_eq!(ledger::hold(tx, user, job, 1, now)?, Hold::Held);
    ledger::settle(tx, job, Settle::Charge, now)?;
    Ok(())
}

/// An order's way, and what comes beside it.
fn dialogs() -> Vec<(Dialog, Event)> {
    let at = |draft: Draft| Dialog { place: draft.place(), draft };
    let mut draft = Draft { id: "7-2a".into(), ..Draft::default() };
    let press = |choice| Event::Press(Some(Press::Draft("7-2a".into(), choice)));
    let mut all = vec![
        (Dialog::default(), Event::Press(Some(Press::Make))),
        (Dialog::default(), Event::Text("Сколько стоит?".into())),
        (at(draft.clone()), Event::Other),
    ];
    let photo = Photo::Kept("7/photo.jpg".into());
    all.push((at(draft.clone()), Event::Picture { photo, album: None }));
    draft.photo = Some("7/photo.jpg".into());
    all.push((at(draft.clone()), Event::Text("Термокружка, 450 мл, не проливается".into())));
    draft.product = Some("Термокружка, 450 мл, не проливается".into());
    all.push((at(draft.clone()), press(Choice::Template("ugc".into()))));
    draft.template = Some("ugc".into());
    all.push((at(draft.clone()), press(Choice::NoWishes)));
    draft.wishes = Some(Wishes::None);
    all.push((at(draft.clone()), press(Choice::Count(3))));
    draft.count = Some(3);
    all.push((at(draft), press(Choice::Confirm(Bill { videos: 3, credits: 3 }))));
    all
}

fn facts() -> Facts {
    Facts {
        credits: 5,
        price: 1,
        offered: Vec::new(),
        selling: Selling::Open,
        terms_due: false,
        welcome: None,
        fresh: "7-2b".into(),
        prompt_max: 2_000,
        templates: vec!["ugc".into(), "ad".into()],
        again: None,
        photo_kept: true,
        confirmed: false,
        pack: None,
    }
}

const ERRORS: [(&str, &str); 5] = [
    (
        "402",
        "Credits insufficient : Your current balance isn't enough to run this request. Please top \
         up to continue.",
    ),
    ("430", "Your call frequency is too high. Please try again later."),
    ("500", "Internal Error, Please try again later."),
    ("422", "aspect_ratio is not within the range of allowed options"),
    ("999", "Something that nobody has ever read before"),
];
