//! KIE: tasks, uploads, results and its own GPT, behind keys.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use serde_json::{Value, json};

use super::bell::{Bell, held};
use super::call::{Call, Reply};
use super::faults::Fate;
use crate::clock::{Clock, Millis};

mod state;

pub use state::{Task, TaskState, Upload};

use state::State;

/// KIE as its operators see it. Clones are the same one.
#[derive(Clone)]
pub struct Kie(Arc<Inner>);

struct Inner {
    clock: Clock,
    bell: Bell,
    url: String,
    options: super::Options,
    state: Mutex<State>,
}

impl Kie {
    pub(super) fn new(options: &super::Options, bell: Bell, url: String) -> anyhow::Result<Self> {
        let state = State::new(options);
        let inner = Inner {
            clock: options.clock.clone(),
            bell,
            url,
            options: options.clone(),
            state: Mutex::new(state),
        };
        Ok(Self(Arc::new(inner)))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        held(&self.0.state)
    }

    fn now(&self) -> Millis {
        self.0.clock.now()
    }

    /// Every task ever accepted, in order.
    pub fn tasks(&self) -> Vec<Task> {
        let now = self.now();
        self.state().tasks.iter().map(|task| task.shown(now)).collect()
    }

    /// How many createTask (and Veo) calls were accepted.
    pub fn submits(&self) -> usize {
        self.state().tasks.len()
    }

    /// How often a task was asked about.
    pub fn polls(&self, task: &str) -> u64 {
        self.state().task(task).map_or(0, |task| task.polls)
    }

    /// Every upload, in order.
    pub fn uploads(&self) -> Vec<Upload> {
        self.state().uploads.clone()
    }

    /// How often results were downloaded.
    pub fn downloads(&self) -> u64 {
        self.state().downloads
    }

    /// What an account has left.
    pub fn balance(&self, key: &str) -> f64 {
        self.state().accounts.get(key).map_or(0.0, |account| account.balance)
    }

    /// Sets it; a new key makes a new account.
    pub fn set_balance(&self, key: &str, credits: f64) {
        self.state().account(key).balance = credits;
    }

    /// A key that is not known any more: 401.
    pub fn revoke(&self, key: &str) {
        self.state().accounts.remove(key);
    }

    /// createTask for this model answers "temporarily paused".
    pub fn pause_model(&self, model: &str) {
        self.state().paused.insert(model.to_owned());
    }

    /// It works again.
    pub fn resume_model(&self, model: &str) {
        self.state().paused.remove(model);
    }

    /// Pads every video to this size with an empty box; 0: as it is.
    pub fn pad_videos(&self, bytes: usize) {
        self.state().padding = bytes;
    }

    /// Renders take so long from now on (shortest and longest, process clock).
    pub fn set_render_ms(&self, range: (Millis, Millis)) {
        self.state().render_ms = range;
    }

    /// The next so many tasks are accepted and end so.
    pub fn next_renders(&self, count: usize, fate: Fate) {
        self.state().fates.extend(std::iter::repeat_n(fate, count));
    }

    /// Every render whose prompt contains `part` ends so.
    pub fn renders_with(&self, part: &str, fate: Fate) {
        self.state().fated.push((part.to_owned(), fate));
    }

    /// Every call that broke a rule (a token in a URL, a poll without pause).
    pub fn violations(&self) -> Vec<String> {
        self.state().violations.clone()
    }

    /// As [`super::Telegram::wait`].
    pub fn wait<T>(
        &self,
        at_most: Duration,
        mut look: impl FnMut(&Self) -> Option<T>,
    ) -> Option<T> {
        self.0.bell.wait(at_most, || look(self))
    }

    pub(super) async fn handle(&self, _call: &Call, _fate: Option<Fate>) -> Reply {
        envelope(404, "Not Found")
    }
}

impl fmt::Debug for Kie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kie").finish_non_exhaustive()
    }
}

/// KIE's way to fail: HTTP 200, and the outcome in the body.
pub(super) fn envelope(code: i64, msg: &str) -> Reply {
    Reply::json(200, &json!({ "code": code, "msg": msg, "data": Value::Null }))
}
