//! Customers of the old system, who have not written to this bot yet.

use crate::clock::Millis;
use crate::db::{Tx, UserId};
use crate::text::Lang;
use anyhow::Result;
use rusqlite::{Connection, OptionalExtension as _, named_params};

/// As the old system knew them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Newcomer {
    /// Telegram's id.
    pub tg_user_id: i64,
    /// Without the `@`.
    pub username: Option<String>,
    /// As they call themselves.
    pub first_name: Option<String>,
    /// `None`: not known.
    pub lang: Option<Lang>,
    /// When they came there.
    pub created_at: Millis,
}

/// Where somebody with a Telegram id stands here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Here {
    /// They never came.
    Nobody,
    /// They have a row.
    Known(UserId),
    /// They had all of theirs deleted once: nothing of before that comes back, whether or not they
    /// have returned.
    Left,
}

/// Whether an import may bring them something.
pub fn stands(conn: &Connection, tg_user_id: i64) -> Result<Here> {
    let row = conn
        .prepare_cached(
            "SELECT id, left_at IS NOT NULL OR deleted_at IS NOT NULL
             FROM users
             WHERE tg_user_id = ?1",
        )?
        .query_row([tg_user_id], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    Ok(match row {
        None => Here::Nobody,
        Some((_, true)) => Here::Left,
        Some((id, false)) => Here::Known(id),
    })
}

/// Makes their row. They are no new customers: their first `/start` brings no gift.
pub fn bring(tx: &Tx<'_>, who: &Newcomer) -> Result<UserId> {
    tx.prepare_cached(
        "INSERT INTO users (tg_user_id, username, first_name, language, created_at)
         VALUES (:tg_user_id, :username, :first_name, :language, :created_at)",
    )?
    .execute(named_params! {
        ":tg_user_id": who.tg_user_id,
        ":username": who.username,
        ":first_name": who.first_name,
        ":language": who.lang.unwrap_or(Lang::Ru).code(),
        ":created_at": who.created_at,
    })?;
    Ok(UserId(tx.last_insert_rowid()))
}
