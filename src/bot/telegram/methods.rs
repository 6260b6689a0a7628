//! The sending methods that the outbox needs, over teloxide's payloads.

use std::path::{Path, PathBuf};

use reqwest::Body;
use reqwest::multipart::Part;
use serde_json::Value;
use teloxide::payloads::{
    AnswerCallbackQuery, AnswerCallbackQuerySetters as _, EditMessageCaption,
    EditMessageCaptionSetters as _, EditMessageText, EditMessageTextSetters as _, SendMessage,
    SendMessageSetters as _, SendPhoto, SendPhotoSetters as _, SendVideo, SendVideoSetters as _,
};
use teloxide::types::{
    CallbackQueryId, ChatId, FileId, InlineKeyboardButton, InlineKeyboardMarkup, InputFile,
    LinkPreviewOptions, MessageId, ParseMode,
};

use tokio_util::io::ReaderStream;

use super::{Failure, Telegram};
use crate::outbox::{Button, Does};

/// A file goes up in such pieces, in bytes: each is a visit to a thread that may block, and with
/// the usual 4 KB a video of 5 MB paid 1,280 of them.
const PIECE: usize = 256 << 10;

/// A text or a caption with its buttons.
#[derive(Clone, Copy, Debug)]
pub struct Words<'a> {
    pub text: &'a str,
    /// Whether `text` is HTML.
    pub html: bool,
    pub buttons: &'a [Vec<Button>],
}

/// A file that Telegram does not have yet.
#[derive(Clone, Debug)]
pub enum Upload {
    Jpeg(&'static [u8]),
    /// Streamed from the disk.
    Mp4(PathBuf),
}

/// Where the file comes from.
#[derive(Clone, Debug)]
pub enum Media {
    Known(String),
    New(Upload),
}

/// A video's shape; without it phones show a square.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    pub width: u32,
    pub height: u32,
    pub seconds: u32,
}

/// What Telegram says about a message that it took.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    pub message_id: Option<i64>,
    /// Of the picture or the video in it.
    pub file_id: Option<String>,
}

impl Telegram {
    /// Sends a text; links in it show no preview.
    pub async fn send_text(&self, chat_id: i64, words: Words<'_>) -> Result<Sent, Failure> {
        let mut payload =
            SendMessage::new(ChatId(chat_id), words.text).link_preview_options(no_preview());
        if words.html {
            payload = payload.parse_mode(ParseMode::Html);
        }
        if let Some(keyboard) = keyboard(words.buttons) {
            payload = payload.reply_markup(keyboard);
        }
        self.call(&payload).await.map(|reply| Sent::of(&reply))
    }

    /// Sends a picture.
    pub async fn send_photo(
        &self,
        chat_id: i64,
        photo: Media,
        words: Words<'_>,
    ) -> Result<Sent, Failure> {
        let (file, upload) = photo.split();
        let mut payload = SendPhoto::new(ChatId(chat_id), file).caption(words.text);
        if words.html {
            payload = payload.parse_mode(ParseMode::Html);
        }
        if let Some(keyboard) = keyboard(words.buttons) {
            payload = payload.reply_markup(keyboard);
        }
        let reply = match upload {
            None => self.call(&payload).await,
            Some(upload) => self.upload(&payload, "photo", upload).await,
        };
        reply.map(|reply| Sent::of(&reply))
    }

    /// Sends a video.
    pub async fn send_video(
        &self,
        chat_id: i64,
        video: Media,
        shape: Shape,
        words: Words<'_>,
    ) -> Result<Sent, Failure> {
        let (file, upload) = video.split();
        let mut payload = SendVideo::new(ChatId(chat_id), file)
            .caption(words.text)
            .width(shape.width)
            .height(shape.height)
            .duration(shape.seconds)
            .supports_streaming(true);
        if words.html {
            payload = payload.parse_mode(ParseMode::Html);
        }
        if let Some(keyboard) = keyboard(words.buttons) {
            payload = payload.reply_markup(keyboard);
        }
        let reply = match upload {
            None => self.call(&payload).await,
            Some(upload) => self.upload(&payload, "video", upload).await,
        };
        reply.map(|reply| Sent::of(&reply))
    }

    /// Changes a text; buttons that are not named disappear.
    pub async fn edit_text(
        &self,
        chat_id: i64,
        message_id: i64,
        words: Words<'_>,
    ) -> Result<Sent, Failure> {
        let mut payload = EditMessageText::new(ChatId(chat_id), narrow(message_id)?, words.text)
            .link_preview_options(no_preview());
        if words.html {
            payload = payload.parse_mode(ParseMode::Html);
        }
        if let Some(keyboard) = keyboard(words.buttons) {
            payload = payload.reply_markup(keyboard);
        }
        self.call(&payload).await.map(|reply| Sent::of(&reply))
    }

