//! What a customer wrote, as it was judged before the provider was paid for it.

use super::Shop;
use crate::clock::Millis;
use crate::db::{OrderId, Tx};
use crate::text::Lang;
use anyhow::Result;
use rusqlite::Connection;

/// What is known of an order's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judged {
    /// Nobody was asked.
    NotYet,
    /// They may go to the provider.
    Fit,
    /// They may not: the categories, as the service names them.
    Unfit(String),
}

/// What was said of the order's words.
pub fn judged(conn: &Connection, order: OrderId) -> Result<Judged> {
    let sql = "SELECT judged_at IS NOT NULL, unfit FROM orders WHERE id = ?1";
    let (asked, unfit): (bool, Option<String>) =
        conn.prepare_cached(sql)?.query_row([order], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(match unfit {
        Some(unfit) => Judged::Unfit(unfit),
        None if asked => Judged::Fit,
        None => Judged::NotYet,
    })
}

/// Keeps a verdict, and returns the one that stands; none of the categories: the words are fit, or
/// nobody answered. Two videos of an order may ask at once: what one of them was told is wrong stays
/// wrong, whatever the other heard.
pub fn judge(tx: &Tx<'_>, order: OrderId, unfit: &[String], now: Millis) -> Result<Judged> {
    tx.prepare_cached(
        "UPDATE orders
         SET judged_at = ?2, unfit = NULLIF(?3, '')
         WHERE id = ?1
           AND unfit IS NULL",
    )?
    .execute((order, now, unfit.join(", ")))?;
    judged(tx, order)
}

/// What is wrong, in the customer's language.
pub(super) fn why(conn: &Connection, shop: &Shop, lang: Lang, order: OrderId) -> Result<String> {
    let unfit = match judged(conn, order)? {
        Judged::Unfit(unfit) => unfit,
        Judged::Fit | Judged::NotYet => String::new(),
    };
    let id = match unfit.split(['/', ',']).next().unwrap_or_default() {
        "sexual" => "unfit-sexual",
        "violence" => "unfit-violence",
        "hate" | "harassment" => "unfit-hate",
        "self-harm" => "unfit-self-harm",
        "illicit" => "unfit-illicit",
        _ => "unfit-other",
    };
    Ok(shop.texts.say(lang, id, &[]))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{NOW, World};
    use super::*;

    #[test]
    fn what_one_video_was_told_is_wrong_stays_wrong_whatever_another_heard() {
        let world = World::new();
        let ann = world.customer(1, 2);
        let job = world.order(&ann, "d", 2)[0];
        let order = world.job(job).order.unwrap();
        let judges = move |unfit: &[&str]| {
            let unfit: Vec<String> = unfit.iter().map(|&it| it.to_owned()).collect();
            world.write(move |tx, _| judge(tx, order, &unfit, NOW))
        };
        let wrong = Judged::Unfit("sexual".to_owned());
        assert_eq!(judges(&[]), Judged::Fit);
        assert_eq!(judges(&["sexual"]), wrong);
        assert_eq!(judges(&[]), wrong);
        assert_eq!(judges(&["violence"]), wrong);
    }
}
