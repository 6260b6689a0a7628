//! What stands in the chats.

use std::collections::{BTreeMap, VecDeque};
use std::time::Instant;

use serde_json::{Value, json};

use super::flood::Bucket;
use crate::clock::Millis;

/// Versions of a message's text that are remembered.
const LONGEST_HISTORY: usize = 100;

/// A message of the bot as its receiver sees it.
#[derive(Clone, Debug)]
pub struct Message {
    /// Its id, one count for all chats.
    pub id: i64,
    /// The user whose chat it stands in.
    pub user: i64,
    /// What it is.
    pub kind: Kind,
    /// Text or caption as shown: without markup.
    pub text: String,
    /// Text or caption as sent.
    pub html: String,
    /// The buttons under it.
    pub buttons: Vec<Vec<Button>>,
    /// How often it was edited.
    pub edits: u32,
    /// Every text it has had, the present one last; the newest 100.
    pub history: Vec<String>,
    /// The photo, video or document in it.
    pub media: Option<Media>,
    /// What it asks to be paid.
    pub invoice: Option<Invoice>,
    /// When it was sent.
    pub sent_at: Millis,
    /// When it was edited last.
    pub edited_at: Option<Millis>,
}

/// The kind of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    Text,
    /// A photo with a caption.
    Photo,
    /// A video with a caption.
    Video,
    /// A file with a caption.
    Document,
    /// An invoice.
    Invoice,
}

/// A file in a message. Its bytes: [`super::Telegram::file`].
#[derive(Clone, Debug, PartialEq)]
pub struct Media {
    /// Valid for ever.
    pub file_id: String,
    /// Of the contents: equal files have equal ones.
    pub hash: u64,
    /// In bytes.
    pub len: usize,
    /// Pixels, 0 where unknown.
    pub width: u32,
    /// Pixels, 0 where unknown.
    pub height: u32,
    /// Seconds, videos only.
    pub duration: u32,
    /// Whether this message uploaded it (else it came by file_id).
    pub uploaded: bool,
}

/// What an invoice asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invoice {
    /// What is sold.
    pub title: String,
    /// In more words.
    pub description: String,
    /// The bot's own words, which no person sees.
    pub payload: String,
    /// The price.
    pub stars: i64,
    /// With it, copies of the invoice lead to the bot instead of being paid; empty: none.
    pub start_parameter: String,
}

/// A button.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Button {
    /// Its label.
    pub text: String,
    /// What it does.
    pub does: Does,
}

/// What a button does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Does {
    /// Sends this callback data.
    Data(String),
    /// Opens a link.
    Url(String),
    /// Pays the invoice that it is under.
    Pay,
    /// Anything else (copy).
    Other,
}

/// A pressed button.
#[derive(Clone, Debug)]
pub struct Press {
    /// The callback query's id.
    pub id: String,
    /// Who pressed.
    pub user: i64,
    /// Under which message.
    pub message: i64,
    /// The callback data.
    pub data: String,
    /// When.
    pub at: Millis,
    /// The same on the machine's clock, which is finer.
    pub pressed: Instant,
    /// What the bot answered.
    pub answer: Option<Answer>,
    /// Not fetched within 150 s, and dropped for it.
    pub dropped: bool,
}

/// Something that came into a chat, or changed there.
#[derive(Clone, Copy, Debug)]
pub struct Shown {
    /// Whose chat.
    pub user: i64,
    /// When.
    pub at: Millis,
    /// The same on the machine's clock, which is finer.
    pub came: Instant,
}

/// An answer to a pressed button.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// May be empty.
    pub text: String,
    /// As a dialog, not as a toast.
    pub alert: bool,
    /// When.
    pub at: Millis,
    /// The same on the machine's clock, which is finer.
    pub came: Instant,
}

/// One private chat.
pub(super) struct Chat {
    pub(super) user: Person,
    /// Whether the user has ever written.
    pub(super) open: bool,
    pub(super) blocked: bool,
    pub(super) messages: BTreeMap<i64, Message>,
    pub(super) deleted: VecDeque<Message>,
    pub(super) revision: u64,
    /// The user's newest message.
    pub(super) wrote: Option<i64>,
    pub(super) flood: Bucket,
}

