//! The last question before somebody pays: whether this very invoice may be paid, by them, now.

use super::screens::closed_text;
use crate::clock::Millis;
use crate::orders::{self, Closed, Selling, Shop};
use crate::outbox::plain;
use crate::payments::{self, Offer};
use crate::text::{Lang, shorten};
use crate::users;
use anyhow::Result;
use rusqlite::Connection;

/// Telegram shows no longer refusal, in characters.
const REFUSAL: usize = 255;

/// What somebody is about to pay.
#[derive(Clone, Debug)]
pub struct Wish {
    /// Who.
    pub tg_user_id: i64,
    /// Of their app, where we do not know them.
    pub language_code: Option<String>,
    /// `XTR`, if it is one of ours.
    pub currency: String,
    /// In Stars.
    pub stars: i64,
    /// The invoice's.
    pub payload: String,
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// They may pay.
    Fine,
    /// They may not, and read why: plain words.
    Refused(String),
}

/// Decides, by short reads alone.
pub fn checkout(conn: &Connection, shop: &Shop, wish: &Wish, now: Millis) -> Result<Verdict> {
    let user = users::by_tg(conn, wish.tg_user_id)?;
    let lang = match &user {
        // Of who has left not even the language is known.
        Some(user) if !users::has_left(conn, wish.tg_user_id)? => user.lang,
        _ => Lang::of(wish.language_code.as_deref()),
    };
    let refused = |id| {
        let words = plain(&shop.texts.say(lang, id, &[]));
        Ok(Verdict::Refused(shorten(&words, REFUSAL - 1)))
    };
    if user.as_ref().is_some_and(|user| user.banned) {
        return refused(closed_text(Closed::Banned));
    }
    let Some(offer) = Offer::read(&wish.payload) else { return refused("checkout-over") };
    let Some(invoice) = payments::invoice(conn, offer.invoice)? else {
        return refused("checkout-over");
    };
    if user.is_none_or(|user| user.id != invoice.user) {
        return refused("checkout-foreign");
    }
    if invoice.paid {
        return refused("checkout-paid");
    }
    // An id that a restored backup gave once more is another invoice.
    if !invoice.is_open(now) || invoice.offer() != offer {
        return refused("checkout-over");
    }
    let price = shop.pack(invoice.credits).map(|pack| pack.stars);
    if wish.currency != "XTR" || wish.stars != invoice.stars || price != Some(invoice.stars) {
        return refused("checkout-changed");
    }
    match orders::selling(conn, shop, now)? {
        Selling::Closed(why) => refused(closed_text(why)),
        Selling::Open => Ok(Verdict::Fine),
    }
}
