//! Broadcasts begin, wait, go on and end by hand.

use super::{Done, record};
use crate::audit::By;
use crate::broadcasts::{self, Broadcast};
use crate::clock::Millis;
use crate::db::Tx;
use crate::operator::mailing;
use crate::orders::Shop;
use anyhow::{Result, bail};

/// Puts a draft into the first administrator's chat, where it is aimed, tried and sent. `total`: how
/// many customers there are, as [`mailing::audience`] counts them. Returns the administrator's id.
///
/// # Errors
/// [`mailing::Wrong`], and that there is no administrator.
pub fn draft_broadcast(
    tx: &Tx<'_>,
    shop: &Shop,
    by: &By,
    (html, total): (&str, i64),
    now: Millis,
) -> Result<i64> {
    mailing::check(html)?;
    let Some(admin) = shop.options.admins.first().copied() else {
        bail!("a broadcast is sent from an administrator's chat: set ADMIN_TG_ID");
    };
    mailing::compose(tx, shop, (admin, html, total), now)?;
    let (object, after) = (format!("user {admin}"), "draft".to_owned());
    let done = Done { action: "broadcast", object, after, note: html, ..Done::default() };
    record(tx, by, &done, now)?;
    Ok(admin)
}

/// Begins to send a draft. `false`: it was none any more.
pub fn start_broadcast(tx: &Tx<'_>, by: &By, it: &Broadcast, now: Millis) -> Result<bool> {
    let started = broadcasts::start(tx, it.id, now)?;
    note(tx, by, it, ("draft", "running"), started, now)
}

/// Sends no more of it for now. `false`: it was not being sent.
pub fn pause_broadcast(tx: &Tx<'_>, by: &By, it: &Broadcast, now: Millis) -> Result<bool> {
    let paused = broadcasts::pause(tx, it.id)?;
    note(tx, by, it, ("running", "paused"), paused, now)
}

/// Goes on with it. `false`: it was not paused.
pub fn resume_broadcast(tx: &Tx<'_>, by: &By, it: &Broadcast, now: Millis) -> Result<bool> {
    let resumed = broadcasts::go_on(tx, it.id)?;
    note(tx, by, it, ("paused", "running"), resumed, now)
}

/// Ends it for good. `false`: it had ended.
pub fn stop_broadcast(tx: &Tx<'_>, by: &By, it: &Broadcast, now: Millis) -> Result<bool> {
    let stopped = broadcasts::stop(tx, it.id, now)?;
    note(tx, by, it, ("", "stopped"), stopped, now)
}

fn note(
    tx: &Tx<'_>,
    by: &By,
    it: &Broadcast,
    (before, after): (&str, &str),
    changed: bool,
    now: Millis,
) -> Result<bool> {
    if changed {
        let done = Done {
            action: "broadcast",
            object: format!("broadcast {}", it.id),
            before: before.to_owned(),
            after: format!("{after}, {} of {}", it.queued, it.total),
            note: &it.html,
        };
        record(tx, by, &done, now)?;
    }
    Ok(changed)
}
