//! What brings customers: invitations, the bonus for a first payment, promo codes. Each is a kind of
//! its own in the ledger, given once by its key, and limited.
//!
//! ```text
//! invited:FRIEND   invite   to the friend, at the first /start by somebody's link
//! invite:FRIEND    invite   to who invited, after the friend's first payment
//! bonus:USER       bonus    with the first payment
//! promo:CODE:USER  promo    once per customer and code
//! ```
//! What a payment brought goes back with it, as far as it is still there: the same key with `:back`.
//! So much may be earned again by a later payment, and no more: the same key with `:CHARGE`. What is
//! not there is owed (`ledger::take_back`).

mod promos;

pub use promos::{
    CODE_MAX, Promo, Redeemed, close as close_promo, list as promos, make as make_promo,
    prune_guesses, redeem,
};

use crate::clock::Millis;
use crate::db::{Tx, UserId};
use crate::ledger::{self, Gift, Given, TakeBack, Taken};
use crate::users;
use anyhow::Result;
use rusqlite::Connection;

/// In credits; 0: none.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// For who comes by an invitation.
    pub friend: i64,
    /// For who invited, after the friend's first payment.
    pub inviter: i64,
    /// How many friends of one customer bring anybody anything.
    pub friends_max: i64,
    /// With a customer's first payment.
    pub first_payment: i64,
}

/// What stands before a customer's code in the argument of `/start`.
const INVITATION: &str = "ref_";

/// The argument of `/start` in a customer's link.
pub fn invitation(tx: &Tx<'_>, user: UserId) -> Result<String> {
    Ok(format!("{INVITATION}{}", users::invite_code(tx, user)?))
}

/// Who invited them, if it was a customer's link; other references (a campaign's) are kept, too, and
/// bring nothing.
fn inviter(conn: &Connection, user: UserId) -> Result<Option<UserId>> {
    let reference = users::invited_by(conn, user)?;
    match reference.as_deref().and_then(|it| it.strip_prefix(INVITATION)) {
        Some(code) => Ok(users::by_invite_code(conn, code)?.filter(|inviter| *inviter != user)),
        None => Ok(None),
    }
}

/// A new customer came by a reference: what they get for it. Only a new one: whoever is here
/// already was invited by nobody, so accounts that invite each other gain nothing.
pub fn came_by(
    tx: &Tx<'_>,
    options: &Options,
    user: UserId,
    reference: &str,
    now: Millis,
) -> Result<i64> {
    if users::remember_inviter(tx, user, reference)?
        && let Some(inviter) = inviter(tx, user)?
    {
        users::count_friend(tx, user, inviter)?;
    }
    if options.friend == 0 || !counts(tx, options, user)? {
        return Ok(0);
    }
    let gift = Gift { user, credits: options.friend, note: None };
    give(tx, "invite", &format!("invited:{user}"), &gift, now)
}

/// Whether an invitation of theirs brings something: it is one of the first friends of somebody
/// who may order.
fn counts(conn: &Connection, options: &Options, user: UserId) -> Result<bool> {
    let (Some(inviter), Some(number)) = (inviter(conn, user)?, users::friend_number(conn, user)?)
    else {
        return Ok(false);
    };
    Ok(number <= options.friends_max && !users::by_id(conn, inviter)?.banned)
}

/// What a payment brought besides its credits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Brought {
    /// Credits for the payer.
    pub bonus: i64,
    /// Who invited them, and their credits.
    pub inviter: Option<(UserId, i64)>,
}

/// A payment was credited; in its commit. A customer's first one brings something, not counting
/// those that were given back; a later one only what a refund has taken of that.
pub fn paid(
    tx: &Tx<'_>,
    options: &Options,
    user: UserId,
    charge: &str,
    now: Millis,
) -> Result<Brought> {
    let mut brought = Brought::default();
    if options.first_payment > 0 {
        let bonus = Gift { user, credits: options.first_payment, note: Some(charge) };
        brought.bonus = earn(tx, "bonus", user, &bonus, now)?;
    }
    if options.inviter > 0
        && counts(tx, options, user)?
        && let Some(inviter) = inviter(tx, user)?
    {
        let reward = Gift { user: inviter, credits: options.inviter, note: Some(charge) };
        let credits = earn(tx, "invite", user, &reward, now)?;
        brought.inviter = (credits > 0).then_some((inviter, credits));
    }
    Ok(brought)
}

