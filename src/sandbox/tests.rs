//! The sandbox from outside: over its sockets.

use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::clock::Clock;

mod customers;
mod faults;
mod kie;
mod stars;
mod telegram;

const USER: i64 = 42;

/// A sandbox whose clock runs this fast.
fn sandbox(rate: f64) -> Sandbox {
    Sandbox::start(Options::new(Clock::fast(rate))).unwrap()
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(20)))
        .build()
        .into()
}

/// A call of the Bot API.
fn bot(sandbox: &Sandbox, method: &str, args: Value) -> Value {
    let url = format!("{}/bot{}/{method}", sandbox.telegram_url(), sandbox.options().token);
    agent().post(url).send_json(args).unwrap().body_mut().read_json().unwrap()
}

/// The same with a file, as a form.
fn bot_file(sandbox: &Sandbox, method: &str, args: Value, file: (&str, &[u8])) -> Value {
    let url = format!("{}/bot{}/{method}", sandbox.telegram_url(), sandbox.options().token);
    form(&url, "", args, file)
}

fn form(url: &str, key: &str, args: Value, file: (&str, &[u8])) -> Value {
    let mut body = Vec::new();
    for (name, value) in args.as_object().unwrap() {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let part =
            format!("--edge\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        body.extend(part.into_bytes());
    }
    let head = format!(
        "--edge\r\nContent-Disposition: form-data; name=\"{}\"; filename=\"a.bin\"\r\n\
         Content-Type: application/octet-stream\r\n\r\n",
        file.0
    );
    body.extend(head.into_bytes());
    body.extend(file.1);
    body.extend(b"\r\n--edge--\r\n");
    let post = agent()
        .post(url)
        .header("Content-Type", "multipart/form-data; boundary=edge")
        .header("Authorization", format!("Bearer {key}"));
    post.send(&body[..]).unwrap().body_mut().read_json().unwrap()
}

/// A call of KIE's API with its first key.
fn kie(sandbox: &Sandbox, path: &str, body: Option<Value>) -> Value {
    let url = format!("{}{path}", sandbox.kie_url());
    let key = format!("Bearer {}", sandbox.options().kie_keys[0]);
    let mut response = match body {
        Some(body) => agent().post(url).header("Authorization", key).send_json(body),
        None => agent().get(url).header("Authorization", key).call(),
    }
    .unwrap();
    response.body_mut().read_json().unwrap()
}
