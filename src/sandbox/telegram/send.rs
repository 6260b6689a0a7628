//! Sending and editing.

use axum::body::Bytes;
use serde_json::Value;

use super::Telegram;
use super::calls::{Args, Outcome, Refusal};
use super::chat::{Kind, Media, Message};
use super::checkout::{invoice, with_pay};
use super::html;
use super::state::{File, State, bot, buttons};
use super::users::size;
use crate::clock::Millis;
use crate::sandbox::film::mp4;

const LONGEST_TEXT: usize = 4_096;
const LONGEST_CAPTION: usize = 1_024;
const LARGEST_PHOTO: usize = 10 << 20;
const LARGEST_FILE: usize = 50 << 20;
const NOT_MODIFIED: &str = "message is not modified: specified new message content and reply \
                            markup are exactly the same as a current content and reply markup of \
                            the message";

/// A text or caption: as sent, and as shown.
struct Words {
    html: String,
    text: String,
}

impl Telegram {
    pub(super) fn send(
        &self,
        state: &mut State,
        method: &str,
        args: &Args,
        user: i64,
        now: Millis,
    ) -> Outcome {
        if method.starts_with("edit") {
            return self.edit(state, method, args, user, now);
        }
        let (kind, field) = match method {
            "sendPhoto" => (Kind::Photo, "photo"),
            "sendVideo" => (Kind::Video, "video"),
            "sendDocument" => (Kind::Document, "document"),
            "sendInvoice" => (Kind::Invoice, "title"),
            _ => (Kind::Text, "text"),
        };
        let words = match kind {
            Kind::Text => words(state, args, "text", LONGEST_TEXT)?,
            Kind::Invoice => {
                plain(&format!("{}\n{}", args.text("title"), args.text("description")))
            }
            _ => words(state, args, "caption", LONGEST_CAPTION)?,
        };
        let media = match kind {
            Kind::Photo | Kind::Video | Kind::Document => Some(media(state, kind, field, args)?),
            Kind::Text | Kind::Invoice => None,
        };
        let invoice = (kind == Kind::Invoice).then(|| invoice(args)).transpose()?;
        let buttons = with_pay(invoice.as_ref(), buttons(args.values.get("reply_markup")))?;
        let message = Message {
            id: state.next_message(),
            user,
            kind,
            history: vec![words.text.clone()],
            text: words.text,
            html: words.html,
            buttons,
            edits: 0,
            media,
            invoice,
            sent_at: now,
            edited_at: None,
        };
        let chat = state.chat(user, now).json();
        let json = message.json(&bot(&self.0.token), &chat);
        state.post(message);
        Ok(json)
    }

    fn edit(
        &self,
        state: &mut State,
        method: &str,
        args: &Args,
        user: i64,
        now: Millis,
    ) -> Outcome {
        let id = args.number("message_id").unwrap_or(0);
        let found = state.chats.get(&user).and_then(|chat| chat.messages.get(&id)).cloned();
        let Some(mut message) = found else {
            return Err(Refusal::plain(400, "message to edit not found"));
        };
        let new = with_pay(message.invoice.as_ref(), buttons(args.values.get("reply_markup")))?;
        let words = match method {
            "editMessageText" if message.kind != Kind::Text => {
                return Err(Refusal::broken("there is no text in the message to edit"));
            }
            "editMessageCaption" if message.kind == Kind::Text => {
                return Err(Refusal::broken("there is no caption in the message to edit"));
            }
            "editMessageText" => Some(words(state, args, "text", LONGEST_TEXT)?),
            "editMessageCaption" => Some(words(state, args, "caption", LONGEST_CAPTION)?),
            _ => None,
        };
        let same = words.as_ref().is_none_or(|words| words.html == message.html);
        if same && new == message.buttons {
            return Err(Refusal::plain(400, NOT_MODIFIED));
        }
        message.buttons = new;
        match words {
            Some(words) => message.rewrite(words.text, words.html, now),
            None => {
                message.edits += 1;
                message.edited_at = Some(now);
            }
        }
        let chat = state.chat(user, now).json();
        let json = message.json(&bot(&self.0.token), &chat);
        state.post(message);
        Ok(json)
    }
}

