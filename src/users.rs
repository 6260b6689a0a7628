//! Customers: who they are and which language they read. Their credits are the ledger's.

pub mod departures;
pub mod imported;

use crate::clock::Millis;
use crate::db::{Tx, UserId};
use crate::text::Lang;
use anyhow::Result;
use rusqlite::{Connection, OptionalExtension as _, Row, named_params};

/// A customer as a handler needs it.
#[derive(Clone, Debug, PartialEq)]
pub struct User {
    /// Ours.
    pub id: UserId,
    /// Telegram's; also the id of the private chat.
    pub tg_user_id: i64,
    /// The language of everything they are sent.
    pub lang: Lang,
    /// What they may still spend; what is held counts as taken.
    pub credits: i64,
    /// Whether the terms were accepted, where there are any.
    pub accepted: bool,
    /// The operator wants no more orders of theirs.
    pub banned: bool,
}

/// What Telegram says of somebody.
#[derive(Clone, Debug, Default)]
pub struct Profile {
    /// Telegram's id.
    pub tg_user_id: i64,
    /// Without the `@`.
    pub username: Option<String>,
    /// As they call themselves.
    pub first_name: Option<String>,
    /// IETF tag of their app, used once, when the user is made.
    pub language_code: Option<String>,
}

const COLUMNS: &str = "id, tg_user_id, language, credits, terms_accepted_at, banned_at";

fn read(row: &Row<'_>) -> rusqlite::Result<User> {
    Ok(User {
        id: row.get(0)?,
        tg_user_id: row.get(1)?,
        lang: Lang::from_code(&row.get::<_, String>(2)?),
        credits: row.get(3)?,
        accepted: row.get::<_, Option<Millis>>(4)?.is_some(),
        banned: row.get::<_, Option<Millis>>(5)?.is_some(),
    })
}

/// The customer, made on the first sight of them. `true`: this was it.
pub fn meet(tx: &Tx<'_>, profile: &Profile, now: Millis) -> Result<(User, bool)> {
    let made = tx
        .prepare_cached(
            "INSERT INTO users (tg_user_id, username, first_name, language, created_at)
             VALUES (:tg_user_id, :username, :first_name, :language, :now)
             ON CONFLICT (tg_user_id) DO NOTHING",
        )?
        .execute(named_params! {
            ":tg_user_id": profile.tg_user_id,
            ":username": profile.username,
            ":first_name": profile.first_name,
            ":language": Lang::of(profile.language_code.as_deref()).code(),
            ":now": now,
        })?;
    if made == 0 {
        refresh(tx, profile)?;
    }
    let user = by_tg(tx, profile.tg_user_id)?
        .ok_or_else(|| anyhow::anyhow!("user {} vanished", profile.tg_user_id))?;
    Ok((user, made == 1))
}

/// Somebody who writes has not blocked us, and may have changed their name. Who had left is back.
fn refresh(tx: &Tx<'_>, profile: &Profile) -> Result<()> {
    tx.prepare_cached(
        "UPDATE users
         SET username = :username, first_name = :first_name, blocked_at = NULL, deleted_at = NULL,
             language = IIF(deleted_at IS NULL, language, :language)
         WHERE tg_user_id = :tg_user_id
           AND (username IS NOT :username OR first_name IS NOT :first_name
                OR blocked_at IS NOT NULL OR deleted_at IS NOT NULL)",
    )?
    .execute(named_params! {
        ":tg_user_id": profile.tg_user_id,
        ":username": profile.username,
        ":first_name": profile.first_name,
        ":language": Lang::of(profile.language_code.as_deref()).code(),
    })?;
    Ok(())
}

/// Whether they had all of theirs deleted and have not come back since.
pub fn has_left(conn: &Connection, tg_user_id: i64) -> Result<bool> {
    let sql = "SELECT 1 FROM users WHERE tg_user_id = ?1 AND deleted_at IS NOT NULL";
    Ok(conn.prepare_cached(sql)?.exists([tg_user_id])?)
}

/// Forgets who they are. The row stays with Telegram's id: the ledger and the payments are its, a
/// refund goes to it and is told in their language, a ban holds, how many friends came stays
/// counted, and who comes back gets no second gift.
pub fn leave(tx: &Tx<'_>, id: UserId, now: Millis) -> Result<()> {
    tx.execute(
        "UPDATE users
         SET username = NULL, first_name = NULL, invited_by = NULL, friend_no = NULL,
             invite_code = NULL, terms_accepted_at = NULL, blocked_at = NULL, deleted_at = ?2
         WHERE id = ?1",
        (id, now),
    )?;
    Ok(())
}

