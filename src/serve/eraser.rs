//! The eraser: finishes what a customer's `/delete_me` began. Their rows were emptied in one commit;
//! here their files go, the database is rewritten without what is left in its unused space, the log
//! of past commits is emptied, and then they are told.
//!
//! ```text
//! departures  at = 0 ── rows emptied again ─▶ at > 0 ── files gone, log empty ─▶ erased_at, farewell
//!             erased_at ── rewritten since, and the log empty after that ─▶ no row any more
//! ```
//! What was done to the whole file ([`Done`]) is only remembered while the process lives: after a
//! death at any line it is done once more, and nothing of it does harm twice. One whose video is
//! made or whose file cannot be removed holds up nobody else; somebody who reads holds up the
//! emptying of the log, and with it all farewells, but no writer.

mod files;

use super::supervisor::Supervisor;
use crate::alerts;
use crate::backup::daily;
use crate::clock::Clock;
use crate::config::Config;
use crate::db::Db;
use crate::flow;
use crate::orders::Shop;
use crate::text::Arg;
use crate::users::departures::{self, Departure};
use anyhow::{Context as _, Result};
use files::Folders;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// A database of up to so many bytes is compacted at once: within a second. A larger one waits for
/// the night's backup, when few are awake.
const SMALL: u64 = 64 << 20;
/// Departures looked at in one go.
const BATCH: u32 = 1_000;
/// After a failure, until it is tried again; the next wait is twice as long. In real time, as all
/// below.
const REST: Duration = Duration::from_secs(1);
/// While the log is read: the longest wait.
const LOG_REST: Duration = Duration::from_secs(60);
/// While a file cannot be removed.
const FILE_REST: Duration = Duration::from_secs(600);
/// From one compaction to the next, for which all writes wait: the first wait, and the longest. It
/// doubles as long as somebody leaves, or something comes of somebody who has left: nobody has the
/// file rewritten again and again by a button.
const APART: Duration = Duration::from_secs(10);
const FAR_APART: Duration = Duration::from_secs(3_600);
/// The same from one emptying of the log to the next; everybody who leaves waits for that.
const LOG_APART: Duration = Duration::from_millis(50);
const LOG_FAR_APART: Duration = Duration::from_secs(3);
/// After a compaction that failed: mostly there is no room for it.
const AGAIN: Duration = Duration::from_secs(3_600);
/// Where nothing is to be done but at the quiet hour.
const LOOK_AROUND: Duration = Duration::from_secs(300);
/// The alert's cause.
const CAUSE: &str = "erase";

enum Word {
    Look,
    End,
}

/// One thread, which sleeps unless somebody left.
pub(super) struct Eraser {
    tell: Sender<Word>,
    /// For what takes long.
    ending: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Eraser {
    /// Whom a backup brought back is forgotten when this returns, before the bot hears of anybody.
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
        let folders = Folders {
            photos: config.data_dir.join("photos"),
            videos: config.data_dir.join("videos"),
        };
        let backups = super::settings::backups(config);
        let mut work = Work::new(db.clone(), clock.clone(), shop, folders, backups);
        work.compact = Box::new(move |db| supervisor.waits_for(|| db.compact()));
        work.again()?;
        let ending = Arc::clone(&work.ending);
        let thread = std::thread::Builder::new()
            .name("eraser".into())
            .spawn(move || {
                let mut wait = Duration::ZERO;
                while let Ok(Word::Look) | Err(RecvTimeoutError::Timeout) = heard.recv_timeout(wait)
                {
                    if work.ends() {
                        break;
                    }
                    wait = work.look().unwrap_or_else(|error| {
                        if !work.ends() {
                            let error = format!("{error:#}");
                            tracing::error!(error, "what somebody wants gone is not gone yet");
                        }
                        REST
                    });
                }
            })
            .context("cannot start the thread eraser")?;
        Ok(Self { tell, ending, thread })
    }

    /// It is to end; [`Eraser::stop`] waits for it.
    pub(super) fn end(&self) {
        self.ending.store(true, Ordering::Relaxed);
        // It has ended already only where its thread panicked.
        let _ = self.tell.send(Word::End);
    }

    pub(super) fn stop(self) {
        self.end();
        let _panicked_or_not = self.thread.join();
    }
}

/// Ids of departures: what was done to the whole file was done for all up to them.
#[derive(Default)]
struct Done {
    /// The file was rewritten.
    compacted: i64,
    /// The log was emptied.
    emptied: i64,
    /// The file was rewritten, and after that the log was emptied: the old file is nowhere.
    clean: i64,
}

