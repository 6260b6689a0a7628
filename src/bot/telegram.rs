//! A thin Telegram client: teloxide's typed payloads over our own HTTP. Replies are read leniently
//! (a field that is new to us spoils nothing), every call has a total deadline, every reply a
//! limit, and the token stays out of errors and logs.

mod failure;
mod identity;
mod methods;
mod stars;

#[cfg(test)]
pub(crate) mod fake;
#[cfg(test)]
mod tests;

pub use failure::Failure;
pub use identity::{Me, Webhook};
pub(super) use methods::unread;
pub use methods::{Media, Sent, Shape, Upload, Words};
pub use stars::{Bill, PAGE, StarsBack};

use std::time::{Duration, Instant};

use anyhow::Context;
use reqwest::multipart::Form;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde_json::Value;
use teloxide::requests::Payload;

use crate::clock::{Clock, Millis, SECOND};
use crate::meter::{self, Call};

const CONNECT: Millis = 10 * SECOND;
const ORDINARY: Millis = 30 * SECOND;
/// How much longer than its own timeout a long poll may take.
const POLL_GRACE: Millis = 15 * SECOND;
const UPLOAD: Millis = 60 * SECOND;
/// For a line of about a megabit a second.
const UPLOAD_PER_MB: Millis = 10 * SECOND;

/// The longest reply that is read, in bytes: of a call, and of a batch of updates.
const REPLY_LIMIT: usize = 4 << 20;
const UPDATES_LIMIT: usize = 16 << 20;

/// How to reach Telegram.
pub struct Options {
    pub token: SecretString,
    /// As `https://api.telegram.org`, without the token.
    pub api_url: String,
    /// `http://`, `https://` or `socks5h://`; it may hold a password. No variable of the
    /// environment is read here.
    pub proxy: Option<SecretString>,
    pub clock: Clock,
}

/// Cheap to share: holds the pool of connections.
pub struct Telegram {
    http: reqwest::Client,
    api_url: String,
    token: SecretString,
    clock: Clock,
}

/// How long a call may take in all, and how much it may answer.
struct Bounds {
    deadline: Duration,
    reply: usize,
}

impl Telegram {
    /// # Errors
    /// A proxy or an address that cannot be one.
    pub fn new(options: Options) -> anyhow::Result<Self> {
        let Options { token, api_url, proxy, clock } = options;
        let mut builder = reqwest::Client::builder()
            .connect_timeout(clock.deadline(CONNECT))
            .redirect(reqwest::redirect::Policy::none())
            .tcp_keepalive(Duration::from_secs(20))
            .pool_idle_timeout(Duration::from_secs(50))
            .no_proxy();
        if let Some(proxy) = proxy {
            // The error would quote the address, and the password in it.
            let proxy = reqwest::Proxy::all(proxy.expose_secret())
                .map_err(|_| anyhow::anyhow!("the Telegram proxy is not a proxy's address"))?;
            builder = builder.proxy(proxy);
        }
        let api_url = api_url.trim_end_matches('/').to_owned();
        url::Url::parse(&api_url).context("the Telegram API's address")?;
        let http = builder.build().context("setting up HTTP for Telegram")?;
        Ok(Self { http, api_url, token, clock })
    }

    /// The clock that times the calls.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Any call that sends no file.
    pub async fn call<P>(&self, payload: &P) -> Result<Value, Failure>
    where
        P: Payload + Serialize,
    {
        self.call_within(payload, ORDINARY).await
    }

    /// The same, where nobody waits as long.
    async fn call_within<P>(&self, payload: &P, patience: Millis) -> Result<Value, Failure>
    where
        P: Payload + Serialize,
    {
        let bounds = Bounds { deadline: self.clock.deadline(patience), reply: REPLY_LIMIT };
        let began = Instant::now();
        let answer = self.post(P::NAME, &json(payload)?, bounds).await;
        counted(P::NAME, &answer, Some(began.elapsed()));
        answer
    }

