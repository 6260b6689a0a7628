//! What stands beside the order in the making and leaves it as it is: a question about a payment,
//! the privacy policy, and the end of everything.

use super::apply::FLOOD;
use super::{Event, Incoming, Place, Press, TEXT_MAX, TEXT_MIN, leaving};
use crate::clock::Millis;
use crate::db::Tx;
use crate::orders::{Shop, menu_button, support_button};
use crate::outbox::{self, Button, Content};
use crate::text::{Arg, escape};
use crate::tickets::{self, Paid};
use crate::users::{self, User};
use anyhow::Result;
use jiff::Timestamp;
use rusqlite::Connection;

/// A button that has no part in an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Aside {
    /// Delete all of mine?
    Leave,
    /// Yes, with so many credits, as the question said; in which minute it was asked; and when they
    /// had left before that, 0: never.
    LeaveYes(i64, i64, Millis),
    /// A question about a payment.
    Ask,
    /// About this one.
    AskAbout(i64),
}

impl Aside {
    /// Reads callback data; `None`: not one of ours.
    pub(super) fn read(data: &str) -> Option<Self> {
        Some(match data.split_once(':') {
            None if data == "leave" => Self::Leave,
            None if data == "ask" => Self::Ask,
            Some(("leave", rest)) => {
                let (credits, rest) = rest.split_once(':')?;
                let (minute, left) = rest.split_once(':')?;
                Self::LeaveYes(credits.parse().ok()?, minute.parse().ok()?, left.parse().ok()?)
            }
            Some(("ask", payment)) => Self::AskAbout(payment.parse().ok()?),
            _ => return None,
        })
    }

    /// The callback data.
    pub(super) fn data(&self) -> String {
        match self {
            Self::Leave => "leave".to_owned(),
            Self::LeaveYes(credits, minute, left) => format!("leave:{credits}:{minute}:{left}"),
            Self::Ask => "ask".to_owned(),
            Self::AskAbout(payment) => format!("ask:{payment}"),
        }
    }
}

/// Who does something, and where.
pub(super) struct Desk<'a> {
    pub(super) tx: &'a Tx<'a>,
    pub(super) shop: &'a Shop,
    pub(super) user: &'a User,
    pub(super) update_id: i64,
    pub(super) now: Millis,
}

