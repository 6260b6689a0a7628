//! Feeds the outbox with a broadcast's messages, a few at a time, and shows its author how far it is.
//! The sender takes them when nothing else is due.

use crate::broadcasts::{self, AHEAD, Broadcast};
use crate::clock::{Clock, MINUTE, Millis, SECOND};
use crate::db::Db;
use crate::operator::mailing;
use crate::orders::Shop;
use anyhow::{Context as _, Result};
use std::sync::Arc;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// Between two looks while one is being sent.
const TICK: Millis = SECOND;
/// And while there is none, should a wake-up have been missed.
const LOOK_AROUND: Millis = MINUTE;
/// Between two edits of its author's message.
const PROGRESS: Millis = 10 * SECOND;

/// Feeds until `stop`.
pub(super) async fn run(db: Db, shop: Arc<Shop>, clock: Clock, stop: CancellationToken) {
    let wake = Arc::new(Notify::new());
    let bell = Arc::clone(&wake);
    // It is touched with every message of one that Telegram took.
    db.watch(&["broadcasts"], Arc::new(move || bell.notify_one()));
    let mut shown_at = 0;
    loop {
        let (db, shop, now) = (db.clone(), Arc::clone(&shop), clock.now());
        let show = now - shown_at >= PROGRESS;
        let fed = tokio::task::spawn_blocking(move || feed(&db, &shop, show, now));
        let wait = match fed.await.context("feeding a broadcast panicked").flatten() {
            Ok(true) => TICK,
            Ok(false) => LOOK_AROUND,
            Err(error) => {
                tracing::error!(error = format!("{error:#}"), "a broadcast does not go on");
                10 * SECOND
            }
        };
        if show {
            shown_at = now;
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = wake.notified() => {}
            () = tokio::time::sleep(clock.real_span(wait)) => {}
        }
    }
}

/// Writes the next messages where few wait. `false`: none is being sent.
fn feed(db: &Db, shop: &Arc<Shop>, show: bool, now: Millis) -> Result<bool> {
    let Some(it) = db.read(broadcasts::running)? else { return Ok(false) };
    let id = it.id;
    let waiting = db.read(|conn| broadcasts::waiting(conn, id))?;
    if it.bookmark >= it.last_user && waiting > 0 && !show {
        return Ok(true);
    }
    if it.bookmark >= it.last_user {
        let shop = Arc::clone(shop);
        db.write(move |tx| {
            if broadcasts::finish(tx, id, now)? || show {
                mailing::show(tx, &shop, id, false, now)?;
            }
            Ok(())
        })?;
        return Ok(true);
    }
    if waiting <= AHEAD / 2 {
        let turn = db.read(|conn| broadcasts::turn(conn, &it, AHEAD - waiting, now))?;
        write(db, shop, it, turn, now)?;
    }
    if show {
        let shop = Arc::clone(shop);
        db.write(move |tx| mailing::show(tx, &shop, id, false, now))?;
    }
    Ok(true)
}

fn write(
    db: &Db,
    shop: &Arc<Shop>,
    it: Broadcast,
    turn: broadcasts::Turn,
    now: Millis,
) -> Result<()> {
    let shop = Arc::clone(shop);
    db.write(move |tx| {
        broadcasts::write(tx, &it, &turn, |lang| mailing::button(&shop, lang), now).map(drop)
    })
}
