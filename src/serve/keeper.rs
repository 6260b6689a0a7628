//! The housekeeper: the heartbeat, the proof that this start lived, the daily report, and what has
//! had its time.

mod prune;
mod watch;

pub use prune::{Keep, prune};

use super::supervisor::{self, Supervisor};
use crate::alerts;
use crate::clock::{self, Clock, DAY, HOUR, Millis, SECOND};
use crate::config::Config;
use crate::db::{Db, JobId, Machine};
use crate::flow;
use crate::instance;
use crate::jobs;
use crate::operator::machine;
use crate::operator::report::{self, When};
use crate::orders::{self, Shop};
use crate::worker::Gauge;
use anyhow::{Context as _, Result};
use std::collections::HashSet;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;
use watch::Watch;

/// Between two heartbeats, in real time: the console says from them whether the appliance lives.
pub(super) const HEARTBEAT: Duration = Duration::from_secs(10);
/// How often the queue is looked at for places that are told; on a clock that runs fast, not so
/// often that it would be all there is to do.
const PLACES_EVERY: Millis = 10 * SECOND;
const PLACES_APART: Duration = Duration::from_millis(500);
const PLACES_AT_ONCE: usize = 20;
/// An order in the making that nobody touched for so long is asked for its photo again.
const DRAFT_KEEPS: Millis = DAY;
/// Heartbeats between two looks at what SQLite knows of the tables' sizes: a day.
const STATISTICS: u32 = 8_640;

/// Three threads: however long the house takes to keep, the heart beats.
pub(super) struct Keeper {
    ends: Vec<Sender<()>>,
    /// For what takes long.
    ending: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Keeper {
    /// The first heartbeat is there when this returns.
    pub(super) fn start(
        db: &Db,
        clock: &Clock,
        config: &Config,
        shop: Arc<Shop>,
        gauge: Gauge,
        supervisor: Arc<Supervisor>,
    ) -> Result<Self> {
        let ending = Arc::new(AtomicBool::new(false));
        let places = Places { db: db.clone(), clock: clock.clone(), shop: Arc::clone(&shop) };
        let heartbeat = supervisor.heartbeat();
        let pulse = Pulse {
            db: db.clone(),
            clock: clock.clone(),
            shop: Arc::clone(&shop),
            gauge,
            supervisor,
        };
        let work = Work {
            db: db.clone(),
            clock: clock.clone(),
            videos: config.data_dir.join("videos"),
            photos: config.data_dir.join("photos"),
            photos_keep: config.limits.photos_keep,
            keep: Keep { updates: config.limits.updates_keep, texts: config.limits.texts_keep },
            watch: Watch::new(
                db.clone(),
                clock.clone(),
                Arc::clone(&shop),
                config.data_dir.clone(),
            ),
            shop,
            data_dir: config.data_dir.clone(),
            ending: Arc::clone(&ending),
            report: config.report.at.map(|at| When { at, zone: config.report.timezone.clone() }),
        };
        pulse.beat()?;
        let mut keeper = Self { ends: Vec::new(), ending, threads: Vec::new() };
        keeper.every(heartbeat, "heart", move |_| heed("heartbeat", pulse.beats()))?;
        keeper.every(HEARTBEAT, "keeper", move |beats| work.round(beats))?;
        let look = clock.real_span(PLACES_EVERY).max(PLACES_APART);
        keeper.every(look, "places", move |_| heed("places in the queue", places.tell()))?;
        Ok(keeper)
    }

    /// A thread that does it after each `span`, with the number of the time, until the end.
    fn every(
        &mut self,
        span: Duration,
        name: &str,
        work: impl Fn(u32) + Send + 'static,
    ) -> Result<()> {
        let (end, ended) = channel();
        let thread = std::thread::Builder::new()
            .name(name.into())
            .spawn(move || {
                let mut beats = 0_u32;
                while let Err(RecvTimeoutError::Timeout) = ended.recv_timeout(span) {
                    beats = beats.saturating_add(1);
                    work(beats);
                }
            })
            .with_context(|| format!("cannot start the thread {name}"))?;
        self.ends.push(end);
        self.threads.push(thread);
        Ok(())
    }

    /// It is to end; [`Keeper::stop`] waits for it.
    pub(super) fn end(&mut self) {
        self.ending.store(true, Ordering::Relaxed);
        self.ends.clear();
    }

    /// An orderly stop is no early death; one after a failure is left as it was counted.
    pub(super) fn stop(mut self, db: &Db, orderly: bool) {
        self.end();
        for thread in self.threads.drain(..) {
            let _panicked_or_not = thread.join();
        }
        if !orderly {
            return;
        }
        if let Err(error) = db.write(instance::stopped) {
            tracing::error!(error = format!("{error:#}"), "the orderly stop was not recorded");
        }
    }
}

/// What failed is said, and the next is done all the same.
fn heed(chore: &str, done: Result<()>) {
    if let Err(error) = done {
        tracing::error!(chore, error = format!("{error:#}"), "housekeeping failed");
    }
}

/// The sign of life.
struct Pulse {
    db: Db,
    clock: Clock,
    shop: Arc<Shop>,
    gauge: Gauge,
    supervisor: Arc<Supervisor>,
}

impl Pulse {
    fn beat(&self) -> Result<()> {
        let (now, wall, gauge) = (self.clock.now(), clock::wall(), self.gauge.busy());
        self.db.write(move |tx| instance::beat(tx, gauge, wall, now))
    }

