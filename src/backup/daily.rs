//! The daily backup: once per day by the files that are there, so that a start makes up for one
//! that was missed and repeats none.

use super::make;
use crate::alerts;
use crate::clock::{Clock, HOUR, MINUTE, Millis};
use crate::db::{Db, Phase, Watch};
use crate::orders::Shop;
use crate::text::Arg;
use anyhow::{Context as _, Result};
use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// The alert's cause.
const CAUSE: &str = "backup";
/// After a failure, on the process clock.
const AGAIN: Millis = HOUR;
/// A wait is never shorter, so that no clock makes it a busy loop, in real time.
const SHORTEST: Duration = Duration::from_millis(50);

/// Set by the configuration.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where they go.
    pub folder: PathBuf,
    /// When.
    pub at: Time,
    /// In this time zone.
    pub zone: TimeZone,
    /// How many stay.
    pub keep: u32,
}

/// The thread that makes them.
pub struct Daily {
    end: Sender<()>,
    stopping: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Daily {
    /// Begins to keep watch.
    pub fn start(db: &Db, shop: Arc<Shop>, clock: Clock, options: Options) -> Result<Self> {
        let (end, ended) = channel();
        let stopping = Arc::new(AtomicBool::new(false));
        let work = Work { db: db.clone(), shop, clock, options, stopping: Arc::clone(&stopping) };
        let thread = std::thread::Builder::new()
            .name("backups".into())
            .spawn(move || work.run(&ended))
            .context("cannot start the thread of the backups")?;
        Ok(Self { end, stopping, thread })
    }

    /// Ends within moments: a backup that is under way is given up and made at the next start.
    pub fn stop(self) {
        self.stopping.store(true, Ordering::Relaxed);
        drop(self.end);
        let _panicked_or_not = self.thread.join();
    }
}

struct Work {
    db: Db,
    shop: Arc<Shop>,
    clock: Clock,
    options: Options,
    stopping: Arc<AtomicBool>,
}

impl Work {
    fn run(&self, ended: &Receiver<()>) {
        let mut wait = Duration::ZERO;
        while let Err(RecvTimeoutError::Timeout) = ended.recv_timeout(wait) {
            let next = self.look();
            let left = self.clock.real_span(next - self.clock.now());
            wait = left.clamp(SHORTEST, Duration::from_millis(MINUTE as u64));
        }
    }

    /// Makes the backup of the day if it is not there. Returns when to look again.
    fn look(&self) -> Millis {
        let now = self.clock.now();
        let Options { folder, at, zone, keep } = &self.options;
        let Ok(slot) = slot(now, *at, zone) else { return now + AGAIN };
        let file = folder.join(name(slot.date));
        if file.exists() {
            return slot.next;
        }
        let made = self.make(&file).and_then(|()| prune(folder, slot.date, *keep));
        if self.stopping.load(Ordering::Relaxed) {
            return slot.next;
        }
        let next = if made.is_ok() { slot.next } else { self.clock.now() + AGAIN };
        if let Err(error) = self.tell(made) {
            tracing::error!(error = format!("{error:#}"), "no word of the backup could be left");
        }
        next
    }

    fn make(&self, file: &Path) -> Result<()> {
        let begun = self.clock.now();
        let stopping = Arc::clone(&self.stopping);
        let watch: Watch = Arc::new(move |_: Phase| stopping.load(Ordering::Relaxed));
        let made = make(self.db.path(), file, false, &watch)?;
        let duration_ms = self.clock.now() - begun;
        tracing::info!(file = %file.display(), bytes = made.bytes, duration_ms, "backup made");
        Ok(())
    }

    fn tell(&self, made: Result<()>) -> Result<()> {
        let (shop, now) = (Arc::clone(&self.shop), self.clock.now());
        let failed = made.err().map(|error| format!("{error:#}"));
        if let Some(error) = &failed {
            tracing::error!(error, "the daily backup failed");
        }
        self.db.write(move |tx| {
            let (admins, lang) = (&shop.options.admins, shop.admin_lang(tx));
            match &failed {
                Some(error) => {
                    let args = [("error", Arg::Str(error))];
                    let html = shop.texts.say(lang, "alert-backup", &args);
                    alerts::raise(tx, admins, CAUSE, &html, now)
                }
                None => {
                    let html = shop.texts.say(lang, "alert-backup-over", &[]);
                    alerts::end(tx, admins, CAUSE, &html, now)
                }
            }
        })
    }
}

/// Whether the hour of the backups came after `since` and its backup is made; one that could not be
/// made for an hour is not waited for.
pub fn was_made_since(options: &Options, since: Millis, now: Millis) -> bool {
    let Ok(slot) = slot(now, options.at, &options.zone) else { return false };
    let made = || options.folder.join(name(slot.date)).exists();
    slot.turn >= since && (now - slot.turn >= AGAIN || made())
}

/// A day's turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Slot {
    /// Of the last time that the hour came.
    date: Date,
    /// When that was.
    turn: Millis,
    /// When it comes again.
    next: Millis,
}

