//! The housekeeper: the heartbeat, the proof that this start lived, and what has had its time.

use crate::clock::{Clock, DAY, HOUR, Millis};
use crate::config::Config;
use crate::db::{Db, JobId};
use crate::inbox;
use crate::outbox;
use anyhow::{Context as _, Result};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// Between two heartbeats, in real time: the console says from them whether the appliance lives.
const HEARTBEAT: Duration = Duration::from_secs(10);
/// A start that lived this long did not die young.
const YOUNG: Duration = Duration::from_secs(30);
/// Telegram repeats an update for a day at most.
const UPDATES_KEEP: Millis = 2 * DAY;
const MESSAGES_KEEP: Millis = 30 * DAY;
/// Rows deleted in one transaction.
const BATCH: u32 = 500;

pub(super) struct Keeper {
    end: Sender<()>,
    thread: Option<JoinHandle<()>>,
}

impl Keeper {
    pub(super) fn start(db: &Db, clock: &Clock, config: &Config) -> Result<Self> {
        let (end, ended) = channel();
        let alive = Arc::new(AtomicBool::new(false));
        // A step that left its line, or an answer to a customer: this start is good for something.
        let proof = Arc::clone(&alive);
        db.watch(&["events", "outbox"], Arc::new(move || proof.store(true, Ordering::SeqCst)));
        let work = Work {
            db: db.clone(),
            clock: clock.clone(),
            videos: config.data_dir.join("videos"),
            photos: config.data_dir.join("photos"),
            photos_keep: config.limits.photos_keep,
            alive,
        };
        let thread = std::thread::Builder::new()
            .name("keeper".into())
            .spawn(move || {
                let mut beats = 0_u32;
                // The first beats are short: a start that serves is soon known to have lived.
                let beat =
                    |beats: u32| if beats < 20 { Duration::from_millis(250) } else { HEARTBEAT };
                while let Err(RecvTimeoutError::Timeout) = ended.recv_timeout(beat(beats)) {
                    beats = beats.saturating_add(1);
                    if let Err(error) = work.beat(beats) {
                        tracing::error!(error = format!("{error:#}"), "housekeeping failed");
                    }
                }
            })
            .context("cannot start the housekeeper")?;
        Ok(Self { end, thread: Some(thread) })
    }

    /// An orderly stop is no early death.
    pub(super) fn stop(mut self, db: &Db) {
        drop(self.end);
        if let Some(thread) = self.thread.take() {
            let _panicked_or_not = thread.join();
        }
        let end = db.write(|tx| {
            tx.execute("UPDATE instance SET early_deaths = 0, heartbeat_at = NULL", [])?;
            Ok(())
        });
        if let Err(error) = end {
            tracing::error!(error = format!("{error:#}"), "the orderly stop was not recorded");
        }
    }
}

struct Work {
    db: Db,
    clock: Clock,
    videos: PathBuf,
    photos: PathBuf,
    photos_keep: Millis,
    alive: Arc<AtomicBool>,
}

impl Work {
    fn beat(&self, beats: u32) -> Result<()> {
        let old = beats > 20 + YOUNG.as_secs() as u32 / HEARTBEAT.as_secs() as u32;
        let lived = old || self.alive.swap(false, Ordering::SeqCst);
        if lived && beats <= 24 {
            self.db.write(|tx| {
                let sql = "UPDATE instance SET early_deaths = 0 WHERE early_deaths <> 0";
                Ok(tx.execute(sql, []).map(drop)?)
            })?;
        }
        if beats < 20 {
            return Ok(());
        }
        let now = self.clock.now();
        self.db.write(move |tx| {
            Ok(tx.execute("UPDATE instance SET heartbeat_at = ?1", [now]).map(drop)?)
        })?;
        self.delivered_videos()?;
        if beats % 30 == 20 {
            self.prune(now)?;
        }
        Ok(())
    }

    /// Telegram has them: a file_id sends them again.
    fn delivered_videos(&self) -> Result<()> {
        for entry in std::fs::read_dir(&self.videos).context("cannot list videos/")? {
            let path = entry?.path();
            let Some(id) = path.file_stem().and_then(|stem| stem.to_str()?.parse().ok()) else {
                continue;
            };
            if self.db.read(|conn| gone(conn, JobId(id)))? {
                std::fs::remove_file(&path)
                    .with_context(|| format!("cannot remove {}", path.display()))?;
            }
        }
        Ok(())
    }

    fn prune(&self, now: Millis) -> Result<()> {
        self.db.write(move |tx| {
            inbox::prune(tx, now - UPDATES_KEEP, BATCH)?;
            outbox::prune(tx, now - MESSAGES_KEEP, BATCH)?;
            Ok(())
        })?;
        old_photos(&self.photos, self.photos_keep.max(HOUR))
    }
}

/// The job of a video file has ended, and Telegram can send the video without the file.
fn gone(conn: &rusqlite::Connection, job: JobId) -> Result<bool> {
    Ok(conn
        .prepare_cached(
            "SELECT 1
             FROM jobs
             WHERE id = ?1
               AND (status IN ('failed', 'canceled')
                    OR (status = 'done' AND tg_file_id IS NOT NULL))",
        )?
        .exists([job])?)
}

/// By the files' own age, in real time: a photo that an open order needs is far younger.
fn old_photos(photos: &Path, keep: Millis) -> Result<()> {
    for folder in std::fs::read_dir(photos).context("cannot list photos/")? {
        let folder = folder?.path();
        if !folder.is_dir() {
            continue;
        }
        for photo in std::fs::read_dir(&folder)? {
            let photo = photo?;
            let age = photo.metadata()?.modified()?.elapsed().unwrap_or_default();
            if age > Duration::from_millis(keep as u64) {
                std::fs::remove_file(photo.path()).context("cannot remove an old photo")?;
            }
        }
    }
    Ok(())
}
