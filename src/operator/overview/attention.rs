//! What needs somebody: plain facts, each once, the most urgent first. The words are the
//! console's.

use anyhow::Result;
use rusqlite::{Connection, OptionalExtension as _, named_params};
use serde::Serialize;

use crate::clock::{DAY, HOUR, Millis};
use crate::db::JobId;
use crate::operator::alerts;
use crate::operator::head::Head;
use crate::operator::keys::Key;
use crate::operator::machine::Machine;
use crate::operator::models::{Model, State};
use crate::orders::{Closed, Selling};
use crate::tickets;

/// A job that lives longer is worth a look: a render with its retries ends within it.
const OLD: Millis = 2 * HOUR;
/// Alerts that are looked at.
const ALERTS: u32 = 50;

/// One thing. Times are unix milliseconds; the order is that of urgency.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Attention {
    /// It kept dying: nothing is sold or submitted.
    SafeMode {
        /// Since when.
        since: Millis,
    },
    /// There is no sign of life.
    NotRunning {
        /// The last one; none: it was stopped in order, or never started.
        since: Option<Millis>,
    },
    /// The disk of the data folder is nearly full.
    DiskLow {
        /// What is left.
        free_bytes: u64,
    },
    /// No orders are taken, and nobody said so.
    SellingClosed {
        /// Why.
        reason: Closed,
    },
    /// The operator lets nothing go to the provider.
    SubmittingPaused {
        /// Since when.
        since: Millis,
    },
    /// The operator takes no orders.
    SellingPaused {
        /// Since when.
        since: Millis,
    },
    /// A key is not used.
    KeyBlocked {
        /// Its fingerprint.
        key: String,
        /// Its number in the configuration.
        position: i64,
        /// `billing`, `rate_limit` or `operator`.
        class: String,
        /// Until when.
        until: Millis,
    },
    /// The oldest job lives too long.
    OldJob {
        /// Which.
        id: JobId,
        /// Where it stands.
        step: String,
        /// When it was ordered.
        created_at: Millis,
    },
    /// Customers asked about a payment and wait for an answer. The administrators' chats have the
    /// questions, where they can be reached.
    OpenTickets {
        /// How many.
        count: i64,
        /// When the first of them was asked.
        asked_at: Millis,
    },
    /// A configured model is not asked: the catalogue says that it ended, or does not know it.
    ModelEnded {
        /// Its name.
        model: String,
    },
    /// The operator switched a model off.
    ModelOff {
        /// Its name.
        model: String,
        /// Since when.
        since: Millis,
    },
    /// The provider switched a model off.
    ModelPaused {
        /// Its name.
        model: String,
        /// When it is tried again.
        until: Millis,
    },
    /// An account runs dry.
    LowBalance {
        /// The key's fingerprint.
        key: String,
        /// Its number in the configuration.
        position: i64,
        /// The provider's credits.
        balance: f64,
        /// Videos that it still buys.
        videos_left: Option<i64>,
    },
    /// createTasks of the last 24 hours whose answer never came: they may have been billed.
    LostSubmits {
        /// How many.
        count: i64,
    },
    /// Messages of the last 24 hours that Telegram did not take.
    MessagesDropped {
        /// How many.
        count: i64,
        /// The last one's error.
        error: Option<String>,
    },
    /// Something else that the operator was told within the last 24 hours.
    OpenAlert {
        /// What it is about.
        cause: String,
        /// Without markup.
        text: String,
        /// How often it came up.
        count: i64,
        /// The last time.
        last_at: Millis,
    },
}

/// What was read already.
pub(super) struct Known<'a> {
    pub(super) head: &'a Head,
    pub(super) machine: Option<&'a Machine>,
    pub(super) keys: &'a [Key],
    pub(super) models: &'a [Model],
    pub(super) low_balance: f64,
}

pub(super) fn read(conn: &Connection, known: &Known<'_>, now: Millis) -> Result<Vec<Attention>> {
    let mut all: Vec<Attention> = appliance(known.head, known.machine);
    all.extend(known.keys.iter().filter_map(blocked));
    all.extend(old_job(conn, now)?);
    let open = tickets::waiting_for_us(conn)?;
    all.extend(open.map(|(count, asked_at)| Attention::OpenTickets { count, asked_at }));
    all.extend(known.models.iter().filter_map(model));
    all.extend(known.keys.iter().filter_map(|key| low(key, known.low_balance)));
    all.extend(lost(conn, now)?);
    all.extend(dropped(conn, now)?);
    all.extend(told(conn, now)?);
    Ok(all)
}

