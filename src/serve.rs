//! The life of an appliance, on one page: lock, open, recover, start, wait, stop.

mod eraser;
mod health;
mod keeper;
mod logs;
mod metrics;
mod settings;
mod story;
mod supervisor;

pub use logs::{LogTo, begin as begin_logs};
pub(crate) use settings::fingerprint;
pub use settings::{shop, telegram};

use crate::alerts;
use crate::backup::{self, daily::Daily};
use crate::bot;
use crate::clock::{Clock, Millis};
use crate::config::{Config, Tokens};
use crate::db::{Db, InstanceLock, Mode, SCHEMA, Tx};
use crate::instance;
use crate::jobs;
use crate::keys;
use crate::models;
use crate::orders::{self, Recovered, Shop, gifts};
use crate::outbox;
use crate::text::Arg;
use crate::worker::Workers;
use anyhow::{Context as _, Result, bail};
use eraser::Eraser;
use keeper::Keeper;
pub use keeper::{Keep, prune};
use metrics::Metrics;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};
use story::{Story, Teller};
use supervisor::Supervisor;
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// From the word to the end, at the latest.
const ENDS_WITHIN: Duration = Duration::from_millis(4_800);
/// The same for the bot; what the workers leave of it is the bot's, for calls under way.
const STOP_WITHIN: Duration = Duration::from_millis(4_600);

/// A running appliance.
pub struct Appliance {
    db: Db,
    workers: Workers,
    keeper: Keeper,
    eraser: Eraser,
    backups: Daily,
    bot: Option<tokio::task::JoinHandle<()>>,
    runtime: Runtime,
    stop: CancellationToken,
    supervisor: Arc<Supervisor>,
    story: Story,
    metrics: Metrics,
    status: &'static str,
    ends: Receiver<Ending>,
    end: Sender<Ending>,
    _lock: InstanceLock,
}

/// Why an appliance is to end.
#[derive(Debug)]
pub enum Ending {
    /// SIGTERM, SIGINT, or whoever started it.
    Asked,
    /// The disk failed: only a restart knows what is on it.
    Disk(String),
    /// A part of the program ended by itself: the rest would look alive and serve nobody.
    Broken(String),
}

impl Appliance {
    /// Starts everything; from here on it serves.
    ///
    /// # Errors
    /// [`crate::db::LockHeld`] where another one runs on the folder, and whatever is wrong with
    /// the folder, the database, or the operator's own files.
    pub fn start(config: &Config, tokens: &Tokens, mode: Mode, clock: Clock) -> Result<Self> {
        if mode == Mode::Live && !clock.is_real() {
            bail!("a live database keeps real time: unset NEUROCARDS_CLOCK");
        }
        let shop = Arc::new(settings::shop(config)?);
        let lock = InstanceLock::take(&config.data_dir)?;
        let zone = &config.report.timezone;
        let db = backup::open(&lock, &config.data_dir, &SCHEMA, mode, (clock.now(), zone))?;
        let (end, ends) = channel();
        let fatal = end.clone();
        db.on_fatal(Arc::new(move |reason| {
            // Nobody listens only when the appliance is ending anyway.
            let _ = fatal.send(Ending::Disk(reason));
        }));
        // Whatever the configuration can get wrong is found before this start counts.
        let options = settings::workers(config, tokens)?;
        let bot_options = settings::bot(config, tokens, &clock);
        // What the recovery does belongs into the story.
        let teller = Arc::new(Teller::new(&db)?);
        let recovered = begin(&db, &shop, tokens, &clock)?;
        // Before anything begins that a signal should not cut off.
        let runtime = runtime(&end)?;
        let story = Story::start(Arc::clone(&teller))?;
        if recovered.leases > 0 {
            tracing::warn!(?recovered, "picked up what the last process left");
        }
        let backups =
            Daily::start(&db, Arc::clone(&shop), clock.clone(), settings::backups(config))?;
        // Nobody begins a video of whom a backup brought back.
        let supervisor = Arc::new(Supervisor::of_environment());
        let watching = || Arc::clone(&supervisor);
        let eraser = Eraser::start(&db, &clock, config, Arc::clone(&shop), watching())?;
        let workers = Workers::start(db.clone(), Arc::clone(&shop), clock.clone(), options)?;
        let gauge = workers.gauge();
        let sources = metrics::Sources {
            db: db.clone(),
            clock: clock.clone(),
            shop: Arc::clone(&shop),
            data_dir: config.data_dir.clone(),
            gauge: gauge.clone(),
            teller,
            supervisor: watching(),
        };
        let keeper = Keeper::start(&db, &clock, config, Arc::clone(&shop), gauge, watching())?;
        let metrics = Metrics::start(config.metrics.listen, sources)?;
        let stop = CancellationToken::new();
        let bot = runtime.spawn(bot::run(db.clone(), Arc::clone(&shop), bot_options, stop.clone()));
        let bot = runtime.spawn(watched(bot, end.clone(), stop.clone()));
        tracing::info!(version = env!("CARGO_PKG_VERSION"), "serving");
        let bot = Some(bot);
        let status = supervisor::status(&db, &shop, clock.now())?;
        Ok(Self {
            db,
            workers,
            keeper,
            eraser,
            backups,
            bot,
            runtime,
            stop,
            supervisor,
            story,
            metrics,
            status,
            ends,
            end,
            _lock: lock,
        })
    }

