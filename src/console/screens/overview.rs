//! *Overview*: what needs somebody, what the day brought and cost, where work waits, who serves.

use super::{Context, bars, keys, models};
use crate::console::look::Meaning;
use crate::console::page::{Block, Page, blocks_abreast, wrap};
use crate::operator::head::Head;
use crate::operator::machine::Machine;
use crate::operator::overview::{Attention, Delay, Hours, Overview, Period};
use crate::orders::Closed;
use crate::text::{Arg, columns};
use ratatui::text::Line;

/// Things that are named; the rest is counted.
const MOST_THINGS: usize = 8;

pub(super) fn page(
    context: &Context<'_>,
    head: &Head,
    overview: &Overview,
    machine: Option<&Machine>,
) -> Page {
    let width = context.width / blocks_abreast(context.width);
    let blocks = vec![
        attention(context, &overview.attention, width),
        day(context, overview, width),
        queue(context, head, overview),
        steps(context, overview),
        services(context, overview, width),
        house(context, head, machine),
    ];
    Page { blocks, ..Page::default() }
}

fn attention(context: &Context<'_>, things: &[Attention], width: usize) -> Block {
    let mut block = Block::new(context.tell("over-attention"));
    if things.is_empty() {
        return block.line(context.span(context.tell("over-all-well"), Meaning::Good));
    }
    for thing in things.iter().take(MOST_THINGS) {
        let (text, meaning) = sentence(context, thing);
        for (at, text) in wrap(&text, width.saturating_sub(4)).into_iter().enumerate() {
            let mark = if at == 0 { "⚠ " } else { "  " };
            block.lines.push(Line::from(context.span(format!("{mark}{text}"), meaning)));
        }
    }
    let more = things.len().saturating_sub(MOST_THINGS);
    if more > 0 {
        let text = context.tell_of("over-more", &[("n", Arg::Num(more as i64))]);
        return block.line(context.span(text, Meaning::Dim));
    }
    block
}

/// One thing that needs somebody, plainly.
fn sentence(context: &Context<'_>, thing: &Attention) -> (String, Meaning) {
    let words = context.words;
    let span = |id: &str, at| context.tell_of(id, &[("span", Arg::Str(&context.since(at)))]);
    let number = |n: i64| n.to_string();
    match thing {
        Attention::SafeMode { since } => (span("needs-safe-mode", *since), Meaning::Bad),
        Attention::NotRunning { since: Some(at) } => (span("needs-silent", *at), Meaning::Bad),
        Attention::NotRunning { since: None } => (context.tell("needs-stopped"), Meaning::Bad),
        Attention::DiskLow { free_bytes } => {
            let free = words.bytes(*free_bytes);
            (context.tell_of("needs-disk", &[("free", Arg::Str(&free))]), Meaning::Bad)
        }
        Attention::SellingClosed { reason } => (context.tell(closed(*reason)), Meaning::Bad),
        Attention::SubmittingPaused { since } => (span("needs-submitting", *since), Meaning::Warn),
        Attention::SellingPaused { since } => (span("needs-selling", *since), Meaning::Warn),
        Attention::KeyBlocked { position, class, until, .. } => {
            let args = [
                ("key", Arg::Str(&number(*position))),
                ("why", Arg::Str(&context.block(class))),
                ("age", Arg::Str(&context.age(*until))),
            ];
            let id = if class == "operator" { "needs-key-operator" } else { "needs-key" };
            (context.tell_of(id, &args), Meaning::Bad)
        }
        Attention::OldJob { id, step, created_at } => {
            let args = [
                ("job", Arg::Str(&id.to_string())),
                ("step", Arg::Str(&context.step(step))),
                ("span", Arg::Str(&context.since(*created_at))),
            ];
            (context.tell_of("needs-old-job", &args), Meaning::Warn)
        }
        Attention::OpenTickets { count, asked_at } => {
            let since = context.since(*asked_at);
            let args = [("n", Arg::Num(*count)), ("span", Arg::Str(&since))];
            (context.tell_of("needs-tickets", &args), Meaning::Warn)
        }
        Attention::ModelEnded { model } => {
            (context.tell_of("needs-model-ended", &[("model", Arg::Str(model))]), Meaning::Bad)
        }
        Attention::ModelOff { model, since } => {
            let args = [("model", Arg::Str(model)), ("span", Arg::Str(&context.since(*since)))];
            (context.tell_of("needs-model-off", &args), Meaning::Warn)
        }
        Attention::ModelPaused { model, until } => {
            let args = [("model", Arg::Str(model)), ("age", Arg::Str(&context.age(*until)))];
            (context.tell_of("needs-model-paused", &args), Meaning::Warn)
        }
        Attention::LowBalance { position, balance, videos_left, .. } => {
            let args = [
                ("key", Arg::Str(&number(*position))),
                ("balance", Arg::Str(&words.number(*balance as i64))),
                ("n", Arg::Num(videos_left.unwrap_or(0))),
            ];
            (context.tell_of("needs-balance", &args), Meaning::Warn)
        }
        Attention::LostSubmits { count } => {
            (context.tell_of("needs-lost", &[("n", Arg::Num(*count))]), Meaning::Warn)
        }
        Attention::MessagesDropped { count, error } => {
            let why = error.clone().unwrap_or_default();
            let args = [("n", Arg::Num(*count)), ("error", Arg::Str(&why))];
            (context.tell_of("needs-dropped", &args), Meaning::Warn)
        }
        Attention::OpenAlert { text, last_at, .. } => {
            (format!("{text} ({})", context.age(*last_at)), Meaning::Warn)
        }
    }
}

