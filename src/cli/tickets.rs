//! `neurocards tickets`: what customers asked about their payments and nobody has answered yet.

use std::process::ExitCode;

use anyhow::Result;

use super::args::TicketsArgs;
use super::screen;
use crate::clock::Millis;
use crate::config::Config;
use crate::db::Db;
use crate::tickets::{self, Unanswered};

pub(super) fn run(config: &Config, args: &TicketsArgs) -> Result<ExitCode> {
    let now = config.process_clock().now();
    let found = Db::open_existing(&config.data_dir)?
        .read(|conn| Ok((tickets::waiting_for_us(conn)?, tickets::unanswered(conn, args.limit)?)));
    let (waiting, open) = found?;
    if args.output.json {
        return screen::print_json(&open);
    }
    screen::print(&show(&open, waiting.map_or(0, |(count, _)| count), now))
}

/// Whole, since a cut question cannot be answered.
fn show(open: &[Unanswered], count: i64, now: Millis) -> String {
    if open.is_empty() {
        return "No question waits for an answer.\n".to_owned();
    }
    let mut text = String::new();
    for one in open {
        let name = one.username.as_ref().map(|name| format!(" @{name}")).unwrap_or_default();
        let payment = one.charge_id.as_ref().map(|it| format!(", about {it}")).unwrap_or_default();
        let (id, user, age) = (one.id, one.tg_user_id, screen::age(one.asked_at, now));
        text += &screen::clean(&format!("No. {id}, {age}, from {user}{name}{payment}"));
        text.push('\n');
        for line in one.text.lines() {
            text += &format!("    {}\n", screen::clean(line));
        }
        text.push('\n');
    }
    let more = count - open.len() as i64;
    if more > 0 {
        text += &format!("And {more} more: --limit {count} shows them all.\n");
    }
    text + "To answer, write to the bot: /answer N TEXT\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::HOUR;

    #[test]
    fn a_question_is_shown_whole_and_rules_no_terminal() {
        let one = |id, text: &str| Unanswered {
            id,
            tg_user_id: 7,
            username: Some("ann".to_owned()),
            text: text.to_owned(),
            charge_id: (id == 1).then(|| "c1".to_owned()),
            asked_at: HOUR,
        };
        let long = "я".repeat(1_000);
        let text = show(&[one(1, "Where?\n\u{1b}[2JHere?"), one(2, &long)], 5, 3 * HOUR);
        assert!(text.starts_with("No. 1, 2h ago, from 7 @ann, about c1\n    Where?\n"), "{text}");
        assert!(!text.contains('\u{1b}') && text.contains(&long), "{text}");
        assert!(text.contains("No. 2, 2h ago, from 7 @ann\n"), "{text}");
        let end =
            "And 3 more: --limit 5 shows them all.\nTo answer, write to the bot: /answer N TEXT\n";
        assert!(text.ends_with(end), "{text}");
        assert_eq!(show(&[], 0, 0), "No question waits for an answer.\n");
    }
}
