//! *Failures*: what went wrong within a week, grouped by what it was.

use super::Context;
use crate::console::look::Meaning;
use crate::console::page::Page;
use crate::console::table::{Column, Row};
use crate::operator::failures::Group;

/// Ids that are named as examples.
const EXAMPLES: usize = 5;

pub(super) fn page(context: &Context<'_>, groups: &[Group]) -> Page {
    let columns = vec![
        Column::new(context.tell("col-count"), 6).right(),
        Column::new(context.tell("col-class"), 18),
        Column::new(context.tell("col-last"), 14),
        Column::new(context.tell("col-first"), 14).spare(2),
        Column::new(context.tell("col-rerun"), 6).right().spare(3),
        Column::new(context.tell("col-error"), 90),
        Column::new(context.tell("col-examples"), 34).spare(1),
    ];
    Page {
        columns,
        rows: groups.iter().map(|group| line(context, group)).collect(),
        empty: context.tell("failures-none"),
        ..Page::default()
    }
}

fn line(context: &Context<'_>, group: &Group) -> Row {
    let newest: Vec<String> = group.jobs.iter().take(EXAMPLES).map(ToString::to_string).collect();
    Row::new(&group.signature)
        .cell(group.count.to_string())
        .meant(context.class(&group.class), Meaning::Warn)
        .cell(context.age(group.last_at))
        .meant(context.age(group.first_at), Meaning::Dim)
        .cell(if group.rerun_already == 0 {
            String::new()
        } else {
            group.rerun_already.to_string()
        })
        .meant(group.example_error.clone(), Meaning::Bad)
        .meant(newest.join(" "), Meaning::Dim)
}
