//! *Keys*: the provider's accounts, by fingerprint; never a key.

use super::{Context, bars};
use crate::console::look::Meaning;
use crate::console::page::Page;
use crate::console::table::{Column, Row};
use crate::operator::keys::Key;
use crate::text::Arg;

/// Points of the trend that are drawn.
const TREND: usize = 16;

pub(super) fn page(context: &Context<'_>, keys: &[Key]) -> Page {
    let columns = vec![
        Column::new(context.tell("col-number"), 3).right(),
        Column::new(context.tell("col-fingerprint"), 12),
        Column::new(context.tell("col-health"), 34),
        Column::new(context.tell("col-balance"), 12).right(),
        Column::new(context.tell("col-videos-left"), 12).right(),
        Column::new(context.tell("col-running"), 9).right(),
        Column::new(context.tell("col-10s"), 6).right().spare(4),
        Column::new(context.tell("col-success"), 8).right().spare(3),
        Column::new(context.tell("col-change"), 10).right().spare(1),
        Column::new(context.tell("col-trend"), TREND).spare(2),
        Column::new(context.tell("col-asked"), 14).spare(6),
        Column::new(context.tell("col-why"), 60).spare(5),
    ];
    Page {
        columns,
        rows: keys.iter().map(|key| line(context, key)).collect(),
        empty: context.tell("keys-none"),
        ..Page::default()
    }
}

fn line(context: &Context<'_>, key: &Key) -> Row {
    let words = context.words;
    let (health, meaning) = health(context, key);
    let none = || "–".to_owned();
    let change = key.balance_change_24h.map_or_else(none, |change| format!("{change:+.0}"));
    let trend: Vec<f64> = key.balance_trend.iter().map(|point| point.balance).collect();
    let asked = match (key.ask_balance, key.balance_at) {
        (true, _) => context.tell("key-asking"),
        (false, Some(at)) => context.age(at),
        (false, None) => none(),
    };
    Row::new(&key.fingerprint)
        .cell(key.position.to_string())
        .cell(key.fingerprint.clone())
        .meant(health, meaning)
        .cell(key.balance.map_or_else(none, |balance| words.number(balance as i64)))
        .cell(key.videos_left.map_or_else(none, |left| words.number(left)))
        .cell(key.running.to_string())
        .cell(key.submits_10s.to_string())
        .cell(words.percent(key.success_rate))
        .cell(change)
        .meant(bars(&trend[trend.len().saturating_sub(TREND)..]), Meaning::Busy)
        .meant(asked, Meaning::Dim)
        .meant(why(context, key), Meaning::Warn)
}

/// Why it is blocked, or why nobody knows its balance.
fn why(context: &Context<'_>, key: &Key) -> String {
    let unknown = key.balance_error.as_ref();
    let unknown = unknown.map(|it| context.tell_of("key-no-balance", &[("error", Arg::Str(it))]));
    key.blocked_why.clone().into_iter().chain(unknown).collect::<Vec<_>>().join("; ")
}

/// In words: free, or why not and for how long.
pub(super) fn health(context: &Context<'_>, key: &Key) -> (String, Meaning) {
    match (&key.blocked_class, key.blocked_until) {
        (Some(class), _) if class == "operator" => (context.block(class), Meaning::Warn),
        (Some(class), Some(until)) => {
            let left = context.words.span(until - context.now);
            let why = context.block(class);
            let args = [("why", Arg::Str(&why)), ("span", Arg::Str(&left))];
            (context.tell_of("key-blocked", &args), Meaning::Bad)
        }
        _ if !key.configured => (context.tell("key-gone"), Meaning::Warn),
        _ => (context.tell("key-free"), Meaning::Good),
    }
}
