//! KIE: tasks, uploads, results and its own GPT, behind keys.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use std::time::Duration;

use axum::body::Bytes;
use serde_json::{Value, json};

use super::bell::{Bell, held};
use super::call::{Call, Reply};
use super::faults::{Fate, Service};
use super::film::Studio;
use super::openai::OpenAi;
use crate::clock::{Clock, Millis};

mod models;
mod state;
mod tasks;
mod uploads;

pub use state::{Looks, Task, TaskState, Upload};

use models::Model;
use state::State;

/// KIE as its operators see it. Clones are the same one.
#[derive(Clone)]
pub struct Kie(Arc<Inner>);

struct Inner {
    clock: Clock,
    bell: Bell,
    url: String,
    options: super::Options,
    models: Vec<Model>,
    studio: Studio,
    /// For pictures that lie elsewhere.
    neutral: OnceLock<Bytes>,
    /// The last film that was padded, before and after.
    padded: Mutex<Option<(Bytes, Bytes)>>,
    /// Its GPT.
    pen: OpenAi,
    state: Mutex<State>,
}

impl Kie {
    pub(super) fn new(
        options: &super::Options,
        bell: Bell,
        url: String,
        pen: OpenAi,
    ) -> anyhow::Result<Self> {
        let models = models::built_in()?;
        let mut state = State::new(options);
        let paused = models.iter().filter(|model| model.paused);
        state.paused.extend(paused.map(|model| model.name.clone()));
        let inner = Inner {
            clock: options.clock.clone(),
            bell,
            url,
            options: options.clone(),
            models,
            studio: Studio::shared(),
            neutral: OnceLock::new(),
            padded: Mutex::default(),
            pen,
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

    /// How many tasks it works on now.
    pub fn rendering(&self) -> usize {
        let now = self.now();
        let ended =
            |task: &&Task| matches!(task.state_at(now), TaskState::Success | TaskState::Fail);
        let state = self.state();
        state.tasks.len() - state.tasks.iter().filter(ended).count()
    }

    /// How it was asked about its tasks.
    pub fn looks(&self) -> Looks {
        self.state().looks.clone()
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

    /// The models that it knows, Veo's included.
    pub fn models(&self) -> Vec<String> {
        self.0.models.iter().map(|model| model.name.clone()).collect()
    }

    pub(super) async fn handle(&self, call: &Call, fate: Option<Fate>) -> Reply {
        let path = call.path.as_str();
        if path.starts_with("/results/") {
            return self.film(path).await;
        }
        if path.starts_with("/files/") {
            return self.uploaded(path);
        }
        let delay = self.0.options.api_delay_ms;
        if delay > 0 {
            tokio::time::sleep(self.0.clock.real_span(delay)).await;
        }
        if !self.state().accounts.contains_key(&call.bearer) {
            let text = "Unauthorized: authentication failed, please check your API key";
            return envelope(401, text);
        }
        match (call.method.as_str(), path) {
            ("POST", "/api/v1/jobs/createTask") => self.create(call, fate),
            ("GET", "/api/v1/jobs/recordInfo") => self.record(call, false),
            ("POST", "/api/v1/veo/generate") => self.create_veo(call, fate),
            ("GET", "/api/v1/veo/record-info") => self.record(call, true),
            ("GET", "/api/v1/chat/credit") => done(json!(self.balance(&call.bearer))),
            ("POST", "/api/file-stream-upload") => self.upload_stream(call),
            ("POST", "/api/file-base64-upload") => self.upload_base64(call),
            ("POST", "/gpt-5-2/v1/chat/completions") => {
                self.0.pen.complete(Service::Kie, call).await
            }
            _ => {
                self.state().violations.push(format!("{} {path}: no such call", call.method));
                Reply::json(404, &json!({ "code": 404, "msg": "Not Found" }))
            }
        }
    }

    /// Encoding takes a while: not on the threads that answer.
    async fn film(&self, path: &str) -> Reply {
        let (kie, path) = (self.clone(), path.to_owned());
        let film = tokio::task::spawn_blocking(move || kie.result(&path)).await;
        film.unwrap_or_else(|_| Reply::html(500, "500 Internal Server Error"))
    }

    fn ring(&self) {
        self.0.bell.ring();
    }
}

impl Inner {
    fn neutral_photo(&self) -> Bytes {
        self.neutral.get_or_init(|| super::photos::product(0).into()).clone()
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

fn done(data: Value) -> Reply {
    Reply::json(200, &json!({ "code": 200, "msg": "success", "data": data }))
}
