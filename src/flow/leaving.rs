//! `/delete_me`: asked once, and then everything of theirs is gone but the numbers.
//!
//! The rows are emptied in one commit; files, the database's log and its unused space follow
//! ([`crate::users::departures`]), and only then it is said that all is gone.

use super::aside::{self, Aside, Desk};
use super::{Event, Press};
use crate::audit;
use crate::clock::{MINUTE, Millis};
use crate::db::Tx;
use crate::inbox;
use crate::jobs;
use crate::ledger::{self, Grant};
use crate::orders::{self, Shop, menu_button};
use crate::outbox::{self, Button, Content};
use crate::payments;
use crate::text::Arg;
use crate::tickets;
use crate::users;
use crate::users::departures::{self, Departure};
use anyhow::Result;

/// How long the question stands, in minutes.
const ASKED_FOR: i64 = 60;

/// Whether this is once more the press that made them leave: it brings nobody back.
pub(super) fn is_echo(event: &Event) -> bool {
    matches!(event, Event::Press(Some(Press::Aside(Aside::LeaveYes(..)))))
}

/// What goes, what stays; or, while videos are made, that they come first.
pub(super) fn ask(desk: &Desk<'_>) -> Result<()> {
    tickets::drop_waiting(desk.tx, desk.user.id)?;
    let (begun, unbegun) = jobs::begun_of(desk.tx, desk.user.id)?;
    if begun > 0 {
        return busy(desk, begun);
    }
    let waiting = unbegun.len() as i64;
    let mut html = desk.say("leave-ask", &[]);
    // What waits is taken back, and its credits are lost like the others.
    let lost = lost(desk)?;
    if waiting > 0 {
        html.push_str(&format!("\n\n{}", desk.say("leave-waiting", &[("n", Arg::Num(waiting))])));
    }
    if lost > 0 {
        html.push_str(&format!("\n\n{}", desk.say("leave-credits", &[("n", Arg::Num(lost))])));
    }
    let left = departures::left_at(desk.tx, desk.user.id)?.unwrap_or(0);
    let yes = Press::Aside(Aside::LeaveYes(lost, desk.now / MINUTE, left));
    let yes = desk.button("button-leave-yes", &yes);
    desk.tell(html, vec![yes])
}

/// Credits that are there once what has not begun came back.
fn lost(desk: &Desk<'_>) -> Result<i64> {
    let held: i64 = desk
        .tx
        .prepare_cached(
            "SELECT COALESCE(-SUM(delta), 0)
             FROM ledger AS hold
             WHERE user_id = ?1
               AND kind = 'hold'
               AND NOT EXISTS (SELECT 1 FROM ledger WHERE hold_id = hold.id)",
        )?
        .query_row([desk.user.id], |row| row.get(0))?;
    let user = desk.user.id;
    Ok(ledger::balance(desk.tx, user)? + held - ledger::due(desk.tx, user)?)
}

fn busy(desk: &Desk<'_>, videos: i64) -> Result<()> {
    let again = desk.button("button-leave", &Press::Aside(Aside::Leave));
    desk.tell(desk.say("leave-busy", &[("n", Arg::Num(videos))]), vec![again])
}

/// They said yes to losing so many credits; where that is no longer so, a video has begun, or the
/// question is an old one that a finger slipped on, they are asked again. One that was answered is
/// old at once: its button stays in the chat, and what they bought since nobody asked them about.
/// Returns the words of the callback's answer.
pub(super) fn leave(desk: &Desk<'_>, shown: i64, (minute, left): (i64, Millis)) -> Result<String> {
    let (tx, user, now) = (desk.tx, desk.user, desk.now);
    let (begun, _) = jobs::begun_of(tx, user.id)?;
    let is_fresh = (now / MINUTE).saturating_sub(minute) <= ASKED_FOR
        && departures::left_at(tx, user.id)?.unwrap_or(0) == left;
    if begun > 0 || !is_fresh || lost(desk)? != shown {
        ask(desk)?;
        return Ok(String::new());
    }
    let words = desk.say("toast-leaving", &[]);
    forget(desk, 0)?;
    departures::begin(tx, user.id, user.lang, desk.update_id, now)?;
    Ok(words)
}

