//! Answers to customers' questions.

use super::{Done, customers, record};
use crate::audit::By;
use crate::clock::Millis;
use crate::db::Tx;
use crate::flow::{Aside, Press};
use crate::orders::{Shop, menu_button};
use crate::outbox::{self, Button, Content};
use crate::text::{Arg, shorten};
use crate::tickets;
use anyhow::Result;

/// Answers a ticket, once more as well; the customer reads it with a way to ask on. Returns their
/// Telegram id; `None`: there is no such ticket, or they had it deleted.
pub fn answer(
    tx: &Tx<'_>,
    shop: &Shop,
    by: &By,
    ticket: i64,
    text: &str,
    now: Millis,
) -> Result<Option<i64>> {
    let text = customers::words(text)?;
    let Some(it) = tickets::get(tx, ticket)? else { return Ok(None) };
    tickets::answered(tx, ticket, text, now)?;
    let args = [("id", Arg::Html(ticket.to_string())), ("text", Arg::Str(text))];
    let html = shop.texts.say(it.lang, "ticket-answer", &args);
    let more = Button::data(
        shop.texts.say(it.lang, "button-ask-more", &[]),
        Press::Aside(Aside::Ask).data(),
    );
    let rows = vec![vec![more], vec![menu_button(shop, it.lang)]];
    outbox::put(tx, it.tg_user_id, None, &Content::text(html).with_buttons(rows), None, now)?;
    let done = Done {
        action: "answer",
        object: customers::object(it.tg_user_id),
        before: format!("ticket {ticket}"),
        after: shorten(text, 500),
        note: "",
    };
    record(tx, by, &done, now)?;
    Ok(Some(it.tg_user_id))
}
