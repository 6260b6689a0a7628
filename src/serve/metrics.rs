//! The metrics address: figures for Prometheus at `/metrics`, and at `/health` whether the program
//! serves. It has a thread of its own and reads nothing but what anybody may know: no customer, no
//! secret, no word that was written. Whatever comes to it, the bot and the workers are not asked.

mod figures;
mod http;
mod page;
mod process;

pub(super) use figures::Sources;

use crate::alerts;
use crate::clock::{Millis, SECOND};
use crate::text::Arg;
use anyhow::{Context as _, Result};
use http::Answer;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::runtime;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

/// Who asks again before that gets what was read last: a scraper without measure costs nothing.
const KEEPS: Duration = Duration::from_secs(2);
/// Between two tries to get an address that somebody else has.
const AGAIN: Millis = 15 * SECOND;
/// What the operator hears of it.
const CAUSE: &str = "metrics";

/// The thread that serves it, where an address is set.
pub(super) struct Metrics {
    stop: CancellationToken,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Metrics {
    /// Without an address nothing is started. One that cannot be had stops nothing: it is tried
    /// again, and the operator hears of it.
    pub(super) fn start(listen: Option<SocketAddr>, sources: Sources) -> Result<Self> {
        let stop = CancellationToken::new();
        let Some(address) = listen else { return Ok(Self { stop, thread: None }) };
        let runtime = runtime::Builder::new_current_thread()
            .enable_all()
            .max_blocking_threads(1)
            .thread_name("metrics-read")
            .build()
            .context("cannot start the runtime of the metrics")?;
        let ended = stop.clone();
        let site = Arc::new(Site { sources, kept: Mutex::default() });
        let thread = std::thread::Builder::new()
            .name("metrics".into())
            .spawn(move || {
                runtime.block_on(async {
                    tokio::select! {
                        () = ended.cancelled() => {}
                        () = serve(address, site) => {}
                    }
                });
                runtime.shutdown_background();
            })
            .context("cannot start the thread metrics")?;
        Ok(Self { stop, thread: Some(thread) })
    }

    pub(super) fn stop(mut self) {
        self.stop.cancel();
        if let Some(thread) = self.thread.take() {
            let _panicked_or_not = thread.join();
        }
    }
}

struct Site {
    sources: Sources,
    /// The page, and when it was read. Whoever comes while it is being read waits for that.
    kept: Mutex<Option<Kept>>,
}

struct Kept {
    read: Instant,
    /// None: it could not be read, which the log says.
    page: Option<String>,
}

async fn serve(address: SocketAddr, site: Arc<Site>) {
    let listener = listen(address, &site).await;
    http::serve(listener, move |path| {
        let site = Arc::clone(&site);
        async move { site.answer(&path).await }
    })
    .await;
}

/// However long somebody else has the address: their program may be stopped any time.
async fn listen(address: SocketAddr, site: &Arc<Site>) -> TcpListener {
    let mut told = false;
    loop {
        match TcpListener::bind(address).await {
            Ok(listener) => {
                // Port 0 is any free one.
                let at = listener.local_addr().unwrap_or(address);
                tracing::info!(%at, "metrics are served");
                site.has_address(None).await;
                return listener;
            }
            Err(error) if !told => {
                let error = error.to_string();
                tracing::warn!(%address, error, "no metrics: the address cannot be had; trying on");
                site.has_address(Some(format!("{address}: {error}"))).await;
                told = true;
            }
            Err(_) => {}
        }
        tokio::time::sleep(site.sources.clock.real_span(AGAIN)).await;
    }
}

impl Site {
    async fn answer(self: Arc<Self>, path: &str) -> Answer {
        match path {
            "/metrics" => match self.page().await {
                Some(body) => Answer { status: 200, kind: page::CONTENT_TYPE, body },
                // The error itself may name places of this machine.
                None => Answer::line(503, "the figures cannot be read: the log says why"),
            },
            "/health" => match self.sources.supervisor.health().word() {
                Ok(word) => Answer::line(200, &word),
                Err(why) => Answer::line(503, &why),
            },
            _ => Answer::line(404, "there are /metrics and /health"),
        }
    }

    async fn page(self: Arc<Self>) -> Option<String> {
        let mut kept = self.kept.lock().await;
        if let Some(kept) = kept.as_ref().filter(|kept| kept.read.elapsed() < KEEPS) {
            return kept.page.clone();
        }
        let site = Arc::clone(&self);
        let read = tokio::task::spawn_blocking(move || figures::text(&site.sources)).await;
        let page = read.context("a panic").flatten().inspect_err(|error| {
            tracing::error!(error = format!("{error:#}"), "the figures cannot be read");
        });
        let page = page.ok();
        *kept = Some(Kept { read: Instant::now(), page: page.clone() });
        page
    }

    /// The operator hears that the address cannot be had, and that it can again.
    async fn has_address(self: &Arc<Self>, trouble: Option<String>) {
        let site = Arc::clone(self);
        let told = tokio::task::spawn_blocking(move || site.tell(trouble)).await;
        if let Ok(Err(error)) = told {
            tracing::warn!(error = format!("{error:#}"), "an alert was not kept");
        }
    }

    fn tell(&self, trouble: Option<String>) -> Result<()> {
        let Sources { db, clock, shop, .. } = &self.sources;
        if trouble.is_none() && !db.read(|conn| alerts::is_open(conn, CAUSE))? {
            return Ok(());
        }
        let (shop, now) = (Arc::clone(shop), clock.now());
        db.write(move |tx| {
            let (admins, lang) = (&shop.options.admins, shop.admin_lang(tx));
            match trouble {
                Some(error) => {
                    let html =
                        shop.texts.say(lang, "alert-metrics", &[("error", Arg::Str(&error))]);
                    alerts::raise(tx, admins, CAUSE, &html, now)
                }
                None => {
                    let html = shop.texts.say(lang, "alert-metrics-over", &[]);
                    alerts::end(tx, admins, CAUSE, &html, now)
                }
            }
        })
    }
}
