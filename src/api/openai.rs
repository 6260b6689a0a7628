//! OpenAI's chat call, with a photo. KIE's own GPT takes the same request.

use std::time::Duration;

use secrecy::SecretString;
use serde_json::{Value, json};

use super::http::{self, Answer, Client, Failure};

mod moderation;

pub(super) use moderation::read_moderation;

/// The longest answer, in bytes.
pub(super) const ANSWER_MAX: u64 = 256 * 1024;
/// The longest list of models.
const LIST_MAX: u64 = 4 << 20;

/// One question to a language model that sees.
#[derive(Clone, Debug)]
pub struct Chat {
    /// As `gpt-4o-mini`; KIE's GPT has it in its address and ignores this.
    pub model: String,
    /// The rules.
    pub system: String,
    /// The question.
    pub user: String,
    /// JPEG or PNG, at most 10 MB; sent as a data URI.
    pub photo: Option<Vec<u8>>,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// No byte of the request went out.
    Unreached(String),
    /// No valid answer came back.
    Lost(String),
    /// The account has no money.
    Quota(String),
    /// The key is refused.
    BadKey(String),
    /// Too many calls.
    RateLimited(String),
    /// Anything else that the service says instead of an answer.
    Refused(String),
}

/// Where to call.
#[derive(Clone, Debug)]
pub struct Options {
    /// Ends in `/v1`.
    pub base_url: String,
    /// `http`, `https` or `socks5h`.
    pub proxy: Option<SecretString>,
}

/// The client.
pub struct OpenAi {
    client: Client,
    base_url: String,
}

impl OpenAi {
    /// Fails for a proxy or an address that cannot be one.
    pub fn new(options: &Options) -> anyhow::Result<Self> {
        let base_url = http::base_url(&options.base_url)?;
        Ok(Self { client: Client::new(options.proxy.as_ref())?, base_url })
    }

    /// The answer's text, trimmed, never empty.
    pub fn chat(
        &self,
        key: &SecretString,
        chat: &Chat,
        deadline: Duration,
    ) -> Result<String, Trouble> {
        let mut body = chat.body();
        body["model"] = json!(chat.model);
        let address = format!("{}/chat/completions", self.base_url);
        let answer = self.client.post_json(&address, key, &body, deadline, ANSWER_MAX)?;
        read_chat(&answer, key)
    }

    /// The names of the models that the key may use. Costs nothing.
    pub fn models(&self, key: &SecretString, deadline: Duration) -> Result<Vec<String>, Trouble> {
        let url = format!("{}/models", self.base_url);
        let answer = self.client.get(&url, key, deadline, LIST_MAX)?;
        read_models(&answer, key)
    }

    /// Ends running calls at once and refuses new ones.
    pub fn stop(&self) {
        self.client.stop();
    }
}

/// The text in the answer to a question. Pure, as the next, so that `api::replies` can be fuzzed.
pub(super) fn read_chat(answer: &Answer, key: &SecretString) -> Result<String, Trouble> {
    let status = answer.status;
    let Ok(body) = serde_json::from_slice::<Value>(&answer.body) else {
        return Err(Trouble::Lost(format!("HTTP {status} without JSON")));
    };
    if let Some(error) = body.get("error").filter(|error| !error.is_null()) {
        return Err(refusal(status, error, key));
    }
    if status != 200 {
        return Err(Trouble::Lost(format!("HTTP {status} without a reason")));
    }
    read_choice(&body).map_err(|why| Trouble::Refused(http::cut_without(&why, key)))
}

/// The names in the list of models.
pub(super) fn read_models(answer: &Answer, key: &SecretString) -> Result<Vec<String>, Trouble> {
    let status = answer.status;
    let Ok(body) = serde_json::from_slice::<Value>(&answer.body) else {
        return Err(Trouble::Lost(format!("HTTP {status} without JSON")));
    };
    if let Some(error) = body.get("error").filter(|error| !error.is_null()) {
        return Err(refusal(status, error, key));
    }
    let Some(list) = body["data"].as_array().filter(|_| status == 200) else {
        return Err(Trouble::Lost(format!("HTTP {status} without a list")));
    };
    Ok(list.iter().filter_map(|model| model["id"].as_str().map(str::to_owned)).collect())
}

impl Chat {
    /// The request without its model. No limit of tokens: its name differs between models, and for
    /// those that think it counts the thoughts; the caller's deadline and our cap are the limits.
    pub(super) fn body(&self) -> Value {
        let mut user = vec![json!({"type": "text", "text": self.user})];
        if let Some(photo) = &self.photo {
            user.push(json!({"type": "image_url", "image_url": {"url": data_uri(photo)}}));
        }
        let system = json!({"role": "system", "content": self.system});
        json!({"messages": [system, {"role": "user", "content": user}], "stream": false})
    }
}

/// The text of the first choice, or why there is none.
pub(super) fn read_choice(body: &Value) -> Result<String, String> {
    let choice = &body["choices"][0];
    if let Some(why) = choice["message"]["refusal"].as_str().filter(|why| !why.is_empty()) {
        return Err(why.to_owned());
    }
    if let Some(why @ ("length" | "content_filter")) = choice["finish_reason"].as_str() {
        return Err(format!("the answer ended early: {why}"));
    }
    let content = &choice["message"]["content"];
    let text = match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().filter_map(|part| part["text"].as_str()).collect(),
        _ => String::new(),
    };
    match text.trim() {
        "" => Err("an empty answer".to_owned()),
        text => Ok(text.to_owned()),
    }
}

fn refusal(status: u16, error: &Value, key: &SecretString) -> Trouble {
    let field = |name: &str| error[name].as_str().unwrap_or_default();
    let message = error.as_str().unwrap_or(field("message"));
    let kind = format!("{} {}", field("code"), field("type"));
    let why = http::cut_without(&format!("HTTP {status}: {message}"), key);
    if kind.contains("insufficient_quota") || kind.contains("billing") || status == 402 {
        Trouble::Quota(why)
    } else if status == 401 || kind.contains("invalid_api_key") {
        // The message repeats a part of the key.
        Trouble::BadKey(format!("HTTP {status}"))
    } else if status == 429 || kind.contains("rate_limit") {
        Trouble::RateLimited(why)
    } else {
        Trouble::Refused(why)
    }
}

fn data_uri(photo: &[u8]) -> String {
    let mime = match photo {
        [0x89, b'P', b'N', b'G', ..] => "image/png",
        [b'R', b'I', b'F', b'F', ..] => "image/webp",
        _ => "image/jpeg",
    };
    format!("data:{mime};base64,{}", base64(photo))
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |at: usize| u32::from(chunk.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for at in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * at)) as usize & 63];
            text.push(if at <= chunk.len() { char::from(letter) } else { '=' });
        }
    }
    text
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Unreached(why) => Self::Unreached(why),
            Failure::Lost(why) => Self::Lost(why),
        }
    }
}

impl std::fmt::Display for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unreached(why) => write!(f, "not reached: {why}"),
            Self::Lost(why) => write!(f, "no valid answer: {why}"),
            Self::Quota(why) => write!(f, "no quota: {why}"),
            Self::BadKey(why) => write!(f, "the key is refused: {why}"),
            Self::RateLimited(why) => write!(f, "too many calls: {why}"),
            Self::Refused(why) => write!(f, "refused: {why}"),
        }
    }
}

impl std::error::Error for Trouble {}

#[cfg(test)]
mod tests;
