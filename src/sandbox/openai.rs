//! OpenAI: chat completions and the list of models. KIE's own GPT writes with the same pen.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use serde_json::Value;

use super::bell::{Bell, held};
use super::call::{Call, Reply};
use super::faults::Service;
use crate::clock::{Clock, Millis};

type Script = Arc<dyn Fn(&GptRequest) -> String + Send + Sync>;

/// OpenAI as its operators see it. Clones are the same one.
#[derive(Clone)]
pub struct OpenAi(Arc<Inner>);

struct Inner {
    clock: Clock,
    bell: Bell,
    state: Mutex<State>,
}

struct State {
    key: Option<String>,
    requests: Vec<GptRequest>,
    script: Option<Script>,
    violations: Vec<String>,
}

/// A chat completion that was asked for.
#[derive(Clone, Debug)]
pub struct GptRequest {
    /// From 1.
    pub n: u64,
    /// OpenAI or KIE.
    pub service: Service,
    /// The model's name; empty for KIE, where the path names it.
    pub model: String,
    /// What the system message says.
    pub system: String,
    /// All user messages' text.
    pub user: String,
    /// Bytes of the pictures that were shown.
    pub images: Vec<usize>,
    /// When.
    pub at: Millis,
    /// What was answered.
    pub answer: String,
}

impl OpenAi {
    pub(super) fn new(options: &super::Options, bell: Bell) -> Self {
        let state = State {
            key: options.openai_key.clone(),
            requests: Vec::new(),
            script: None,
            violations: Vec::new(),
        };
        Self(Arc::new(Inner { clock: options.clock.clone(), bell, state: Mutex::new(state) }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        held(&self.0.state)
    }

    /// All chat completions, KIE's included.
    pub fn requests(&self) -> Vec<GptRequest> {
        self.state().requests.clone()
    }

    /// Answers by this from now on.
    pub fn answers(&self, script: impl Fn(&GptRequest) -> String + Send + Sync + 'static) {
        self.state().script = Some(Arc::new(script));
    }

    /// Another key; `None` refuses everybody.
    pub fn set_key(&self, key: Option<&str>) {
        self.state().key = key.map(str::to_owned);
    }

    /// Every call that broke a rule.
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

    pub(super) async fn handle(&self, _call: &Call) -> Reply {
        Reply::json(404, &Value::Null)
    }
}

impl fmt::Debug for OpenAi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenAi").finish_non_exhaustive()
    }
}
