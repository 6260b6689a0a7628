//! The operator's hands: what can be done to orders, customers, keys and selling. Each function is
//! one action with its line in the audit, in the caller's transaction.

mod payments;

pub use payments::{Refund, begin_refund, drop_refund, end_refund, weigh_refund};

use crate::audit::{self, Action, By};
use crate::clock::Millis;
use crate::db::{JobId, Tx};
use crate::flow;
use crate::instance;
use crate::jobs;
use crate::keys;
use crate::ledger::{self, Grant, Granted};
use crate::orders::{self, Shop};
use crate::users;
use anyhow::Result;
use rusqlite::OptionalExtension as _;

/// Why an action was not done. Its words are a command's; the console has its own for each.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// No such job.
    #[error("there is no job {0}: `neurocards jobs` lists the newest")]
    NoJob(JobId),
    /// It has ended.
    #[error("job {0} has ended: there is nothing to cancel")]
    Ended(JobId),
    /// Nobody with this Telegram id.
    #[error("no user {0}: they have to write to the bot first")]
    NoUser(i64),
    /// A grant of nothing.
    #[error("0 credits change nothing")]
    NoCredits,
    /// More would be taken back than there is.
    #[error("user {user} has {balance} credits: {wanted} cannot be taken back")]
    TooFew {
        /// Their Telegram id.
        user: i64,
        /// What they have.
        balance: i64,
        /// What was to be taken.
        wanted: i64,
    },
    /// No key with this number in the configuration.
    #[error("there is no key {0}: `neurocards keys` lists them")]
    NoKey(u32),
    /// No payment with this charge id.
    #[error("there is no payment {0}: `neurocards payments` lists them")]
    NoPayment(String),
    /// The Stars went back before.
    #[error("payment {0} went back before: nothing is left to do")]
    Refunded(String),
}

/// Gives credits, or takes them back with a negative number; the customer is told. Returns their
/// balance.
pub fn grant(tx: &Tx<'_>, shop: &Shop, by: &By, gift: &Gift<'_>, now: Millis) -> Result<i64> {
    let Gift { tg_user_id, credits, note } = *gift;
    if credits == 0 {
        return Err(Refused::NoCredits.into());
    }
    let Some(user) = users::by_tg(tx, tg_user_id)? else {
        return Err(Refused::NoUser(tg_user_id).into());
    };
    let gift = Grant {
        user: user.id,
        credits,
        key: None,
        actor: "operator",
        note: Some(note).filter(|note| !note.is_empty()),
    };
    let balance = match ledger::grant(tx, &gift, now)? {
        Granted::Done(balance) => balance,
        Granted::TooFew(balance) => {
            let wanted = -credits;
            return Err(Refused::TooFew { user: tg_user_id, balance, wanted }.into());
        }
        Granted::Already => anyhow::bail!("a grant without a key was made before"),
    };
    let (object, before, after) = (
        user_object(tg_user_id),
        format!("{} credits", user.credits),
        format!("{balance} credits"),
    );
    let action = Action { action: "grant", object: &object, before: &before, after: &after, note };
    audit::record(tx, by, &action, now)?;
    flow::granted(tx, &shop.texts, &user, credits, balance, now)?;
    Ok(balance)
}

/// A grant by hand.
#[derive(Clone, Copy, Debug)]
pub struct Gift<'a> {
    /// To whom.
    pub tg_user_id: i64,
    /// How many; negative takes back.
    pub credits: i64,
    /// Why; empty: nobody said.
    pub note: &'a str,
}

/// Runs a job again as a new one at the operator's cost. Returns the new job.
pub fn retry(tx: &Tx<'_>, by: &By, id: JobId, now: Millis) -> Result<JobId> {
    let Some(new) = jobs::rerun(tx, id, now)? else { return Err(Refused::NoJob(id).into()) };
    let (object, after) = (job_object(id), format!("runs again as job {new}"));
    let action = Action { action: "retry", object: &object, after: &after, ..Action::default() };
    audit::record(tx, by, &action, now)?;
    Ok(new)
}

/// Cancels a job. The credit goes back at once; what renders is paid to the provider all the same.
/// Returns the credits that went back.
pub fn cancel(tx: &Tx<'_>, shop: &Shop, by: &By, id: JobId, now: Millis) -> Result<i64> {
    let Some(job) = jobs::get(tx, id)? else { return Err(Refused::NoJob(id).into()) };
    let Some(back) = orders::cancel(tx, shop, id, now)? else {
        return Err(Refused::Ended(id).into());
    };
    let (object, before) = (job_object(id), format!("at {}", job.step.word()));
    let after = format!("canceled, {back} credits back");
    let action = Action {
        action: "cancel",
        object: &object,
        before: &before,
        after: &after,
        ..Action::default()
    };
    audit::record(tx, by, &action, now)?;
    Ok(back)
}

/// Puts a blocked key back into service, by its number in the configuration from 1. `false`: it
/// was not blocked.
pub fn unblock_key(tx: &Tx<'_>, by: &By, position: u32, now: Millis) -> Result<bool> {
    let fingerprint = key_at(tx, position)?;
    let unblocked = keys::unblock(tx, &fingerprint)?;
    if unblocked {
        let object = format!("key {fingerprint}");
        let action = Action {
            action: "unblock",
            object: &object,
            before: "blocked",
            after: "free",
            ..Action::default()
        };
        audit::record(tx, by, &action, now)?;
    }
    Ok(unblocked)
}

fn key_at(tx: &Tx<'_>, position: u32) -> Result<String> {
    let fingerprint: Option<String> = tx
        .query_row(
            "SELECT fingerprint
             FROM api_keys
             WHERE position = ?1
               AND configured = 1",
            [position],
            |row| row.get(0),
        )
        .optional()?;
    fingerprint.ok_or_else(|| Refused::NoKey(position).into())
}

/// Closes selling; what was sold goes on. `false`: it was closed already.
pub fn pause_selling(tx: &Tx<'_>, by: &By, now: Millis) -> Result<bool> {
    let changed = instance::pause(tx, now)?;
    if changed {
        let action = Action {
            action: "pause",
            object: "selling",
            before: "open",
            after: "closed",
            ..Action::default()
        };
        audit::record(tx, by, &action, now)?;
    }
    Ok(changed)
}

/// Opens everything that was closed by hand, and leaves safe mode. `false`: all was open.
pub fn resume(tx: &Tx<'_>, by: &By, now: Millis) -> Result<bool> {
    let changed = instance::resume(tx)?;
    if changed {
        let action = Action {
            action: "resume",
            object: "selling",
            before: "closed",
            after: "open",
            ..Action::default()
        };
        audit::record(tx, by, &action, now)?;
    }
    Ok(changed)
}

fn user_object(tg_user_id: i64) -> String {
    format!("user {tg_user_id}")
}

fn job_object(id: JobId) -> String {
    format!("job {id}")
}
