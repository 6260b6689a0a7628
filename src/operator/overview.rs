//! The first screen: what needs attention, what the day brought, where work waits, and how the
//! keys, the models and Telegram serve.

pub mod attention;
pub mod period;
pub mod steps;

use anyhow::Result;
use rusqlite::Connection;
use serde::Serialize;

pub use attention::Attention;
pub use period::{Hours, Period};
pub use steps::{Delay, StepTimes, Waiting};

use super::head::Head;
use super::keys::{self, Key};
use super::machine::Machine;
use super::models::{self, Model};
use crate::clock::Millis;
use crate::orders::Shop;

/// The first screen.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Overview {
    /// What needs somebody, the most urgent first.
    pub attention: Vec<Attention>,
    /// Since midnight.
    pub today: Period,
    /// The last 24 hours.
    pub day: Period,
    /// The last 24 hours as bars.
    pub hours: Hours,
    /// Steps with live jobs, in the order of the work.
    pub queue: Vec<Waiting>,
    /// All steps, in the order of the work.
    pub steps: Vec<StepTimes>,
    /// The keys.
    pub keys: Vec<Key>,
    /// The models in the order in which they are asked.
    pub models: Vec<Model>,
    /// Messages on their way.
    pub telegram: Delay,
    /// Updates on their way.
    pub inbox: Delay,
}

/// What the first screen needs besides the database.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    /// What is sold.
    pub shop: &'a Shop,
    /// As it was just read.
    pub head: &'a Head,
    /// The folder and its disk; none: nobody looked.
    pub machine: Option<&'a Machine>,
    /// When the day began in the configured time zone.
    pub midnight: Millis,
}

/// Reads it.
pub fn read(conn: &Connection, asked: &Asked<'_>, now: Millis) -> Result<Overview> {
    let Asked { shop, head, machine, midnight } = *asked;
    let (today, day, hours) = period::read(conn, midnight, now)?;
    let keys = keys::read(conn, shop.least_price(), now)?;
    let models = models::read(conn, shop, now)?;
    let known = attention::Known {
        head,
        machine,
        keys: &keys,
        models: &models,
        low_balance: shop.options.low_balance,
    };
    Ok(Overview {
        attention: attention::read(conn, &known, now)?,
        today,
        day,
        hours,
        queue: steps::queue(conn, now)?,
        steps: steps::times(conn)?,
        telegram: steps::telegram(conn, now)?,
        inbox: steps::inbox(conn, now)?,
        keys,
        models,
    })
}
