//! The appliance's place: it holds the folder's lock and writes as an appliance does.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use neurocards::clock::{self, Clock, HOUR, Millis};
use neurocards::db::{Db, InstanceLock, Mode, Tx};
use neurocards::instance;

/// A few writes a second, as with a video every 200 ms.
const BEAT: Duration = Duration::from_millis(200);
/// Videos under way at once, each at another step.
const STEPS: [&str; 6] = ["script", "upload", "submit", "render", "fetch", "deliver"];

pub(crate) struct Traffic {
    stop: Option<Sender<()>>,
    over: Arc<AtomicBool>,
    cycles: Arc<AtomicU64>,
    threads: Vec<JoinHandle<()>>,
    begun: Instant,
    _lock: InstanceLock,
}

impl Traffic {
    fn new(folder: &Path) -> (Self, Db, Clock) {
        let clock = Clock::real();
        let lock = InstanceLock::take(folder).unwrap();
        let db = Db::open(folder, Mode::Demo, clock.now()).unwrap();
        let traffic = Self {
            stop: None,
            over: Arc::default(),
            cycles: Arc::default(),
            threads: Vec::new(),
            begun: Instant::now(),
            _lock: lock,
        };
        (traffic, db, clock)
    }

    /// Until it is dropped: a heartbeat, one new video a beat, and the ones before it a step on.
    pub(crate) fn gentle(folder: &Path) -> Self {
        let (mut traffic, db, clock) = Self::new(folder);
        let (stop, stopped) = channel();
        traffic.stop = Some(stop);
        let first = clock.now();
        traffic.threads.push(std::thread::spawn(move || {
            for n in 0_i64.. {
                let now = clock.now();
                db.write(move |tx| beat(tx, first, n, now)).unwrap();
                if stopped.recv_timeout(BEAT) != Err(RecvTimeoutError::Timeout) {
                    return;
                }
            }
        }));
        traffic
    }

    /// As fast as the disk lets it: each caller queues, claims and ends one video after the other.
    pub(crate) fn full(folder: &Path, callers: usize) -> Self {
        let (mut traffic, db, clock) = Self::new(folder);
        for caller in 0..callers {
            let (db, clock) = (db.clone(), clock.clone());
            let (over, cycles) = (Arc::clone(&traffic.over), Arc::clone(&traffic.cycles));
            let name = format!("bench-{}-{caller}", clock.now());
            traffic.threads.push(std::thread::spawn(move || {
                for n in 0_u64.. {
                    if over.load(Ordering::Relaxed) {
                        return;
                    }
                    cycle(&db, format!("{name}-{n}"), clock.now());
                    cycles.fetch_add(1, Ordering::Relaxed);
                }
            }));
        }
        traffic.begun = Instant::now();
        traffic
    }

    /// Cycles a second.
    pub(crate) fn stops_after(self, time: Duration) -> f64 {
        let (_nobody, never) = channel::<()>();
        let _passed = never.recv_timeout(time.saturating_sub(self.begun.elapsed()));
        let cycles = self.cycles.load(Ordering::Relaxed);
        cycles as f64 / self.begun.elapsed().as_secs_f64()
    }
}

impl Drop for Traffic {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        drop(self.stop.take());
        for thread in self.threads.drain(..) {
            let _its_panic_was_printed = thread.join();
        }
    }
}

fn beat(tx: &Tx<'_>, first: Millis, n: i64, now: Millis) -> anyhow::Result<()> {
    instance::beat(tx, (STEPS.len(), 20), clock::wall(), now)?;
    insert(tx, &format!("bench-{first}-{n}"), now)?;
    for (step, back) in STEPS.into_iter().zip(0..).skip(1) {
        let key = format!("bench-{first}-{}", n - back);
        tx.prepare_cached(
            "UPDATE jobs
             SET step = ?2, status = 'processing', step_since = ?3, started_at = ?3,
                 lease = lease + 1
             WHERE idempotency_key = ?1",
        )?
        .execute((&key, step, now))?;
        note(tx, &key, step, "moved", now)?;
    }
    end(tx, &format!("bench-{first}-{}", n - STEPS.len() as i64), now)
}

/// Three commits, each on disk before the next one begins.
fn cycle(db: &Db, key: String, now: Millis) {
    let (queued, claimed, ended) = (key.clone(), key.clone(), key);
    db.write(move |tx| insert(tx, &queued, now)).unwrap();
    db.write(move |tx| {
        tx.prepare_cached(
            "UPDATE jobs
             SET lease = lease + 1, leased_at = ?2, status = 'processing', started_at = ?2,
                 step_since = ?2
             WHERE idempotency_key = ?1",
        )?
        .execute((&claimed, now))?;
        note(tx, &claimed, "script", "claimed", now)
    })
    .unwrap();
    db.write(move |tx| end(tx, &ended, now)).unwrap();
}

/// As by hand: it belongs to no order and holds nothing.
fn insert(tx: &Tx<'_>, key: &str, now: Millis) -> anyhow::Result<()> {
    tx.prepare_cached(
        "INSERT INTO jobs (user_id, tg_user_id, idempotency_key, template_id, input_photo_path,
                           product_info, due_at, created_at)
         SELECT id, tg_user_id, ?1, 'ugc', 'bench.jpg', '{\"text\": \"Термокружка\"}', ?2, ?3
         FROM users
         WHERE id = 1",
    )?
    .execute((key, now + HOUR, now))?;
    Ok(())
}

fn note(tx: &Tx<'_>, key: &str, step: &str, what: &str, now: Millis) -> anyhow::Result<()> {
    tx.prepare_cached(
        "INSERT INTO events (job_id, at, step, what, duration_ms)
         SELECT id, ?4, ?2, ?3, 12
         FROM jobs
         WHERE idempotency_key = ?1",
    )?
    .execute((key, step, what, now))?;
    Ok(())
}

fn end(tx: &Tx<'_>, key: &str, now: Millis) -> anyhow::Result<()> {
    tx.prepare_cached(
        "UPDATE jobs
         SET status = 'done', step = 'deliver', leased_at = NULL, finished_at = ?2
         WHERE idempotency_key = ?1",
    )?
    .execute((key, now))?;
    Ok(())
}
