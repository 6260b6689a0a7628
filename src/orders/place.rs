//! A confirmed draft becomes an order: holds, jobs and the status message, or nothing at all.

use super::{Closed, Selling, Shop, refresh, selling};
use crate::clock::{HOUR, Millis};
use crate::db::{OrderId, Tx};
use crate::jobs::{self, Enqueue, Refines};
use crate::ledger::{self, Hold};
use crate::models;
use crate::users::User;
use anyhow::{Result, bail};
use rusqlite::{OptionalExtension as _, named_params};

/// What the customer confirmed.
#[derive(Clone, Debug)]
pub struct NewOrder<'a> {
    /// The draft's id: it is confirmed once, however often the button is pressed.
    pub draft: &'a str,
    /// The template's id.
    pub template: &'a str,
    /// Relative to `photos/`.
    pub photo: &'a str,
    /// The product, in the customer's words.
    pub product: &'a str,
    /// Template `self`.
    pub own_prompt: Option<&'a str>,
    /// The customer's wishes.
    pub wishes: Option<&'a str>,
    /// What they chose among the operator's choices; `None`: there was nothing to choose.
    pub choice: Option<&'a str>,
    /// A script of theirs that is to be changed.
    pub refines: Option<&'a Refines>,
    /// How many videos.
    pub videos: i64,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placed {
    /// It runs.
    Started(OrderId),
    /// This draft was confirmed before.
    Already(OrderId),
    /// The balance that does not suffice.
    Insufficient(i64),
    /// Nothing is sold now.
    Closed(Closed),
}

/// Places an order.
pub fn place(
    tx: &Tx<'_>,
    shop: &Shop,
    user: &User,
    new: &NewOrder<'_>,
    now: Millis,
) -> Result<Placed> {
    let known = tx
        .prepare_cached("SELECT id FROM orders WHERE draft = ?1")?
        .query_row([new.draft], |row| row.get(0))
        .optional()?;
    if let Some(order) = known {
        return Ok(Placed::Already(order));
    }
    if user.banned {
        return Ok(Placed::Closed(Closed::Banned));
    }
    if let Selling::Closed(why) = selling(tx, shop, now)? {
        return Ok(Placed::Closed(why));
    }
    if orders_between(tx, user, now - HOUR, now)? >= shop.options.orders_per_hour {
        return Ok(Placed::Closed(Closed::TooManyOrders));
    }
    if new.choice.is_some() && !serves(tx, shop, new, now)? {
        return Ok(Placed::Closed(Closed::NoModel));
    }
    let price = shop.price(new.choice);
    let balance = ledger::balance(tx, user.id)?;
    if balance < price * new.videos {
        return Ok(Placed::Insufficient(balance));
    }
    let priority = priority(tx, user)?;
    let order = insert(tx, user, new, price, now)?;
    for ordinal in 1..=new.videos {
        let key = format!("order:{order}:{ordinal}");
        let video = Enqueue {
            user: user.id,
            tg_user_id: user.tg_user_id,
            order: Some(order),
            ordinal,
            key: &key,
            template: new.template,
            photo: new.photo,
            product: new.product,
            own_prompt: new.own_prompt,
            wishes: new.wishes,
            choice: new.choice,
            refines: new.refines,
            priority,
        };
        let job = jobs::enqueue(tx, &video, now)?;
        match ledger::hold(tx, user.id, job, price, now)? {
            Hold::Held => {}
            other => bail!("the hold of job {job} came to {other:?} after the balance was checked"),
        }
    }
    refresh(tx, shop, Some(order), now)?;
    Ok(Placed::Started(order))
}

/// Whether what they chose can be made now, with their own prompt if they have one.
fn serves(tx: &Tx<'_>, shop: &Shop, new: &NewOrder<'_>, now: Millis) -> Result<bool> {
    let off = models::paused(tx, now)?;
    let chars = new.own_prompt.map_or(0, |prompt| prompt.chars().count());
    Ok(shop.catalogue.serving(shop.models_of(new.choice), &off, &[], chars).is_some())
}

/// Videos of one customer under way from which on their next ones go behind others', and again.
const MANY: [i64; 2] = [5, 15];

/// Who has paid goes before who has not, however many new accounts there are; among equals, who has
/// few videos under way before who has many.
fn priority(tx: &Tx<'_>, user: &User) -> Result<i64> {
    let paid = ledger::purchases(tx, user.id)? > 0;
    let live = jobs::live_of(tx, user.id)?;
    let few = MANY.into_iter().filter(|many| live < *many).count() as i64;
    Ok(few + if paid { 3 } else { 0 })
}

fn insert(
    tx: &Tx<'_>,
    user: &User,
    new: &NewOrder<'_>,
    price: i64,
    now: Millis,
) -> Result<OrderId> {
    tx.prepare_cached(
        "INSERT INTO orders (user_id, draft, template_id, photo_path, product, own_prompt, wishes,
                             choice, videos, price, created_at)
         VALUES (:user, :draft, :template, :photo, :product, :own_prompt, :wishes, :choice, :videos,
                 :price, :now)",
    )?
    .execute(named_params! {
        ":user": user.id,
        ":draft": new.draft,
        ":template": new.template,
        ":photo": new.photo,
        ":product": new.product,
        ":own_prompt": new.own_prompt,
        ":wishes": new.wishes,
        ":choice": new.choice,
        ":videos": new.videos,
        ":price": price,
        ":now": now,
    })?;
    Ok(OrderId(tx.last_insert_rowid()))
}

/// What lies in the future was ordered before the clock was set back.
fn orders_between(tx: &Tx<'_>, user: &User, from: Millis, to: Millis) -> Result<i64> {
    Ok(tx
        .prepare_cached(
            "SELECT COUNT(*)
             FROM orders
             WHERE user_id = ?1
               AND created_at > ?2
               AND created_at <= ?3",
        )?
        .query_row((user.id, from, to), |row| row.get(0))?)
}
