//! As many customers as Telegram lets a bot answer.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use anyhow::Result;

use super::course::{Course, percentile};
use super::report::Row;
use super::rig::{Rig, Setup};
use super::work::{Visitors, unsettled};
use crate::clock::{MINUTE, Millis, SECOND};

const NAME: &str = "telegram";
/// People read for so long before they press.
const THINK: Millis = 2 * SECOND;

/// How long each tap in a span waited for its answer, and for its screen, in ms.
#[derive(Debug, Default)]
pub(super) struct Taps {
    pub(super) answers: Vec<f64>,
    pub(super) screens: Vec<f64>,
    /// Taps that were never answered.
    pub(super) mute: usize,
}

impl Taps {
    pub(super) fn of(rig: &Rig, from: Millis, to: Millis) -> Self {
        let telegram = rig.sandbox.telegram();
        let rate = rig.clock().spec().rate;
        // Finer than the process clock, which counts whole milliseconds.
        let span = |from: Instant, to: Instant| (to - from).as_secs_f64() * 1_000.0 * rate;
        let mut arrivals: HashMap<i64, Vec<Instant>> = HashMap::new();
        for one in telegram.arrivals() {
            arrivals.entry(one.user).or_default().push(one.came);
        }
        let mut taps = Self::default();
        let all = telegram.answers();
        for press in all.iter().filter(|press| (from..to).contains(&press.at)) {
            match &press.answer {
                Some(answer) => taps.answers.push(span(press.pressed, answer.came)),
                None => taps.mute += 1,
            }
            let screens = arrivals.get(&press.user).map_or(&[][..], Vec::as_slice);
            let screen = screens.get(screens.partition_point(|came| *came < press.pressed));
            taps.screens.extend(screen.map(|came| span(press.pressed, *came)));
        }
        taps
    }
}

pub(super) fn run(course: &mut Course<'_>) -> Result<()> {
    let setup = Setup::of(course, 20, 20);
    let (clock, render_ms) = (setup.options.clock.clone(), setup.options.render_ms.0);
    // Before that no video comes, and each customer costs fewer calls.
    let warm = render_ms + MINUTE / 2;
    let window = clock.span_of(course.minutes(10.0));
    let every = (SECOND as f64 / course.args.load.customers_per_second) as Millis;
    let count = ((warm + window) / every.max(1)).max(1) as u32;
    course.says(&format!(
        "{NAME}: {count} customers, one each {every} ms; measured from second {}",
        warm / SECOND
    ));
    let mut rig = Rig::make(course, setup)?;
    rig.launch()?;
    let begun = clock.now();
    let visitors = Visitors { count, every, think: THINK, by_gpt: 2 };
    let patience = clock.real_span(warm + window + 20 * MINUTE).max(Duration::from_secs(120));
    let (mut told, mut before) = (Instant::now(), 0);
    let outcomes = visitors.come(course, &mut rig, patience, |rig| {
        if told.elapsed() >= Duration::from_secs(15) {
            let telegram = rig.sandbox.telegram();
            let calls = telegram.arrivals().len() + telegram.calls("answerCallbackQuery") as usize;
            let rate = (calls - before) as f64 / told.elapsed().as_secs_f64();
            (told, before) = (Instant::now(), calls);
            let (floods, memory) = (telegram.floods(), rig.memory()?.now);
            course.says(&format!("{rate:.1} calls/s, {floods} refused, {memory:.0} MB"));
        }
        Ok(())
    })?;
    course.broken.extend(unsettled(&outcomes));
    report(course, &rig, begun + warm, begun + warm + window)?;
    rig.closes(course, Duration::from_secs(120))
}

fn report(course: &mut Course<'_>, rig: &Rig, from: Millis, to: Millis) -> Result<()> {
    let telegram = rig.sandbox.telegram();
    let mut calls: Vec<Millis> = telegram.arrivals().iter().map(|one| one.at).collect();
    let messages = within(&calls, from, to);
    calls.extend(telegram.answers().iter().filter_map(|it| Some(it.answer.as_ref()?.at)));
    let seconds = (to - from) as f64 / SECOND as f64;
    let rate = within(&calls, from, to) as f64 / seconds;
    let minutes = (to - from) / MINUTE;
    let slowest = (0..minutes)
        .map(|n| within(&calls, from + n * MINUTE, from + (n + 1) * MINUTE) as f64 / 60.0)
        .fold(rate, f64::min);
    let text =
        format!("{:.1} messages and edits; slowest minute {slowest:.1}", messages as f64 / seconds);
    course.found(Row::of(NAME, "calls a second, sustained", rate, "").least(30.0).beside(text));
    course.found(Row::of(NAME, "refused for speed (429)", telegram.floods() as f64, "").under(1.0));
    let taps = Taps::of(rig, from, to);
    course.found(Row::of(NAME, "taps without an answer", taps.mute as f64, "").under(1.0));
    for (what, times) in [("answer", &taps.answers), ("screen", &taps.screens)] {
        let (half, most) = (percentile(times, 0.5), percentile(times, 0.99));
        let text = format!("of {} taps; p50 {half:.0}, p99 {most:.0}", times.len());
        let slowest = percentile(times, 1.0);
        course.found(
            Row::of(NAME, format!("tap to {what}, slowest"), slowest, "ms")
                .under(2_000.0)
                .beside(text),
        );
    }
    course.found(Row::of(NAME, "memory at most", rig.memory()?.peak, "MB").under(200.0));
    Ok(())
}

fn within(times: &[Millis], from: Millis, to: Millis) -> usize {
    times.iter().filter(|at| (from..to).contains(*at)).count()
}
