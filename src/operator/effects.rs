//! What an action would do, for the question before it.

use crate::clock::Millis;
use crate::db::JobId;
use crate::keys::{self, Block, Health};
use crate::models;
use crate::orders::Shop;
use anyhow::Result;
use rusqlite::{Connection, OptionalExtension as _, named_params};
use serde::Serialize;
use std::slice;

/// Live jobs that are looked at.
const MOST: i64 = 20_000;

/// What canceling these jobs would do.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Cancel {
    /// Jobs that would end.
    pub live: Vec<JobId>,
    /// Jobs that have ended already, or do not exist.
    pub ended: usize,
    /// Credits that would go back.
    pub credits: i64,
    /// Of the live ones, those that the provider works on: they are paid all the same.
    pub rendering: usize,
}

/// Counts it; changes nothing.
pub fn cancel(conn: &Connection, jobs: &[JobId]) -> Result<Cancel> {
    let mut effect = Cancel::default();
    let mut query = conn.prepare_cached(
        "SELECT kie_task_id IS NOT NULL,
                COALESCE((SELECT -h.delta
                          FROM ledger h
                          WHERE h.job_id = jobs.id
                            AND h.kind = 'hold'), 0)
         FROM jobs
         WHERE id = ?1
           AND status IN ('queued', 'processing')",
    )?;
    for job in jobs {
        let found: Option<(bool, i64)> =
            query.query_row([job], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        match found {
            Some((rendering, credits)) => {
                effect.live.push(*job);
                effect.credits += credits;
                effect.rendering += usize::from(rendering);
            }
            None => effect.ended += 1,
        }
    }
    Ok(effect)
}

/// What would fail for want of a key or of a model.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Outage {
    /// Keys or models that would still serve.
    pub others: usize,
    /// Jobs before their submit that nothing else serves: they would fail.
    pub failing: usize,
    /// Credits that would go back for them.
    pub credits: i64,
}

/// What blocking this key would do now. A key that is over its limits is waited for: it serves.
pub fn block_key(conn: &Connection, fingerprint: &str, now: Millis) -> Result<Outage> {
    let serves = |key: &&Health| match key.blocked {
        Some((Block::Billing | Block::Operator, until)) => until <= now,
        Some((Block::RateLimit, _)) | None => true,
    };
    let keys = keys::all(conn)?;
    let (this, others): (Vec<&Health>, Vec<&Health>) =
        keys.iter().filter(serves).partition(|key| key.fingerprint == fingerprint);
    let is_last = others.is_empty() && !this.is_empty();
    outage(conn, others.len(), |_, _| is_last)
}

/// What switching this model off would do now. A model that the provider switched off serves
/// nobody, a choice has models of its own, and a prompt of the customer's own may fit no other one.
pub fn switch_off(conn: &Connection, shop: &Shop, model: &str, now: Millis) -> Result<Outage> {
    let off = models::paused(conn, now)?;
    let serves =
        |names: &[String], chars| shop.catalogue.serving(names, &off, &[], chars).is_some();
    let others = |all: &[String]| -> Vec<String> {
        all.iter().filter(|name| *name != model).cloned().collect()
    };
    let open =
        others(&shop.models()).iter().filter(|name| serves(slice::from_ref(name), 0)).count();
    outage(conn, open, |choice, chars| {
        let all = shop.models_of(choice);
        serves(all, chars) && !serves(&others(all), chars)
    })
}