impl Desk<'_> {
    pub(super) fn say(&self, id: &str, args: &[(&str, Arg<'_>)]) -> String {
        self.shop.texts.say(self.user.lang, id, args)
    }

    pub(super) fn button(&self, id: &str, press: &Press) -> Vec<Button> {
        vec![Button::data(self.say(id, &[]), press.data())]
    }

    pub(super) fn menu_row(&self) -> Vec<Button> {
        vec![menu_button(self.shop, self.user.lang)]
    }

    /// A message with these rows of buttons, the way back to the order, if there is one, and the menu.
    pub(super) fn tell(&self, html: String, rows: Vec<Vec<Button>>) -> Result<()> {
        self.tell_once(None, html, rows)
    }

    /// The same; with a key that was used before it says nothing new.
    fn tell_once(&self, key: Option<&str>, html: String, mut rows: Vec<Vec<Button>>) -> Result<()> {
        if outbox::waiting(self.tx, self.user.tg_user_id)? >= FLOOD {
            return Ok(());
        }
        if !super::apply::load(self.tx, self.user.id)?.draft.id.is_empty() {
            rows.push(self.button("button-continue", &Press::Continue));
        }
        rows.push(self.menu_row());
        let content = Content::text(html).with_buttons(rows);
        outbox::put(self.tx, self.user.tg_user_id, key, &content, None, self.now)?;
        Ok(())
    }
}

/// Handles what is ours. `None`: it is the dialogue's; else the words of the callback's answer.
pub(super) fn handle(desk: &Desk<'_>, incoming: &Incoming) -> Result<Option<String>> {
    let (tx, user) = (desk.tx, desk.user.id);
    match &incoming.event {
        Event::Press(Some(Press::Aside(press))) => pressed(desk, press).map(Some),
        Event::Command(command) => match command.as_str() {
            "delete_me" => leaving::ask(desk).map(|()| Some(String::new())),
            "privacy" => privacy(desk).map(|()| Some(String::new())),
            "paysupport" if !desk.shop.options.admins.is_empty() => {
                ask(desk, None).map(|()| Some(String::new()))
            }
            _ => tickets::drop_waiting(tx, user).map(|()| None),
        },
        Event::Text(text) => match tickets::waiting(tx, user, desk.now)? {
            Some(ticket) => words(desk, ticket, text).map(|()| Some(String::new())),
            None => Ok(None),
        },
        // A screenshot is no question, and no end of one.
        Event::Picture { album, .. } => not_words(desk, album.as_deref()),
        Event::Other => not_words(desk, None),
        _ => tickets::drop_waiting(tx, user).map(|()| None),
    }
}

/// Whether a picture that comes now is for the order: the bot waits for one, and not for words about
/// a payment.
pub fn wants_photo(conn: &Connection, tg_user_id: i64, now: Millis) -> Result<bool> {
    let Some(user) = users::by_tg(conn, tg_user_id)? else { return Ok(false) };
    let asks = tickets::waiting(conn, user.id, now)?.is_some();
    Ok(!asks && super::apply::load(conn, user.id)?.place == Place::Photo)
}

/// What cannot be passed on to support: once per album. The question is still waited for.
fn not_words(desk: &Desk<'_>, album: Option<&str>) -> Result<Option<String>> {
    if tickets::waiting(desk.tx, desk.user.id, desk.now)?.is_none() {
        return Ok(None);
    }
    let key = album.map(|album| format!("ask-wrong:{}:{album}", desk.user.id));
    desk.tell_once(key.as_deref(), desk.say("ask-wrong", &[]), Vec::new())?;
    Ok(Some(String::new()))
}

fn pressed(desk: &Desk<'_>, press: &Aside) -> Result<String> {
    if !matches!(press, Aside::Ask | Aside::AskAbout(_)) {
        tickets::drop_waiting(desk.tx, desk.user.id)?;
    }
    match press {
        Aside::Leave => leaving::ask(desk)?,
        Aside::LeaveYes(credits, minute, left) => {
            return leaving::leave(desk, *credits, (*minute, *left));
        }
        Aside::Ask => ask(desk, None)?,
        Aside::AskAbout(payment) => ask(desk, Some(*payment))?,
    }
    Ok(String::new())
}

fn privacy(desk: &Desk<'_>) -> Result<()> {
    let mut rows = Vec::new();
    if let Some(url) = &desk.shop.options.privacy_url {
        rows.push(vec![Button::url(desk.say("terms-privacy", &[]), url.clone())]);
    }
    rows.push(desk.button("button-leave", &Press::Aside(Aside::Leave)));
    desk.tell(desk.say("privacy", &[]), rows)
}

/// Asks for words, and which payment they are about.
fn ask(desk: &Desk<'_>, payment: Option<i64>) -> Result<()> {
    let (tx, user) = (desk.tx, desk.user.id);
    let support: Vec<_> =
        support_button(desk.shop, desk.user.lang).map(|button| vec![button]).into_iter().collect();
    if tickets::has_asked_enough(tx, user, desk.now)? {
        tickets::drop_waiting(tx, user)?;
        return desk.tell(desk.say("ask-enough", &[]), support);
    }
    let chosen = match payment {
        Some(payment) => tickets::payment_of(tx, user, payment)?,
        None => None,
    };
    tickets::begin(tx, user, chosen.as_ref().map(|paid| paid.id), desk.now)?;
    if let Some(paid) = chosen {
        let args = [("payment", Arg::Html(in_short(desk, &paid)))];
        return desk.tell(desk.say("ask-about", &args), Vec::new());
    }
    let mut rows = Vec::new();
    for paid in tickets::payments_of(tx, user)? {
        let press = Press::Aside(Aside::AskAbout(paid.id));
        rows.push(vec![Button::data(in_short(desk, &paid), press.data())]);
    }
    let id = if rows.is_empty() { "ask-words" } else { "ask-words-or-payment" };
    rows.extend(support);
    desk.tell(desk.say(id, &[]), rows)
}

fn day(desk: &Desk<'_>, at: Millis) -> String {
    let day = Timestamp::from_millisecond(at).unwrap_or_default();
    day.to_zoned(desk.shop.options.zone.clone()).strftime("%d.%m.%Y").to_string()
}

fn in_short(desk: &Desk<'_>, paid: &Paid) -> String {
    let credits = desk.say("credits", &[("n", Arg::Num(paid.credits))]);
    let args = [
        ("stars", Arg::Html(paid.stars.to_string())),
        ("credits", Arg::Html(credits)),
        ("day", Arg::Html(day(desk, paid.paid_at))),
    ];
    desk.say("ask-payment", &args)
}

/// The customer's words: to every administrator, with the payment.
fn words(desk: &Desk<'_>, ticket: i64, text: &str) -> Result<()> {
    let text = text.trim();
    let chars = text.chars().count();
    if !(TEXT_MIN..=TEXT_MAX).contains(&chars) {
        return desk.tell(desk.say("ask-wrong", &[]), Vec::new());
    }
    tickets::asked(desk.tx, ticket, text, desk.now)?;
    let payments = match tickets::payment_in(desk.tx, ticket)? {
        Some(paid) => vec![paid],
        None => tickets::payments_of(desk.tx, desk.user.id)?,
    };
    for admin in &desk.shop.options.admins {
        let content = Content::text(letter(desk, ticket, text, &payments));
        outbox::put(desk.tx, *admin, Some(&key(ticket, *admin)), &content, None, desk.now)?;
    }
    desk.tell(desk.say("ask-thanks", &[("id", Arg::Html(ticket.to_string()))]), Vec::new())
}

/// Of the message that shows a ticket to an administrator.
fn key(ticket: i64, admin: i64) -> String {
    format!("ticket:{ticket}:{admin}")
}

/// The ticket of such a message.
pub fn ticket_of(key: &str) -> Option<i64> {
    key.strip_prefix("ticket:")?.split(':').next()?.parse().ok()
}

/// Whoever was an administrator when these were asked, their messages are kept no more: a colon comes
/// before a semicolon.
pub(super) fn forget(tx: &Tx<'_>, tickets: &[i64]) -> Result<()> {
    for ticket in tickets {
        outbox::forget_keys(tx, &format!("ticket:{ticket}:"), &format!("ticket:{ticket};"))?;
    }
    Ok(())
}

fn letter(desk: &Desk<'_>, ticket: i64, text: &str, payments: &[Paid]) -> String {
    let lang = desk.shop.admin_lang(desk.tx);
    let say = |id: &str, args: &[(&str, Arg<'_>)]| desk.shop.texts.say(lang, id, args);
    let id = ticket.to_string();
    let user = desk.user.tg_user_id.to_string();
    let args = [
        ("id", Arg::Html(id.clone())),
        ("user", Arg::Html(user)),
        ("text", Arg::Html(escape(text))),
    ];
    let mut html = say("ticket", &args);
    if payments.is_empty() {
        html.push_str(&format!("\n\n{}", say("ticket-no-payment", &[])));
    }
    for paid in payments {
        let back = if paid.refunded { "ticket-payment-back" } else { "ticket-payment" };
        let args = [
            ("charge", Arg::Str(&paid.charge_id)),
            ("stars", Arg::Html(paid.stars.to_string())),
            ("credits", Arg::Html(paid.credits.to_string())),
            ("day", Arg::Html(day(desk, paid.paid_at))),
        ];
        html.push_str(&format!("\n\n{}", say(back, &args)));
    }
    format!("{html}\n\n{}", say("ticket-how", &[("id", Arg::Html(id))]))
}
