//! KIE's HTTP API. A call succeeded only if HTTP and the body's `code` are both 200.

use std::time::Duration;

use secrecy::SecretString;
use serde_json::{Value, json};
use ureq::unversioned::multipart::{Form, Part};

use super::classify::{Class, classify};
use super::http::{self, Answer, Client, Failure};
use super::openai::{self, Chat};

mod record;

/// The longest answer, in bytes.
const ANSWER_MAX: u64 = 1024 * 1024;
/// Ids are 32 hex digits or longer text; one that is cut would name no task.
const TASK_ID_MAX: usize = 1024;

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
    /// The body's code, at most 500 characters.
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
pub struct Kie {
    api_url: String,
    upload_url: String,
    calls: Client,
    submits: Client,
}

impl Kie {
    /// Fails for a proxy or an address that cannot be one.
    pub fn new(options: &Options) -> anyhow::Result<Self> {
        Ok(Self {
            api_url: http::base_url(&options.api_url)?,
            upload_url: http::base_url(&options.upload_url)?,
            calls: Client::new(options.proxy.as_ref())?,
            submits: Client::without_reuse(options.proxy.as_ref())?,
        })
    }

    /// Asks for a video and returns the task's id. `input` is what `models::Model::input` made: for
    /// [`Route::Veo`] the whole body.
    pub fn create_task(
        &self,
        key: &SecretString,
        route: Route,
        model: &str,
        input: &Value,
        deadline: Duration,
    ) -> Result<String, Trouble> {
        let (path, body) = match route {
            Route::Jobs => ("api/v1/jobs/createTask", json!({"model": model, "input": input})),
            Route::Veo => ("api/v1/veo/generate", input.clone()),
        };
        let url = format!("{}/{path}", self.api_url);
        let answer = self.submits.post_json(&url, key, &body, deadline, ANSWER_MAX)?;
        read_task(&answer, key)
    }

    /// How a task stands; only the key that made it sees it.
    pub fn record(
        &self,
        key: &SecretString,
        route: Route,
        task: &str,
        deadline: Duration,
    ) -> Result<Record, Trouble> {
        let path = match route {
            Route::Jobs => "api/v1/jobs/recordInfo",
            Route::Veo => "api/v1/veo/record-info",
        };
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("taskId", task);
        let url = format!("{}/{path}?{}", self.api_url, query.finish());
        let answer = self.calls.get(&url, key, deadline, ANSWER_MAX)?;
        read_record(route, &answer, key)
    }

    /// The account's balance in KIE's credits.
    pub fn credit(&self, key: &SecretString, deadline: Duration) -> Result<f64, Trouble> {
        let url = format!("{}/api/v1/chat/credit", self.api_url);
        let answer = self.calls.get(&url, key, deadline, ANSWER_MAX)?;
        read_credit(&answer, key)
    }

    /// Uploads a photo and returns its address. `file_name` must be new each time, with the
    /// extension of the real bytes; `upload_path` has no slashes at its edges.
    pub fn upload(
        &self,
        key: &SecretString,
        bytes: &[u8],
        file_name: &str,
        upload_path: &str,
        deadline: Duration,
    ) -> Result<String, Trouble> {
        let mime = if file_name.ends_with(".png") { "image/png" } else { "image/jpeg" };
        let part = Part::bytes(bytes).file_name(file_name).mime_str(mime);
        let part = part.map_err(|error| Trouble::Unreached(error.to_string()))?;
        let form = Form::new()
            .text("uploadPath", upload_path)
            .text("fileName", file_name)
            .part("file", part);
        let url = format!("{}/api/file-stream-upload", self.upload_url);
        let answer = self.calls.post_form(&url, key, form, deadline, ANSWER_MAX)?;
        read_upload(&answer, key)
    }

    /// KIE's GPT: the answer's text, trimmed, never empty.
    pub fn chat(
        &self,
        key: &SecretString,
        chat: &Chat,
        deadline: Duration,
    ) -> Result<String, Trouble> {
        let url = format!("{}/gpt-5-2/v1/chat/completions", self.api_url);
        let answer = self.calls.post_json(&url, key, &chat.body(), deadline, ANSWER_MAX)?;
        read_chat(&answer, key)
    }

    /// Ends all running calls but submits at once, and refuses new ones.
    pub fn stop(&self) {
        self.calls.stop();
    }

    /// Ends submits too: what was on its way is lost.
    pub fn stop_submits(&self) {
        self.submits.stop();
    }
}

