//! The sections of the file: every key with its default and its bounds. Spans are milliseconds,
//! sizes bytes.

use std::path::Path;

use jiff::civil::Time;
use jiff::tz::TimeZone;
use toml::de::{DeTable, DeValue};

use super::file::File;
use super::metrics::{self, Metrics};
use super::values::{self, Read, count, duration, size};
use super::{ConfigError, Entry, Env};
use crate::clock::{DAY, HOUR, MINUTE, Millis, SECOND};

/// What customers see and how videos go out.
#[derive(Clone, Debug, PartialEq)]
pub struct Telegram {
    /// An address for a button; empty only where there is no administrator either.
    pub support_url: String,
    /// Empty: none.
    pub terms_url: String,
    /// Empty: none.
    pub privacy_url: String,
    /// Bytes; larger videos go as a link.
    pub upload_limit: u64,
}

/// What things cost the customer.
#[derive(Clone, Debug, PartialEq)]
pub struct Credits {
    /// A new customer's gift.
    pub signup: i64,
    pub per_video: i64,
    /// Never empty.
    pub packs: Vec<Pack>,
}

/// Credits for Telegram Stars.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pack {
    pub credits: i64,
    pub stars: i64,
}

/// The provider of videos.
#[derive(Clone, Debug, PartialEq)]
pub struct Kie {
    /// In order of preference, at least one. Whether the catalogue has them, `models` knows.
    pub models: Vec<String>,
    pub poll_interval: Millis,
    pub generation_timeout: Millis,
    pub rate_limit_cooldown: Millis,
    pub billing_cooldown: Millis,
    /// Per key and sliding 10 s.
    pub creates_per_10s: u32,
    /// Running tasks per key.
    pub in_flight: u32,
    /// The provider's credits a day; 0: no cap.
    pub daily_spend_cap: u64,
    /// The provider's credits: alert below it.
    pub low_balance: u64,
}

/// The writer of prompts.
#[derive(Clone, Debug, PartialEq)]
pub struct Prompt {
    pub model: String,
    pub timeout: Millis,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Workers {
    pub threads: usize,
}

/// Attempts and the first waits between them, which double.
#[derive(Clone, Debug, PartialEq)]
pub struct Retry {
    pub max_attempts: u32,
    pub temporary_delay: Millis,
    pub rate_limit_delay: Millis,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Limits {
    pub running_videos_per_user: u32,
    pub orders_per_user_per_hour: u32,
    pub photos_keep: Millis,
    pub texts_keep: Millis,
    pub updates_keep: Millis,
}

/// What brings customers; credits, 0: none.
#[derive(Clone, Debug, PartialEq)]
pub struct Growth {
    /// For who comes by an invitation.
    pub friend: i64,
    /// For who invited, after the friend's first payment.
    pub inviter: i64,
    /// Friends of one customer that bring something.
    pub friends_per_user: i64,
    /// With a customer's first payment.
    pub first_payment: i64,
}

/// The daily backup.
#[derive(Clone, Debug, PartialEq)]
pub struct Backup {
    /// In [`Report::timezone`].
    pub at: Time,
    pub keep: u32,
}

/// The daily report, and the time zone that people read times in.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    pub timezone: TimeZone,
    /// None: no report.
    pub at: Option<Time>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Log {
    /// A level or a filter; `RUST_LOG` where it is set.
    pub level: String,
    pub format: LogFormat,
    pub keep_days: u32,
}

/// How a line is written, on standard output and in the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// An object per line, for a program that gathers logs.
    Json,
}

pub(super) struct Sections {
    pub(super) telegram: Telegram,
    pub(super) credits: Credits,
    pub(super) kie: Kie,
    pub(super) prompt: Prompt,
    pub(super) workers: Workers,
    pub(super) retry: Retry,
    pub(super) limits: Limits,
    pub(super) growth: Growth,
    pub(super) backup: Backup,
    pub(super) report: Report,
    pub(super) log: Log,
    pub(super) metrics: Metrics,
}

const NAMES: [&str; 12] = [
    "telegram", "credits", "kie", "prompt", "workers", "retry", "limits", "growth", "backup",
    "report", "log", "metrics",
];

/// All sections; without a text all defaults.
pub(super) fn read(
    path: &Path,
    text: Option<&str>,
    env: &Env,
    entries: &mut Vec<Entry>,
) -> Result<Sections, ConfigError> {
    let file = File::parse(path, text.unwrap_or_default(), &NAMES)?;
    let mut reader = Section { file, name: "", entries };
    let sections = Sections {
        telegram: telegram(reader.section("telegram"))?,
        credits: credits(reader.section("credits"))?,
        kie: kie(reader.section("kie"))?,
        prompt: prompt(reader.section("prompt"))?,
        workers: Workers {
            threads: reader.section("workers").take("threads", "20", count(1..=256))?,
        },
        retry: retry(reader.section("retry"))?,
        limits: limits(reader.section("limits"))?,
        growth: growth(reader.section("growth"))?,
        backup: backup(reader.section("backup"))?,
        report: report(reader.section("report"))?,
        log: log(reader.section("log"), env)?,
        metrics: metrics::read(reader.section("metrics"), env)?,
    };
    reader.file.refuse_unknown()?;
    Ok(sections)
}

/// The file and the section under way.
pub(super) struct Section<'a, 'i> {
    file: File<'i>,
    name: &'static str,
    pub(super) entries: &'a mut Vec<Entry>,
}

impl Section<'_, '_> {
    fn section(&mut self, name: &'static str) -> &mut Self {
        self.name = name;
        self
    }

