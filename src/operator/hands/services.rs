//! The provider's keys and models: in and out of service.

use super::{Done, Refused, record};
use crate::alerts;
use crate::audit::By;
use crate::clock::Millis;
use crate::db::Tx;
use crate::instance;
use crate::keys::{self, Block, UNTIL_UNBLOCKED};
use crate::models;
use crate::operator::head::Pulse;
use crate::orders::Shop;
use anyhow::Result;
use rusqlite::{Connection, OptionalExtension as _};

/// The fingerprint of the key with this number in the configuration, from 1.
pub fn key_at(conn: &Connection, position: u32) -> Result<String> {
    let fingerprint: Option<String> = conn
        .query_row(
            "SELECT fingerprint
             FROM api_keys
             WHERE position = ?1
               AND configured = 1",
            [position],
            |row| row.get(0),
        )
        .optional()?;
    fingerprint.ok_or_else(|| Refused::NoKey(position).into())
}

/// The fingerprint of a key that is named by its number, or by its fingerprint, known or not.
pub fn key_named(conn: &Connection, name: &str) -> Result<String> {
    match name.parse::<u32>() {
        Ok(position) if position < 1_000 => key_at(conn, position),
        _ => Ok(name.to_owned()),
    }
}

/// Takes a key out of service until `until`, or until it is unblocked. What renders with it goes
/// on, what waits takes another key; where none is left, that fails with its refund and selling
/// closes.
pub fn block_key(
    tx: &Tx<'_>,
    by: &By,
    fingerprint: &str,
    until: Option<Millis>,
    note: &str,
    now: Millis,
) -> Result<()> {
    let before = state(tx, fingerprint, now)?;
    keys::block(tx, fingerprint, Block::Operator, note, until.unwrap_or(UNTIL_UNBLOCKED), now)?;
    let after = match until {
        Some(until) => format!("blocked for {} min", (until - now).max(0) / crate::clock::MINUTE),
        None => "blocked".to_owned(),
    };
    record(tx, by, &Done { action: "block", object: object(fingerprint), before, after, note }, now)
}

/// Puts a blocked key back into service. `false`: it was not blocked.
pub fn unblock_key(tx: &Tx<'_>, by: &By, fingerprint: &str, now: Millis) -> Result<bool> {
    let before = state(tx, fingerprint, now)?;
    let unblocked = keys::unblock(tx, fingerprint)?;
    if unblocked {
        alerts::forget(tx, &format!("billing:{fingerprint}"), now)?;
        alerts::forget(tx, "keys", now)?;
        let (object, after) = (object(fingerprint), "free".to_owned());
        record(tx, by, &Done { action: "unblock", object, before, after, note: "" }, now)?;
    }
    Ok(unblocked)
}

/// Has the appliance ask for an account's balance, within seconds where it runs. `false`: it does
/// not run, as far as its `pulse` says, and asks after its next start.
pub fn ask_balance(
    tx: &Tx<'_>,
    by: &By,
    fingerprint: &str,
    pulse: Pulse,
    now: Millis,
) -> Result<bool> {
    if !keys::ask_balance(tx, fingerprint)? {
        return Err(Refused::UnknownKey(fingerprint.to_owned()).into());
    }
    let object = object(fingerprint);
    record(tx, by, &Done { action: "ask balance", object, ..Done::default() }, now)?;
    let state = instance::state(tx)?;
    Ok(pulse.is_felt(pulse.beat_at(state.heartbeat_at, state.heartbeat_wall, now), now))
}

/// Takes a model out of service until it is switched on; what it works on goes on. On also ends a
/// pause. `false`: it was so already.
pub fn switch_model(
    tx: &Tx<'_>,
    shop: &Shop,
    by: &By,
    name: &str,
    on: bool,
    now: Millis,
) -> Result<bool> {
    let all = shop.models();
    if !all.iter().any(|model| model == name) {
        return Err(Refused::NoModel(name.to_owned(), all.join(", ")).into());
    }
    let paused = models::paused(tx, now)?.contains(name);
    let before = match (models::is_off(tx, name)?, paused) {
        (true, _) => "off",
        (false, true) => "paused",
        (false, false) => "on",
    };
    let changed = models::switch(tx, name, on, now)?;
    if changed && on {
        alerts::forget(tx, &format!("model:{name}"), now)?;
        alerts::forget(tx, "models", now)?;
    }
    if changed {
        let done = Done {
            action: if on { "switch on" } else { "switch off" },
            object: format!("model {name}"),
            before: before.to_owned(),
            after: if on { "on" } else { "off" }.to_owned(),
            note: "",
        };
        record(tx, by, &done, now)?;
    }
    Ok(changed)
}

/// A configured key's, in a word.
fn state(tx: &Tx<'_>, fingerprint: &str, now: Millis) -> Result<String> {
    let key = keys::all(tx)?.into_iter().find(|key| key.fingerprint == fingerprint);
    let Some(key) = key else { return Err(Refused::UnknownKey(fingerprint.to_owned()).into()) };
    let blocked = key.blocked.filter(|(_, until)| *until > now);
    Ok(blocked.map_or("free".to_owned(), |(why, _)| format!("blocked ({})", why.word())))
}

fn object(fingerprint: &str) -> String {
    format!("key {fingerprint}")
}
