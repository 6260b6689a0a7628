//! One place that makes HTTP agents and tells what became of a request.
//!
//! Whether a byte of a request went out decides whether it may have been accepted, and billed.
//! ureq's error kinds do not tell that reliably, so every connection is wrapped in [`Watched`],
//! which notes the first byte of the request itself. What a proxy's or TLS's handshake sends
//! does not count. ureq works on the thread that calls it, so the note is thread-local.

use std::cell::Cell;
use std::io::Read;
use std::time::Duration;

use anyhow::Context;
use secrecy::{ExposeSecret, SecretString};
use ureq::http::Response;
use ureq::unversioned::multipart::Form;
use ureq::unversioned::resolver::{DefaultResolver, Resolver};
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, DefaultConnector, NextTimeout, Transport,
};
use ureq::{Agent, Body, Proxy};

const USER_AGENT: &str = concat!("neurocards/", env!("CARGO_PKG_VERSION"));
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Shorter than the idle time of any server that we call: a connection that the server closes
/// under our request would make it lost.
const MAX_IDLE: Duration = Duration::from_secs(10);
/// Keys are longer than this many bytes.
const KEY_MIN: usize = 8;
/// A service's words in our logs and rows are cut to this many characters.
const TEXT_MAX: usize = 500;

thread_local! {
    static SENT: Cell<bool> = const { Cell::new(false) };
    static CONNECTING: Cell<u32> = const { Cell::new(0) };
}

/// A request that brought no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// No byte of it went out.
    Unreached(String),
    /// Bytes of it went out; what became of it is not known.
    Lost(String),
}

/// What a server answered, whatever it means.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
}

/// A pool of connections with its proxy.
#[derive(Clone)]
pub(super) struct Client(Agent);

impl Client {
    /// For polls, uploads and questions: connections are kept for a while and used again.
    pub(super) fn new(proxy: Option<&SecretString>) -> anyhow::Result<Self> {
        Ok(Self(agent(parse_proxy(proxy)?, 32, DefaultResolver::default())))
    }

    /// For submits: each has a connection of its own, because a kept one that the server just
    /// closed would make a submit lost.
    pub(super) fn without_reuse(proxy: Option<&SecretString>) -> anyhow::Result<Self> {
        Ok(Self(agent(parse_proxy(proxy)?, 0, DefaultResolver::default())))
    }

    /// `deadline` is for the whole call, its answer included; `cap` is the answer's limit in bytes.
    pub(super) fn get(
        &self,
        url: &str,
        key: &SecretString,
        deadline: Duration,
        cap: u64,
    ) -> Result<Answer, Failure> {
        let call = self.0.get(url).config().timeout_global(Some(deadline)).build();
        perform(key, cap, || call.header("authorization", bearer(key)).call())
    }

    /// As [`Client::get`].
    pub(super) fn post_json(
        &self,
        url: &str,
        key: &SecretString,
        body: &serde_json::Value,
        deadline: Duration,
        cap: u64,
    ) -> Result<Answer, Failure> {
        let bytes = body.to_string();
        let call = self.0.post(url).config().timeout_global(Some(deadline)).build();
        let call = call.header("authorization", bearer(key));
        perform(key, cap, || call.header("content-type", "application/json").send(bytes.as_bytes()))
    }

    /// As [`Client::get`].
    pub(super) fn post_form(
        &self,
        url: &str,
        key: &SecretString,
        form: Form<'_>,
        deadline: Duration,
        cap: u64,
    ) -> Result<Answer, Failure> {
        let call = self.0.post(url).config().timeout_global(Some(deadline)).build();
        perform(key, cap, || call.header("authorization", bearer(key)).send(form))
    }

    /// Ends running calls at once and refuses new ones.
    pub(super) fn stop(&self) {
        self.0.clone().shutdown();
    }
}

/// Every agent of the program: no redirects (an API has none, and they would carry a key away),
/// no proxy from the environment (the configuration decides), errors of HTTP are answers.
pub(super) fn agent(proxy: Option<Proxy>, idle: usize, resolver: impl Resolver) -> Agent {
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .proxy(proxy)
        .user_agent(USER_AGENT)
        .timeout_resolve(Some(CONNECT_TIMEOUT))
        .timeout_connect(Some(CONNECT_TIMEOUT))
        .max_idle_connections(idle)
        .max_idle_connections_per_host(idle)
        .max_idle_age(MAX_IDLE)
        .build();
    Agent::with_parts(config, Watch(DefaultConnector::new()), resolver)
}