    pub(super) fn take<T>(
        &mut self,
        key: &str,
        default: &'static str,
        read: impl Fn(&DeValue<'_>) -> Read<T>,
    ) -> Result<T, ConfigError> {
        self.file.take(self.name, key, default, read, self.entries)
    }
}

fn telegram(section: &mut Section<'_, '_>) -> Result<Telegram, ConfigError> {
    Ok(Telegram {
        support_url: section.take("support_url", "\"\"", values::support_url)?,
        terms_url: section.take("terms_url", "\"\"", values::page_url)?,
        privacy_url: section.take("privacy_url", "\"\"", values::page_url)?,
        upload_limit: section.take("upload_limit", "\"45MB\"", size(1 << 20..=50 << 20))?,
    })
}

const PACKS: &str = "[ { credits = 5, stars = 300 }, { credits = 10, stars = 550 }, \
                     { credits = 30, stars = 1500 }, { credits = 100, stars = 4500 } ]";

fn credits(section: &mut Section<'_, '_>) -> Result<Credits, ConfigError> {
    Ok(Credits {
        signup: section.take("signup", "2", count(0..=1_000_000))?,
        per_video: section.take("per_video", "1", count(0..=1_000_000))?,
        packs: section.take("packs", PACKS, packs)?,
    })
}

fn kie(section: &mut Section<'_, '_>) -> Result<Kie, ConfigError> {
    const MODELS: &str = "[\"bytedance/seedance-2-mini\", \"kling-3.0/video\"]";
    Ok(Kie {
        models: section.take("models", MODELS, values::names)?,
        poll_interval: section.take("poll_interval", "\"10s\"", duration(SECOND..=HOUR))?,
        generation_timeout: section.take(
            "generation_timeout",
            "\"30m\"",
            duration(MINUTE..=DAY),
        )?,
        rate_limit_cooldown: section.take(
            "rate_limit_cooldown",
            "\"60m\"",
            duration(SECOND..=7 * DAY),
        )?,
        billing_cooldown: section.take(
            "billing_cooldown",
            "\"24h\"",
            duration(SECOND..=30 * DAY),
        )?,
        creates_per_10s: section.take("creates_per_10s", "20", count(1..=10_000))?,
        in_flight: section.take("in_flight", "100", count(1..=100_000))?,
        daily_spend_cap: section.take("daily_spend_cap", "0", count(0..=1_000_000_000_000))?,
        low_balance: section.take("low_balance", "1000", count(0..=1_000_000_000_000))?,
    })
}

fn prompt(section: &mut Section<'_, '_>) -> Result<Prompt, ConfigError> {
    Ok(Prompt {
        model: section.take("model", "\"gpt-4o-mini\"", values::name)?,
        timeout: section.take("timeout", "\"60s\"", duration(SECOND..=10 * MINUTE))?,
    })
}

fn retry(section: &mut Section<'_, '_>) -> Result<Retry, ConfigError> {
    Ok(Retry {
        max_attempts: section.take("max_attempts", "3", count(1..=10))?,
        temporary_delay: section.take("temporary_delay", "\"10s\"", duration(SECOND..=HOUR))?,
        rate_limit_delay: section.take("rate_limit_delay", "\"60s\"", duration(SECOND..=HOUR))?,
    })
}

fn limits(section: &mut Section<'_, '_>) -> Result<Limits, ConfigError> {
    Ok(Limits {
        running_videos_per_user: section.take(
            "running_videos_per_user",
            "10",
            count(1..=10_000),
        )?,
        orders_per_user_per_hour: section.take(
            "orders_per_user_per_hour",
            "20",
            count(1..=10_000),
        )?,
        photos_keep: section.take("photos_keep", "\"30d\"", duration(HOUR..=3650 * DAY))?,
        texts_keep: section.take("texts_keep", "\"365d\"", duration(DAY..=3650 * DAY))?,
        // Telegram repeats an update for a day, and counts anew after a week of silence.
        updates_keep: section.take("updates_keep", "\"2d\"", duration(DAY..=7 * DAY))?,
    })
}

fn growth(section: &mut Section<'_, '_>) -> Result<Growth, ConfigError> {
    Ok(Growth {
        friend: section.take("friend", "1", count(0..=1_000_000))?,
        inviter: section.take("inviter", "2", count(0..=1_000_000))?,
        friends_per_user: section.take("friends_per_user", "20", count(0..=1_000_000))?,
        first_payment: section.take("first_payment", "0", count(0..=1_000_000))?,
    })
}

fn backup(section: &mut Section<'_, '_>) -> Result<Backup, ConfigError> {
    Ok(Backup {
        at: section.take("at", "\"04:30\"", values::time_of_day)?,
        keep: section.take("keep", "7", count(1..=1_000))?,
    })
}

fn report(section: &mut Section<'_, '_>) -> Result<Report, ConfigError> {
    Ok(Report {
        timezone: section.take("timezone", "\"Europe/Moscow\"", values::time_zone)?,
        at: section.take("at", "\"09:00\"", values::time_of_day_or_never)?,
    })
}

fn log(section: &mut Section<'_, '_>, env: &Env) -> Result<Log, ConfigError> {
    let mut level = section.take("level", "\"info\"", values::log_level)?;
    if let Some(found) = env.get("RUST_LOG") {
        if !values::is_log_filter(&found.value) {
            return Err(found.error("write a level or a filter, as \"neurocards=debug\""));
        }
        section.entries.pop();
        section.entries.push(found.entry("log.level", &format!("\"{}\"", found.value)));
        level = found.value;
    }
    let format = section.take("format", "\"text\"", log_format)?;
    Ok(Log { level, format, keep_days: section.take("keep_days", "14", count(1..=3_650))? })
}

fn log_format(value: &DeValue<'_>) -> Read<LogFormat> {
    match value.as_str() {
        Some("text") => Ok(LogFormat::Text),
        Some("json") => Ok(LogFormat::Json),
        _ => Err("write \"text\" or \"json\"".to_owned()),
    }
}

fn packs(value: &DeValue<'_>) -> Read<Vec<Pack>> {
    let want = || "write a list as [ { credits = 5, stars = 300 } ]".to_owned();
    let list = value.as_array().ok_or_else(want)?;
    let packs = list
        .iter()
        .map(|one| pack(one.get_ref().as_table().ok_or_else(want)?))
        .collect::<Read<Vec<_>>>()?;
    if packs.is_empty() || packs.len() > 20 {
        return Err("from 1 to 20 packs".to_owned());
    }
    match (1..packs.len()).find(|at| packs[..*at].iter().any(|p| p.credits == packs[*at].credits)) {
        Some(at) => Err(format!("two packs have {} credits", packs[at].credits)),
        None => Ok(packs),
    }
}

fn pack(table: &DeTable<'_>) -> Read<Pack> {
    let (mut credits, mut stars) = (None, None);
    for (key, value) in table {
        let (slot, most) = match key.get_ref().as_ref() {
            "credits" => (&mut credits, 1_000_000),
            // What Telegram allows for one invoice in Stars.
            "stars" => (&mut stars, 100_000),
            other => return Err(format!("a pack has credits and stars, not \"{other}\"")),
        };
        let number = count(1..=most)(value.get_ref());
        *slot = Some(number.map_err(|why| format!("{}: {why}", key.get_ref()))?);
    }
    match (credits, stars) {
        (Some(credits), Some(stars)) => Ok(Pack { credits, stars }),
        _ => Err("a pack needs both credits and stars".to_owned()),
    }
}
