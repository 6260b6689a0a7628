//! Takes updates from Telegram into the inbox. A batch is on disk before Telegram hears, by the
//! next call's offset, that we have it: a crash between the two brings it again, and the inbox
//! passes it over.

mod trouble;

use std::sync::Arc;

use teloxide::payloads::{DeleteWebhook, DeleteWebhookSetters as _};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use self::trouble::Trouble;
use super::telegram::{Failure, Telegram};
use super::updates;
use crate::clock::{Millis, SECOND};
use crate::db::Db;
use crate::inbox;
use crate::orders::Shop;

/// How long Telegram holds a poll that has nothing, in seconds.
const TIMEOUT_S: u32 = 50;
/// A poll that Telegram holds takes longer.
const AT_ONCE: Millis = SECOND;

/// Polls until `stop`; never gives up. `till` rings when somebody is about to pay.
pub async fn run(
    telegram: Arc<Telegram>,
    db: Db,
    shop: Arc<Shop>,
    till: Arc<Notify>,
    stop: CancellationToken,
) {
    let poll = async {
        let trouble = Trouble::new(db.clone(), shop, telegram.clock().now());
        let mut poller = Poller { telegram, db, till, trouble };
        poller.free_the_line().await;
        let mut offset = None;
        loop {
            offset = poller.turn(offset).await;
        }
    };
    tokio::select! {
        () = stop.cancelled() => {}
        () = poll => {}
    }
}

struct Poller {
    telegram: Arc<Telegram>,
    db: Db,
    till: Arc<Notify>,
    trouble: Trouble,
}

impl Poller {
    /// An older bot's webhook would refuse every poll. Updates that wait are kept.
    async fn free_the_line(&mut self) {
        let payload = DeleteWebhook::new().drop_pending_updates(false);
        while let Err(failure) = self.telegram.call(&payload).await {
            let wait = self.trouble.failed(&failure, self.telegram.clock().now()).await;
            self.wait(wait).await;
        }
    }

    /// One poll. Returns the next offset; after an empty reply none, because ids may begin anew
    /// after a week of silence.
    async fn turn(&mut self, offset: Option<i64>) -> Option<i64> {
        let asked_at = self.telegram.clock().now();
        let reply = self.telegram.get_updates(offset, TIMEOUT_S, &updates::ALLOWED).await;
        let result = match reply {
            Ok(result) => result,
            Err(failure) => {
                let wait = self.trouble.failed(&failure, self.telegram.clock().now()).await;
                self.wait(wait).await;
                if matches!(failure, Failure::Conflict(_)) {
                    self.free_the_line_once().await;
                }
                return offset;
            }
        };
        let batch = updates::raw(result);
        let Some(last) = batch.iter().map(|raw| raw.update_id).max() else {
            // A server that does not hold its polls must not make us spin.
            if self.telegram.clock().now() - asked_at < AT_ONCE {
                self.rest().await;
            }
            self.trouble.fine(self.telegram.clock().now()).await;
            return None;
        };
        let urgent = batch.iter().any(|raw| raw.urgent);
        let (db, now) = (self.db.clone(), self.telegram.clock().now());
        let store = move || db.write(move |tx| inbox::store(tx, &batch, now));
        match tokio::task::spawn_blocking(store).await {
            Ok(Ok(stored)) => {
                tracing::debug!(stored, last, "updates stored");
                if urgent {
                    self.till.notify_one();
                }
                // Nor must one that does not hear what we confirm.
                if stored == 0 && now - asked_at < AT_ONCE {
                    self.rest().await;
                }
                self.trouble.fine(self.telegram.clock().now()).await;
                Some(last + 1)
            }
            Ok(Err(error)) => self.unstored(&error, offset).await,
            Err(panic) => self.unstored(&panic.into(), offset).await,
        }
    }

    async fn free_the_line_once(&mut self) {
        let payload = DeleteWebhook::new().drop_pending_updates(false);
        if let Err(failure) = self.telegram.call(&payload).await {
            tracing::debug!(%failure, "the webhook could not be removed");
        }
    }

    async fn unstored(&mut self, error: &anyhow::Error, offset: Option<i64>) -> Option<i64> {
        let wait = self.trouble.unstored(error, self.telegram.clock().now());
        self.wait(wait).await;
        offset
    }

    /// Without haste, however often a server answers at once with nothing new.
    async fn rest(&mut self) {
        let wait = self.trouble.pause();
        self.wait(wait).await;
    }

