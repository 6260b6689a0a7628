//! What the sender reads: the pending rows in their order, and the pictures that Telegram has.

use anyhow::Context;
use rusqlite::{Connection, OptionalExtension, named_params};

use crate::clock::Millis;
use crate::db::Tx;

/// A pending message, as little of it as its place in the queue needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    pub seq: i64,
    pub id: i64,
    pub chat_id: i64,
    pub due_at: Millis,
    pub tries: i64,
    pub class: Class,
}

/// What sending a message takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// The answer to a callback: goes before all else, and not in its chat's order.
    Answer,
    /// A short call.
    Light,
    /// What somebody waits for who has pressed or written something: before what comes by itself.
    Asked,
    /// The upload of a video: long, and few at a time.
    Upload,
    /// A broadcast's message: only when nobody's own waits, one at a time, in no chat's order.
    Bulk,
}

/// Pending messages after `seq`, in order.
pub fn load_after(conn: &Connection, seq: i64, limit: u32) -> anyhow::Result<Vec<Waiting>> {
    let mut select = conn.prepare_cached(
        "SELECT seq, id, chat_id, due_at, tries,
                CASE
                    WHEN content ->> '$.kind' = 'answer' THEN 0
                    WHEN content ->> '$.kind' = 'video' AND content ->> '$.file_id' IS NULL
                         AND message_id IS NULL THEN 2
                    WHEN key GLOB 'broadcast:*' THEN 3
                    WHEN key IS NULL THEN 4
                    WHEN message_id IS NULL AND content ->> '$.kind' <> 'video' THEN 4
                    ELSE 1
                END AS class
         FROM outbox
         WHERE state = 'pending' AND seq > :seq
         ORDER BY seq
         LIMIT :limit",
    )?;
    let rows = select.query_map(named_params! { ":seq": seq, ":limit": limit }, |row| {
        Ok(Waiting {
            seq: row.get("seq")?,
            id: row.get("id")?,
            chat_id: row.get("chat_id")?,
            due_at: row.get("due_at")?,
            tries: row.get("tries")?,
            class: match row.get::<_, i64>("class")? {
                0 => Class::Answer,
                1 => Class::Light,
                2 => Class::Upload,
                3 => Class::Bulk,
                _ => Class::Asked,
            },
        })
    })?;
    rows.collect::<Result<_, _>>().context("reading the outbox")
}

/// When the longest waiting message was written: the bot's health. `None`: nothing waits.
pub fn oldest_pending(conn: &Connection) -> anyhow::Result<Option<Millis>> {
    conn.prepare_cached(
        "SELECT created_at
         FROM outbox
         WHERE state = 'pending'
         ORDER BY seq
         LIMIT 1",
    )?
    .query_row([], |row| row.get(0))
    .optional()
    .context("reading the outbox")
}

/// Telegram's copy of one of our pictures.
pub fn known_file_id(conn: &Connection, asset: &str) -> anyhow::Result<Option<String>> {
    conn.prepare_cached("SELECT file_id FROM files WHERE asset = :asset")?
        .query_row(named_params! { ":asset": asset }, |row| row.get(0))
        .optional()
        .context("looking for a picture")
}

/// Remembers Telegram's copy of one of our pictures.
pub fn keep_file_id(tx: &Tx<'_>, asset: &str, file_id: &str) -> anyhow::Result<()> {
    tx.prepare_cached(
        "INSERT INTO files (asset, file_id)
         VALUES (:asset, :file_id)
         ON CONFLICT (asset) DO UPDATE SET file_id = excluded.file_id",
    )?
    .execute(named_params! { ":asset": asset, ":file_id": file_id })?;
    Ok(())
}

/// Forgets a copy that Telegram no longer accepts (another bot's token).
pub fn forget_file_id(tx: &Tx<'_>, asset: &str) -> anyhow::Result<()> {
    tx.prepare_cached("DELETE FROM files WHERE asset = :asset")?
        .execute(named_params! { ":asset": asset })?;
    Ok(())
}