    /// The database, for whoever shows what goes on.
    pub fn db(&self) -> &Db {
        &self.db
    }

    /// Ends [`Appliance::wait`] from another thread.
    pub fn ender(&self) -> Sender<Ending> {
        self.end.clone()
    }

    /// Waits for SIGTERM or SIGINT, or for a failure that only a restart can mend.
    ///
    /// # Errors
    /// The failure: hand what this returned to [`Appliance::stop`].
    pub fn wait(&self) -> Result<()> {
        self.supervisor.ready(self.status);
        match self.ends.recv() {
            Ok(Ending::Disk(reason)) => {
                bail!("the disk failed under the database ({reason}): check it, then start again")
            }
            Ok(Ending::Broken(reason)) => bail!("a part of the program ended: {reason}"),
            _ => Ok(()),
        }
    }

    /// Stops within five seconds; everything goes on at the next start. `orderly`: nothing failed.
    ///
    /// What does not end by then is left to the end of the process, as if it were killed: a database
    /// that is being rewritten, a disk that does not answer.
    pub fn stop(self, orderly: bool) {
        tracing::info!("stopping");
        self.supervisor.stopping();
        let until = Instant::now() + ENDS_WITHIN;
        let (done, ended) = channel();
        let stops = move || {
            self.stops(orderly);
            // Nobody listens any more where it took too long.
            let _ = done.send(());
        };
        if let Err(error) = std::thread::Builder::new().name("stop".into()).spawn(stops) {
            tracing::error!(%error, "cannot start the thread stop: all is left as it is");
            return;
        }
        match ended.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(()) => tracing::info!("stopped"),
            Err(_) => tracing::warn!("cut off: the next start finds what was left"),
        }
    }

    fn stops(mut self, orderly: bool) {
        let until = Instant::now() + STOP_WITHIN;
        self.stop.cancel();
        self.eraser.end();
        self.keeper.end();
        self.db.hurry();
        self.workers.stop();
        if let Some(bot) = self.bot.take() {
            // It began to stop together with the workers.
            let left = until.saturating_duration_since(Instant::now());
            let ended = self.runtime.block_on(async { tokio::time::timeout(left, bot).await });
            if ended.is_err() {
                tracing::warn!("the bot was cut off");
            }
        }
        self.runtime.shutdown_background();
        self.backups.stop();
        self.eraser.stop();
        self.metrics.stop();
        self.keeper.stop(&self.db, orderly);
        self.story.stop();
    }
}