fn appliance(head: &Head, machine: Option<&Machine>) -> Vec<Attention> {
    let little = machine.filter(|it| it.is_short());
    let closed = match head.selling {
        Selling::Closed(reason) if reason != Closed::Paused => Some(reason),
        _ => None,
    };
    let paused = head.selling_paused_at.filter(|_| head.safe_mode_at.is_none());
    [
        head.safe_mode_at.map(|since| Attention::SafeMode { since }),
        (!head.alive).then_some(Attention::NotRunning { since: head.heartbeat_at }),
        little.map(|it| Attention::DiskLow { free_bytes: it.disk_free_bytes }),
        closed.map(|reason| Attention::SellingClosed { reason }),
        head.submitting_paused_at.map(|since| Attention::SubmittingPaused { since }),
        paused.map(|since| Attention::SellingPaused { since }),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn blocked(key: &Key) -> Option<Attention> {
    let class = key.blocked_class.clone().filter(|_| key.configured)?;
    let (fingerprint, until) = (key.fingerprint.clone(), key.blocked_until?);
    Some(Attention::KeyBlocked { key: fingerprint, position: key.position, class, until })
}

/// An account that was refused already is one thing.
fn low(key: &Key, low_balance: f64) -> Option<Attention> {
    let balance = key.balance.filter(|balance| *balance < low_balance && key.configured)?;
    let (position, videos_left) = (key.position, key.videos_left);
    let refused = key.blocked_class.as_deref() == Some("billing");
    (!refused).then(|| Attention::LowBalance {
        key: key.fingerprint.clone(),
        position,
        balance,
        videos_left,
    })
}

fn model(model: &Model) -> Option<Attention> {
    let name = model.name.clone();
    match &model.state {
        State::Open => None,
        State::Paused { until, .. } => Some(Attention::ModelPaused { model: name, until: *until }),
        State::Off { since } => Some(Attention::ModelOff { model: name, since: *since }),
        State::Ended { .. } | State::Unknown => Some(Attention::ModelEnded { model: name }),
    }
}

fn old_job(conn: &Connection, now: Millis) -> Result<Option<Attention>> {
    let oldest = conn
        .prepare_cached(
            "SELECT id, step, MIN(created_at)
             FROM jobs
             WHERE status IN ('queued', 'processing')
               AND created_at < :before
             HAVING COUNT(*) > 0",
        )?
        .query_row(named_params! { ":before": now - OLD }, |row| {
            Ok(Attention::OldJob { id: row.get(0)?, step: row.get(1)?, created_at: row.get(2)? })
        })
        .optional()?;
    Ok(oldest)
}

fn lost(conn: &Connection, now: Millis) -> Result<Option<Attention>> {
    let count: i64 = conn
        .prepare_cached(
            "SELECT COUNT(*)
             FROM submits
             WHERE outcome = 'lost'
               AND ended_at > :since",
        )?
        .query_row(named_params! { ":since": now - DAY }, |row| row.get(0))?;
    Ok((count > 0).then_some(Attention::LostSubmits { count }))
}

/// What could not be said to a customer who blocked the bot, or of a video that was canceled, is
/// nobody's fault.
fn dropped(conn: &Connection, now: Millis) -> Result<Option<Attention>> {
    let (count, error): (i64, Option<String>) = conn
        .prepare_cached(
            "SELECT COUNT(*), error, MAX(id)
             FROM outbox
             WHERE state = 'dropped'
               AND created_at > :since
               AND error IS NOT 'canceled by the operator'
               AND NOT EXISTS (SELECT 1
                               FROM users
                               WHERE tg_user_id = outbox.chat_id
                                 AND blocked_at IS NOT NULL)",
        )?
        .query_row(named_params! { ":since": now - DAY }, |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok((count > 0).then_some(Attention::MessagesDropped { count, error }))
}

/// Alerts whose facts are not on the list anyway.
fn told(conn: &Connection, now: Millis) -> Result<Vec<Attention>> {
    const SAID: [&str; 9] = [
        "balance:",
        "billing:",
        "disk",
        "keys",
        "lost",
        "model:",
        "models",
        "safe-mode",
        "undelivered",
    ];
    let open = alerts::read(conn, ALERTS)?.into_iter().filter(|alert| {
        alert.last_at > now - DAY && !SAID.iter().any(|cause| alert.cause.starts_with(cause))
    });
    Ok(open
        .map(|alert| Attention::OpenAlert {
            cause: alert.cause,
            text: alert.text,
            count: alert.count,
            last_at: alert.last_at,
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SECOND;
    use crate::operator::overview::{self, Asked};
    use crate::operator::tests::{sample, shop};
    use crate::operator::{head, machine::Machine};

    /// The names of what needs attention, in its order.
    fn names(change: &str, free_bytes: u64) -> Vec<String> {
        let (conn, now) = sample();
        conn.execute_batch(change).unwrap();
        let shop = shop();
        let pulse = head::Pulse { alive_within: 30 * SECOND, wall: None };
        let head = head::read(&conn, &shop, pulse, now).unwrap();
        let machine = Machine {
            database_bytes: 1,
            wal_bytes: 0,
            disk_free_bytes: free_bytes,
            disk_total_bytes: 100 << 30,
            last_backup_at: None,
        };
        let asked =
            Asked { shop: &shop, head: &head, machine: Some(&machine), midnight: now - DAY };
        let overview = overview::read(&conn, &asked, now).unwrap();
        let name = |one: &Attention| {
            serde_json::to_value(one).unwrap()["what"].as_str().unwrap().to_owned()
        };
        overview.attention.iter().map(name).collect()
    }

    const CALM: &str = "UPDATE api_keys SET blocked_class = NULL, blocked_until = NULL;
                        UPDATE models SET paused_until = NULL;
                        UPDATE alerts SET ended_at = 5;";

    #[test]
    fn where_all_is_well_nothing_needs_attention() {
        assert_eq!(names(CALM, 50 << 30), Vec::<String>::new());
    }

    #[test]
    fn each_thing_is_said_once_and_the_most_urgent_first() {
        assert_eq!(names("", 50 << 30), ["key_blocked", "model_paused", "open_alert"]);
        let much = "UPDATE instance SET safe_mode_at = 5, selling_paused_at = 6,
                                        submitting_paused_at = 7, heartbeat_at = NULL;
             UPDATE api_keys SET balance = 3;
             UPDATE jobs SET created_at = 5 WHERE id = 3;
             INSERT INTO submits (job_id, api_key, model, at, ended_at, outcome)
             VALUES (3, 'aaaa', 'kling', 999000000, 999000001, 'lost');
             INSERT INTO tickets (user_id, text, opened_at, asked_at, answer, answered_at)
             VALUES (1, 'Where?', 1, 1, NULL, NULL), (2, 'Where?', 1, 1, 'Here', 2),
                    (2, NULL, 1, NULL, NULL, NULL);
             INSERT INTO outbox (seq, chat_id, content, state, error, created_at)
             VALUES (90, 7, '{}', 'dropped', 'no', 999000000),
                    (91, 42, '{}', 'dropped', 'canceled by the operator', 999000000);";
        assert_eq!(
            names(much, 1 << 20),
            [
                "safe_mode",
                "not_running",
                "disk_low",
                "submitting_paused",
                "key_blocked",
                "old_job",
                "open_tickets",
                "model_paused",
                "low_balance",
                "lost_submits",
                "messages_dropped",
                "open_alert",
            ]
        );
    }

    #[test]
    fn selling_that_closed_by_itself_says_why() {
        let blocked = "UPDATE api_keys SET blocked_class = 'billing', blocked_until = 9000000000";
        assert_eq!(names(blocked, 50 << 30)[..2], ["selling_closed", "key_blocked"]);
        let paused = format!("{CALM} UPDATE instance SET selling_paused_at = 6");
        assert_eq!(names(&paused, 50 << 30), ["selling_paused"]);
    }
}
