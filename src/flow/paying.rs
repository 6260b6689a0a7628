//! What came and what went in Stars, and what its customer and the operator hear of it.
//!
//! A payment that came is credited whatever is odd about it: the money is there. Its own payload
//! says for what; where that cannot be, the Stars buy at the smallest pack's price. What went back
//! takes its credits along. Each is one commit with its message, once per charge.

use super::Place;
use super::apply::{load, meet};
use super::leaving;
use super::press::Press;
use crate::alerts;
use crate::clock::Millis;
use crate::db::{Tx, UserId};
use crate::growth;
use crate::inbox;
use crate::ledger;
use crate::orders::{Pack, Shop, menu_button, support_button};
use crate::outbox::{self, Button, Content};
use crate::payments::{self, Invoice, Offer, Payment, Received, Refunded, Source, Took};
use crate::text::{Arg, Lang};
use crate::users::{self, Profile, User};
use anyhow::Result;

/// A payment, as Telegram tells of it.
#[derive(Clone, Debug)]
pub struct Paid {
    /// Who paid.
    pub profile: Profile,
    /// `telegram_payment_charge_id`.
    pub charge_id: String,
    /// In Stars.
    pub stars: i64,
    /// The invoice's.
    pub payload: String,
    /// By Telegram's clock.
    pub at: Millis,
}

/// A `successful_payment`: in its chat's order, and the dialogue stays as it is.
pub fn paid(tx: &Tx<'_>, shop: &Shop, update_id: i64, paid: &Paid, now: Millis) -> Result<()> {
    if !inbox::done(tx, update_id, now)? {
        return Ok(());
    }
    // Told once more: it brings nothing, and nobody back who has left since.
    if payments::by_charge(tx, &paid.charge_id)?.is_some() {
        return leaving::forget_again(tx, paid.profile.tg_user_id, update_id, now);
    }
    let user = match payer(tx, &paid.profile)? {
        Some(user) => user,
        None => meet(tx, shop, &paid.profile, now)?.0,
    };
    credit(tx, shop, &user, paid, Source::Update, now).map(drop)
}

/// Whoever has left and pays all the same (Telegram had our word before) is a customer again, with
/// what they paid and nothing else: who they are we learn when they write. `None`: nobody who left.
fn payer(tx: &Tx<'_>, profile: &Profile) -> Result<Option<User>> {
    let lang = Lang::of(profile.language_code.as_deref());
    match users::return_with_nothing(tx, profile.tg_user_id, lang)? {
        true => users::by_tg(tx, profile.tg_user_id),
        false => Ok(None),
    }
}

/// A payment or a refund in the chat with `tg_user_id` that cannot be read: the operator is told, and
/// the next comparison finds it.
pub fn unread(
    tx: &Tx<'_>,
    shop: &Shop,
    update_id: i64,
    (tg_user_id, why): (i64, &str),
    now: Millis,
) -> Result<()> {
    if !inbox::done(tx, update_id, now)? {
        return Ok(());
    }
    let args = [("update", Arg::Html(update_id.to_string())), ("error", Arg::Str(why))];
    alert(tx, shop, ("payment:unread", "alert-payment-unread"), &args, now)?;
    leaving::forget_again(tx, tg_user_id, update_id, now)
}

/// Transactions in Telegram's list that cannot be read: no comparison will find them.
pub fn unlisted(
    tx: &Tx<'_>,
    shop: &Shop,
    (count, first): (u32, &str),
    why: &str,
    now: Millis,
) -> Result<()> {
    let args = [("n", Arg::Num(count.into())), ("id", Arg::Str(first)), ("error", Arg::Str(why))];
    alert(tx, shop, ("payment:unlisted", "alert-payment-unlisted"), &args, now)
}

/// What is odd about a payment that was credited all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Odd {
    /// Its payload is none that we know.
    Unknown,
    /// It is not the invoice's amount.
    Amount,
    /// It was somebody else's invoice.
    Foreign,
    /// The invoice was paid before.
    Twice,
    /// The operator serves this customer no more.
    Banned,
}

impl Odd {
    fn text(self) -> &'static str {
        match self {
            Self::Unknown => "alert-payment-unknown",
            Self::Amount => "alert-payment-amount",
            Self::Foreign => "alert-payment-foreign",
            Self::Twice => "alert-payment-twice",
            Self::Banned => "alert-payment-banned",
        }
    }
}

