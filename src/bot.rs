//! The bot: the edge towards Telegram. The poller fills the inbox, the sender empties the outbox;
//! they meet the rest of the program only in these tables.

pub mod download;
pub mod limiter;
pub mod poller;
pub mod sender;
pub mod telegram;
pub mod updates;