/// The bot's, which hears SIGTERM and SIGINT from here on.
fn runtime(end: &Sender<Ending>) -> Result<Runtime> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("bot")
        .enable_all()
        .build()
        .context("cannot start the bot's runtime")?;
    let asked = end.clone();
    let entered = runtime.enter();
    let mut term = signal(SignalKind::terminate()).context("cannot hear signals")?;
    let mut int = signal(SignalKind::interrupt()).context("cannot hear signals")?;
    drop(entered);
    runtime.spawn(async move {
        tokio::select! {
            _ = term.recv() => {}
            _ = int.recv() => {}
        }
        // Nobody listens only when the appliance is ending anyway.
        let _ = asked.send(Ending::Asked);
    });
    Ok(runtime)
}

/// Waits for the bot: one that ends before it is asked to takes the appliance with it.
async fn watched(
    bot: tokio::task::JoinHandle<Result<()>>,
    end: Sender<Ending>,
    stop: CancellationToken,
) {
    let reason = match bot.await {
        Ok(Ok(())) => "the bot stopped".to_owned(),
        Ok(Err(error)) => format!("{error:#}"),
        Err(_) => "the bot panicked".to_owned(),
    };
    if !stop.is_cancelled() {
        tracing::error!(reason, "the bot ended");
        // Nobody listens only when the appliance is ending anyway.
        let _ = end.send(Ending::Broken(reason));
    }
}

/// Takes stock in one transaction: whose database this is, whether the last starts died, and what
/// they left.
fn begin(db: &Db, shop: &Arc<Shop>, tokens: &Tokens, clock: &Clock) -> Result<Recovered> {
    let fingerprints: Vec<String> = tokens.kie.iter().map(settings::fingerprint).collect();
    let (shop, bot_id) = (Arc::clone(shop), tokens.bot_id);
    let (now, beat) = (clock.now(), clock.span_of(keeper::HEARTBEAT));
    db.write(move |tx| {
        carry_over(tx, beat, now)?;
        instance::begin(tx, bot_id, now)?;
        keys::configure(tx, &fingerprints)?;
        let recovered = orders::recover(tx, &shop, now)?;
        tell(tx, &shop, recovered, now)?;
        Ok(recovered)
    })
}

/// The time of the last process and of this one need not follow one another: the machine was off
/// for a while, or its clock was set. No limit runs out for that, and nothing waits for a time that
/// had almost come.
fn carry_over(tx: &Tx<'_>, beat: Millis, now: Millis) -> Result<()> {
    let by = instance::away(tx, beat, now)?;
    jobs::carry(tx, by, now)?;
    gifts::carry(tx, by)?;
    outbox::carry(tx, by, now)?;
    if by < 0 {
        tracing::warn!(ms = -by, "the clock was set back since the last start");
        keys::set_back(tx, -by)?;
        models::set_back(tx, -by)?;
        alerts::set_back(tx, -by)?;
    }
    Ok(())
}

/// The operator hears of a start only when something was recovered, or when it was one too many.
fn tell(tx: &Tx<'_>, shop: &Shop, recovered: Recovered, now: Millis) -> Result<()> {
    let (admins, lang) = (&shop.options.admins, shop.admin_lang(tx));
    if instance::state(tx)?.safe_mode {
        let html = shop.texts.say(lang, "alert-safe-mode", &[]);
        alerts::raise(tx, admins, "safe-mode", &html, now)?;
    }
    if recovered.leases + recovered.lost > 0 {
        let args = [
            ("leases", Arg::Num(recovered.leases as i64)),
            ("lost", Arg::Num(recovered.lost as i64)),
        ];
        let html = shop.texts.say(lang, "alert-recovered", &args);
        alerts::raise(tx, admins, "recovered", &html, now)?;
    }
    Ok(())
}
