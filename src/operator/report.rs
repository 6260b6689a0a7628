//! The daily report: what yesterday brought, to every administrator, once.

use anyhow::Result;
use jiff::civil::Time;
use jiff::tz::TimeZone;
use rusqlite::Connection;

use super::days::{self, Day};
use super::letters::Letters;
use super::machine::Machine;
use super::overview::{self, Asked, period};
use super::{head, overview::Period};
use crate::clock::{HOUR, Millis};
use crate::db::Tx;
use crate::orders::Shop;
use crate::outbox::{self, Content};
use crate::text::Lang;
use crate::users;

/// A report that is later than this stays unsaid: after days of silence yesterday is no news.
const LATE: Millis = 6 * HOUR;

/// When it comes.
#[derive(Clone, Debug)]
pub struct When {
    /// The time of the day.
    pub at: Time,
    /// Of this zone.
    pub zone: TimeZone,
}

/// One administrator's report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    chat: i64,
    key: String,
    html: String,
}

/// The day whose report is due now, told or not; a folder that is younger than its report's hour
/// has nothing to tell.
pub fn due(conn: &Connection, when: &When, now: Millis) -> Result<Option<Day>> {
    let Some((due_at, day)) = days::last(when.at, &when.zone, now) else { return Ok(None) };
    if now - due_at >= LATE {
        return Ok(None);
    }
    let mut made = conn.prepare_cached("SELECT created_at FROM instance")?;
    let made: Millis = made.query_row([], |row| row.get(0))?;
    Ok((made < due_at).then_some(day))
}

/// The reports on a day that were not written yet. Reads a day's history: before the transaction.
pub fn letters(
    conn: &Connection,
    shop: &Shop,
    day: &Day,
    machine: Option<&Machine>,
    now: Millis,
) -> Result<Vec<Letter>> {
    let mut open = Vec::new();
    for admin in &shop.options.admins {
        let key = format!("report:{}:{admin}", day.date);
        if outbox::by_key(conn, &key)?.is_none() {
            open.push((*admin, key));
        }
    }
    if open.is_empty() {
        return Ok(Vec::new());
    }
    let period = period::between(conn, day.from, day.to)?;
    let overview = look(conn, shop, machine, day.to, now)?;
    let mut letters = Vec::new();
    for (chat, key) in open {
        let words = Letters { texts: &shop.texts, lang: lang_of(conn, chat)? };
        let title = words.report_title(day.date);
        letters.push(Letter { chat, key, html: words.account(title, &period, &overview, now) });
    }
    Ok(letters)
}

/// Says them, each once, whoever else did so meanwhile.
pub fn tell(tx: &Tx<'_>, letters: &[Letter], now: Millis) -> Result<()> {
    for letter in letters {
        if outbox::by_key(tx, &letter.key)?.is_none() {
            let content = Content::text(letter.html.as_str());
            outbox::put(tx, letter.chat, Some(&letter.key), &content, None, now)?;
        }
    }
    Ok(())
}

/// The same account of today so far, for whoever asks in the chat.
pub(super) fn so_far(
    conn: &Connection,
    shop: &Shop,
    zone: &TimeZone,
    lang: Lang,
    now: Millis,
) -> Result<String> {
    let midnight = days::midnight(now, zone);
    let overview = look(conn, shop, None, midnight, now)?;
    let words = Letters { texts: &shop.texts, lang };
    let period: &Period = &overview.today;
    Ok(words.account(words.today_title(), period, &overview, now))
}

/// Whoever asks this process has its answer: it lives.
fn look(
    conn: &Connection,
    shop: &Shop,
    machine: Option<&Machine>,
    midnight: Millis,
    now: Millis,
) -> Result<overview::Overview> {
    let own = head::Pulse { alive_within: Millis::MAX, wall: None };
    let head = head::read(conn, shop, own, now)?;
    overview::read(conn, &Asked { shop, head: &head, machine, midnight }, now)
}

/// An administrator's own, if they ever wrote to the bot.
pub(super) fn lang_of(conn: &Connection, admin: i64) -> Result<Lang> {
    Ok(users::by_tg(conn, admin)?.map_or(Lang::Ru, |user| user.lang))
}

#[cfg(test)]
mod tests;
