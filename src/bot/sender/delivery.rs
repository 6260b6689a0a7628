//! One message: read anew, sent or edited, and what became of it written down.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;

use super::super::limiter::{LONGEST_WAIT, Limiter};
use super::super::telegram::{Bill, Failure, Media, Sent, Shape, Telegram, Upload, Words, unread};
use super::Delivered;
use super::words::{CAPTION, Style, TEXT};
use crate::clock::{DAY, MINUTE, Millis, SECOND};
use crate::db::{Db, Machine, PACE, Tx};
use crate::outbox::{self, About, Content, Row, State, Waiting};

/// A message that fails for so long, or so often, is given up.
const LONGEST_TROUBLE: Millis = DAY;
const MOST_TRIES: i64 = 1_500;
/// Between two sendings of one message whose answers are lost again and again, at last.
const LOST_WAIT: Millis = 10 * MINUTE;
/// After this nobody waits for the answer to a press of a button.
const ANSWER_AGE: Millis = 3 * MINUTE;
/// That a button was answered is written down as late as this, in real time, with whatever else is.
const ANSWERED: Duration = Duration::from_millis(250);

pub(super) struct Context {
    pub(super) db: Db,
    pub(super) telegram: Arc<Telegram>,
    pub(super) delivered: Arc<dyn Delivered>,
    pub(super) videos: PathBuf,
    pub(super) pictures: fn(&str) -> Option<&'static [u8]>,
    pub(super) upload_limit: u64,
    pub(super) limiter: Mutex<Limiter>,
}

/// What the queue does with the row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Nothing more for now.
    Done,
    Again {
        due_at: Millis,
        tries: i64,
    },
    /// Telegram asked for a pause; `wait` is for the limiter.
    Slowed {
        wait: Millis,
        due_at: Millis,
        tries: i64,
    },
    /// The token is refused: nothing else will do better.
    Unauthorized,
    /// Everything that waited for the chat was dropped.
    ChatGone,
}

impl Context {
    pub(super) async fn deliver(self: Arc<Self>, waiting: Waiting) -> Outcome {
        let row = match self.fresh(waiting).await {
            Ok(Some(row)) => Arc::new(row),
            Ok(None) => return Outcome::Done,
            Err(error) => {
                let machine = Machine::of(&error);
                let error = format!("{error:#}");
                tracing::error!(outbox.id = waiting.id, error, "a message cannot be read");
                let last = (10 * MINUTE, i64::from(i32::MAX));
                let (wait, tries) = machine.map_or(last, |_| (5 * SECOND, waiting.tries));
                return Outcome::Again { due_at: self.now() + wait, tries };
            }
        };
        match self.mark(&row).await {
            Ok(true) => {}
            Ok(false) => return Outcome::Done,
            Err(error) => {
                let error = format!("{error:#}");
                let (id, About { job, order }) = (row.id, row.about());
                let words = "a video waits for the disk";
                tracing::error!(outbox.id = id, job.id = job, order.id = order, error, "{words}");
                return Outcome::Again { due_at: self.now() + MINUTE, tries: row.tries };
            }
        }
        match self.attempt(&row).await {
            Ok(sent) => self.record(&row, sent).await,
            Err(failure) => self.failed(row, failure).await,
        }
    }

    /// Counts a video that may be sent twice, should the process die. `false`: it no longer waits.
    async fn mark(&self, row: &Row) -> anyhow::Result<bool> {
        if row.message_id.is_some() || !matches!(row.content, Content::Video { .. }) {
            return Ok(true);
        }
        let (id, now) = (row.id, self.now());
        self.paced(move |tx| outbox::calling(tx, id, now)).await
    }

    pub(super) fn now(&self) -> Millis {
        self.telegram.clock().now()
    }

    pub(super) fn limiter(&self) -> std::sync::MutexGuard<'_, Limiter> {
        self.limiter.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The row, unless it is no longer the one that was queued.
    async fn fresh(&self, waiting: Waiting) -> anyhow::Result<Option<Row>> {
        let read = move |db: &Db| db.read(|conn| outbox::get(conn, waiting.id));
        let row = self.blocking(read).await?;
        Ok(row.filter(|row| row.state == State::Pending && row.seq == waiting.seq))
    }

