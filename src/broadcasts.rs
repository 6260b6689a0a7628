//! Broadcasts: what the operator writes to many.
//!
//! ```text
//! draft ── running ⇄ paused
//!   │         ├── done: everybody's message was sent or given up
//!   └─────────┴── stopped
//! ```
//! Recipients are taken in the order of their ids, a few at a time, so that neither memory nor the
//! outbox ever holds all of them. `bookmark` moves in the commit that writes their messages: whoever
//! is behind it has got one, whoever is before it has not, whatever dies in between.

use crate::clock::{DAY, Millis};
use crate::db::Tx;
use crate::outbox::{self, Button, Content};
use crate::text::Lang;
use anyhow::Result;
use rusqlite::{Connection, OptionalExtension as _, Row, named_params};

/// Messages that nobody has tried to send yet, at most: what still goes after a pause.
pub const AHEAD: i64 = 20;
/// Messages that wait at most, with those that Telegram did not take so far.
pub const WAITING_MAX: i64 = 500;
/// Customers looked at in one go, whether or not the message is for them.
const WINDOW: i64 = 20_000;

/// To whom.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Segment {
    /// Only who has paid, and did not get it all back.
    pub payers: bool,
    /// Only who ordered nothing for so many days.
    pub idle_days: Option<i64>,
    /// Only who reads this language.
    pub lang: Option<Lang>,
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Draft,
    Running,
    Paused,
    Stopped,
    Done,
}

impl State {
    fn of(word: &str) -> Self {
        match word {
            "running" => Self::Running,
            "paused" => Self::Paused,
            "stopped" => Self::Stopped,
            "done" => Self::Done,
            _ => Self::Draft,
        }
    }
}

/// One, as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broadcast {
    /// The row.
    pub id: i64,
    /// The administrator whose chat shows it.
    pub author: i64,
    /// What everybody reads.
    pub html: String,
    /// To whom.
    pub segment: Segment,
    /// How far it is.
    pub state: State,
    /// Recipients, as counted when it was last shown.
    pub total: i64,
    /// Users up to this id were looked at.
    pub bookmark: i64,
    /// The last one who is.
    pub last_user: i64,
    /// Messages written.
    pub queued: i64,
    /// Messages that Telegram took.
    pub sent: i64,
}

const SELECT: &str = "SELECT id, author, html, payers, idle_days, language, state, total, bookmark,
        COALESCE(last_user, 0), queued, sent
 FROM broadcasts";

fn read(row: &Row<'_>) -> rusqlite::Result<Broadcast> {
    let lang: Option<String> = row.get(5)?;
    Ok(Broadcast {
        id: row.get(0)?,
        author: row.get(1)?,
        html: row.get(2)?,
        segment: Segment {
            payers: row.get(3)?,
            idle_days: row.get(4)?,
            lang: lang.as_deref().map(Lang::from_code),
        },
        state: State::of(&row.get::<_, String>(6)?),
        total: row.get(7)?,
        bookmark: row.get(8)?,
        last_user: row.get(9)?,
        queued: row.get(10)?,
        sent: row.get(11)?,
    })
}

/// A draft to everybody; returns its id.
pub fn draft(tx: &Tx<'_>, author: i64, html: &str, total: i64, now: Millis) -> Result<i64> {
    tx.execute(
        "INSERT INTO broadcasts (author, html, total, made_at) VALUES (?1, ?2, ?3, ?4)",
        (author, html, total, now),
    )?;
    Ok(tx.last_insert_rowid())
}

/// One of them.
pub fn get(conn: &Connection, id: i64) -> Result<Option<Broadcast>> {
    let sql = format!("{SELECT} WHERE id = ?1");
    Ok(conn.prepare_cached(&sql)?.query_row([id], read).optional()?)
}

