//! *Payments*: Stars that came, and went back.

use super::{Context, name};
use crate::console::look::Meaning;
use crate::console::page::Page;
use crate::console::table::{Column, Row};
use crate::operator::payments;
use crate::text::Arg;

pub(super) fn page(context: &Context<'_>, payments: &[payments::Row]) -> Page {
    let columns = vec![
        Column::new(context.tell("col-when"), 14),
        Column::new(context.tell("col-customer"), 22),
        Column::new(context.tell("col-stars"), 8).right(),
        Column::new(context.tell("col-credits"), 8).right(),
        Column::new(context.tell("col-state"), 34),
        Column::new(context.tell("col-charge"), 60),
    ];
    Page {
        columns,
        rows: payments.iter().map(|one| line(context, one)).collect(),
        empty: context.tell("payments-none"),
        ..Page::default()
    }
}

fn line(context: &Context<'_>, one: &payments::Row) -> Row {
    let (state, meaning) = match (one.refunded_at, one.refund_asked_at) {
        (Some(at), _) => (context.since_of("payment-refunded", at), Meaning::Warn),
        (None, Some(at)) => (context.since_of("payment-refunding", at), Meaning::Bad),
        (None, None) => (context.tell("payment-paid"), Meaning::Good),
    };
    let state = match one.owed.unwrap_or(0) + one.gifts_spent {
        0 => state,
        owed => {
            let owed = context.words.number(owed);
            context.tell_of("payment-owed", &[("state", Arg::Str(&state)), ("n", Arg::Str(&owed))])
        }
    };
    Row::new(format!("{}:{}", one.id, one.tg_user_id))
        .copying(&one.charge_id)
        .meant(context.words.moment(one.paid_at), Meaning::Dim)
        .cell(name(one.username.as_ref(), Some(&one.tg_user_id.to_string())))
        .cell(context.words.number(one.stars))
        .cell(context.words.number(one.credits))
        .meant(state, meaning)
        .meant(one.charge_id.clone(), Meaning::Dim)
}
