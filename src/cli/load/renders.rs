//! Many videos at once: how many render, what that costs, and how the old design would do.

use std::time::{Duration, Instant};

use anyhow::Result;

use super::checks::video_times;
use super::course::{Course, percentile};
use super::meter::{Memory, Spent, Used};
use super::report::Row;
use super::rig::{Rig, Setup};
use super::work;
use crate::clock::{MINUTE, Millis, SECOND};

const NAME: &str = "renders";
/// The threads and the videos that the design promises for them, and the accounts at KIE: each
/// starts two tasks a second and runs a hundred.
const SIZES: [(u32, u32, usize); 2] = [(20, 1_500, 17), (64, 5_000, 54)];
/// A few more than are to render at once.
const MORE: u32 = 50;
/// Scripts that GPT writes to show how fast it is.
const SCRIPTS: u32 = 60;

pub(super) fn run(course: &mut Course<'_>) -> Result<()> {
    for (threads, promised, keys) in SIZES {
        at_once(course, threads, promised, keys)?;
    }
    by_gpt(course)
}

fn at_once(course: &mut Course<'_>, threads: u32, promised: u32, keys: usize) -> Result<()> {
    let promised = course.args.load.videos.map_or(promised, |wanted| wanted.min(promised));
    let videos = promised + promised.min(MORE);
    course.says(&format!("{NAME}: {videos} videos, {threads} threads, {keys} keys"));
    let setup = Setup::of(course, threads, keys);
    let (threads, render_ms) = (setup.threads, setup.options.render_ms.0);
    let mut rig = Rig::make(course, setup)?;
    work::by_hand(&mut rig, videos, "self")?;
    rig.launch()?;
    let seen = watch(course, &mut rig, videos, render_ms)?;
    let looks = rig.sandbox.kie().looks();
    let seconds = |times: &[Millis]| -> Vec<f64> {
        times.iter().map(|ms| *ms as f64 / SECOND as f64).collect()
    };
    let (pauses, late) = (seconds(&looks.pauses), seconds(&looks.late));
    let row = |what: &str, measured, unit| {
        Row::of(NAME, format!("{what}, {threads} threads"), measured, unit)
    };
    let ratio = seen.peak as f64 / f64::from(threads);
    course.found(
        row("videos rendering at once", seen.peak as f64, "")
            .least(f64::from(promised))
            .beside(format!("old: {threads}, one per worker; {ratio:.0} times")),
    );
    course.found(row("memory at most", seen.memory.peak, "MB").under(200.0));
    course.found(row("until so many rendered", seen.reached, "s"));
    course.found(row("CPU while they rendered", seen.plateau.percent(), "% of a core"));
    let median = percentile(&pauses, 0.5);
    let longest = percentile(&pauses, 1.0);
    let text = format!("at most {longest:.1} s, median {median:.1} s");
    let shortest = percentile(&pauses, 0.0);
    course.found(
        row("between two polls of a task, shortest", shortest, "s").least(10.0).beside(text),
    );
    let text = format!("99 of 100 within {:.1} s", percentile(&late, 0.99));
    course.found(
        row("from a video's end to our knowing, median", percentile(&late, 0.5), "s").beside(text),
    );
    course.found(row("CPU per video", per(seen.whole.cpu_seconds * 1_000.0, videos), "ms"));
    rig.closes(course, Duration::from_secs(60))
}

/// What a run of many videos showed.
struct Seen {
    peak: usize,
    /// Seconds until the peak.
    reached: f64,
    memory: Memory,
    /// From the peak on, while nothing ended.
    plateau: Spent,
    whole: Spent,
}

fn watch(course: &Course<'_>, rig: &mut Rig, videos: u32, render_ms: Millis) -> Result<Seen> {
    let begun = Instant::now();
    let (first, clock) = (rig.used()?, rig.clock().clone());
    let patience = clock.real_span(render_ms + 40 * MINUTE);
    let (mut peak, mut reached, mut told) = (0, 0.0, Instant::now());
    let mut plateau: (Used, Used) = (first, first);
    loop {
        let (rendering, sent) =
            (rig.sandbox.kie().rendering(), rig.sandbox.telegram().calls("sendVideo"));
        let used = rig.used()?;
        if rendering > peak {
            (peak, reached) = (rendering, begun.elapsed().as_secs_f64());
            plateau = (used, used);
        } else if rendering == peak {
            plateau.1 = used;
        }
        if told.elapsed() >= Duration::from_secs(15) {
            told = Instant::now();
            let memory = rig.memory()?.now;
            course.says(&format!("{rendering} render, {sent} sent, {memory:.0} MB"));
        }
        if sent >= u64::from(videos) || begun.elapsed() > patience {
            rig.settles(course, Duration::from_secs(60))?;
            let whole = first.until(&rig.used()?);
            let (memory, plateau) = (rig.memory()?, plateau.0.until(&plateau.1));
            return Ok(Seen { peak, reached, memory, plateau, whole });
        }
        course.pause(Duration::from_millis(250))?;
    }
}

