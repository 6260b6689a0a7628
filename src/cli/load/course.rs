//! What all scenarios share: the knobs, the progress, the full databases, what came out so far.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use super::super::args::DemoArgs;
use super::super::demo::fill;
use super::super::screen;
use super::report::Row;
use crate::clock::{Clock, Spec};
use crate::db::FILE_NAME;

/// How often a wait looks for the wish to end.
const GLANCE: Duration = Duration::from_millis(100);

pub(super) struct Course<'a> {
    pub(super) args: &'a DemoArgs,
    /// Everything that it writes; thrown away at the end.
    pub(super) root: PathBuf,
    pub(super) figures: Vec<Row>,
    pub(super) broken: Vec<String>,
    stop: Arc<AtomicBool>,
    begun: Instant,
    folders: u32,
    still: (Mutex<()>, Condvar),
}

impl<'a> Course<'a> {
    pub(super) fn begin(args: &'a DemoArgs, stop: Arc<AtomicBool>) -> Result<Self> {
        // Figures are of its clock: a slow one would make everything look fast.
        if args.speed.is_some_and(|speed| speed < 1.0) {
            bail!("time cannot be slowed down where it is measured: --speed 1 or more");
        }
        let root = std::env::temp_dir().join(format!("neurocards-load-{}", std::process::id()));
        private_folder(&root)?;
        Ok(Self {
            args,
            root,
            figures: Vec::new(),
            broken: Vec::new(),
            stop,
            begun: Instant::now(),
            folders: 0,
            still: Default::default(),
        })
    }

    /// How fast time passes. It is never quite the real time, so that a folder of a load run is a
    /// demo's for ever.
    pub(super) fn clock(&self) -> Clock {
        let rate = self.args.speed.unwrap_or(1.0);
        Clock::new(Spec { rate, anchor: Clock::real().now(), offset: 1 })
    }

    pub(super) fn minutes(&self, usual: f64) -> Duration {
        Duration::from_secs_f64(60.0 * self.args.load.minutes.unwrap_or(usual))
    }

    pub(super) fn videos(&self, usual: u32) -> u32 {
        self.args.load.videos.unwrap_or(usual)
    }

    pub(super) fn threads(&self, usual: u32) -> u32 {
        self.args.load.threads.unwrap_or(usual)
    }

    /// Bytes of a large video.
    pub(super) fn video_size(&self) -> usize {
        (self.args.load.video_size as usize) << 20
    }

    /// A line of progress.
    pub(super) fn says(&self, line: &str) {
        // Who stopped reading still gets the exit code.
        let _ = screen::print(&format!("{:>6.0} s  {line}\n", self.begun.elapsed().as_secs_f64()));
    }

    pub(super) fn found(&mut self, row: Row) {
        self.figures.push(row);
    }

    /// Somebody wants it to end.
    pub(super) fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::SeqCst)
    }

    /// Lets so much real time pass.
    pub(super) fn pause(&self, span: Duration) -> Result<()> {
        let until = Instant::now() + span;
        loop {
            if self.is_stopped() {
                bail!("interrupted");
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            let held = self.still.0.lock().unwrap_or_else(PoisonError::into_inner);
            drop(self.still.1.wait_timeout(held, left.min(GLANCE)));
        }
    }

    /// Looks now and then until something is found.
    pub(super) fn waits_for<T>(
        &self,
        what: &str,
        at_most: Duration,
        mut look: impl FnMut() -> Result<Option<T>>,
    ) -> Result<T> {
        let until = Instant::now() + at_most;
        loop {
            if let Some(found) = look()? {
                return Ok(found);
            }
            if Instant::now() >= until {
                bail!("{what}: not within {} s", at_most.as_secs());
            }
            self.pause(GLANCE)?;
        }
    }

    /// A new folder for one appliance.
    pub(super) fn folder(&mut self) -> Result<PathBuf> {
        self.folders += 1;
        let folder = self.root.join(self.folders.to_string());
        private_folder(&folder)?;
        Ok(folder)
    }

    /// A data folder with so many customers and ended jobs, to be copied.
    pub(super) fn filled(&self, users: u32, jobs: u32) -> Result<PathBuf> {
        let shelf = self.args.load.filled.clone().unwrap_or_else(|| self.root.join("filled"));
        let folder = shelf.join(format!("{users}-{jobs}"));
        if !folder.join(FILE_NAME).exists() {
            self.says(&format!("makes a database of {users} customers and {jobs} ended jobs"));
            private_folder(&folder)?;
            let begun = Instant::now();
            if let Err(error) = fill::quiet(&folder, users, jobs, Clock::real().now()) {
                // Half a database would be taken for a whole one the next time.
                let _ = std::fs::remove_dir_all(&folder);
                return Err(error);
            }
            self.says(&format!("made in {:.0} s", begun.elapsed().as_secs_f64()));
        }
        let log = folder.join(format!("{FILE_NAME}-wal"));
        self.waits_for("a database at rest", Duration::from_secs(60), || {
            Ok((!log.exists()).then_some(()))
        })?;
        Ok(folder)
    }
}

impl Drop for Course<'_> {
    fn drop(&mut self) {
        // What stays lies where temporary things lie.
        let _ = std::fs::remove_dir_all(&self.root);
    }
}

/// Its owner's alone, with all that leads to it.
pub(super) fn private_folder(path: &Path) -> Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .with_context(|| format!("cannot make the folder {}", path.display()))
}

/// The value below which this share of them lies. Of none it is no number, which meets no goal.
pub(super) fn percentile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = (sorted.len() as f64 * share).ceil() as usize;
    sorted
        .get(at.saturating_sub(1).min(sorted.len().saturating_sub(1)))
        .copied()
        .unwrap_or(f64::NAN)
}

/// The mean of the middle half: as deaf to a few slow ones as the median, and finer than the whole
/// milliseconds of which the values are. Of none it is no number.
pub(super) fn middle(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let quarter = sorted.len() / 4;
    let half = &sorted[quarter..sorted.len() - quarter];
    half.iter().sum::<f64>() / half.len() as f64
}

#[cfg(test)]
mod tests {
    use super::{middle, percentile};

    #[test]
    fn the_middle_half_knows_no_outliers_and_more_than_whole_values() {
        assert_eq!(middle(&[900.0, 4.0, 5.0, 5.0, 4.0, 5.0, 5.0, 0.0]), 4.75);
        assert_eq!(middle(&[7.0]), 7.0);
        assert!(middle(&[]).is_nan());
    }

    #[test]
    fn a_percentile_is_one_of_the_values() {
        let values: Vec<f64> = (1..=100).map(f64::from).collect();
        assert_eq!(percentile(&values, 0.5), 50.0);
        assert_eq!(percentile(&values, 0.99), 99.0);
        assert_eq!(percentile(&values, 1.0), 100.0);
        assert_eq!(percentile(&[7.0], 0.01), 7.0);
        assert!(percentile(&[], 0.5).is_nan());
    }
}