fn closed(reason: Closed) -> &'static str {
    match reason {
        Closed::NoKey => "closed-no-key",
        Closed::NoModel => "closed-no-model",
        Closed::Budget => "closed-budget",
        _ => "closed-paused",
    }
}

/// What came and what it cost: today, and hour by hour.
fn day(context: &Context<'_>, overview: &Overview, width: usize) -> Block {
    let words = context.words;
    let (today, day, hours) = (&overview.today, &overview.day, &overview.hours);
    let heading = format!(
        "{:<16}{:>9}{:>9}  {}",
        "",
        columns::cut(&context.tell("over-today"), 9),
        columns::cut(&context.tell("over-24h"), 9),
        context.tell("over-by-hour")
    );
    let mut block = Block::new(context.tell("over-day")).line(context.span(heading, Meaning::Dim));
    let mut row = |id: &str, values: [String; 2], trend: &[f64]| {
        let label = pad(&context.tell(id), 16);
        let numbers = format!("{:>9}{:>9}  ", values[0], values[1]);
        let room = width.saturating_sub(37);
        block.lines.push(Line::from(vec![
            context.span(label, Meaning::Plain),
            context.span(numbers, Meaning::Plain),
            context.span(bars(&trend[trend.len().saturating_sub(room)..]), Meaning::Busy),
        ]));
    };
    let whole = |values: &[i64]| values.iter().map(|value| *value as f64).collect::<Vec<_>>();
    let both = |of: fn(&Period) -> i64| [words.number(of(today)), words.number(of(day))];
    row("over-orders", both(|it| it.orders), &whole(&hours.orders));
    row("over-videos", both(|it| it.videos), &whole(&hours.videos));
    row("over-failed", both(|it| it.failed), &[]);
    row("over-refunds", both(|it| it.refunds), &whole(&hours.refunds));
    row("over-stars", both(|it| it.stars), &whole(&hours.stars));
    row("over-brought", both(|it| it.credits_out), &whole(&hours.credits_charged));
    row("over-cost", both(|it| it.provider_credits.round() as i64), &hours.provider_credits);
    row("over-per-video", [per_video(context, today), per_video(context, day)], &margin(hours));
    let rates = [words.percent(today.success_rate), words.percent(day.success_rate)];
    row("over-success", rates, &[]);
    let wait = |period: &Period| {
        let ms = period.median_seconds.map(|seconds| (seconds * 1_000.0) as i64);
        ms.map_or_else(|| "–".to_owned(), |ms| words.span(ms))
    };
    row("over-wait", [wait(today), wait(day)], &[]);
    block
}

