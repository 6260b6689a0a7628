//! The housekeeper: the heartbeat, the proof that this start lived, and what has had its time.

use crate::clock::{Clock, DAY, HOUR, Millis};
use crate::config::Config;
use crate::db::{Db, JobId};
use crate::inbox;
use crate::outbox;
use anyhow::{Context as _, Result};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// Between two heartbeats, in real time: the console says from them whether the appliance lives.
const HEARTBEAT: Duration = Duration::from_secs(10);
/// Short beats after a start.
const QUICK_BEATS: u32 = 20;
/// 5 s of short beats and three long ones: a start that lived 30 s did not die young.
const GROWN_UP: u32 = QUICK_BEATS + 3;
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
        let work = Work {
            db: db.clone(),
            clock: clock.clone(),
            videos: config.data_dir.join("videos"),
            photos: config.data_dir.join("photos"),
            photos_keep: config.limits.photos_keep,
        };
        let thread = std::thread::Builder::new()
            .name("keeper".into())
            .spawn(move || {
                let mut beats = 0_u32;
                while let Err(RecvTimeoutError::Timeout) = ended.recv_timeout(pause_before(beats)) {
                    beats = beats.saturating_add(1);
                    if let Err(error) = work.beat(beats) {
                        tracing::error!(error = format!("{error:#}"), "housekeeping failed");
                    }
                }
            })
            .context("cannot start the housekeeper")?;
        Ok(Self { end, thread: Some(thread) })
    }

    /// An orderly stop is no early death; one after a failure is left as it was counted.
    pub(super) fn stop(mut self, db: &Db, orderly: bool) {
        drop(self.end);
        if let Some(thread) = self.thread.take() {
            let _panicked_or_not = thread.join();
        }
        if !orderly {
            return;
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

/// The first beats are short: a start that serves is soon known to have lived.
fn pause_before(beats: u32) -> Duration {
    if beats < QUICK_BEATS { Duration::from_millis(250) } else { HEARTBEAT }
}

struct Work {
    db: Db,
    clock: Clock,
    videos: PathBuf,
    photos: PathBuf,
    photos_keep: Millis,
}

impl Work {
    fn beat(&self, beats: u32) -> Result<()> {
        let now = self.clock.now();
        self.db.write(move |tx| {
            let (young, beat): (bool, Option<Millis>) =
                tx.query_row("SELECT early_deaths > 0, heartbeat_at FROM instance", [], |row| {
                    Ok((row.get(0)?, row.get(1)?))
                })?;
            if young && (beats > GROWN_UP || has_served(tx)?) {
                tx.execute("UPDATE instance SET early_deaths = 0", [])?;
            }
            if beats >= QUICK_BEATS || beat.is_none() {
                tx.execute("UPDATE instance SET heartbeat_at = ?1", [now])?;
            }
            Ok(())
        })?;
        if beats < QUICK_BEATS {
            return Ok(());
        }
        self.delivered_videos()?;
        if beats % 30 == QUICK_BEATS {
            self.prune(now)?;
        }
        if beats % 360 == QUICK_BEATS {
            old_files(&self.photos, self.photos_keep.max(HOUR))?;
        }
        Ok(())
    }

    /// Telegram has them: a file_id sends them again.
    fn delivered_videos(&self) -> Result<()> {
        for entry in std::fs::read_dir(&self.videos).context("cannot list videos/")? {
            let path = entry?.path();
            // `7.mp4`, and `7.mp4.part` of a download that ended with its process.
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let Ok(id) = name.split('.').next().unwrap_or_default().parse() else { continue };
            let done = self.db.read(|conn| gone(conn, JobId(id)))?;
            if done || age(&path)? > Duration::from_millis(self.photos_keep.max(HOUR) as u64) {
                std::fs::remove_file(&path)
                    .with_context(|| format!("cannot remove {}", path.display()))?;
            }
        }
        Ok(())
    }

    /// In small transactions, until nothing old is left.
    fn prune(&self, now: Millis) -> Result<()> {
        loop {
            let pruned = self.db.write(move |tx| {
                Ok(inbox::prune(tx, now - UPDATES_KEEP, BATCH)?
                    + outbox::prune(tx, now - MESSAGES_KEEP, BATCH)?)
            })?;
            if pruned < BATCH as usize {
                return Ok(());
            }
        }
    }
}

/// This start was good for something: a customer was answered, or a step was finished.
fn has_served(conn: &rusqlite::Connection) -> Result<bool> {
    Ok(conn.query_row(
        "SELECT EXISTS (SELECT 1
                        FROM inbox, instance
                        WHERE handled_at > started_at
                          AND inbox.error IS NULL)
             OR EXISTS (SELECT 1
                        FROM (SELECT at, what FROM events ORDER BY id DESC LIMIT 50), instance
                        WHERE at > started_at
                          AND what NOT IN ('trouble', 'failed'))",
        [],
        |row| row.get(0),
    )?)
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

fn age(path: &Path) -> Result<Duration> {
    Ok(std::fs::metadata(path)?.modified()?.elapsed().unwrap_or_default())
}

/// By the files' own age, in real time: a photo that an open order needs is far younger.
fn old_files(photos: &Path, keep: Millis) -> Result<()> {
    for folder in std::fs::read_dir(photos).context("cannot list photos/")? {
        let folder = folder?.path();
        if !folder.is_dir() {
            continue;
        }
        for photo in std::fs::read_dir(&folder)? {
            let photo = photo?.path();
            if age(&photo)? > Duration::from_millis(keep as u64) {
                std::fs::remove_file(photo).context("cannot remove an old photo")?;
            }
        }
    }
    Ok(())
}
