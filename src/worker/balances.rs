//! The accounts' balances: a key without money comes back by itself, a low one is told.

use super::{CALL, Desk};
use crate::alerts;
use crate::keys;
use crate::text::Arg;
use anyhow::Result;

/// Asks for the balances of these keys; `None`: of all.
pub(super) fn ask(desk: &Desk, of: Option<&[String]>) -> Result<()> {
    let wanted = |key: &String| of.is_none_or(|of| of.contains(key));
    for (fingerprint, key) in desk.options.keys.iter().filter(|(key, _)| wanted(key)) {
        match desk.kie.credit(key, desk.clock.deadline(CALL)) {
            Ok(balance) => record(desk, fingerprint, balance)?,
            Err(_) if desk.stopping() => return Ok(()),
            Err(trouble) => {
                tracing::warn!(key = fingerprint, %trouble, "no balance");
                unanswered(desk, fingerprint, trouble.to_string())?;
            }
        }
    }
    let strange = |key: &&String| desk.options.keys.iter().all(|(ours, _)| ours != *key);
    for stranger in of.unwrap_or_default().iter().filter(strange) {
        unanswered(desk, stranger, "the running program does not have this key".to_owned())?;
    }
    Ok(())
}

fn unanswered(desk: &Desk, fingerprint: &str, error: String) -> Result<()> {
    let key = fingerprint.to_owned();
    desk.db.write(move |tx| keys::no_balance(tx, &key, &error))
}

fn record(desk: &Desk, fingerprint: &str, balance: f64) -> Result<()> {
    let (shop, now, key) = (desk.shop.clone(), desk.now(), fingerprint.to_owned());
    desk.db.write(move |tx| {
        let admins = &shop.options.admins;
        let lang = shop.admin_lang(tx);
        if keys::balance(tx, &key, balance, shop.least_price(), now)? {
            let html = shop.texts.say(lang, "alert-billing-over", &[("key", Arg::Str(&key))]);
            alerts::end(tx, admins, &format!("billing:{key}"), &html, now)?;
        }
        let cause = format!("balance:{key}");
        if balance >= shop.options.low_balance {
            alerts::forget(tx, &cause, now)?;
        } else if !keys::has_no_money(tx, &key)? {
            // An empty account that was refused is one alert already.
            let args = [("key", Arg::Str(&key)), ("balance", Arg::Num(balance as i64))];
            let html = shop.texts.say(lang, "alert-low-balance", &args);
            alerts::raise(tx, admins, &cause, &html, now)?;
        }
        Ok(())
    })
}
