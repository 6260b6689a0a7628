//! The accounts' balances: a key without money comes back by itself, a low one is told.

use super::calls::counted;
use super::dispatch::questions;
use super::{CALL, Desk};
use crate::keys;
use crate::orders;
use anyhow::Result;

/// Asks for the balance of a key; one that is not ours was asked about by the operator.
pub(super) fn ask(desk: &Desk, fingerprint: &str) -> Result<()> {
    let asked = question(desk, fingerprint);
    let key = fingerprint.to_owned();
    let poor = desk.db.read(|conn| keys::has_no_money(conn, &key));
    questions(desk).answered(fingerprint, matches!(poor, Ok(true)), desk.now());
    asked
}

fn question(desk: &Desk, fingerprint: &str) -> Result<()> {
    let Some(key) = desk.key(fingerprint) else {
        questions(desk).forget(fingerprint);
        let error = "the running program does not have this key";
        return unanswered(desk, fingerprint, error.to_owned());
    };
    match counted("kie", "credit", || desk.kie.credit(key, desk.clock.deadline(CALL))) {
        Ok(balance) => {
            let (shop, now, key) = (desk.shop.clone(), desk.now(), fingerprint.to_owned());
            desk.db.write(move |tx| orders::balance(tx, &shop, &key, balance, now))
        }
        Err(_) if desk.stopping() => Ok(()),
        Err(trouble) => {
            tracing::warn!(key = fingerprint, %trouble, "no balance");
            unanswered(desk, fingerprint, trouble.to_string())
        }
    }
}

fn unanswered(desk: &Desk, fingerprint: &str, error: String) -> Result<()> {
    let key = fingerprint.to_owned();
    desk.db.write(move |tx| keys::no_balance(tx, &key, &error))
}
