//! What users do.

use std::time::Instant;

use axum::body::Bytes;
use serde_json::{Value, json};

use super::Telegram;
use super::chat::{Does, Press};
use super::state::{File, State, bot};

/// The side of the small size that comes with every photo.
const THUMB: u32 = 90;

impl Telegram {
    /// A text message; returns the update's id.
    pub fn says(&self, user: i64, text: &str) -> i64 {
        let mut message = json!({ "text": text });
        if text.starts_with('/') {
            let length = text.split_whitespace().next().unwrap_or("").encode_utf16().count();
            let command = json!({ "type": "bot_command", "offset": 0, "length": length });
            message["entities"] = json!([command]);
        }
        self.sends_raw(user, message)
    }

    /// A photo with its sizes, the largest last.
    pub fn sends_photo(&self, user: i64, bytes: impl Into<Bytes>) -> i64 {
        let sizes = self.photo(bytes.into());
        self.sends_raw(user, json!({ "photo": sizes }))
    }

    /// The same as part of an album.
    pub fn sends_album_photo(&self, user: i64, bytes: impl Into<Bytes>, album: &str) -> i64 {
        let sizes = self.photo(bytes.into());
        self.sends_raw(user, json!({ "photo": sizes, "media_group_id": album }))
    }

    /// A file.
    pub fn sends_document(
        &self,
        user: i64,
        bytes: impl Into<Bytes>,
        mime: &str,
        name: &str,
    ) -> i64 {
        let bytes = bytes.into();
        let size = bytes.len();
        let file = File::of(&bytes);
        let ending = name.rsplit_once('.').map_or("bin", |(_, ending)| ending).to_owned();
        let file_id = self.state().keep(bytes, "documents", &ending, file);
        let document = json!({
            "file_id": file_id, "file_unique_id": unique(&file_id), "file_name": name,
            "mime_type": mime, "file_size": size
        });
        self.sends_raw(user, json!({ "document": document }))
    }

    /// A sticker.
    pub fn sends_sticker(&self, user: i64) -> i64 {
        let sticker = json!({
            "file_id": "CAACAgIAAxkBAAsticker", "file_unique_id": "AgADsticker",
            "type": "regular", "width": 512, "height": 512, "is_animated": false,
            "is_video": false, "emoji": "🙂", "file_size": 20_000
        });
        self.sends_raw(user, json!({ "sticker": sticker }))
    }

    /// A message with these fields; id, date, sender and chat are added.
    pub fn sends_raw(&self, user: i64, fields: Value) -> i64 {
        let now = self.now();
        let mut state = self.state();
        let id = state.next_message();
        let chat = state.chat(user, now);
        chat.open = true;
        chat.blocked = false;
        chat.wrote = Some(id);
        chat.revision += 1;
        let mut message = json!({
            "message_id": id, "date": now / 1_000, "from": chat.user.json(), "chat": chat.json()
        });
        if let Value::Object(fields) = fields {
            for (name, value) in fields {
                message[name] = value;
            }
        }
        let update = state.updates.push("message", message, now, None);
        drop(state);
        self.changed();
        update
    }

    /// Any update at all, as `pre_checkout_query` with its object.
    pub fn sends_update(&self, kind: &'static str, object: Value) -> i64 {
        let now = self.now();
        let update = self.state().updates.push(kind, object, now, None);
        self.changed();
        update
    }

    /// A press on a button of a message, also of one that was never there; returns the
    /// callback query's id.
    pub fn presses(&self, user: i64, message_id: i64, data: &str) -> String {
        let (now, pressed) = (self.now(), Instant::now());
        let mut state = self.state();
        let id = format!("{}{:09}", user, state.presses.len() + 1);
        let chat = state.chat(user, now);
        let (from, place) = (chat.user.json(), chat.json());
        let message = chat.messages.get(&message_id).cloned();
        let message = match message {
            Some(message) => message.json(&bot(&self.0.token), &place),
            // What Telegram calls an inaccessible message.
            None => json!({ "message_id": message_id, "date": 0, "chat": place }),
        };
        let query = json!({
            "id": id, "from": from, "message": message, "data": data,
            "chat_instance": format!("-{user}77")
        });
        state.presses.push(Press {
            id: id.clone(),
            user,
            message: message_id,
            data: data.to_owned(),
            at: now,
            pressed,
            answer: None,
            dropped: false,
        });
        state.updates.push("callback_query", query, now, Some(id.clone()));
        drop(state);
        self.changed();
        id
    }

