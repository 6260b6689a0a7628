//! The workers: a fixed pool of threads, each doing one step of one job at a time.
//!
//! One dispatcher claims what is due and hands it out, so that an idle pool costs three short reads
//! a second; a thread does at most one remote call, commits what came of it, and is free again.
//! Waiting is a due time, in the row or, for polls, in [`renders`]: a poll that changed nothing
//! writes nothing.

mod balances;
mod calls;
mod dispatch;
mod gifts;
mod questions;
mod renders;
mod steps;

use crate::alerts;
use crate::api::files::{self, Files};
use crate::api::kie::{self, Kie};
use crate::api::openai::{self, OpenAi};
use crate::clock::{Clock, MINUTE, Millis};
use crate::db::Db;
use crate::jobs;
use crate::orders::Shop;
use crate::text::Arg;
use anyhow::Result;
pub use dispatch::Gauge;
use dispatch::Pool;
use secrecy::SecretString;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

/// Uploading a photo and sending a createTask, in milliseconds of the process clock.
const CALL: Millis = MINUTE;
/// One poll.
const POLL: Millis = MINUTE / 2;
/// Fetching one video.
const FETCH: Millis = 10 * MINUTE;
/// How long a submit under way may go on after the stop, in real time.
const LAST_SUBMITS: Duration = Duration::from_secs(4);

/// Set by the configuration.
pub struct Options {
    /// Threads.
    pub threads: usize,
    /// Between two polls of a task.
    pub poll_interval: Millis,
    /// One GPT call.
    pub gpt_timeout: Millis,
    /// GPT's name at OpenAI.
    pub gpt_model: String,
    /// The provider.
    pub kie: kie::Options,
    /// The provider's keys with their fingerprints.
    pub keys: Vec<(String, SecretString)>,
    /// OpenAI, where there is a key.
    pub openai: Option<(openai::Options, SecretString)>,
    /// Where videos may be fetched from.
    pub files: files::Options,
    /// Customers' photos.
    pub photos: PathBuf,
    /// Videos until they are delivered.
    pub videos: PathBuf,
}

/// What every thread shares.
struct Desk {
    db: Db,
    shop: Arc<Shop>,
    clock: Clock,
    options: Options,
    keys: HashMap<String, SecretString>,
    kie: Kie,
    openai: Option<OpenAi>,
    files: Files,
    renders: Mutex<renders::Renders>,
    questions: Mutex<questions::Questions>,
    gifts: Mutex<gifts::Gifts>,
    /// Photos on their way to the provider: the order's other videos wait for the one upload.
    uploading: Mutex<HashSet<(String, String)>>,
    stopping: AtomicBool,
    /// Rung at the stop, for whoever pauses.
    stop_bell: Condvar,
}

impl Desk {
    fn now(&self) -> Millis {
        self.clock.now()
    }

    /// A call that the stop has cut off says nothing about its service.
    fn stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }

    /// Waits before another try of something that must not be given up; ends early at the stop.
    fn pause(&self, ms: Millis) {
        let held = self.uploading.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.stop_bell.wait_timeout(held, self.clock.real_span(ms));
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }

    fn key(&self, fingerprint: &str) -> Option<&SecretString> {
        self.keys.get(fingerprint)
    }
}

/// The running pool.
pub struct Workers {
    desk: Arc<Desk>,
    pool: Pool,
}

impl Workers {
    /// Starts the threads; what was rendering is watched again.
    pub fn start(db: Db, shop: Arc<Shop>, clock: Clock, options: Options) -> Result<Self> {
        let fingerprints = options.keys.iter().map(|(fingerprint, _)| fingerprint.clone());
        let questions = questions::Questions::of(fingerprints, clock.now());
        let desk = Desk {
            kie: Kie::new(&options.kie)?,
            openai: options.openai.as_ref().map(|(at, _)| OpenAi::new(at)).transpose()?,
            files: Files::new(&options.files)?,
            keys: options.keys.iter().cloned().collect(),
            renders: Mutex::new(renders::Renders::default()),
            questions: Mutex::new(questions),
            gifts: Mutex::default(),
            uploading: Mutex::default(),
            stopping: AtomicBool::new(false),
            stop_bell: Condvar::new(),
            db,
            shop,
            clock,
            options,
        };
        let desk = Arc::new(desk);
        let now = desk.now();
        for job in desk.db.read(jobs::rendering)? {
            let deadline = job.submitted_at.unwrap_or(now) + timeout(&desk);
            dispatch::renders(&desk).watch(&job, now, deadline);
        }
        gifts::remember(&desk, now)?;
        orphans(&desk, now)?;
        let pool = Pool::start(&desk)?;
        Ok(Self { desk, pool })
    }

    /// How busy they are.
    pub fn gauge(&self) -> Gauge {
        self.pool.gauge()
    }

    /// Ends within about four seconds: polls and downloads at once, a submit that is under way
    /// gets its answer if that comes in time. What was left is due at the next start.
    pub fn stop(self) {
        self.desk.stopping.store(true, Ordering::SeqCst);
        self.desk.stop_bell.notify_all();
        self.desk.kie.stop();
        self.desk.files.stop();
        if let Some(openai) = &self.desk.openai {
            openai.stop();
        }
        if !self.pool.stop(LAST_SUBMITS) {
            self.desk.kie.stop_submits();
            self.pool.stop(Duration::from_millis(300));
        }
        let now = self.desk.now();
        if let Err(error) = self.desk.db.write(move |tx| jobs::release_all(tx, now)) {
            tracing::error!(error = format!("{error:#}"), "could not let go of the jobs");
        }
    }
}

/// Tasks whose key left the configuration cannot be asked about: the operator can still put it back.
fn orphans(desk: &Desk, now: Millis) -> Result<()> {
    let rendering = desk.db.read(jobs::rendering)?;
    let gone: BTreeSet<String> = rendering
        .into_iter()
        .filter_map(|job| job.key)
        .filter(|key| desk.key(key).is_none())
        .collect();
    let back = desk.db.read(|conn| alerts::open(conn, "gone:"))?;
    let back: Vec<String> = back.into_iter().filter(|key| desk.key(key).is_some()).collect();
    let shop = Arc::clone(&desk.shop);
    desk.db.write(move |tx| {
        let (admins, lang) = (&shop.options.admins, shop.admin_lang(tx));
        for key in &gone {
            let html = shop.texts.say(lang, "alert-key-gone", &[("key", Arg::Str(key))]);
            alerts::raise(tx, admins, &format!("gone:{key}"), &html, now)?;
        }
        for key in &back {
            let html = shop.texts.say(lang, "alert-key-back", &[("key", Arg::Str(key))]);
            alerts::end(tx, admins, &format!("gone:{key}"), &html, now)?;
        }
        Ok(())
    })
}

fn timeout(desk: &Desk) -> Millis {
    desk.shop.options.policy.generation_timeout
}
