//! The operator's hands: what can be done to orders, customers, keys, models and selling. Each
//! function is one action with its line in the audit, in the caller's transaction. `bool`: whether
//! it changed anything; what changed nothing leaves no line.

mod broadcasts;
mod customers;
mod payments;
mod promos;
mod selling;
mod services;
mod tickets;
mod videos;

pub use broadcasts::{
    draft_broadcast, pause_broadcast, resume_broadcast, start_broadcast, stop_broadcast,
};
pub use tickets::answer;

pub use customers::{CREDITS_MAX, Gift, MESSAGE_MAX, ban, grant, unban, write_to};
pub use promos::{NewPromo, PROMO_MAX, close_promo, make_promo};
pub use selling::{drain, pause_selling, pause_selling_saying, pause_submitting, resume};
pub use services::{ask_balance, block_key, key_at, key_named, switch_model, unblock_key};
pub use videos::{RETRIES_MAX, Several, cancel, each, hurry, raise, retry, retry_all};

pub use payments::{Refund, begin_refund, drop_refund, end_refund, weigh_refund};

use crate::audit::{self, Action, By};
use crate::clock::Millis;
use crate::db::{JobId, Tx};
use crate::text::shorten;
use anyhow::Result;

/// How much of a note is kept, in characters.
const NOTE_KEPT: usize = 500;

/// Why an action was not done. Its words are a command's; the console has its own for each.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// No such job.
    #[error("there is no job {0}: `neurocards jobs` lists the newest")]
    NoJob(JobId),
    /// It has ended.
    #[error("job {0} has ended: `neurocards retry {0}` runs it again")]
    Ended(JobId),
    /// It has not ended: only what has is run again.
    #[error("job {0} has not ended: `neurocards cancel {0}` ends it")]
    StillRuns(JobId),
    /// Of several that are to run again, one that was run again before.
    #[error("job {0} was run again before: `neurocards retry {0}` alone does it once more")]
    RunAgain(JobId),
    /// Its wait is over.
    #[error("job {0} is due already: it waits for a thread")]
    Due(JobId),
    /// A thread works on it at this moment.
    #[error("job {0} is being worked on at this moment: look again in a while")]
    InWork(JobId),
    /// It waits for somebody else, and no hurry of ours helps: the provider, or Telegram.
    #[error("job {job} is at {step}: it is looked at by itself, nothing can be hurried")]
    NotOurs {
        /// The job.
        job: JobId,
        /// As in `jobs.step`.
        step: &'static str,
    },
    /// It waits for its createTask, and nothing is submitted now.
    #[error("job {0} waits because nothing is submitted now: `neurocards resume` lets it go")]
    SubmitsHeld(JobId),
    /// No higher priority is given by hand.
    #[error("job {0} has the highest priority already")]
    TopPriority(JobId),
    /// More at once than anybody means.
    #[error("{0} jobs at once are too many: up to {RETRIES_MAX}")]
    TooMany(usize),
    /// Nobody with this Telegram id.
    #[error("no user {0}: they have to write to the bot first")]
    NoUser(i64),
    /// A grant of nothing.
    #[error("0 credits change nothing")]
    NoCredits,
    /// More at once than anybody means, or a slip of the keyboard.
    #[error("{0} credits at once are too many: up to {CREDITS_MAX}")]
    TooMuch(i64),
    /// More would be taken back than there is.
    #[error("user {user} has {}: {wanted} cannot be taken back", in_words(*balance))]
    TooFew {
        /// Their Telegram id.
        user: i64,
        /// What they have.
        balance: i64,
        /// What was to be taken.
        wanted: i64,
    },
    /// A message without words.
    #[error("the message is empty: write what they are to read")]
    NoWords,
    /// A message that Telegram would not take, with its characters.
    #[error("the message has {0} characters: up to {MESSAGE_MAX} fit, and most emoji count as two")]
    TooLong(usize),
    /// No key with this number in the configuration.
    #[error("there is no key {0}: `neurocards keys` lists them")]
    NoKey(u32),
    /// No key with this fingerprint in the configuration.
    #[error("there is no key {0}: `neurocards keys` lists them")]
    UnknownKey(String),
    /// No such model in `[kie] models` or in a choice.
    #[error("no model {0} is in [kie] models or in a [[choice]]: {1}")]
    NoModel(String, String),
    /// No payment with this charge id.
    #[error("there is no payment {0}: `neurocards payments` lists them")]
    NoPayment(String),
    /// Credits, uses or days that a promo code cannot have.
    #[error("{0} is not possible: credits, uses and days are from 1 to {PROMO_MAX}")]
    PromoNumber(i64),
    /// No name for a promo code, or one that is taken.
    #[error("the code {0} is taken or can be none: write up to 32 letters, digits, - and _")]
    PromoCode(String),
    /// The Stars went back before.
    #[error("payment {0} went back before: nothing is left to do")]
    Refunded(String),
}

/// The line in the audit.
fn record(tx: &Tx<'_>, by: &By, done: &Done<'_>, now: Millis) -> Result<()> {
    let Done { action, object, before, after, note } = done;
    let note = &shorten(note, NOTE_KEPT);
    audit::record(tx, by, &Action { action, object, before, after, note }, now)
}

/// What was done, in words. What is empty is left out.
#[derive(Default)]
struct Done<'a> {
    action: &'a str,
    object: String,
    before: String,
    after: String,
    note: &'a str,
}

/// "1 credit", "2 credits": as the audit and the commands say them.
pub fn in_words(credits: i64) -> String {
    if credits == 1 { "1 credit".to_owned() } else { format!("{credits} credits") }
}

#[cfg(test)]
mod tests;
