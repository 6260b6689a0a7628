//! A server for tests that answers each call as it is told.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

use super::{Options, Telegram};
use crate::clock::Clock;

pub(crate) const TOKEN: &str = "7:SECRETSECRETSECRETSECRETSECRETSECRET";

#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// The last piece of the path, as `sendMessage`.
    pub(crate) method: String,
    /// `Null` for a form.
    pub(crate) json: Value,
    pub(crate) body: Vec<u8>,
}

pub(crate) enum Reply {
    Ok(Value),
    Error(u16, Value),
    /// Any bytes of a body.
    Page(u16, &'static str),
    /// The line drops after the call was read.
    Drop,
    /// Never.
    Hang,
}

impl Reply {
    /// Telegram's refusal.
    pub(crate) fn refusal(code: u16, text: &str) -> Self {
        Self::Error(code, json!({ "ok": false, "error_code": code, "description": text }))
    }

    pub(crate) fn retry_after(seconds: u32) -> Self {
        let parameters = json!({ "retry_after": seconds });
        Self::Error(429, json!({ "ok": false, "error_code": 429, "parameters": parameters }))
    }
}

type Handler = Arc<dyn Fn(&Call) -> Reply + Send + Sync>;

pub(crate) struct Fake {
    pub(crate) url: String,
    calls: Arc<Mutex<Vec<Call>>>,
    rang: Arc<Notify>,
}

impl Fake {
    pub(crate) async fn start(handler: impl Fn(&Call) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (calls, rang) = (Arc::<Mutex<Vec<Call>>>::default(), Arc::new(Notify::new()));
        let handler: Handler = Arc::new(handler);
        let (seen, ring) = (Arc::clone(&calls), Arc::clone(&rang));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (seen, ring) = (Arc::clone(&seen), Arc::clone(&ring));
                tokio::spawn(serve(stream, Arc::clone(&handler), seen, ring));
            }
        });
        Self { url, calls, rang }
    }

    pub(crate) fn telegram(&self, clock: Clock) -> Arc<Telegram> {
        telegram(&self.url, clock)
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }

    /// The calls, once `enough` says so.
    #[track_caller]
    pub(crate) fn until(
        &self,
        enough: impl Fn(&[Call]) -> bool,
    ) -> impl Future<Output = Vec<Call>> {
        let caller = std::panic::Location::caller();
        async move {
            let wait = async {
                loop {
                    let rang = self.rang.notified();
                    let calls = self.calls();
                    if enough(&calls) {
                        return calls;
                    }
                    rang.await;
                }
            };
            let waited = tokio::time::timeout(Duration::from_secs(20), wait).await;
            waited.unwrap_or_else(|_| panic!("at {caller}: only {:#?}", self.calls()))
        }
    }
}

pub(crate) fn telegram(url: &str, clock: Clock) -> Arc<Telegram> {
    let (token, api_url) = (SecretString::from(TOKEN), url.to_owned());
    Arc::new(Telegram::new(Options { token, api_url, proxy: None, clock }).unwrap())
}

async fn serve(
    mut stream: TcpStream,
    handler: Handler,
    calls: Arc<Mutex<Vec<Call>>>,
    rang: Arc<Notify>,
) {
    let Some(call) = read(&mut stream).await else { return };
    let reply = handler(&call);
    calls.lock().unwrap().push(call);
    rang.notify_waiters();
    let (status, body) = match reply {
        Reply::Ok(result) => (200, json!({ "ok": true, "result": result }).to_string()),
        Reply::Error(status, body) => (status, body.to_string()),
        Reply::Page(status, page) => (status, page.to_owned()),
        Reply::Drop => return,
        Reply::Hang => return std::future::pending().await,
    };
    let length = body.len();
    let head = format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\nconnection: close\r\n");
    let _ = stream.write_all(format!("{head}\r\n{body}").as_bytes()).await;
}

async fn read(stream: &mut TcpStream) -> Option<Call> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
    let length = head.split("content-length: ").nth(1).and_then(|rest| rest.lines().next());
    let length: usize = length.map_or(0, |length| length.trim().parse().unwrap());
    while bytes.len() < end + length {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    let path = String::from_utf8_lossy(&bytes[..end]).split(' ').nth(1)?.to_owned();
    let method = path.rsplit('/').next()?.to_owned();
    let body = bytes[end..].to_vec();
    Some(Call { method, json: serde_json::from_slice(&body).unwrap_or(Value::Null), body })
}
