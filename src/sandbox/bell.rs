//! Wakes whoever waits for something to change: threads by a condition variable, long polls by
//! a watch channel.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

/// A lock that a panicking test has not made useless.
pub(super) fn held<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Rung after every change in any of the services.
#[derive(Clone)]
pub(super) struct Bell(Arc<Inner>);

struct Inner {
    count: Mutex<u64>,
    rung: Condvar,
    watchers: watch::Sender<u64>,
}

impl Default for Bell {
    fn default() -> Self {
        let watchers = watch::Sender::new(0);
        Self(Arc::new(Inner { count: Mutex::new(0), rung: Condvar::new(), watchers }))
    }
}

impl Bell {
    pub(super) fn ring(&self) {
        let mut count = held(&self.0.count);
        *count += 1;
        self.0.watchers.send_replace(*count);
        self.0.rung.notify_all();
    }

    /// For async waiters: sees every ring from now on.
    pub(super) fn listen(&self) -> watch::Receiver<u64> {
        self.0.watchers.subscribe()
    }

    /// Calls `look` at once and after every change until it finds something. No lock is held
    /// while it looks.
    pub(super) fn wait<T>(
        &self,
        at_most: Duration,
        mut look: impl FnMut() -> Option<T>,
    ) -> Option<T> {
        let until = Instant::now() + at_most;
        loop {
            let seen = *held(&self.0.count);
            if let Some(found) = look() {
                return Some(found);
            }
            let left = until.checked_duration_since(Instant::now())?;
            let count = held(&self.0.count);
            if *count == seen {
                // A state may also change by time alone (a render that ends): look again soon.
                let pause = left.min(Duration::from_millis(100));
                drop(self.0.rung.wait_timeout(count, pause));
            }
        }
    }
}
