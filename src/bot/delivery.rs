//! What a sent, refused or blocked message means for its job.

use super::sender::Delivered;
use super::telegram::Sent;
use crate::alerts;
use crate::broadcasts;
use crate::clock::Millis;
use crate::db::{JobId, Tx};
use crate::jobs::{self, Why};
use crate::orders::{self, Shop};
use crate::outbox::Row;
use crate::text::Arg;
use crate::users;
use anyhow::Result;
use std::sync::Arc;

/// The sender's messenger to the orders.
pub struct Delivery(pub Arc<Shop>);

impl Delivered for Delivery {
    fn on_sent(&self, tx: &Tx<'_>, row: &Row, sent: &Sent, now: Millis) -> Result<()> {
        match row.job_id {
            Some(job) => orders::delivered(tx, &self.0, JobId(job), sent.file_id.as_deref(), now),
            // An edit brings nobody anything new.
            None if row.message_id.is_some() => Ok(()),
            None => {
                broadcasts::sent(tx, row.key.as_deref().unwrap_or_default())?;
                orders::shelf::sent(tx, row.key.as_deref(), sent.file_id.as_deref())?;
                orders::gifts::sent(tx, row.key.as_deref(), now)
            }
        }
    }

    fn on_refused(&self, tx: &Tx<'_>, row: &Row, why: &str, now: Millis) -> Result<()> {
        if let Some(id) = row.job_id
            && let Some(job) = jobs::get(tx, JobId(id))?
        {
            // The failure's own alert says which video it was.
            return orders::fail(tx, &self.0, &job, Why::Undelivered, why, now);
        }
        let lang = self.0.admin_lang(tx);
        let args = [("chat", Arg::Html(row.chat_id.to_string())), ("error", Arg::Str(why))];
        let html = self.0.texts.say(lang, "alert-undelivered", &args);
        // An alert that cannot be delivered is not reported by an alert.
        let admins: Vec<i64> =
            self.0.options.admins.iter().copied().filter(|id| *id != row.chat_id).collect();
        alerts::raise(tx, &admins, "undelivered", &html, now)
    }

    fn on_too_large(&self, tx: &Tx<'_>, row: &Row, now: Millis) -> Result<()> {
        match row.job_id {
            Some(job) => orders::too_large(tx, &self.0, JobId(job), now),
            None => orders::gifts::too_large(tx, &self.0, row.key.as_deref(), now),
        }
    }

    fn on_blocked(&self, tx: &Tx<'_>, chat_id: i64, deliveries: &[Row], now: Millis) -> Result<()> {
        users::blocked_us(tx, chat_id, now)?;
        for job in deliveries.iter().filter_map(|row| row.job_id) {
            orders::delivered(tx, &self.0, JobId(job), None, now)?;
        }
        Ok(())
    }
}