pub(super) struct Person {
    pub(super) id: i64,
    pub(super) username: Option<String>,
    pub(super) first_name: String,
    pub(super) language: Option<String>,
}

impl Chat {
    pub(super) fn new(user: i64, now: Millis) -> Self {
        let user = Person {
            id: user,
            username: None,
            first_name: format!("User {user}"),
            language: Some("ru".into()),
        };
        Self {
            user,
            open: false,
            blocked: false,
            messages: BTreeMap::new(),
            deleted: VecDeque::new(),
            revision: 0,
            wrote: None,
            flood: Bucket::per_chat(now),
        }
    }

    pub(super) fn json(&self) -> Value {
        let mut chat = json!({
            "id": self.user.id, "type": "private", "first_name": self.user.first_name
        });
        if let Some(name) = &self.user.username {
            chat["username"] = json!(name);
        }
        chat
    }
}

impl Person {
    pub(super) fn json(&self) -> Value {
        let mut user = json!({
            "id": self.id, "is_bot": false, "first_name": self.first_name
        });
        if let Some(name) = &self.username {
            user["username"] = json!(name);
        }
        if let Some(language) = &self.language {
            user["language_code"] = json!(language);
        }
        user
    }
}

impl Message {
    pub(super) fn rewrite(&mut self, text: String, html: String, now: Millis) {
        self.text.clone_from(&text);
        self.html = html;
        self.edits += 1;
        self.edited_at = Some(now);
        if self.history.len() == LONGEST_HISTORY {
            self.history.remove(0);
        }
        self.history.push(text);
    }

    /// The first button whose label contains `part`.
    pub fn button(&self, part: &str) -> Option<&Button> {
        self.buttons.iter().flatten().find(|button| button.text.contains(part))
    }

    /// As the Bot API shows it. `bot` and `chat` are the sender and the place.
    pub(super) fn json(&self, bot: &Value, chat: &Value) -> Value {
        let mut message = json!({
            "message_id": self.id, "date": self.sent_at / 1_000, "from": bot, "chat": chat
        });
        if let Some(at) = self.edited_at {
            message["edit_date"] = json!(at / 1_000);
        }
        let text = if self.kind == Kind::Text { "text" } else { "caption" };
        if let Some(invoice) = &self.invoice {
            message["invoice"] = invoice.json();
        } else if !self.text.is_empty() {
            message[text] = json!(self.text);
        }
        if let Some(media) = &self.media {
            match self.kind {
                Kind::Photo => message["photo"] = json!([media.json()]),
                Kind::Video => {
                    message["video"] = media.json();
                    message["video"]["width"] = json!(media.width);
                    message["video"]["height"] = json!(media.height);
                    message["video"]["duration"] = json!(media.duration);
                }
                _ => message["document"] = media.json(),
            }
        }
        if !self.buttons.is_empty() {
            let rows = self.buttons.iter().map(|row| row.iter().map(Button::json).collect());
            message["reply_markup"] = json!({ "inline_keyboard": rows.collect::<Vec<Value>>() });
        }
        message
    }
}

impl Media {
    fn json(&self) -> Value {
        let mut file = json!({
            "file_id": self.file_id,
            "file_unique_id": format!("AQAD{:012x}", self.hash & 0xffff_ffff_ffff),
            "file_size": self.len,
        });
        if self.width > 0 {
            file["width"] = json!(self.width);
            file["height"] = json!(self.height);
        }
        if self.duration > 0 {
            file["duration"] = json!(self.duration);
            file["mime_type"] = json!("video/mp4");
        }
        file
    }
}

impl Button {
    fn json(&self) -> Value {
        match &self.does {
            Does::Data(data) => json!({ "text": self.text, "callback_data": data }),
            Does::Url(url) => json!({ "text": self.text, "url": url }),
            Does::Pay => json!({ "text": self.text, "pay": true }),
            Does::Other => json!({ "text": self.text, "copy_text": { "text": self.text } }),
        }
    }
}
