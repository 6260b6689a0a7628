//! The demo's chat: numbers press buttons, letters begin a line, a path sends a photo.

use super::input::{edit, latin};
use super::{App, Effect, Mode};
use crate::console::chat::ChatMessage;
use crate::console::toasts::Toast;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use std::path::PathBuf;
use tui_input::Input;

/// Buttons that have a number.
const NUMBERS: usize = 9;

/// A button as it can be pressed now: of which message, and which of its buttons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::console) struct Numbered {
    pub(in crate::console) message: i64,
    pub(in crate::console) button: usize,
}

/// The buttons in the order of their numbers from 1: the newest message's first.
pub(in crate::console) fn numbered(messages: &[ChatMessage]) -> Vec<Numbered> {
    let newest = messages.iter().rev();
    let all = newest.flat_map(|message| {
        let buttons = message.buttons.iter().flatten().count();
        (0..buttons).map(|button| Numbered { message: message.id, button })
    });
    all.take(NUMBERS).collect()
}

impl App {
    pub(super) fn press_chat(&mut self, key: KeyEvent) -> Vec<Effect> {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        let empty = self.typed.value().is_empty();
        match key.code {
            _ if control => self.browse(key),
            KeyCode::Tab | KeyCode::BackTab | KeyCode::F(_) => self.browse(key),
            KeyCode::Esc if empty => self.back(),
            KeyCode::Esc => {
                self.typed = Input::default();
                Vec::new()
            }
            KeyCode::PageUp | KeyCode::PageDown | KeyCode::Up | KeyCode::Down => {
                self.scroll_chat(key.code);
                Vec::new()
            }
            KeyCode::Enter => self.send(),
            KeyCode::Char(digit @ '1'..='9') if empty => self.press_button(digit, key),
            KeyCode::Char('?' | ':') if empty => self.browse(latin(key)),
            _ => {
                edit(&mut self.typed, key);
                Vec::new()
            }
        }
    }

    /// Up leads into the past: the chat stands at its end.
    fn scroll_chat(&mut self, code: KeyCode) {
        let page = self.height.max(2) - 1;
        let kind = self.kind();
        let up = self.scrolls.entry(kind).or_default();
        *up = match code {
            KeyCode::PageUp => *up + page,
            KeyCode::Up => *up + 1,
            KeyCode::PageDown => up.saturating_sub(page),
            _ => up.saturating_sub(1),
        };
    }

    /// A number without a button begins a line.
    fn press_button(&mut self, digit: char, key: KeyEvent) -> Vec<Effect> {
        let Some(chat) = self.setting.chat.as_mut() else { return Vec::new() };
        let messages = chat.messages();
        let at = digit as usize - '1' as usize;
        // Before the first word the one thing to do has a number, too.
        if messages.is_empty() {
            if at == 0 {
                chat.say("/start");
            }
            return Vec::new();
        }
        let Some(pressed) = numbered(&messages).get(at).copied() else {
            edit(&mut self.typed, key);
            return Vec::new();
        };
        match chat.press(pressed.message, pressed.button) {
            Ok(()) => {
                self.scrolls.remove(&self.kind());
                Vec::new()
            }
            Err(error) => self.complain(format!("{error:#}")),
        }
    }

    /// What was typed goes out: a path of a file as a photo, everything else as words. Nothing at
    /// all sends the sample, or says the first word.
    fn send(&mut self) -> Vec<Effect> {
        let text = std::mem::take(&mut self.typed).value().trim().to_owned();
        let Some(chat) = self.setting.chat.as_mut() else { return Vec::new() };
        self.scrolls.remove(&crate::console::view::Kind::Chat);
        let sent = if text.is_empty() && chat.messages().is_empty() {
            chat.say("/start");
            Ok(())
        } else if text.is_empty() || looks_like_a_path(&text) {
            chat.send_photo(&PathBuf::from(&text))
        } else {
            chat.say(&text);
            Ok(())
        };
        match sent {
            Ok(()) => Vec::new(),
            Err(error) => {
                self.typed = Input::new(text);
                self.mode = Mode::Browse;
                self.toasts.add(Toast::bad(format!("{error:#}")), self.now);
                Vec::new()
            }
        }
    }
}

/// `/start` is a word to the bot, `/tmp/soap.jpg` is not.
fn looks_like_a_path(text: &str) -> bool {
    let bare = text.trim_matches(['\'', '"']);
    let picture = [".jpg", ".jpeg", ".png", ".webp"];
    let ends = picture.iter().any(|end| bare.to_lowercase().ends_with(end));
    ends && (bare.contains('/') || !bare.contains(char::is_whitespace))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::chat::ChatKind;

    fn message(id: i64, buttons: &[&[&str]]) -> ChatMessage {
        let row = |row: &&[&str]| row.iter().map(|label| (*label).to_owned()).collect();
        ChatMessage {
            id,
            mine: false,
            kind: ChatKind::Text,
            text: String::new(),
            buttons: buttons.iter().map(row).collect(),
        }
    }

    #[test]
    fn the_newest_buttons_have_the_first_numbers() {
        let chat = [message(1, &[&["a"], &["b", "c"]]), message(2, &[]), message(3, &[&["d"]])];
        let all: Vec<_> = numbered(&chat).iter().map(|it| (it.message, it.button)).collect();
        assert_eq!(all, [(3, 0), (1, 0), (1, 1), (1, 2)]);
    }

    #[test]
    fn a_path_is_told_from_a_word() {
        for (text, path) in [
            ("/start", false),
            ("/tmp/my soap.JPG", true),
            ("soap.png", true),
            ("a mug, 450 ml", false),
            ("look at soap.png", false),
            ("'/tmp/my soap.jpg'", true),
        ] {
            assert_eq!(looks_like_a_path(text), path, "{text}");
        }
    }
}