/// `false`: this charge was credited before, and nothing is done.
fn credit(
    tx: &Tx<'_>,
    shop: &Shop,
    user: &User,
    paid: &Paid,
    source: Source,
    now: Millis,
) -> Result<bool> {
    let offer = Offer::read(&paid.payload);
    let invoice = match offer {
        Some(offer) => payments::invoice(tx, offer.invoice)?,
        None => None,
    };
    // An id that a restored backup gave once more is another invoice.
    let invoice = invoice.filter(|invoice| Some(invoice.offer()) == offer);
    let (credits, odd) = worth(shop, user, paid.stars, offer, invoice.as_ref());
    let payment = Payment {
        user: user.id,
        charge_id: &paid.charge_id,
        stars: paid.stars,
        credits,
        payload: &paid.payload,
        source,
        paid_at: paid.at,
    };
    let Received::Credited(balance) = payments::received(tx, &payment, now)? else {
        return Ok(false);
    };
    if let Some(invoice) = &invoice
        && invoice.user == user.id
        && invoice.stars == paid.stars
    {
        payments::close_as_paid(tx, invoice.id, now)?;
    }
    let brought = growth::paid(tx, &shop.options.growth, user.id, &paid.charge_id, now)?;
    receipt(tx, shop, user, &payment, (balance + brought.bonus, brought.bonus), now)?;
    if let Some((inviter, credits)) = brought.inviter {
        tell_inviter(tx, shop, inviter, ("invite-thanks", credits), now)?;
    }
    if let Some(odd) = odd {
        let args = [
            ("user", Arg::Html(user.tg_user_id.to_string())),
            ("stars", Arg::Num(paid.stars)),
            ("credits", credits_in_words(tx, shop, credits)),
            ("charge", Arg::Str(&paid.charge_id)),
        ];
        let cause = format!("payment:{}", paid.charge_id);
        alert(tx, shop, (&cause, odd.text()), &args, now)?;
    }
    Ok(true)
}

/// What a payment brings in credits, and what is odd about it.
fn worth(
    shop: &Shop,
    user: &User,
    stars: i64,
    offer: Option<Offer>,
    invoice: Option<&Invoice>,
) -> (i64, Option<Odd>) {
    let by_price = by_price(&shop.options.packs, stars);
    let Some(offer) = offer else { return (by_price, Some(Odd::Unknown)) };
    if offer.stars != stars {
        return (by_price, Some(Odd::Amount));
    }
    let Some(invoice) = invoice else {
        // A restored backup has lost the row, and the price may be an old one of ours.
        return match is_credible(&shop.options.packs, offer) {
            true => (offer.credits, user.banned.then_some(Odd::Banned)),
            false => (by_price, Some(Odd::Unknown)),
        };
    };
    let odd = match invoice {
        Invoice { user: owner, .. } if *owner != user.id => Some(Odd::Foreign),
        Invoice { paid: true, .. } => Some(Odd::Twice),
        _ => user.banned.then_some(Odd::Banned),
    };
    (offer.credits, odd)
}

/// What these Stars buy at the smallest pack's price per credit; at least something.
fn by_price(packs: &[Pack], stars: i64) -> i64 {
    let smallest = packs.iter().min_by_key(|pack| pack.credits);
    smallest.map_or(1, |pack| (stars * pack.credits / pack.stars).max(1))
}

/// Whether we ever offered that: nobody gets more than twice what the best of today's packs gives.
fn is_credible(packs: &[Pack], offer: Offer) -> bool {
    packs.iter().any(|pack| offer.credits * pack.stars <= 2 * pack.credits * offer.stars)
}

