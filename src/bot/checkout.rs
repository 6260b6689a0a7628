//! Answers pre-checkout queries. Telegram waits ten seconds for the answer, and whoever stands at
//! the till less: so they have a lane of their own past the chats' order and its limit, past the
//! outbox and the limiter. Nothing is written before the answer.

use std::collections::HashMap;
use std::sync::Arc;

use anyhow::Context as _;
use tokio::sync::Notify;
use tokio::task::{Id, JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use super::telegram::{Failure, Telegram};
use super::updates::{self, PreCheckoutQuery};
use crate::clock::{Millis, SECOND};
use crate::db::Db;
use crate::flow::{self, Verdict, Wish};
use crate::inbox::{self, Row};
use crate::orders::Shop;

/// Queries that are answered at the same time.
const AT_ONCE: usize = 64;
/// A query this old is not worth another try: Telegram gives it up after ten seconds.
const PATIENCE: Millis = 8 * SECOND;
/// Between two tries.
const PAUSE: Millis = SECOND / 2;
/// What could not be read or marked is looked at again.
const REST: Millis = 2 * SECOND;
/// The lane is looked at this often at least.
const LOOK_AROUND: Millis = 30 * SECOND;

/// What answering needs.
pub struct Checkout {
    /// To decide; a query is marked after its answer.
    pub db: Db,
    /// Who asks.
    pub telegram: Arc<Telegram>,
    /// What is sold.
    pub shop: Arc<Shop>,
    /// Rings when a query was stored.
    pub bell: Arc<Notify>,
}

struct Till {
    of: Checkout,
    stop: CancellationToken,
}

/// Answers queries until `stop`.
pub async fn run(checkout: Checkout, stop: CancellationToken) {
    let till = Arc::new(Till { of: checkout, stop });
    let mut busy = HashMap::new();
    let mut tasks: JoinSet<()> = JoinSet::new();
    let clock = till.of.telegram.clock().clone();
    loop {
        while let Some(done) = tasks.try_join_next_with_id() {
            forget(&mut busy, done);
        }
        let read = till.begin(&mut busy, &mut tasks).await;
        let look_again = clock.real_span(if read { LOOK_AROUND } else { REST });
        tokio::select! {
            () = till.stop.cancelled() => break,
            () = till.of.bell.notified() => {}
            () = tokio::time::sleep(look_again) => {}
            Some(done) = tasks.join_next_with_id(), if !tasks.is_empty() => forget(&mut busy, done),
        }
    }
    while tasks.join_next().await.is_some() {}
}

/// A panicked task cannot say itself which row it had.
fn forget(busy: &mut HashMap<Id, i64>, done: Result<(Id, ()), JoinError>) {
    let id = match &done {
        Ok((id, ())) => *id,
        Err(error) => {
            tracing::error!(%error, "answering a pre-checkout query panicked");
            error.id()
        }
    };
    busy.remove(&id);
}

impl Till {
    /// `false`: the lane could not be read.
    async fn begin(self: &Arc<Self>, busy: &mut HashMap<Id, i64>, tasks: &mut JoinSet<()>) -> bool {
        if tasks.len() >= AT_ONCE {
            return true;
        }
        let known: Vec<i64> = busy.values().copied().collect();
        let room = (AT_ONCE - tasks.len()) as u32;
        let db = self.of.db.clone();
        let read = move || db.read(|conn| inbox::urgent(conn, room, &known));
        let rows = match blocking(read).await {
            Ok(rows) => rows,
            Err(error) => {
                let error = format!("{error:#}");
                tracing::error!(error, "pre-checkout queries cannot be read");
                return false;
            }
        };
        for row in rows {
            let (till, update_id) = (Arc::clone(self), row.update_id);
            let task = tasks.spawn(async move { till.row(row).await });
            busy.insert(task.id(), update_id);
        }
        true
    }

    async fn row(&self, row: Row) {
        let update_id = row.update_id;
        match updates::read(&row.body).ok().and_then(|update| update.pre_checkout_query) {
            None => tracing::error!(update_id, "a pre-checkout query cannot be read"),
            Some(_) if !self.is_young(&row) => {
                tracing::warn!(update_id, "a pre-checkout query came too late to be answered");
            }
            Some(query) => match self.answer(&row, &query).await {
                Ok(()) => {}
                Err(_) if self.stop.is_cancelled() => return,
                Err(error) => tracing::error!(update_id, error, "a customer could not pay"),
            },
        }
        self.mark(&row).await;
    }

    /// Whether Telegram still waits. A clock that runs fast makes no socket faster.
    fn is_young(&self, row: &Row) -> bool {
        let clock = self.of.telegram.clock();
        let patience = PATIENCE.max(clock.span_of(clock.deadline(PATIENCE)));
        clock.now() - row.received_at < patience
    }

    async fn answer(&self, row: &Row, query: &PreCheckoutQuery) -> Result<(), String> {
        let verdict = loop {
            match self.decide(query).await {
                Ok(verdict) => break verdict,
                Err(error) => self.pause(row, PAUSE, format!("{error:#}")).await?,
            }
        };
        let why = match &verdict {
            Verdict::Fine => None,
            Verdict::Refused(why) => Some(why.as_str()),
        };
        loop {
            let answered = self.of.telegram.answer_checkout(&query.id, why).await;
            let Err(failure) = answered else { return Ok(()) };
            let wait = match failure {
                // An earlier try has reached it, or nobody waits any more.
                Failure::TooOld => return Ok(()),
                Failure::RetryAfter(seconds) => PAUSE.max(Millis::from(seconds) * SECOND),
                Failure::Unreached(_) | Failure::Lost(_) | Failure::ServerError(_) => PAUSE,
                failure => return Err(failure.to_string()),
            };
            self.pause(row, wait, failure.to_string()).await?;
        }
    }

    async fn decide(&self, query: &PreCheckoutQuery) -> anyhow::Result<Verdict> {
        let wish = Wish {
            tg_user_id: query.from.id,
            language_code: query.from.language_code.clone(),
            currency: query.currency.clone(),
            stars: query.total_amount,
            payload: query.invoice_payload.clone(),
        };
        let (db, shop, now) =
            (self.of.db.clone(), Arc::clone(&self.of.shop), self.of.telegram.clock().now());
        blocking(move || db.read(|conn| flow::checkout(conn, &shop, &wish, now))).await
    }

    /// Before another try.
    ///
    /// # Errors
    /// There is no time for one: `trouble` is why.
    async fn pause(&self, row: &Row, wait: Millis, trouble: String) -> Result<(), String> {
        let update_id = row.update_id;
        tracing::warn!(update_id, trouble, "a pre-checkout query is not answered yet");
        tokio::select! {
            () = self.stop.cancelled() => Err(trouble),
            () = tokio::time::sleep(self.of.telegram.clock().real_span(wait)) => {
                if self.is_young(row) { Ok(()) } else { Err(trouble) }
            }
        }
    }

    /// Until it is written down: a row that stays open would be answered again.
    async fn mark(&self, row: &Row) {
        let (update_id, chat) = (row.update_id, row.chat_id);
        loop {
            let (db, now) = (self.of.db.clone(), self.of.telegram.clock().now());
            let mark = move || {
                db.write(move |tx| {
                    inbox::done(tx, update_id, now)?;
                    flow::forget_again(tx, chat, update_id, now)
                })
            };
            let Err(error) = blocking(mark).await else { return };
            let error = format!("{error:#}");
            tracing::error!(update_id, error, "an answered pre-checkout query is not marked");
            tokio::select! {
                () = self.stop.cancelled() => return,
                () = tokio::time::sleep(self.of.telegram.clock().real_span(REST)) => {}
            }
        }
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> anyhow::Result<T> + Send + 'static,
) -> anyhow::Result<T> {
    tokio::task::spawn_blocking(work).await.context("a database call panicked")?
}

#[cfg(test)]
mod tests;