/// Somebody who had left has something here again, though they did not write: no name comes with it.
/// `false`: they had not left.
pub fn return_with_nothing(tx: &Tx<'_>, tg_user_id: i64, lang: Lang) -> Result<bool> {
    let changed = tx.execute(
        "UPDATE users
         SET deleted_at = NULL, language = ?2
         WHERE tg_user_id = ?1
           AND deleted_at IS NOT NULL",
        (tg_user_id, lang.code()),
    )?;
    Ok(changed == 1)
}

/// The customer with this Telegram id.
pub fn by_tg(conn: &Connection, tg_user_id: i64) -> Result<Option<User>> {
    let sql = format!("SELECT {COLUMNS} FROM users WHERE tg_user_id = ?1");
    Ok(conn.prepare_cached(&sql)?.query_row([tg_user_id], read).optional()?)
}

/// The customer with this id of ours.
pub fn by_id(conn: &Connection, id: UserId) -> Result<User> {
    let sql = format!("SELECT {COLUMNS} FROM users WHERE id = ?1");
    Ok(conn.prepare_cached(&sql)?.query_row([id], read)?)
}

/// They pressed `✅ Принимаю условия`.
pub fn accept_terms(tx: &Tx<'_>, id: UserId, now: Millis) -> Result<()> {
    tx.execute(
        "UPDATE users
         SET terms_accepted_at = ?2
         WHERE id = ?1
           AND terms_accepted_at IS NULL",
        (id, now),
    )?;
    Ok(())
}

/// They chose a language.
pub fn choose_language(tx: &Tx<'_>, id: UserId, lang: Lang) -> Result<()> {
    tx.execute("UPDATE users SET language = ?2 WHERE id = ?1", (id, lang.code()))?;
    Ok(())
}

/// Remembers who invited them; the first one counts. `false`: it was known.
pub fn remember_inviter(tx: &Tx<'_>, id: UserId, reference: &str) -> Result<bool> {
    let changed = tx.execute(
        "UPDATE users SET invited_by = ?2 WHERE id = ?1 AND invited_by IS NULL",
        (id, reference),
    )?;
    Ok(changed == 1)
}

/// One more friend of this inviter. It is a number that stays when either of them leaves: whoever
/// could have it forgotten would be rewarded without end.
pub fn count_friend(tx: &Tx<'_>, id: UserId, inviter: UserId) -> Result<()> {
    tx.execute("UPDATE users SET friends = friends + 1 WHERE id = ?1", [inviter])?;
    tx.execute(
        "UPDATE users SET friend_no = (SELECT friends FROM users WHERE id = ?2) WHERE id = ?1",
        (id, inviter),
    )?;
    Ok(())
}

/// The argument of `/start` that they came with.
pub fn invited_by(conn: &Connection, id: UserId) -> Result<Option<String>> {
    let sql = "SELECT invited_by FROM users WHERE id = ?1";
    Ok(conn.prepare_cached(sql)?.query_row([id], |row| row.get(0))?)
}

/// The code of their own link, made when it is first asked for: by chance, since one that counted
/// would tell how many customers there are.
pub fn invite_code(tx: &Tx<'_>, id: UserId) -> Result<String> {
    tx.prepare_cached(
        "UPDATE users
         SET invite_code = lower(hex(randomblob(5)))
         WHERE id = ?1
           AND invite_code IS NULL",
    )?
    .execute([id])?;
    let sql = "SELECT invite_code FROM users WHERE id = ?1";
    Ok(tx.prepare_cached(sql)?.query_row([id], |row| row.get(0))?)
}

/// Whose link has this code.
pub fn by_invite_code(conn: &Connection, code: &str) -> Result<Option<UserId>> {
    let sql = "SELECT id FROM users WHERE invite_code = ?1";
    Ok(conn.prepare_cached(sql)?.query_row([code], |row| row.get(0)).optional()?)
}

/// How many ever came by their links.
pub fn friends(conn: &Connection, id: UserId) -> Result<i64> {
    let sql = "SELECT friends FROM users WHERE id = ?1";
    Ok(conn.prepare_cached(sql)?.query_row([id], |row| row.get(0))?)
}

/// Which friend of their inviter they are, the first is 1; `None`: nobody's.
pub fn friend_number(conn: &Connection, id: UserId) -> Result<Option<i64>> {
    let sql = "SELECT friend_no FROM users WHERE id = ?1";
    Ok(conn.prepare_cached(sql)?.query_row([id], |row| row.get(0))?)
}

