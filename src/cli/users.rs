//! `neurocards users`: who buys.

use std::process::ExitCode;

use anyhow::Result;
use rusqlite::{Connection, named_params};
use serde::Serialize;

use super::args::UsersArgs;
use super::screen;
use crate::clock::Millis;
use crate::config::Config;
use crate::db::Db;

/// One element of the `--json` list, newest first. Times are unix milliseconds.
#[derive(Debug, Serialize)]
pub(super) struct User {
    id: i64,
    tg_user_id: i64,
    username: Option<String>,
    first_name: Option<String>,
    language: String,
    credits: i64,
    orders: i64,
    /// Videos that were delivered.
    videos: i64,
    created_at: Millis,
    /// The customer blocked the bot.
    blocked_at: Option<Millis>,
    /// The operator banned the customer.
    banned_at: Option<Millis>,
}

pub(super) fn run(config: &Config, args: &UsersArgs) -> Result<ExitCode> {
    let now = config.process_clock().now();
    let users = Db::open_existing(&config.data_dir)?.read(|conn| read(conn, args.limit))?;
    if args.output.json { screen::print_json(&users) } else { screen::print(&show(&users, now)) }
}

fn read(conn: &Connection, limit: u32) -> Result<Vec<User>> {
    let mut found = conn.prepare(
        "SELECT id, tg_user_id, username, first_name, language, credits,
                (SELECT COUNT(*) FROM orders o WHERE o.user_id = u.id) AS orders,
                (SELECT COUNT(*) FROM jobs j WHERE j.user_id = u.id AND j.status = 'done') AS videos,
                created_at, blocked_at, banned_at
         FROM users u
         ORDER BY id DESC
         LIMIT :limit",
    )?;
    let rows = found.query_map(named_params! { ":limit": limit }, |row| {
        Ok(User {
            id: row.get("id")?,
            tg_user_id: row.get("tg_user_id")?,
            username: row.get("username")?,
            first_name: row.get("first_name")?,
            language: row.get("language")?,
            credits: row.get("credits")?,
            orders: row.get("orders")?,
            videos: row.get("videos")?,
            created_at: row.get("created_at")?,
            blocked_at: row.get("blocked_at")?,
            banned_at: row.get("banned_at")?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn show(users: &[User], now: Millis) -> String {
    let row = |user: &User| {
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
    use crate::cli::tests::sample;

    #[test]
    fn a_user_is_one_line() {
        let (conn, now) = sample();
        let users = read(&conn, 10).unwrap();
        assert_eq!((users[0].credits, users[0].orders, users[0].videos), (3, 1, 1));
        let text = show(&users, now);
        assert!(text.contains("@anna  ru        3       1       1  2d ago"), "{text}");
        assert!(read(&conn, 0).unwrap().is_empty());
    }
}
