//! From what the rooms know to the page.

use super::page::{Page, Value};
use super::process;
use crate::clock::{Clock, Millis, SECOND};
use crate::db::Db;
use crate::jobs::Step;
use crate::meter;
use crate::operator::head::{Pulse, alive_within};
use crate::operator::keys::Key;
use crate::operator::machine;
use crate::operator::overview::Delay;
use crate::operator::watching::{self, Standing};
use crate::orders::{Closed, Selling, Shop};
use crate::serve::story::{Tally, Teller};
use crate::serve::supervisor::Supervisor;
use crate::worker::Gauge;
use anyhow::{Context as _, Result};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

/// What the figures are read from.
pub(in crate::serve) struct Sources {
    pub(in crate::serve) db: Db,
    pub(in crate::serve) clock: Clock,
    pub(in crate::serve) shop: Arc<Shop>,
    pub(in crate::serve) data_dir: PathBuf,
    pub(in crate::serve) gauge: Gauge,
    pub(in crate::serve) teller: Arc<Teller>,
    pub(in crate::serve) supervisor: Arc<Supervisor>,
}

/// Why a key may be left alone.
const BLOCKS: [&str; 3] = ["billing", "rate_limit", "operator"];

/// Why no orders are taken; the other reasons are about one customer.
const REASONS: [(Closed, &str); 4] = [
    (Closed::Paused, "paused"),
    (Closed::NoKey, "no_key"),
    (Closed::NoModel, "no_model"),
    (Closed::Budget, "budget"),
];
/// Of a createTask that is over.
const OUTCOMES: [&str; 4] = ["accepted", "refused", "lost", "unsent"];
/// Of a live job.
const STATUSES: [&str; 2] = ["queued", "processing"];

/// Reads everything and writes the page.
///
/// # Errors
/// The database cannot be read.
pub(super) fn text(sources: &Sources) -> Result<String> {
    let began = Instant::now();
    let mut page = Page::default();
    let Sources { db, clock, shop, data_dir, gauge, teller, supervisor } = sources;
    teller.look()?;
    let now = clock.now();
    // The heart is this process's own.
    let pulse = Pulse { alive_within: alive_within(clock), wall: None };
    let standing = db.read(|conn| watching::read(conn, shop, pulse, now))?;
    let health = supervisor.health();
    page.put_by("neurocards_build", [("version", env!("CARGO_PKG_VERSION"))], true);
    page.put("neurocards_healthy", health.word().is_ok());
    page.put("neurocards_heartbeat_age_seconds", health.age().as_secs_f64());
    state(&mut page, &standing);
    queue(&mut page, &standing, now);
    let tally = teller.tally();
    happened(&mut page, &tally);
    submits(&mut page, &standing, &tally);
    money(&mut page, &standing, now);
    standing.keys.iter().filter(|key| key.configured).for_each(|key| one_key(&mut page, key));
    for (model, open) in &standing.models {
        page.put_by("neurocards_model_open", [("model", model)], *open);
    }
    calls(&mut page);
    let pending = ["neurocards_outbox_pending", "neurocards_outbox_oldest_age_seconds"];
    delay(&mut page, pending, &standing.telegram);
    let pending = ["neurocards_inbox_pending", "neurocards_inbox_oldest_age_seconds"];
    delay(&mut page, pending, &standing.inbox);
    for (kind, count) in &standing.alerts {
        page.put_by("neurocards_alerts_open", [("kind", kind)], *count);
    }
    let (busy, threads) = gauge.busy();
    page.put("neurocards_worker_threads", threads as i64);
    page.put("neurocards_worker_threads_busy", busy as i64);
    page.put("neurocards_commits_refused", db.refused());
    disk(&mut page, &machine::look(data_dir)?);
    this_process(&mut page, &standing);
    page.put("neurocards_scrape_duration_seconds", began.elapsed().as_secs_f64());
    page.into_text().context("the figures cannot be written")
}

fn seconds(ms: Millis) -> f64 {
    ms.max(0) as f64 / SECOND as f64
}

fn state(page: &mut Page, standing: &Standing) {
    let head = &standing.head;
    page.put("neurocards_selling_open", head.selling == Selling::Open);
    for (reason, word) in REASONS {
        let closed = head.selling == Selling::Closed(reason);
        page.put_by("neurocards_selling_closed", [("reason", word)], closed);
    }
    page.put("neurocards_safe_mode", head.safe_mode_at.is_some());
    page.put("neurocards_submitting_paused", head.submitting_paused_at.is_some());
}

fn queue(page: &mut Page, standing: &Standing, now: Millis) {
    for step in Step::ALL.map(Step::word) {
        for status in STATUSES {
            let found = standing.live.iter().find(|it| (&*it.0, &*it.1) == (status, step));
            let jobs = found.map_or(0, |(_, _, jobs)| *jobs);
            page.put_by("neurocards_jobs", [("status", status), ("step", step)], jobs);
        }
        let waiting = standing.queue.iter().find(|it| it.step == step);
        let (due, since) = waiting.map_or((0, now), |it| (it.due_now, it.oldest_at));
        page.put_by("neurocards_jobs_due", [("step", step)], due);
        page.put_by("neurocards_oldest_job_age_seconds", [("step", step)], seconds(now - since));
    }
}

