//! Messages as they should be. Whoever has something to say [`put`]s a row in the transaction that
//! makes it true; the bot's sender makes Telegram's side equal to the rows and reports back here.
//!
//! ```text
//! pending ── sent ── put with other content: pending again (an edit)
//!    └────── dropped: refused or undeliverable, never touched again
//! ```
//! The order of sending is `seq`, per chat. What is in flight is not visible in a row: the sender
//! names the revision that it sent, and a row that moved on meanwhile stays pending.

mod about;
mod content;
mod queue;

#[cfg(test)]
mod tests;

pub use about::About;
pub use content::{Button, Content, Does, HTML_MAX, TEXT_MAX, length, plain};
pub use queue::{
    Class, Waiting, forget_file_id, keep_file_id, known_file_id, load_after, oldest_pending,
};

use anyhow::Context;
use rusqlite::{Connection, OptionalExtension, named_params};

use crate::clock::Millis;
use crate::db::Tx;

/// The longest error text that is kept, in characters.
const ERROR_LENGTH: usize = 500;

/// A message, its content read.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    pub id: i64,
    /// Order of sending; moves to the end with a new revision.
    pub seq: i64,
    pub chat_id: i64,
    pub key: Option<String>,
    pub content: Content,
    /// Counts the contents that this row had.
    pub rev: i64,
    /// The revision that Telegram shows; 0: none yet.
    pub sent_rev: i64,
    /// `None`: to be sent; else to be edited.
    pub message_id: Option<i64>,
    /// Sending it delivers this job.
    pub job_id: Option<i64>,
    /// The order of the video that this is; for the log.
    pub order_id: Option<i64>,
    pub state: State,
    pub due_at: Millis,
    /// Failed tries of the newest content.
    pub tries: i64,
    /// Calls whose answer never came.
    pub lost: i64,
    pub created_at: Millis,
}

/// Where a message stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The sender has something to do.
    Pending,
    /// Telegram shows the newest revision.
    Sent,
    /// Given up; its error says why.
    Dropped,
}

/// Says something to a chat; returns the row's id.
///
/// With a key that has a row already, that message is changed instead: in place while it waits,
/// by an edit (at the end of the queue) after it was sent. The same content again writes nothing,
/// a dropped message stays dropped, and a callback's answer, once given, stays.
pub fn put(
    tx: &Tx<'_>,
    chat_id: i64,
    key: Option<&str>,
    content: &Content,
    job_id: Option<i64>,
    now: Millis,
) -> anyhow::Result<i64> {
    let json = serde_json::to_string(content)?;
    let known = match key {
        Some(key) => known(tx, key)?,
        None => None,
    };
    let Some(known) = known else {
        return insert(tx, chat_id, key, &json, job_id, now);
    };
    let answered = known.state == "sent" && matches!(content, Content::Answer { .. });
    if known.content == json || known.state == "dropped" || answered {
        return Ok(known.id);
    }
    tx.prepare_cached(
        "UPDATE outbox
         SET content = :content,
             rev = rev + 1,
             tries = 0,
             job_id = COALESCE(:job_id, job_id),
             seq = CASE state WHEN 'sent' THEN (SELECT MAX(seq) + 1 FROM outbox) ELSE seq END,
             due_at = CASE state WHEN 'sent' THEN 0 ELSE due_at END,
             state = 'pending'
         WHERE id = :id",
    )?
    .execute(named_params! { ":id": known.id, ":content": json, ":job_id": job_id })
    .context("changing a message")?;
    Ok(known.id)
}

struct Known {
    id: i64,
    state: String,
    content: String,
}

fn known(tx: &Tx<'_>, key: &str) -> anyhow::Result<Option<Known>> {
    tx.prepare_cached("SELECT id, state, content FROM outbox WHERE key = :key")?
        .query_row(named_params! { ":key": key }, |row| {
            Ok(Known { id: row.get(0)?, state: row.get(1)?, content: row.get(2)? })
        })
        .optional()
        .context("looking for a message")
}

fn insert(
    tx: &Tx<'_>,
    chat_id: i64,
    key: Option<&str>,
    content: &str,
    job_id: Option<i64>,
    now: Millis,
) -> anyhow::Result<i64> {
    tx.prepare_cached(
        "INSERT INTO outbox (seq, chat_id, key, content, job_id, created_at)
         VALUES ((SELECT COALESCE(MAX(seq), 0) + 1 FROM outbox),
                 :chat_id, :key, :content, :job_id, :now)",
    )?
    .execute(named_params! {
        ":chat_id": chat_id,
        ":key": key,
        ":content": content,
        ":job_id": job_id,
        ":now": now,
    })
    .context("writing a message")?;
    Ok(tx.last_insert_rowid())
}

