//! Who did what by hand: every action of a command, a console or an administrator's chat.

use crate::clock::Millis;
use crate::db::Tx;
use anyhow::Result;
use rusqlite::named_params;

/// One action.
#[derive(Clone, Copy, Debug)]
pub struct Action<'a> {
    /// By which way: `command`, `console`, `chat`.
    pub actor: &'a str,
    /// The verb: `grant`, `pause`.
    pub action: &'a str,
    /// To what: `user 42`, `key ab12cd34`.
    pub object: &'a str,
    /// Before and after; empty where the verb says all.
    pub detail: &'a str,
}

/// Records it, in the transaction that does it.
pub fn record(tx: &Tx<'_>, what: &Action<'_>, now: Millis) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO audit (at, actor, action, object, detail)
         VALUES (:now, :actor, :action, :object, NULLIF(:detail, ''))",
    )?
    .execute(named_params! {
        ":now": now,
        ":actor": what.actor,
        ":action": what.action,
        ":object": what.object,
        ":detail": what.detail,
    })?;
    Ok(())
}