/// Those that are being sent, the oldest first, so many at most.
pub fn running(conn: &Connection) -> Result<Vec<Broadcast>> {
    let sql = format!(
        "{SELECT} WHERE state IN ('running', 'paused') AND state = 'running' ORDER BY id LIMIT 100"
    );
    let mut query = conn.prepare_cached(&sql)?;
    let rows = query.query_map([], read)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// A draft is for others, and there are so many of them.
pub fn aim(tx: &Tx<'_>, id: i64, segment: Segment, total: i64) -> Result<()> {
    tx.execute(
        "UPDATE broadcasts
         SET payers = :payers, idle_days = :idle_days, language = :language, total = :total
         WHERE id = :id AND state = 'draft'",
        named_params! {
            ":id": id,
            ":payers": segment.payers,
            ":idle_days": segment.idle_days,
            ":language": segment.lang.map(Lang::code),
            ":total": total,
        },
    )?;
    Ok(())
}

/// A draft begins to be sent, to whoever is there by now. `false`: it was none any more.
pub fn start(tx: &Tx<'_>, id: i64, now: Millis) -> Result<bool> {
    let changed = tx.execute(
        "UPDATE broadcasts
         SET state = 'running', started_at = ?2,
             last_user = (SELECT COALESCE(MAX(id), 0) FROM users)
         WHERE id = ?1 AND state = 'draft'",
        (id, now),
    )?;
    Ok(changed == 1)
}

/// Writes no more messages until [`go_on`]. `false`: it was not being sent.
pub fn pause(tx: &Tx<'_>, id: i64) -> Result<bool> {
    let sql = "UPDATE broadcasts SET state = 'paused' WHERE id = ?1 AND state = 'running'";
    Ok(tx.execute(sql, [id])? == 1)
}

/// Goes on after a pause. `false`: there was none.
pub fn go_on(tx: &Tx<'_>, id: i64) -> Result<bool> {
    let sql = "UPDATE broadcasts SET state = 'running' WHERE id = ?1 AND state = 'paused'";
    Ok(tx.execute(sql, [id])? == 1)
}

/// Ends it for good, a draft as well. `false`: it had ended.
pub fn stop(tx: &Tx<'_>, id: i64, now: Millis) -> Result<bool> {
    let changed = tx.execute(
        "UPDATE broadcasts
         SET state = 'stopped', finished_at = ?2
         WHERE id = ?1 AND finished_at IS NULL",
        (id, now),
    )?;
    Ok(changed == 1)
}

/// Who gets it: everybody whom a message reaches, as far as the segment goes. `from`, `to`: the ids
/// that are looked at, the first one not among them.
const RECIPIENTS: &str = "
 FROM users
 WHERE id > :from
   AND id <= :to
   AND blocked_at IS NULL
   AND banned_at IS NULL
   AND deleted_at IS NULL
   AND (:language IS NULL OR language = :language)
   AND (:payers = 0 OR EXISTS (SELECT 1
                               FROM payments
                               WHERE user_id = users.id
                                 AND refunded_at IS NULL))
   AND (:idle_since IS NULL
        OR (created_at < :idle_since
            AND NOT EXISTS (SELECT 1
                            FROM orders
                            WHERE user_id = users.id
                              AND created_at >= :idle_since)))";

/// How many get it. Looks at every customer: never in a transaction that others wait for.
pub fn count(conn: &Connection, segment: Segment, now: Millis) -> Result<i64> {
    let sql = format!("SELECT COUNT(*) {RECIPIENTS}");
    Ok(conn.prepare_cached(&sql)?.query_row(
        named_params! {
            ":from": 0,
            ":to": i64::MAX,
            ":language": segment.lang.map(Lang::code),
            ":payers": segment.payers,
            ":idle_since": segment.idle_days.map(|days| now - days * DAY),
        },
        |row| row.get(0),
    )?)
}

/// Those whose turn it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// Id of ours, Telegram's, and the language.
    pub people: Vec<(i64, i64, Lang)>,
    /// Users up to this id were looked at.
    pub bookmark: i64,
}

/// The next recipients after the bookmark, `limit` at most. Empty with the bookmark at the end: all
/// were looked at.
pub fn turn(conn: &Connection, it: &Broadcast, limit: i64, now: Millis) -> Result<Turn> {
    let to = (it.bookmark + WINDOW).min(it.last_user);
    let sql = format!("SELECT id, tg_user_id, language {RECIPIENTS} ORDER BY id LIMIT :limit");
    let mut query = conn.prepare_cached(&sql)?;
    let rows = query.query_map(
        named_params! {
            ":from": it.bookmark,
            ":to": to,
            ":language": it.segment.lang.map(Lang::code),
            ":payers": it.segment.payers,
            ":idle_since": it.segment.idle_days.map(|days| now - days * DAY),
            ":limit": limit,
        },
        |row| Ok((row.get(0)?, row.get(1)?, Lang::from_code(&row.get::<_, String>(2)?))),
    )?;
    let people: Vec<(i64, i64, Lang)> = rows.collect::<rusqlite::Result<_>>()?;
    let full = people.len() as i64 == limit;
    let bookmark = if full { people.last().map_or(to, |(id, ..)| *id) } else { to };
    Ok(Turn { people, bookmark })
}

/// Messages of a broadcast that wait to be sent. Walks what is pending, which is little.
pub fn waiting(conn: &Connection, id: i64) -> Result<i64> {
    Ok(conn
        .prepare_cached(
            "SELECT COUNT(*)
             FROM outbox
             WHERE state = 'pending'
               AND +key BETWEEN ?1 AND ?2",
        )?
        .query_row(keys(id), |row| row.get(0))?)
}

