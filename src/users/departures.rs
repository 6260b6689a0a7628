//! Customers who had all of theirs deleted: what is still to be done about each. Their rows were
//! emptied in the commit that began it; their files and the database's unused space follow.

use crate::clock::Millis;
use crate::db::{Tx, UserId};
use crate::text::Lang;
use anyhow::Result;
use rusqlite::{Connection, OptionalExtension as _, Row, named_params};

/// One whose files are there, and who was not told yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Departure {
    /// The next one's is larger, and none comes twice: whatever is done to the whole file is done
    /// for all up to one.
    pub id: i64,
    /// Whose.
    pub user: UserId,
    /// Telegram's id; also the name of their folder of photos.
    pub tg_user_id: i64,
    /// When their rows were emptied; 0: a backup filled them again ([`once_more`]).
    pub at: Millis,
    /// Their last word: a photo with a later one is of somebody who came back.
    pub update_id: i64,
    /// Of the farewell; `None`: they were told before.
    pub lang: Option<Lang>,
}

/// Begins, in the commit that empties their rows.
pub fn begin(tx: &Tx<'_>, user: UserId, lang: Lang, update_id: i64, now: Millis) -> Result<()> {
    tx.execute(
        "INSERT OR REPLACE INTO departures (user_id, at, update_id, language)
         VALUES (:user, :now, :update_id, :language)",
        named_params! {
            ":user": user, ":now": now, ":update_id": update_id, ":language": lang.code(),
        },
    )?;
    marks(tx, user, now)
}

/// When they left, and what they had lost then: all that the ledger had by its last line.
fn marks(tx: &Tx<'_>, user: UserId, at: Millis) -> Result<()> {
    tx.execute(
        "UPDATE users
         SET left_at = ?2, left_line = (SELECT COALESCE(MAX(id), 0) FROM ledger)
         WHERE id = ?1",
        (user, at),
    )?;
    Ok(())
}

/// When they last left; `None`: never. It stays when they come back.
pub fn left_at(conn: &Connection, user: UserId) -> Result<Option<Millis>> {
    let sql = "SELECT left_at FROM users WHERE id = ?1";
    Ok(conn.prepare_cached(sql)?.query_row([user], |row| row.get(0))?)
}

/// Something came of somebody who has left, and was emptied: what the file has of it beside its rows
/// goes like the rest. A farewell that was not said yet still is.
pub fn trailed(tx: &Tx<'_>, tg_user_id: i64, update_id: i64, now: Millis) -> Result<()> {
    tx.execute(
        "INSERT OR REPLACE INTO departures (user_id, at, update_id, language)
         SELECT users.id, COALESCE(at, :now), COALESCE(update_id, :update_id),
                CASE WHEN erased_at IS NULL THEN departures.language END
         FROM users
         LEFT JOIN departures ON user_id = users.id
         WHERE tg_user_id = :tg_user_id",
        named_params! { ":tg_user_id": tg_user_id, ":update_id": update_id, ":now": now },
    )?;
    Ok(())
}

