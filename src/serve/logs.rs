//! Logs: lines on standard output for the supervisor, and daily files in `logs/`, pruned.

use crate::config::Config;
use anyhow::{Context as _, Result};
use tracing_appender::non_blocking::WorkerGuard;
use tracing_appender::rolling::{RollingFileAppender, Rotation};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _, fmt};

/// Where the lines go besides the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogTo {
    /// Standard output, for `run`.
    Stdout,
    /// Nowhere: the screen belongs to somebody else.
    FilesOnly,
}

/// Begins to log; keep the guard to the end, or the last lines are lost.
///
/// # Errors
/// The folder cannot be written.
pub fn begin(config: &Config, to: LogTo) -> Result<WorkerGuard> {
    let files = RollingFileAppender::builder()
        .rotation(Rotation::DAILY)
        .filename_prefix("neurocards")
        .filename_suffix("log")
        .max_log_files(config.log.keep_days.max(1) as usize)
        .build(config.data_dir.join("logs"))
        .context("cannot write to logs/ in the data folder")?;
    let (files, guard) = tracing_appender::non_blocking(files);
    let stdout = (to == LogTo::Stdout)
        .then(|| fmt::layer().with_ansi(!config.no_color && atty()).with_filter(filter(config)));
    tracing_subscriber::registry()
        .with(fmt::layer().with_ansi(false).with_writer(files).with_filter(filter(config)))
        .with(stdout)
        .try_init()
        .context("logging was begun twice")?;
    Ok(guard)
}

fn atty() -> bool {
    std::io::IsTerminal::is_terminal(&std::io::stdout())
}

/// `RUST_LOG` beats the configuration. The HTTP libraries log full paths at their finest levels,
/// and Telegram's paths hold the token: they stay at info, whatever is asked for.
fn filter(config: &Config) -> EnvFilter {
    let mut filter = EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| EnvFilter::new(config.log.level.clone()));
    for fence in [
        // It says "migrated" at every start, also where nothing was.
        "rusqlite_migration=warn",
        "ureq=info",
        "ureq_proto=info",
        "reqwest=info",
        "hyper=info",
        "hyper_util=info",
        "rustls=info",
    ] {
        if let Ok(directive) = fence.parse() {
            filter = filter.add_directive(directive);
        }
    }
    filter
}
