//! The words of `demo --load`.

use std::path::PathBuf;

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Scenario {
    /// Videos rendering at once, with 20 threads and with 64
    Renders,
    /// As many customers at once as Telegram lets a bot answer
    Telegram,
    /// Large videos, fetched and sent
    Fetch,
    /// The design of one sleeping worker per video, beside this one
    Old,
    /// Taps in a full database
    Taps,
    /// From the tap on ✅ to KIE, nothing else going on
    Confirm,
    /// From the start of the process to the first request for updates
    Start,
    /// Nothing to do
    Idle,
    /// What is written to disk
    Disk,
    /// Ten times as many customers and jobs
    Growth,
}

/// `demo --load` and its knobs.
#[derive(Clone, Debug, clap::Args)]
pub struct LoadArgs {
    /// Measure the program, as a process of its own, against the sandbox: all scenarios or these
    #[arg(long, value_name = "SCENARIO", num_args = 0.., value_enum)]
    pub load: Option<Vec<Scenario>>,
    /// How long the load of a scenario lasts: telegram 10, taps and idle 2, growth ½
    #[arg(long, value_name = "N", requires = "load", value_parser = minutes)]
    pub minutes: Option<f64>,
    /// How many customers begin an order each second (telegram)
    #[arg(long, value_name = "X", requires = "load", default_value_t = 2.0, value_parser = rate)]
    pub customers_per_second: f64,
    /// How large a video is (fetch, old), in MB
    #[arg(long, value_name = "MB", requires = "load", default_value_t = 5,
          value_parser = clap::value_parser!(u32).range(1..=40))]
    pub video_size: u32,
    /// How many videos a scenario makes, in place of its own number
    #[arg(long, value_name = "N", requires = "load",
          value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub videos: Option<u32>,
    /// The program's worker threads, in place of the scenario's
    #[arg(long, value_name = "N", requires = "load",
          value_parser = clap::value_parser!(u32).range(1..=256))]
    pub threads: Option<u32>,
    /// Keep the full databases in this folder, and take them from there the next time
    #[arg(long, value_name = "DIR", requires = "load")]
    pub filled: Option<PathBuf>,
    /// Measure this build of the program in place of the one that is running
    #[arg(long, value_name = "FILE", requires = "load")]
    pub program: Option<PathBuf>,
    /// Write the report to this file, too, as JSON
    #[arg(long, value_name = "FILE", requires = "load")]
    pub json: Option<PathBuf>,
}

fn minutes(text: &str) -> Result<f64, String> {
    within(text, 0.02..=600.0)
}

fn rate(text: &str) -> Result<f64, String> {
    within(text, 0.05..=100.0)
}

fn within(text: &str, range: std::ops::RangeInclusive<f64>) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|_| "write a number".to_owned())?;
    let wrong = || format!("from {} to {}", range.start(), range.end());
    range.contains(&number).then_some(number).ok_or_else(wrong)
}
