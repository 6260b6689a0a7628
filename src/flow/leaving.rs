//! `/delete_me`: asked once, and then everything of theirs is gone but the numbers.
//!
//! The rows are emptied in one commit; files, the database's log and its unused space follow
//! ([`crate::users::departures`]), and only then it is said that all is gone.

use super::aside::{self, Aside, Desk};
use super::{Event, Press};
use crate::audit;
use crate::clock::Millis;
use crate::db::Tx;
use crate::inbox;
use crate::jobs;
use crate::ledger::{self, Grant};
use crate::orders::{self, Shop};
use crate::outbox::{self, Button, Content};
use crate::payments;
use crate::text::{Arg, Lang};
use crate::tickets;
use crate::users;
use crate::users::departures::{self, Departure};
use anyhow::Result;

/// Whether this is once more the press that made them leave: it brings nobody back.
pub(super) fn is_echo(event: &Event) -> bool {
    matches!(event, Event::Press(Some(Press::Aside(Aside::LeaveYes(_)))))
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
    let yes = desk.button("button-leave-yes", &Press::Aside(Aside::LeaveYes(lost)));
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

/// They said yes to losing so many credits; where that is no longer so, or a video has begun, they
/// are asked again. Returns the words of the callback's answer.
pub(super) fn leave(desk: &Desk<'_>, shown: i64) -> Result<String> {
    let (tx, user, now) = (desk.tx, desk.user, desk.now);
    let (begun, _) = jobs::begun_of(tx, user.id)?;
    if begun > 0 || lost(desk)? != shown {
        ask(desk)?;
        return Ok(String::new());
    }
    let words = desk.say("toast-leaving", &[]);
    forget(desk)?;
    departures::begin(tx, user.id, user.lang, desk.update_id, now)?;
    Ok(words)
}

/// A backup that was put back knows somebody who had left: they leave again. `false`: a video of
/// theirs is being made once more, and comes first.
pub fn leave_again(tx: &Tx<'_>, shop: &Shop, one: &Departure, now: Millis) -> Result<bool> {
    let user = users::by_id(tx, one.user)?;
    if jobs::begun_of(tx, user.id)?.0 > 0 {
        return Ok(false);
    }
    forget(&Desk { tx, shop, user: &user, update_id: one.update_id, now })?;
    departures::forgotten(tx, user.id, now)?;
    Ok(true)
}

/// What has not begun is taken back, the credits are lost, no invoice may be paid any more, and every
/// row that has words of theirs is emptied. A payment that was let go before comes all the same, and
/// brings them back with what it is worth (`paying::payer`).
fn forget(desk: &Desk<'_>) -> Result<()> {
    let (tx, user, now) = (desk.tx, desk.user, desk.now);
    orders::take_all_back(tx, desk.shop, user.id, now)?;
    payments::close_all(tx, user.id, now)?;
    let credits = ledger::balance(tx, user.id)?;
    if credits > 0 {
        let lost = Grant { user: user.id, credits: -credits, key: None, actor: "bot", note: None };
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

/// Says that all is gone; with a way to begin anew.
pub fn farewell(tx: &Tx<'_>, shop: &Shop, tg_user_id: i64, lang: Lang, now: Millis) -> Result<()> {
    let anew = Button::data(shop.texts.say(lang, "button-anew", &[]), Press::Menu.data());
    let content = Content::text(shop.texts.say(lang, "left", &[])).with_buttons(vec![vec![anew]]);
    outbox::put(tx, tg_user_id, None, &content, None, now)?;
    Ok(())
}
