//! A customer's chat, for the demo: the console shows it and presses its buttons. Who makes a demo
//! brings one; the console knows no Telegram.

use std::path::{Path, PathBuf};

/// One customer's private chat with the bot.
pub trait Chat: Send {
    /// The messages as the customer sees them, oldest first, at most the last 200.
    fn messages(&self) -> Vec<ChatMessage>;
    /// Another number whenever something in the chat has changed.
    fn revision(&self) -> u64;
    /// Says something.
    fn say(&mut self, text: &str);
    /// Sends a photo by its path; an empty one sends a sample.
    ///
    /// # Errors
    /// What is wrong with the path, in words.
    fn send_photo(&mut self, path: &Path) -> anyhow::Result<()>;
    /// Presses a message's button, counted from 0 over its rows.
    ///
    /// # Errors
    /// The button is a link, or gone.
    fn press(&mut self, message_id: i64, button: usize) -> anyhow::Result<()>;
}

/// A message as its reader sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct ChatMessage {
    /// Telegram's.
    pub id: i64,
    /// The customer's own.
    pub mine: bool,
    /// What it is.
    pub kind: ChatKind,
    /// Its words without markup.
    pub text: String,
    /// Labels, in rows.
    pub buttons: Vec<Vec<String>>,
}

/// What a message is.
#[derive(Clone, Debug, PartialEq)]
pub enum ChatKind {
    /// Words.
    Text,
    /// A picture.
    Photo,
    /// A video.
    Video {
        /// Its length.
        seconds: u32,
        /// Pixels.
        width: u32,
        /// Pixels.
        height: u32,
        /// Its size.
        bytes: u64,
        /// Where it was saved.
        saved: Option<PathBuf>,
    },
    /// The short answer to a press, shown for a moment.
    Toast,
}