/// Counts the jobs before their submit that `fails`, by their choice and the characters of their own
/// prompt (0: they have none).
fn outage(
    conn: &Connection,
    others: usize,
    fails: impl Fn(Option<&str>, usize) -> bool,
) -> Result<Outage> {
    let mut waiting = conn.prepare_cached(
        "SELECT COALESCE(LENGTH(product_info ->> '$.user_prompt'), 0),
                COALESCE((SELECT -h.delta
                          FROM ledger h
                          WHERE h.job_id = jobs.id
                            AND h.kind = 'hold'), 0),
                choice
         FROM jobs
         WHERE status IN ('queued', 'processing')
           AND (step = 'script' OR step = 'upload' OR step = 'submit')
         LIMIT :most",
    )?;
    let mut effect = Outage { others, ..Outage::default() };
    let rows = waiting.query_map(named_params! { ":most": MOST }, |row| {
        let choice: Option<String> = row.get(2)?;
        Ok((row.get::<_, u32>(0)? as usize, row.get::<_, i64>(1)?, choice))
    })?;
    for row in rows {
        let (chars, credits, choice) = row?;
        if fails(choice.as_deref(), chars) {
            effect.failing += 1;
            effect.credits += credits;
        }
    }
    Ok(effect)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::HOUR;
    use crate::orders::tests::{MODELS, NOW, World};

    /// Five videos of 1 credit each, of which one has its task already.
    fn waiting() -> World {
        let world = World::new();
        let ann = world.customer(7, 5);
        world.order(&ann, "d", 5);
        world.sql("UPDATE jobs SET step = 'render', kie_task_id = 't' WHERE id = 5");
        world
    }

    #[test]
    fn the_last_key_that_serves_takes_with_it_what_waits() {
        let world = waiting();
        let blocks = |key| world.db.read(|conn| block_key(conn, key, NOW)).unwrap();
        assert_eq!(blocks("aaaa"), Outage { others: 1, ..Outage::default() });
        let block = |why, until| {
            world.write(move |tx, _| keys::block(tx, "bbbb", why, "", until, NOW));
        };
        block(Block::RateLimit, NOW + HOUR);
        assert_eq!(blocks("aaaa").failing, 0, "a limited one is waited for");
        block(Block::Billing, NOW + HOUR);
        assert_eq!(blocks("aaaa"), Outage { others: 0, failing: 4, credits: 4 });
        assert_eq!(blocks("bbbb").failing, 0, "it serves nobody");
        let later = world.db.read(|conn| block_key(conn, "aaaa", NOW + HOUR)).unwrap();
        assert_eq!((later.others, later.failing), (1, 0), "its block has run out");
    }

    #[test]
    fn the_last_model_that_serves_takes_with_it_what_waits() {
        let world = waiting();
        let shop = std::sync::Arc::clone(&world.shop);
        let switches = |name| world.db.read(|conn| switch_off(conn, &shop, name, NOW)).unwrap();
        assert_eq!(switches(MODELS[0]), Outage { others: 1, ..Outage::default() });
        world.write(|tx, _| models::pause(tx, MODELS[1], "off", NOW));
        assert_eq!(switches(MODELS[0]), Outage { others: 0, failing: 4, credits: 4 });
        assert_eq!((switches(MODELS[1]).others, switches(MODELS[1]).failing), (1, 0));
    }

    #[test]
    fn a_prompt_of_ones_own_that_fits_no_other_model_fails_alone() {
        let world = waiting();
        let most = |name: &str| world.shop.catalogue.get(name).unwrap().prompt_max;
        let (longest, shorter) = if most(MODELS[0]) > most(MODELS[1]) { (0, 1) } else { (1, 0) };
        let chars = most(MODELS[shorter]) + 1;
        assert!(chars <= most(MODELS[longest]));
        let prompt = "я".repeat(chars);
        world.write(move |tx, _| {
            let sql = "UPDATE jobs SET product_info = json_object('user_prompt', ?1) WHERE id = 1";
            Ok(tx.execute(sql, [&prompt])?)
        });
        let shop = std::sync::Arc::clone(&world.shop);
        let switches = |at: usize| world.db.read(|conn| switch_off(conn, &shop, MODELS[at], NOW));
        assert_eq!(switches(longest).unwrap(), Outage { others: 1, failing: 1, credits: 1 });
        assert_eq!(switches(shorter).unwrap().failing, 0);
    }
}
