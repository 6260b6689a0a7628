//! What is drawn in a terminal. So far one picture: a demo at work ([`Progress`]).

pub mod chat;
mod progress;

pub use progress::{Progress, Snapshot};