fn plain(text: &str) -> Words {
    Words { html: text.to_owned(), text: text.to_owned() }
}

/// The text after its markup is parsed, within its limit.
fn words(state: &mut State, args: &Args, name: &str, longest: usize) -> Result<Words, Refusal> {
    let html = args.text(name);
    let mut words = plain(html);
    match args.text("parse_mode") {
        "" => {}
        mode if mode.eq_ignore_ascii_case("html") => {
            let parsed = html::parse(html)
                .map_err(|wrong| Refusal::broken(format!("can't parse entities: {wrong}")))?;
            if parsed.raw_ampersand {
                state.violation(format!("a raw & in the HTML of a message: {html:.80}"));
            }
            words.text = parsed.text;
        }
        _ => return Err(Refusal::broken("unsupported parse_mode")),
    }
    words.text = words.text.trim().to_owned();
    if name == "text" && words.text.is_empty() {
        return Err(Refusal::broken("message text is empty"));
    }
    if words.text.encode_utf16().count() > longest {
        let what = if name == "text" { "message is" } else { "message caption is" };
        return Err(Refusal::broken(format!("{what} too long")));
    }
    Ok(words)
}

/// The file of a message: uploaded now, or known by its file_id.
fn media(state: &mut State, kind: Kind, field: &str, args: &Args) -> Result<Media, Refusal> {
    let value = args.values.get(field).and_then(Value::as_str).unwrap_or("");
    let Some(part) = value.strip_prefix("attach://") else {
        if value.starts_with("http://") || value.starts_with("https://") {
            // Where Telegram would fetch it from cannot be reached: an empty file stands for it.
            let file_id = state.keep(Bytes::new(), "remote", "bin", File::of(&[]));
            return state.media(&file_id, false).ok_or_else(lost);
        }
        let text = "wrong remote file identifier specified: Wrong character in the string";
        return state.media(value, false).ok_or_else(|| Refusal::plain(400, text));
    };
    let Some(bytes) = args.files.get(part).cloned() else {
        return Err(Refusal::broken("wrong file identifier/HTTP URL specified"));
    };
    let most = if kind == Kind::Photo { LARGEST_PHOTO } else { LARGEST_FILE };
    if bytes.is_empty() {
        return Err(Refusal::broken("file must be non-empty"));
    }
    if bytes.len() > most {
        let text = "Request Entity Too Large";
        return Err(Refusal { code: 413, ..Refusal::broken(text) });
    }
    let mut file = File::of(&bytes);
    let (folder, ending) = match kind {
        Kind::Photo => {
            let Some((width, height)) = size(&bytes) else {
                return Err(Refusal::broken("IMAGE_PROCESS_FAILED"));
            };
            if width + height > 10_000 || width.max(height) > 20 * width.min(height) {
                return Err(Refusal::broken("PHOTO_INVALID_DIMENSIONS"));
            }
            (file.width, file.height) = (width, height);
            ("photos", "jpg")
        }
        Kind::Video => {
            check_video(state, &bytes, args);
            file.width = args.number("width").unwrap_or(320) as u32;
            file.height = args.number("height").unwrap_or(320) as u32;
            file.duration = args.number("duration").unwrap_or(0) as u32;
            ("videos", "mp4")
        }
        _ => ("documents", "bin"),
    };
    let file_id = state.keep(bytes, folder, ending, file);
    state.media(&file_id, true).ok_or_else(lost)
}

fn lost() -> Refusal {
    Refusal::plain(500, "Internal Server Error")
}

/// Telegram takes a video without these, and phones then show a square.
fn check_video(state: &mut State, bytes: &[u8], args: &Args) {
    for name in ["width", "height", "duration"] {
        if args.number(name).is_none_or(|number| number <= 0) {
            state.violation(format!("sendVideo: an upload without {name}"));
        }
    }
    if !args.is("supports_streaming") {
        state.violation("sendVideo: an upload without supports_streaming".into());
    }
    let Some(real) = mp4::probe(bytes) else { return };
    let said = (args.number("width"), args.number("height"));
    if said != (Some(real.width.into()), Some(real.height.into())) {
        state.violation(format!(
            "sendVideo: {said:?} was said of a video of {}x{}",
            real.width, real.height
        ));
    }
}
