//! Whether anything is sold now, and how long it takes: said before a credit is taken.

use super::Shop;
use crate::clock::{self, Millis};
use crate::instance;
use crate::keys;
use crate::models;
use anyhow::Result;
use rusqlite::Connection;
use std::collections::HashSet;

/// The last videos that the estimate looks at.
const SAMPLE: i64 = 20;
/// With fewer the estimate would be a guess.
const ENOUGH: usize = 3;

/// Whether orders are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Selling {
    /// Yes.
    Open,
    /// No, and why.
    Closed(Closed),
}

/// Why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Closed {
    /// The operator said so, or the appliance kept dying.
    Paused,
    /// No key has money.
    NoKey,
    /// No model serves.
    NoModel,
    /// The day's budget is spent.
    Budget,
    /// This customer has ordered too often within the hour.
    TooManyOrders,
    /// The operator serves this customer no more.
    Banned,
}

/// Decides; opens again by itself.
pub fn selling(conn: &Connection, shop: &Shop, now: Millis) -> Result<Selling> {
    let state = instance::state(conn)?;
    if state.paused || state.safe_mode {
        return Ok(Selling::Closed(Closed::Paused));
    }
    if !keys::any_sells(conn, now)? {
        return Ok(Selling::Closed(Closed::NoKey));
    }
    let off = models::paused(conn, now)?;
    if !shop.sells(&off) {
        return Ok(Selling::Closed(Closed::NoModel));
    }
    let cap = shop.options.daily_spend_cap;
    if cap > 0.0 && spent_today(conn, shop, now)? >= cap {
        return Ok(Selling::Closed(Closed::Budget));
    }
    Ok(Selling::Open)
}

/// What the provider took for videos that ended in a span of time.
pub(super) const SPENT: &str = "SELECT COALESCE(SUM(provider_credits), 0.0)
     FROM jobs
     WHERE finished_at BETWEEN ?1 AND ?2";

/// What is under way, and videos of that span of which the provider did not say what they cost.
pub(super) const TO_SPEND: &str = "SELECT COALESCE(model, ''), choice,
            SUM(provider_credits IS NULL OR step NOT IN ('fetch', 'deliver')),
            COALESCE(SUM(provider_credits), 0.0)
     FROM jobs
     WHERE status IN ('queued', 'processing')
     GROUP BY 1, 2
     UNION ALL
     SELECT COALESCE(model, ''), choice, COUNT(*), 0.0
     FROM jobs
     WHERE finished_at BETWEEN ?1 AND ?2
       AND status = 'done'
       AND provider_credits IS NULL
     GROUP BY 1, 2";

/// The provider's credits that today's videos cost, and that those will which are sold: so a burst
/// of orders passes the cap by its last order at most. The day is that of the daily report.
fn spent_today(conn: &Connection, shop: &Shop, now: Millis) -> Result<f64> {
    let midnight = clock::midnight(now, &shop.options.zone);
    let known: f64 = conn.prepare_cached(SPENT)?.query_row([midnight, now], |row| row.get(0))?;
    let mut by_model = conn.prepare_cached(TO_SPEND)?;
    let groups = by_model.query_map([midnight, now], |row| {
        let what: (String, Option<String>) = (row.get(0)?, row.get(1)?);
        Ok((what, row.get::<_, i64>(2)?, row.get::<_, f64>(3)?))
    })?;
    let mut spent = known;
    for group in groups {
        let ((model, choice), unknown, known) = group?;
        spent += known + shop.about(&model, choice.as_deref()) * unknown as f64;
    }
    Ok(spent)
}

/// The longest own prompt that a model which serves now takes, in characters.
pub fn own_prompt_max(conn: &Connection, shop: &Shop, now: Millis) -> Result<usize> {
    let off: HashSet<String> = models::paused(conn, now)?;
    let names = shop.lists().into_iter().flatten();
    let serving = names.filter(|name| !off.contains(*name));
    let limits = serving.filter_map(|name| shop.catalogue.get(name));
    let open = limits.filter(|model| model.ended.is_none());
    Ok(open.map(|model| model.prompt_max).max().unwrap_or(0))
}

/// What the model that serves now wants of a photo, or one of those among which the customer will
/// choose: ids of texts for the photo's question.
pub fn photo_rules(conn: &Connection, shop: &Shop, now: Millis) -> Result<Vec<&'static str>> {
    let off = models::paused(conn, now)?;
    let lists = shop.lists().into_iter();
    let all: Vec<_> = lists.filter_map(|list| shop.catalogue.serving(list, &off, &[], 0)).collect();
    let rules = [
        (all.iter().any(|model| model.no_people), "rule-no-people"),
        (all.iter().any(|model| model.follows_photo), "rule-vertical"),
    ];
    Ok(rules.into_iter().filter(|(holds, _)| *holds).map(|(_, rule)| rule).collect())
}

/// How long the last videos took from the order to the chat: the median, in milliseconds; `None`
/// before there are enough real ones.
pub fn usual_wait(conn: &Connection) -> Result<Option<Millis>> {
    median(
        conn,
        "SELECT finished_at - created_at
         FROM jobs
         WHERE status = 'done'
           AND order_id IS NOT NULL
           AND finished_at IS NOT NULL
         ORDER BY finished_at DESC
         LIMIT ?1",
    )
}

/// The middle one of the spans of the last videos, as `sql` has them.
pub(super) fn median(conn: &Connection, sql: &str) -> Result<Option<Millis>> {
    let mut query = conn.prepare_cached(sql)?;
    let spans = query.query_map([SAMPLE], |row| row.get(0))?;
    let mut spans: Vec<Millis> = spans.collect::<rusqlite::Result<_>>()?;
    spans.sort_unstable();
    Ok((spans.len() >= ENOUGH).then(|| spans[spans.len() / 2]))
}