/// The provider's credits for one video.
fn per_video(context: &Context<'_>, period: &Period) -> String {
    match period.videos {
        0 => "–".to_owned(),
        videos => context.words.decimal(period.provider_credits / videos as f64),
    }
}

fn margin(hours: &Hours) -> Vec<f64> {
    let pairs = hours.provider_credits.iter().zip(&hours.videos);
    pairs.map(|(cost, videos)| if *videos == 0 { 0.0 } else { cost / *videos as f64 }).collect()
}

fn queue(context: &Context<'_>, head: &Head, overview: &Overview) -> Block {
    let mut block = Block::new(context.tell("over-queue"));
    if let (Some(busy), Some(threads)) = (head.threads_busy, head.threads) {
        let share = busy as f64 / threads.max(1) as f64;
        let filled = (share * 20.0).round().clamp(0.0, 20.0) as usize;
        let bar = format!("{}{}", "█".repeat(filled), "░".repeat(20 - filled));
        let args = [("busy", Arg::Num(busy)), ("threads", Arg::Num(threads))];
        block.lines.push(Line::from(vec![
            context.span(bar, Meaning::Busy),
            context.span(format!(" {}", context.tell_of("over-threads", &args)), Meaning::Plain),
        ]));
    }
    if overview.queue.is_empty() {
        return block.line(context.span(context.tell("over-queue-empty"), Meaning::Dim));
    }
    let most = overview.queue.iter().map(|one| one.jobs).max().unwrap_or(1).max(20);
    for one in &overview.queue {
        let bar = "▇".repeat((one.jobs * 20 / most).max(1) as usize);
        let age = context.since(one.oldest_at);
        let args = [("span", Arg::Str(&age))];
        block.lines.push(Line::from(vec![
            context.span(pad(&context.step(&one.step), 12), Meaning::Plain),
            context.span(format!("{:>6} ", one.jobs), Meaning::Plain),
            context.span(pad(&bar, 21), Meaning::Busy),
            context.span(context.tell_of("over-oldest", &args), Meaning::Dim),
        ]));
    }
    block
}

fn steps(context: &Context<'_>, overview: &Overview) -> Block {
    let words = context.words;
    let heading = format!(
        "{:<12}{:>10}{:>10}{:>10}{:>8}",
        "",
        columns::cut(&context.tell("over-success"), 9),
        columns::cut(&context.tell("over-median"), 9),
        "95 %",
        columns::cut(&context.tell("over-failed"), 7),
    );
    let mut block =
        Block::new(context.tell("over-steps")).line(context.span(heading, Meaning::Dim));
    for one in &overview.steps {
        let span = |ms: Option<i64>| ms.map_or_else(|| "–".to_owned(), |ms| words.fine_span(ms));
        let numbers = format!(
            "{:>10}{:>10}{:>10}{:>8}",
            words.percent(one.success_rate),
            span(one.median_ms),
            span(one.p95_ms),
            one.failed
        );
        let meaning = match one.success_rate {
            Some(rate) if rate < 0.8 => Meaning::Warn,
            _ => Meaning::Plain,
        };
        block.lines.push(Line::from(vec![
            context.span(pad(&context.step(&one.step), 12), Meaning::Plain),
            context.span(numbers, meaning),
        ]));
    }
    block
}

