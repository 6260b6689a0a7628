//! Handles the inbox: each row in one transaction, in order per chat, many chats at once. What a
//! row needs from outside (a photo) is fetched before its transaction begins.

mod keep;
mod money;

use super::download::{self, Download};
use super::telegram::Telegram;
use super::updates::{self, Brings, CallbackQuery, Message, Update, User};
use crate::clock::{Millis, SECOND};
use crate::db::{Db, JobId, Machine};
use crate::flow::{self, Choice, Event, Incoming, Paid, Photo, Press};
use crate::inbox::{self, Row};
use crate::operator::chat::{self, Said};
use crate::operator::mailing::{self, Pressed};
use crate::orders::{self, Shop};
use crate::photo::{self, Refusal};
use crate::users::{self, Profile};
use anyhow::{Context as _, Result};
use jiff::tz::TimeZone;
use keep::keep;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::{Notify, Semaphore};
use tokio::task::{Id, JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

/// Chats that are served at the same time.
const CHATS: usize = 32;
/// Rows that are looked at in one go.
const WINDOW: u32 = 200;
/// How long a chat rests after a failure of ours.
const REST: Millis = 2 * SECOND;
/// The inbox is looked at this often at least.
const LOOK_AROUND: Millis = 30 * SECOND;

/// What handling needs.
pub struct Handler {
    /// The database.
    pub db: Db,
    /// For photos.
    pub telegram: Arc<Telegram>,
    /// What is sold.
    pub shop: Arc<Shop>,
    /// Where photos are kept.
    pub photos: PathBuf,
    /// Where videos lie that Telegram has no copy of.
    pub videos: PathBuf,
    /// In which the operator's days begin.
    pub zone: TimeZone,
    /// A line that drips holds up none but as many others.
    pub downloads: Semaphore,
    /// Decoding takes memory by the hundred megabytes: few at a time.
    pub decoders: Semaphore,
}

/// Handles rows until `stop`; what is under way is finished first.
pub async fn run(handler: Handler, stop: CancellationToken) {
    let handler = Arc::new(handler);
    let wake = Arc::new(Notify::new());
    let bell = Arc::clone(&wake);
    handler.db.watch(&["inbox"], Arc::new(move || bell.notify_one()));
    let mut busy = Busy::default();
    let mut tasks: JoinSet<()> = JoinSet::new();
    let clock = handler.telegram.clock().clone();
    loop {
        while let Some(done) = tasks.try_join_next_with_id() {
            busy.forget(done);
        }
        // What could not be read rings no second time.
        let read = begin(&handler, &mut busy, &mut tasks).await;
        let look_again = clock.real_span(if read { LOOK_AROUND } else { REST });
        tokio::select! {
            () = stop.cancelled() => break,
            () = wake.notified() => {}
            () = tokio::time::sleep(look_again) => {}
            Some(done) = tasks.join_next_with_id(), if !tasks.is_empty() => busy.forget(done),
        }
    }
    while tasks.join_next().await.is_some() {}
}

/// Which chat each task serves: a panicked one cannot say it itself.
#[derive(Default)]
struct Busy {
    chats: HashSet<i64>,
    tasks: HashMap<Id, i64>,
}

impl Busy {
    fn forget(&mut self, done: Result<(Id, ()), JoinError>) {
        let id = match &done {
            Ok((id, ())) => *id,
            Err(error) => {
                tracing::error!(%error, "handling an update panicked");
                error.id()
            }
        };
        if let Some(chat) = self.tasks.remove(&id) {
            self.chats.remove(&chat);
        }
    }
}

/// Begins the oldest row of every chat that is free, as far as there is room. `false`: the rows
/// could not be read.
async fn begin(handler: &Arc<Handler>, busy: &mut Busy, tasks: &mut JoinSet<()>) -> bool {
    if tasks.len() >= CHATS {
        return true;
    }
    let (db, excluded) = (handler.db.clone(), busy.chats.iter().copied().collect::<Vec<_>>());
    let open = blocking(move || db.read(|conn| inbox::open(conn, WINDOW, &excluded))).await;
    let rows = match open {
        Ok(rows) => rows,
        Err(error) => {
            tracing::error!(error = format!("{error:#}"), "the inbox cannot be read");
            return false;
        }
    };
    for row in rows {
        if tasks.len() >= CHATS {
            break;
        }
        if busy.chats.insert(row.chat_id) {
            let (handler, chat) = (Arc::clone(handler), row.chat_id);
            let task = tasks.spawn(async move { handler.row(row).await });
            busy.tasks.insert(task.id(), chat);
        }
    }
    true
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(work).await.context("a database call panicked")?
}

impl Handler {
    async fn row(&self, row: Row) {
        let update_id = row.update_id;
        let Err(error) = self.handle(&row).await else { return };
        let machine = Machine::of(&error);
        let error = format!("{error:#}");
        tracing::error!(update_id, error, "an update could not be handled");
        if machine.is_some() {
            // It says nothing about the update, which waits for a better time.
            let (db, tries) = (self.db.clone(), row.tries);
            let kept = blocking(move || db.write(move |tx| inbox::uncount(tx, update_id, tries)));
            if let Err(error) = kept.await {
                tracing::debug!(update_id, error = format!("{error:#}"), "a try too many counts");
            }
            return tokio::time::sleep(self.telegram.clock().real_span(REST)).await;
        }
        let (db, now) = (self.db.clone(), self.telegram.clock().now());
        let kept = blocking(move || db.write(move |tx| inbox::failed(tx, update_id, &error, now)));
        if let Err(error) = kept.await {
            tracing::error!(update_id, error = format!("{error:#}"), "nor could that be kept");
        }
        tokio::time::sleep(self.telegram.clock().real_span(REST)).await;
    }

    async fn handle(&self, row: &Row) -> Result<()> {
        let update = updates::read(&row.body).context("the update cannot be read")?;
        let incoming = self.incoming(row, &update).await?;
        let (db, shop, now) =
            (self.db.clone(), Arc::clone(&self.shop), self.telegram.clock().now());
        let (update_id, zone) = (row.update_id, self.zone.clone());
        blocking(move || {
            let (account, audience) = match &incoming {
                What::Admin(incoming, text, _) => {
                    let from = incoming.profile.tg_user_id;
                    db.read(|conn| {
                        let account = chat::account(conn, &shop, &zone, from, text, now)?;
                        Ok((account, chat::audience(conn, &shop, from, text, now)?))
                    })?
                }
                What::Mailing(it) => {
                    (None, db.read(|conn| mailing::audience(conn, Some(it.press), now))?)
                }
                _ => (None, 0),
            };
            db.write(move |tx| match incoming {
                What::Event(incoming) => flow::handle(tx, &shop, &incoming, now),
                What::Mailing(it) => mailing::pressed(tx, &shop, &it, audience, now),
                What::Admin(incoming, text, reply_to) => {
                    let from = incoming.profile.tg_user_id;
                    let (text, account) = (text.as_str(), account.as_deref());
                    let said = Said { update_id, from, text, account, reply_to, audience };
                    match chat::handle(tx, &shop, &said, now)? {
                        true => Ok(()),
                        false => flow::handle(tx, &shop, &incoming, now),
                    }
                }
                What::Paid(paid) => flow::paid(tx, &shop, update_id, &paid, now),
                What::Unread(user, why) => flow::unread(tx, &shop, update_id, (user, why), now),
                What::GivenBack(user, charge) => {
                    flow::given_back(tx, &shop, update_id, (user, &charge), now)?;
                    flow::forget_again(tx, user, update_id, now)
                }
                What::Blocked(user) => {
                    users::blocked_us(tx, user, now)?;
                    inbox::done(tx, update_id, now)?;
                    flow::forget_again(tx, user, update_id, now)
                }
                What::Nothing(from) => {
                    inbox::pass_over(tx, update_id, now)?;
                    from.map_or(Ok(()), |from| flow::forget_again(tx, from, update_id, now))
                }
            })
        })
        .await
    }

    async fn incoming(&self, row: &Row, update: &Update) -> Result<What> {
        if let Some(query) = &update.callback_query {
            let press = query.data.as_deref().and_then(mailing::Press::read);
            if let Some(press) = press.filter(|_| self.shop.options.admins.contains(&query.from.id))
            {
                let (from, callback) = (query.from.id, query.id.clone());
                let update_id = row.update_id;
                return Ok(What::Mailing(Pressed { update_id, from, callback, press }));
            }
            return self.press(row.update_id, query).await.map(What::Event);
        }
        if let Some(message) = &update.message {
            return self.message(row, message).await;
        }
        let member = update.my_chat_member.as_ref();
        if let Some(member) = member {
            let status = member.new_chat_member.as_ref().map_or("", |new| new.status.as_str());
            // Who takes the bot out of a group still wants their own chat.
            if status == "kicked" && member.chat.id == member.from.id {
                return Ok(What::Blocked(member.from.id));
            }
        }
        Ok(What::Nothing(member.map(|member| member.from.id)))
    }

    async fn message(&self, row: &Row, message: &Message) -> Result<What> {
        if let Some(money) = money::of(message, self.telegram.clock().now()) {
            return Ok(money);
        }
        let Some(from) = message.from.as_ref().filter(|from| from.is_bot != Some(true)) else {
            return Ok(What::Nothing(None));
        };
        // The bot sells to people, not to groups.
        if message.chat.id != from.id {
            return Ok(What::Nothing(Some(from.id)));
        }
        let event = match message.brings() {
            Brings::Text(text) => command(text).unwrap_or_else(|| Event::Text(text.to_owned())),
            Brings::Picture { file_id, file_size } => Event::Picture {
                photo: self.picture(row, from.id, file_id, file_size).await?,
                album: message.media_group_id.clone(),
            },
            Brings::Other => Event::Other,
        };
        let incoming = Incoming {
            update_id: row.update_id,
            profile: profile(from),
            event,
            callback: None,
            photo_kept: false,
        };
        let admin = self.shop.options.admins.contains(&from.id);
        Ok(match message.brings() {
            // What somebody else wrote and an administrator passes on is no word of theirs.
            Brings::Text(text) if admin && !message.is_forwarded() => {
                let reply_to = message.reply_to_message.map(|to| to.message_id);
                What::Admin(incoming, text.to_owned(), reply_to)
            }
            _ => What::Event(incoming),
        })
    }

    async fn press(&self, update_id: i64, query: &CallbackQuery) -> Result<Incoming> {
        let press = query.data.as_deref().and_then(Press::read);
        let photo_kept = match &press {
            Some(Press::Again(job) | Press::Same(job) | Press::Refine(job)) => {
                let photo = self.again_photo(query.from.id, *job).await?;
                photo.is_some_and(|photo| is_inside(&self.photos, &photo))
            }
            Some(Press::Draft(_, Choice::Confirm(_))) => {
                let photo = self.draft_photo(query.from.id).await?;
                photo.is_some_and(|photo| is_inside(&self.photos, &photo))
            }
            Some(Press::Film(job)) => self.has_video(query.from.id, *job).await?,
            _ => false,
        };
        Ok(Incoming {
            update_id,
            profile: profile(&query.from),
            event: Event::Press(press),
            callback: Some(query.id.clone()),
            photo_kept,
        })
    }

    async fn again_photo(&self, tg_user_id: i64, job: JobId) -> Result<Option<String>> {
        let db = self.db.clone();
        blocking(move || {
            db.read(|conn| match users::by_tg(conn, tg_user_id)? {
                Some(user) => Ok(orders::again(conn, user.id, job)?.map(|again| again.photo)),
                None => Ok(None),
            })
        })
        .await
    }

    async fn draft_photo(&self, tg_user_id: i64) -> Result<Option<String>> {
        let db = self.db.clone();
        blocking(move || db.read(|conn| flow::photo_of(conn, tg_user_id))).await
    }

    /// Whether a video's file lies in our folder and is one that Telegram takes.
    async fn has_video(&self, tg_user_id: i64, job: JobId) -> Result<bool> {
        let db = self.db.clone();
        let film = blocking(move || {
            db.read(|conn| match users::by_tg(conn, tg_user_id)? {
                Some(user) => orders::shelf::get(conn, user.id, job),
                None => Ok(None),
            })
        });
        let Some(path) = film.await?.and_then(|film| film.path) else { return Ok(false) };
        let limit = self.shop.options.upload_limit;
        let size = || std::fs::metadata(self.videos.join(&path)).map_or(u64::MAX, |it| it.len());
        Ok(is_inside(&self.videos, &path) && size() <= limit)
    }

    /// Fetches and keeps a picture, where the bot waits for one.
    async fn picture(
        &self,
        row: &Row,
        tg_user_id: i64,
        file_id: &str,
        size: Option<u64>,
    ) -> Result<Photo> {
        let update_id = row.update_id;
        let db = self.db.clone();
        let now = self.telegram.clock().now();
        let wanted = move || db.read(|conn| flow::wants_photo(conn, tg_user_id, now));
        if !blocking(wanted).await? {
            return Ok(Photo::Unasked);
        }
        if size.is_some_and(|size| size > download::LIMIT as u64) {
            return Ok(Photo::Large);
        }
        // A picture that took the process with it is not tried for ever.
        if row.tries >= inbox::MAX_TRIES - 1 {
            return Ok(Photo::Broken);
        }
        let db = self.db.clone();
        blocking(move || db.write(move |tx| inbox::begun(tx, update_id))).await?;
        let bytes = match self.download(update_id, file_id).await? {
            Download::Bytes(bytes) => bytes,
            Download::TooLarge => return Ok(Photo::Large),
            Download::Gone | Download::Trouble(_) => return Ok(Photo::Trouble),
        };
        let name = format!("{tg_user_id}/{update_id}.jpg");
        let photos = self.photos.clone();
        let (db, shop) = (self.db.clone(), Arc::clone(&self.shop));
        let now = self.telegram.clock().now();
        let _turn = self.decoders.acquire().await.context("the decoders are closed")?;
        blocking(move || {
            let prepared = match photo::prepare(&bytes) {
                Ok(prepared) => prepared,
                Err(refusal) => return Ok(refused(refusal)),
            };
            match keep(&photos, &name, &prepared.jpeg) {
                Ok(()) => {
                    if db.read(orders::fail_to_be_kept)? {
                        db.write(move |tx| orders::kept(tx, &shop, now))?;
                    }
                    Ok(Photo::Kept(name))
                }
                // The customer hears of it instead of nothing.
                Err(error) if Machine::of(&error).is_some() => {
                    let error = format!("{error:#}");
                    tracing::error!(error, "a photo cannot be kept");
                    db.write(move |tx| orders::not_kept(tx, &shop, &error, now))?;
                    Ok(Photo::Trouble)
                }
                Err(error) => Err(error),
            }
        })
        .await
    }
}

impl Handler {
    async fn download(&self, update_id: i64, file_id: &str) -> Result<Download> {
        let _turn = self.downloads.acquire().await.context("the downloads are closed")?;
        let got = download::fetch(&self.telegram, file_id).await;
        let Download::Trouble(error) = &got else { return Ok(got) };
        tracing::warn!(update_id, error, "a photo could not be fetched; once more");
        tokio::time::sleep(self.telegram.clock().real_span(REST)).await;
        Ok(download::fetch(&self.telegram, file_id).await)
    }
}

enum What {
    Event(Incoming),
    /// An administrator's words: a command of theirs, an answer to the message with this id, or else
    /// the event.
    Admin(Incoming, String, Option<i64>),
    /// A button under a broadcast.
    Mailing(Pressed),
    Paid(Paid),
    /// Whose payment or refund cannot be read, and why.
    Unread(i64, &'static str),
    /// To whom, and which charge.
    GivenBack(i64, String),
    Blocked(i64),
    /// Nothing to us; whose it is.
    Nothing(Option<i64>),
}

pub(super) fn profile(user: &User) -> Profile {
    Profile {
        tg_user_id: user.id,
        username: user.username.clone(),
        first_name: user.first_name.clone(),
        language_code: user.language_code.clone(),
    }
}

/// `/start ref_7`, `/help@the_bot`.
fn command(text: &str) -> Option<Event> {
    let mut words = text.strip_prefix('/')?.splitn(2, char::is_whitespace);
    let name = words.next()?.split('@').next()?.to_lowercase();
    let rest = words.next().map(str::trim).filter(|rest| !rest.is_empty());
    Some(match name.as_str() {
        "start" => Event::Start(rest.map(str::to_owned)),
        "promo" => Event::Promo(rest.map(str::to_owned)),
        _ => Event::Command(name),
    })
}

fn refused(refusal: Refusal) -> Photo {
    match refusal {
        Refusal::NotAPicture | Refusal::Unsupported => Photo::NotAPicture,
        Refusal::Broken => Photo::Broken,
        Refusal::TooSmall { width, height } => Photo::Small { width, height },
        Refusal::TooLarge => Photo::Large,
        Refusal::TooLong { .. } => Photo::Long,
    }
}

/// Whether a file that a row names lies in our folder.
fn is_inside(folder: &Path, path: &str) -> bool {
    let mut parts = Path::new(path).components();
    let inside = parts.all(|part| matches!(part, std::path::Component::Normal(_)));
    inside && !path.is_empty() && folder.join(path).is_file()
}
