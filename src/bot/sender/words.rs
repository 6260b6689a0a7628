//! A message's words, as marked up or plain.

use std::borrow::Cow;

use super::super::telegram::Words;
use crate::outbox;

/// Telegram's lengths for what is sent as plain text, in UTF-16 units.
pub(super) const TEXT: usize = 4096;
pub(super) const CAPTION: usize = 1024;

/// How the words go out.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    Html,
    Plain { buttons: bool },
}

/// [`Words`] whose text may be our own.
pub(super) struct Spoken<'a> {
    text: Cow<'a, str>,
    html: bool,
    buttons: &'a [Vec<outbox::Button>],
}

impl Spoken<'_> {
    pub(super) fn borrow(&self) -> Words<'_> {
        Words { text: &self.text, html: self.html, buttons: self.buttons }
    }
}

impl Style {
    /// `limit`: of plain text, in UTF-16 units; HTML is Telegram's to measure.
    pub(super) fn words<'a>(
        self,
        html: &'a str,
        buttons: &'a [Vec<outbox::Button>],
        limit: usize,
    ) -> Spoken<'a> {
        match self {
            Self::Html => Spoken { text: html.into(), html: true, buttons },
            Self::Plain { buttons: keep } => Spoken {
                text: shortened(&outbox::plain(html), limit).into(),
                html: false,
                buttons: if keep { buttons } else { &[] },
            },
        }
    }
}

fn shortened(text: &str, limit: usize) -> String {
    if text.encode_utf16().count() <= limit {
        return text.to_owned();
    }
    let mut length = 1;
    let fits = |c: &char| {
        length += c.len_utf16();
        length <= limit
    };
    let mut short: String = text.chars().take_while(fits).collect();
    short.push('…');
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_fits_telegram() {
        assert_eq!(shortened("abc", 3), "abc");
        assert_eq!(shortened("abcd", 3), "ab…");
        assert_eq!(shortened("🎬🎬🎬", 4), "🎬…");
    }
}
