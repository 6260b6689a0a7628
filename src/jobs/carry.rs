//! A start after a while in which nobody looked: the machine was off, or its clock was set anew.

use crate::clock::Millis;
use crate::db::Tx;
use crate::keys;
use anyhow::Result;
use rusqlite::named_params;

/// Moves what counts time by `by`, so that only time in which somebody looked counts: a render's
/// limit, a delivery's, and for how long nobody was reached. A clock that went back leaves no job
/// waiting for tomorrow, and a key's sliding window stays as full as it was. `by` may be negative.
pub fn carry(tx: &Tx<'_>, by: Millis, now: Millis) -> Result<()> {
    let params = named_params! { ":by": by, ":now": now };
    tx.execute(
        "UPDATE jobs
         SET submitted_at = MIN(submitted_at + :by, :now),
             unreached_since = MIN(unreached_since + :by, :now),
             step_since = MIN(step_since + :by, :now),
             due_at = CASE WHEN step IN ('render', 'deliver') OR :by < 0 THEN due_at + :by
                           ELSE due_at END
         WHERE status IN ('queued', 'processing')",
        params,
    )?;
    tx.execute(
        "UPDATE submits
         SET ended_at = MIN(ended_at + :by, :now)
         WHERE ended_at > MIN(:now - :by - :window, :now)",
        named_params! { ":by": by, ":now": now, ":window": keys::WINDOW },
    )?;
    Ok(())
}
