//! *Job*: one video's whole story, and what happens to it next.

use super::{Context, name};
use crate::clock::SECOND;
use crate::console::look::Meaning;
use crate::console::page::{Block, Page, blocks_abreast, wrap};
use crate::operator::story::{Line as Told, Next, Pause, Story};
use crate::text::Arg;
use ratatui::text::Line;

/// The label of a fact.
const LABEL: usize = 13;

pub(super) fn page(context: &Context<'_>, story: &Story) -> Page {
    let width = context.width / blocks_abreast(context.width);
    let blocks = vec![facts(context, story, width), timeline(context, story, width)];
    let (status, meaning) = context.status(&story.job.status);
    let head = vec![
        Line::from(vec![
            context.span(status, meaning),
            context.span(format!(" · {}", next(context, &story.next)), Meaning::Plain),
        ]),
        Line::default(),
    ];
    Page { head, blocks, ..Page::default() }
}

/// What happens next and when, in a sentence.
fn next(context: &Context<'_>, next: &Next) -> String {
    let at = |at| context.age(at);
    match next {
        Next::Ended { at: end } => context.tell_of("next-ended", &[("age", Arg::Str(&at(*end)))]),
        Next::Running { step, since, .. } => context.tell_of(
            "next-running",
            &[("step", Arg::Str(&context.step(step))), ("span", Arg::Str(&context.since(*since)))],
        ),
        Next::Due { step, at: due } => {
            let id = if *due <= context.now { "next-due" } else { "next-due-at" };
            context.tell_of(
                id,
                &[("step", Arg::Str(&context.step(step))), ("age", Arg::Str(&at(*due)))],
            )
        }
        Next::Retry { step, at: due, attempts, max_attempts, .. } => context.tell_of(
            "next-retry",
            &[
                ("step", Arg::Str(&context.step(step))),
                ("age", Arg::Str(&at(*due))),
                ("attempts", Arg::Str(&attempts.to_string())),
                ("most", Arg::Str(&max_attempts.to_string())),
            ],
        ),
        Next::Rendering { since, until } => context.tell_of(
            "next-rendering",
            &[("span", Arg::Str(&context.since(*since))), ("age", Arg::Str(&at(*until)))],
        ),
        Next::WaitingForTelegram { since, error, .. } => {
            let text =
                context.tell_of("next-telegram", &[("span", Arg::Str(&context.since(*since)))]);
            error.as_ref().map_or(text.clone(), |error| format!("{text}: {error}"))
        }
        Next::WaitsForKey { free_at: Some(free), .. } => {
            context.tell_of("next-key-at", &[("age", Arg::Str(&at(*free)))])
        }
        Next::WaitsForKey { free_at: None, .. } => context.tell("next-key"),
        Next::Paused { by: Pause::SafeMode, .. } => context.tell("next-safe-mode"),
        Next::Paused { by: Pause::Operator, .. } => context.tell("next-paused"),
    }
}