    /// Presses the newest visible button whose label contains `part`; `None` where there is
    /// none.
    pub fn presses_label(&self, user: i64, part: &str) -> Option<String> {
        let (message, data) = newest_button(&self.state(), user, part)?;
        Some(self.presses(user, message, &data))
    }

    /// Whether such a button can be seen.
    pub fn sees_label(&self, user: i64, part: &str) -> bool {
        newest_button(&self.state(), user, part).is_some()
    }

    /// Name and language; the bot sees them from the next update on.
    pub fn set_user(&self, user: i64, username: Option<&str>, first_name: &str, language: &str) {
        let now = self.now();
        let mut state = self.state();
        let person = &mut state.chat(user, now).user;
        person.username = username.map(str::to_owned);
        person.first_name = first_name.to_owned();
        person.language = Some(language.to_owned()).filter(|language| !language.is_empty());
    }

    /// The chat exists, as if the user had once written, without an update.
    pub fn knows_bot(&self, user: i64) {
        let now = self.now();
        self.state().chat(user, now).open = true;
    }

    /// Takes one of the bot's messages out of their chat; the bot hears nothing of it.
    pub fn deletes(&self, user: i64, message_id: i64) {
        let now = self.now();
        self.state().chat(user, now).messages.remove(&message_id);
        self.changed();
    }

    /// From now on 403 for this chat; the bot gets a `my_chat_member`.
    pub fn blocks_bot(&self, user: i64) {
        let now = self.now();
        let mut state = self.state();
        let chat = state.chat(user, now);
        chat.open = true;
        chat.blocked = true;
        let bot = bot(&self.0.token);
        let member = json!({
            "chat": chat.json(), "from": chat.user.json(), "date": now / 1_000,
            "old_chat_member": { "user": bot, "status": "member" },
            "new_chat_member": { "user": bot, "status": "kicked", "until_date": 0 }
        });
        state.updates.push("my_chat_member", member, now, None);
        drop(state);
        self.changed();
    }

    fn photo(&self, bytes: Bytes) -> Value {
        let (width, height) = size(&bytes).unwrap_or((800, 800));
        let (small_width, small_height) = shrunk(width, height, THUMB);
        let len = bytes.len();
        let mut state = self.state();
        let large = File { width, height, ..File::of(&bytes) };
        let small = File {
            width: small_width,
            height: small_height,
            shrunk_to: Some(THUMB),
            ..large.clone()
        };
        let small = state.keep(bytes.clone(), "photos", "jpg", small);
        let large = state.keep(bytes, "photos", "jpg", large);
        drop(state);
        json!([
            { "file_id": small, "file_unique_id": unique(&small), "width": small_width,
              "height": small_height, "file_size": 1_500 },
            { "file_id": large, "file_unique_id": unique(&large), "width": width,
              "height": height, "file_size": len }
        ])
    }
}

fn newest_button(state: &State, user: i64, part: &str) -> Option<(i64, String)> {
    let chat = state.chats.get(&user)?;
    chat.messages.values().rev().find_map(|message| match &message.button(part)?.does {
        Does::Data(data) => Some((message.id, data.clone())),
        _ => None,
    })
}

pub(super) fn unique(file_id: &str) -> String {
    format!("AQAD{}", &file_id[4..12])
}

/// Width and height of a picture.
pub(in crate::sandbox) fn size(bytes: &[u8]) -> Option<(u32, u32)> {
    let reader = image::ImageReader::new(std::io::Cursor::new(bytes));
    reader.with_guessed_format().ok()?.into_dimensions().ok()
}

fn shrunk(width: u32, height: u32, side: u32) -> (u32, u32) {
    let longest = width.max(height).max(1);
    if longest <= side {
        return (width, height);
    }
    ((width * side / longest).max(1), (height * side / longest).max(1))
}
