//! *Models*: which serve, in their order, and how well.

use super::Context;
use crate::console::look::Meaning;
use crate::console::page::Page;
use crate::console::table::{Column, Row};
use crate::operator::models::{Model, State};
use crate::operator::ratings::{Rated, by_template};
use crate::text::Arg;
use ratatui::text::Line;

pub(super) fn page(context: &Context<'_>, models: &[Model], rated: &[Rated]) -> Page {
    let mut columns = vec![
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
    let mut rows: Vec<Row> = models.iter().map(|model| line(context, model)).collect();
    // Before anybody has rated a video there is nothing to be seen of it.
    if !rated.is_empty() {
        columns.push(Column::new(context.tell("col-liked"), 9).right());
        let cells = models.iter().map(|model| liked(rated, &model.name));
        rows = rows.into_iter().zip(cells).map(|(row, cell)| row.cell(cell)).collect();
    }
    Page {
        head: heads(context, rated),
        columns,
        rows,
        empty: context.tell("models-none"),
        ..Page::default()
    }
}

/// Of how many rated videos of a model customers liked how many.
fn liked(rated: &[Rated], model: &str) -> String {
    let mine = rated.iter().filter(|one| one.model == model);
    match mine.fold((0, 0), |(good, bad), one| (good + one.good, bad + one.bad)) {
        (0, 0) => "–".to_owned(),
        (good, bad) => format!("{good}/{}", good + bad),
    }
}

/// The same of each template, a line each.
fn heads(context: &Context<'_>, rated: &[Rated]) -> Vec<Line<'static>> {
    let line = |(template, (good, bad)): (&str, (i64, i64))| {
        let args = [
            ("template", Arg::Str(template)),
            ("good", Arg::Num(good)),
            ("rated", Arg::Num(good + bad)),
        ];
        Line::from(context.span(context.tell_of("template-liked", &args), Meaning::Plain))
    };
    by_template(rated).into_iter().map(line).collect()
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
