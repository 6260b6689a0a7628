//! Makes Telegram's side equal to the outbox: sends what is not sent, edits what moved on, in order
//! per chat, within Telegram's limits, and writes down what became of it.

mod delivery;
mod queue;
mod words;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use tokio::sync::Notify;
use tokio::task::{Id, JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use self::delivery::{Context, Outcome};
use self::queue::{Next, Queue};
use super::limiter::{Held, Limiter, Limits};
use super::telegram::{Sent, Telegram};
use crate::clock::{MINUTE, Millis, SECOND};
use crate::db::{Db, Tx};
use crate::outbox::{self, Row, Waiting};

/// Rows read from the table at once.
const BATCH: u32 = 500;
/// The table is read from its beginning this often, in case a wake-up was missed.
const RESYNC: Millis = MINUTE;
/// How long nothing is tried after Telegram refused the token.
const UNAUTHORIZED_WAIT: Millis = 30 * SECOND;
/// At a stop, how long calls that are under way may take, in real time.
const GRACE: std::time::Duration = std::time::Duration::from_secs(3);

/// Hears what became of messages, each time in the transaction that records it.
pub trait Delivered: Send + Sync {
    /// Telegram has `row.rev`. `sent` names the new message, and the file after an upload; both
    /// are `None` after an edit.
    fn on_sent(&self, tx: &Tx<'_>, row: &Row, sent: &Sent, now: Millis) -> anyhow::Result<()>;

    /// It was given up, and the row is dropped: a mistake of ours, or a day of trouble.
    fn on_refused(&self, tx: &Tx<'_>, row: &Row, why: &str, now: Millis) -> anyhow::Result<()>;

    /// The file is too large. The row is still pending: other content put in its place (a link)
    /// is sent instead; else it is dropped after this.
    fn on_too_large(&self, tx: &Tx<'_>, row: &Row, now: Millis) -> anyhow::Result<()>;

    /// The chat cannot be reached (403). Everything for it was dropped; `deliveries` are those of
    /// the dropped rows that have a job.
    fn on_blocked(
        &self,
        tx: &Tx<'_>,
        chat_id: i64,
        deliveries: &[Row],
        now: Millis,
    ) -> anyhow::Result<()>;
}

/// What the sender works with.
pub struct Options {
    pub db: Db,
    pub telegram: Arc<Telegram>,
    pub delivered: Arc<dyn Delivered>,
    /// The folder that [`outbox::Content::Video`]'s paths are relative to.
    pub videos: PathBuf,
    /// Our own pictures, by asset.
    pub pictures: fn(&str) -> Option<&'static [u8]>,
    /// Bytes; a larger video is not even tried.
    pub upload_limit: u64,
    pub limits: Limits,
}

/// Sends until `stop`; calls under way then get a few seconds.
pub async fn run(options: Options, stop: CancellationToken) {
    let wake = Arc::new(Notify::new());
    let ring = Arc::clone(&wake);
    options.db.watch(&["outbox"], Arc::new(move || ring.notify_one()));
    let mut sender = Sender::new(options);
    loop {
        sender.load().await;
        let look_again = sender.launch();
        let clock = sender.context.telegram.clock();
        let pause = clock.real_span((look_again - clock.now()).max(1));
        tokio::select! {
            biased;
            () = stop.cancelled() => break,
            Some(landed) = sender.flights.join_next_with_id() => sender.land(landed),
            () = wake.notified() => sender.unread = true,
            () = tokio::time::sleep(pause) => {}
        }
    }
    let landed = async { while sender.flights.join_next().await.is_some() {} };
    if tokio::time::timeout(GRACE, landed).await.is_err() {
        tracing::warn!("calls to Telegram are cut off: what they sent is sent again");
    }
}

struct Sender {
    context: Arc<Context>,
    queue: Queue,
    flights: JoinSet<Outcome>,
    /// What each flight carries, in case it ends by a panic.
    carried: HashMap<Id, Waiting>,
    /// The table may hold rows after `read_to`.
    unread: bool,
    read_to: i64,
    /// While there is no room for all: up to here the answers are known.
    answers_to: i64,
    resync_at: Millis,
    /// The token was refused, and that was said.
    refused: bool,
}

impl Sender {
    fn new(options: Options) -> Self {
        let Options { db, telegram, delivered, videos, pictures, upload_limit, limits } = options;
        let limiter = Mutex::new(Limiter::new(limits));
        let context = Context { db, telegram, delivered, videos, pictures, upload_limit, limiter };
        Self {
            context: Arc::new(context),
            queue: Queue::default(),
            flights: JoinSet::new(),
            carried: HashMap::new(),
            unread: true,
            read_to: 0,
            answers_to: 0,
            resync_at: 0,
            refused: false,
        }
    }

    /// Learns of rows that were written since.
    async fn load(&mut self) {
        let now = self.context.now();
        if now >= self.resync_at {
            self.resync_at = now + RESYNC;
            self.read_to = 0;
            self.answers_to = 0;
            self.unread = true;
        }
        while self.unread && !self.queue.is_full() {
            let Some(rows) = self.read_after(self.read_to).await else { return };
            self.unread = rows.len() == BATCH as usize;
            self.read_to = rows.last().map_or(self.read_to, |row| row.seq);
            rows.into_iter().for_each(|row| self.queue.learn(row));
        }
        self.answers_to = self.answers_to.max(self.read_to);
        // However many messages wait, who presses a button is answered: nobody waits long for that.
        while self.unread && !self.queue.is_crammed() {
            let Some(rows) = self.read_after(self.answers_to).await else { return };
            self.answers_to = rows.last().map_or(self.answers_to, |row| row.seq);
            let more = rows.len() == BATCH as usize;
            let answers = rows.into_iter().filter(|row| row.class == outbox::Class::Answer);
            answers.for_each(|row| self.queue.learn(row));
            if !more {
                break;
            }
        }
    }

    async fn read_after(&self, seq: i64) -> Option<Vec<Waiting>> {
        let db = self.context.db.clone();
        let read = move || db.read(|conn| outbox::load_after(conn, seq, BATCH));
        let error = match tokio::task::spawn_blocking(read).await {
            Ok(Ok(rows)) => return Some(rows),
            Ok(Err(error)) => error,
            Err(error) => error.into(),
        };
        tracing::error!(error = format!("{error:#}"), "the outbox cannot be read");
        None
    }

    /// Starts everything that may go now. Returns when to look again.
    fn launch(&mut self) -> Millis {
        loop {
            let now = self.context.now();
            let mut limiter = self.context.limiter();
            let row = match self.queue.next(now, &limiter) {
                Next::Send(row) => row,
                Next::At(at) => return at.min(self.resync_at),
                Next::Nothing => return self.resync_at,
            };
            match row.class {
                outbox::Class::Answer => limiter.take_answer(now),
                outbox::Class::Bulk => {
                    limiter.take_bulk(now);
                    limiter.take(row.chat_id, now);
                }
                outbox::Class::Light | outbox::Class::Asked | outbox::Class::Upload => {
                    limiter.take(row.chat_id, now);
                }
            }
            drop(limiter);
            let context = Arc::clone(&self.context);
            let flight = self.flights.spawn(Box::pin(context.deliver(row)));
            self.carried.insert(flight.id(), row);
        }
    }

    fn land(&mut self, landed: Result<(Id, Outcome), JoinError>) {
        let now = self.context.now();
        let (id, outcome) = match landed {
            Ok(landed) => landed,
            Err(error) => {
                tracing::error!(%error, "sending a message panicked");
                (error.id(), Outcome::Again { due_at: now + MINUTE, tries: i64::from(i32::MAX) })
            }
        };
        let Some(row) = self.carried.remove(&id) else { return };
        let again = match outcome {
            Outcome::Done => {
                self.refused = false;
                None
            }
            Outcome::Again { due_at, tries } => Some(Waiting { due_at, tries, ..row }),
            Outcome::Slowed { wait, due_at, tries } => {
                let held = self.context.limiter().retry_after(row.chat_id, wait, now);
                tracing::warn!(chat.id = row.chat_id, wait, all = held == Held::All, "too fast");
                // An answer is in no chat's order, so it waits by itself.
                Some(Waiting { due_at, tries, ..row })
            }
            Outcome::Unauthorized => {
                if !std::mem::replace(&mut self.refused, true) {
                    tracing::error!("Telegram does not accept BOT_TOKEN: nothing can be sent");
                }
                self.context.limiter().hold_all(now + UNAUTHORIZED_WAIT);
                Some(row)
            }
            Outcome::ChatGone => {
                self.queue.forget_chat(row.chat_id);
                None
            }
        };
        self.queue.landed(row, again);
    }
}
