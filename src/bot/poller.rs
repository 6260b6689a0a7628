//! Takes updates from Telegram into the inbox. A batch is on disk before Telegram hears, by the
//! next call's offset, that we have it: a crash between the two brings it again, and the inbox
//! passes it over.

use std::sync::Arc;

use teloxide::payloads::{DeleteWebhook, DeleteWebhookSetters as _};
use tokio_util::sync::CancellationToken;

use super::telegram::{Failure, Telegram};
use super::updates;
use crate::clock::{Millis, SECOND};
use crate::db::Db;
use crate::inbox;

/// How long Telegram holds a poll that has nothing, in seconds.
const TIMEOUT_S: u32 = 50;
/// Between tries, doubling up to the longest.
const FIRST_WAIT: Millis = SECOND;
const LONGEST_WAIT: Millis = 30 * SECOND;

/// Polls until `stop`; never gives up.
pub async fn run(telegram: Arc<Telegram>, db: Db, stop: CancellationToken) {
    let poll = async {
        let mut poller = Poller { telegram, db, trouble: None, wait: FIRST_WAIT };
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
    /// What is wrong now, as a kind: logged when it changes, not at each try.
    trouble: Option<&'static str>,
    wait: Millis,
}

impl Poller {
    /// An older bot's webhook would refuse every poll. Updates that wait are kept.
    async fn free_the_line(&mut self) {
        let payload = DeleteWebhook::new().drop_pending_updates(false);
        while let Err(failure) = self.telegram.call(&payload).await {
            self.failed(&failure).await;
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
                self.failed(&failure).await;
                if matches!(failure, Failure::Conflict(_)) {
                    self.free_the_line_once().await;
                }
                return offset;
            }
        };
        let batch = updates::raw(result);
        let Some(last) = batch.iter().map(|raw| raw.update_id).max() else {
            self.recovered();
            // A server that does not hold its polls must not make us spin.
            if self.telegram.clock().now() - asked_at < SECOND {
                self.pause(None).await;
            }
            return None;
        };
        let (db, now) = (self.db.clone(), self.telegram.clock().now());
        let store = move || db.write(move |tx| inbox::store(tx, &batch, now));
        match tokio::task::spawn_blocking(store).await {
            Ok(Ok(stored)) => {
                tracing::debug!(stored, last, "updates stored");
                self.recovered();
                Some(last + 1)
            }
            Ok(Err(error)) => {
                self.unstored(&error).await;
                offset
            }
            Err(panic) => {
                self.unstored(&panic.into()).await;
                offset
            }
        }
    }

    async fn free_the_line_once(&mut self) {
        let payload = DeleteWebhook::new().drop_pending_updates(false);
        if let Err(failure) = self.telegram.call(&payload).await {
            tracing::debug!(%failure, "the webhook could not be removed");
        }
    }

    async fn unstored(&mut self, error: &anyhow::Error) {
        if self.trouble.replace("unstored") != Some("unstored") {
            tracing::error!(%error, "updates cannot be stored: Telegram keeps them for us");
        }
        self.pause(None).await;
    }

    async fn failed(&mut self, failure: &Failure) {
        let kind = kind(failure);
        if self.trouble.replace(kind) != Some(kind) {
            explain(failure);
        }
        let asked = match failure {
            Failure::RetryAfter(seconds) => Some(Millis::from(*seconds) * SECOND),
            _ => None,
        };
        self.pause(asked).await;
    }

    /// Waits, doubling, with jitter so that many bots behind one line do not come back at once.
    async fn pause(&mut self, at_least: Option<Millis>) {
        let jitter = fastrand::i64(0..=self.wait / 4);
        let wait = (self.wait + jitter).max(at_least.unwrap_or(0));
        self.wait = (self.wait * 2).min(LONGEST_WAIT);
        tokio::time::sleep(self.telegram.clock().real_span(wait)).await;
    }

    fn recovered(&mut self) {
        self.wait = FIRST_WAIT;
        if let Some(kind) = self.trouble.take() {
            tracing::info!(was = kind, "updates come again");
        }
    }
}

fn kind(failure: &Failure) -> &'static str {
    match failure {
        Failure::Conflict(_) => "conflict",
        Failure::Unauthorized => "unauthorized",
        Failure::RetryAfter(_) => "retry after",
        Failure::Unreached(_) => "unreached",
        Failure::Lost(_) | Failure::ServerError(_) => "trouble",
        _ => "refused",
    }
}

/// In words that say what to do.
fn explain(failure: &Failure) {
    match failure {
        Failure::Conflict(text) if text.to_lowercase().contains("webhook") => tracing::error!(
            text,
            "another program set a webhook for this bot: stop it; neurocards removes the webhook \
             and tries again"
        ),
        Failure::Conflict(text) => tracing::error!(
            text,
            "another program polls with this bot's token: stop it, or give it a bot of its own; \
             until then each of them gets only some of the messages"
        ),
        Failure::Unauthorized => tracing::error!(
            "Telegram does not accept BOT_TOKEN: copy it again from @BotFather, or a new one if \
             it was revoked"
        ),
        other => tracing::warn!(failure = %other, "no updates for now, trying again"),
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
        let polling = tokio::spawn(run(telegram, db.clone(), stop.clone()));
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
}
