//! What the operator sees and does, whichever way they come: the console, a command, or the chat.
//!
//! [`hands`] does: each function is one action in the caller's transaction, with its line in the
//! audit. The others read: each a screen's worth of facts as plain data, by short queries that walk
//! indexes, so that a picture costs the same after a year as on the first day.

pub mod alerts;
pub mod chat;
pub mod customers;
pub mod days;
pub mod effects;
pub mod failures;
pub mod hands;
pub mod head;
pub mod keys;
mod letters;
pub mod machine;
pub mod mailing;
pub mod models;
pub mod overview;
pub mod payments;
pub mod queue;
pub mod ratings;
pub mod report;
pub mod stats;
pub mod story;
pub mod trail;
pub mod watching;

pub use hands::Refused;

#[cfg(test)]
pub(crate) mod tests;
