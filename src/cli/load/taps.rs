//! A full database: taps, orders, the start, and nothing at all; and what ten times as much in it
//! changes.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use rusqlite::named_params;

use super::course::{Course, middle, percentile};
use super::report::Row;
use super::rig::{Rig, Setup};
use super::telegram::Taps;
use super::work::{Visitors, unsettled};
use crate::clock::{Millis, SECOND};
use crate::sandbox::Telegram;
use crate::sandbox::telegram::Does;

/// Between two taps: 20 a second.
const EVERY: Duration = Duration::from_millis(50);
/// Who taps at most: nobody does so twice within ten seconds.
const PEOPLE: u32 = 300;
/// Starts of one folder.
const STARTS: usize = 5;
/// Orders of which each one's way to KIE is timed.
const ORDERS: u32 = 20;

pub(super) fn run(course: &mut Course<'_>) -> Result<()> {
    const NAME: &str = "taps";
    let (users, jobs) = (course.args.users, course.args.jobs);
    let setup = full(course, users, jobs)?;
    course.says(&format!("{NAME}: 20 a second, {users} customers, {jobs} ended jobs"));
    let mut rig = Rig::make(course, setup)?;
    rig.launch()?;
    let span = course.minutes(2.0);
    let before = rig.used()?;
    let taps = tapping(course, &mut rig, span)?;
    let cpu = before.until(&rig.used()?).percent();
    let at = |share| percentile(&taps.answers, share);
    let text = format!("of {} taps", taps.answers.len());
    course.found(Row::of(NAME, "tap to answer, p50", at(0.5), "ms").under(15.0).beside(text));
    course.found(Row::of(NAME, "tap to answer, p99", at(0.99), "ms").under(60.0));
    course.found(Row::of(NAME, "taps without an answer", taps.mute as f64, "").under(1.0));
    let at = |share| percentile(&taps.screens, share);
    let text = format!("p99 {:.0} ms", at(0.99));
    course.found(Row::of(NAME, "tap to screen, p50", at(0.5), "ms").beside(text));
    course.found(Row::of(NAME, "CPU meanwhile", cpu, "% of a core"));
    rig.closes(course, Duration::from_secs(60))
}

/// A copy of the full database, and two accounts at KIE.
fn full(course: &Course<'_>, users: u32, jobs: u32) -> Result<Setup> {
    let folder: PathBuf = course.filled(users, jobs)?;
    Ok(Setup::of(course, 20, 2).renders_take(20 * SECOND).filled(folder))
}

/// Known customers come, and then press what they see, 20 times a second.
fn tapping(course: &Course<'_>, rig: &mut Rig, span: Duration) -> Result<Taps> {
    let taps = (span.as_millis() / EVERY.as_millis()) as u32;
    let people = known(rig, taps.clamp(1, PEOPLE))?;
    let telegram = rig.sandbox.telegram().clone();
    for person in &people {
        telegram.says(*person, "/start");
        // Slower than the taps: each of them is a message.
        course.pause(EVERY)?;
    }
    course.waits_for("a menu for everybody", Duration::from_secs(120), || {
        let all = people.iter().all(|person| newest_button(&telegram, *person, 0).is_some());
        Ok(all.then_some(()))
    })?;
    course.pause(Duration::from_secs(2))?;
    let (begun, from) = (Instant::now(), rig.clock().now());
    let mut turn = 0_u32;
    while begun.elapsed() < span {
        let person = people[turn as usize % people.len()];
        match newest_button(&telegram, person, turn as usize) {
            Some((message, data)) => drop(telegram.presses(person, message, &data)),
            None => drop(telegram.says(person, "/start")),
        }
        turn += 1;
        course.pause((EVERY * turn).saturating_sub(begun.elapsed()))?;
    }
    let to = rig.clock().now();
    rig.settles(course, Duration::from_secs(60))?;
    Ok(Taps::of(rig, from, to))
}