    /// Sends it as it is; what is refused goes once more as plain text.
    async fn attempt(&self, row: &Row) -> Result<Sent, Failure> {
        let sent = self.call(row, Style::Html).await;
        let Err(Failure::BadRequest(text)) = &sent else { return sent };
        // They are plain as they are.
        if matches!(row.content, Content::Answer { .. } | Content::Invoice { .. }) {
            return sent;
        }
        let About { job, order } = row.about();
        let words = "refused: trying as plain text";
        tracing::warn!(outbox.id = row.id, job.id = job, order.id = order, text, "{words}");
        let said = text.to_lowercase();
        let buttons = said.contains("entit") || said.contains("too long");
        let now = self.now();
        self.limiter().take_again(now);
        self.call(row, Style::Plain { buttons }).await
    }

    async fn call(&self, row: &Row, style: Style) -> Result<Sent, Failure> {
        let (chat, telegram) = (row.chat_id, &self.telegram);
        match (&row.content, row.message_id) {
            (Content::Answer { callback_id, text, alert }, _) => {
                telegram.answer_callback(callback_id, text, *alert).await
            }
            (Content::Invoice { title, description, payload, stars }, None) => {
                telegram
                    .send_invoice(chat, Bill { title, description, payload, stars: *stars })
                    .await
            }
            // An invoice cannot be edited, and its other words would say the same.
            (Content::Invoice { .. }, Some(_)) => Err(Failure::NotModified),
            (Content::Text { html, buttons }, None) => {
                telegram.send_text(chat, style.words(html, buttons, TEXT).borrow()).await
            }
            (Content::Text { html, buttons }, Some(message)) => {
                telegram.edit_text(chat, message, style.words(html, buttons, TEXT).borrow()).await
            }
            (
                Content::Photo { html, buttons, .. } | Content::Video { html, buttons, .. },
                Some(message),
            ) => {
                let words = style.words(html, buttons, CAPTION);
                telegram.edit_caption(chat, message, words.borrow()).await
            }
            (Content::Photo { asset, html, buttons }, None) => {
                let words = style.words(html, buttons, CAPTION);
                self.send_picture(chat, asset, words.borrow()).await
            }
            (Content::Video { path, file_id, width, height, seconds, html, buttons }, None) => {
                let shape = Shape { width: *width, height: *height, seconds: *seconds };
                let words = style.words(html, buttons, CAPTION);
                let source = (path.as_deref(), file_id.as_deref());
                self.send_video(chat, source, shape, words.borrow()).await
            }
        }
    }

    /// By Telegram's own copy; the first time, or where that is gone, by upload.
    async fn send_picture(
        &self,
        chat: i64,
        asset: &str,
        words: Words<'_>,
    ) -> Result<Sent, Failure> {
        if let Some(file_id) = self.known_picture(asset).await {
            let sent = self.telegram.send_photo(chat, Media::Known(file_id), words).await;
            match sent {
                Err(Failure::WrongFile) => {}
                sent => return sent.map(|sent| Sent { file_id: None, ..sent }),
            }
        }
        let bytes = (self.pictures)(asset)
            .ok_or_else(|| Failure::NoFile(format!("there is no picture `{asset}`")))?;
        self.telegram.send_photo(chat, Media::New(Upload::Jpeg(bytes)), words).await
    }

    async fn known_picture(&self, asset: &str) -> Option<String> {
        let asset = asset.to_owned();
        let read = move |db: &Db| db.read(|conn| outbox::known_file_id(conn, &asset));
        self.blocking(read).await.ok()?
    }

