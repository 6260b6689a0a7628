//! Compares Telegram's list of the bot's transactions in Stars with our payments, at the start and
//! once a day: a payment whose update never came is credited, a refund that we do not know takes
//! its credits back. The list is in the order of time and only grows, so each comparison goes on
//! where the last one ended, and one entry of overlap shows whether it is still the same list.

use std::sync::Arc;

use anyhow::Context as _;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::handler::profile;
use super::telegram::{Failure, PAGE, Telegram};
use super::updates::{self, Transaction};
use crate::clock::{DAY, MINUTE, Millis, SECOND};
use crate::db::{Db, Tx};
use crate::flow::{self, Compared, Paid};
use crate::instance::{self, StarsSeen};
use crate::orders::Shop;

/// After a start the updates that wait at Telegram come first.
const FIRST: Millis = 30 * SECOND;
const AGAIN: Millis = DAY;
/// After trouble, and where there is more than one walk may read.
const SOON: Millis = 10 * MINUTE;
/// A payment that came just now has its update under way.
const GRACE: Millis = MINUTE;
/// Between two pages.
const PACE: Millis = SECOND;
/// Pages of one walk.
const PAGES: u32 = 500;
/// Of an entry's id so many characters are kept.
const LONGEST_NAME: usize = 255;

struct Stars {
    telegram: Arc<Telegram>,
    db: Db,
    shop: Arc<Shop>,
}

/// What a walk found, for the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Found {
    compared: u32,
    missed: u32,
    differ: u32,
    unread: u32,
}

/// Where a walk ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// At the list's.
    Whole,
    /// At a payment that is too young to have been missed.
    Young,
    /// There is more than one walk may read.
    More,
}

/// Compares until `stop`; never gives up.
pub async fn run(telegram: Arc<Telegram>, db: Db, shop: Arc<Shop>, stop: CancellationToken) {
    let stars = Stars { telegram, db, shop };
    let compare = async {
        let clock = stars.telegram.clock();
        let mut wait = FIRST;
        loop {
            tokio::time::sleep(clock.real_span(wait)).await;
            let mut found = Found::default();
            let walked = stars.walk(&mut found).await;
            if found.missed + found.differ + found.unread > 0 {
                tracing::warn!(?found, "payments in Stars were compared with Telegram's");
            } else {
                tracing::info!(?found, "payments in Stars were compared with Telegram's");
            }
            wait = match walked {
                Ok(End::Whole) => AGAIN,
                Ok(End::Young) => GRACE,
                Ok(End::More) => SOON,
                Err(error) => {
                    let error = format!("{error:#}");
                    tracing::warn!(error, "payments in Stars are not compared; later once more");
                    SOON
                }
            };
        }
    };
    tokio::select! {
        () = stop.cancelled() => {}
        () = compare => {}
    }
}

impl Stars {
    /// From where the last walk ended.
    async fn walk(&self, found: &mut Found) -> anyhow::Result<End> {
        let StarsSeen { count: mut seen, mut last, since } =
            self.blocking(|db, _| db.read(instance::stars_seen)).await?;
        for _ in 0..PAGES {
            let overlap = seen.min(1);
            let page = self.page(seen - overlap).await?;
            if overlap > 0 && page.first().map(name) != last {
                tracing::warn!(seen, "Telegram's list of transactions begins anew");
                (seen, last) = (0, None);
                continue;
            }
            let full = page.len() >= PAGE as usize;
            let now = self.telegram.clock().now();
            let mut fresh = page.get(overlap as usize..).unwrap_or_default().to_vec();
            let young = fresh.iter().position(|entry| is_young(entry, now));
            fresh.truncate(young.unwrap_or(fresh.len()));
            seen += fresh.len() as u32;
            last = fresh.last().map(name).or(last);
            let (end, latest) = (seen, last.clone());
            let counted = self
                .blocking(move |db, shop| {
                    db.write(move |tx| {
                        let counted = compare(tx, &shop, &fresh, since, now)?;
                        instance::saw_stars(tx, end, latest.as_deref())?;
                        Ok(counted)
                    })
                })
                .await?;
            found.add(counted);
            if young.is_some() {
                return Ok(End::Young);
            }
            if !full {
                return Ok(End::Whole);
            }
            tokio::time::sleep(self.telegram.clock().real_span(PACE)).await;
        }
        Ok(End::More)
    }

    async fn page(&self, offset: u32) -> Result<Vec<Value>, Failure> {
        self.telegram.star_transactions(offset).await
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(Db, Arc<Shop>) -> anyhow::Result<T> + Send + 'static,
    ) -> anyhow::Result<T> {
        let (db, shop) = (self.db.clone(), Arc::clone(&self.shop));
        let task = tokio::task::spawn_blocking(move || work(db, shop));
        task.await.context("a database call panicked")?
    }
}

impl Found {
    fn add(&mut self, other: Self) {
        self.compared += other.compared;
        self.missed += other.missed;
        self.differ += other.differ;
        self.unread += other.unread;
    }
}

/// Of an entry: a payment and its refund have one id.
fn name(entry: &Value) -> String {
    let way = if entry["source"].is_null() { "to" } else { "from" };
    let id = entry["id"].as_str().unwrap_or_default();
    format!("{way}:{}", id.chars().take(LONGEST_NAME).collect::<String>())
}

/// Two clocks never agree, so a little in the future is young, too.
fn is_young(entry: &Value, now: Millis) -> bool {
    let age = entry["date"].as_i64().map(|date| now - date.saturating_mul(SECOND));
    age.is_some_and(|age| (-GRACE..GRACE).contains(&age))
}

/// One page. What was paid before `since` was paid to another program with this bot.
fn compare(
    tx: &Tx<'_>,
    shop: &Shop,
    page: &[Value],
    since: Millis,
    now: Millis,
) -> anyhow::Result<Found> {
    let (mut found, mut unread) = (Found::default(), None);
    for entry in page {
        let compared = match updates::transaction(entry) {
            Ok(Transaction::Paid { money, user, date }) => {
                let at = date * SECOND;
                if at + SECOND <= since {
                    continue;
                }
                let (charge_id, stars, payload) = (money.charge_id, money.stars, money.payload);
                let paid = Paid { profile: profile(&user), charge_id, stars, payload, at };
                flow::compare(tx, shop, &paid, now)?
            }
            Ok(Transaction::Back { charge_id, user }) => {
                flow::compare_refund(tx, shop, (user.id, &charge_id), now)?
            }
            Ok(Transaction::Other) => Compared::Foreign,
            Err(why) => {
                tracing::warn!(why, "a transaction in Stars cannot be read");
                found.unread += 1;
                unread = unread.or(Some((entry, why)));
                continue;
            }
        };
        found.compared += 1;
        match compared {
            Compared::Missed => found.missed += 1,
            Compared::Differs => found.differ += 1,
            Compared::Same | Compared::Foreign => {}
        }
    }
    if let Some((first, why)) = unread {
        flow::unlisted(tx, shop, (found.unread, &name(first)), why, now)?;
    }
    Ok(found)
}

#[cfg(test)]
mod tests;
