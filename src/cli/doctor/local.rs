//! What can be seen from here: files, disk and database, and what the configuration says of them.

use std::collections::{HashMap, HashSet};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use anyhow::{Context as _, Result};
use rusqlite::Connection;

use super::at_rest;
use super::report::{Check, Report};
use crate::cli::screen;
use crate::clock::Millis;
use crate::config::Config;
use crate::db::{self, Db, FILE_NAME};
use crate::instance;
use crate::models::Choice;
use crate::orders::Shop;
use crate::serve;

/// Below this the next backup or a busy day may fail.
const LEAST_FREE_MB: u64 = 500;

/// What to do about a database that is not sound.
const BACK: &str = "stop the program, and put a backup back with `neurocards restore FILE`";

/// Returns whether an appliance runs on the data folder.
pub(super) fn check(config: &Config, report: &mut Report) -> Result<bool> {
    let file = config.file.as_ref().map(|file| file.display().to_string());
    let from = file.unwrap_or_else(|| "the defaults, there is no file".into());
    report.add(Check::ok("configuration", from))?;
    report.add(Check::made("tokens", tokens(config)))?;
    report.add(support(config))?;
    let shop = serve::shop(config);
    let files = shop.as_ref().map(own_files).map_err(|error| error.clone().into());
    report.add(Check::made("own files", files))?;
    report.add(Check::made("data folder", folder(&config.data_dir)))?;
    report.add(Check::made("disk", disk(&config.data_dir)))?;
    report.add(Check::made("at rest", at_rest::check(&config.data_dir)))?;
    report.add(Check::ok("sqlite", rusqlite::version()))?;
    if let Some(check) = metrics(config) {
        report.add(check)?;
    }
    let db = open(config, report)?;
    let mut running = false;
    if let Some(db) = &db {
        running = database(db, config, report)?;
    }
    if let Ok(shop) = &shop {
        for check in models(config, shop, db.as_ref()) {
            report.add(check)?;
        }
    }
    Ok(running)
}

fn tokens(config: &Config) -> Result<Check> {
    let tokens = config.require_tokens()?;
    let gpt = if tokens.openai.is_some() { "OpenAI" } else { "KIE's own GPT" };
    let found = format!("bot {}, {} KIE keys, prompts by {gpt}", tokens.bot_id, tokens.kie.len());
    Ok(match config.admins.len() {
        0 => Check::warn(
            "tokens",
            format!("{found}, and nobody gets alerts"),
            "set ADMIN_TG_ID to your numeric Telegram id (@userinfobot tells it)",
        ),
        n => Check::ok("tokens", format!("{found}, {n} administrators get alerts")),
    })
}

fn support(config: &Config) -> Check {
    match config.telegram.support_url.as_str() {
        "" => Check::warn(
            "support",
            "customers find nobody to ask",
            "set [telegram] support_url, or ADMIN_TG_ID",
        ),
        url => Check::ok("support", url),
    }
}

/// None: nothing is served.
fn metrics(config: &Config) -> Option<Check> {
    let address = config.metrics.listen?;
    if !config.metrics.is_remote() {
        return Some(Check::ok("metrics", format!("http://{address}/metrics")));
    }
    let found =
        format!("whoever reaches {address} can read your figures, orders and Stars included");
    let what = "let a firewall allow only the machine that gathers them, or listen on 127.0.0.1";
    Some(Check::warn("metrics", found, what))
}

fn own_files(shop: &Shop) -> Check {
    let models = shop.models();
    let serving = models.iter().filter_map(|name| shop.catalogue.get(name));
    let open = serving.filter(|model| model.ended.is_none()).count();
    if open == 0 {
        let what = "choose others: `neurocards config` shows where it is set";
        return Check::fail("own files", "every model in [kie] models has ended", what);
    }
    Check::ok("own files", format!("{open} models, {} templates", shop.templates.all().count()))
}

