//! All that is told, by name, and how it is written: the text that Prometheus reads.

use crate::meter::Histogram;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;
use std::collections::BTreeMap;
use std::fmt;

/// What the page is called in a header.
pub(super) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// One name. A counter's samples end in `_total`, an info's in `_info`.
#[derive(Clone, Copy)]
pub(super) struct Metric {
    pub(super) name: &'static str,
    pub(super) kind: MetricType,
    help: &'static str,
}

impl Metric {
    fn ending(&self) -> &'static str {
        match self.kind {
            MetricType::Counter => "_total",
            MetricType::Info => "_info",
            _ => "",
        }
    }
}

const fn gauge(name: &'static str, help: &'static str) -> Metric {
    Metric { name, kind: MetricType::Gauge, help }
}

const fn counter(name: &'static str, help: &'static str) -> Metric {
    Metric { name, kind: MetricType::Counter, help }
}

const fn histogram(name: &'static str, help: &'static str) -> Metric {
    Metric { name, kind: MetricType::Histogram, help }
}

/// Every name, in the order of the page. docs/watching.md explains each.
pub(super) const ALL: [Metric; 51] = [
    Metric { name: "neurocards_build", kind: MetricType::Info, help: "The running program." },
    gauge("neurocards_healthy", "1 while the database's writer answers heartbeats."),
    gauge("neurocards_heartbeat_age_seconds", "Since the writer answered a heartbeat."),
    gauge("neurocards_scrape_duration_seconds", "What reading these figures took."),
    gauge("neurocards_selling_open", "1 while orders are taken."),
    gauge("neurocards_selling_closed", "1 for the reason why no orders are taken."),
    gauge("neurocards_safe_mode", "1 while nothing is sold or submitted after many crashes."),
    gauge("neurocards_submitting_paused", "1 while nothing goes to the provider."),
    gauge("neurocards_jobs", "Live jobs by status and step."),
    gauge("neurocards_jobs_due", "Live jobs that could be worked on now and have no thread."),
    gauge("neurocards_oldest_job_age_seconds", "Since the oldest live job is in its step."),
    counter("neurocards_orders", "Orders that were confirmed."),
    counter("neurocards_orders_ended", "Orders by what came of their videos."),
    counter("neurocards_videos_ended", "Videos by how they ended."),
    counter("neurocards_failures", "Videos that failed, by reason."),
    histogram("neurocards_video_duration_seconds", "From the order to the delivered video."),
    counter("neurocards_job_events", "Lines of the jobs' stories."),
    histogram("neurocards_step_duration_seconds", "A step that went well, its waits included."),
    counter("neurocards_customers", "Customers who came."),
    counter("neurocards_credits", "Credits that moved, by kind."),
    gauge("neurocards_credits_held", "Credits that live jobs hold."),
    counter("neurocards_payments", "Payments that were credited."),
    counter("neurocards_stars", "Telegram Stars of these payments."),
    counter("neurocards_refunds", "Payments ever given back."),
    counter("neurocards_refunded_stars", "Telegram Stars of these refunds."),
    gauge("neurocards_tickets_open", "Questions of customers that wait for an answer."),
    gauge("neurocards_oldest_ticket_age_seconds", "Since the first of them waits."),
    counter("neurocards_submits", "createTasks by key and outcome."),
    gauge("neurocards_key_blocked", "1 while a key is not used, by reason."),
    gauge("neurocards_key_running_tasks", "Tasks that run with a key."),
    gauge("neurocards_key_balance_credits", "What the key's account had, in KIE credits."),
    gauge("neurocards_model_open", "1 while a model is asked."),
    counter("neurocards_calls", "Calls to services by outcome."),
    histogram("neurocards_call_duration_seconds", "Calls to services."),
    gauge("neurocards_outbox_pending", "Messages that wait to be sent or edited."),
    gauge("neurocards_outbox_oldest_age_seconds", "Since the first unsent message waits."),
    gauge("neurocards_inbox_pending", "Updates that wait to be handled."),
    gauge("neurocards_inbox_oldest_age_seconds", "Since the first of them waits."),
    gauge("neurocards_alerts_open", "What the operator was told and is not over, by kind."),
    gauge("neurocards_worker_threads", "Worker threads."),
    gauge("neurocards_worker_threads_busy", "Worker threads at work."),
    gauge("neurocards_database_bytes", "The database file."),
    gauge("neurocards_wal_bytes", "Its write-ahead log."),
    counter("neurocards_commits_refused", "Commits that a full disk refused."),
    gauge("neurocards_disk_free_bytes", "What the data folder's disk has left."),
    gauge("neurocards_disk_size_bytes", "How large that disk is."),
    gauge("neurocards_last_backup_timestamp_seconds", "When the newest backup was written."),
    gauge("process_start_time_seconds", "When the process started, by the program's clock."),
    counter("process_cpu_seconds", "Processor time that the process has used."),
    gauge("process_resident_memory_bytes", "Memory that the process has."),
    gauge("process_open_fds", "Files and connections that the process has open."),
];

/// A sample's value.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Whole(i64),
    Number(f64),
    Count(u64),
    Spread(Histogram),
}

impl From<bool> for Value {
    fn from(yes: bool) -> Self {
        Self::Whole(yes.into())
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Whole(number)
    }
}