/// One message. `Err` also where its content cannot be read: the sender drops such a row.
pub fn get(conn: &Connection, id: i64) -> anyhow::Result<Option<Row>> {
    let mut select = conn.prepare_cached(&format!("{SELECT} WHERE id = :id"))?;
    let mut rows = select.query(named_params! { ":id": id })?;
    rows.next()?.map(read).transpose()
}

/// The message with this key.
pub fn by_key(conn: &Connection, key: &str) -> anyhow::Result<Option<Row>> {
    let mut select = conn.prepare_cached(&format!("{SELECT} WHERE key = :key"))?;
    let mut rows = select.query(named_params! { ":key": key })?;
    rows.next()?.map(read).transpose()
}

const SELECT: &str = "SELECT id, seq, chat_id, key, content, rev, sent_rev, message_id, job_id,
        (SELECT order_id
         FROM jobs
         WHERE id = COALESCE(outbox.job_id, SUBSTR(outbox.key, LENGTH('gift:') + 1))
           AND (outbox.job_id IS NOT NULL OR outbox.key LIKE 'gift:%')) AS order_id,
        state, due_at, tries, lost, created_at
 FROM outbox";

fn read(row: &rusqlite::Row<'_>) -> anyhow::Result<Row> {
    let content: String = row.get("content")?;
    let state: String = row.get("state")?;
    Ok(Row {
        id: row.get("id")?,
        seq: row.get("seq")?,
        chat_id: row.get("chat_id")?,
        key: row.get("key")?,
        content: serde_json::from_str(&content).context("reading a message's content")?,
        rev: row.get("rev")?,
        sent_rev: row.get("sent_rev")?,
        message_id: row.get("message_id")?,
        job_id: row.get("job_id")?,
        order_id: row.get("order_id")?,
        state: match state.as_str() {
            "pending" => State::Pending,
            "sent" => State::Sent,
            _ => State::Dropped,
        },
        due_at: row.get("due_at")?,
        tries: row.get("tries")?,
        lost: row.get("lost")?,
        created_at: row.get("created_at")?,
    })
}

/// A column that is named is written anew in each of its indexes, changed or not: where it lies in
/// the order of sending is of no concern to what has been sent.
const SENT: &str = "UPDATE outbox
     SET sent_rev = :rev, message_id = COALESCE(:message_id, message_id), sent_at = :now, tries = 0,
         due_at = 0, error = NULL, calling_at = NULL, state = 'sent'
     WHERE id = :id AND state = 'pending' AND rev <= :rev";

const SENT_BEHIND: &str = "UPDATE outbox
     SET sent_rev = :rev, message_id = COALESCE(:message_id, message_id), sent_at = :now, tries = 0,
         due_at = 0, error = NULL, calling_at = NULL, seq = (SELECT MAX(seq) + 1 FROM outbox)
     WHERE id = :id AND state = 'pending' AND rev > :rev";