/// What the answer to a createTask says; the other readers likewise, each of its own call. Pure,
/// so that `api::replies` can be fuzzed.
pub(super) fn read_task(answer: &Answer, key: &SecretString) -> Result<String, Trouble> {
    let data = Envelope::read(answer)?.into_data(key)?;
    let task = text_of(&data["taskId"]).filter(|id| (1..=TASK_ID_MAX).contains(&id.len()));
    task.ok_or_else(|| Trouble::Lost("accepted without a task id".to_owned()))
}

pub(super) fn read_record(
    route: Route,
    answer: &Answer,
    key: &SecretString,
) -> Result<Record, Trouble> {
    record::read(route, Envelope::read(answer)?, key)
}

pub(super) fn read_credit(answer: &Answer, key: &SecretString) -> Result<f64, Trouble> {
    let data = Envelope::read(answer)?.into_data(key)?;
    number_of(&data).ok_or_else(|| Trouble::Lost("a balance that is no number".to_owned()))
}

pub(super) fn read_upload(answer: &Answer, key: &SecretString) -> Result<String, Trouble> {
    let data = Envelope::read(answer)?.into_data(key)?;
    let address = [&data["downloadUrl"], &data["fileUrl"]]
        .into_iter()
        .find_map(|value| value.as_str().and_then(record::address));
    address.ok_or_else(|| Trouble::Lost("an upload without an address".to_owned()))
}

pub(super) fn read_chat(answer: &Answer, key: &SecretString) -> Result<String, Trouble> {
    let status = answer.status;
    let Ok(body) = serde_json::from_slice::<Value>(&answer.body) else {
        return Err(Trouble::Lost(format!("HTTP {status} without JSON")));
    };
    let refused =
        |code: &str, text: &str| Err(Trouble::Refused(Refusal::new(status, code, text, key)));
    if body.get("code").is_some_and(|code| !code.is_null()) {
        let envelope = Envelope::read(answer)?;
        if !envelope.is_success() {
            return refused(&envelope.code, &envelope.text);
        }
    }
    if let Some(error) = body.get("error").filter(|error| !error.is_null()) {
        let code = text_of(&error["code"]).unwrap_or_default();
        return refused(&code, error["message"].as_str().or(error.as_str()).unwrap_or(""));
    }
    let body = if body["choices"].is_array() { &body } else { &body["data"] };
    match openai::read_choice(body) {
        Ok(text) if status == 200 => Ok(text),
        Ok(_) => Err(Trouble::Lost(format!("HTTP {status} with an answer"))),
        Err(why) => refused("", &why),
    }
}

/// What KIE wraps its answers in.
struct Envelope {
    http_status: u16,
    code: String,
    text: String,
    data: Value,
}

impl Envelope {
    /// Lost, if there is none: a gateway's page says nothing about the request's fate.
    fn read(answer: &Answer) -> Result<Self, Trouble> {
        let status = answer.status;
        let lost = |what: &str| Trouble::Lost(format!("HTTP {status} {what}"));
        let Ok(mut body) = serde_json::from_slice::<Value>(&answer.body) else {
            return Err(lost("without JSON"));
        };
        let Some(code) = body.get("code").and_then(text_of) else {
            return Err(lost("without a code"));
        };
        let said = [&body["msg"], &body["message"]];
        let text = said.into_iter().find_map(|text| text.as_str().filter(|text| !text.is_empty()));
        let text = text.unwrap_or_default().to_owned();
        Ok(Self { http_status: status, code, text, data: body["data"].take() })
    }

    fn is_success(&self) -> bool {
        self.http_status == 200 && self.code == "200"
    }

    fn into_data(self, key: &SecretString) -> Result<Value, Trouble> {
        if self.is_success() {
            return Ok(self.data);
        }
        Err(Trouble::Refused(self.refusal(key)))
    }

    fn refusal(&self, key: &SecretString) -> Refusal {
        Refusal::new(self.http_status, &self.code, &self.text, key)
    }
}

impl Refusal {
    /// Code and text may be swapped: both are read whole before they are cut.
    fn new(http_status: u16, code: &str, text: &str, key: &SecretString) -> Self {
        let class = classify(http_status, code, text);
        let (code, text) = (http::cut_without(code, key), http::cut_without(text, key));
        Self { class, http_status, code, text }
    }
}

/// A string or a number, as text: 500.0 is "500".
fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(match number.as_f64() {
            Some(whole) if whole.fract() == 0.0 && whole.abs() < 1e15 => format!("{whole:.0}"),
            _ => number.to_string(),
        }),
        _ => None,
    }
}

/// A number, or a string that is one.
fn number_of(value: &Value) -> Option<f64> {
    let number = value.as_f64().or_else(|| value.as_str()?.trim().parse().ok());
    number.filter(|number| number.is_finite())
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Unreached(why) => Self::Unreached(why),
            Failure::Lost(why) => Self::Lost(why),
        }
    }
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

#[cfg(test)]
mod tests;
