//! *Audit*: who did what by hand, and what was so before and after.

use super::Context;
use crate::console::look::Meaning;
use crate::console::page::Page;
use crate::console::table::{Column, Row};
use crate::operator::trail;

pub(super) fn page(context: &Context<'_>, lines: &[trail::Line]) -> Page {
    let columns = vec![
        Column::new(context.tell("col-when"), 14),
        Column::new(context.tell("col-by"), 14),
        Column::new(context.tell("col-way"), 8).spare(3),
        Column::new(context.tell("col-action"), 18),
        Column::new(context.tell("col-object"), 28),
        Column::new(context.tell("col-before"), 28).spare(1),
        Column::new(context.tell("col-after"), 34),
        Column::new(context.tell("col-note"), 60).spare(2),
    ];
    let line = |one: &trail::Line| {
        // What was written to a customer is in the operator's own words.
        let free = one.action == "message";
        let text = |value: &Option<String>| match value.as_deref().unwrap_or_default() {
            text if free => text.to_owned(),
            text => context.said(text),
        };
        Row::new(one.id)
            .meant(context.words.moment(one.at), Meaning::Dim)
            .cell(one.who.clone())
            .meant(context.actor(&one.way), Meaning::Dim)
            .meant(context.deed(&one.action), Meaning::Busy)
            .cell(context.said(&one.object))
            .meant(text(&one.before), Meaning::Dim)
            .cell(text(&one.after))
            .cell(one.note.clone().unwrap_or_default())
    };
    Page {
        columns,
        rows: lines.iter().map(line).collect(),
        empty: context.tell("audit-none"),
        ..Page::default()
    }
}