/// Keys, models and Telegram, a line each.
fn services(context: &Context<'_>, overview: &Overview, width: usize) -> Block {
    let mut block = Block::new(context.tell("over-services"));
    let mut line = |name: String, text: String, meaning: Meaning| {
        let mut name = pad(&columns::cut(&name, 26), 27);
        for text in wrap(&text, width.saturating_sub(27 + 2)) {
            block.lines.push(Line::from(vec![
                context.span(name, Meaning::Plain),
                context.span(text, meaning),
            ]));
            name = " ".repeat(27);
        }
    };
    for key in &overview.keys {
        let (health, meaning) = keys::health(context, key);
        let args =
            [("running", Arg::Num(key.running)), ("n", Arg::Num(key.videos_left.unwrap_or(0)))];
        let id = if key.videos_left.is_some() { "over-key" } else { "over-key-unknown" };
        let name =
            format!("{} {} {}", context.tell("over-key-name"), key.position, key.fingerprint);
        line(name, format!("{health} · {}", context.tell_of(id, &args)), meaning);
    }
    for model in &overview.models {
        let (health, meaning) = models::health(context, &model.state);
        let rate = context.words.percent(model.success_rate);
        line(model.name.clone(), format!("{health} · {rate}"), meaning);
    }
    for (id, delay) in [("over-telegram", &overview.telegram), ("over-inbox", &overview.inbox)] {
        let late = delay.oldest_ms.is_some_and(|ms| ms > 60_000);
        let meaning = if late { Meaning::Warn } else { Meaning::Good };
        line(context.tell(id), delayed(context, delay), meaning);
    }
    block
}

fn delayed(context: &Context<'_>, delay: &Delay) -> String {
    let words = context.words;
    let mut parts = Vec::new();
    if let Some(ms) = delay.median_delay_ms {
        parts.push(context.tell_of("over-delay", &[("span", Arg::Str(&words.fine_span(ms)))]));
    }
    match delay.oldest_ms {
        Some(ms) if delay.waiting > 0 => {
            let args = [("n", Arg::Num(delay.waiting)), ("span", Arg::Str(&words.fine_span(ms)))];
            parts.push(context.tell_of("over-waiting", &args));
        }
        _ => parts.push(context.tell("over-nothing-waits")),
    }
    parts.join(" · ")
}

/// Database, disk, backup, uptime, version.
fn house(context: &Context<'_>, head: &Head, machine: Option<&Machine>) -> Block {
    let words = context.words;
    let mut block = Block::new(context.tell("over-house"));
    let mut line = |id: &str, text: String, meaning: Meaning| {
        block.lines.push(Line::from(vec![
            context.span(pad(&context.tell(id), 16), Meaning::Plain),
            context.span(text, meaning),
        ]));
    };
    if let Some(machine) = machine {
        let sizes = [words.bytes(machine.database_bytes), words.bytes(machine.wal_bytes)];
        line("over-database", format!("{} + WAL {}", sizes[0], sizes[1]), Meaning::Plain);
        let backup = match machine.last_backup_at {
            Some(at) => (words.moment(at), Meaning::Plain),
            None => (context.tell("over-no-backup"), Meaning::Warn),
        };
        line("over-backup", backup.0, backup.1);
        let args = [
            ("free", Arg::Str(&words.bytes(machine.disk_free_bytes))),
            ("total", Arg::Str(&words.bytes(machine.disk_total_bytes))),
        ];
        line("over-disk", context.tell_of("over-disk-free", &args), Meaning::Plain);
    }
    if let Some(at) = head.started_at.filter(|_| head.alive) {
        line("over-uptime", context.since(at), Meaning::Plain);
    }
    if let Some(version) = &head.version {
        line("over-version", version.clone(), Meaning::Plain);
    }
    block
}

/// To so many columns of the terminal.
fn pad(text: &str, width: usize) -> String {
    let text = columns::cut(text, width.saturating_sub(1));
    let gap = width.saturating_sub(columns::width(&text));
    text + &" ".repeat(gap)
}