    /// Changes the words under a picture or a video.
    pub async fn edit_caption(
        &self,
        chat_id: i64,
        message_id: i64,
        words: Words<'_>,
    ) -> Result<Sent, Failure> {
        let mut payload =
            EditMessageCaption::new(ChatId(chat_id), narrow(message_id)?).caption(words.text);
        if words.html {
            payload = payload.parse_mode(ParseMode::Html);
        }
        if let Some(keyboard) = keyboard(words.buttons) {
            payload = payload.reply_markup(keyboard);
        }
        self.call(&payload).await.map(|reply| Sent::of(&reply))
    }

    /// Ends a pressed button's spinning; an empty text shows nothing.
    pub async fn answer_callback(
        &self,
        callback_id: &str,
        text: &str,
        alert: bool,
    ) -> Result<Sent, Failure> {
        let mut payload = AnswerCallbackQuery::new(CallbackQueryId(callback_id.to_owned()));
        if !text.is_empty() {
            payload = payload.text(text).show_alert(alert);
        }
        self.call(&payload).await.map(|_| Sent::default())
    }
}

impl Sent {
    pub(super) fn of(reply: &Value) -> Self {
        let file = match reply.get("photo").and_then(Value::as_array) {
            Some(sizes) => sizes.last(),
            // A video without sound may come back as an animation, an odd one as a document.
            None => ["video", "animation", "document"].iter().find_map(|kind| reply.get(kind)),
        };
        let file_id = file.and_then(|file| file["file_id"].as_str()).map(str::to_owned);
        Self { message_id: reply["message_id"].as_i64(), file_id }
    }
}

impl Media {
    /// What goes into the payload; for an upload a placeholder, which the form leaves out.
    fn split(self) -> (InputFile, Option<Upload>) {
        match self {
            Self::Known(file_id) => (InputFile::file_id(FileId(file_id)), None),
            Self::New(upload) => (InputFile::file_id(FileId(String::new())), Some(upload)),
        }
    }
}

impl Upload {
    /// The form's part and its length in bytes.
    pub(super) async fn into_part(self) -> Result<(Part, u64), Failure> {
        let (part, length, mime, name) = match self {
            Self::Jpeg(bytes) => {
                (Part::bytes(bytes), bytes.len() as u64, "image/jpeg", "picture.jpg")
            }
            Self::Mp4(path) => {
                let (file, length) = open(&path).await?;
                let pieces = Body::wrap_stream(ReaderStream::with_capacity(file, PIECE));
                (Part::stream_with_length(pieces, length), length, "video/mp4", "video.mp4")
            }
        };
        let part = part.file_name(name).mime_str(mime).map_err(Failure::of_request)?;
        Ok((part, length))
    }
}

async fn open(path: &Path) -> Result<(tokio::fs::File, u64), Failure> {
    let open = async {
        let file = tokio::fs::File::open(path).await?;
        let length = file.metadata().await?.len();
        Ok::<_, std::io::Error>((file, length))
    };
    open.await.map_err(|error| unread(&error))
}

/// Only a file that is not there never comes back: whatever else is wrong (no file can be opened,
/// the disk has a bad day) is over at some time, and nothing has gone out.
pub(in crate::bot) fn unread(error: &std::io::Error) -> Failure {
    match error.kind() {
        std::io::ErrorKind::NotFound => Failure::NoFile(error.to_string()),
        _ => Failure::Unreached(format!("our file cannot be read: {error}")),
    }
}

fn no_preview() -> LinkPreviewOptions {
    LinkPreviewOptions {
        is_disabled: true,
        url: None,
        prefer_small_media: false,
        prefer_large_media: false,
        show_above_text: false,
    }
}

/// Telegram's message ids are 32 bits wide.
fn narrow(message_id: i64) -> Result<MessageId, Failure> {
    i32::try_from(message_id).map(MessageId).map_err(|_| Failure::NoMessage)
}

/// `None` where there are no buttons. One whose link cannot be read is left out: it would cost the
/// whole message.
fn keyboard(rows: &[Vec<Button>]) -> Option<InlineKeyboardMarkup> {
    let rows: Vec<Vec<_>> = rows
        .iter()
        .map(|row| row.iter().filter_map(button).collect::<Vec<_>>())
        .filter(|row| !row.is_empty())
        .collect();
    (!rows.is_empty()).then(|| InlineKeyboardMarkup::new(rows))
}

fn button(button: &Button) -> Option<InlineKeyboardButton> {
    match &button.does {
        Does::Data(data) => Some(InlineKeyboardButton::callback(&button.text, data)),
        Does::Url(url) => match url.parse() {
            Ok(url) => Some(InlineKeyboardButton::url(&button.text, url)),
            Err(error) => {
                tracing::warn!(%url, %error, "a button's link cannot be read: left out");
                None
            }
        },
    }
}