/// Customers from all over the table, each with a chat.
fn known(rig: &mut Rig, most: u32) -> Result<Vec<i64>> {
    let people: Vec<i64> = rig.read(|conn| {
        let all: i64 = conn.query_row("SELECT MAX(id) FROM users", [], |row| row.get(0))?;
        let mut query = conn.prepare(
            "SELECT tg_user_id
             FROM users
             WHERE id % :apart = 1
               AND blocked_at IS NULL
             LIMIT :most",
        )?;
        let apart = (all / i64::from(most + most / 20 + 1)).max(1);
        let rows =
            query.query_map(named_params! { ":apart": apart, ":most": most }, |row| row.get(0))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    })?;
    people.first().context("nobody is in the database")?;
    people.iter().for_each(|person| rig.sandbox.telegram().knows_bot(*person));
    Ok(people)
}

/// One of the buttons under the newest message that has some; a press with the last turn's label
/// would change nothing.
fn newest_button(telegram: &Telegram, user: i64, turn: usize) -> Option<(i64, String)> {
    let messages = telegram.messages(user);
    messages.iter().rev().find_map(|message| {
        let buttons = message.buttons.iter().flatten().filter_map(|button| match &button.does {
            Does::Data(data) => Some(data),
            _ => None,
        });
        let all: Vec<&String> = buttons.collect();
        let chosen = all.get(turn % all.len().max(1))?;
        Some((message.id, (*chosen).clone()))
    })
}

pub(super) fn confirm(course: &mut Course<'_>) -> Result<()> {
    const NAME: &str = "confirm";
    let setup = full(course, course.args.users, course.args.jobs)?;
    let mut rig = Rig::make(course, setup)?;
    rig.launch()?;
    let orders = course.videos(ORDERS);
    course.says(&format!("{NAME}: {orders} orders, one after the other"));
    let beyond = confirming(course, &mut rig, orders, 2)?;
    let text =
        format!("of {} orders, half by GPT; p50 {:.0}", beyond.len(), percentile(&beyond, 0.5));
    course.found(
        Row::of(
            NAME,
            "✅ to createTask beyond the services' own time, p99",
            percentile(&beyond, 0.99),
            "ms",
        )
        .under(500.0)
        .beside(text),
    );
    rig.closes(course, Duration::from_secs(60))
}

/// What each order's way from its confirmation to KIE took beyond the services' own time, in ms.
fn confirming(course: &mut Course<'_>, rig: &mut Rig, count: u32, by_gpt: u32) -> Result<Vec<f64>> {
    let tasks = rig.sandbox.kie().submits();
    let visitors = Visitors { count, every: 15 * SECOND, think: SECOND / 2, by_gpt };
    let patience =
        rig.clock().real_span(Millis::from(count) * 60 * SECOND).max(Duration::from_secs(120));
    let outcomes = visitors.come(course, rig, patience, |_| Ok(()))?;
    course.broken.extend(unsettled(&outcomes));
    let options = rig.sandbox.options();
    let made = rig.sandbox.kie().tasks();
    let made = made.iter().skip(tasks).map(|task| task.created_at);
    let each = (0..).zip(&outcomes).zip(made).filter_map(|((n, outcome), created_at)| {
        // The moderation, the photo's upload, and the createTask itself, which is not seen before.
        let gpt = if visitors.asks_gpt(n) { options.gpt_delay_ms } else { 0 };
        let services = 3 * options.api_delay_ms + gpt;
        Some((created_at - outcome.confirmed_at? - services) as f64)
    });
    Ok(each.collect())
}

pub(super) fn start(course: &mut Course<'_>) -> Result<()> {
    const NAME: &str = "start";
    let setup = full(course, course.args.users, course.args.jobs)?;
    let mut rig = Rig::make(course, setup)?;
    course.says(&format!("{NAME}: {STARTS} times"));
    let (times, cpu) = starting(course, &mut rig, STARTS)?;
    let text = format!(
        "slowest of {STARTS}; median {:.0}, with {:.0} of CPU and a call of 150",
        percentile(&times, 0.5),
        percentile(&cpu, 0.5)
    );
    course.found(
        Row::of(NAME, "start to the first getUpdates", percentile(&times, 1.0), "ms")
            .under(300.0)
            .beside(text),
    );
    rig.launch()?;
    rig.closes(course, Duration::from_secs(60))
}

