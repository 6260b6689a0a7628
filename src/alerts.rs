//! What the operator should know: one row per cause, told at once and not again for a day.

use crate::clock::{DAY, Millis};
use crate::db::Tx;
use crate::outbox::{self, Content};
use anyhow::Result;
use rusqlite::{OptionalExtension as _, named_params};

/// The same cause is told again after this time at the earliest.
const QUIET: Millis = DAY;

/// Records `cause` and, unless it was told within a day, tells every administrator. `html`
/// never holds a secret.
pub fn raise(tx: &Tx<'_>, admins: &[i64], cause: &str, html: &str, now: Millis) -> Result<()> {
    let told_at: Option<Millis> = tx
        .prepare_cached("SELECT told_at FROM alerts WHERE cause = ?1 AND ended_at IS NULL")?
        .query_row([cause], |row| row.get(0))
        .optional()?
        .flatten();
    let due = told_at.is_none_or(|at| now - at >= QUIET);
    tx.prepare_cached(
        "INSERT INTO alerts (cause, text, first_at, last_at, told_at)
         VALUES (:cause, :text, :now, :now, :now)
         ON CONFLICT (cause) DO UPDATE
         SET text = :text, last_at = :now, count = count + 1, ended_at = NULL,
             told_at = CASE WHEN :due THEN :now ELSE told_at END",
    )?
    .execute(named_params! { ":cause": cause, ":text": html, ":now": now, ":due": due })?;
    if due {
        tell(tx, admins, &format!("⚠️ {html}"), now)?;
    }
    Ok(())
}

/// The cause is gone; says so where it was told. The words say what works again.
pub fn end(tx: &Tx<'_>, admins: &[i64], cause: &str, html: &str, now: Millis) -> Result<()> {
    let ended = tx
        .prepare_cached("UPDATE alerts SET ended_at = ?2 WHERE cause = ?1 AND ended_at IS NULL")?
        .execute((cause, now))?;
    if ended == 1 {
        tell(tx, admins, &format!("✅ {html}"), now)?;
    }
    Ok(())
}

/// A message to every administrator, without a cause to remember.
pub fn tell(tx: &Tx<'_>, admins: &[i64], html: &str, now: Millis) -> Result<()> {
    tracing::warn!(alert = html, "told the operator");
    for admin in admins {
        outbox::put(tx, *admin, None, &Content::text(html), None, now)?;
    }
    Ok(())
}
