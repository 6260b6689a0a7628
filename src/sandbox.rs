//! Telegram, KIE and OpenAI on loopback sockets, for the demo and for tests. The program under
//! it is the unchanged one: only its base URLs point here.
//!
//! Everything that waits or counts time here goes by the process clock that is handed in, so a
//! fast clock makes renders, rate limits and long polls fast as well. Every call is held against
//! tables of our own (`assets/sandbox/`): what Telegram or KIE would refuse is refused in their
//! words, and what merely breaks their rules is remembered in `violations()`.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use crate::clock::{Clock, Millis};

mod base64;
mod bell;
mod call;
pub mod customers;
pub mod faults;
mod film;
pub mod kie;
mod line;
pub mod openai;
pub mod photos;
pub mod telegram;

pub use axum::body::Bytes;
pub use faults::{Action, Faults, Moment, Seen, Service};
pub use kie::Kie;
pub use openai::OpenAi;
pub use telegram::Telegram;

#[cfg(test)]
mod tests;

use bell::Bell;

/// How the three services behave.
#[derive(Clone)]
pub struct Options {
    /// The clock of everything here.
    pub clock: Clock,
    /// Render times and task ids follow from it.
    pub seed: u64,
    /// The bot's token; another one gets 401.
    pub token: String,
    /// Each is an account of its own.
    pub kie_keys: Vec<String>,
    /// OpenAI's key; `None` refuses everybody.
    pub openai_key: Option<String>,
    /// Shortest and longest render, in process-clock time.
    pub render_ms: (Millis, Millis),
    /// How long every answer of KIE and of OpenAI's moderation takes.
    pub api_delay_ms: Millis,
    /// How long every answer of Telegram takes, but for the updates; what was asked for has happened
    /// by then.
    pub telegram_delay_ms: Millis,
    /// How long every chat completion takes, by OpenAI or by KIE.
    pub gpt_delay_ms: Millis,
    /// Bytes of a file a second and line, in real time; 0: as fast as it goes.
    pub download_rate: u64,
    /// Keep a log of all requests (bounded).
    pub record_calls: bool,
    /// Whether Telegram answers 429 when its limits are passed.
    pub telegram_limits: bool,
    /// What each KIE account has at first, in KIE credits.
    pub kie_balance: f64,
}

impl Options {
    /// A sandbox that behaves: one account, enough credits, renders of 60 to 180 s.
    pub fn new(clock: Clock) -> Self {
        Self {
            clock,
            seed: 7,
            token: "7000000001:AAsandbox-sandbox-sandbox-sandbox00".into(),
            kie_keys: vec!["sandbox-kie-key-1".into()],
            openai_key: Some("sk-sandbox-openai-key".into()),
            render_ms: (60_000, 180_000),
            api_delay_ms: 0,
            telegram_delay_ms: 0,
            gpt_delay_ms: 0,
            download_rate: 0,
            record_calls: true,
            telegram_limits: true,
            kie_balance: 1_000_000.0,
        }
    }
}

/// The running services; they end with it.
pub struct Sandbox {
    far: Arc<Far>,
    ports: Ports,
    runtime: Mutex<Option<tokio::runtime::Runtime>>,
}

/// What all handlers share.
struct Far {
    options: Options,
    faults: Faults,
    telegram: Telegram,
    kie: Kie,
    openai: OpenAi,
    /// Connections that are open now.
    lines: Arc<AtomicUsize>,
}

#[derive(Clone, Copy)]
struct Ports {
    telegram: SocketAddr,
    kie: SocketAddr,
    openai: SocketAddr,
}

impl Sandbox {
    /// Binds three loopback ports and serves them from threads of its own.
    pub fn start(options: Options) -> anyhow::Result<Self> {
        let (telegram_socket, telegram_at) = bind()?;
        let (kie_socket, kie_at) = bind()?;
        let (openai_socket, openai_at) = bind()?;
        let ports = Ports { telegram: telegram_at, kie: kie_at, openai: openai_at };
        let bell = Bell::default();
        let openai = OpenAi::new(&options, bell.clone());
        let kie = Kie::new(&options, bell.clone(), format!("http://{kie_at}"), openai.clone())?;
        let far = Arc::new(Far {
            faults: Faults::new(options.record_calls),
            telegram: Telegram::new(&options, bell)?,
            kie,
            openai,
            lines: Arc::default(),
            options,
        });
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .max_blocking_threads(4)
            .thread_name("sandbox")
            .enable_all()
            .build()?;
        {
            let _context = runtime.enter();
            line::serve(Service::Telegram, telegram_socket, &far)?;
            line::serve(Service::Kie, kie_socket, &far)?;
            line::serve(Service::OpenAi, openai_socket, &far)?;
        }
        Ok(Self { far, ports, runtime: Mutex::new(Some(runtime)) })
    }

    /// Ends the threads and closes the sockets; also done on drop.
    pub fn stop(&self) {
        let runtime = bell::held(&self.runtime).take();
        if let Some(runtime) = runtime {
            runtime.shutdown_background();
        }
    }

    /// The Bot API's base, for `TELEGRAM_API_URL`.
    pub fn telegram_url(&self) -> String {
        format!("http://{}", self.ports.telegram)
    }

    /// For `KIE_API_URL`.
    pub fn kie_url(&self) -> String {
        format!("http://{}", self.ports.kie)
    }

    /// For `KIE_UPLOAD_URL`.
    pub fn upload_url(&self) -> String {
        self.kie_url()
    }

    /// For `OPENAI_BASE_URL`.
    pub fn openai_url(&self) -> String {
        format!("http://{}/v1", self.ports.openai)
    }

    /// Telegram as its users see it.
    pub fn telegram(&self) -> &Telegram {
        &self.far.telegram
    }

    /// KIE as its operators see it.
    pub fn kie(&self) -> &Kie {
        &self.far.kie
    }

    /// OpenAI as its operators see it.
    pub fn openai(&self) -> &OpenAi {
        &self.far.openai
    }

    /// What goes wrong, and when.
    pub fn faults(&self) -> &Faults {
        &self.far.faults
    }

    /// Connections that are open now. 0 once a program has died: what it had sent until then has
    /// been read and dealt with.
    pub fn open_lines(&self) -> usize {
        self.far.lines.load(Ordering::SeqCst)
    }

    /// What it was started with.
    pub fn options(&self) -> &Options {
        &self.far.options
    }

    /// All rules broken so far, of all three services: tests assert that it is empty.
    pub fn violations(&self) -> Vec<String> {
        let mut all = self.far.telegram.violations();
        all.extend(self.far.kie.violations());
        all.extend(self.far.openai.violations());
        all
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.stop();
    }
}

fn bind() -> anyhow::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    listener.set_nonblocking(true)?;
    let at = listener.local_addr()?;
    Ok((listener, at))
}
