//! What is open: selling to customers, submitting to the provider.

use super::{Done, record};
use crate::alerts;
use crate::audit::By;
use crate::clock::Millis;
use crate::db::Tx;
use crate::instance::{self, State};
use anyhow::{Result, bail};

/// The longest words to customers while selling is closed, in characters.
const NOTE_MAX: usize = 500;

/// Closes selling; what was sold goes on. `false`: it was closed already.
pub fn pause_selling(tx: &Tx<'_>, by: &By, now: Millis) -> Result<bool> {
    change(tx, by, "pause", now, |tx| instance::pause(tx, now))
}

/// The same with words for customers, who read them for as long as it is closed. `false`: it was
/// closed already, with the same words.
pub fn pause_selling_saying(tx: &Tx<'_>, by: &By, note: &str, now: Millis) -> Result<bool> {
    let note = note.trim();
    let chars = note.chars().count();
    if chars > NOTE_MAX {
        bail!("the note has {chars} characters: up to {NOTE_MAX} fit");
    }
    change_saying(tx, by, ("pause", note), now, |tx| {
        let closed = instance::pause(tx, now)?;
        Ok(instance::say_meanwhile(tx, note)? || closed)
    })
}

/// Submits nothing new to the provider: what was sold waits, what it works on goes on. `false`: it
/// was so already.
pub fn pause_submitting(tx: &Tx<'_>, by: &By, now: Millis) -> Result<bool> {
    change(tx, by, "pause submitting", now, |tx| instance::pause_submitting(tx, now))
}

/// Both: nothing new comes in, and nothing new goes out. `false`: it was so already.
pub fn drain(tx: &Tx<'_>, by: &By, now: Millis) -> Result<bool> {
    change(tx, by, "drain", now, |tx| {
        let (selling, submitting) =
            (instance::pause(tx, now)?, instance::pause_submitting(tx, now)?);
        Ok(selling || submitting)
    })
}

/// Opens everything that was closed by hand, and leaves safe mode. `false`: all was open.
pub fn resume(tx: &Tx<'_>, by: &By, now: Millis) -> Result<bool> {
    alerts::forget(tx, "safe-mode", now)?;
    change(tx, by, "resume", now, instance::resume)
}

fn change(
    tx: &Tx<'_>,
    by: &By,
    action: &str,
    now: Millis,
    change: impl FnOnce(&Tx<'_>) -> Result<bool>,
) -> Result<bool> {
    change_saying(tx, by, (action, ""), now, change)
}

fn change_saying(
    tx: &Tx<'_>,
    by: &By,
    (action, note): (&str, &str),
    now: Millis,
    change: impl FnOnce(&Tx<'_>) -> Result<bool>,
) -> Result<bool> {
    let before = words(instance::state(tx)?);
    let changed = change(tx)?;
    if changed {
        let after = words(instance::state(tx)?);
        let object = "selling and submitting".to_owned();
        record(tx, by, &Done { action, object, before, after, note }, now)?;
    }
    Ok(changed)
}

fn words(state: State) -> String {
    let closed = [
        (state.paused, "selling paused"),
        (state.submitting_paused, "submitting paused"),
        (state.safe_mode, "safe mode"),
    ];
    let closed: Vec<_> = closed.iter().filter(|(is, _)| *is).map(|(_, word)| *word).collect();
    if closed.is_empty() { "open".to_owned() } else { closed.join(", ") }
}