/// How many more messages may be written now; nothing before half of [`AHEAD`] is under way. A chat
/// that takes nothing for hours is tried again and again, and the others do not wait for it.
pub fn room(conn: &Connection, id: i64) -> Result<i64> {
    let (from, to) = keys(id);
    let (untried, all): (i64, i64) = conn
        .prepare_cached(
            "SELECT COUNT(*) FILTER (WHERE tries = 0), COUNT(*)
             FROM outbox
             WHERE state = 'pending'
               AND +key BETWEEN ?1 AND ?2",
        )?
        .query_row((from, to), |row| Ok((row.get(0)?, row.get(1)?)))?;
    let room = (AHEAD - untried).min(WAITING_MAX - all);
    Ok(if untried <= AHEAD / 2 { room.max(0) } else { 0 })
}

/// The keys of its messages lie between these: a colon comes before a semicolon.
fn keys(id: i64) -> (String, String) {
    (format!("{}{id}:", outbox::BROADCAST), format!("{}{id};", outbox::BROADCAST))
}

/// Writes the messages of a turn. `false`: somebody else moved on, or it is not being sent.
pub fn write(
    tx: &Tx<'_>,
    it: &Broadcast,
    turn: &Turn,
    button: impl Fn(Lang) -> Button,
    now: Millis,
) -> Result<bool> {
    let moved = tx.execute(
        "UPDATE broadcasts
         SET bookmark = :to, queued = queued + :count
         WHERE id = :id AND bookmark = :from AND state = 'running'",
        named_params! {
            ":id": it.id,
            ":from": it.bookmark,
            ":to": turn.bookmark,
            ":count": turn.people.len() as i64,
        },
    )?;
    if moved == 0 {
        return Ok(false);
    }
    for (id, tg_user_id, lang) in &turn.people {
        let key = format!("{}{}:{id}", outbox::BROADCAST, it.id);
        let content = content(&it.html, button(*lang));
        outbox::put(tx, *tg_user_id, Some(&key), &content, None, now)?;
    }
    Ok(true)
}

/// The message as everybody gets it.
pub fn content(html: &str, button: Button) -> Content {
    Content::text(html).with_buttons(vec![vec![button]])
}

/// Telegram took the message with this key: its words are in the chat, and kept once.
pub fn sent(tx: &Tx<'_>, key: &str) -> Result<()> {
    let Some(rest) = key.strip_prefix(outbox::BROADCAST) else { return Ok(()) };
    let Some(id) = rest.split(':').next().and_then(|id| id.parse::<i64>().ok()) else {
        return Ok(());
    };
    tx.prepare_cached("UPDATE broadcasts SET sent = sent + 1 WHERE id = ?1")?.execute([id])?;
    outbox::forget_key(tx, key)
}

/// Everybody was looked at and nothing waits. `false`: not yet.
pub fn finish(tx: &Tx<'_>, id: i64, now: Millis) -> Result<bool> {
    if waiting(tx, id)? > 0 {
        return Ok(false);
    }
    let changed = tx.execute(
        "UPDATE broadcasts
         SET state = 'done', finished_at = ?2
         WHERE id = ?1 AND state = 'running' AND bookmark >= last_user",
        (id, now),
    )?;
    Ok(changed == 1)
}

/// Deletes up to `limit` messages of broadcasts that ended before `before`, and then the broadcast's
/// words. Returns how many rows.
pub fn prune(tx: &Tx<'_>, before: Millis, limit: u32) -> Result<usize> {
    let old: Option<i64> = tx
        .prepare_cached(
            "SELECT id
             FROM broadcasts
             WHERE finished_at < ?1
             ORDER BY id
             LIMIT 1",
        )?
        .query_row([before], |row| row.get(0))
        .optional()?;
    let Some(id) = old else { return Ok(0) };
    let (from, to) = keys(id);
    let pruned = outbox::prune_keys(tx, &from, &to, limit)?;
    if pruned < limit as usize {
        tx.execute("DELETE FROM broadcasts WHERE id = ?1", [id])?;
    }
    Ok(pruned)
}

/// Deletes up to `limit` drafts that were made before `before`: nobody sends them any more.
pub fn prune_drafts(tx: &Tx<'_>, before: Millis, limit: u32) -> Result<usize> {
    let sql = "DELETE FROM broadcasts
               WHERE id IN (SELECT id
                            FROM broadcasts
                            WHERE state = 'draft'
                              AND made_at < ?1
                            LIMIT ?2)";
    Ok(tx.prepare_cached(sql)?.execute((before, limit))?)
}

#[cfg(test)]
mod tests;