    async fn send_video(
        &self,
        chat: i64,
        (path, file_id): (Option<&str>, Option<&str>),
        shape: Shape,
        words: Words<'_>,
    ) -> Result<Sent, Failure> {
        if let Some(file_id) = file_id {
            let media = Media::Known(file_id.to_owned());
            let sent = self.telegram.send_video(chat, media, shape, words).await;
            match sent {
                Err(Failure::WrongFile) if path.is_some() => {}
                sent => return sent.map(|sent| Sent { file_id: None, ..sent }),
            }
        }
        let path = path.ok_or_else(|| Failure::NoFile("the video has no file".to_owned()))?;
        let path = self.videos.join(path);
        let size = tokio::fs::metadata(&path).await;
        let size = size.map_err(|error| unread(&error))?.len();
        if size > self.upload_limit {
            return Err(Failure::TooLarge);
        }
        self.telegram.send_video(chat, Media::New(Upload::Mp4(path)), shape, words).await
    }

    /// Telegram has it. Not writing that down would send it again, so it is tried more than once,
    /// and at last without telling those who wait for it.
    async fn record(&self, row: &Arc<Row>, sent: Sent) -> Outcome {
        self.limiter().went_through();
        let (sent, told) = (Arc::new(sent), Arc::clone(row));
        let mut tries = 0;
        while tries < 3 {
            let (row, sent, now) = (Arc::clone(row), Arc::clone(&sent), self.now());
            let delivered = Arc::clone(&self.delivered);
            let (id, last) = (row.id, tries == 2);
            let note = move |tx: &Tx<'_>| {
                let waited = outbox::sent(tx, row.id, row.rev, sent.message_id, now)?;
                if let (Content::Photo { asset, .. }, Some(file_id)) = (&row.content, &sent.file_id)
                {
                    outbox::keep_file_id(tx, asset, file_id)?;
                }
                // What was forgotten meanwhile brings its customer nothing; a job is delivered.
                let heeds = waited || row.job_id.is_some();
                if last || !heeds { Ok(()) } else { delivered.on_sent(tx, &row, &sent, now) }
            };
            let written = match told.content {
                // It is in no chat's order, so nobody waits; and a second one would do nothing.
                Content::Answer { .. } => {
                    self.blocking(move |db| db.write_within(ANSWERED, note)).await
                }
                Content::Video { .. } => self.paced(note).await,
                _ => self.write(note).await,
            };
            let Err(error) = written else {
                said(&told);
                return Outcome::Done;
            };
            let machine = Machine::of(&error);
            let error = format!("{error:#}");
            let About { job, order } = told.about();
            let words = "a sent message is not recorded";
            tracing::error!(outbox.id = id, job.id = job, order.id = order, error, "{words}");
            match machine {
                // However long the disk takes: nothing else is wrong with it.
                Some(_) => tokio::time::sleep(self.telegram.clock().real_span(SECOND)).await,
                None => tries += 1,
            }
        }
        // Nothing can be written. Sending it again would be worse than waiting for a restart.
        Outcome::Again { due_at: self.now() + DAY, tries: i64::from(i32::MAX) }
    }

    async fn failed(&self, row: Arc<Row>, failure: Failure) -> Outcome {
        let answer = matches!(row.content, Content::Answer { .. });
        match failure {
            Failure::Unauthorized => self.unauthorized(&row).await,
            Failure::NotModified | Failure::TooOld => self.record(&row, Sent::default()).await,
            Failure::ServerError(_) | Failure::Unreached(_) | Failure::Lost(_) => {
                self.put_off(row, failure).await
            }
            Failure::RetryAfter(_) | Failure::Conflict(_) => self.put_off(row, failure).await,
            // Nobody misses the answer to a press, or the words under a video that was deleted.
            _ if answer => self.give_up(row, failure.to_string(), End::Quiet).await,
            Failure::NoMessage if matches!(row.content, Content::Text { .. }) => {
                self.send_anew(&row).await
            }
            Failure::NoMessage => self.give_up(row, failure.to_string(), End::Quiet).await,
            Failure::Blocked(text) => self.chat_gone(row, text).await,
            Failure::TooLarge => self.give_up(row, failure.to_string(), End::TooLarge).await,
            Failure::WrongFile | Failure::BadRequest(_) | Failure::NoFile(_) => {
                self.give_up(row, failure.to_string(), End::Refused).await
            }
        }
    }

    async fn put_off(&self, row: Arc<Row>, failure: Failure) -> Outcome {
        let now = self.now();
        let age = now - row.created_at;
        if matches!(row.content, Content::Answer { .. }) && age > ANSWER_AGE {
            return self.give_up(row, failure.to_string(), End::Quiet).await;
        }
        let unsent_for_long = row.sent_rev == 0 && age > LONGEST_TROUBLE;
        if unsent_for_long || row.tries >= MOST_TRIES {
            let why = format!("not delivered for a day: {failure}");
            return self.give_up(row, why, End::Refused).await;
        }
        if row.tries == 0 {
            let About { job, order } = row.about();
            let again = "a message is not sent: trying again";
            tracing::warn!(outbox.id = row.id, job.id = job, order.id = order, %failure, "{again}");
        }
        let wait = pause(&row, &failure);
        let due_at = now + wait;
        let slowed = matches!(failure, Failure::RetryAfter(_));
        let lost = matches!(failure, Failure::Lost(_));
        let (id, tries) = (row.id, row.tries + 1);
        let write = move |tx: &Tx<'_>| outbox::later(tx, id, due_at, lost, &failure.to_string());
        if let Err(error) = self.write(write).await {
            tracing::error!(outbox.id = id, %error, "a failed message is not recorded");
        }
        match slowed {
            true => Outcome::Slowed { wait, due_at, tries },
            false => Outcome::Again { due_at, tries },
        }
    }

    /// Nothing was sent, so nothing can come twice.
    async fn unauthorized(&self, row: &Row) -> Outcome {
        let id = row.id;
        if matches!(row.content, Content::Video { .. })
            && let Err(error) = self.write(move |tx| outbox::not_called(tx, id)).await
        {
            tracing::error!(outbox.id = id, %error, "a refused call is not recorded");
        }
        Outcome::Unauthorized
    }

    /// Whoever deleted a message still hears what it would say now, in a new one.
    async fn send_anew(&self, row: &Row) -> Outcome {
        let (id, rev) = (row.id, row.rev);
        let now = self.now();
        match self.write(move |tx| outbox::send_anew(tx, id, rev, now)).await {
            Ok(_) => Outcome::Again { due_at: self.now(), tries: 0 },
            Err(error) => {
                tracing::error!(outbox.id = id, %error, "a deleted message is not recorded");
                Outcome::Again { due_at: self.now() + MINUTE, tries: row.tries + 1 }
            }
        }
    }

    async fn give_up(&self, row: Arc<Row>, why: String, end: End) -> Outcome {
        if end == End::Refused {
            let About { job, order } = row.about();
            let words = "a message is given up";
            tracing::error!(outbox.id = row.id, job.id = job, order.id = order, why, "{words}");
        }
        let (delivered, now) = (Arc::clone(&self.delivered), self.now());
        let id = row.id;
        let write = move |tx: &Tx<'_>| {
            if end == End::TooLarge {
                // It may put a link in its place, and then the row goes on.
                delivered.on_too_large(tx, &row, now)?;
                outbox::not_called(tx, row.id)?;
            }
            let dropped = outbox::dropped(tx, row.id, row.rev, &why)?;
            if dropped && end == End::Refused {
                delivered.on_refused(tx, &row, &why, now)?;
            }
            Ok(dropped)
        };
        match self.write(write).await {
            Ok(true) => Outcome::Done,
            Ok(false) => Outcome::Again { due_at: self.now(), tries: 0 },
            Err(error) => {
                tracing::error!(outbox.id = id, %error, "a refused message is not recorded");
                Outcome::Again { due_at: self.now() + MINUTE, tries: i64::from(i32::MAX) }
            }
        }
    }

    async fn chat_gone(&self, row: Arc<Row>, why: String) -> Outcome {
        tracing::info!(chat.id = row.chat_id, why, "the chat cannot be reached");
        let (delivered, now, chat) = (Arc::clone(&self.delivered), self.now(), row.chat_id);
        let write = move |tx: &Tx<'_>| {
            let rows = outbox::drop_chat(tx, chat, &why)?;
            delivered.on_blocked(tx, chat, &rows, now)
        };
        match self.write(write).await {
            Ok(()) => Outcome::ChatGone,
            Err(error) => {
                tracing::error!(chat.id = chat, %error, "an unreachable chat is not recorded");
                Outcome::Again { due_at: self.now() + MINUTE, tries: row.tries + 1 }
            }
        }
    }

    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Tx<'_>) -> anyhow::Result<T> + Send + 'static,
    ) -> anyhow::Result<T> {
        self.blocking(move |db| db.write(work)).await
    }

    /// For videos, which make up a load.
    async fn paced<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Tx<'_>) -> anyhow::Result<T> + Send + 'static,
    ) -> anyhow::Result<T> {
        let pace = self.telegram.clock().real_span(PACE);
        self.blocking(move |db| db.write_paced(pace, work)).await
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Db) -> anyhow::Result<T> + Send + 'static,
    ) -> anyhow::Result<T> {
        let db = self.db.clone();
        tokio::task::spawn_blocking(move || work(&db)).await.context("a database call panicked")?
    }
}

