//! The operator's commands in the chat with the bot: an administrator writes `/stats`, `/queue`,
//! `/grant`, `/ban` or `/unban` and is answered. From anybody else they are words like any others.

use anyhow::Result;
use jiff::tz::TimeZone;
use rusqlite::Connection;

use super::hands::{self, Gift, Refused};
use super::letters::Letters;
use super::mailing;
use super::overview::steps;
use super::report;
use crate::audit::{By, Way};
use crate::clock::Millis;
use crate::db::Tx;
use crate::flow;
use crate::inbox;
use crate::instance;
use crate::orders::Shop;
use crate::outbox::{self, Content};
use crate::text::{Arg, escape};

/// What somebody wrote.
#[derive(Clone, Copy, Debug)]
pub struct Said<'a> {
    /// Marked as handled in the same transaction.
    pub update_id: i64,
    /// Who; also the chat.
    pub from: i64,
    /// Their words.
    pub text: &'a str,
    /// What [`account`] made of them.
    pub account: Option<&'a str>,
    /// The message of ours that they reply to.
    pub reply_to: Option<i64>,
    /// What [`audience`] counted.
    pub audience: i64,
}

/// A command of ours; `None` inside: its words cannot be read.
#[derive(Debug, PartialEq, Eq)]
enum Order<'a> {
    Help,
    Stats,
    Queue,
    Grant(Option<(i64, i64, &'a str)>),
    Ban(Option<(i64, &'a str)>),
    Unban(Option<(i64, &'a str)>),
    Answer(Option<(i64, &'a str)>),
    Broadcast(&'a str),
}

impl<'a> Order<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let (name, rest) = word(text.strip_prefix('/')?);
        let (first, after) = word(rest);
        let user = || first.parse().ok().map(|id| (id, after));
        let name = name.split('@').next()?.to_lowercase();
        Some(match name.as_str() {
            "help" => Self::Help,
            "stats" => Self::Stats,
            "queue" => Self::Queue,
            "grant" => {
                let (credits, note) = word(after);
                // A phone's keyboard makes dashes of it.
                let credits = credits.replace(['−', '–', '—'], "-").parse::<i64>().ok();
                Self::Grant(user().zip(credits).map(|((id, _), credits)| (id, credits, note)))
            }
            "ban" => Self::Ban(user()),
            "unban" => Self::Unban(user()),
            "answer" => Self::Answer(user()),
            "broadcast" => Self::Broadcast(rest),
            _ => return None,
        })
    }
}

/// The first word, and what follows it.
fn word(text: &str) -> (&str, &str) {
    let text = text.trim();
    match text.split_once(char::is_whitespace) {
        Some((word, rest)) => (word, rest.trim()),
        None => (text, ""),
    }
}

/// The answer to `/stats`, where that is what an administrator wrote. Reads a day's history: before
/// the transaction in which it is said.
pub fn account(
    conn: &Connection,
    shop: &Shop,
    zone: &TimeZone,
    from: i64,
    text: &str,
    now: Millis,
) -> Result<Option<String>> {
    if !shop.options.admins.contains(&from) || Order::read(text) != Some(Order::Stats) {
        return Ok(None);
    }
    report::so_far(conn, shop, zone, report::lang_of(conn, from)?, now).map(Some)
}

/// How many customers there are to be written to, where an administrator wants to. Looks at every one:
/// before the transaction.
pub fn audience(conn: &Connection, shop: &Shop, from: i64, text: &str, now: Millis) -> Result<i64> {
    match Order::read(text) {
        Some(Order::Broadcast(_)) if shop.options.admins.contains(&from) => {
            mailing::audience(conn, None, now)
        }
        _ => Ok(0),
    }
}

/// The ticket that an administrator's words are the answer to: they reply to its message.
fn replied(conn: &Connection, said: &Said<'_>) -> Result<Option<i64>> {
    let Some(message) = said.reply_to else { return Ok(None) };
    Ok(outbox::key_of(conn, said.from, message)?.as_deref().and_then(flow::ticket_of))
}

/// Does what an administrator wrote and answers, once per update. `false`: it is the dialogue's to
/// handle, because of who wrote it or because it is no such command.
pub fn handle(tx: &Tx<'_>, shop: &Shop, said: &Said<'_>, now: Millis) -> Result<bool> {
    if !shop.options.admins.contains(&said.from) {
        return Ok(false);
    }
    let order = match Order::read(said.text) {
        Some(order) => order,
        None => match replied(tx, said)? {
            Some(ticket) => Order::Answer(Some((ticket, said.text))),
            None => return Ok(false),
        },
    };
    // The dialogue has its own help, and marks the update.
    let ours = order != Order::Help;
    if ours {
        if !inbox::done(tx, said.update_id, now)? {
            return Ok(true);
        }
        // It names customers and holds the message that it replies to, in a chat that none of them
        // can have emptied.
        inbox::empty(tx, said.update_id)?;
    }
    let words = Letters { texts: &shop.texts, lang: report::lang_of(tx, said.from)? };
    let by = By { way: Way::Chat, who: said.from.to_string() };
    let html = match order {
        Order::Help => words.say("chat-help", &[]),
        Order::Stats => said.account.unwrap_or_default().to_owned(),
        Order::Queue => words.queue(instance::state(tx)?, &steps::queue(tx, now)?, now),
        Order::Grant(Some((tg_user_id, credits, note))) => {
            let gift = Gift { tg_user_id, credits, note };
            let granted = hands::grant(tx, shop, &by, &gift, now);
            granted.map(|balance| words.granted(tg_user_id, balance)).or_else(words.refused())?
        }
        Order::Ban(Some((user, note))) => {
            let id = |changed| if changed { "chat-banned" } else { "chat-banned-already" };
            let banned = hands::ban(tx, &by, user, note, now);
            banned.map(|changed| words.of_user(id(changed), user)).or_else(words.refused())?
        }
        Order::Unban(Some((user, note))) => {
            let id = |changed| if changed { "chat-unbanned" } else { "chat-not-banned" };
            let unbanned = hands::unban(tx, &by, user, note, now);
            unbanned.map(|changed| words.of_user(id(changed), user)).or_else(words.refused())?
        }
        Order::Answer(Some((ticket, text))) => {
            let answered = hands::answer(tx, shop, &by, ticket, text, now);
            answered.map(|user| words.answered(ticket, user)).or_else(words.refused())?
        }
        Order::Answer(None) => words.say("chat-usage-answer", &[]),
        Order::Broadcast(html) => match mailing::check(html) {
            Err(wrong) => words.wrong(&wrong),
            Ok(()) => {
                mailing::compose(tx, shop, (said.from, html, said.audience), now)?;
                return Ok(true);
            }
        },
        Order::Grant(None) => words.say("chat-usage-grant", &[]),
        Order::Ban(None) => words.say("chat-usage-ban", &[]),
        Order::Unban(None) => words.say("chat-usage-unban", &[]),
    };
    let key = format!("operator:{}", said.update_id);
    outbox::put(tx, said.from, Some(&key), &Content::text(html), None, now)?;
    Ok(ours)
}

impl Letters<'_> {
    fn of_user(&self, id: &str, user: i64) -> String {
        self.say(id, &[("user", Arg::Str(&user.to_string()))])
    }

    fn answered(&self, ticket: i64, user: Option<i64>) -> String {
        match user {
            Some(user) => self.of_user("chat-answered", user),
            None => self.say("chat-no-ticket", &[("id", Arg::Html(ticket.to_string()))]),
        }
    }

    fn granted(&self, user: i64, balance: i64) -> String {
        let balance = self.say("credits", &[("n", Arg::Num(balance))]);
        let args = [("user", Arg::Str(&user.to_string())), ("balance", Arg::Html(balance))];
        self.say("chat-granted", &args)
    }

    /// A refusal wrote nothing, so its words are an answer; any other error is one.
    fn refused(&self) -> impl Fn(anyhow::Error) -> Result<String> {
        |error| {
            Ok(match error.downcast_ref::<Refused>() {
                None => return Err(error),
                Some(Refused::NoUser(user)) => self.of_user("chat-no-user", *user),
                Some(Refused::NoCredits) => self.say("chat-no-credits", &[]),
                Some(Refused::TooMuch(_)) => self.say("chat-usage-grant", &[]),
                Some(Refused::TooFew { user, balance, .. }) => {
                    let balance = self.say("credits", &[("n", Arg::Num(*balance))]);
                    let user = user.to_string();
                    let args = [("user", Arg::Str(&user)), ("balance", Arg::Html(balance))];
                    self.say("chat-too-few", &args)
                }
                Some(other) => escape(&other.to_string()),
            })
        }
    }
}

#[cfg(test)]
mod tests;