    /// The same, and whoever supervises hears what came of it.
    fn beats(&self) -> Result<()> {
        let beat = self.beat();
        self.supervisor.heard(&beat);
        match &beat {
            Ok(()) if self.supervisor.is_there() => {
                self.supervisor.says(supervisor::status(&self.db, &self.shop, self.clock.now())?);
            }
            Ok(()) => {}
            Err(error) => {
                let remedy = Machine::of(error).map(Machine::remedy);
                self.supervisor.says(remedy.unwrap_or("the database does not take a word"));
            }
        }
        beat
    }
}

/// Who waits hears how the queue moves on.
struct Places {
    db: Db,
    clock: Clock,
    shop: Arc<Shop>,
}

impl Places {
    /// Few orders in a commit: everybody else writes in between.
    fn tell(&self) -> Result<()> {
        let moved = self.db.read(orders::moved)?;
        for some in moved.chunks(PLACES_AT_ONCE) {
            let (shop, some, now) = (Arc::clone(&self.shop), some.to_vec(), self.clock.now());
            self.db.write(move |tx| {
                some.into_iter().try_for_each(|order| orders::refresh(tx, &shop, Some(order), now))
            })?;
        }
        Ok(())
    }
}

/// The chores.
struct Work {
    db: Db,
    clock: Clock,
    videos: PathBuf,
    photos: PathBuf,
    photos_keep: Millis,
    keep: Keep,
    shop: Arc<Shop>,
    data_dir: PathBuf,
    report: Option<When>,
    watch: Watch,
    ending: Arc<AtomicBool>,
}

impl Work {
    fn round(&self, beats: u32) {
        super::logs::say_what_was_left_out();
        let now = self.clock.now();
        heed("disk", self.watch.disk(now));
        heed("clock", self.watch.clock(now));
        heed("daily report", self.report(now));
        let keep = self.photos_keep.max(HOUR);
        heed("delivered videos", old_videos(&self.db, &self.videos, &self.ending, keep));
        if beats % 30 == 1 {
            heed("events that are over", self.db.write(move |tx| alerts::settle(tx, now)));
            heed("old rows", prune(&self.db, self.keep, &self.ending, now));
        }
        if beats % STATISTICS == 1 {
            heed("statistics", self.db.write(|tx| Ok(tx.execute_batch("PRAGMA optimize")?)));
        }
        if beats % 360 == 1 {
            heed("old photos", old_photos(&self.db, &self.photos, &self.ending, (keep, now)));
        }
    }

    /// Once a day, when its hour has come.
    fn report(&self, now: Millis) -> Result<()> {
        let Some(when) = &self.report else { return Ok(()) };
        let Some(day) = self.db.read(|conn| report::due(conn, when, now))? else { return Ok(()) };
        let machine = machine::look(&self.data_dir).ok();
        let letters =
            self.db.read(|conn| report::letters(conn, &self.shop, &day, machine.as_ref(), now))?;
        if letters.is_empty() {
            return Ok(());
        }
        self.db.write(move |tx| report::tell(tx, &letters, now))
    }
}

/// By the file's own age, in real time. One that is gone meanwhile (a download that became its
/// video) is not old.
fn is_older(path: &Path, keep: Millis) -> Result<bool> {
    let facts = match std::fs::metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        facts => facts.with_context(|| format!("cannot look at {}", path.display()))?,
    };
    let age = facts.modified()?.elapsed().unwrap_or_default();
    Ok(age > Duration::from_millis(keep as u64))
}

fn remove(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        removed => removed.with_context(|| format!("cannot remove {}", path.display())),
    }
}

/// Telegram has them: a file_id sends them again. What it does not have grows old, but not while
/// somebody is still to send it: the wall clock may have been set, and a day is a long outage.
fn old_videos(db: &Db, videos: &Path, ends: &AtomicBool, keep: Millis) -> Result<()> {
    for entry in std::fs::read_dir(videos).context("cannot list videos/")? {
        if ends.load(Ordering::Relaxed) {
            break;
        }
        let path = entry?.path();
        // `7.mp4`, and `7.mp4.part` of a download that ended with its process.
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let Ok(id) = name.split('.').next().unwrap_or_default().parse() else { continue };
        let id = JobId(id);
        if db.read(|conn| orders::needs_no_file(conn, id))?
            || (is_older(&path, keep)? && !db.read(|conn| orders::needs_file(conn, id))?)
        {
            remove(&path)?;
        }
    }
    Ok(())
}

/// Whatever its age, a photo that a live job or an order in the making names stays.
fn old_photos(
    db: &Db,
    photos: &Path,
    ends: &AtomicBool,
    (keep, now): (Millis, Millis),
) -> Result<()> {
    let named: HashSet<PathBuf> = db.read(|conn| {
        let live = jobs::live_photos(conn)?;
        let drafts = flow::photos_since(conn, now - DRAFT_KEEPS)?;
        Ok(live.into_iter().chain(drafts).map(|name| photos.join(name)).collect())
    })?;
    for folder in std::fs::read_dir(photos).context("cannot list photos/")? {
        let folder = folder?.path();
        if ends.load(Ordering::Relaxed) {
            break;
        }
        if !folder.is_dir() {
            continue;
        }
        for photo in std::fs::read_dir(&folder)? {
            let photo = photo?.path();
            if is_older(&photo, keep)? && !named.contains(&photo) {
                remove(&photo)?;
            }
        }
        // The folder's name says whose they were; it stays where a photo does.
        let _empty_or_not = std::fs::remove_dir(&folder);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