fn slot(now: Millis, at: Time, zone: &TimeZone) -> Result<Slot> {
    let today = Timestamp::from_millisecond(now)?.to_zoned(zone.clone()).date();
    let moment = |date: Date| -> Result<Millis> {
        Ok(date.to_datetime(at).to_zoned(zone.clone())?.timestamp().as_millisecond())
    };
    let turn = moment(today)?;
    Ok(if turn <= now {
        Slot { date: today, turn, next: moment(today.tomorrow()?)? }
    } else {
        let date = today.yesterday()?;
        Slot { date, turn: moment(date)?, next: turn }
    })
}

fn name(date: Date) -> String {
    format!("neurocards-{date}.db")
}

fn date_of(name: &str) -> Option<Date> {
    name.strip_prefix("neurocards-")?.strip_suffix(".db")?.parse().ok()
}

/// Keeps the newest, and today's whatever the clock did before; files of other names are somebody
/// else's.
fn prune(folder: &Path, today: Date, keep: u32) -> Result<()> {
    let mut dates = Vec::new();
    for entry in std::fs::read_dir(folder).context("cannot list backups/")? {
        let name = entry?.file_name();
        let name = name.to_string_lossy();
        dates.extend(date_of(&name));
        // Of a backup that was killed on an earlier day.
        if name.strip_suffix(".part").and_then(date_of).is_some_and(|date| date != today) {
            std::fs::remove_file(folder.join(&*name)).context("cannot remove what was killed")?;
        }
    }
    dates.sort_unstable();
    let old = dates.len().saturating_sub(keep as usize);
    for date in dates.iter().take(old).filter(|date| **date != today) {
        std::fs::remove_file(folder.join(name(*date))).context("cannot remove an old backup")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Millis {
        text.parse::<Timestamp>().unwrap().as_millisecond()
    }

    #[test]
    fn a_day_begins_at_its_hour_in_its_zone() {
        let zone = TimeZone::get("Europe/Moscow").unwrap();
        let half_past_four = Time::constant(4, 30, 0, 0);
        for (now, date, next) in [
            ("2026-11-21T01:29:59Z", "2026-11-20", "2026-11-21T01:30:00Z"),
            ("2026-11-21T01:30:00Z", "2026-11-21", "2026-11-22T01:30:00Z"),
            ("2026-11-21T20:00:00Z", "2026-11-21", "2026-11-22T01:30:00Z"),
            ("2026-11-21T22:00:00Z", "2026-11-21", "2026-11-22T01:30:00Z"),
        ] {
            let slot = slot(at(now), half_past_four, &zone).unwrap();
            assert_eq!((slot.date.to_string().as_str(), slot.next), (date, at(next)), "{now}");
        }
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        let gap = slot(at("2026-03-29T12:00:00Z"), Time::constant(2, 30, 0, 0), &berlin).unwrap();
        assert_eq!(gap.date.to_string(), "2026-03-29", "an hour that the clocks skip comes, too");
    }

    #[test]
    fn a_backup_of_the_night_is_waited_for_for_an_hour() {
        let folder = tempfile::tempdir().unwrap();
        let options = Options {
            folder: folder.path().to_owned(),
            at: Time::constant(4, 30, 0, 0),
            zone: TimeZone::UTC,
            keep: 7,
        };
        let made = |since: &str, now: &str| was_made_since(&options, at(since), at(now));
        let evening = "2026-11-20T20:00:00Z";
        assert!(!made(evening, "2026-11-21T04:29:59Z"), "the hour has not come");
        assert!(!made(evening, "2026-11-21T04:45:00Z"), "it is being made");
        assert!(made(evening, "2026-11-21T05:30:00Z"), "nobody knows when it will be");
        std::fs::write(folder.path().join("neurocards-2026-11-21.db"), "").unwrap();
        assert!(made(evening, "2026-11-21T04:45:00Z"));
        assert!(made(evening, "2026-11-22T03:00:00Z"), "after a night in which nothing ran");
        assert!(!made("2026-11-21T04:31:00Z", "2026-11-21T23:00:00Z"), "it is of the next night");
    }

    #[test]
    fn the_newest_stay_and_foreign_files_are_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str| std::fs::write(folder.path().join(name), "").unwrap();
        for day in 10..=15 {
            write(&format!("neurocards-2026-11-{day}.db"));
        }
        for name in ["mine.db", "neurocards-x.db", "neurocards-2026-11-10.db.bak"] {
            write(name);
        }
        write("neurocards-2026-11-14.db.part");
        prune(folder.path(), "2026-11-12".parse().unwrap(), 2).unwrap();
        let mut left: Vec<_> = std::fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        left.sort();
        assert_eq!(
            left,
            [
                "mine.db",
                "neurocards-2026-11-10.db.bak",
                "neurocards-2026-11-12.db",
                "neurocards-2026-11-14.db",
                "neurocards-2026-11-15.db",
                "neurocards-x.db",
            ]
        );
    }
}
