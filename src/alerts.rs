//! What the operator should know: one row per cause, told at once and not again for a day. A cause
//! that is a state ends where its end is noticed ([`end`]); one that is an event closes by itself
//! after a day of silence ([`settle`]). What comes and goes is told three times a day at most.

use crate::clock::{DAY, Millis};
use crate::db::Tx;
use crate::outbox::{self, Content};
use anyhow::Result;
use rusqlite::{Connection, OptionalExtension as _, named_params};

/// The same cause is told again after this time at the earliest; an event is over after it.
const QUIET: Millis = DAY;
/// How often a cause that ends and returns is told within a day.
const TELLS_A_DAY: i64 = 3;
/// Causes, or their beginnings, that have no end to notice: they happened.
const EVENTS: [&str; 7] =
    ["failed:", "gone:", "lost", "payment:", "recovered", "refund:", "undelivered"];

/// An alert as it stands before something is changed about it.
#[derive(Default)]
struct Row {
    told_at: Option<Millis>,
    ended_at: Option<Millis>,
    silent: bool,
    day_at: Option<Millis>,
    day_tells: i64,
}

/// What is to be done about a cause that came up.
struct Plan {
    /// It begins, or comes back.
    fresh: bool,
    tell: bool,
    silent: bool,
    day_at: Option<Millis>,
    day_tells: i64,
}

impl Row {
    /// Pure. A time in the future is that of a clock that was set back: it holds nothing up.
    fn plan(known: Option<&Self>, now: Millis) -> Plan {
        let fresh = known.is_none_or(|row| row.ended_at.is_some());
        let recently = |at: Millis, span| (0..span).contains(&(now - at));
        let none = Self::default();
        let row = known.unwrap_or(&none);
        let told = row.told_at.is_some_and(|at| recently(at, QUIET));
        let same_day = row.day_at.is_some_and(|at| recently(at, DAY));
        let (day_at, tells) = if same_day { (row.day_at, row.day_tells) } else { (Some(now), 0) };
        let tell = (fresh || row.silent || !told) && tells < TELLS_A_DAY;
        let silent = !tell && (fresh || row.silent);
        Plan { fresh, tell, silent, day_at, day_tells: tells + i64::from(tell) }
    }
}

/// Records `cause` and tells every administrator, unless they know. `html` never holds a secret.
pub fn raise(tx: &Tx<'_>, admins: &[i64], cause: &str, html: &str, now: Millis) -> Result<()> {
    begin(tx, admins, cause, html, now).map(drop)
}

/// The same of two causes at once: `html` says it all, and is told as `cause`.
pub fn raise_both(
    tx: &Tx<'_>,
    admins: &[i64],
    (cause, part): (&str, &str),
    html: &str,
    now: Millis,
) -> Result<()> {
    let silent = begin(tx, admins, cause, html, now)?;
    let known = read(tx, part)?;
    let plan = Row::plan(known.as_ref(), now);
    let heard = Plan { tell: plan.tell && !silent, silent: plan.silent || silent, ..plan };
    // Heard of in the other's words: that is no message of its own.
    keep(tx, part, html, &Plan { day_tells: known.map_or(0, |row| row.day_tells), ..heard }, now)
}

/// `true`: nobody hears of it, for it was told too often.
fn begin(tx: &Tx<'_>, admins: &[i64], cause: &str, html: &str, now: Millis) -> Result<bool> {
    let plan = Row::plan(read(tx, cause)?.as_ref(), now);
    keep(tx, cause, html, &plan, now)?;
    if plan.tell {
        tell(tx, admins, &format!("⚠️ {html}"), now)?;
    }
    Ok(plan.silent)
}

fn read(tx: &Tx<'_>, cause: &str) -> Result<Option<Row>> {
    let row = tx
        .prepare_cached(
            "SELECT told_at, ended_at, silent, day_at, day_tells
             FROM alerts
             WHERE cause = ?1",
        )?
        .query_row([cause], |row| {
            Ok(Row {
                told_at: row.get(0)?,
                ended_at: row.get(1)?,
                silent: row.get(2)?,
                day_at: row.get(3)?,
                day_tells: row.get(4)?,
            })
        })
        .optional()?;
    Ok(row)
}

