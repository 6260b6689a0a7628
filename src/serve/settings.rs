//! From the configuration to every room's own options.

use crate::api::{files, kie, openai};
use crate::backup::daily;
use crate::bot;
use crate::clock::Clock;
use crate::config::{Config, ConfigError, Tokens};
use crate::growth;
use crate::jobs::Policy;
use crate::keys::Limits;
use crate::models::Catalogue;
use crate::orders::{self, Pack, Shop};
use crate::templates::Templates;
use crate::text::Texts;
use crate::worker;
use anyhow::{Context as _, Result};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use std::path::Path;

/// A result video larger than this is no video of ours.
const VIDEO_LIMIT: u64 = 512 << 20;

/// The texts, models and templates, with the operator's own over them.
///
/// # Errors
/// One of these files is not what it should be: which one, and where.
pub fn shop(config: &Config) -> Result<Shop, ConfigError> {
    load(config).map_err(|error| ConfigError::new(format!("{error:#}")))
}

fn load(config: &Config) -> Result<Shop> {
    let beside = &config.config_dir;
    let models = beside.join("models.toml");
    let templates = beside.join("templates");
    let catalogue = Catalogue::load(present(&models))?;
    let entry = config.entries().iter().find(|entry| entry.key == "kie.models");
    let place = entry.map_or("the configuration", |entry| entry.source.as_str()).to_owned();
    catalogue.check(&config.kie.models).with_context(|| format!("{place}: [kie] models"))?;
    Ok(Shop {
        texts: Texts::load(Some(&beside.join("texts")))?,
        templates: Templates::load(present(&templates))?,
        catalogue,
        options: options(config),
    })
}

fn present(path: &Path) -> Option<&Path> {
    path.exists().then_some(path)
}

fn options(config: &Config) -> orders::Options {
    let link = |url: &str| (!url.is_empty()).then(|| url.to_owned());
    orders::Options {
        signup: config.credits.signup,
        per_video: config.credits.per_video,
        packs: packs(config),
        models: config.kie.models.clone(),
        policy: Policy {
            max_attempts: config.retry.max_attempts.into(),
            temporary_delay: config.retry.temporary_delay,
            rate_limit_delay: config.retry.rate_limit_delay,
            generation_timeout: config.kie.generation_timeout,
        },
        limits: Limits {
            creates_per_10s: config.kie.creates_per_10s.into(),
            in_flight: config.kie.in_flight.into(),
            video_credits: 0.0,
        },
        billing_cooldown: config.kie.billing_cooldown,
        rate_limit_cooldown: config.kie.rate_limit_cooldown,
        daily_spend_cap: config.kie.daily_spend_cap as f64,
        zone: config.report.timezone.clone(),
        low_balance: config.kie.low_balance as f64,
        orders_per_hour: config.limits.orders_per_user_per_hour.into(),
        running_per_user: config.limits.running_videos_per_user.into(),
        upload_limit: config.telegram.upload_limit,
        support: support(config),
        terms_url: link(&config.telegram.terms_url),
        privacy_url: link(&config.telegram.privacy_url),
        growth: growth::Options {
            friend: config.growth.friend,
            inviter: config.growth.inviter,
            friends_max: config.growth.friends_per_user,
            first_payment: config.growth.first_payment,
        },
        admins: config.admins.clone(),
    }
}

fn packs(config: &Config) -> Vec<Pack> {
    let packs = config.credits.packs.iter();
    packs.map(|pack| Pack { credits: pack.credits, stars: pack.stars }).collect()
}

/// `@name`, a link, or the first administrator.
fn support(config: &Config) -> Option<String> {
    let set = config.telegram.support_url.as_str();
    match (set.strip_prefix('@'), config.admins.first()) {
        (Some(name), _) => Some(format!("https://t.me/{name}")),
        (None, _) if !set.is_empty() => Some(set.to_owned()),
        (None, admin) => admin.map(|id| format!("tg://user?id={id}")),
    }
}

/// Names a key without giving it away: the first 32 bits of its SHA-256.
pub(crate) fn fingerprint(key: &SecretString) -> String {
    let digest = Sha256::digest(key.expose_secret().as_bytes());
    digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect()
}

pub(super) fn workers(config: &Config, tokens: &Tokens) -> Result<worker::Options> {
    let kie_proxy = config.proxies.kie.as_ref().map(|proxy| proxy.url().clone());
    let openai_proxy = config.proxies.openai.as_ref().map(|proxy| proxy.url().clone());
    let openai = tokens.openai.as_ref().map(|key| {
        let at = openai::Options { base_url: config.endpoints.openai.clone(), proxy: openai_proxy };
        (at, key.clone())
    });
    Ok(worker::Options {
        threads: config.workers.threads,
        poll_interval: config.kie.poll_interval,
        gpt_timeout: config.prompt.timeout,
        gpt_model: config.prompt.model.clone(),
        kie: kie::Options {
            api_url: config.endpoints.kie.clone(),
            upload_url: config.endpoints.kie_upload.clone(),
            proxy: kie_proxy.clone(),
        },
        keys: tokens.kie.iter().map(|key| (fingerprint(key), key.clone())).collect(),
        openai,
        files: files::Options {
            proxy: kie_proxy,
            allow_loopback: is_loopback(&config.endpoints.kie)?,
            max_bytes: VIDEO_LIMIT,
        },
        photos: config.data_dir.join("photos"),
        videos: config.data_dir.join("videos"),
    })
}

/// Videos are fetched from loopback only where the provider itself is there.
fn is_loopback(url: &str) -> Result<bool> {
    let url = url::Url::parse(url).context("KIE_API_URL")?;
    Ok(match url.host() {
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    })
}

pub(super) fn bot(config: &Config, tokens: &Tokens, clock: &Clock) -> bot::Options {
    bot::Options {
        telegram: telegram(config, tokens, clock),
        photos: config.data_dir.join("photos"),
        videos: config.data_dir.join("videos"),
        upload_limit: config.telegram.upload_limit,
        zone: config.report.timezone.clone(),
    }
}

pub(super) fn backups(config: &Config) -> daily::Options {
    daily::Options {
        folder: config.data_dir.join("backups"),
        at: config.backup.at,
        zone: config.report.timezone.clone(),
        keep: config.backup.keep,
    }
}

/// How Telegram is reached: by the bot, and by a command that has a word with it.
pub fn telegram(config: &Config, tokens: &Tokens, clock: &Clock) -> bot::telegram::Options {
    bot::telegram::Options {
        token: tokens.bot.clone(),
        api_url: config.endpoints.telegram.clone(),
        proxy: config.proxies.telegram.as_ref().map(|proxy| proxy.url().clone()),
        clock: clock.clone(),
    }
}