fn folder(data_dir: &Path) -> Result<Check> {
    let shown = data_dir.display();
    if !data_dir.exists() {
        return Ok(Check::ok("data folder", format!("{shown} is made at the first start")));
    }
    let mut files = 0;
    if let Some(open) = too_open(data_dir, 0o700)? {
        return Ok(open);
    }
    for entry in std::fs::read_dir(data_dir).with_context(|| format!("cannot list {shown}"))? {
        let path = entry?.path();
        if let Some(open) = too_open(&path, if path.is_dir() { 0o700 } else { 0o600 })? {
            return Ok(open);
        }
        files += 1;
    }
    Ok(Check::ok("data folder", format!("{shown}, private, {files} entries")))
}

fn too_open(path: &Path, wanted: u32) -> Result<Option<Check>> {
    let shown = path.display();
    let facts = match std::fs::metadata(path) {
        // A running appliance's -wal and parts of downloads come and go.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        facts => facts.with_context(|| format!("cannot look at {shown}"))?,
    };
    let mode = facts.permissions().mode() & 0o777;
    Ok((mode != wanted).then(|| {
        let what = format!("run `chmod {wanted:04o} {shown}`");
        Check::fail("data folder", format!("{shown} has mode {mode:04o}"), what)
    }))
}

fn disk(data_dir: &Path) -> Result<Check> {
    let existing = data_dir.ancestors().find(|path| path.exists()).unwrap_or(data_dir);
    let facts = rustix::fs::statvfs(existing).context("cannot ask how full the disk is")?;
    let free = (facts.f_bavail * facts.f_frsize) >> 20;
    Ok(if free < LEAST_FREE_MB {
        let what = format!("make room: {LEAST_FREE_MB} MB are the least");
        Check::fail("disk", format!("{free} MB free"), what)
    } else {
        Check::ok("disk", format!("{free} MB free"))
    })
}

fn open(config: &Config, report: &mut Report) -> Result<Option<Db>> {
    if !config.data_dir.join(FILE_NAME).exists() {
        report.add(Check::ok("database", "is made at the first start"))?;
        return Ok(None);
    }
    match Db::open_existing(&config.data_dir) {
        Ok(db) => Ok(Some(db)),
        Err(error) => {
            report.add(Check::made("database", Err(error)))?;
            Ok(None)
        }
    }
}

/// Returns whether the appliance runs.
fn database(db: &Db, config: &Config, report: &mut Report) -> Result<bool> {
    report.add(Check::made("pragmas", db.read(pragmas)))?;
    report.doing("database");
    report.add(Check::made("database", db.read(integrity)))?;
    report.doing("ledger");
    report.add(Check::made("ledger", db.read(ledger)))?;
    let now = config.process_clock().now();
    let state = db.read(instance::state);
    let running = state.as_ref().is_ok_and(|state| is_alive(state.heartbeat_at, now));
    report.add(Check::made("appliance", state.map(|state| appliance(&state, now))))?;
    Ok(running)
}

fn pragmas(conn: &Connection) -> Result<Check> {
    let pragmas = db::read_pragmas(conn)?;
    let wrong = pragmas.iter().find(|pragma| pragma.found != pragma.wanted);
    if let Some(db::Pragma { name, wanted, found }) = wrong {
        let what = "build the program again, with the SQLite that it brings";
        return Ok(Check::fail("pragmas", format!("{name} is {found} instead of {wanted}"), what));
    }
    let list: Vec<_> = pragmas.iter().map(|one| format!("{}={}", one.name, one.found)).collect();
    Ok(Check::ok("pragmas", list.join(" ")))
}

fn integrity(conn: &Connection) -> Result<Check> {
    Ok(match db::damage(conn)? {
        Some(damage) => Check::fail("database", format!("damaged ({damage})"), BACK),
        None => Check::ok("database", "intact"),
    })
}

fn ledger(conn: &Connection) -> Result<Check> {
    let (users, wrong) = db::balances(conn)?;
    if wrong > 0 {
        let detail = format!("{wrong} of {users} users have credits that are not their ledger's");
        return Ok(Check::fail("ledger", detail, BACK));
    }
    Ok(Check::ok("ledger", format!("{users} users, every balance is the sum of its ledger")))
}