/// Telegram has revision `rev`. A row that moved on meanwhile stays pending and goes to the end.
/// `message_id`: of a message just sent; `None` after an edit or an answer. `false`: it no longer
/// waited, for it was dropped or forgotten meanwhile.
pub fn sent(
    tx: &Tx<'_>,
    id: i64,
    rev: i64,
    message_id: Option<i64>,
    now: Millis,
) -> anyhow::Result<bool> {
    let params = named_params! { ":id": id, ":rev": rev, ":message_id": message_id, ":now": now };
    for sql in [SENT, SENT_BEHIND] {
        let changed = tx.prepare_cached(sql)?.execute(params);
        if changed.context("recording a sent message")? == 1 {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Gives up a message whose revision `rev` was refused. `false`: it moved on meanwhile, or no
/// longer waits; a row that moved on stays pending.
pub fn dropped(tx: &Tx<'_>, id: i64, rev: i64, error: &str) -> anyhow::Result<bool> {
    let changed = tx
        .prepare_cached(
            "UPDATE outbox
             SET state = 'dropped', error = :error, calling_at = NULL
             WHERE id = :id AND rev = :rev AND state = 'pending'",
        )?
        .execute(named_params! {
            ":id": id,
            ":rev": rev,
            ":error": short(error),
        })
        .context("dropping a message")?;
    Ok(changed == 1)
}

/// A video is about to be sent: should the process end before the answer is written down, the next
/// start knows that it may be sent twice. `false`: it no longer waits, and is not to be sent.
pub fn calling(tx: &Tx<'_>, id: i64, now: Millis) -> anyhow::Result<bool> {
    let changed = tx
        .prepare_cached("UPDATE outbox SET calling_at = ?2 WHERE id = ?1 AND state = 'pending'")?
        .execute((id, now))
        .context("marking a call")?;
    Ok(changed == 1)
}

/// After a start: calls that were under way are lost. Returns how many.
pub fn recover(tx: &Tx<'_>) -> anyhow::Result<usize> {
    tx.execute(
        "UPDATE outbox
         SET lost = lost + 1, calling_at = NULL
         WHERE state = 'pending'
           AND calling_at IS NOT NULL",
        [],
    )
    .context("recovering the outbox")
}

/// The message that should be edited is no longer there: its newest content is to be sent anew.
/// `false`: it moved on meanwhile, or no longer waits.
pub fn send_anew(tx: &Tx<'_>, id: i64, rev: i64, now: Millis) -> anyhow::Result<bool> {
    let changed = tx
        .prepare_cached(
            "UPDATE outbox
             SET message_id = NULL, sent_rev = 0, due_at = 0, tries = 0, created_at = :now
             WHERE id = :id AND rev = :rev AND state = 'pending'",
        )?
        .execute(named_params! { ":id": id, ":rev": rev, ":now": now })
        .context("sending a message anew")?;
    Ok(changed == 1)
}

/// A call that was marked by [`calling`] did nothing: Telegram has said so.
pub fn not_called(tx: &Tx<'_>, id: i64) -> anyhow::Result<()> {
    tx.prepare_cached("UPDATE outbox SET calling_at = NULL WHERE id = ?1")?
        .execute([id])
        .context("unmarking a call")?;
    Ok(())
}

/// Puts a failed message off until `due_at`. `lost`: bytes went out and no answer came, so it may
/// have been sent.
pub fn later(tx: &Tx<'_>, id: i64, due_at: Millis, lost: bool, error: &str) -> anyhow::Result<()> {
    tx.prepare_cached(
        "UPDATE outbox
         SET due_at = :due_at, tries = tries + 1, lost = lost + :lost, error = :error,
             calling_at = NULL
         WHERE id = :id AND state = 'pending'",
    )?
    .execute(named_params! {
        ":id": id,
        ":due_at": due_at,
        ":lost": lost,
        ":error": short(error),
    })
    .context("putting a message off")?;
    Ok(())
}

/// After a start: only time in which somebody tried counts against a message, and a clock that
/// went back (`by` is negative) puts none off.
pub fn carry(tx: &Tx<'_>, by: Millis, now: Millis) -> anyhow::Result<()> {
    tx.execute(
        "UPDATE outbox
         SET created_at = MIN(created_at + :by, :now),
             due_at = CASE WHEN :by < 0 THEN due_at + :by ELSE due_at END
         WHERE state = 'pending'",
        named_params! { ":by": by, ":now": now },
    )
    .context("carrying the outbox over")?;
    Ok(())
}

/// Drops all that waits for a chat which can no longer be reached. Returns the dropped rows that
/// would have delivered a job: the caller ends those jobs in the same transaction.
pub fn drop_chat(tx: &Tx<'_>, chat_id: i64, error: &str) -> anyhow::Result<Vec<Row>> {
    let mut select = tx.prepare_cached(&format!(
        "{SELECT} WHERE chat_id = :chat_id AND state = 'pending' AND job_id IS NOT NULL"
    ))?;
    let mut rows = select.query(named_params! { ":chat_id": chat_id })?;
    let mut deliveries = Vec::new();
    while let Some(row) = rows.next()? {
        deliveries.push(Row { state: State::Dropped, ..read(row)? });
    }
    tx.prepare_cached(
        "UPDATE outbox
         SET state = 'dropped', error = :error, calling_at = NULL
         WHERE chat_id = :chat_id AND state = 'pending'",
    )?
    .execute(named_params! { ":chat_id": chat_id, ":error": short(error) })
    .context("dropping a chat's messages")?;
    Ok(deliveries)
}

/// How the keys of a broadcast's messages begin: 'broadcast:ID:USER'.
pub const BROADCAST: &str = "broadcast:";

/// Deletes up to `limit` messages whose keys lie between these and that need nothing any more.
pub fn prune_keys(tx: &Tx<'_>, from: &str, to: &str, limit: u32) -> anyhow::Result<usize> {
    tx.prepare_cached(
        "DELETE FROM outbox
         WHERE id IN (
             SELECT id
             FROM outbox
             WHERE key BETWEEN :from AND :to
               AND state <> 'pending'
               AND seq < (SELECT MAX(seq) FROM outbox)
             LIMIT :limit)",
    )?
    .execute(named_params! { ":from": from, ":to": to, ":limit": limit })
    .context("pruning a broadcast")
}

/// What stands in the place of words that are to be kept no longer. A row stays: its job, its key
/// and its message's id are nobody's words.
const FORGOTTEN: &str = r#"{"kind":"text","html":""}"#;

/// Empties all messages to a chat; what waits for it is not sent any more.
pub fn forget(tx: &Tx<'_>, chat_id: i64) -> anyhow::Result<()> {
    tx.prepare_cached(
        "UPDATE outbox
         SET content = :forgotten, error = 'forgotten', calling_at = NULL,
             state = IIF(state = 'pending', 'dropped', state)
         WHERE chat_id = :chat_id",
    )?
    .execute(named_params! { ":chat_id": chat_id, ":forgotten": FORGOTTEN })
    .context("forgetting a chat's messages")?;
    Ok(())
}

/// Empties the message with this key, whoever it went to.
pub fn forget_key(tx: &Tx<'_>, key: &str) -> anyhow::Result<()> {
    forget_keys(tx, key, key)
}

/// Empties the messages whose keys lie between these, whoever they went to.
pub fn forget_keys(tx: &Tx<'_>, from: &str, to: &str) -> anyhow::Result<()> {
    tx.prepare_cached(
        "UPDATE outbox
         SET content = :forgotten, error = 'forgotten',
             state = IIF(state = 'pending', 'dropped', state)
         WHERE key BETWEEN :from AND :to",
    )?
    .execute(named_params! { ":from": from, ":to": to, ":forgotten": FORGOTTEN })
    .context("forgetting messages")?;
    Ok(())
}

/// The key of the message that a chat shows as `message_id`.
pub fn key_of(conn: &Connection, chat_id: i64, message_id: i64) -> anyhow::Result<Option<String>> {
    let key: Option<Option<String>> = conn
        .prepare_cached("SELECT key FROM outbox WHERE chat_id = ?1 AND message_id = ?2")?
        .query_row((chat_id, message_id), |row| row.get(0))
        .optional()?;
    Ok(key.flatten())
}

/// How much waits for a chat.
pub fn waiting(conn: &Connection, chat_id: i64) -> anyhow::Result<i64> {
    conn.prepare_cached("SELECT COUNT(*) FROM outbox WHERE chat_id = ?1 AND state = 'pending'")?
        .query_row([chat_id], |row| row.get(0))
        .context("counting a chat's messages")
}

/// Whether just this waits for a chat.
pub fn is_waiting(conn: &Connection, chat_id: i64, content: &Content) -> anyhow::Result<bool> {
    let sql = "SELECT 1
               FROM outbox
               WHERE chat_id = ?1
                 AND state = 'pending'
                 AND content = ?2";
    let content = serde_json::to_string(content)?;
    conn.prepare_cached(sql)?.exists((chat_id, content)).context("looking at a chat's messages")
}

/// Deletes up to `limit` messages that need nothing any more and were written before `before`.
/// The newest `seq` stays: the next one is counted from it.
pub fn prune(tx: &Tx<'_>, before: Millis, limit: u32) -> anyhow::Result<usize> {
    tx.prepare_cached(
        "DELETE FROM outbox
         WHERE id IN (
             SELECT id
             FROM outbox
             WHERE state <> 'pending'
               AND created_at < :before
               AND COALESCE(sent_at, 0) < :before
               AND seq < (SELECT MAX(seq) FROM outbox)
             LIMIT :limit)",
    )?
    .execute(named_params! { ":before": before, ":limit": limit })
    .context("pruning the outbox")
}

fn short(error: &str) -> String {
    error.chars().take(ERROR_LENGTH).collect()
}