/// Between two tries of what fails: longer each time.
struct Pause {
    until: Instant,
    next: Duration,
}

impl Pause {
    fn new() -> Self {
        Self { until: Instant::now(), next: REST }
    }

    fn begin(&mut self, longest: Duration) {
        self.until = Instant::now() + self.next;
        self.next = (self.next * 2).min(longest);
    }

    fn left(&self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }
}

/// Between two of what succeeds and costs something: longer each time, until for the longest wait
/// nobody wanted it.
struct Brake {
    until: Instant,
    next: Duration,
    shortest: Duration,
    longest: Duration,
}

impl Brake {
    fn new(shortest: Duration, longest: Duration) -> Self {
        Self { until: Instant::now(), next: shortest, shortest, longest }
    }

    fn begin(&mut self) {
        let now = Instant::now();
        if now.saturating_duration_since(self.until) >= self.longest {
            self.next = self.shortest;
        }
        self.until = now + self.next;
        self.next = (self.next * 2).min(self.longest);
    }

    fn left(&self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }
}

/// Rewrites the file.
type Compact = Box<dyn Fn(&Db) -> Result<()> + Send>;

struct Work {
    db: Db,
    clock: Clock,
    shop: Arc<Shop>,
    folders: Folders,
    backups: daily::Options,
    compact: Compact,
    small: u64,
    done: Done,
    compactions: Brake,
    emptyings: Brake,
    log: Pause,
    /// Departures of which a file cannot be removed.
    stuck: HashMap<i64, Pause>,
    ending: Arc<AtomicBool>,
}

impl Work {
    fn new(
        db: Db,
        clock: Clock,
        shop: Arc<Shop>,
        folders: Folders,
        backups: daily::Options,
    ) -> Self {
        Self {
            db,
            clock,
            shop,
            folders,
            backups,
            compact: Box::new(Db::compact),
            small: SMALL,
            done: Done::default(),
            compactions: Brake::new(APART, FAR_APART),
            emptyings: Brake::new(LOG_APART, LOG_FAR_APART),
            log: Pause::new(),
            stuck: HashMap::new(),
            ending: Arc::default(),
        }
    }

    fn ends(&self) -> bool {
        self.ending.load(Ordering::Relaxed)
    }

    /// Does what can be done now; returns when to look again.
    fn look(&mut self) -> Result<Duration> {
        self.again()?;
        let (open, newest) = self.open()?;
        let Some(newest) = newest else { return Ok(LOOK_AROUND) };
        let gone = self.gone(open)?;
        let due = self.compacts_in()?.is_zero();
        let rewritten = self.done.compacted > self.done.clean;
        let log = due || rewritten || gone.iter().any(|one| one.id > self.done.emptied);
        if log && !self.empties(newest, due)? {
            return Ok(self.files_wait().min(self.log_wait()));
        }
        let (shop, now, clean) = (Arc::clone(&self.shop), self.clock.now(), self.done.clean);
        self.db.write(move |tx| {
            for one in &gone {
                if departures::erased(tx, one.id, now)? {
                    flow::farewell(tx, &shop, one, now)?;
                }
            }
            departures::over(tx, clean)
        })?;
        Ok(self.files_wait().min(self.compacts_in()?))
    }

    /// Those whom a backup brought back, all of them. Whose video is made meanwhile waits for it.
    fn again(&self) -> Result<()> {
        let mut after = 0;
        loop {
            let some = self.db.read(|conn| departures::again(conn, after, BATCH))?;
            let Some(last) = some.last() else { return Ok(()) };
            after = last.id;
            for one in some {
                if self.ends() {
                    return Ok(());
                }
                let (shop, now, user) = (Arc::clone(&self.shop), self.clock.now(), one.tg_user_id);
                let done = self.db.write(move |tx| flow::leave_again(tx, &shop, &one, now));
                if let Err(error) = done {
                    let error = format!("{error:#}");
                    tracing::error!(user, error, "whom a backup brought back is not forgotten");
                }
            }
        }
    }

