//! `neurocards keys`: the health of the provider's keys, never the keys.

use std::process::ExitCode;

use anyhow::Result;

use super::args::{KeysCommand, Output};
use super::{ask, screen};
use crate::clock::Millis;
use crate::config::Config;
use crate::db::Db;
use crate::keys::UNTIL_UNBLOCKED;
use crate::operator::head::Pulse;
use crate::operator::keys::{self, Key};
use crate::operator::{effects, hands};
use crate::serve;

pub(super) fn run(
    config: &Config,
    command: Option<KeysCommand>,
    output: Output,
) -> Result<ExitCode> {
    if let Some(command) = command {
        return hand(config, command);
    }
    let now = config.process_clock().now();
    let (db, price) = (Db::open_existing(&config.data_dir)?, serve::shop(config)?.least_price());
    let keys = db.read(|conn| keys::read(conn, price, now))?;
    if output.json { screen::print_json(&keys) } else { screen::print(&show(&keys, now)) }
}

fn hand(config: &Config, command: KeysCommand) -> Result<ExitCode> {
    let (db, clock) = (Db::open_existing(&config.data_dir)?, config.process_clock());
    let (now, pulse) = (clock.now(), Pulse::of(&clock));
    let said = db.write(move |tx| {
        let by = super::by();
        Ok(match command {
            KeysCommand::Unblock { position } => {
                match hands::unblock_key(tx, &by, &hands::key_at(tx, position)?, now)? {
                    true => format!("key {position} is used again\n"),
                    false => format!("key {position} was not blocked\n"),
                }
            }
            KeysCommand::Block { position, note, yes } => {
                let key = hands::key_at(tx, position)?;
                let effect = effects::block_key(tx, &key, now)?;
                let fails = ask::outage(&effect, yes)?;
                hands::block_key(tx, &by, &key, None, &note, now)?;
                format!(
                    "key {position} is blocked: `neurocards keys unblock {position}` ends it\n{fails}"
                )
            }
            KeysCommand::Ask { position } => {
                let key = hands::key_at(tx, position)?;
                match hands::ask_balance(tx, &by, &key, pulse, now)? {
                    true => format!("the balance of key {position} is asked for: `neurocards keys` shows it\n"),
                    false => format!("nothing runs: the balance of key {position} is asked for at the next start\n"),
                }
            }
        })
    })?;
    screen::print(&said)
}

/// Why it is blocked, or why nobody knows its balance.
fn why(key: &Key) -> String {
    let unknown = key.balance_error.as_ref().map(|error| format!("no balance: {error}"));
    key.blocked_why.clone().into_iter().chain(unknown).collect::<Vec<_>>().join("; ")
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
            why(key),
        ]
    };
    let heading = [">key", "fingerprint", "state", ">balance", ">running", ">10 s", "used", "why"];
    screen::table(&heading, &keys.iter().map(row).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operator::tests::sample;

    #[test]
    fn a_blocked_key_says_until_when_and_why() {
        let (conn, now) = sample();
        let text = show(&keys::read(&conn, 0.0, now).unwrap(), now);
        assert!(text.contains("billing, free in 2h") && text.contains("no credits"), "{text}");
        conn.execute("UPDATE api_keys SET balance_error = 'HTTP 500'", []).unwrap();
        let text = show(&keys::read(&conn, 0.0, now).unwrap(), now);
        assert!(text.contains("never  no balance: HTTP 500\n"), "{text}");
        assert!(text.contains("no credits; no balance: HTTP 500\n"), "{text}");
    }
}
