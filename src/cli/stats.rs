//! `neurocards stats`: orders, videos, refunds, credits and the queue, at a glance.

use std::process::ExitCode;

use anyhow::Result;

use super::args::Output;
use super::screen;
use crate::config::Config;
use crate::db::Db;
use crate::operator::overview::Period;
use crate::operator::stats::{self, Stats};

pub(super) fn run(config: &Config, output: Output) -> Result<ExitCode> {
    let now = config.process_clock().now();
    let zone = &config.report.timezone;
    let midnight = screen::midnight(now, zone);
    let db = Db::open_existing(&config.data_dir)?;
    let stats = db.read(|conn| stats::read(conn, midnight, now))?;
    if output.json { screen::print_json(&stats) } else { screen::print(&show(&stats)) }
}

fn show(stats: &Stats) -> String {
    let both = [&stats.today, &stats.day];
    let line = |name: &str, value: &dyn Fn(&Period) -> String| {
        std::iter::once(name.to_owned()).chain(both.iter().map(|one| value(one))).collect()
    };
    let rows = vec![
        line("orders", &|p| p.orders.to_string()),
        line("videos", &|p| p.videos.to_string()),
        line("failed", &|p| p.failed.to_string()),
        line("canceled", &|p| p.canceled.to_string()),
        line("refunds", &|p| p.refunds.to_string()),
        line("gifts", &|p| p.gifts.to_string()),
        line("credits in", &|p| p.credits_in.to_string()),
        line("credits out", &|p| p.credits_out.to_string()),
        line("Stars", &|p| p.stars.to_string()),
        line("provider's credits", &|p| format!("{:.0}", p.provider_credits)),
        line("success", &|p| {
            p.success_rate.map_or("–".to_owned(), |rate| format!("{:.1}%", rate * 100.0))
        }),
        line("median seconds", &|p| {
            p.median_seconds.map_or("–".to_owned(), |seconds| format!("{seconds:.0}"))
        }),
    ];
    let queue: Vec<Vec<String>> = stats
        .queue
        .iter()
        .map(|one| {
            vec![one.step.clone(), one.jobs.to_string(), screen::age(one.oldest_at, stats.now)]
        })
        .collect();
    let queue = if queue.is_empty() {
        "The queue is empty.\n".to_owned()
    } else {
        screen::table(&["step", ">jobs", "since"], &queue)
    };
    let rated: Vec<Vec<String>> = stats
        .ratings
        .iter()
        .map(|it| {
            let (good, bad) = (it.good.to_string(), it.bad.to_string());
            vec![it.template_id.clone(), it.model.clone(), good, bad]
        })
        .collect();
    let rated = match rated.is_empty() {
        true => String::new(),
        false => format!("\n{}", screen::table(&["template", "model", ">liked", ">not"], &rated)),
    };
    let Stats { users, credits_outstanding, credits_held, .. } = stats;
    format!(
        "{}\n{queue}{rated}\n{users} users have {credits_outstanding} credits; {credits_held} are held.\n",
        screen::table(&["", ">today", ">24 h"], &rows)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::HOUR;
    use crate::operator::tests::{empty, sample};

    #[test]
    fn a_day_is_shown_beside_today() {
        let (conn, now) = sample();
        let text = show(&stats::read(&conn, now - 2 * HOUR, now).unwrap());
        assert!(text.contains("success") && text.contains("50.0%"), "{text}");
        assert!(text.contains("render     1  1h ago"), "{text}");
    }

    #[test]
    fn an_empty_queue_is_said_in_words() {
        let text = show(&stats::read(&empty(), 0, 0).unwrap());
        assert!(text.contains("The queue is empty."), "{text}");
    }
}