/// Of a video or an order it belongs into its story; of anything else there is much, and little to
/// learn from it.
fn said(row: &Row) {
    let (id, edited) = (row.id, row.message_id.is_some());
    let about @ About { job, order } = row.about();
    if about == About::default() {
        tracing::debug!(outbox.id = id, edited, "message sent");
    } else {
        tracing::info!(outbox.id = id, job.id = job, order.id = order, edited, "message sent");
    }
}

/// Why a row is given up, as far as it matters to others.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Quiet,
    Refused,
    TooLarge,
}

/// As long as Telegram asks for. A new message whose answer was lost may have arrived each time: it
/// is sent again, but where no answer ever comes back nobody gets it by the hundred.
fn pause(row: &Row, failure: &Failure) -> Millis {
    let wait = backoff(row.tries);
    match failure {
        Failure::RetryAfter(seconds) => {
            (Millis::from(*seconds) * SECOND).min(LONGEST_WAIT).max(wait)
        }
        Failure::Lost(_) if row.message_id.is_none() && row.lost >= 2 => {
            (MINUTE << (row.lost - 2).min(4)).min(LOST_WAIT).max(wait)
        }
        _ => wait,
    }
}

/// 1, 2, 4 … 60 s, with up to a fifth of jitter.
fn backoff(tries: i64) -> Millis {
    let wait = (SECOND << tries.clamp(0, 6)).min(MINUTE);
    wait + fastrand::i64(0..=wait / 5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_are_as_long_as_asked_for_and_grow_where_no_answer_comes_back() {
        let row = |lost, message_id| Row {
            id: 1,
            seq: 1,
            chat_id: 7,
            key: None,
            content: Content::text("a"),
            rev: 1,
            sent_rev: 0,
            message_id,
            job_id: None,
            order_id: None,
            state: State::Pending,
            due_at: 0,
            tries: 0,
            lost,
            created_at: 0,
        };
        let lost = Failure::Lost(String::new());
        for (before, least) in [(0, 1), (1, 1), (2, 60), (3, 120), (5, 480), (6, 600), (900, 600)] {
            let wait = pause(&row(before, None), &lost);
            assert!((least * SECOND..=least * SECOND * 6 / 5).contains(&wait), "{before}: {wait}");
        }
        // An edit may arrive as often as it likes.
        assert!(pause(&row(9, Some(5)), &lost) < 2 * SECOND);
        assert!(pause(&row(9, None), &Failure::ServerError(500)) < 2 * SECOND);
        assert_eq!(pause(&row(0, None), &Failure::RetryAfter(30)), 30 * SECOND);
        assert_eq!(pause(&row(0, None), &Failure::RetryAfter(u32::MAX)), LONGEST_WAIT);
        assert!(pause(&row(0, None), &Failure::RetryAfter(0)) >= SECOND);
    }

    #[test]
    fn waits_double_up_to_a_minute() {
        for (tries, seconds) in [(0, 1), (1, 2), (5, 32), (6, 60), (40, 60)] {
            let wait = backoff(tries);
            assert!((seconds * SECOND..=seconds * SECOND * 6 / 5).contains(&wait), "{wait}");
        }
    }
}
