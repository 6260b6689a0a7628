//! Telegram: the Bot API towards the program, and the chats towards its users.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use axum::body::Bytes;
use serde_json::{Value, json};

use super::bell::{Bell, held};
use super::call::{Call, Reply};
use crate::clock::{Clock, Millis};

mod calls;
mod chat;
mod checkout;
mod flood;
mod html;
mod send;
mod stars;
mod state;
pub mod table;
mod updates;
mod users;

pub use chat::{Answer, Button, Does, Invoice, Kind, Media, Message, Press, Shown};
pub use checkout::Checkout;
pub use stars::{Arrival, Charge};

pub(super) use state::hash as content_hash;
pub(super) use users::size as picture_size;

use state::State;
use table::Table;

/// Telegram as its users see it. Clones are the same one.
#[derive(Clone)]
pub struct Telegram(Arc<Inner>);

struct Inner {
    clock: Clock,
    token: String,
    limits: bool,
    delay_ms: Millis,
    table: Table,
    bell: Bell,
    state: Mutex<State>,
}

impl Telegram {
    pub(super) fn new(options: &super::Options, bell: Bell) -> anyhow::Result<Self> {
        let state = State::new(options.clock.now());
        Ok(Self(Arc::new(Inner {
            clock: options.clock.clone(),
            token: options.token.clone(),
            limits: options.telegram_limits,
            delay_ms: options.telegram_delay_ms,
            table: Table::built_in()?,
            bell,
            state: Mutex::new(state),
        })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        held(&self.0.state)
    }

    fn now(&self) -> Millis {
        self.0.clock.now()
    }

    /// The bot's messages in a user's chat, oldest first; deleted ones are gone.
    pub fn messages(&self, user: i64) -> Vec<Message> {
        let state = self.state();
        let chat = state.chats.get(&user);
        chat.map(|chat| chat.messages.values().cloned().collect()).unwrap_or_default()
    }

    /// Those with a greater id.
    pub fn messages_after(&self, user: i64, id: i64) -> Vec<Message> {
        let state = self.state();
        let chat = state.chats.get(&user);
        chat.map(|chat| chat.messages.range(id + 1..).map(|(_, it)| it.clone()).collect())
            .unwrap_or_default()
    }

    /// The newest message's id, of all chats and both directions.
    pub fn last_id(&self) -> i64 {
        self.state().last_message()
    }

    /// [`Telegram::revision`] of all users.
    pub fn revisions(&self) -> Vec<(i64, u64)> {
        self.state().chats.iter().map(|(user, chat)| (*user, chat.revision)).collect()
    }

    /// One message.
    pub fn message(&self, user: i64, id: i64) -> Option<Message> {
        self.state().chats.get(&user)?.messages.get(&id).cloned()
    }

    /// The newest message of the bot in a chat.
    pub fn last(&self, user: i64) -> Option<Message> {
        Some(self.state().chats.get(&user)?.messages.values().next_back()?.clone())
    }

    /// What the bot has deleted from a chat.
    pub fn deleted(&self, user: i64) -> Vec<Message> {
        let state = self.state();
        let chat = state.chats.get(&user);
        chat.map(|chat| chat.deleted.iter().cloned().collect()).unwrap_or_default()
    }

    /// The id of a user's own newest message.
    pub fn wrote(&self, user: i64) -> Option<i64> {
        self.state().chats.get(&user)?.wrote
    }

    /// Grows with everything that changes in a chat: a message of either side, an edit, a
    /// deletion, the answer to a press.
    pub fn revision(&self, user: i64) -> u64 {
        self.state().chats.get(&user).map_or(0, |chat| chat.revision)
    }

    /// Everybody who has a chat with the bot.
    pub fn users(&self) -> Vec<i64> {
        self.state().chats.keys().copied().collect()
    }

    /// The bytes behind a file_id.
    pub fn file(&self, file_id: &str) -> Option<Bytes> {
        self.state().file(file_id).map(|(_, bytes)| bytes)
    }

    /// Every button pressed, and what was answered.
    pub fn answers(&self) -> Vec<Press> {
        self.state().presses.clone()
    }

    /// What was answered to one press, by its id.
    pub fn answer(&self, press: &str) -> Option<Answer> {
        let state = self.state();
        state.presses.iter().rev().find(|one| one.id == press)?.answer.clone()
    }

    /// Pressed buttons that still spin.
    pub fn unanswered_callbacks(&self) -> Vec<Press> {
        let state = self.state();
        let open = |press: &&Press| press.answer.is_none() && !press.dropped;
        state.presses.iter().filter(open).cloned().collect()
    }

    /// Every call that broke the table or the rules.
    pub fn violations(&self) -> Vec<String> {
        self.state().violations.clone()
    }

    /// How often a method was called (case ignored).
    pub fn calls(&self, method: &str) -> u64 {
        self.state().calls.get(&method.to_lowercase()).copied().unwrap_or(0)
    }

    /// What came into chats or changed there, in order. The newest million.
    pub fn arrivals(&self) -> Vec<Shown> {
        self.state().arrivals.iter().copied().collect()
    }

    /// How often 429 was answered.
    pub fn floods(&self) -> u64 {
        self.state().floods
    }

    /// The commands that the bot has set last.
    pub fn commands(&self) -> Vec<Value> {
        self.state().commands.clone()
    }

    /// Updates that are not yet confirmed.
    pub fn unconfirmed(&self) -> usize {
        self.state().updates.waiting()
    }

    /// Another program wants the bot's updates at `url`: every poll is refused until the webhook
    /// is deleted; one that `stays` is set again at once. An empty `url` takes it away.
    pub fn sets_webhook(&self, url: &str, stays: bool) {
        self.state().webhook = state::Webhook { url: url.to_owned(), stays };
        self.changed();
    }

    /// From now on every update comes twice, as after a confirmation that was lost.
    pub fn deliver_twice(&self, twice: bool) {
        self.state().updates.twice = twice;
    }

    /// Looks at once and after every change until something is found, at most for so long in
    /// real time.
    pub fn wait<T>(
        &self,
        at_most: Duration,
        mut look: impl FnMut(&Self) -> Option<T>,
    ) -> Option<T> {
        self.0.bell.wait(at_most, || look(self))
    }

    pub(super) async fn handle(&self, call: &Call) -> Reply {
        let rest = call.path.strip_prefix("/file").unwrap_or(&call.path);
        let is_file = rest.len() != call.path.len();
        let named = rest.strip_prefix("/bot").and_then(|rest| rest.split_once('/'));
        let Some((token, rest)) = named else { return refused(404, "Not Found") };
        if token != self.0.token {
            return refused(401, "Unauthorized");
        }
        if is_file {
            return self.download(rest);
        }
        let reply = self.serve(rest, call).await;
        if self.0.delay_ms > 0 && !rest.eq_ignore_ascii_case("getUpdates") {
            tokio::time::sleep(self.0.clock.real_span(self.0.delay_ms)).await;
        }
        reply
    }

    fn changed(&self) {
        self.0.bell.ring();
    }
}

impl fmt::Debug for Telegram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Telegram").finish_non_exhaustive()
    }
}

fn refused(code: u16, description: &str) -> Reply {
    let body = json!({ "ok": false, "error_code": code, "description": description });
    Reply::json(code, &body)
}
