//! What is drawn in a terminal. So far one picture: a demo at work ([`Progress`]).

mod chat;
mod progress;

pub use chat::{Chat, ChatKind, ChatMessage};
pub use progress::{Progress, Snapshot};
