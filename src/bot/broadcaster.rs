//! Feeds the outbox with a broadcast's messages, a few at a time, and shows its author how far it is.
//! The sender takes them when nothing else is due.

use crate::broadcasts::{self, Broadcast};
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

/// Writes the next messages of the oldest that has any left, where few wait. `false`: none is being
/// sent. One whose last messages do not get through holds up none after it.
fn feed(db: &Db, shop: &Arc<Shop>, show: bool, now: Millis) -> Result<bool> {
    let all = db.read(broadcasts::running)?;
    let any = !all.is_empty();
    let (written, mut rest): (Vec<_>, Vec<_>) =
        all.into_iter().partition(|it| it.bookmark >= it.last_user);
    for it in written {
        ends(db, shop, it.id, show, now)?;
    }
    if rest.is_empty() {
        return Ok(any);
    }
    let it = rest.swap_remove(0);
    let id = it.id;
    let room = db.read(|conn| broadcasts::room(conn, id))?;
    if room > 0 {
        let turn = db.read(|conn| broadcasts::turn(conn, &it, room, now))?;
        write(db, shop, it, turn, now)?;
    }
    if show {
        let shop = Arc::clone(shop);
        db.write(move |tx| mailing::show(tx, &shop, id, false, now))?;
    }
    Ok(true)
}

/// Everybody's message is written: it ends when none of them waits.
fn ends(db: &Db, shop: &Arc<Shop>, id: i64, show: bool, now: Millis) -> Result<()> {
    if !show && db.read(|conn| broadcasts::waiting(conn, id))? > 0 {
        return Ok(());
    }
    let shop = Arc::clone(shop);
    db.write(move |tx| {
        if broadcasts::finish(tx, id, now)? || show {
            mailing::show(tx, &shop, id, false, now)?;
        }
        Ok(())
    })
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::broadcasts::{AHEAD, WAITING_MAX};
    use crate::orders::tests::{NOW, World};

    #[test]
    fn chats_that_take_nothing_hold_up_nobody_and_are_not_without_number() {
        let world = World::new();
        for id in 0..WAITING_MAX + AHEAD {
            world.customer(1_000 + id, 0);
        }
        world.write(|tx, _| {
            let id = broadcasts::draft(tx, 1, "Hi", 0, NOW)?;
            broadcasts::start(tx, id, NOW)
        });
        let feeds = || -> i64 {
            feed(&world.db, &world.shop, false, NOW).unwrap();
            world.number("SELECT COUNT(*) FROM outbox WHERE key LIKE 'broadcast:%'")
        };
        assert_eq!((feeds(), feeds()), (AHEAD, AHEAD), "first these");
        for turn in 2..=WAITING_MAX / AHEAD {
            world.sql("UPDATE outbox SET tries = 1 WHERE key LIKE 'broadcast:%'");
            assert_eq!(feeds(), turn * AHEAD);
        }
        world.sql("UPDATE outbox SET tries = 1 WHERE key LIKE 'broadcast:%'");
        assert_eq!(feeds(), WAITING_MAX);
        world.sql("UPDATE outbox SET state = 'dropped' WHERE key LIKE 'broadcast:%'");
        assert_eq!(feeds(), WAITING_MAX + AHEAD);
    }

    #[test]
    fn a_chat_that_takes_nothing_holds_up_no_other_broadcast() {
        let world = World::new();
        for id in 0..3 {
            world.customer(1_000 + id, 0);
        }
        world.write(|tx, _| {
            for words in ["first", "second"] {
                let id = broadcasts::draft(tx, 1, words, 0, NOW)?;
                broadcasts::start(tx, id, NOW)?;
            }
            Ok(())
        });
        let feeds = || feed(&world.db, &world.shop, false, NOW).unwrap();
        let written = |id: i64| {
            world.number(&format!("SELECT COUNT(*) FROM outbox WHERE key LIKE 'broadcast:{id}:%'"))
        };
        assert!(feeds());
        assert_eq!((written(1), written(2)), (3, 0), "one after the other");
        world.sql("UPDATE outbox SET tries = 9 WHERE key = 'broadcast:1:3'");
        world.sql("UPDATE outbox SET state = 'sent' WHERE key LIKE 'broadcast:%' AND tries = 0");
        assert!(feeds());
        assert_eq!((written(1), written(2)), (3, 3));
        world.sql("UPDATE outbox SET state = 'sent' WHERE key LIKE 'broadcast:%'");
        assert!(feeds() && !feeds());
        assert_eq!(world.number("SELECT COUNT(*) FROM broadcasts WHERE state = 'done'"), 2);
    }
}
