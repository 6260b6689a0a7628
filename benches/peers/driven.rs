//! How every peer is driven: as many callers at once as are asked for, each of which queues a job,
//! claims one and ends it, until the time is over. Says: cycles, seconds, fsyncs.

#[path = "../core/syncs.rs"]
mod syncs;

use std::future::Future;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// What the driver asks for: FOLDER CALLERS MILLISECONDS.
pub struct Asked {
    pub folder: PathBuf,
    pub callers: usize,
    each: Duration,
}

impl Asked {
    pub fn read() -> Self {
        let mut words = std::env::args().skip(1);
        let mut word = || words.next().expect("FOLDER CALLERS MILLISECONDS");
        let (folder, callers, each) = (word(), word(), word());
        Self {
            folder: folder.into(),
            callers: callers.parse().unwrap(),
            each: Duration::from_millis(each.parse().unwrap()),
        }
    }

    /// Runs `cycle` until the time is over. Returns how long that was, and how many fsyncs.
    pub async fn drive<F, C>(&self, cycle: C) -> (Duration, u64)
    where
        F: Future<Output = ()> + Send + 'static,
        C: Fn() -> F + Clone + Send + Sync + 'static,
    {
        let (begun, synced, each) = (Instant::now(), syncs::syncs(), self.each);
        let caller = |cycle: C| async move {
            while begun.elapsed() < each {
                cycle().await;
            }
        };
        let callers: Vec<_> = (0..self.callers).map(|_| tokio::spawn(caller(cycle.clone()))).collect();
        for caller in callers {
            caller.await.unwrap();
        }
        (begun.elapsed(), syncs::syncs() - synced)
    }
}

/// `ended` is what its table says, not what the callers believe.
pub fn say(ended: i64, (took, syncs): (Duration, u64)) {
    println!("{ended} {} {syncs}", took.as_secs_f64());
}