/// What came of somebody who has left and is not back by it: their name is in it, and goes at once. Who
/// is here keeps what they sent.
pub fn forget_again(tx: &Tx<'_>, tg_user_id: i64, update_id: i64, now: Millis) -> Result<()> {
    if !users::has_left(tx, tg_user_id)? {
        return Ok(());
    }
    inbox::forget(tx, tg_user_id)?;
    departures::trailed(tx, tg_user_id, update_id, now)
}

/// A backup that was put back knows somebody who had left: they leave again. What they paid since they
/// came back (Telegram's list may have told of it already) is theirs, and brings them back once more.
/// `false`: a video of theirs is being made once more, and comes first.
pub fn leave_again(tx: &Tx<'_>, shop: &Shop, one: &Departure, now: Millis) -> Result<bool> {
    let user = users::by_id(tx, one.user)?;
    if jobs::begun_of(tx, user.id)?.0 > 0 {
        return Ok(false);
    }
    let theirs = ledger::since_left(tx, user.id)?.max(0);
    forget(&Desk { tx, shop, user: &user, update_id: one.update_id, now }, theirs)?;
    departures::forgotten(tx, user.id, now)?;
    if ledger::balance(tx, user.id)? > 0 {
        users::return_with_nothing(tx, user.tg_user_id, user.lang)?;
    }
    Ok(true)
}

/// What has not begun is taken back, the credits are lost, no invoice may be paid any more, and every
/// row that has words of theirs is emptied. A payment that was let go before comes all the same, and
/// brings them back with what it is worth (`paying::payer`). `theirs`: credits that stay, if they are
/// there.
fn forget(desk: &Desk<'_>, theirs: i64) -> Result<()> {
    let (tx, user, now) = (desk.tx, desk.user, desk.now);
    orders::take_all_back(tx, desk.shop, user.id, now)?;
    payments::close_all(tx, user.id, now)?;
    let credits = ledger::balance(tx, user.id)? - theirs;
    if credits > 0 {
        let key = format!("left:{}:{}:{now}", user.id, desk.update_id);
        let key = Some(key.as_str());
        let lost = Grant { user: user.id, credits: -credits, key, actor: "bot", note: None };
        ledger::grant(tx, &lost, now)?;
    }
    orders::forget(tx, user.id, now)?;
    aside::forget(tx, &tickets::forget(tx, user.id)?)?;
    ledger::forget_notes(tx, user.id)?;
    audit::forget(tx, &format!("user {}", user.tg_user_id))?;
    outbox::forget(tx, user.tg_user_id)?;
    inbox::forget(tx, user.tg_user_id)?;
    tx.execute("DELETE FROM dialogs WHERE user_id = ?1", [user.id])?;
    users::leave(tx, user.id, now)
}

/// Says that all is gone; with a way to begin anew. Who has come back before that hears what is gone,
/// and that they are welcome.
pub fn farewell(tx: &Tx<'_>, shop: &Shop, one: &Departure, now: Millis) -> Result<()> {
    let (tg_user_id, Some(lang)) = (one.tg_user_id, one.lang) else { return Ok(()) };
    let (words, button) = match users::has_left(tx, tg_user_id)? {
        true => {
            let anew = shop.texts.say(lang, "button-anew", &[]);
            ("left", Button::data(anew, Press::Menu.data()))
        }
        false => ("left-before", menu_button(shop, lang)),
    };
    let content = Content::text(shop.texts.say(lang, words, &[])).with_buttons(vec![vec![button]]);
    outbox::put(tx, tg_user_id, None, &content, None, now)?;
    Ok(())
}