/// Scripts are slow, and no service may hold more than half of the threads.
fn by_gpt(course: &mut Course<'_>) -> Result<()> {
    let scripts = course.videos(SCRIPTS);
    course.says(&format!("{NAME}: {scripts} videos whose scripts GPT writes"));
    let setup = Setup::of(course, 20, 2).renders_take(20 * SECOND);
    let threads = setup.threads;
    let mut rig = Rig::make(course, setup)?;
    work::by_hand(&mut rig, scripts, "ugc")?;
    let begun = rig.clock().now();
    rig.launch()?;
    let patience = rig.clock().real_span(30 * MINUTE);
    let sandbox = &rig.sandbox;
    course.waits_for("all scripts", patience, || {
        Ok((sandbox.openai().requests().len() >= scripts as usize).then_some(()))
    })?;
    let last = rig.sandbox.openai().requests().iter().map(|it| it.at).max().unwrap_or(begun);
    let rate = f64::from(scripts) * SECOND as f64 / (last - begun).max(1) as f64;
    course.found(
        Row::of(NAME, format!("scripts by GPT a second, {threads} threads"), rate, "")
            .beside(format!("feeds {:.0} renders of 5 minutes at once", rate * 300.0)),
    );
    rig.closes(course, patience)
}

pub(super) fn per(amount: f64, videos: u32) -> f64 {
    amount / f64::from(videos.max(1))
}

/// Videos a second between the first and the last tenth.
pub(super) fn videos_per_second(rig: &Rig) -> f64 {
    let times = video_times(&rig.sandbox);
    let tenth = times.len() / 10;
    let (from, to) = (tenth, times.len().saturating_sub(1 + tenth));
    match (times.get(from), times.get(to)) {
        (Some(first), Some(last)) if last > first => {
            (to - from) as f64 * SECOND as f64 / (last - first) as f64
        }
        _ => 0.0,
    }
}

/// 20 threads with a queue that does not end, beside 20 workers of the old design.
pub(super) fn old(course: &mut Course<'_>) -> Result<()> {
    const NAME: &str = "old";
    let videos = course.videos(2_400);
    let mut setup = Setup::of(course, 20, 17);
    setup.options.render_ms = (5 * MINUTE, 5 * MINUTE);
    let (threads, size) = (setup.threads, course.video_size());
    course.says(&format!("{NAME}: {videos} videos of {} MB, {threads} threads", size >> 20));
    let mut rig = Rig::make(course, setup)?;
    rig.sandbox.kie().pad_videos(size);
    work::by_hand(&mut rig, videos, "self")?;
    rig.launch()?;
    watch(course, &mut rig, videos, 5 * MINUTE)?;
    let ours = videos_per_second(&rig);
    let theirs = f64::from(threads) / cycle(&rig, size);
    let times = ours / theirs;
    let beside = format!(
        "{ours:.2} videos/s beside {theirs:.3}, {:.0} a day, of {threads} sleeping workers",
        theirs * 86_400.0
    );
    course.found(
        Row::of(NAME, "throughput of the old design", times, "times").least(50.0).beside(beside),
    );
    rig.closes(course, Duration::from_secs(60))
}

/// Seconds that a worker of the old design spends with one video, from its script to its message, if
/// its own work, its database and Telegram's limits cost nothing at all.
fn cycle(rig: &Rig, size: usize) -> f64 {
    let options = rig.sandbox.options();
    let (api, gpt) = (options.api_delay_ms, options.gpt_delay_ms);
    let interval = 10 * SECOND;
    // Upload, script, submit; then it sleeps and asks until there is a video.
    let (mut at, ends) = (api + gpt + api, api + gpt + options.render_ms.0 + api);
    while at < ends {
        at += interval + api;
    }
    let rate = options.download_rate as f64 / options.clock.spec().rate;
    (at + options.telegram_delay_ms) as f64 / SECOND as f64 + size as f64 / rate
}
