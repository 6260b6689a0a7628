//! KIE's HTTP API. A call succeeded only if HTTP and the body's `code` are both 200.

use std::time::Duration;

use secrecy::SecretString;
use serde_json::Value;

use super::classify::Class;
use super::openai::Chat;

/// Where to call.
#[derive(Clone, Debug)]
pub struct Options {
    /// As `https://api.kie.ai`.
    pub api_url: String,
    /// As `https://kieai.redpandaai.co`.
    pub upload_url: String,
    /// `http`, `https` or `socks5h`.
    pub proxy: Option<SecretString>,
}

/// Which pair of calls serves a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// `jobs/createTask` and `jobs/recordInfo`.
    Jobs,
    /// `veo/generate` and `veo/record-info`.
    Veo,
}

/// How a task stands.
#[derive(Clone, Debug, PartialEq)]
pub enum Record {
    /// Not ended, or in a state that we do not know.
    Running,
    /// Ended well; `urls` has at least one.
    Done {
        /// The videos.
        urls: Vec<String>,
        /// What it cost, in KIE's credits, where it is told.
        credits: Option<f64>,
    },
    /// Ended badly, or well without a video.
    Failed {
        /// What it means.
        class: Class,
        /// As given.
        code: String,
        /// As given, at most 500 characters.
        text: String,
        /// What it cost all the same.
        credits: Option<f64>,
    },
    /// `recordInfo is null`: not known (yet) to this account.
    NotFound,
}

/// A valid answer that says no.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What it means.
    pub class: Class,
    /// The HTTP status, which often is 200.
    pub http_status: u16,
    /// The body's code.
    pub code: String,
    /// The body's text, at most 500 characters.
    pub text: String,
}

/// Why a call brought nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// No byte of the request went out: it was certainly not accepted.
    Unreached(String),
    /// Bytes went out and no valid answer came back: it may have been accepted, and billed.
    Lost(String),
    /// The service says no.
    Refused(Refusal),
}

/// The client; one for all keys.
pub struct Kie {}

fn not_yet<T>() -> Result<T, Trouble> {
    Err(Trouble::Unreached("not yet written".into()))
}

impl Kie {
    /// Fails for a proxy or an address that cannot be one.
    pub fn new(_options: &Options) -> anyhow::Result<Self> {
        Ok(Self {})
    }

    /// Asks for a video and returns the task's id. `input` is what `models::Model::input` made: for
    /// [`Route::Veo`] the whole body.
    pub fn create_task(
        &self,
        _key: &SecretString,
        _route: Route,
        _model: &str,
        _input: &Value,
        _deadline: Duration,
    ) -> Result<String, Trouble> {
        not_yet()
    }

    /// How a task stands; only the key that made it sees it.
    pub fn record(
        &self,
        _key: &SecretString,
        _route: Route,
        _task: &str,
        _deadline: Duration,
    ) -> Result<Record, Trouble> {
        not_yet()
    }

    /// The account's balance in KIE's credits.
    pub fn credit(&self, _key: &SecretString, _deadline: Duration) -> Result<f64, Trouble> {
        not_yet()
    }

    /// Uploads a photo and returns its address. `file_name` must be new each time, with the
    /// extension of the real bytes; `upload_path` has no slashes at its edges.
    pub fn upload(
        &self,
        _key: &SecretString,
        _bytes: &[u8],
        _file_name: &str,
        _upload_path: &str,
        _deadline: Duration,
    ) -> Result<String, Trouble> {
        not_yet()
    }

    /// KIE's GPT: the answer's text, trimmed, never empty.
    pub fn chat(
        &self,
        _key: &SecretString,
        _chat: &Chat,
        _deadline: Duration,
    ) -> Result<String, Trouble> {
        not_yet()
    }

    /// Ends all running calls but submits at once, and refuses new ones.
    pub fn stop(&self) {}

    /// Ends submits too: what was on its way is lost.
    pub fn stop_submits(&self) {}
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} (code {}, HTTP {})", self.text, self.code, self.http_status)
    }
}

impl std::fmt::Display for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unreached(why) => write!(f, "not reached: {why}"),
            Self::Lost(why) => write!(f, "no valid answer: {why}"),
            Self::Refused(why) => write!(f, "{why}"),
        }
    }
}

impl std::error::Error for Trouble {}