/// The error does not repeat the address: it may hold a password.
pub(super) fn parse_proxy(proxy: Option<&SecretString>) -> anyhow::Result<Option<Proxy>> {
    let Some(address) = proxy.map(ExposeSecret::expose_secret).filter(|text| !text.is_empty())
    else {
        return Ok(None);
    };
    let parsed = Proxy::new(address).ok();
    parsed.map(Some).context("not a proxy: write http://, https:// or socks5h://HOST:PORT")
}

/// The base of a service's addresses, without the slash at its end.
pub(super) fn base_url(text: &str) -> anyhow::Result<String> {
    let url = url::Url::parse(text).with_context(|| format!("`{text}` is not an address"))?;
    anyhow::ensure!(
        matches!(url.scheme(), "http" | "https") && url.host().is_some(),
        "`{text}` is not an http or https address"
    );
    Ok(text.trim_end_matches('/').to_owned())
}

fn bearer(key: &SecretString) -> String {
    format!("Bearer {}", key.expose_secret())
}

fn perform(
    key: &SecretString,
    cap: u64,
    call: impl FnOnce() -> Result<Response<Body>, ureq::Error>,
) -> Result<Answer, Failure> {
    SENT.set(false);
    let response = call().map_err(|error| {
        let why = cut(&error.to_string());
        if SENT.get() { Failure::Lost(why) } else { Failure::Unreached(why) }
    })?;
    let status = response.status().as_u16();
    let mut body = Vec::new();
    let reader = response.into_body().into_with_config().limit(cap + 2).reader();
    reader.take(cap + 1).read_to_end(&mut body).map_err(|error| {
        Failure::Lost(format!("HTTP {status}, then {}", cut(&error.to_string())))
    })?;
    if body.len() as u64 > cap {
        return Err(Failure::Lost(format!("HTTP {status} with more than {cap} bytes")));
    }
    Ok(Answer { status, body: without(body, key.expose_secret().as_bytes()) })
}

/// A service may repeat the key that it was given: in an error's text, an address, an id. Wherever
/// that stands it would end in a log, a row, a message, so it is taken out before anything is read.
fn without(body: Vec<u8>, secret: &[u8]) -> Vec<u8> {
    let found = |from: usize| {
        let rest = body.get(from..)?;
        rest.windows(secret.len()).position(|part| part == secret).map(|at| from + at)
    };
    // What is shorter is no key, and would tear an answer apart.
    if secret.len() < KEY_MIN || found(0).is_none() {
        return body;
    }
    let (mut clean, mut from) = (Vec::with_capacity(body.len()), 0);
    while let Some(at) = found(from) {
        clean.extend_from_slice(&body[from..at]);
        clean.extend_from_slice(b"***");
        from = at + secret.len();
    }
    clean.extend_from_slice(&body[from..]);
    clean
}

/// A text of a service, fit for a log line and a row.
pub(super) fn cut(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(TEXT_MAX).collect()
}

/// The same, for a service that may repeat the key that it was given.
pub(super) fn cut_without(text: &str, key: &SecretString) -> String {
    match key.expose_secret() {
        "" => cut(text),
        secret => cut(&text.replace(secret, "***")),
    }
}

#[derive(Debug)]
struct Watch(DefaultConnector);

/// See the module.
#[derive(Debug)]
struct Watched(Box<dyn Transport>);

impl Connector for Watch {
    type Out = Watched;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        chained: Option<()>,
    ) -> Result<Option<Watched>, ureq::Error> {
        CONNECTING.set(CONNECTING.get() + 1);
        let made = self.0.connect(details, chained);
        CONNECTING.set(CONNECTING.get() - 1);
        Ok(made?.map(Watched))
    }
}

impl Transport for Watched {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.0.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), ureq::Error> {
        if amount > 0 && CONNECTING.get() == 0 {
            SENT.set(true);
        }
        self.0.transmit_output(amount, timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        self.0.await_input(timeout)
    }

    fn is_open(&mut self) -> bool {
        self.0.is_open()
    }

    fn is_tls(&self) -> bool {
        self.0.is_tls()
    }
}

#[cfg(test)]
mod tests;