fn happened(page: &mut Page, tally: &Tally) {
    page.put("neurocards_customers", tally.customers);
    page.put("neurocards_orders", tally.orders);
    for (result, count) in &tally.orders_ended {
        page.put_by("neurocards_orders_ended", [("result", result)], *count);
    }
    for (status, count) in &tally.videos_ended {
        page.put_by("neurocards_videos_ended", [("status", status)], *count);
    }
    for (reason, count) in &tally.failures {
        page.put_by("neurocards_failures", [("reason", reason)], *count);
    }
    page.put("neurocards_video_duration_seconds", Value::Spread(tally.video_took.clone()));
    for ((step, what), count) in &tally.events {
        page.put_by("neurocards_job_events", [("step", step), ("what", what)], *count);
    }
    for (step, took) in &tally.step_took {
        let took = Value::Spread(took.clone());
        page.put_by("neurocards_step_duration_seconds", [("step", step)], took);
    }
    for (kind, credits) in &tally.credits {
        page.put_by("neurocards_credits", [("kind", kind)], *credits);
    }
    page.put("neurocards_payments", tally.payments.0);
    page.put("neurocards_stars", tally.payments.1);
}

/// Of each key that is used, and of those that were.
fn submits(page: &mut Page, standing: &Standing, tally: &Tally) {
    let mut submits = tally.submits.clone();
    for key in standing.keys.iter().filter(|key| key.configured) {
        for outcome in OUTCOMES {
            submits.entry((key.fingerprint.clone(), outcome.to_owned())).or_default();
        }
    }
    for ((key, outcome), count) in &submits {
        page.put_by("neurocards_submits", [("key", key), ("outcome", outcome)], *count);
    }
}

fn money(page: &mut Page, standing: &Standing, now: Millis) {
    page.put("neurocards_credits_held", standing.held);
    page.put("neurocards_refunds", standing.refunds.0);
    page.put("neurocards_refunded_stars", standing.refunds.1);
    let (open, since) = standing.tickets.unwrap_or((0, now));
    page.put("neurocards_tickets_open", open);
    page.put("neurocards_oldest_ticket_age_seconds", seconds(now - since));
}

/// By its fingerprint, as everywhere; those that left the configuration are nobody's any more.
fn one_key(page: &mut Page, key: &Key) {
    let name = key.fingerprint.as_str();
    for reason in BLOCKS {
        let blocked = key.blocked_class.as_deref() == Some(reason);
        page.put_by("neurocards_key_blocked", [("key", name), ("reason", reason)], blocked);
    }
    page.put_by("neurocards_key_running_tasks", [("key", name)], key.running);
    if let Some(balance) = key.balance {
        page.put_by("neurocards_key_balance_credits", [("key", name)], balance);
    }
}

fn calls(page: &mut Page) {
    for (call, count) in meter::counted() {
        let method = as_documented(call.method);
        for (outcome, count) in &count.outcomes {
            let labels = [("service", call.service), ("method", &*method), ("outcome", *outcome)];
            page.put_by("neurocards_calls", labels, *count);
        }
        if count.took.count() > 0 {
            let labels = [("service", call.service), ("method", &*method)];
            page.put_by("neurocards_call_duration_seconds", labels, Value::Spread(count.took));
        }
    }
}

/// `SendVideo` is `sendVideo` in Telegram's documents.
fn as_documented(method: &str) -> String {
    let (first, rest) = method.split_at(method.len().min(1));
    first.to_ascii_lowercase() + rest
}

fn delay(page: &mut Page, [pending, oldest]: [&'static str; 2], delay: &Delay) {
    page.put(pending, delay.waiting);
    page.put(oldest, seconds(delay.oldest_ms.unwrap_or(0)));
}

fn disk(page: &mut Page, machine: &machine::Machine) {
    page.put("neurocards_database_bytes", machine.database_bytes);
    page.put("neurocards_wal_bytes", machine.wal_bytes);
    page.put("neurocards_disk_free_bytes", machine.disk_free_bytes);
    page.put("neurocards_disk_size_bytes", machine.disk_total_bytes);
    if let Some(at) = machine.last_backup_at {
        page.put("neurocards_last_backup_timestamp_seconds", seconds(at));
    }
}

fn this_process(page: &mut Page, standing: &Standing) {
    if let Some(at) = standing.head.started_at {
        page.put("process_start_time_seconds", seconds(at));
    }
    if let Some(used) = process::cpu_seconds() {
        page.put("process_cpu_seconds", used);
    }
    if let Some(bytes) = process::resident_bytes() {
        page.put("process_resident_memory_bytes", bytes);
    }
    if let Some(files) = process::open_files() {
        page.put("process_open_fds", files);
    }
}
