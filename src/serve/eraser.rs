//! The eraser: finishes what a customer's `/delete_me` began. Their rows were emptied in one commit;
//! here their files go, the database is rewritten without what is left in its unused space, the log
//! of past commits is emptied, and then they are told. Whatever is cut off begins again at the next
//! start, and nothing of it does harm twice.

use super::supervisor::Supervisor;
use crate::clock::{self, Clock, Millis};
use crate::config::Config;
use crate::db::Db;
use crate::flow;
use crate::jobs;
use crate::orders::Shop;
use crate::users::departures::{self, Departure};
use anyhow::{Context as _, Result};
use jiff::civil::Time;
use jiff::tz::TimeZone;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// A database of up to so many bytes is compacted at once: within a second. A larger one waits for
/// the hour of the backup, when few are awake.
const SMALL: u64 = 64 << 20;
/// Departures looked at in one go.
const BATCH: u32 = 1_000;
/// After a failure, and while the log is read: until it is tried again, in real time.
const REST: Duration = Duration::from_secs(1);
/// After a compaction that failed: mostly there is no room for it.
const AGAIN: Duration = Duration::from_secs(3_600);
/// Where nothing is to be done but at the quiet hour.
const LOOK_AROUND: Duration = Duration::from_secs(300);

enum Word {
    Look,
    End,
}

/// One thread, which sleeps unless somebody left.
pub(super) struct Eraser {
    tell: Sender<Word>,
    thread: JoinHandle<()>,
}

impl Eraser {
    pub(super) fn start(
        db: &Db,
        clock: &Clock,
        config: &Config,
        shop: Arc<Shop>,
        supervisor: Arc<Supervisor>,
    ) -> Result<Self> {
        let (tell, heard) = channel();
        let bell = tell.clone();
        // Nobody listens only when the appliance is ending anyway.
        db.watch(&["departures"], Arc::new(move || drop(bell.send(Word::Look))));
        let work = Work {
            db: db.clone(),
            clock: clock.clone(),
            shop,
            photos: config.data_dir.join("photos"),
            videos: config.data_dir.join("videos"),
            quiet: config.backup.at,
            zone: config.report.timezone.clone(),
            supervisor,
        };
        let thread = std::thread::Builder::new()
            .name("eraser".into())
            .spawn(move || {
                let mut wait = Duration::ZERO;
                while let Ok(Word::Look) | Err(RecvTimeoutError::Timeout) = heard.recv_timeout(wait)
                {
                    wait = work.look().unwrap_or_else(|error| {
                        let error = format!("{error:#}");
                        tracing::error!(error, "what somebody wants gone is not gone yet");
                        REST
                    });
                }
            })
            .context("cannot start the thread eraser")?;
        Ok(Self { tell, thread })
    }

    pub(super) fn stop(self) {
        // It has ended already only where its thread panicked.
        let _ = self.tell.send(Word::End);
        let _panicked_or_not = self.thread.join();
    }
}

struct Work {
    db: Db,
    clock: Clock,
    shop: Arc<Shop>,
    photos: PathBuf,
    videos: PathBuf,
    quiet: Time,
    zone: TimeZone,
    supervisor: Arc<Supervisor>,
}

impl Work {
    /// Does what can be done now; returns when to look again.
    fn look(&self) -> Result<Duration> {
        let open = self.db.read(|conn| departures::open(conn, BATCH))?;
        let (again, open): (Vec<_>, Vec<_>) = open.into_iter().partition(|one| one.at == 0);
        if !again.is_empty() {
            return self.again(again);
        }
        let Some(oldest) = open.iter().map(|one| one.at).min() else { return Ok(LOOK_AROUND) };
        for one in open.iter().filter(|one| !one.erased) {
            self.files(one)?;
        }
        let due = self.is_small()? || self.is_quiet(oldest);
        let compacted = due && self.compact();
        if !compacted && open.iter().all(|one| one.erased) {
            return Ok(if due { AGAIN } else { LOOK_AROUND });
        }
        if !self.db.empty_log()? {
            return Ok(REST);
        }
        let (shop, now) = (Arc::clone(&self.shop), self.clock.now());
        self.db.write(move |tx| {
            for one in &open {
                if departures::erased(tx, one, now)? {
                    flow::farewell(tx, &shop, one.tg_user_id, one.lang, now)?;
                }
                if compacted {
                    departures::over(tx, one)?;
                }
            }
            Ok(())
        })?;
        Ok(Duration::ZERO)
    }

    /// Those whom a backup brought back.
    fn again(&self, again: Vec<Departure>) -> Result<Duration> {
        let mut wait = Duration::ZERO;
        for one in again {
            let (shop, now) = (Arc::clone(&self.shop), self.clock.now());
            if !self.db.write(move |tx| flow::leave_again(tx, &shop, &one, now))? {
                wait = LOOK_AROUND;
            }
        }
        Ok(wait)
    }

    /// Everybody who writes waits for it: where it fails it is not tried again and again. `false`: it
    /// failed.
    fn compact(&self) -> bool {
        let done = self.supervisor.waits_for(|| self.db.compact());
        if let Err(error) = &done {
            let error = format!("{error:#}");
            tracing::error!(error, "the database could not be compacted: trying again in an hour");
        }
        done.is_ok()
    }

    /// A second is enough for it.
    fn is_small(&self) -> Result<bool> {
        let bytes = std::fs::metadata(self.db.path()).context("cannot look at the database")?.len();
        Ok(bytes <= SMALL)
    }

    /// The backup's hour has come since.
    fn is_quiet(&self, since: Millis) -> bool {
        let now = self.clock.now();
        let hour = Millis::from(self.quiet.hour()) * clock::HOUR
            + Millis::from(self.quiet.minute()) * clock::MINUTE;
        let quiet = clock::midnight(now, &self.zone) + hour;
        (since..=now).contains(&quiet)
    }

    /// Their photos, and what is left of their videos.
    fn files(&self, one: &Departure) -> Result<()> {
        let folder = self.photos.join(one.tg_user_id.to_string());
        match std::fs::read_dir(&folder) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            found => {
                for photo in found.with_context(|| format!("cannot list {}", folder.display()))? {
                    let photo = photo?.path();
                    if !is_later(&photo, one.update_id) {
                        remove(&photo)?;
                    }
                }
                // It stays where somebody came back and sent another.
                if std::fs::remove_dir(&folder).is_ok() {
                    sync(&self.photos)?;
                } else {
                    sync(&folder)?;
                }
            }
        }
        for job in self.db.read(|conn| jobs::ended_of(conn, one.user, one.at))? {
            remove(&self.videos.join(format!("{job}.mp4")))?;
            remove(&self.videos.join(format!("{job}.mp4.part")))?;
        }
        sync(&self.videos)
    }
}

/// `photos/42/1007.jpg`: the update that brought it.
fn is_later(photo: &Path, update_id: i64) -> bool {
    let stem = photo.file_stem().and_then(|stem| stem.to_str());
    stem.and_then(|stem| stem.parse::<i64>().ok()).is_some_and(|id| id > update_id)
}

fn remove(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        removed => removed.with_context(|| format!("cannot remove {}", path.display())),
    }
}

fn sync(folder: &Path) -> Result<()> {
    let synced = std::fs::File::open(folder).and_then(|folder| folder.sync_all());
    synced.with_context(|| format!("cannot sync {}", folder.display()))
}