    /// A long poll. Its reply is raw: reading the updates is the caller's.
    pub async fn get_updates(
        &self,
        offset: Option<i64>,
        timeout_s: u32,
        allowed: &[&str],
    ) -> Result<Value, Failure> {
        let mut body = serde_json::json!({ "timeout": timeout_s, "allowed_updates": allowed });
        if let Some(offset) = offset {
            body["offset"] = offset.into();
        }
        let patience = Millis::from(timeout_s) * SECOND + POLL_GRACE;
        let bounds = Bounds { deadline: self.clock.deadline(patience), reply: UPDATES_LIMIT };
        // How long it takes is Telegram's choice, and says nothing.
        let answer = self.post("GetUpdates", &body, bounds).await;
        counted("GetUpdates", &answer, None);
        answer
    }

    /// A file of Telegram's, as `getFile` named it. The caller reads the body, within its deadline.
    pub(super) async fn get_file(
        &self,
        file_path: &str,
        deadline: Duration,
    ) -> Result<reqwest::Response, Failure> {
        let token = self.token.expose_secret();
        let url = format!("{}/file/bot{token}/{file_path}", self.api_url);
        self.http.get(url).timeout(deadline).send().await.map_err(Failure::of_request)
    }

    async fn post(&self, name: &str, body: &Value, bounds: Bounds) -> Result<Value, Failure> {
        let request = self.http.post(self.url(name)).json(body);
        self.send(request, bounds).await
    }

    /// Sends `payload` (without its file) and the file as a form.
    async fn upload<P>(&self, payload: &P, field: &str, upload: Upload) -> Result<Value, Failure>
    where
        P: Payload + Serialize,
    {
        let (part, bytes) = upload.into_part().await?;
        let mut form = Form::new();
        if let Value::Object(fields) = json(payload)? {
            for (name, value) in fields.into_iter().filter(|(name, _)| name != field) {
                let text = match value {
                    Value::String(text) => text,
                    other => other.to_string(),
                };
                form = form.text(name, text);
            }
        }
        form = form.part(field.to_owned(), part);
        let patience = UPLOAD + UPLOAD_PER_MB * ((bytes >> 20) as Millis);
        let bounds = Bounds { deadline: self.clock.deadline(patience), reply: REPLY_LIMIT };
        let began = Instant::now();
        let answer = self.send(self.http.post(self.url(P::NAME)).multipart(form), bounds).await;
        counted(P::NAME, &answer, Some(began.elapsed()));
        answer
    }

    /// Telegram ignores the case of a method's name, but its documents and logs say `sendMessage`.
    fn url(&self, name: &str) -> String {
        let token = self.token.expose_secret();
        let (first, rest) = name.split_at(name.len().min(1));
        format!("{}/bot{token}/{}{rest}", self.api_url, first.to_ascii_lowercase())
    }

    async fn send(
        &self,
        request: reqwest::RequestBuilder,
        bounds: Bounds,
    ) -> Result<Value, Failure> {
        let sent = request.timeout(bounds.deadline).send().await;
        let mut response = sent.map_err(Failure::of_request)?;
        let status = response.status().as_u16();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(Failure::of_reply)? {
            if body.len() + chunk.len() > bounds.reply {
                return Err(Failure::Lost(format!("a reply of over {} bytes", bounds.reply)));
            }
            body.extend_from_slice(&chunk);
        }
        failure::read_reply(status, &without(body, self.token.expose_secret()))
    }
}

fn counted(method: &'static str, answer: &Result<Value, Failure>, took: Option<Duration>) {
    let outcome = answer.as_ref().map_or_else(Failure::word, |_| "ok");
    meter::count(Call { service: "telegram", method }, outcome, took);
}

/// Whatever repeats the token's secret half (a proxy's error, a customer who found it) ends in a
/// row or a log: it is blotted out before anything is read.
fn without(mut body: Vec<u8>, token: &str) -> Vec<u8> {
    let secret = token.split_once(':').map_or(token, |(_, secret)| secret).as_bytes();
    let mut from = 0;
    while let Some(at) = body[from..]
        .windows(secret.len().max(1))
        .position(|part| part == secret)
        .map(|at| from + at)
    {
        from = at + secret.len();
        body[at..from].fill(b'*');
    }
    body
}

fn json(payload: &impl Serialize) -> Result<Value, Failure> {
    serde_json::to_value(payload).map_err(|error| Failure::BadRequest(error.to_string()))
}
