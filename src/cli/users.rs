//! `neurocards users`: who buys.

use std::process::ExitCode;

use anyhow::Result;

use super::args::UsersArgs;
use super::screen;
use crate::clock::Millis;
use crate::config::Config;
use crate::db::Db;
use crate::operator::customers::{self, Customer};

/// The newest come first.
pub(super) fn run(config: &Config, args: &UsersArgs) -> Result<ExitCode> {
    let now = config.process_clock().now();
    let db = Db::open_existing(&config.data_dir)?;
    let users = db.read(|conn| customers::search(conn, "", args.limit))?;
    if args.output.json { screen::print_json(&users) } else { screen::print(&show(&users, now)) }
}

fn show(users: &[Customer], now: Millis) -> String {
    let row = |user: &Customer| {
        let name = user.username.as_ref().map(|name| format!("@{name}"));
        let state = match (user.banned_at, user.blocked_at) {
            (Some(_), _) => "banned",
            (None, Some(_)) => "blocked the bot",
            (None, None) => "",
        };
        vec![
            user.tg_user_id.to_string(),
            name.or_else(|| user.first_name.clone()).unwrap_or_default(),
            user.language.clone(),
            user.credits.to_string(),
            user.orders.to_string(),
            user.videos.to_string(),
            screen::age(user.created_at, now),
            state.to_owned(),
        ]
    };
    let heading = [">user", "name", "", ">credits", ">orders", ">videos", "since", "state"];
    screen::table(&heading, &users.iter().map(row).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operator::tests::sample;

    #[test]
    fn a_user_is_one_line() {
        let (conn, now) = sample();
        let users = customers::search(&conn, "7", 10).unwrap();
        let text = show(&users, now);
        assert!(text.contains("@anna  ru        3       1       1  2d ago"), "{text}");
    }
}
