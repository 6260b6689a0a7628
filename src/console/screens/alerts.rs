//! *Alerts and log*: what the operator was told, and (`v`) what the program wrote down.

use super::Context;
use crate::console::look::Meaning;
use crate::console::page::Page;
use crate::console::picture::LogLine;
use crate::console::table::{Column, Row};
use crate::operator::alerts::Alert;
use ratatui::text::Line;

pub(super) fn page(context: &Context<'_>, alerts: &[Alert], log: &[LogLine]) -> Page {
    let half = if context.turned { "alerts-log" } else { "alerts-told" };
    let page = if context.turned { lines(context, log) } else { told(context, alerts) };
    let head = vec![Line::from(context.span(context.tell(half), Meaning::Title))];
    Page { head, ..page }
}

fn told(context: &Context<'_>, alerts: &[Alert]) -> Page {
    let columns = vec![
        Column::new(context.tell("col-state"), 14),
        Column::new(context.tell("col-last"), 14),
        Column::new(context.tell("col-count"), 6).right(),
        Column::new(context.tell("col-text"), 160),
        Column::new(context.tell("col-first"), 14).spare(1),
    ];
    let line = |alert: &Alert| {
        Row::new(&alert.cause)
            .meant(context.tell("alert-open"), Meaning::Bad)
            .cell(context.age(alert.last_at))
            .cell(alert.count.to_string())
            .cell(alert.text.clone())
            .meant(context.age(alert.first_at), Meaning::Dim)
    };
    Page {
        columns,
        rows: alerts.iter().map(line).collect(),
        empty: context.tell("alerts-none"),
        ..Page::default()
    }
}

fn lines(context: &Context<'_>, log: &[LogLine]) -> Page {
    let columns = vec![
        Column::new(context.tell("col-when"), 8),
        Column::new(context.tell("col-level"), 5),
        Column::new(context.tell("col-text"), 400),
    ];
    let line = |line: &LogLine| {
        let meaning = match line.level.as_str() {
            "ERROR" => Meaning::Bad,
            "WARN" => Meaning::Warn,
            "INFO" => Meaning::Plain,
            _ => Meaning::Dim,
        };
        let at = line.at.map(|at| context.words.hour(at)).unwrap_or_default();
        Row::new(&line.place)
            .meant(at, Meaning::Dim)
            .meant(line.level.clone(), meaning)
            // Every line of ours begins with our name.
            .cell(line.text.strip_prefix("neurocards::").unwrap_or(&line.text))
    };
    Page {
        columns,
        rows: log.iter().map(line).collect(),
        empty: context.tell("log-none"),
        ..Page::default()
    }
}