fn facts(context: &Context<'_>, story: &Story, width: usize) -> Block {
    let job = &story.job;
    let mut block = Block::new(context.tell("job-facts"));
    let mut fact = |id: &str, value: String, meaning: Meaning| {
        if value.is_empty() {
            return;
        }
        let label = context.tell(id);
        let pad = LABEL.saturating_sub(crate::text::columns::width(&label));
        for (at, text) in wrap(&value, width.saturating_sub(LABEL + 2)).into_iter().enumerate() {
            let label =
                if at == 0 { format!("{label}{}", " ".repeat(pad)) } else { " ".repeat(LABEL) };
            block.lines.push(Line::from(vec![
                context.span(label, Meaning::Dim),
                context.span(text, meaning),
            ]));
        }
    };
    let customer = &story.customer;
    let named = name(customer.username.as_ref(), customer.first_name.as_ref());
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let id = |id: Option<i64>| id.map(|id| id.to_string()).unwrap_or_default();
    fact("job-customer", format!("{named}, {}", job.tg_user_id), Meaning::Plain);
    fact("job-order", id(job.order_id.map(|id| id.0)), Meaning::Plain);
    fact("job-rerun-of", id(job.rerun_of.map(|id| id.0)), Meaning::Plain);
    let reruns: Vec<String> = story.reruns.iter().map(ToString::to_string).collect();
    fact("job-reruns", reruns.join(", "), Meaning::Plain);
    fact(
        "job-error",
        {
            let both = [context.class(&text(&job.error_class)), text(&job.error)];
            let said: Vec<_> = both.into_iter().filter(|text| !text.is_empty()).collect();
            said.join(": ")
        },
        Meaning::Bad,
    );
    fact("job-step", context.step(&job.step), Meaning::Plain);
    fact("job-attempts", job.attempts.to_string(), Meaning::Plain);
    fact("job-choice", choice(context, story), Meaning::Plain);
    fact("job-model", text(&job.model), Meaning::Plain);
    fact("job-key", text(&job.api_key), Meaning::Plain);
    fact("job-task", text(&job.kie_task_id), Meaning::Plain);
    let cost = job.provider_credits.map(|cost| context.words.decimal(cost)).unwrap_or_default();
    fact("job-cost", cost, Meaning::Plain);
    fact("job-photo", job.input_photo_path.clone(), Meaning::Plain);
    fact("job-video", text(&job.output_url), Meaning::Plain);
    fact("job-template", job.template_id.clone(), Meaning::Plain);
    fact("job-product", product(&job.product_info), Meaning::Plain);
    fact("job-wishes", text(&job.extra_wishes), Meaning::Plain);
    fact("job-prompt", text(&job.prompt), Meaning::Plain);
    block
}

/// What the customer chose among several kinds of video, with its length.
fn choice(context: &Context<'_>, story: &Story) -> String {
    let Some(choice) = &story.job.choice else { return String::new() };
    match story.seconds {
        Some(seconds) => format!("{choice}, {}", context.words.span(i64::from(seconds) * SECOND)),
        None => choice.clone(),
    }
}

/// The customer's words; a row inserted by hand may hold any JSON.
fn product(info: &str) -> String {
    let value: serde_json::Value = serde_json::from_str(info).unwrap_or_default();
    match value["text"].as_str() {
        Some(text) => text.to_owned(),
        None => info.to_owned(),
    }
}

fn timeline(context: &Context<'_>, story: &Story, width: usize) -> Block {
    let mut block = Block::new(context.tell("job-timeline"));
    let mut before = None;
    for told in &story.timeline {
        let after = before.replace(told.at).map_or(0, |then| told.at - then);
        block.lines.extend(lines(context, told, after, width));
    }
    block
}

fn lines(context: &Context<'_>, told: &Told, after: i64, width: usize) -> Vec<Line<'static>> {
    let wait =
        if after >= 1_000 { format!("+{}", context.words.span(after)) } else { String::new() };
    let took = told.duration_ms.map(|ms| context.words.fine_span(ms)).unwrap_or_default();
    let meaning = match told.what.as_str() {
        what if what.contains("fail") || what.contains("lost") || what.contains("dropped") => {
            Meaning::Bad
        }
        what if what.contains("trouble") || what.contains("refused") => Meaning::Warn,
        "charge" | "sent" | "accepted" => Meaning::Good,
        _ => Meaning::Plain,
    };
    let what = context.happened(&told.of, &told.what);
    let detail = context.detail(&told.of, &told.what, &told.detail);
    let mut all = vec![Line::from(vec![
        context.span(context.words.hour(told.at), Meaning::Dim),
        context.span(format!(" {wait:>7} "), Meaning::Dim),
        context.span(what, meaning),
        context
            .span(if took.is_empty() { String::new() } else { format!("  {took}") }, Meaning::Busy),
    ])];
    if !detail.is_empty() {
        for text in wrap(&detail, width.saturating_sub(20)).into_iter().take(6) {
            let text = format!("{}{text}", " ".repeat(17));
            all.push(Line::from(context.span(text, Meaning::Dim)));
        }
    }
    all
}