/// No more orders of theirs are taken. `false`: it was so already.
pub fn ban(tx: &Tx<'_>, id: UserId, now: Millis) -> Result<bool> {
    let sql = "UPDATE users SET banned_at = ?2 WHERE id = ?1 AND banned_at IS NULL";
    Ok(tx.execute(sql, (id, now))? == 1)
}

/// Their orders are taken again. `false`: they were all along.
pub fn unban(tx: &Tx<'_>, id: UserId) -> Result<bool> {
    let sql = "UPDATE users SET banned_at = NULL WHERE id = ?1 AND banned_at IS NOT NULL";
    Ok(tx.execute(sql, [id])? == 1)
}

/// Telegram answered 403, or said so in `my_chat_member`.
pub fn blocked_us(tx: &Tx<'_>, tg_user_id: i64, now: Millis) -> Result<()> {
    tx.execute(
        "UPDATE users SET blocked_at = ?2 WHERE tg_user_id = ?1 AND blocked_at IS NULL",
        (tg_user_id, now),
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::tests::fresh;

    fn profile(username: &str, language: Option<&str>) -> Profile {
        Profile {
            tg_user_id: 7,
            username: Some(username.to_owned()),
            first_name: None,
            language_code: language.map(str::to_owned),
        }
    }

    #[test]
    fn a_customer_is_made_once_and_keeps_the_language() {
        let (_folder, db) = fresh();
        db.write(|tx| {
            let (user, is_new) = meet(tx, &profile("old", Some("en-GB")), 5)?;
            assert!(is_new);
            assert_eq!((user.lang, user.credits, user.accepted), (Lang::En, 0, false));
            let (again, is_new) = meet(tx, &profile("new", Some("ru")), 6)?;
            assert_eq!((&again, is_new), (&user, false));
            let kept: (String, i64) =
                tx.query_row("SELECT username, created_at FROM users", [], |row| {
                    Ok((row.get(0)?, row.get(1)?))
                })?;
            assert_eq!(kept, ("new".to_owned(), 5), "a new name, the old row");
            choose_language(tx, user.id, Lang::Ru)?;
            accept_terms(tx, user.id, 7)?;
            let (now, _) = meet(tx, &profile("new", Some("en")), 8)?;
            assert_eq!((now.lang, now.accepted), (Lang::Ru, true));
            assert_eq!(by_tg(tx, 8)?, None);
            assert!(by_id(tx, UserId(99)).is_err());
            Ok(())
        })
        .unwrap();
    }

    #[test]
    fn who_left_is_a_number_and_begins_anew_when_they_come_back() {
        let (_folder, db) = fresh();
        db.write(|tx| {
            let (user, _) = meet(tx, &profile("anna", Some("en")), 5)?;
            accept_terms(tx, user.id, 6)?;
            remember_inviter(tx, user.id, "ref_1")?;
            leave(tx, user.id, 7)?;
            assert!(has_left(tx, 7)?);
            let named = "SELECT COUNT(*) FROM users
                         WHERE username IS NOT NULL OR invited_by IS NOT NULL";
            assert_eq!(tx.query_row(named, [], |row| row.get::<_, i64>(0))?, 0);
            assert_eq!(by_id(tx, user.id)?.lang, Lang::En, "a refund is told in it");
            let (back, is_new) = meet(tx, &profile("anna", Some("ru")), 8)?;
            assert_eq!((back.id, is_new, back.accepted), (user.id, false, false));
            assert_eq!((back.lang, has_left(tx, 7)?), (Lang::Ru, false));
            Ok(())
        })
        .unwrap();
    }

    #[test]
    fn who_writes_has_not_blocked_us_and_the_first_invitation_counts() {
        let (_folder, db) = fresh();
        db.write(|tx| {
            let (user, _) = meet(tx, &profile("a", None), 5)?;
            blocked_us(tx, 7, 6)?;
            blocked_us(tx, 7, 9)?;
            remember_inviter(tx, user.id, "ref_1")?;
            remember_inviter(tx, user.id, "ref_2")?;
            let read = |tx: &Tx<'_>| -> Result<(Option<Millis>, String)> {
                let sql = "SELECT blocked_at, invited_by FROM users";
                Ok(tx.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))?)
            };
            assert_eq!(read(tx)?, (Some(6), "ref_1".to_owned()), "since when stays");
            meet(tx, &profile("a", None), 10)?;
            assert_eq!(read(tx)?.0, None);
            Ok(())
        })
        .unwrap();
    }
}