impl From<u64> for Value {
    fn from(count: u64) -> Self {
        Self::Count(count)
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

/// Names of labels and their values.
pub(super) type Labels = Vec<(&'static str, String)>;

/// The samples of every name.
#[derive(Debug, Default)]
pub(super) struct Page(BTreeMap<&'static str, Vec<(Labels, Value)>>);

impl Page {
    /// One sample without labels.
    pub(super) fn put(&mut self, name: &'static str, value: impl Into<Value>) {
        self.put_by(name, [], value);
    }

    /// One with labels.
    pub(super) fn put_by<const N: usize>(
        &mut self,
        name: &'static str,
        labels: [(&'static str, &str); N],
        value: impl Into<Value>,
    ) {
        debug_assert!(ALL.iter().any(|metric| metric.name == name), "{name} is not on the list");
        let labels = labels.map(|(label, value)| (label, value.to_owned())).to_vec();
        self.0.entry(name).or_default().push((labels, value.into()));
    }

    /// As text, with every name, whether it has samples or not.
    pub(super) fn into_text(self) -> Result<String, fmt::Error> {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(self));
        let mut text = String::new();
        text::encode_registry(&mut text, &registry)?;
        Ok(text.lines().map(in_the_older_way).collect())
    }
}

/// The encoder writes OpenMetrics. In Prometheus' own format, which all scrapers and checkers know,
/// what describes a name has the ending that its samples have; else the two are the same.
fn in_the_older_way(line: &str) -> String {
    let described = line.strip_prefix("# ").and_then(|rest| {
        let (what, rest) = rest.split_once(' ')?;
        let (name, rest) = rest.split_once(' ')?;
        let metric = ALL.iter().find(|metric| metric.name == name)?;
        let rest = if rest == "info" { "gauge" } else { rest };
        Some(format!("# {what} {name}{} {rest}\n", metric.ending()))
    });
    described.unwrap_or_else(|| format!("{line}\n"))
}

impl Collector for Page {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        for metric in ALL {
            let mut its = encoder.encode_descriptor(metric.name, metric.help, None, metric.kind)?;
            for (labels, value) in self.0.get(metric.name).into_iter().flatten() {
                match (metric.kind, labels.is_empty()) {
                    (MetricType::Info, _) => its.encode_info(labels)?,
                    (kind, true) => one(&mut its, kind, value)?,
                    (kind, false) => one(&mut its.encode_family(labels)?, kind, value)?,
                }
            }
        }
        Ok(())
    }
}

fn one(encoder: &mut MetricEncoder<'_>, kind: MetricType, value: &Value) -> fmt::Result {
    match (kind, value) {
        (MetricType::Counter, Value::Number(sum)) => {
            encoder.encode_counter::<NoLabelSet, f64, f64>(sum, None)
        }
        (MetricType::Counter, value) => {
            let count = match value {
                Value::Count(count) => *count,
                Value::Whole(count) => count.unsigned_abs(),
                Value::Number(_) | Value::Spread(_) => 0,
            };
            encoder.encode_counter::<NoLabelSet, u64, f64>(&count, None)
        }
        (_, Value::Spread(it)) => {
            encoder.encode_histogram::<NoLabelSet>(it.sum(), it.count(), &it.buckets(), None)
        }
        (_, Value::Whole(number)) => encoder.encode_gauge(number),
        (_, Value::Count(number)) => encoder.encode_gauge(number),
        (_, Value::Number(number)) => encoder.encode_gauge(number),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_conventions() {
        for (at, metric) in ALL.iter().enumerate() {
            let Metric { name, kind, help } = *metric;
            assert!(name.starts_with("neurocards_") || name.starts_with("process_"), "{name}");
            assert!(name.bytes().all(|it| it.is_ascii_lowercase() || it == b'_'), "{name}");
            assert!(!ALL[..at].iter().any(|other| other.name == name), "{name} is there twice");
            assert!(help.ends_with('.') && help.len() < 80, "{name}: {help}");
            // Counters get it where they are written, and nothing else may have it.
            assert!(!name.ends_with("_total"), "{name}");
            for unit in ["_ms", "_minutes", "_hours", "_mb", "_percent"] {
                assert!(!name.contains(unit), "{name} is in no base unit");
            }
            if matches!(kind, MetricType::Histogram) {
                assert!(name.ends_with("_seconds"), "{name}");
            }
        }
    }

    #[test]
    fn every_name_is_on_the_page_and_labels_cannot_break_out() {
        let mut page = Page::default();
        page.put("neurocards_healthy", true);
        page.put_by("neurocards_orders_ended", [("result", "a\"b\\c\nd")], 3_u64);
        let mut spread = Histogram::of(&[1.0]);
        spread.add(0.5);
        page.put_by("neurocards_step_duration_seconds", [("step", "x")], Value::Spread(spread));
        let text = page.into_text().unwrap();
        for metric in ALL {
            let name = format!("{}{}", metric.name, metric.ending());
            assert!(text.contains(&format!("# HELP {name} {}\n", metric.help)), "{name}");
            assert!(text.contains(&format!("# TYPE {name} ")), "{name}");
        }
        for line in [
            "neurocards_healthy 1",
            "neurocards_orders_ended_total{result=\"a\\\"b\\\\c\\nd\"} 3",
            "neurocards_step_duration_seconds_bucket{le=\"+Inf\",step=\"x\"} 1",
            "neurocards_step_duration_seconds_count{step=\"x\"} 1",
            "# TYPE neurocards_build_info gauge",
        ] {
            assert!(text.lines().any(|it| it == line), "{line}\n{text}");
        }
    }
}
