//! Who did what by hand: every action of a command, a console or an administrator's chat.

use crate::clock::Millis;
use crate::db::Tx;
use anyhow::Result;
use rusqlite::named_params;

/// Whose hand it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct By {
    /// How they reached us.
    pub way: Way,
    /// The login name, or a Telegram id.
    pub who: String,
}

/// How an operator reaches the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// A command of the program.
    Command,
    /// The console.
    Console,
    /// An administrator's messages to the bot.
    Chat,
}

impl Way {
    /// As in `audit.way`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Command => "command",
            Self::Console => "console",
            Self::Chat => "chat",
        }
    }
}

/// One action. What is empty is left out.
#[derive(Clone, Debug, Default)]
pub struct Action<'a> {
    /// The verb: `grant`, `pause`.
    pub action: &'a str,
    /// To what: `user 42`, `key ab12cd34`.
    pub object: &'a str,
    /// What was so before.
    pub before: &'a str,
    /// What is so now.
    pub after: &'a str,
    /// Why, in the operator's words.
    pub note: &'a str,
}

/// Empties the words of all lines about `object`; that something was done stays. `after` holds words
/// only where it is what was written to somebody.
pub fn forget(tx: &Tx<'_>, object: &str) -> Result<()> {
    tx.execute(
        "UPDATE audit
         SET note = NULL, after = IIF(action IN ('message', 'answer'), NULL, after)
         WHERE object = ?1",
        [object],
    )?;
    Ok(())
}

/// Records it, in the transaction that does it.
pub fn record(tx: &Tx<'_>, by: &By, what: &Action<'_>, now: Millis) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO audit (at, way, who, action, object, before, after, note)
         VALUES (:now, :way, :who, :action, :object,
                 NULLIF(:before, ''), NULLIF(:after, ''), NULLIF(:note, ''))",
    )?
    .execute(named_params! {
        ":now": now,
        ":way": by.way.word(),
        ":who": by.who,
        ":action": what.action,
        ":object": what.object,
        ":before": what.before,
        ":after": what.after,
        ":note": what.note,
    })?;
    Ok(())
}
