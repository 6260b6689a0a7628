//! Large videos, and what is written to disk.

use std::time::{Duration, Instant};

use anyhow::Result;

use super::checks::video_times;
use super::course::Course;
use super::meter::Spent;
use super::renders::{per, videos_per_second};
use super::report::Row;
use super::rig::{Rig, Setup};
use super::work::{self, Visitors, unsettled};
use crate::clock::SECOND;

/// A disk writes whole pages, in bytes.
const PAGE: u64 = 4_096;

pub(super) fn run(course: &mut Course<'_>) -> Result<()> {
    const NAME: &str = "fetch";
    let videos = course.videos(1_000);
    // Each video holds a thread for two seconds, and half of the threads may fetch.
    let setup = Setup::of(course, 64, 12).renders_take(20 * SECOND);
    let (threads, size) = (setup.threads, course.video_size());
    course.says(&format!("{NAME}: {videos} videos of {} MB, {threads} threads", size >> 20));
    let mut rig = Rig::make(course, setup)?;
    rig.sandbox.kie().pad_videos(size);
    let spent = make(course, &mut rig, videos)?;
    let rate = videos_per_second(&rig);
    let text =
        format!("{threads} threads, 20 Mbit/s per line, {:.0} MB/s", rate * size as f64 / 1e6);
    course.found(
        Row::of(NAME, "videos fetched and sent a second", rate, "").least(10.0).beside(text),
    );
    let cpu = per(spent.cpu_seconds * 1_000.0, videos);
    let text = format!("{:.0} % of a core on average", spent.percent());
    course.found(Row::of(NAME, "our CPU per video", cpu, "ms").under(30.0).beside(text));
    course.found(Row::of(NAME, "memory at most", rig.memory()?.peak, "MB").under(200.0));
    rig.closes(course, Duration::from_secs(60))
}

/// Makes so many videos, inserted by hand all at once; what that took.
fn make(course: &Course<'_>, rig: &mut Rig, videos: u32) -> Result<Spent> {
    work::by_hand(rig, videos, "self")?;
    rig.launch()?;
    let before = rig.used()?;
    let mut told = Instant::now();
    let patience = Duration::from_secs(120 + u64::from(videos) * 2);
    course.waits_for("all videos", patience, || {
        let sent = rig.sandbox.telegram().calls("sendVideo");
        if told.elapsed() >= Duration::from_secs(15) {
            told = Instant::now();
            course.says(&format!("{sent} sent, {:.0} MB of memory", rig.memory()?.now));
        }
        Ok((sent >= u64::from(videos)).then_some(()))
    })?;
    rig.settles(course, Duration::from_secs(60))?;
    Ok(before.until(&rig.used()?))
}

pub(super) fn disk(course: &mut Course<'_>) -> Result<()> {
    under_load(course)?;
    idle(course)
}

/// Bytes on disk since it had taken so many, beside those of the videos themselves, per video, in KB.
fn beside_videos(rig: &Rig, before: u64) -> Result<f64> {
    let telegram = rig.sandbox.telegram();
    let videos = video_times(&rig.sandbox).len();
    let messages = telegram.users().into_iter().flat_map(|user| telegram.messages(user));
    let sizes = messages.filter_map(|it| it.media).filter(|media| media.duration > 0);
    let files: u64 = sizes.map(|media| (media.len as u64).div_ceil(PAGE) * PAGE).sum();
    let written = rig.disk_took()?.saturating_sub(before + files);
    Ok(written as f64 / 1_000.0 / videos.max(1) as f64)
}

fn under_load(course: &mut Course<'_>) -> Result<()> {
    let videos = course.videos(1_000);
    course.says(&format!("disk: {videos} videos at once"));
    let setup = Setup::of(course, 20, 12).renders_take(20 * SECOND);
    let mut rig = Rig::make(course, setup)?;
    let before = rig.disk_took()?;
    make(course, &mut rig, videos)?;
    let kilobytes = beside_videos(&rig, before)?;
    let text = format!("{:.1} videos/s", videos_per_second(&rig));
    course.found(
        Row::of("disk", "written per video without it, at full load", kilobytes, "KB")
            .under(100.0)
            .beside(text),
    );
    rig.closes(course, Duration::from_secs(60))
}

/// One order after the other, from the first tap: what is written has nobody to share a commit with.
fn idle(course: &mut Course<'_>) -> Result<()> {
    let count = course.videos(10);
    course.says(&format!("disk: {count} orders, one after the other"));
    let setup = Setup::of(course, 20, 1).renders_take(10 * SECOND);
    let mut rig = Rig::make(course, setup)?;
    rig.launch()?;
    let before = rig.disk_took()?;
    let one_by_one = Visitors { count, every: 30 * SECOND, think: SECOND, by_gpt: 2 };
    let patience = Duration::from_secs(120 + 60 * u64::from(count));
    let outcomes = one_by_one.come(course, &mut rig, patience, |_| Ok(()))?;
    course.broken.extend(unsettled(&outcomes));
    rig.settles(course, Duration::from_secs(60))?;
    let kilobytes = beside_videos(&rig, before)?;
    course.found(
        Row::of("disk", "written per video without it, one at a time", kilobytes, "KB")
            .under(500.0)
            .beside("a new customer's whole dialogue and photo with it"),
    );
    rig.closes(course, Duration::from_secs(60))
}
