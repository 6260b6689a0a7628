//! What a supervisor hears, where there is one (systemd's `Type=notify`): that the start is over,
//! how it is doing, that it stops, and a sign of life with each heartbeat that the database's writer
//! answered. A writer that hangs or is dead gives none, and the supervisor starts the program anew.

use super::health::Health;
use super::keeper::HEARTBEAT;
use crate::clock::Millis;
use crate::db::{Db, Machine};
use crate::instance;
use crate::orders::{self, Closed, Selling, Shop};
use anyhow::Result;
use sd_notify::NotifyState;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// While the whole database is rewritten its writer answers nobody, however sound it is.
const PATIENCE: Duration = Duration::from_secs(3_600);

/// Where nobody supervises, nothing of it does anything.
pub(super) struct Supervisor {
    is_there: bool,
    /// Without a sign of life for so long the program is taken for dead.
    watchdog: Option<Duration>,
    /// The status; `None` before it is ready: nothing is said of a start that may yet fail.
    said: Mutex<Option<String>>,
    /// For those who ask instead of listening.
    health: Health,
}

impl Supervisor {
    pub(super) fn of_environment() -> Self {
        let watchdog = sd_notify::watchdog_enabled().filter(|span| !span.is_zero());
        Self {
            is_there: std::env::var_os("NOTIFY_SOCKET").is_some(),
            watchdog,
            said: Mutex::default(),
            health: Health::new(heartbeat(watchdog)),
        }
    }

    pub(super) fn health(&self) -> &Health {
        &self.health
    }

    pub(super) fn is_there(&self) -> bool {
        self.is_there
    }

    /// Between two heartbeats: at least two of them fit into the watchdog's patience.
    pub(super) fn heartbeat(&self) -> Duration {
        heartbeat(self.watchdog)
    }

    /// The start is over: what was left is recovered, and customers are served.
    pub(super) fn ready(&self, status: &str) {
        let mut said = self.said();
        self.tell(&[NotifyState::Ready, NotifyState::Status(status)]);
        *said = Some(status.to_owned());
    }

    pub(super) fn stopping(&self) {
        self.health.stops();
        self.tell(&[NotifyState::Stopping]);
        self.says("stopping");
    }

    /// A sign of life, if the writer gave one: `beat` is its answer to a heartbeat.
    pub(super) fn heard(&self, beat: &Result<()>) {
        let lives = writer_lives(beat);
        self.health.heard(beat, lives);
        let said = self.said();
        if self.watchdog.is_some() && lives && said.is_some() {
            self.tell(&[NotifyState::Watchdog]);
        }
    }

    /// One line for `systemctl status`, when it is another one.
    pub(super) fn says(&self, status: &str) {
        if let Some(said) = self.said().as_mut().filter(|said| *said != status) {
            self.tell(&[NotifyState::Status(status)]);
            status.clone_into(said);
        }
    }

    fn said(&self) -> MutexGuard<'_, Option<String>> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The watchdog waits longer while this keeps the writer busy.
    pub(super) fn waits_for<T>(&self, long: impl FnOnce() -> T) -> T {
        let allow = |span| self.watchdog.into_iter().for_each(|usual| self.allow(usual.max(span)));
        allow(PATIENCE);
        let done = self.health.excuses(PATIENCE, long);
        allow(Duration::ZERO);
        done
    }

    fn allow(&self, span: Duration) {
        let micros = u32::try_from(span.as_micros()).unwrap_or(u32::MAX);
        self.tell(&[NotifyState::WatchdogUsec(micros)]);
    }

    /// Where it is not heard it may start the program anew, which does no harm.
    fn tell(&self, what: &[NotifyState<'_>]) {
        if !self.is_there {
            return;
        }
        if let Err(error) = sd_notify::notify(what) {
            tracing::warn!(%error, "the supervisor does not listen");
        }
    }
}

fn heartbeat(watchdog: Option<Duration>) -> Duration {
    watchdog.map_or(HEARTBEAT, |span| HEARTBEAT.min(span / 2))
}

/// A full disk, or a file that cannot be opened now, is nothing that a restart would mend; nor is
/// somebody else's lock on the database. The writer said so itself, so it is well.
fn writer_lives(answer: &Result<()>) -> bool {
    let Err(error) = answer else { return true };
    matches!(Machine::of(error), Some(Machine::Full | Machine::Files | Machine::Busy))
}

/// How it is doing, in one line.
pub(super) fn status(db: &Db, shop: &Shop, now: Millis) -> Result<&'static str> {
    let (state, selling) =
        db.read(|conn| Ok((instance::state(conn)?, orders::selling(conn, shop, now)?)))?;
    if state.safe_mode {
        return Ok("safe mode: nothing is sold or submitted until `neurocards resume`");
    }
    Ok(match (selling, state.submitting_paused) {
        (Selling::Closed(Closed::Paused), true) => {
            "drained: what is not at KIE waits for `neurocards resume`"
        }
        (_, true) => "nothing is submitted until `neurocards resume`",
        (Selling::Closed(Closed::Paused), _) => "selling is closed until `neurocards resume`",
        (Selling::Closed(Closed::NoKey), _) => "selling is closed: no key has money",
        (Selling::Closed(Closed::NoModel), _) => "selling is closed: no model serves",
        (Selling::Closed(Closed::Budget), _) => "selling is closed: the day's budget is spent",
        // The last two are about one customer.
        (Selling::Open | Selling::Closed(Closed::TooManyOrders | Closed::Banned), _) => "serving",
    })
}
