//! Logs: lines on standard output for the supervisor, and daily files in `logs/`, pruned.

mod flood;

use crate::config::{Config, LogFormat};
use anyhow::{Context as _, Result};
use flood::Flood;
use std::sync::LazyLock;
use std::time::Instant;
use tracing::Level;
use tracing_appender::non_blocking::{NonBlocking, WorkerGuard};
use tracing_appender::rolling::{RollingFileAppender, Rotation};
use tracing_subscriber::filter::{FilterExt as _, LevelFilter, filter_fn};
use tracing_subscriber::layer::{Filter, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer, Registry, fmt};

/// Of the process's files, and of its standard output: each leaves out the same.
static FLOODS: [LazyLock<Flood>; 2] = [const { LazyLock::new(Flood::default) }; 2];

/// Where the lines go besides the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogTo {
    /// Standard output, for `run`.
    Stdout,
    /// Nowhere: the screen belongs to somebody else.
    FilesOnly,
}

/// Begins to log; keep the guards to the end, or the last lines are lost. A file or a supervisor
/// that takes nothing stops no thread that has something to say: lines are dropped.
///
/// # Errors
/// The folder cannot be written.
pub fn begin(config: &Config, to: LogTo) -> Result<Vec<WorkerGuard>> {
    let files = RollingFileAppender::builder()
        .rotation(Rotation::DAILY)
        .filename_prefix("neurocards")
        .filename_suffix("log")
        .max_log_files(config.log.keep_days.max(1) as usize)
        .build(config.data_dir.join("logs"))
        .context("cannot write to logs/ in the data folder")?;
    let (files, guard) = tracing_appender::non_blocking(files);
    let mut guards = vec![guard];
    let mut layers = vec![lines(config, false, files, &FLOODS[0])];
    if to == LogTo::Stdout {
        let (stdout, guard) = tracing_appender::non_blocking(std::io::stdout());
        guards.push(guard);
        layers.push(lines(config, !config.no_color && atty(), stdout, &FLOODS[1]));
    }
    tracing_subscriber::registry().with(layers).try_init().context("logging was begun twice")?;
    Ok(guards)
}

/// The lines of one place. Complaints about a log that cannot be written would go to standard error,
/// where a failure to write is a panic.
fn lines(config: &Config, colours: bool, to: NonBlocking, flood: &Flood) -> Lines {
    let layer = fmt::layer().with_ansi(colours).log_internal_errors(false).with_writer(to);
    let layer = match config.log.format {
        LogFormat::Text => layer.boxed(),
        LogFormat::Json => layer.json().flatten_event(true).with_span_list(false).boxed(),
    };
    layer.with_filter(filter(config).and(flood.clone())).boxed()
}

/// Boxed, so that the code of a format is in the program once.
type Lines = Box<dyn Layer<Registry> + Send + Sync>;

/// Says how many lines the flood has cost: for the housekeeper, now and then.
pub(super) fn say_what_was_left_out() {
    let now = Instant::now();
    let [files, _] = FLOODS.each_ref().map(|flood| flood.left_out(now));
    for (place, lines) in files {
        tracing::warn!(place, lines, "the same again and again: these lines were left out");
    }
}

fn atty() -> bool {
    std::io::IsTerminal::is_terminal(&std::io::stdout())
}

/// `RUST_LOG` beats the configuration, but for the fence.
fn filter<S>(config: &Config) -> impl Filter<S> + use<S> {
    let wanted = EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| EnvFilter::new(config.log.level.clone()));
    fenced(wanted)
}

fn fenced<S>(wanted: EnvFilter) -> impl Filter<S> {
    // Without a hint every line of every library is looked at, at any level: and ureq has one for each
    // few bytes that it reads.
    let fence = filter_fn(|meta| passes(meta.target(), *meta.level()));
    wanted.and(fence.with_max_level_hint(LevelFilter::TRACE))
}

/// The HTTP libraries log full paths and headers at their finest levels, and Telegram's paths hold
/// the token: they stay at info, whatever is asked for, however exactly.
const FENCED: [&str; 9] = [
    "ureq",
    "ureq_proto",
    "reqwest",
    "hyper",
    "hyper_util",
    "hyper_rustls",
    "rustls",
    "tokio_rustls",
    "teloxide_core",
];

fn passes(target: &str, level: Level) -> bool {
    let library = target.split("::").next().unwrap_or(target);
    level <= Level::INFO || !FENCED.contains(&library)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_directive_opens_the_fence_around_what_logs_addresses() {
        for target in ["reqwest", "hyper_util::client::legacy::pool", "ureq::run"] {
            assert!(!passes(target, Level::DEBUG) && !passes(target, Level::TRACE), "{target}");
            assert!(passes(target, Level::INFO), "{target}");
        }
        assert!(passes("neurocards::bot", Level::TRACE) && passes("ureque", Level::TRACE));
    }

    #[test]
    fn what_nobody_asked_for_is_left_out_before_it_is_looked_at() {
        for (wanted, level) in [("info", LevelFilter::INFO), ("debug", LevelFilter::DEBUG)] {
            let lines: Lines = fmt::layer()
                .with_filter(fenced(EnvFilter::new(wanted)).and(Flood::default()))
                .boxed();
            assert_eq!(lines.max_level_hint(), Some(level));
        }
    }
}
