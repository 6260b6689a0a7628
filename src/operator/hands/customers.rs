//! Credits, bans, and a word to one customer.

use super::{Done, Refused, in_words, record};
use crate::audit::By;
use crate::clock::Millis;
use crate::db::Tx;
use crate::flow;
use crate::ledger::{self, Grant, Granted};
use crate::orders::{Shop, support_button};
use crate::outbox::{self, Content};
use crate::text::{Arg, shorten};
use crate::users::{self, User};
use anyhow::Result;

/// The longest message to a customer, as Telegram counts (UTF-16 units, most emoji are two): with the
/// line above it it is taken.
pub const MESSAGE_MAX: usize = 4_000;

/// The most credits that are given or taken at once.
pub const CREDITS_MAX: i64 = 1_000_000;

/// A grant by hand.
#[derive(Clone, Copy, Debug)]
pub struct Gift<'a> {
    /// To whom.
    pub tg_user_id: i64,
    /// How many, up to [`CREDITS_MAX`]; negative takes back.
    pub credits: i64,
    /// Why; empty: nobody said.
    pub note: &'a str,
}

/// Gives credits, or takes them back with a negative number; the customer is told. Returns their
/// balance.
pub fn grant(tx: &Tx<'_>, shop: &Shop, by: &By, gift: &Gift<'_>, now: Millis) -> Result<i64> {
    let Gift { tg_user_id, credits, note } = *gift;
    if credits == 0 {
        return Err(Refused::NoCredits.into());
    }
    if credits.checked_abs().is_none_or(|credits| credits > CREDITS_MAX) {
        return Err(Refused::TooMuch(credits).into());
    }
    let user = user(tx, tg_user_id)?;
    let gift = Grant {
        user: user.id,
        credits,
        key: None,
        actor: "operator",
        note: Some(note).filter(|note| !note.is_empty()),
    };
    let balance = match ledger::grant(tx, &gift, now)? {
        Granted::Done(balance) => balance,
        Granted::TooFew(balance) => {
            let wanted = -credits;
            return Err(Refused::TooFew { user: tg_user_id, balance, wanted }.into());
        }
        Granted::Already => anyhow::bail!("a grant without a key was made before"),
    };
    let done = Done {
        action: "grant",
        object: object(tg_user_id),
        before: in_words(user.credits),
        after: in_words(balance),
        note,
    };
    record(tx, by, &done, now)?;
    flow::granted(tx, shop, &user, credits, balance, now)?;
    Ok(balance)
}

/// Takes no more orders of a customer; what they ordered goes on. `false`: it was so already.
pub fn ban(tx: &Tx<'_>, by: &By, tg_user_id: i64, note: &str, now: Millis) -> Result<bool> {
    let user = user(tx, tg_user_id)?;
    let changed = users::ban(tx, user.id, now)?;
    if changed {
        let (before, after) = ("served".to_owned(), "banned".to_owned());
        let done = Done { action: "ban", object: object(tg_user_id), before, after, note };
        record(tx, by, &done, now)?;
    }
    Ok(changed)
}

/// Takes their orders again. `false`: they were not banned.
pub fn unban(tx: &Tx<'_>, by: &By, tg_user_id: i64, note: &str, now: Millis) -> Result<bool> {
    let user = user(tx, tg_user_id)?;
    let changed = users::unban(tx, user.id)?;
    if changed {
        let (before, after) = ("banned".to_owned(), "served".to_owned());
        let done = Done { action: "unban", object: object(tg_user_id), before, after, note };
        record(tx, by, &done, now)?;
    }
    Ok(changed)
}

/// Writes to one customer: plain words, with a line above them that says from whom.
pub fn write_to(
    tx: &Tx<'_>,
    shop: &Shop,
    by: &By,
    tg_user_id: i64,
    text: &str,
    now: Millis,
) -> Result<()> {
    let text = words(text)?;
    let user = user(tx, tg_user_id)?;
    let html = shop.texts.say(user.lang, "from-support", &[("text", Arg::Str(text))]);
    let buttons = support_button(shop, user.lang).map(|button| vec![button]).into_iter().collect();
    let content = Content::text(html).with_buttons(buttons);
    outbox::put(tx, tg_user_id, None, &content, None, now)?;
    let (object, after) = (object(tg_user_id), shorten(text, 500));
    record(tx, by, &Done { action: "message", object, after, ..Done::default() }, now)
}

/// What a customer is to read, if they can.
pub(super) fn words(text: &str) -> Result<&str, Refused> {
    let text = text.trim();
    match text.encode_utf16().count() {
        0 => Err(Refused::NoWords),
        units if units > MESSAGE_MAX => Err(Refused::TooLong(units)),
        _ => Ok(text),
    }
}

fn user(tx: &Tx<'_>, tg_user_id: i64) -> Result<User> {
    // Who had all of theirs deleted is nobody until they write again.
    match users::by_tg(tx, tg_user_id)? {
        Some(user) if !users::has_left(tx, tg_user_id)? => Ok(user),
        _ => Err(Refused::NoUser(tg_user_id).into()),
    }
}

pub(super) fn object(tg_user_id: i64) -> String {
    format!("user {tg_user_id}")
}