fn keep(tx: &Tx<'_>, cause: &str, html: &str, plan: &Plan, now: Millis) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO alerts (cause, text, first_at, last_at, told_at, silent, day_at, day_tells)
         VALUES (:cause, :text, :now, :now, CASE WHEN :tell THEN :now END, :silent, :day_at,
                 :day_tells)
         ON CONFLICT (cause) DO UPDATE
         SET text = :text, last_at = :now, ended_at = NULL,
             first_at = CASE WHEN :fresh THEN :now ELSE first_at END,
             count = CASE WHEN :fresh THEN 1 ELSE count + 1 END,
             told_at = CASE WHEN :tell THEN :now ELSE told_at END,
             silent = :silent, day_at = :day_at, day_tells = :day_tells",
    )?
    .execute(named_params! {
        ":cause": cause,
        ":text": html,
        ":now": now,
        ":fresh": plan.fresh,
        ":tell": plan.tell,
        ":silent": plan.silent,
        ":day_at": plan.day_at,
        ":day_tells": plan.day_tells,
    })?;
    Ok(())
}

/// Whether a cause goes on.
pub fn is_open(conn: &Connection, cause: &str) -> Result<bool> {
    let mut open =
        conn.prepare_cached("SELECT 1 FROM alerts WHERE cause = ?1 AND ended_at IS NULL")?;
    Ok(open.exists([cause])?)
}

/// The cause is gone; says so where its beginning was told. The words say what works again.
pub fn end(tx: &Tx<'_>, admins: &[i64], cause: &str, html: &str, now: Millis) -> Result<()> {
    let silent: Option<bool> = tx
        .prepare_cached(
            "UPDATE alerts
             SET ended_at = ?2
             WHERE cause = ?1
               AND ended_at IS NULL
             RETURNING silent",
        )?
        .query_row((cause, now), |row| row.get(0))
        .optional()?;
    if silent == Some(false) {
        tell(tx, admins, &format!("✅ {html}"), now)?;
    }
    Ok(())
}

/// The cause is gone, and the operator knows: it was their hand, or another message says it.
pub fn forget(tx: &Tx<'_>, cause: &str, now: Millis) -> Result<()> {
    tx.prepare_cached("UPDATE alerts SET ended_at = ?2 WHERE cause = ?1 AND ended_at IS NULL")?
        .execute((cause, now))?;
    Ok(())
}

/// The open causes that begin so, without that beginning.
pub fn open(conn: &Connection, beginning: &str) -> Result<Vec<String>> {
    let mut query = conn.prepare_cached("SELECT cause FROM alerts WHERE ended_at IS NULL")?;
    let causes = query.query_map([], |row| row.get::<_, String>(0))?;
    let causes = causes.collect::<rusqlite::Result<Vec<_>>>()?;
    Ok(causes.iter().filter_map(|it| it.strip_prefix(beginning)).map(str::to_owned).collect())
}

/// Events that did not happen again for a day are over; nobody is told.
pub fn settle(tx: &Tx<'_>, now: Millis) -> Result<()> {
    let happened = |cause: &String| EVENTS.iter().any(|event| cause.starts_with(event));
    for cause in open(tx, "")?.iter().filter(|cause| happened(cause)) {
        tx.prepare_cached(
            "UPDATE alerts
             SET ended_at = last_at + :quiet
             WHERE cause = :cause
               AND ended_at IS NULL
               AND last_at <= :now - :quiet",
        )?
        .execute(named_params! { ":cause": cause, ":quiet": QUIET, ":now": now })?;
    }
    Ok(())
}

/// Deletes up to `limit` alerts that were over before `before`.
pub fn prune(tx: &Tx<'_>, before: Millis, limit: u32) -> Result<usize> {
    let sql = "DELETE FROM alerts
               WHERE cause IN (SELECT cause
                               FROM alerts
                               WHERE ended_at IS NOT NULL
                                 AND ended_at < ?1
                               LIMIT ?2)";
    Ok(tx.prepare_cached(sql)?.execute((before, limit))?)
}

/// The clock went back by `by`: what was told is not kept quiet any longer for that.
pub fn set_back(tx: &Tx<'_>, by: Millis) -> Result<()> {
    tx.execute(
        "UPDATE alerts
         SET told_at = told_at - ?1, last_at = last_at - ?1, day_at = day_at - ?1",
        [by],
    )?;
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

#[cfg(test)]
mod tests;
