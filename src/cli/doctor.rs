//! `neurocards doctor`: is everything that the appliance needs in order? It changes nothing and
//! calls nobody; the services' own checks come with `setup`.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use serde::Serialize;

use super::Context;
use super::args::Output;
use super::screen;
use crate::config::Config;
use crate::db::{Db, FILE_NAME};
use crate::instance;
use crate::serve;

/// Below this the next backup or a busy day may fail.
const LEAST_FREE_MB: u64 = 500;

/// One line; one element of the `--json` list.
#[derive(Debug, Serialize)]
struct Check {
    name: &'static str,
    ok: bool,
    /// What was found, or what is wrong and what to do.
    detail: String,
}

fn check(name: &'static str, found: Result<String>) -> Check {
    match found {
        Ok(detail) => Check { name, ok: true, detail },
        Err(error) => Check { name, ok: false, detail: format!("{error:#}") },
    }
}

/// One line per check; exit code 1 if any fails.
pub(super) fn run(context: &Context, output: Output) -> Result<ExitCode> {
    let mut checks = Vec::new();
    match context.config() {
        Err(error) => checks.push(check("configuration", Err(error.into()))),
        Ok(config) => {
            let file = config.file.as_ref().map(|file| file.display().to_string());
            let from = file.unwrap_or_else(|| "the defaults, there is no file".into());
            checks.push(check("configuration", Ok(from)));
            checks.push(check("tokens", tokens(&config)));
            checks.push(check("own files", own_files(&config)));
            checks.push(check("data folder", folder(&config.data_dir)));
            checks.push(check("disk", disk(&config.data_dir)));
            checks.push(check("sqlite", Ok(rusqlite::version().to_owned())));
            database(&config, &mut checks);
        }
    }
    let good = checks.iter().all(|check| check.ok);
    if output.json {
        screen::print_json(&checks)?;
    } else {
        let line = |check: &Check| {
            let mark = if check.ok { "ok  " } else { "FAIL" };
            format!("{mark} {:<14} {}\n", check.name, check.detail)
        };
        screen::print(&checks.iter().map(line).collect::<String>())?;
    }
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn tokens(config: &Config) -> Result<String> {
    let tokens = config.require_tokens()?;
    let gpt = if tokens.openai.is_some() { "OpenAI" } else { "KIE's own GPT" };
    let alerts = match config.admins.len() {
        0 => "nobody gets alerts: set ADMIN_TG_ID".to_owned(),
        n => format!("{n} administrators get alerts"),
    };
    Ok(format!("bot {}, {} KIE keys, prompts by {gpt}, {alerts}", tokens.bot_id, tokens.kie.len()))
}

fn own_files(config: &Config) -> Result<String> {
    let shop = serve::shop(config)?;
    let serving = config.kie.models.iter().filter_map(|name| shop.catalogue.get(name));
    let open = serving.filter(|model| model.ended.is_none()).count();
    if open == 0 {
        bail!("every model in [kie] models has ended: choose others");
    }
    Ok(format!("{open} models to serve, {} templates", shop.templates.all().count()))
}

fn folder(data_dir: &Path) -> Result<String> {
    let shown = data_dir.display();
    if !data_dir.exists() {
        return Ok(format!("{shown} is made at the first start"));
    }
    let mut files = 0;
    private(data_dir, 0o700)?;
    for entry in std::fs::read_dir(data_dir).with_context(|| format!("cannot list {shown}"))? {
        let path = entry?.path();
        private(&path, if path.is_dir() { 0o700 } else { 0o600 })?;
        files += 1;
    }
    Ok(format!("{shown}, private, {files} entries"))
}

fn private(path: &Path, wanted: u32) -> Result<()> {
    let shown = path.display();
    let facts = std::fs::metadata(path).with_context(|| format!("cannot look at {shown}"))?;
    let mode = facts.permissions().mode() & 0o777;
    if mode != wanted {
        bail!("{shown} has mode {mode:04o}: run `chmod {wanted:04o} {shown}`");
    }
    Ok(())
}

fn disk(data_dir: &Path) -> Result<String> {
    let existing = data_dir.ancestors().find(|path| path.exists()).unwrap_or(data_dir);
    let facts = rustix::fs::statvfs(existing).context("cannot ask how full the disk is")?;
    let free = (facts.f_bavail * facts.f_frsize) >> 20;
    if free < LEAST_FREE_MB {
        bail!("{free} MB free: {LEAST_FREE_MB} MB are the least, make room");
    }
    Ok(format!("{free} MB free"))
}

fn database(config: &Config, checks: &mut Vec<Check>) {
    if !config.data_dir.join(FILE_NAME).exists() {
        checks.push(check("database", Ok("is made at the first start".into())));
        return;
    }
    let db = match Db::open_existing(&config.data_dir) {
        Ok(db) => db,
        Err(error) => return checks.push(check("database", Err(error))),
    };
    checks.push(check("database", integrity(&db)));
    checks.push(check("ledger", ledger(&db)));
    checks.push(check("appliance", appliance(&db, config)));
}

fn integrity(db: &Db) -> Result<String> {
    db.read(|conn| {
        let word: String = conn.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
        let strays: i64 =
            conn.query_row("SELECT COUNT(*) FROM pragma_foreign_key_check", [], |row| row.get(0))?;
        if word != "ok" || strays > 0 {
            bail!(
                "damaged ({word}, {strays} stray rows): stop, and go back to a copy of the folder"
            );
        }
        Ok("intact".to_owned())
    })
}

fn ledger(db: &Db) -> Result<String> {
    db.read(|conn| {
        let (users, wrong): (i64, i64) = conn.query_row(
            "SELECT COUNT(*),
                    COUNT(*) FILTER (WHERE credits <> (SELECT COALESCE(SUM(delta), 0)
                                                       FROM ledger
                                                       WHERE user_id = users.id))
             FROM users",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        if wrong > 0 {
            bail!("{wrong} of {users} users have credits that are not their ledger's sum");
        }
        Ok(format!("{users} users, every balance is the sum of its ledger"))
    })
}

fn appliance(db: &Db, config: &Config) -> Result<String> {
    let now = config.process_clock().now();
    db.read(|conn| {
        let state = instance::state(conn)?;
        if state.safe_mode {
            bail!("in safe mode after five starts that died: read logs/, then `neurocards resume`");
        }
        let life = match state.heartbeat_at {
            Some(beat) if now - beat < 30_000 => "running".to_owned(),
            Some(beat) => format!("not running, last seen {}", screen::age(beat, now)),
            None => "not running".to_owned(),
        };
        Ok(if state.paused { format!("{life}, selling is paused") } else { life })
    })
}
