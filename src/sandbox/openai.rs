//! OpenAI: chat completions and the list of models. KIE's own GPT writes with the same pen.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use serde_json::{Value, json};

use super::bell::{Bell, held};
use super::call::{Call, Reply};
use super::faults::Service;
use crate::clock::{Clock, Millis};

mod pen;

/// Different system messages that are kept once each.
const MOST_SYSTEMS: usize = 100;

type Script = Arc<dyn Fn(&GptRequest) -> String + Send + Sync>;

/// OpenAI as its operators see it. Clones are the same one.
#[derive(Clone)]
pub struct OpenAi(Arc<Inner>);

struct Inner {
    clock: Clock,
    delay_ms: Millis,
    moderation_ms: Millis,
    bell: Bell,
    state: Mutex<State>,
}

struct State {
    key: Option<String>,
    requests: Vec<GptRequest>,
    /// Requests that were read so far; those under way have their number before their answer.
    read: u64,
    systems: BTreeSet<Arc<str>>,
    script: Option<Script>,
    violations: Vec<String>,
    /// Words that the moderation finds, with their category.
    unfit: Vec<(String, String)>,
    /// Texts that it was asked about.
    moderated: Vec<String>,
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
    /// What the system message says; kept once however often it comes.
    pub system: Arc<str>,
    /// All user messages' text.
    pub user: String,
    /// Bytes of the pictures that were shown.
    pub images: Vec<usize>,
    /// When.
    pub at: Millis,
    /// What was answered.
    pub answer: String,
    not_streamed: bool,
}

impl State {
    fn kept(&mut self, system: Arc<str>) -> Arc<str> {
        if let Some(kept) = self.systems.get(&system) {
            return kept.clone();
        }
        if self.systems.len() < MOST_SYSTEMS {
            self.systems.insert(system.clone());
        }
        system
    }
}