/// Starts and stops it; how long each start took, and its CPU until then, in ms.
fn starting(course: &mut Course<'_>, rig: &mut Rig, times: usize) -> Result<(Vec<f64>, Vec<f64>)> {
    let (mut took, mut cpu) = (Vec::new(), Vec::new());
    for _ in 0..times {
        took.push(rig.launch()?.as_secs_f64() * 1_000.0);
        cpu.push(rig.used()?.cpu_ms());
        course.pause(Duration::from_secs(1))?;
        let wrong = rig.stops(course)?;
        course.broken.extend(wrong);
    }
    Ok((took, cpu))
}

pub(super) fn idle(course: &mut Course<'_>) -> Result<()> {
    const NAME: &str = "idle";
    let setup = full(course, course.args.users, course.args.jobs)?;
    let mut rig = Rig::make(course, setup)?;
    rig.launch()?;
    let span = course.minutes(2.0);
    course.says(&format!("{NAME}: {:.0} s", span.as_secs_f64()));
    // What a start does once is over.
    course.pause(Duration::from_secs(30).min(span))?;
    let (disk, before) = (rig.disk_took()?, rig.used()?);
    course.pause(span)?;
    let (spent, memory) = (before.until(&rig.used()?), rig.memory()?);
    let written = rig.disk_took()?.saturating_sub(disk);
    let text = format!("over {:.0} s, with the full database", spent.seconds);
    course.found(Row::of(NAME, "CPU", spent.percent(), "% of a core").under(0.3).beside(text));
    let text = format!("{:.0} MB of it its own; at most {:.0} MB", memory.own, memory.peak);
    course.found(Row::of(NAME, "memory", memory.now, "MB").under(40.0).beside(text));
    let kilobytes = written as f64 / 1_000.0 / (spent.seconds / 60.0);
    course.found(Row::of(NAME, "written a minute", kilobytes, "KB"));
    rig.closes(course, Duration::from_secs(60))
}

/// What one size took, in ms.
#[derive(Default)]
struct Times {
    start: Vec<f64>,
    answer: Vec<f64>,
    screen: Vec<f64>,
    order: Vec<f64>,
}

pub(super) fn growth(course: &mut Course<'_>) -> Result<()> {
    const NAME: &str = "growth";
    let (users, jobs) = (course.args.users, course.args.jobs);
    if users.min(jobs) < 10_000 {
        bail!(
            "a tenth of so little is nothing to compare with: --users and --jobs of 10,000 or more"
        );
    }
    let sizes = [(users / 10, jobs / 10), (users, jobs)];
    let mut times = [Times::default(), Times::default()];
    // In turns, so that what the machine does meanwhile meets both.
    for _ in 0..2 {
        for (of, (users, jobs)) in times.iter_mut().zip(sizes) {
            course.says(&format!("{NAME}: {users} customers, {jobs} ended jobs"));
            one_size(course, of, users, jobs)?;
        }
    }
    let [small, large] = &times;
    let rows = [
        ("start", &small.start, &large.start),
        ("tap to answer", &small.answer, &large.answer),
        ("tap to screen", &small.screen, &large.screen),
        ("✅ to createTask", &small.order, &large.order),
    ];
    for (what, small, large) in rows {
        let (small, large) = (middle(small), middle(large));
        let text = format!("{large:.1} ms beside {small:.1} ms");
        course.found(
            Row::of(NAME, format!("{what}, ten times as much"), large / small.max(0.001), "times")
                .under(1.2)
                .beside(text),
        );
    }
    Ok(())
}

fn one_size(course: &mut Course<'_>, of: &mut Times, users: u32, jobs: u32) -> Result<()> {
    let setup = full(course, users, jobs)?;
    let mut rig = Rig::make(course, setup)?;
    of.start.extend(starting(course, &mut rig, STARTS)?.0);
    rig.launch()?;
    let taps = tapping(course, &mut rig, course.minutes(0.5))?;
    of.answer.extend(&taps.answers);
    of.screen.extend(&taps.screens);
    let orders = course.videos(6);
    of.order.extend(confirming(course, &mut rig, orders, 0)?);
    rig.closes(course, Duration::from_secs(60))
}
