//! `neurocards keys`: the health of the provider's keys, never the keys.

use std::process::ExitCode;

use anyhow::Result;
use rusqlite::{Connection, named_params};
use serde::Serialize;

use super::args::{KeysCommand, Output};
use super::screen;
use crate::clock::{Millis, SECOND};
use crate::config::Config;
use crate::db::Db;
use crate::keys::UNTIL_UNBLOCKED;
use crate::operator::hands;

/// One element of the `--json` list, in the order of the configuration. Times are unix milliseconds.
#[derive(Debug, Serialize)]
pub(super) struct Key {
    /// From 1: what `neurocards keys unblock N` takes.
    position: i64,
    fingerprint: String,
    /// False: it left the configuration.
    configured: bool,
    /// `billing`, `rate_limit` or `operator`; none: free.
    blocked_class: Option<String>,
    blocked_until: Option<Millis>,
    blocked_why: Option<String>,
    /// The provider's credits, when last asked.
    balance: Option<f64>,
    balance_at: Option<Millis>,
    /// Tasks that run with it now.
    running: i64,
    /// createTasks of the last 10 s.
    submits_10s: i64,
    used_at: Option<Millis>,
}

pub(super) fn run(
    config: &Config,
    command: Option<KeysCommand>,
    output: Output,
) -> Result<ExitCode> {
    if let Some(command) = command {
        return hand(config, command);
    }
    let now = config.process_clock().now();
    let keys = Db::open_existing(&config.data_dir)?.read(|conn| read(conn, now))?;
    if output.json { screen::print_json(&keys) } else { screen::print(&show(&keys, now)) }
}

fn hand(config: &Config, command: KeysCommand) -> Result<ExitCode> {
    let (db, now) = (Db::open_existing(&config.data_dir)?, config.process_clock().now());
    let said = db.write(move |tx| {
        let by = super::by();
        Ok(match command {
            KeysCommand::Unblock { position } => {
                match hands::unblock_key(tx, &by, &hands::key_at(tx, position)?, now)? {
                    true => format!("key {position} is used again\n"),
                    false => format!("key {position} was not blocked\n"),
                }
            }
            KeysCommand::Block { position, note } => {
                let key = hands::key_at(tx, position)?;
                hands::block_key(tx, &by, &key, None, &note, now)?;
                format!("key {position} is blocked: `neurocards keys unblock {position}` ends it\n")
            }
            KeysCommand::Ask { position } => {
                hands::ask_balance(tx, &by, &hands::key_at(tx, position)?, now)?;
                format!("the balance of key {position} is asked for: `neurocards keys` shows it\n")
            }
        })
    })?;
    screen::print(&said)
}

fn read(conn: &Connection, now: Millis) -> Result<Vec<Key>> {
    let mut found = conn.prepare(
        "SELECT position, fingerprint, configured, blocked_class, blocked_until, blocked_why,
                balance, balance_at, used_at,
                (SELECT COUNT(*) FROM jobs j
                 WHERE j.api_key = k.fingerprint
                   AND j.status IN ('queued', 'processing')
                   AND j.kie_task_id IS NOT NULL) AS running,
                (SELECT COUNT(*) FROM submits s
                 WHERE s.api_key = k.fingerprint
                   AND s.outcome <> 'unsent'
                   AND (s.ended_at > :since OR s.ended_at IS NULL)) AS submits_10s
         FROM api_keys k
         ORDER BY configured DESC, position
         LIMIT 1000",
    )?;
    let rows = found.query_map(named_params! { ":since": now - 10 * SECOND }, |row| {
        let until: Option<Millis> = row.get("blocked_until")?;
        let blocked = until.is_some_and(|until| until > now);
        Ok(Key {
            position: row.get("position")?,
            fingerprint: row.get("fingerprint")?,
            configured: row.get("configured")?,
            // A block that ran out stays in its row until the key is used again.
            blocked_class: if blocked { row.get("blocked_class")? } else { None },
            blocked_until: until.filter(|_| blocked),
            blocked_why: if blocked { row.get("blocked_why")? } else { None },
            balance: row.get("balance")?,
            balance_at: row.get("balance_at")?,
            running: row.get("running")?,
            submits_10s: row.get("submits_10s")?,
            used_at: row.get("used_at")?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn show(keys: &[Key], now: Millis) -> String {
    let row = |key: &Key| {
        let state = match (&key.blocked_class, key.blocked_until) {
            (Some(class), Some(UNTIL_UNBLOCKED)) => format!("{class}, until unblocked"),
            (Some(class), Some(until)) => format!("{class}, free {}", screen::age(until, now)),
            _ if !key.configured => "not configured".to_owned(),
            _ => "free".to_owned(),
        };
        vec![
            key.position.to_string(),
            key.fingerprint.clone(),
            state,
            key.balance.map_or("–".to_owned(), |balance| format!("{balance:.0}")),
            key.running.to_string(),
            key.submits_10s.to_string(),
            key.used_at.map_or("never".to_owned(), |at| screen::age(at, now)),
            key.blocked_why.clone().unwrap_or_default(),
        ]
    };
    let heading = [">key", "fingerprint", "state", ">balance", ">running", ">10 s", "used", "why"];
    screen::table(&heading, &keys.iter().map(row).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::tests::sample;
    use crate::clock::HOUR;

    #[test]
    fn a_blocked_key_says_until_when_and_why() {
        let (conn, now) = sample();
        let keys = read(&conn, now).unwrap();
        assert_eq!((keys[0].running, keys[0].submits_10s), (1, 1));
        let text = show(&keys, now);
        assert!(text.contains("billing, free in 2h") && text.contains("no credits"), "{text}");
        let later = read(&conn, now + 3 * HOUR).unwrap();
        assert_eq!(later[1].blocked_class, None);
    }
}