/// What `payer`'s payment (the gift's note) brings of a gift: all of it with the first one that they
/// have, else what a refund took of it. So nobody has more of it than once, however often they pay
/// and get their Stars back.
fn earn(tx: &Tx<'_>, kind: &str, payer: UserId, gift: &Gift<'_>, now: Millis) -> Result<i64> {
    let key = format!("{kind}:{payer}");
    let Some(first) = ledger::given(tx, &key)? else {
        let is_first = ledger::purchases(tx, payer)? == 1;
        return if is_first { give(tx, kind, &key, gift, now) } else { Ok(0) };
    };
    let taken = first.credits - ledger::left_of(tx, &key)?;
    let again = Gift { credits: taken.min(gift.credits), ..*gift };
    match gift.note {
        Some(charge) if again.credits > 0 && first.user == gift.user => {
            give(tx, kind, &format!("{key}:{charge}"), &again, now)
        }
        _ => Ok(0),
    }
}

/// What a refund takes of what its payment brought, besides its own credits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Undone {
    /// Of the payer's bonus.
    pub bonus: Taken,
    /// Who invited the payer, and of their reward.
    pub reward: Option<(UserId, Taken)>,
}

/// That payment went back, in the same commit: what it brought goes, too, as far as it is there.
pub fn unpaid(tx: &Tx<'_>, user: UserId, charge: &str, now: Millis) -> Result<Undone> {
    for (kind, given, gift) in gifts(tx, user, charge)? {
        let back = TakeBack {
            user: gift.user,
            credits: gift.credits,
            given: &given,
            kind,
            key: &back(&given),
            charge,
            actor: "bot",
            note: Some(charge),
        };
        ledger::take_back(tx, &back, now)?;
    }
    undone(tx, user, charge)
}

/// What of it was taken by now, of a payment that went back.
pub fn undone(conn: &Connection, user: UserId, charge: &str) -> Result<Undone> {
    each(conn, user, charge, |given, gift| ledger::taken(conn, &back(given), gift.credits))
}

/// What would be taken now. `left`: what the payer will have without the payment's own credits.
pub fn would_undo(conn: &Connection, user: UserId, charge: &str, left: i64) -> Result<Undone> {
    each(conn, user, charge, |given, gift| {
        let there = ledger::there_is(conn, gift.user, given)?;
        let there = if gift.user == user { there.min(left) } else { there };
        Ok(Taken::of(gift.credits, there))
    })
}

fn each(
    conn: &Connection,
    user: UserId,
    charge: &str,
    taken: impl Fn(&str, &Given) -> Result<Taken>,
) -> Result<Undone> {
    let mut undone = Undone::default();
    for (kind, given, gift) in gifts(conn, user, charge)? {
        match kind {
            "bonus" => undone.bonus = taken(&given, &gift)?,
            _ => undone.reward = Some((gift.user, taken(&given, &gift)?)),
        }
    }
    Ok(undone)
}

/// The key of the line that takes a gift back.
fn back(given: &str) -> String {
    format!("{given}:back")
}

/// What this payment brought: the kind, the gift's key, the gift.
fn gifts(
    conn: &Connection,
    user: UserId,
    charge: &str,
) -> Result<Vec<(&'static str, String, Given)>> {
    let mut found = Vec::new();
    for kind in ["bonus", "invite"] {
        for key in [format!("{kind}:{user}"), format!("{kind}:{user}:{charge}")] {
            let gift = ledger::given(conn, &key)?;
            if let Some(gift) = gift.filter(|it| it.note.as_deref() == Some(charge)) {
                found.push((kind, key, gift));
            }
        }
    }
    Ok(found)
}

/// Once per key. Returns the credits; 0: they were given before.
fn give(tx: &Tx<'_>, kind: &str, key: &str, gift: &Gift<'_>, now: Millis) -> Result<i64> {
    Ok(if ledger::gift(tx, kind, key, gift, now)? { gift.credits } else { 0 })
}

/// How somebody's invitations went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Invited {
    /// Who came by their link.
    pub friends: i64,
    /// What they brought, in credits.
    pub credits: i64,
}

/// For the customer who looks at their link.
pub fn invited(conn: &Connection, user: UserId) -> Result<Invited> {
    Ok(Invited { friends: users::friends(conn, user)?, credits: ledger::invitations(conn, user)? })
}

/// Somebody's name for a promo code, or `None` for what can be none.
fn readable(code: &str) -> Option<&str> {
    let code = code.trim();
    let fits = (1..=CODE_MAX).contains(&code.len());
    let plain = code.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    (fits && plain).then_some(code)
}

#[cfg(test)]
mod tests;
