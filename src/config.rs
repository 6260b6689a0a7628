//! Configuration: a flag beats the environment, which beats `.env` in the working folder, which
//! beats `secrets.env` beside the TOML file, which beats the TOML file, which beats the default. Only the assembly (`cli`, `serve`) reads it; the
//! rooms get their own options filled from it.
//!
//! The settings of the file are read in `sections`, one line per key with its default; every
//! value remembers where it came from, for `neurocards config`.

mod beside;
mod env;
mod file;
mod metrics;
mod net;
mod secrets;
mod sections;
mod values;

use std::path::{Path, PathBuf};

pub use beside::{FILE_NAME as SECRETS_NAME, edited};
pub use env::Env;
pub use metrics::Metrics;
pub use net::{Endpoints, Proxies, Proxy};
pub use secrets::{Present, Tokens, admin_ids, bot_id, is_key};
pub use sections::{
    Backup, Credits, Growth, Kie, Limits, Log, LogFormat, Pack, Prompt, Report, Retry, Telegram,
    Workers,
};
pub use values::parse_duration;

use crate::clock::{Clock, Spec};

/// The file's name beside the operators' own `models.toml`, `templates/` and `texts/`.
pub const FILE_NAME: &str = "neurocards.toml";

/// Why the program does not start: one line that says where and what to do, without secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError(String);

impl ConfigError {
    /// Of any cause; line ends become spaces.
    pub fn new(message: impl Into<String>) -> Self {
        // Whatever the cause wrote, the reader gets one line.
        let message: String = message.into();
        Self(message.split_whitespace().collect::<Vec<_>>().join(" "))
    }
}

impl std::fmt::Display for ConfigError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ConfigError {}

/// What the command line says.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// `--config FILE`.
    pub config: Option<PathBuf>,
    /// `--data-dir DIR`.
    pub data_dir: Option<PathBuf>,
}

/// One effective value for `neurocards config`.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Entry {
    /// `kie.poll_interval`, or the variable's name.
    pub key: String,
    /// As it is written in the file; a secret is masked.
    pub value: String,
    /// `default`, `neurocards.toml:12`, `environment KIE_API_KEY`, `.env BOT_TOKEN`,
    /// `secrets.env BOT_TOKEN`, `--data-dir`.
    pub source: String,
}

/// The effective configuration. `Debug` shows no secret.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where the database, photos, videos, logs and backups live. May not exist yet.
    pub data_dir: PathBuf,
    /// The folder of the configuration file, where operators' own `models.toml`, `templates/` and
    /// `texts/` stand. May not exist.
    pub config_dir: PathBuf,
    /// The file that was read; none: all settings are defaults.
    pub file: Option<PathBuf>,
    /// Where that file is, or would be.
    pub place: PathBuf,
    /// `ADMIN_TG_ID`: who gets alerts and admin commands. The first one is the default support.
    pub admins: Vec<i64>,
    /// Where the services are.
    pub endpoints: Endpoints,
    /// Through what they are reached.
    pub proxies: Proxies,
    /// `NEUROCARDS_CLOCK`: none is the real time.
    pub clock: Option<Spec>,
    /// `NO_COLOR` is set.
    pub no_color: bool,
    pub telegram: Telegram,
    pub credits: Credits,
    pub kie: Kie,
    pub prompt: Prompt,
    pub workers: Workers,
    pub retry: Retry,
    pub limits: Limits,
    pub growth: Growth,
    pub backup: Backup,
    pub report: Report,
    pub log: Log,
    pub metrics: Metrics,
    secrets: secrets::Secrets,
    entries: Vec<Entry>,
}

impl Config {
    /// Reads everything. Secrets may be missing: see [`Config::require_tokens`].
    pub fn load(flags: &Overrides, env: &Env) -> Result<Self, ConfigError> {
        Self::read(flags, env, false)
    }

    /// The same where a configuration file that was named need not exist yet: for `setup`.
    pub fn load_or_new(flags: &Overrides, env: &Env) -> Result<Self, ConfigError> {
        Self::read(flags, env, true)
    }

    fn read(flags: &Overrides, env: &Env, may_be_new: bool) -> Result<Self, ConfigError> {
        let mut entries = Vec::new();
        let (path, text) = folders::file(flags, env, may_be_new, &mut entries)?;
        let env = &beside::with_secrets(env, &path, &mut entries)?;
        let data_dir = folders::data_dir(flags, env, &mut entries)?;
        let mut sections = sections::read(&path, text.as_deref(), env, &mut entries)?;
        let endpoints = Endpoints::read(env, &mut entries)?;
        let proxies = Proxies::read(env, &endpoints, &mut entries)?;
        let secrets = secrets::Secrets::read(env, &mut entries)?;
        let admins = secrets::admins(env, &mut entries)?;
        if let (true, Some(first)) = (sections.telegram.support_url.is_empty(), admins.first()) {
            sections.telegram.support_url = format!("tg://user?id={first}");
        }
        Ok(Self {
            data_dir,
            config_dir: path.parent().map(Path::to_path_buf).unwrap_or_default(),
            file: text.is_some().then(|| path.clone()),
            place: path,
            admins,
            endpoints,
            proxies,
            clock: clock_spec(env, &mut entries)?,
            no_color: env.get("NO_COLOR").is_some(),
            telegram: sections.telegram,
            credits: sections.credits,
            kie: sections.kie,
            prompt: sections.prompt,
            workers: sections.workers,
            retry: sections.retry,
            limits: sections.limits,
            growth: sections.growth,
            backup: sections.backup,
            report: sections.report,
            log: sections.log,
            metrics: sections.metrics,
            secrets,
            entries,
        })
    }

    /// The secrets that `run` cannot do without. The error names the variable and what to do.
    pub fn require_tokens(&self) -> Result<Tokens, ConfigError> {
        self.secrets.require()
    }

    /// The secrets that are set, not judged.
    pub fn present(&self) -> Present {
        self.secrets.present()
    }

    /// Every effective value with its source, secrets masked.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The process clock after `NEUROCARDS_CLOCK`.
    pub fn process_clock(&self) -> Clock {
        self.clock.map_or_else(Clock::real, Clock::new)
    }
}

/// The commented sample, equal to the defaults.
pub fn sample() -> &'static str {
    include_str!("../packaging/neurocards.toml")
}

/// What `[telegram] support_url` may be: "@name" or an address. The error says so.
pub fn support_contact(text: &str) -> Result<String, String> {
    values::support_url(&toml::de::DeValue::String(text.into()))
}

fn clock_spec(env: &Env, entries: &mut Vec<Entry>) -> Result<Option<Spec>, ConfigError> {
    let Some(found) = env.get("NEUROCARDS_CLOCK") else { return Ok(None) };
    let spec = found.value.parse().map_err(|why| found.error(why))?;
    entries.push(found.entry("NEUROCARDS_CLOCK", &found.value));
    Ok(Some(spec))
}

mod folders;

#[cfg(test)]
mod tests;
