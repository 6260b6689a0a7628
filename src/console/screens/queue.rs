//! *Queue*: jobs that live, then what ended lately; or whatever the filter finds.
//!
//! ```text
//!    job  customer  state       step    for  tries  model         product        error
//!  ■ 231  @anna     processing  render  3m   1      kling-3.0/…   Крем для рук
//! ```

use super::{Context, name};
use crate::console::look::Meaning;
use crate::console::page::Page;
use crate::console::table::{Column, Row};
use crate::operator::queue::{self, Sort};

pub(super) fn page(context: &Context<'_>, rows: &[queue::Row]) -> Page {
    let title = |id: &str| context.tell(id);
    let columns = vec![
        Column::new(title("col-job"), 9).right(),
        Column::new(title("col-customer"), 16),
        Column::new(title("col-state"), 12),
        Column::new(title("col-step"), 10),
        Column::new(title("col-for"), 6).right(),
        Column::new(title("col-ordered"), 14).spare(3),
        Column::new(title("col-attempts"), 8).right().spare(2),
        Column::new(title("col-priority"), 4).right().spare(7),
        Column::new(title("col-order"), 8).right().spare(6),
        Column::new(title("col-template"), 10).spare(5),
        Column::new(title("col-model"), 26).spare(4),
        Column::new(title("col-product"), 30).spare(1),
        Column::new(title("col-error"), 48),
    ];
    Page {
        columns,
        rows: rows.iter().map(|row| line(context, row)).collect(),
        empty: context.tell("queue-empty"),
        ..Page::default()
    }
}

fn line(context: &Context<'_>, job: &queue::Row) -> Row {
    let (status, meaning) = context.status(&job.status);
    let step = if job.is_live() { context.step(&job.step) } else { String::new() };
    // While it lives: how long it is at this step; after that: how long it took.
    let took = match job.finished_at {
        Some(end) => end - job.created_at,
        None => context.now - job.step_since.unwrap_or(job.created_at),
    };
    let order = job.order_id.map_or_else(|| "–".to_owned(), |id| id.to_string());
    let priority = if job.priority == 0 { String::new() } else { format!("{:+}", job.priority) };
    let class = || job.error_class.as_ref().map(|class| context.class(class));
    let error = job.error.clone().or_else(class).unwrap_or_default();
    let worse = if job.status == "failed" { Meaning::Bad } else { Meaning::Warn };
    Row::new(job.id)
        .cell(job.id.to_string())
        .cell(name(job.username.as_ref(), job.first_name.as_ref()))
        .meant(status, meaning)
        .cell(step)
        .cell(context.words.span(took))
        .meant(context.age(job.created_at), Meaning::Dim)
        .cell(if job.attempts == 0 { String::new() } else { job.attempts.to_string() })
        .cell(priority)
        .cell(order)
        .cell(job.template_id.clone())
        .meant(job.model.clone().unwrap_or_default(), Meaning::Dim)
        .cell(job.product.clone().unwrap_or_default())
        .meant(error, worse)
}

/// The order after this one.
pub(in crate::console) fn next(sort: Sort) -> Sort {
    match sort {
        Sort::Urgency => Sort::Newest,
        Sort::Newest => Sort::Oldest,
        Sort::Oldest => Sort::Step,
        Sort::Step => Sort::Customer,
        Sort::Customer => Sort::Urgency,
    }
}

/// The id of the text for an order of rows.
pub(in crate::console) fn sort_text(sort: Sort) -> &'static str {
    match sort {
        Sort::Urgency => "sort-urgency",
        Sort::Newest => "sort-newest",
        Sort::Oldest => "sort-oldest",
        Sort::Step => "sort-step",
        Sort::Customer => "sort-customer",
    }
}