impl OpenAi {
    pub(super) fn new(options: &super::Options, bell: Bell) -> Self {
        let state = State {
            key: options.openai_key.clone(),
            requests: Vec::new(),
            read: 0,
            systems: BTreeSet::new(),
            script: None,
            violations: Vec::new(),
            unfit: Vec::new(),
            moderated: Vec::new(),
        };
        Self(Arc::new(Inner {
            clock: options.clock.clone(),
            delay_ms: options.gpt_delay_ms,
            moderation_ms: options.api_delay_ms,
            bell,
            state: Mutex::new(state),
        }))
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

    /// From now on the moderation finds this word, and calls it so.
    pub fn finds(&self, word: &str, category: &str) {
        self.state().unfit.push((word.to_owned(), category.to_owned()));
    }

    /// All texts that the moderation was asked about.
    pub fn moderated(&self) -> Vec<String> {
        self.state().moderated.clone()
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

    pub(super) async fn handle(&self, call: &Call) -> Reply {
        let known = self.state().key.as_deref() == Some(call.bearer.as_str());
        if !known {
            let text = "Incorrect API key provided. You can find your API key at \
                        https://platform.openai.com/account/api-keys.";
            return refused(401, text, "invalid_request_error", "invalid_api_key");
        }
        match (call.method.as_str(), call.path.as_str()) {
            ("POST", "/v1/chat/completions") => self.complete(Service::OpenAi, call).await,
            ("POST", "/v1/moderations") => {
                let delay = self.0.moderation_ms;
                if delay > 0 {
                    tokio::time::sleep(self.0.clock.real_span(delay)).await;
                }
                self.moderate(call)
            }
            ("GET", "/v1/models") => {
                let model = |id: &str| json!({ "id": id, "object": "model", "owned_by": "openai" });
                let models = ["gpt-4o-mini", "gpt-4o", "gpt-5-mini"].map(model);
                Reply::json(200, &json!({ "object": "list", "data": models }))
            }
            _ => refused(404, "Unknown request URL", "invalid_request_error", "unknown_url"),
        }
    }

    fn moderate(&self, call: &Call) -> Reply {
        let body = call.json().unwrap_or_default();
        let (Some(input), Some(model)) = (body["input"].as_str(), body["model"].as_str()) else {
            self.state().violations.push("moderation: a model and an input are needed".into());
            return refused(400, "Invalid input", "invalid_request_error", "invalid_value");
        };
        let mut state = self.state();
        state.moderated.push(input.to_owned());
        let found = state.unfit.iter().filter(|(word, _)| input.contains(word.as_str()));
        let found: Vec<&str> = found.map(|(_, category)| category.as_str()).collect();
        let all = ["hate", "illicit", "self-harm", "sexual", "violence"];
        let categories: Value =
            all.iter().map(|name| ((*name).to_owned(), json!(found.contains(name)))).collect();
        let result = json!({ "flagged": !found.is_empty(), "categories": categories });
        let id = format!("modr-sandbox{:06}", state.moderated.len());
        Reply::json(200, &json!({ "id": id, "model": model, "results": [result] }))
    }

    /// A chat completion, for OpenAI and for KIE's GPT; the key has been looked at.
    pub(super) async fn complete(&self, service: Service, call: &Call) -> Reply {
        let delay = self.0.delay_ms;
        if delay > 0 {
            tokio::time::sleep(self.0.clock.real_span(delay)).await;
        }
        let read = call.json().ok_or("the body is not JSON").and_then(|body| read(service, &body));
        let (mut request, script) = match read {
            Ok(request) => {
                let mut state = self.state();
                state.read += 1;
                let n = state.read;
                if service == Service::Kie && !request.not_streamed {
                    let text = "KIE's GPT: without \"stream\": false it answers in a stream";
                    state.violations.push(text.into());
                }
                let system = state.kept(request.system);
                let at = self.0.clock.now();
                (GptRequest { n, at, system, ..request }, state.script.clone())
            }
            Err(text) => {
                self.state().violations.push(format!("chat completion: {text}"));
                return refused(400, text, "invalid_request_error", "invalid_value");
            }
        };
        request.answer = script.map_or_else(|| pen::prompt(&request), |script| script(&request));
        let answer = json!({
            "id": format!("chatcmpl-sandbox{:06}", request.n), "object": "chat.completion",
            "created": request.at / 1_000, "model": request.model,
            "choices": [{
                "index": 0, "finish_reason": "stop", "logprobs": null,
                "message": { "role": "assistant", "content": request.answer, "refusal": null }
            }],
            "usage": { "prompt_tokens": 900, "completion_tokens": 180, "total_tokens": 1080 }
        });
        self.state().requests.push(request);
        self.0.bell.ring();
        Reply::json(200, &answer)
    }
}

/// OpenAI's way to fail; the body is also what [`super::Action::Status`] wants.
pub fn error_body(text: &str, kind: &str, code: &str) -> String {
    json!({ "error": { "message": text, "type": kind, "param": null, "code": code } }).to_string()
}

/// The body of OpenAI's 429 for an account without money.
pub fn out_of_quota() -> String {
    let text = "You exceeded your current quota, please check your plan and billing details.";
    error_body(text, "insufficient_quota", "insufficient_quota")
}

fn refused(status: u16, text: &str, kind: &str, code: &str) -> Reply {
    let body = error_body(text, kind, code).into();
    Reply { status, content_type: "application/json", body }
}

fn read(service: Service, body: &Value) -> Result<GptRequest, &'static str> {
    let mut request = GptRequest {
        n: 0,
        service,
        model: body["model"].as_str().unwrap_or("").to_owned(),
        system: "".into(),
        user: String::new(),
        images: Vec::new(),
        at: 0,
        answer: String::new(),
        not_streamed: body["stream"] == json!(false),
    };
    if service == Service::OpenAi && request.model.is_empty() {
        return Err("you must provide a model parameter");
    }
    let messages = body["messages"].as_array().filter(|all| !all.is_empty());
    let mut system = String::new();
    for message in messages.ok_or("messages must be a non-empty array")? {
        let role = message["role"].as_str().unwrap_or("");
        let text = match role {
            "system" | "developer" => &mut system,
            "user" | "assistant" => &mut request.user,
            _ => return Err("a message has an unknown role"),
        };
        match &message["content"] {
            Value::String(content) => add(text, content),
            Value::Array(parts) => {
                for part in parts {
                    match part["type"].as_str() {
                        Some("text") => add(text, part["text"].as_str().unwrap_or("")),
                        Some("image_url") => request.images.push(picture(part)?),
                        _ => return Err("a content part has an unknown type"),
                    }
                }
            }
            _ => return Err("a message has no content"),
        }
    }
    request.system = system.into();
    Ok(request)
}

fn add(text: &mut String, more: &str) {
    if !text.is_empty() {
        text.push('\n');
    }
    text.push_str(more);
}

/// How many bytes the picture of a content part has.
fn picture(part: &Value) -> Result<usize, &'static str> {
    let url = part["image_url"]["url"].as_str().ok_or("image_url must be an object with a url")?;
    let Some((kind, data)) = url.strip_prefix("data:").and_then(|uri| uri.split_once(";base64,"))
    else {
        return if url.starts_with("https://") { Ok(0) } else { Err("invalid image URL") };
    };
    let bytes = super::base64::decode(data).ok_or("invalid base64 image")?;
    let format = image::guess_format(&bytes).map_err(|_| "the image cannot be read")?;
    if format.to_mime_type() == kind { Ok(bytes.len()) } else { Err("not the MIME type it says") }
}

impl fmt::Debug for OpenAi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenAi").finish_non_exhaustive()
    }
}
