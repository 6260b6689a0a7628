//! Customers who had all of theirs deleted: what is still to be done about each. Their rows were
//! emptied in the commit that began it; their files and the database's unused space follow.

use crate::clock::Millis;
use crate::db::{Tx, UserId};
use crate::text::Lang;
use anyhow::Result;
use rusqlite::{Connection, named_params};

/// One that is not over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Departure {
    /// Whose.
    pub user: UserId,
    /// Telegram's id; also the name of their folder of photos.
    pub tg_user_id: i64,
    /// When their rows were emptied; 0: a backup filled them again ([`once_more`]).
    pub at: Millis,
    /// Their last word: a photo with a later one is of somebody who came back.
    pub update_id: i64,
    /// Of the farewell.
    pub lang: Lang,
    /// Their files are gone, and they were told.
    pub erased: bool,
}

/// Begins, in the commit that empties their rows.
pub fn begin(tx: &Tx<'_>, user: UserId, lang: Lang, update_id: i64, now: Millis) -> Result<()> {
    tx.execute(
        "INSERT INTO departures (user_id, at, update_id, language)
         VALUES (:user, :now, :update_id, :language)
         ON CONFLICT (user_id) DO UPDATE
         SET at = :now, update_id = :update_id, language = :language, erased_at = NULL",
        named_params! {
            ":user": user, ":now": now, ":update_id": update_id, ":language": lang.code(),
        },
    )?;
    Ok(())
}

/// Up to `limit` that are not over, the oldest first.
pub fn open(conn: &Connection, limit: u32) -> Result<Vec<Departure>> {
    let mut query = conn.prepare_cached(
        "SELECT user_id, tg_user_id, at, update_id, departures.language, erased_at IS NOT NULL
         FROM departures
         JOIN users ON users.id = user_id
         ORDER BY erased_at IS NOT NULL, at
         LIMIT ?1",
    )?;
    let rows = query.query_map([limit], |row| {
        Ok(Departure {
            user: row.get(0)?,
            tg_user_id: row.get(1)?,
            at: row.get(2)?,
            update_id: row.get(3)?,
            lang: Lang::from_code(&row.get::<_, String>(4)?),
            erased: row.get(5)?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Their files are gone. `false`: somebody was told so before, or they left once more since.
pub fn erased(tx: &Tx<'_>, one: &Departure, now: Millis) -> Result<bool> {
    let changed = tx.execute(
        "UPDATE departures
         SET erased_at = :now
         WHERE user_id = :user AND at = :at AND erased_at IS NULL",
        named_params! { ":user": one.user, ":at": one.at, ":now": now },
    )?;
    Ok(changed == 1)
}

/// The database was compacted after their rows were emptied: nothing is left to do.
pub fn over(tx: &Tx<'_>, one: &Departure) -> Result<()> {
    tx.execute(
        "DELETE FROM departures WHERE user_id = ?1 AND at = ?2 AND erased_at IS NOT NULL",
        (one.user, one.at),
    )?;
    Ok(())
}

/// Telegram's ids of all who left and have not come back.
pub fn left(conn: &Connection) -> Result<Vec<i64>> {
    let mut query = conn.prepare("SELECT tg_user_id FROM users WHERE deleted_at IS NOT NULL")?;
    let ids = query.query_map([], |row| row.get(0))?;
    Ok(ids.collect::<rusqlite::Result<_>>()?)
}

/// A backup brought these back: the next start forgets them again. Returns how many it knows.
pub fn once_more(tx: &Tx<'_>, tg_user_ids: &[i64]) -> Result<usize> {
    let mut insert = tx.prepare_cached(
        "INSERT INTO departures (user_id, at, update_id, language)
         SELECT id, 0, 0, language
         FROM users
         WHERE tg_user_id = ?1
           AND deleted_at IS NULL
         ON CONFLICT (user_id) DO UPDATE SET at = 0, erased_at = NULL",
    )?;
    let mut known = 0;
    for id in tg_user_ids {
        known += insert.execute([id])?;
    }
    Ok(known)
}

/// Their rows are empty again. They were told the first time.
pub fn forgotten(tx: &Tx<'_>, user: UserId, now: Millis) -> Result<()> {
    tx.execute("UPDATE departures SET at = ?2, erased_at = ?2 WHERE user_id = ?1", (user, now))?;
    Ok(())
}