/// What came, and the way on: an order that waits goes on from here.
fn receipt(
    tx: &Tx<'_>,
    shop: &Shop,
    user: &User,
    payment: &Payment<'_>,
    (balance, bonus): (i64, i64),
    now: Millis,
) -> Result<()> {
    let say = |id: &str, args: &[(&str, Arg<'_>)]| shop.texts.say(user.lang, id, args);
    let words = |n: i64| Arg::Html(say("credits", &[("n", Arg::Num(n))]));
    let id = match payment.source {
        Source::Update => "receipt",
        Source::Reconciled => "receipt-late",
    };
    let args = [("credits", words(payment.credits)), ("balance", words(balance))];
    let mut html = say(id, &args);
    if bonus > 0 {
        html = format!("{html}\n{}", say("bonus", &[("n", Arg::Num(bonus))]));
    }
    let waits = load(tx, user.id)?.place != Place::Menu;
    if waits && !user.banned {
        html = format!("{html}\n\n{}", say("receipt-order", &[]));
    }
    let key = format!("receipt:{}", payment.charge_id);
    let content = Content::text(html).with_buttons(ways_on(shop, user, waits));
    outbox::put(tx, user.tg_user_id, Some(&key), &content, None, now)?;
    Ok(())
}

/// What credits that came are good for: the order that waits, or a new one.
fn ways_on(shop: &Shop, user: &User, waits: bool) -> Vec<Vec<Button>> {
    let button = |id: &str, press: Press| {
        vec![Button::data(shop.texts.say(user.lang, id, &[]), press.data())]
    };
    let mut rows = Vec::new();
    match (user.banned, waits) {
        (true, _) => rows.extend(support_button(shop, user.lang).map(|button| vec![button])),
        (_, true) => rows.push(button("button-continue", Press::Continue)),
        (_, false) => rows.push(button("menu-make", Press::Make)),
    }
    rows.push(vec![menu_button(shop, user.lang)]);
    rows
}

/// Whoever invited the payer hears what that brought, or what it took again.
fn tell_inviter(
    tx: &Tx<'_>,
    shop: &Shop,
    inviter: UserId,
    (text, credits): (&str, i64),
    now: Millis,
) -> Result<()> {
    let user = users::by_id(tx, inviter)?;
    let say = |id: &str, args: &[(&str, Arg<'_>)]| shop.texts.say(user.lang, id, args);
    let balance = Arg::Html(say("credits", &[("n", Arg::Num(user.credits))]));
    let html = say(text, &[("n", Arg::Num(credits)), ("balance", balance)]);
    let content = Content::text(html).with_buttons(vec![vec![menu_button(shop, user.lang)]]);
    outbox::put(tx, user.tg_user_id, None, &content, None, now)?;
    Ok(())
}

/// A `refunded_payment` in the chat with `tg_user_id`.
pub fn given_back(
    tx: &Tx<'_>,
    shop: &Shop,
    update_id: i64,
    (tg_user_id, charge_id): (i64, &str),
    now: Millis,
) -> Result<()> {
    if !inbox::done(tx, update_id, now)? || take_back(tx, shop, tg_user_id, charge_id, now)? {
        return Ok(());
    }
    let args = [("charge", Arg::Str(charge_id)), ("user", Arg::Html(tg_user_id.to_string()))];
    let cause = format!("refund:{charge_id}");
    alert(tx, shop, (&cause, "alert-refund-unknown"), &args, now)
}

/// `false`: they have no such payment.
fn take_back(
    tx: &Tx<'_>,
    shop: &Shop,
    tg_user_id: i64,
    charge_id: &str,
    now: Millis,
) -> Result<bool> {
    let Some(receipt) = payments::by_charge(tx, charge_id)? else { return Ok(false) };
    if users::by_id(tx, receipt.user)?.tg_user_id != tg_user_id {
        return Ok(false);
    }
    let Refunded::Now(took) = payments::refunded(tx, charge_id, "bot", now)? else {
        return Ok(true);
    };
    let user = users::by_id(tx, receipt.user)?;
    refunded(tx, shop, &user, receipt.stars, &took, now)?;
    let (owed, stars) = (took.of_payer().owed, receipt.stars);
    let mut missing = Vec::new();
    if owed > 0 {
        missing.push(("alert-refund-owed", tg_user_id, owed));
    }
    if let Some((inviter, reward)) = took.gifts.reward.filter(|(_, reward)| reward.owed > 0) {
        let inviter = users::by_id(tx, inviter)?.tg_user_id;
        missing.push(("alert-refund-reward", inviter, reward.owed));
    }
    for (text, whose, owed) in missing {
        let args = [
            ("user", Arg::Html(whose.to_string())),
            ("stars", Arg::Num(stars)),
            ("owed", credits_in_words(tx, shop, owed)),
            ("charge", Arg::Str(charge_id)),
        ];
        alert(tx, shop, (&format!("refund:{charge_id}:{whose}"), text), &args, now)?;
    }
    Ok(true)
}

/// What comparing one of Telegram's transactions with our rows brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compared {
    /// We have it just so.
    Same,
    /// We had missed it: it is made good now.
    Missed,
    /// We have it otherwise: the operator is told.
    Differs,
    /// Nothing of ours.
    Foreign,
}

/// Compares a payment in Telegram's list with ours; one that we never saw is credited.
pub fn compare(tx: &Tx<'_>, shop: &Shop, paid: &Paid, now: Millis) -> Result<Compared> {
    let Some(known) = payments::by_charge(tx, &paid.charge_id)? else {
        // Their words in the list are no sign of life: only who is new is met.
        payer(tx, &paid.profile)?;
        let user = match users::by_tg(tx, paid.profile.tg_user_id)? {
            Some(user) => user,
            None => meet(tx, shop, &paid.profile, now)?.0,
        };
        let credited = credit(tx, shop, &user, paid, Source::Reconciled, now)?;
        return Ok(if credited { Compared::Missed } else { Compared::Same });
    };
    let ours = users::by_id(tx, known.user)?.tg_user_id;
    if known.stars == paid.stars && ours == paid.profile.tg_user_id {
        return Ok(Compared::Same);
    }
    let args = [
        ("charge", Arg::Str(&paid.charge_id)),
        ("theirs", Arg::Num(paid.stars)),
        ("payer", Arg::Html(paid.profile.tg_user_id.to_string())),
        ("ours", Arg::Num(known.stars)),
        ("user", Arg::Html(ours.to_string())),
    ];
    let cause = format!("payment:{}", paid.charge_id);
    alert(tx, shop, (&cause, "alert-payment-differs"), &args, now)?;
    Ok(Compared::Differs)
}

/// Compares a refund in Telegram's list with ours; one that we do not know takes its credits.
pub fn compare_refund(
    tx: &Tx<'_>,
    shop: &Shop,
    (tg_user_id, charge_id): (i64, &str),
    now: Millis,
) -> Result<Compared> {
    let known = payments::by_charge(tx, charge_id)?;
    if known.is_some_and(|known| known.refunded.is_some()) {
        return Ok(Compared::Same);
    }
    let taken = take_back(tx, shop, tg_user_id, charge_id, now)?;
    Ok(if taken { Compared::Missed } else { Compared::Foreign })
}

fn credits_in_words(tx: &Tx<'_>, shop: &Shop, credits: i64) -> Arg<'static> {
    Arg::Html(shop.texts.say(shop.admin_lang(tx), "credits", &[("n", Arg::Num(credits))]))
}

fn alert(
    tx: &Tx<'_>,
    shop: &Shop,
    (cause, text): (&str, &str),
    args: &[(&str, Arg<'_>)],
    now: Millis,
) -> Result<()> {
    let html = shop.texts.say(shop.admin_lang(tx), text, args);
    alerts::raise(tx, &shop.options.admins, cause, &html, now)
}

/// Tells a customer that the operator gave or took credits; an order that waited for them has its
/// button here.
pub fn granted(
    tx: &Tx<'_>,
    shop: &Shop,
    user: &User,
    delta: i64,
    balance: i64,
    now: Millis,
) -> Result<()> {
    let words = |n: i64| shop.texts.say(user.lang, "credits", &[("n", Arg::Num(n))]);
    let id = if delta > 0 { "granted" } else { "taken-back" };
    let args = [("credits", Arg::Html(words(delta.abs()))), ("balance", Arg::Html(words(balance)))];
    let html = shop.texts.say(user.lang, id, &args);
    let rows = if delta > 0 {
        ways_on(shop, user, load(tx, user.id)?.place != Place::Menu)
    } else {
        let ask = support_button(shop, user.lang).map(|button| vec![button]);
        ask.into_iter().chain([vec![menu_button(shop, user.lang)]]).collect()
    };
    let content = Content::text(html).with_buttons(rows);
    outbox::put(tx, user.tg_user_id, None, &content, None, now)?;
    Ok(())
}

/// Tells a customer that a payment went back, `stars` of it, with the credits that it took along;
/// and whoever invited them, if it took theirs.
pub fn refunded(
    tx: &Tx<'_>,
    shop: &Shop,
    user: &User,
    stars: i64,
    took: &Took,
    now: Millis,
) -> Result<()> {
    let say = |id: &str, args: &[(&str, Arg<'_>)]| shop.texts.say(user.lang, id, args);
    let words = |n: i64| Arg::Html(say("credits", &[("n", Arg::Num(n))]));
    let taken = took.of_payer().taken_back;
    let args =
        [("stars", Arg::Num(stars)), ("credits", words(taken)), ("balance", words(user.credits))];
    let mut html = say(if taken > 0 { "refunded" } else { "refunded-nothing" }, &args);
    let due = ledger::due(tx, user.id)?;
    for (id, n) in [("refunded-bonus", took.gifts.bonus.taken_back), ("refunded-held", due)] {
        if n > 0 {
            html = format!("{html}\n{}", say(id, &[("n", Arg::Num(n))]));
        }
    }
    let content = Content::text(html).with_buttons(vec![vec![menu_button(shop, user.lang)]]);
    outbox::put(tx, user.tg_user_id, None, &content, None, now)?;
    match took.gifts.reward {
        Some((inviter, reward)) if reward.taken_back > 0 => {
            tell_inviter(tx, shop, inviter, ("invite-back", reward.taken_back), now)
        }
        _ => Ok(()),
    }
}
