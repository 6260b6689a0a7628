//! *Customers*: whom a search finds, and one of them with their orders or their statement.

use super::{Context, name};
use crate::console::look::Meaning;
use crate::console::page::Page;
use crate::console::table::{Column, Row};
use crate::operator::customers::{Account, Customer, Line, Order};
use crate::text::Arg;
use ratatui::text::Line as Drawn;

pub(super) fn page(context: &Context<'_>, customers: &[Customer]) -> Page {
    let columns = vec![
        Column::new(context.tell("col-id"), 14).right(),
        Column::new(context.tell("col-customer"), 26),
        Column::new(context.tell("col-credits"), 8).right(),
        Column::new(context.tell("col-held"), 8).right(),
        Column::new(context.tell("col-orders"), 7).right(),
        Column::new(context.tell("col-videos"), 7).right().spare(2),
        Column::new(context.tell("col-language"), 6).spare(4),
        Column::new(context.tell("col-last-order"), 14).spare(1),
        Column::new(context.tell("col-since"), 14).spare(3),
        Column::new(context.tell("col-state"), 18),
    ];
    Page {
        columns,
        rows: customers.iter().map(|one| line(context, one)).collect(),
        empty: context.tell("customers-none"),
        ..Page::default()
    }
}

fn line(context: &Context<'_>, one: &Customer) -> Row {
    let (state, meaning) = state(context, one);
    let last = one.last_order_at.map_or_else(|| "–".to_owned(), |at| context.age(at));
    Row::new(one.tg_user_id)
        .cell(one.tg_user_id.to_string())
        .cell(name(one.username.as_ref(), one.first_name.as_ref()))
        .cell(context.words.number(one.credits))
        .cell(if one.held == 0 { String::new() } else { context.words.number(one.held) })
        .cell(one.orders.to_string())
        .cell(one.videos.to_string())
        .meant(one.language.clone(), Meaning::Dim)
        .meant(last, Meaning::Dim)
        .meant(context.age(one.created_at), Meaning::Dim)
        .meant(state, meaning)
}

fn state(context: &Context<'_>, one: &Customer) -> (String, Meaning) {
    match (one.banned_at, one.blocked_at) {
        (Some(_), _) => (context.tell("customer-banned"), Meaning::Bad),
        (None, Some(_)) => (context.tell("customer-blocked"), Meaning::Warn),
        (None, None) => (String::new(), Meaning::Plain),
    }
}

/// One customer: what they have, and their orders or (`v`) every move of their credits.
pub(super) fn account(context: &Context<'_>, account: &Account) -> Page {
    let one = &account.customer;
    let (state, meaning) = state(context, one);
    let named = name(one.username.as_ref(), one.first_name.as_ref());
    let balance = context.tell_of(
        "customer-balance",
        &[("credits", Arg::Num(one.credits)), ("held", Arg::Num(one.held))],
    );
    let counts = context.tell_of(
        "customer-counts",
        &[
            ("orders", Arg::Num(one.orders)),
            ("videos", Arg::Num(one.videos)),
            ("since", Arg::Str(&context.age(one.created_at))),
        ],
    );
    let half = if context.turned { "customer-statement" } else { "customer-orders" };
    let head = vec![
        Drawn::from(vec![
            context.span(named, Meaning::Title),
            context.span(format!("  {}  {}  ", one.tg_user_id, one.language), Meaning::Dim),
            context.span(state, meaning),
        ]),
        Drawn::from(vec![
            context.span(balance, Meaning::Plain),
            context.span(format!(" · {counts}"), Meaning::Dim),
        ]),
        Drawn::default(),
        Drawn::from(context.span(context.tell(half), Meaning::Title)),
    ];
    let page = if context.turned { statement(context, account) } else { orders(context, account) };
    Page { head, ..page }
}

fn orders(context: &Context<'_>, account: &Account) -> Page {
    let columns = vec![
        Column::new(context.tell("col-order"), 8).right(),
        Column::new(context.tell("col-ordered"), 14),
        Column::new(context.tell("col-videos"), 40),
        Column::new(context.tell("col-price"), 6).right().spare(2),
        Column::new(context.tell("col-template"), 12).spare(1),
        Column::new(context.tell("col-product"), 60),
    ];
    Page {
        columns,
        rows: account.orders.iter().map(|order| order_line(context, order)).collect(),
        empty: context.tell("customer-no-orders"),
        ..Page::default()
    }
}

fn order_line(context: &Context<'_>, order: &Order) -> Row {
    let first = order.jobs.first().map(|job| job.id.to_string()).unwrap_or_default();
    let videos: Vec<String> = order
        .jobs
        .iter()
        .map(|job| format!("{} {}", job.id, context.status(&job.status).0))
        .collect();
    let bad = order.jobs.iter().any(|job| job.status == "failed");
    Row::new(format!("{}:{first}", order.id))
        .cell(order.id.to_string())
        .meant(context.age(order.created_at), Meaning::Dim)
        .meant(videos.join(", "), if bad { Meaning::Warn } else { Meaning::Plain })
        .cell(order.price.to_string())
        .cell(order.template_id.clone())
        .cell(order.product.clone())
}

fn statement(context: &Context<'_>, account: &Account) -> Page {
    let columns = vec![
        Column::new(context.tell("col-when"), 14),
        Column::new(context.tell("col-move"), 16),
        Column::new(context.tell("col-credits"), 8).right(),
        Column::new(context.tell("col-balance"), 9).right(),
        Column::new(context.tell("col-job"), 9).right(),
        Column::new(context.tell("col-by"), 10).spare(1),
        Column::new(context.tell("col-note"), 60),
    ];
    Page {
        columns,
        rows: account.statement.iter().map(|line| statement_line(context, line)).collect(),
        empty: context.tell("customer-no-statement"),
        ..Page::default()
    }
}

fn statement_line(context: &Context<'_>, line: &Line) -> Row {
    let job = line.job_id.map(|id| id.to_string()).unwrap_or_default();
    let meaning = match line.delta {
        ..0 => Meaning::Warn,
        0 => Meaning::Dim,
        _ => Meaning::Good,
    };
    let delta = if line.delta == 0 { String::new() } else { format!("{:+}", line.delta) };
    Row::new(format!("{}:{job}", line.id))
        .meant(context.words.moment(line.at), Meaning::Dim)
        .cell(context.ledger(&line.kind, line.delta))
        .meant(delta, meaning)
        .cell(context.words.number(line.balance))
        .cell(job)
        .meant(context.actor(&line.actor), Meaning::Dim)
        .cell(line.note.as_deref().map(|note| context.actor(note)).unwrap_or_default())
}
