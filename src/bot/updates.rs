//! The few fields of Telegram's updates that we use, read leniently: what is new or odd in an
//! update is passed over, and never costs its text or its neighbours.

mod money;

pub use money::{Money, Transaction, money, transaction};

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::inbox::Raw;

/// Telegram's ids have 32 bits, and may have more one day. One that is larger than any could be
/// would confirm all that is still to come.
const UPDATE_ID_MAX: i64 = 1 << 52;

/// What the poller asks for.
pub const ALLOWED: [&str; 4] =
    ["message", "callback_query", "pre_checkout_query", "my_chat_member"];

/// One update; mostly one of the fields is there.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Update {
    #[serde(default)]
    pub update_id: i64,
    #[serde(default, deserialize_with = "lenient")]
    pub message: Option<Message>,
    #[serde(default, deserialize_with = "lenient")]
    pub callback_query: Option<CallbackQuery>,
    #[serde(default, deserialize_with = "lenient")]
    pub pre_checkout_query: Option<PreCheckoutQuery>,
    #[serde(default, deserialize_with = "lenient")]
    pub my_chat_member: Option<ChatMemberUpdated>,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub struct Message {
    #[serde(default)]
    pub message_id: i64,
    #[serde(default, deserialize_with = "lenient")]
    pub from: Option<User>,
    pub chat: Chat,
    /// Seconds of Telegram's clock.
    #[serde(default, deserialize_with = "lenient")]
    pub date: Option<i64>,
    #[serde(default, deserialize_with = "lenient")]
    pub text: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub caption: Option<String>,
    /// The sizes of one picture.
    #[serde(default, deserialize_with = "lenient_list")]
    pub photo: Vec<PhotoSize>,
    #[serde(default, deserialize_with = "lenient")]
    pub document: Option<Document>,
    /// The same for all pictures of an album.
    #[serde(default, deserialize_with = "lenient")]
    pub media_group_id: Option<String>,
    /// As it came: [`money()`] reads it.
    #[serde(default, deserialize_with = "lenient")]
    pub successful_payment: Option<Value>,
    #[serde(default, deserialize_with = "lenient")]
    pub refunded_payment: Option<Value>,
    // Only whether they are there counts.
    #[serde(default)]
    animation: Present,
    #[serde(default)]
    sticker: Present,
    #[serde(default)]
    video: Present,
    #[serde(default)]
    video_note: Present,
    #[serde(default)]
    voice: Present,
    #[serde(default)]
    audio: Present,
    #[serde(default)]
    forward_origin: Present,
    /// Only which message it is counts.
    #[serde(default, deserialize_with = "lenient")]
    pub reply_to_message: Option<RepliedTo>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub struct RepliedTo {
    #[serde(default)]
    pub message_id: i64,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub struct User {
    pub id: i64,
    #[serde(default, deserialize_with = "lenient")]
    pub is_bot: Option<bool>,
    #[serde(default, deserialize_with = "lenient")]
    pub username: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub first_name: Option<String>,
    /// As `ru` or `en-GB`.
    #[serde(default, deserialize_with = "lenient")]
    pub language_code: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub struct Chat {
    pub id: i64,
    /// `private`, `group`, `supergroup`, `channel`.
    #[serde(default, rename = "type", deserialize_with = "lenient")]
    pub kind: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub struct PhotoSize {
    pub file_id: String,
    #[serde(default, deserialize_with = "lenient")]
    pub width: Option<u32>,
    #[serde(default, deserialize_with = "lenient")]
    pub height: Option<u32>,
    /// Bytes.
    #[serde(default, deserialize_with = "lenient")]
    pub file_size: Option<u64>,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub struct Document {
    pub file_id: String,
    #[serde(default, deserialize_with = "lenient")]
    pub mime_type: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub file_name: Option<String>,
    /// Bytes.
    #[serde(default, deserialize_with = "lenient")]
    pub file_size: Option<u64>,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub struct CallbackQuery {
    pub id: String,
    pub from: User,
    /// The message with the button; Telegram leaves out what is too old.
    #[serde(default, deserialize_with = "lenient")]
    pub message: Option<Message>,
    #[serde(default, deserialize_with = "lenient")]
    pub data: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub struct PreCheckoutQuery {
    pub id: String,
    pub from: User,
    #[serde(default)]
    pub currency: String,
    #[serde(default)]
    pub total_amount: i64,
    #[serde(default)]
    pub invoice_payload: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub struct ChatMemberUpdated {
    pub chat: Chat,
    pub from: User,
    #[serde(default, deserialize_with = "lenient")]
    pub new_chat_member: Option<ChatMember>,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub struct ChatMember {
    /// `member`: the customer (again) wants to hear from us; `kicked`: blocked the bot.
    #[serde(default)]
    pub status: String,
}

/// What a message brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Brings<'a> {
    Text(&'a str),
    /// A picture, as photo or as document: its `file_id`, and its size in bytes if Telegram says.
    Picture {
        file_id: &'a str,
        file_size: Option<u64>,
    },
    /// Sticker, animation, video, voice, another file, or a kind that is new to us.
    Other,
}

impl Message {
    /// Somebody else wrote it.
    pub fn is_forwarded(&self) -> bool {
        self.forward_origin.0
    }

    /// The largest of a photo's sizes, a document that is a JPEG, PNG or WebP, the text, or else.
    pub fn brings(&self) -> Brings<'_> {
        let area = |size: &&PhotoSize| {
            u64::from(size.width.unwrap_or(0)) * u64::from(size.height.unwrap_or(0))
        };
        if let Some(size) = self.photo.iter().max_by_key(area) {
            return Brings::Picture { file_id: &size.file_id, file_size: size.file_size };
        }
        // An animation comes with its document.
        let moving = self.animation.0 || self.video.0 || self.video_note.0;
        let other = self.sticker.0 || self.voice.0 || self.audio.0;
        match (&self.document, &self.text) {
            _ if moving || other => Brings::Other,
            (Some(document), _) if document.is_picture() => {
                Brings::Picture { file_id: &document.file_id, file_size: document.file_size }
            }
            (None, Some(text)) => Brings::Text(text),
            _ => Brings::Other,
        }
    }
}

impl Document {
    /// By its MIME type, or by its name where a client sent none.
    fn is_picture(&self) -> bool {
        if let Some(mime) = &self.mime_type {
            let mime = mime.to_ascii_lowercase();
            return matches!(
                mime.as_str(),
                "image/jpeg" | "image/jpg" | "image/png" | "image/webp"
            );
        }
        let name = self.file_name.as_deref().unwrap_or_default().to_ascii_lowercase();
        [".jpg", ".jpeg", ".png", ".webp"].iter().any(|end| name.ends_with(end))
    }
}

/// One update as it was stored. Odd fields are missing from it; only what is not JSON is an error.
pub fn read(body: &str) -> serde_json::Result<Update> {
    serde_json::from_str(body)
}

/// The updates of a reply to `getUpdates`, ready for the inbox. An entry without an id cannot be
/// confirmed or kept apart: it is passed over.
pub fn raw(result: Value) -> Vec<Raw> {
    let Value::Array(entries) = result else { return Vec::new() };
    entries
        .into_iter()
        .filter_map(|entry| {
            let update_id = entry.get("update_id")?.as_i64();
            let update_id = update_id.filter(|id| (0..=UPDATE_ID_MAX).contains(id))?;
            let (chat_id, urgent) = (chat_of(&entry), entry["pre_checkout_query"].is_object());
            Some(Raw { update_id, chat_id, body: entry.to_string(), urgent })
        })
        .collect()
}

/// In whose order an update is handled. A private chat has its user's id.
fn chat_of(update: &Value) -> i64 {
    [
        "/message/chat/id",
        "/callback_query/message/chat/id",
        "/callback_query/from/id",
        "/pre_checkout_query/from/id",
        "/my_chat_member/chat/id",
    ]
    .iter()
    .find_map(|path| update.pointer(path)?.as_i64())
    .unwrap_or(0)
}

/// Whether a field is there, whatever is in it.
#[derive(Clone, Copy, Debug, Default)]
struct Present(bool);

impl<'de> Deserialize<'de> for Present {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Value::deserialize(deserializer).map(|value| Self(!value.is_null()))
    }
}

/// A field that cannot be read is missing.
fn lenient<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: serde::de::DeserializeOwned,
{
    let value = Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(value).ok())
}

/// The entries of a list that can be read.
fn lenient_list<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: serde::de::DeserializeOwned,
{
    let Value::Array(entries) = Value::deserialize(deserializer)? else { return Ok(Vec::new()) };
    Ok(entries.into_iter().filter_map(|entry| serde_json::from_value(entry).ok()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn message(fields: Value) -> Message {
        let mut message = json!({ "message_id": 1, "chat": { "id": 7, "type": "private" } });
        message.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        read(&json!({ "update_id": 1, "message": message }).to_string()).unwrap().message.unwrap()
    }

    #[test]
    fn one_odd_update_spoils_no_batch() {
        let batch = json!([
            { "update_id": 1, "message": { "chat": { "id": 7 }, "text": "a" } },
            { "update_id": 2, "brand_new": { "x": [] } },
            { "no": "id" },
            { "update_id": i64::MAX },
            { "update_id": -1, "message": { "chat": { "id": 7 } } },
            "nonsense",
            { "update_id": 3, "callback_query": { "id": "9", "from": { "id": 8 }, "data": "x" } },
            { "update_id": 4, "message": "odd" },
            { "update_id": 5, "pre_checkout_query": { "id": "1", "from": { "id": 9 } } },
        ]);
        let raw = raw(batch);
        let ids: Vec<_> = raw.iter().map(|raw| (raw.update_id, raw.chat_id)).collect();
        assert_eq!(ids, [(1, 7), (2, 0), (3, 8), (4, 0), (5, 9)]);
        let urgent = raw.iter().filter(|raw| raw.urgent).map(|raw| raw.update_id);
        assert_eq!(urgent.collect::<Vec<_>>(), [5], "Telegram waits for it");
        assert!(raw.iter().all(|raw| read(&raw.body).is_ok()));
        assert!(super::raw(json!({})).is_empty());
    }

    #[test]
    fn a_text_survives_what_is_new_around_it() {
        let message = message(json!({
            "text": "Чай", "entities": [{ "type": "from_the_future" }], "forward_origin": 5,
            "from": "odd", "media_group_id": 12, "document": { "file_id": 5 },
        }));
        assert_eq!(message.brings(), Brings::Text("Чай"));
        assert!(message.from.is_none() && message.is_forwarded());
    }

    #[test]
    fn a_picture_is_the_largest_photo_or_a_document_that_is_one() {
        let sizes = json!([
            { "file_id": "s", "width": 90, "height": 90, "file_size": 1000 },
            { "file_id": "l", "width": 1280, "height": 960, "file_size": 90_000 },
            { "file_id": "m", "width": 320, "height": 320 },
            { "odd": 1 }]);
        let photo = message(json!({ "photo": sizes, "caption": "words" }));
        let picture = Brings::Picture { file_id: "l", file_size: Some(90_000) };
        assert_eq!(photo.brings(), picture);
        for (document, is_picture) in [
            (json!({ "file_id": "d", "mime_type": "image/webp" }), true),
            (json!({ "file_id": "d", "mime_type": "image/heic" }), false),
            (json!({ "file_id": "d", "mime_type": "application/pdf" }), false),
            (json!({ "file_id": "d", "file_name": "A.JPG" }), true),
            (json!({ "file_id": "d" }), false),
        ] {
            let brings = message(json!({ "document": document })).brings() != Brings::Other;
            assert_eq!(brings, is_picture, "{document}");
        }
        let gif = json!({ "animation": {}, "document": { "file_id": "d", "file_name": "a.png" } });
        assert_eq!(message(gif).brings(), Brings::Other);
        assert_eq!(message(json!({ "sticker": {}, "text": null })).brings(), Brings::Other);
        assert_eq!(message(json!({})).brings(), Brings::Other);
    }
}
