//! *Models*: which serve, in their order, and how well.

use super::Context;
use crate::console::look::Meaning;
use crate::console::page::Page;
use crate::console::table::{Column, Row};
use crate::operator::models::{Model, State};
use crate::text::Arg;

pub(super) fn page(context: &Context<'_>, models: &[Model]) -> Page {
    let columns = vec![
        Column::new(context.tell("col-number"), 3).right(),
        Column::new(context.tell("col-model"), 34),
        Column::new(context.tell("col-health"), 34),
        Column::new(context.tell("col-success"), 8).right(),
        Column::new(context.tell("col-done"), 7).right().spare(2),
        Column::new(context.tell("col-failed"), 7).right().spare(2),
        Column::new(context.tell("col-seconds"), 9).right(),
        Column::new(context.tell("col-cost"), 12).right(),
        Column::new(context.tell("col-about"), 12).right().spare(3),
        Column::new(context.tell("col-length"), 7).right().spare(4),
    ];
    Page {
        columns,
        rows: models.iter().map(|model| line(context, model)).collect(),
        empty: context.tell("models-none"),
        ..Page::default()
    }
}

fn line(context: &Context<'_>, model: &Model) -> Row {
    let words = context.words;
    let (health, meaning) = health(context, &model.state);
    let none = || "–".to_owned();
    let decimal = |value: Option<f64>| value.map_or_else(none, |value| words.decimal(value));
    let seconds = model.median_seconds.map(|s| words.span((s * 1_000.0) as i64));
    Row::new(&model.name)
        .cell(model.position.to_string())
        .cell(model.name.clone())
        .meant(health, meaning)
        .cell(words.percent(model.success_rate))
        .cell(model.done.to_string())
        .cell(model.failed.to_string())
        .cell(seconds.unwrap_or_else(none))
        .cell(decimal(model.credits_per_video))
        .meant(decimal(model.about_credits), Meaning::Dim)
        .meant(
            model.video_seconds.map_or_else(none, |s| words.span(i64::from(s) * 1_000)),
            Meaning::Dim,
        )
}

/// In words: on, or why not and until when.
pub(super) fn health(context: &Context<'_>, state: &State) -> (String, Meaning) {
    match state {
        State::Open => (context.tell("model-on"), Meaning::Good),
        State::Paused { until, .. } => {
            let age = context.age(*until);
            (context.tell_of("model-paused", &[("age", Arg::Str(&age))]), Meaning::Warn)
        }
        State::Off { since } => {
            let span = context.since(*since);
            (context.tell_of("model-off", &[("span", Arg::Str(&span))]), Meaning::Warn)
        }
        State::Ended { day } => {
            (context.tell_of("model-ended", &[("day", Arg::Str(day))]), Meaning::Bad)
        }
        State::Unknown => (context.tell("model-unknown"), Meaning::Bad),
    }
}