    async fn wait(&self, wait: Millis) {
        tokio::time::sleep(self.telegram.clock().real_span(wait)).await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use serde_json::{Value, json};

    use super::*;
    use crate::bot::telegram::fake::{Call, Fake, Reply};
    use crate::clock::Clock;
    use crate::db::tests::fresh;

    fn text(update_id: i64) -> Value {
        json!({ "update_id": update_id, "message": { "chat": { "id": 7 }, "text": "a" } })
    }

    fn offsets(calls: &[Call]) -> Vec<Option<i64>> {
        let polls = calls.iter().filter(|call| call.method == "getUpdates");
        polls.map(|call| call.json["offset"].as_i64()).collect()
    }

    fn stored(db: &Db) -> Vec<i64> {
        let rows = db.read(|conn| inbox::open(conn, 100, &[])).unwrap();
        rows.into_iter().map(|row| row.update_id).collect()
    }

    /// Polls a Telegram that gives `replies` one after the other and then holds the line.
    async fn poll(replies: impl Fn(usize) -> Reply + Send + Sync + 'static) -> (Fake, Db) {
        let (folder, db) = fresh();
        let turn = AtomicUsize::new(0);
        let reader = db.clone();
        let fake = Fake::start(move |call| {
            if call.method != "getUpdates" {
                return Reply::Ok(json!(true));
            }
            // What an offset confirms must already be on disk.
            if let Some(offset) = call.json["offset"].as_i64() {
                assert!(stored(&reader).contains(&(offset - 1)));
            }
            replies(turn.fetch_add(1, Ordering::SeqCst))
        })
        .await;
        let stop = CancellationToken::new();
        let telegram = fake.telegram(Clock::fast(60.0));
        let shop = Arc::new(crate::operator::tests::shop());
        let till = Arc::default();
        let polling = tokio::spawn(run(telegram, db.clone(), shop, till, stop.clone()));
        fake.until(|calls| offsets(calls).len() == 5).await;
        stop.cancel();
        let stopped = tokio::time::timeout(std::time::Duration::from_secs(2), polling).await;
        stopped.unwrap().unwrap();
        drop(folder);
        (fake, db)
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_batch_is_on_disk_before_telegram_hears() {
        let (fake, db) = poll(|turn| match turn {
            0 => Reply::Ok(json!([text(11), { "odd": 1 }, { "update_id": 12, "new": {} }])),
            1 => Reply::Ok(json!([text(12), text(13)])),
            2 => Reply::Ok(json!([])),
            3 => Reply::Ok(json!([text(3)])),
            _ => Reply::Hang,
        })
        .await;
        let calls = fake.calls();
        assert_eq!(calls[0].method, "deleteWebhook");
        assert_eq!(calls[0].json, json!({ "drop_pending_updates": false }));
        assert_eq!(calls[1].json, json!({ "timeout": 50, "allowed_updates": updates::ALLOWED }));
        assert_eq!(stored(&db), [3, 11, 12, 13]);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn trouble_is_waited_out_and_a_webhook_removed_again() {
        let conflict = "Conflict: can't use getUpdates method while webhook is active";
        let (fake, db) = poll(move |turn| match turn {
            0 => Reply::Page(502, "<html>"),
            1 => Reply::refusal(409, conflict),
            2 => Reply::Drop,
            3 => Reply::Ok(json!([text(1)])),
            _ => Reply::Hang,
        })
        .await;
        let calls = fake.calls();
        assert_eq!(offsets(&calls), [None, None, None, None, Some(2)]);
        assert_eq!(calls.iter().filter(|call| call.method == "deleteWebhook").count(), 2);
        assert_eq!(stored(&db), [1]);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn the_tills_bell_rings_for_who_is_about_to_pay_and_for_nobody_else() {
        let (_folder, db) = fresh();
        let turn = AtomicUsize::new(0);
        let pays = json!({ "update_id": 9,
                           "pre_checkout_query": { "id": "q", "from": { "id": 7 } } });
        let fake = Fake::start(move |call| match call.json["timeout"].is_null() {
            true => Reply::Ok(json!(true)),
            false => match turn.fetch_add(1, Ordering::SeqCst) {
                0 => Reply::Ok(json!([text(8)])),
                1 => Reply::Ok(json!([pays.clone()])),
                _ => Reply::Hang,
            },
        })
        .await;
        let (till, stop) = (Arc::new(Notify::new()), CancellationToken::new());
        let (telegram, shop) = (fake.telegram(Clock::real()), crate::operator::tests::shop());
        let rows = db.clone();
        tokio::spawn(run(telegram, rows, Arc::new(shop), Arc::clone(&till), stop.clone()));
        let rings = tokio::time::timeout(std::time::Duration::from_secs(20), till.notified());
        rings.await.unwrap();
        let urgent = db.read(|conn| inbox::urgent(conn, 9, &[])).unwrap();
        assert_eq!(urgent.len(), 1, "it rings for what is on disk");
        stop.cancel();
    }
}
