//! A customer's chat, for the demo: the console shows it and presses its buttons. What is behind it
//! is the demo's business (`src/cli/demo/chat.rs`).

use std::path::{Path, PathBuf};

use crate::clock::Millis;
use crate::photo::Refusal;

/// Messages that are shown; older ones have scrolled away.
pub const MOST_MESSAGES: usize = 200;

/// One customer's chat with the bot.
pub trait Chat: Send {
    /// The messages as the customer sees them, oldest first, at most the last [`MOST_MESSAGES`].
    /// Also saves the videos that have come since the last call.
    fn messages(&self) -> Vec<ChatMessage>;

    /// Changes whenever something in the chat changed. Cheap.
    fn revision(&self) -> u64;

    /// Sends a text; what Telegram would cut off is cut off, nothing is sent for nothing.
    fn say(&mut self, text: &str);

    /// Sends a photo by its path as it was typed or dragged into the terminal: with quotes,
    /// backslashes, `~` or `file://`. An empty path sends a sample product.
    ///
    /// # Errors
    /// [`BadPhoto`], inside the `anyhow::Error`.
    fn send_photo(&mut self, path: &Path) -> anyhow::Result<()>;

    /// Presses a button of a message: its place in [`ChatMessage::buttons`], row after row from 0.
    ///
    /// # Errors
    /// There is no such button any more.
    fn press(&mut self, message_id: i64, button: usize) -> anyhow::Result<Pressed>;
}

/// A message as it stands in the chat.
#[derive(Clone, Debug, PartialEq)]
pub struct ChatMessage {
    /// Grows from message to message, of both directions.
    pub id: i64,
    /// The customer's own; else the bot's.
    pub mine: bool,
    /// What is in it beside the text.
    pub kind: ChatKind,
    /// Text or caption, without markup; may have several lines.
    pub text: String,
    /// The labels of its buttons, in rows.
    pub buttons: Vec<Vec<String>>,
    /// What the bot answered to the last press of one of them; empty answers are none.
    pub toast: Option<String>,
    /// When it was sent, unix milliseconds of the process clock.
    pub at: Millis,
}

/// What is in a message.
#[derive(Clone, Debug, PartialEq)]
pub enum ChatKind {
    /// Text only.
    Text,
    /// A photo.
    Photo,
    /// A video.
    Video {
        /// Its length.
        seconds: u32,
        /// In pixels.
        width: u32,
        /// In pixels.
        height: u32,
        /// The file's size.
        bytes: usize,
        /// Where it was saved; `None`: it could not be.
        saved: Option<PathBuf>,
    },
}

/// What came of a press.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pressed {
    /// The bot hears of it.
    Sent,
    /// It is a link: this is what Telegram would open.
    Opens(String),
    /// A kind of button that only Telegram's own apps can press.
    NotHere,
}

/// Why a photo was not sent. Its words are a command's; the console has its own for each.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadPhoto {
    /// It cannot be read: nothing there, or no right to.
    #[error("cannot read {path}: {why}")]
    Unreadable {
        /// As it was looked for.
        path: PathBuf,
        /// In the system's words.
        why: String,
    },
    /// A folder, a device.
    #[error("{0} is no file")]
    NoFile(PathBuf),
    /// Over Telegram's limit for bots.
    #[error("{0} is over 20 MB: Telegram would not give it to a bot")]
    TooLarge(PathBuf),
    /// Not a picture that can be used.
    #[error("{path} cannot be used as a photo: {why}")]
    Unusable {
        /// As it was looked for.
        path: PathBuf,
        /// What is wrong with it.
        why: Refusal,
    },
}