/// Up to `limit` whose rows a backup filled again.
pub fn again(conn: &Connection, limit: u32) -> Result<Vec<Departure>> {
    let mut query = conn.prepare_cached(
        "SELECT departures.id, user_id, tg_user_id, at, update_id, departures.language
         FROM departures
         JOIN users ON users.id = user_id
         WHERE at = 0
         ORDER BY departures.id
         LIMIT ?1",
    )?;
    let rows = query.query_map([limit], read)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Up to `limit` whose rows are empty and whose files may be there, the oldest first.
pub fn open(conn: &Connection, limit: u32) -> Result<Vec<Departure>> {
    let mut query = conn.prepare_cached(
        "SELECT departures.id, user_id, tg_user_id, at, update_id, departures.language
         FROM departures
         JOIN users ON users.id = user_id
         WHERE at > 0
           AND erased_at IS NULL
         ORDER BY departures.id
         LIMIT ?1",
    )?;
    let rows = query.query_map([limit], read)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn read(row: &Row<'_>) -> rusqlite::Result<Departure> {
    Ok(Departure {
        id: row.get(0)?,
        user: row.get(1)?,
        tg_user_id: row.get(2)?,
        at: row.get(3)?,
        update_id: row.get(4)?,
        lang: row.get::<_, Option<String>>(5)?.map(|code| Lang::from_code(&code)),
    })
}

/// The id of the last one whose rows are empty; `None`: nothing is to be done.
pub fn newest(conn: &Connection) -> Result<Option<i64>> {
    let sql = "SELECT MAX(id) FROM departures WHERE at > 0";
    Ok(conn.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
}

/// When the rows were emptied of the first one after this id.
pub fn oldest_after(conn: &Connection, id: i64) -> Result<Option<Millis>> {
    let sql = "SELECT MIN(at) FROM departures WHERE at > 0 AND id > ?1";
    Ok(conn.prepare_cached(sql)?.query_row([id], |row| row.get(0))?)
}

/// Their files are gone. `false`: somebody was told so before, or they left once more since.
pub fn erased(tx: &Tx<'_>, id: i64, now: Millis) -> Result<bool> {
    let sql = "UPDATE departures SET erased_at = ?2 WHERE id = ?1 AND erased_at IS NULL";
    Ok(tx.prepare_cached(sql)?.execute((id, now))? == 1)
}

/// The database was compacted after the rows of all up to this one were emptied: about those whose
/// files are gone, too, nothing is left to do.
pub fn over(tx: &Tx<'_>, id: i64) -> Result<()> {
    tx.execute("DELETE FROM departures WHERE id <= ?1 AND erased_at IS NOT NULL", [id])?;
    Ok(())
}

/// Somebody who ever left, as a database knows them that a backup is to take the place of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// Telegram's id.
    pub tg_user_id: i64,
    /// When they last did.
    pub at: Millis,
    /// The language in which a refund would be told.
    pub lang: Lang,
    /// When they came first.
    pub since: Millis,
}

/// All who ever left. Who has come back is among them: what was deleted then is to stay so.
pub fn left(conn: &Connection) -> Result<Vec<Left>> {
    let mut query = conn.prepare(
        "SELECT tg_user_id, left_at, language, created_at FROM users WHERE left_at IS NOT NULL",
    )?;
    let left = query.query_map([], |row| {
        let lang = Lang::from_code(&row.get::<_, String>(2)?);
        Ok(Left { tg_user_id: row.get(0)?, at: row.get(1)?, lang, since: row.get(3)? })
    })?;
    Ok(left.collect::<rusqlite::Result<_>>()?)
}

/// What a backup knows of somebody who had [`left`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// It is from after that.
    Left,
    /// It is from before that.
    Here(UserId),
    /// It is from before they came. Their number is in it from now on, so that nobody takes what is
    /// told of them later for somebody new.
    Number(UserId),
}

/// A backup takes the place of a database in which somebody had [`left`]: the next start forgets them
/// again, of whom it is from before that. Nothing is done yet of what follows ([`once_more`]).
pub fn known(tx: &Tx<'_>, left: &Left) -> Result<Known> {
    let known = tx
        .prepare_cached("SELECT id, left_at FROM users WHERE tg_user_id = ?1")?
        .query_row([left.tg_user_id], |row| Ok((row.get(0)?, row.get::<_, Option<Millis>>(1)?)))
        .optional()?;
    match known {
        Some((_, Some(at))) if at >= left.at => return Ok(Known::Left),
        Some((user, _)) => return Ok(Known::Here(user)),
        None => {}
    }
    tx.execute(
        "INSERT INTO users (tg_user_id, language, created_at, deleted_at)
         VALUES (:tg_user_id, :language, :since, :at)",
        named_params! {
            ":tg_user_id": left.tg_user_id,
            ":language": left.lang.code(),
            ":since": left.since,
            ":at": left.at,
        },
    )?;
    Ok(Known::Number(UserId(tx.last_insert_rowid())))
}

/// They are to leave once more, with all that the ledger has of them by now.
pub fn once_more(tx: &Tx<'_>, user: UserId, at: Millis) -> Result<()> {
    tx.execute(
        "INSERT OR REPLACE INTO departures (user_id, at, update_id) VALUES (?1, 0, 0)",
        [user],
    )?;
    marks(tx, user, at)
}

/// Their rows are empty again: what the file has of them beside its rows goes, too. They were told
/// the first time.
pub fn forgotten(tx: &Tx<'_>, user: UserId, now: Millis) -> Result<()> {
    tx.execute(
        "INSERT OR REPLACE INTO departures (user_id, at, update_id) VALUES (?1, ?2, 0)",
        (user, now),
    )?;
    Ok(())
}
