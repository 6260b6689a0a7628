//! What a message says, as kept in `outbox.content`.

use serde::{Deserialize, Serialize};

/// A message's content. Texts are Telegram's HTML: whoever writes them has escaped what a user or
/// a service wrote.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Content {
    /// HTML text with rows of buttons.
    Text {
        html: String,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        buttons: Vec<Vec<Button>>,
    },
    /// One of our own pictures, by the name of its asset (`menu`).
    Photo {
        asset: String,
        html: String,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        buttons: Vec<Vec<Button>>,
    },
    /// A finished video: by `file_id` if known, else by upload of `path` (relative to `videos/`).
    Video {
        path: Option<String>,
        file_id: Option<String>,
        width: u32,
        height: u32,
        seconds: u32,
        html: String,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        buttons: Vec<Vec<Button>>,
    },
    /// The answer to a callback query: up to 200 characters, may be empty.
    Answer { callback_id: String, text: String, alert: bool },
    /// An invoice in Telegram Stars, in plain words: a title of 1 to 32 characters, a description
    /// of 1 to 255, a payload of 1 to 128 bytes. It is sent once and never changed.
    Invoice { title: String, description: String, payload: String, stars: i64 },
}

/// A button under a message.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct Button {
    pub text: String,
    #[serde(flatten)]
    pub does: Does,
}

/// What pressing a button does.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Does {
    /// Comes back as `callback_data`: 1 to 64 bytes.
    Data(String),
    /// Opens a link.
    Url(String),
}

impl Content {
    /// A text without buttons.
    pub fn text(html: impl Into<String>) -> Self {
        Self::Text { html: html.into(), buttons: Vec::new() }
    }

    /// The same with rows of buttons.
    pub fn with_buttons(mut self, rows: Vec<Vec<Button>>) -> Self {
        match &mut self {
            Self::Text { buttons, .. }
            | Self::Photo { buttons, .. }
            | Self::Video { buttons, .. } => *buttons = rows,
            Self::Answer { .. } | Self::Invoice { .. } => {}
        }
        self
    }
}

impl Button {
    /// A button that comes back as a callback with `data` (1 to 64 bytes).
    pub fn data(text: impl Into<String>, data: impl Into<String>) -> Self {
        Self { text: text.into(), does: Does::Data(data.into()) }
    }

    /// A button that opens `url`.
    pub fn url(text: impl Into<String>, url: impl Into<String>) -> Self {
        Self { text: text.into(), does: Does::Url(url.into()) }
    }
}

/// The longest text that Telegram takes, as [`length`] counts.
pub const TEXT_MAX: usize = 4_096;
/// The longest HTML that it reads, in bytes.
pub const HTML_MAX: usize = 1 << 15;

/// How long Telegram finds a text: UTF-16 units (most emoji are two) of what is read, without its
/// markup.
pub fn length(html: &str) -> usize {
    plain(html).encode_utf16().count()
}

/// HTML as a reader sees it: no tags, entities resolved. For a text whose markup was refused.
pub fn plain(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find(['<', '&']) {
        text.push_str(&rest[..at]);
        rest = &rest[at..];
        let (said, length) = if rest.starts_with('<') { tag(rest) } else { entity(rest) };
        text.push_str(said);
        rest = &rest[length..];
    }
    text.push_str(rest);
    text
}

/// What a tag at the beginning of `rest` says (nothing), and its length; a lone `<` is itself.
fn tag(rest: &str) -> (&str, usize) {
    let named = rest[1..].starts_with(|c: char| c.is_ascii_alphabetic() || c == '/');
    match rest.find('>') {
        Some(end) if named => ("", end + 1),
        _ => ("<", 1),
    }
}

fn entity(rest: &str) -> (&str, usize) {
    let known = [("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"), ("&quot;", "\""), ("&#39;", "'")];
    known
        .into_iter()
        .find(|(entity, _)| rest.starts_with(entity))
        .map_or(("&", 1), |(entity, said)| (said, entity.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_is_what_the_reader_would_have_seen() {
        for (html, text) in [
            ("", ""),
            ("<b>Готово</b>: 1 &lt; 2 &amp;&amp; &quot;x&quot;", "Готово: 1 < 2 && \"x\""),
            ("1 < 2 и 2 > 1", "1 < 2 и 2 > 1"),
            ("<a href=\"https://x\">here</a>", "here"),
            ("&amp;lt; &unknown; <", "&lt; &unknown; <"),
            ("<незакрыт", "<незакрыт"),
        ] {
            assert_eq!(plain(html), text);
        }
    }

    #[test]
    fn content_reads_as_documented() {
        let content = Content::text("hi").with_buttons(vec![vec![
            Button::data("Меню", "menu"),
            Button::url("Помощь", "https://example.com"),
        ]]);
        let json = serde_json::to_value(&content).unwrap();
        assert_eq!(
            json,
            serde_json::json!({ "kind": "text", "html": "hi", "buttons": [[
                { "text": "Меню", "data": "menu" },
                { "text": "Помощь", "url": "https://example.com" }]] })
        );
        assert_eq!(serde_json::from_value::<Content>(json).unwrap(), content);
    }
}