fn is_alive(heartbeat_at: Option<Millis>, now: Millis) -> bool {
    heartbeat_at.is_some_and(|beat| now - beat < 30_000)
}

fn appliance(state: &instance::State, now: Millis) -> Check {
    if state.safe_mode {
        let what = "read logs/, then `neurocards resume`";
        return Check::fail("appliance", "in safe mode after five starts that died", what);
    }
    let life = match state.heartbeat_at {
        beat if is_alive(beat, now) => "running".to_owned(),
        Some(beat) => format!("not running, last seen {}", screen::age(beat, now)),
        None => "not running".to_owned(),
    };
    let closed = match (state.paused, state.submitting_paused) {
        (true, true) => "selling is paused, submits are held",
        (true, false) => "selling is paused",
        (false, true) => "submits are held",
        (false, false) => return Check::ok("appliance", life),
    };
    Check::warn("appliance", format!("{life}, {closed}"), "`neurocards resume`")
}

/// A line per configured model, and one if none of them serves.
fn models(config: &Config, shop: &Shop, db: Option<&Db>) -> Vec<Check> {
    let now = config.process_clock().now();
    let off = db.map(|db| db.read(|conn| switched_off(conn, now)).unwrap_or_default());
    let off = off.unwrap_or_default();
    let mut checks = Vec::new();
    for name in &shop.models() {
        let Some(model) = shop.catalogue.get(name) else { continue };
        let line = format!("model {name}");
        checks.push(match (&model.ended, off.get(name)) {
            (Some(day), _) => {
                let what = "take it out of [kie] models";
                Check::warn(line, format!("it has ended on {day}, the others serve"), what)
            }
            (None, Some(Off::Operator)) => {
                let what = format!("`neurocards models on {name}` uses it again");
                Check::warn(line, "switched off by the operator", what)
            }
            (None, Some(Off::Paused { until, reason })) => {
                let detail = format!("pauses, back {}: {reason}", screen::age(*until, now));
                Check::warn(line, detail, "nothing: the next in [kie] models serves meanwhile")
            }
            (None, None) => {
                let about = format!("{} s, about {} credits", model.seconds, model.about_credits);
                Check::ok(line, about)
            }
        });
    }
    if !checks.is_empty() && checks.iter().all(|check| check.remedy.is_some()) {
        let what = "add another to [kie] models: selling is closed until one serves";
        checks.push(Check::fail("models", "none of them serves now", what));
    }
    let off: HashSet<String> = off.into_keys().collect();
    checks.extend(shop.catalogue.choices().iter().map(|choice| one_choice(shop, choice, &off)));
    checks
}

fn one_choice(shop: &Shop, choice: &Choice, off: &HashSet<String>) -> Check {
    let line = format!("choice {}", choice.id);
    let Some(model) = shop.catalogue.serving(&choice.models, off, &[], 0) else {
        let what = "add another model to it in models.toml";
        return Check::warn(line, "not offered: none of its models serves now", what);
    };
    let seconds = choice.seconds.unwrap_or(model.seconds);
    let price = match choice.credits {
        1 => "1 credit".to_owned(),
        credits => format!("{credits} credits"),
    };
    Check::ok(line, format!("{price} a video, {seconds} s from {}", model.name))
}

/// Why a model does not serve.
enum Off {
    Operator,
    Paused { until: Millis, reason: String },
}

fn switched_off(conn: &Connection, now: Millis) -> Result<HashMap<String, Off>> {
    let mut query = conn.prepare(
        "SELECT name, off_at IS NOT NULL, COALESCE(paused_until, 0), COALESCE(reason, '')
         FROM models
         WHERE off_at IS NOT NULL OR paused_until > ?1",
    )?;
    let rows = query.query_map([now], |row| {
        let off = if row.get(1)? {
            Off::Operator
        } else {
            Off::Paused { until: row.get(2)?, reason: row.get(3)? }
        };
        Ok((row.get(0)?, off))
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