    /// Whose turn it is, and the newest of all. Who is stuck hides nobody.
    fn open(&mut self) -> Result<(Vec<Departure>, Option<i64>)> {
        let known: Vec<i64> = self.stuck.keys().copied().collect();
        let there = self.db.read(|conn| departures::there(conn, &known))?;
        self.stuck.retain(|id, _| there.contains(id));
        let wait = self.stuck.iter().filter(|(_, pause)| !pause.left().is_zero());
        let wait: Vec<i64> = wait.map(|(id, _)| *id).collect();
        self.db.read(|conn| Ok((departures::open(conn, &wait, BATCH)?, departures::newest(conn)?)))
    }

    /// Those whose files are gone. One whose file cannot be removed holds up nobody else.
    fn gone(&mut self, open: Vec<Departure>) -> Result<Vec<Departure>> {
        let (mut gone, mut trouble) = (Vec::new(), None);
        for one in open {
            if self.ends() {
                break;
            }
            match self.folders.clear(&self.db, &one) {
                Ok(()) => {
                    self.stuck.remove(&one.id);
                    gone.push(one);
                }
                Err(error) => {
                    let error = format!("{error:#}");
                    tracing::error!(user = one.tg_user_id, error, "files are not removed");
                    self.stuck.entry(one.id).or_insert_with(Pause::new).begin(FILE_REST);
                    trouble = Some(error);
                }
            }
        }
        if !gone.is_empty() {
            self.folders.sync()?;
        }
        self.tell(trouble)?;
        Ok(gone)
    }

    /// The operator, who alone can help.
    fn tell(&self, trouble: Option<String>) -> Result<()> {
        let over = trouble.is_none() && self.stuck.is_empty();
        if trouble.is_none() && !(over && self.db.read(|conn| alerts::is_open(conn, CAUSE))?) {
            return Ok(());
        }
        let (shop, now) = (Arc::clone(&self.shop), self.clock.now());
        self.db.write(move |tx| {
            let (admins, lang) = (&shop.options.admins, shop.admin_lang(tx));
            match &trouble {
                Some(error) => {
                    let html = shop.texts.say(lang, "alert-erase", &[("error", Arg::Str(error))]);
                    alerts::raise(tx, admins, CAUSE, &html, now)
                }
                None => {
                    let html = shop.texts.say(lang, "alert-erase-over", &[]);
                    alerts::end(tx, admins, CAUSE, &html, now)
                }
            }
        })
    }

    fn files_wait(&self) -> Duration {
        self.stuck.values().map(Pause::left).min().unwrap_or(LOOK_AROUND).min(LOOK_AROUND)
    }

    fn log_wait(&self) -> Duration {
        self.log.left().max(self.emptyings.left())
    }

    /// In how long the file is to be rewritten; not before the last time has reached the file.
    fn compacts_in(&self) -> Result<Duration> {
        let compacted = self.done.compacted;
        let since = self.db.read(|conn| departures::oldest_after(conn, compacted))?;
        let Some(since) = since.filter(|_| compacted == self.done.clean) else {
            return Ok(LOOK_AROUND);
        };
        let bytes = std::fs::metadata(self.db.path()).context("cannot look at the database")?.len();
        if bytes > self.small && !daily::was_made_since(&self.backups, since, self.clock.now()) {
            return Ok(LOOK_AROUND);
        }
        Ok(self.compactions.left().min(LOOK_AROUND))
    }

    /// Rewrites the file if that is due, and empties the log. `false`: somebody reads, or writes
    /// without end; then a compaction would only make the log longer.
    fn empties(&mut self, newest: i64, due: bool) -> Result<bool> {
        if !self.log_wait().is_zero() {
            return Ok(false);
        }
        let mut free = self.db.drain_log()?;
        if free && due {
            self.compacts(newest);
            // The whole file is in the log now: emptied at once, it would be copied while nobody may
            // write.
            free = self.db.drain_log()?;
        }
        if !free || !self.db.empty_log()? {
            self.log.begin(LOG_REST);
            return Ok(false);
        }
        self.log = Pause::new();
        self.emptyings.begin();
        self.done = Done { emptied: newest, clean: self.done.compacted, ..self.done };
        Ok(true)
    }

    /// Everybody who writes waits for it: where it fails it is not tried again and again.
    fn compacts(&mut self, newest: i64) {
        let done = (self.compact)(&self.db);
        match done {
            Ok(()) => {
                self.compactions.begin();
                self.done.compacted = newest;
            }
            Err(_) if self.ends() => {}
            Err(error) => {
                self.compactions.until = Instant::now() + AGAIN;
                let error = format!("{error:#}");
                tracing::error!(error, "the database could not be compacted: again in an hour");
            }
        }
    }
}

#[cfg(test)]
mod tests;
