//! The cabinet: what a customer has, what runs for them, and the videos that they have.

use super::screens::{Rows, View};
use super::{Aside, Press};
use crate::clock::Millis;
use crate::db::OrderId;
use crate::orders::shelf::{self, Film};
use crate::orders::{self, support_button};
use crate::outbox::{Button, Content};
use crate::text::{Arg, Lang, shorten};
use crate::users::User;
use anyhow::Result;
use rusqlite::Connection;

/// Videos on a page.
const FILMS: usize = 5;
/// Earlier videos that are looked at for some that read the same: a day seldom has more.
const EARLIER: usize = 95;
/// Of a product, in characters, on a button.
const LABEL: usize = 32;

impl View<'_> {
    pub(super) fn cabinet(&self) -> Result<Content> {
        let mut args = vec![
            ("credits", Arg::Html(self.credits(self.user.credits))),
            ("id", Arg::Html(self.user.tg_user_id.to_string())),
        ];
        let held = held(self.conn, self.user)?;
        let html = if held > 0 {
            args.push(("held", Arg::Html(self.credits(held))));
            self.say("cabinet-held", &args)
        } else {
            self.say("cabinet", &args)
        };
        let orders = last_orders(self.conn, self.user)?;
        let head = if orders.is_empty() { "cabinet-none" } else { "cabinet-orders" };
        let mut html = format!("{html}\n\n{}", self.say(head, &[]));
        for order in &orders {
            html.push_str(&format!("\n{}", self.order_line(order)?));
        }
        Ok(Content::text(html).with_buttons(self.cabinet_rows()))
    }

    fn cabinet_rows(&self) -> Rows {
        let other = if self.user.lang == Lang::Ru { Lang::En } else { Lang::Ru };
        let mut rows = vec![
            self.button("button-topup", &Press::TopUp),
            self.button("button-films", &Press::Films(None)),
            self.button("button-statement", &Press::Statement(None)),
            self.button("button-invite", &Press::Invite),
            self.button("button-language", &Press::Language(other)),
        ];
        rows.extend(support_button(self.shop, self.user.lang).map(|button| vec![button]));
        rows.push(self.button("button-leave", &Press::Aside(Aside::Leave)));
        if !self.draft.id.is_empty() {
            rows.push(self.button("button-continue", &Press::Continue));
        }
        rows.push(self.menu_row());
        rows
    }

    fn order_line(&self, order: &LastOrder) -> Result<String> {
        let counts = [("n", Arg::Num(order.videos)), ("ready", Arg::Num(order.ready))];
        let state = match (order.ended, order.ready) {
            (false, _) => self.say("order-running", &counts),
            (true, 0) if order.canceled == order.videos => self.say("order-canceled", &counts),
            (true, 0) => self.say("order-failed", &counts),
            (true, _) => self.say("order-done", &counts),
        };
        let args = [
            ("id", Arg::Num(order.id.0)),
            ("template", Arg::Html(self.template_label(&order.template))),
            ("state", Arg::Html(state)),
        ];
        let mut line = self.say("order-line", &args);
        if !order.ended
            && let Some((place, left)) = orders::waits(self.conn, order.id, self.now)?
        {
            let place = ("place", Arg::Num(place));
            let minutes = |ms| ("minutes", Arg::Num(orders::minutes(ms)));
            let waits = match left {
                Some(ms) => self.say("order-waits", &[place, minutes(ms)]),
                None => self.say("order-waits-unknown", &[place]),
            };
            line.push_str(&format!(" · {waits}"));
        }
        Ok(line)
    }

    /// A page of their videos, the newest first.
    pub(super) fn films(&self, before: Option<i64>) -> Result<Content> {
        let films = shelf::page(self.conn, self.user.id, before, FILMS + EARLIER)?;
        let id = match (films.is_empty(), before) {
            (false, _) => "films",
            (true, None) => "films-none",
            (true, Some(_)) => "films-no-more",
        };
        let names: Vec<_> = films.iter().map(|film| self.name(film)).collect();
        let shown = films.iter().enumerate().take(FILMS);
        let mut rows: Rows = shown
            .map(|(at, film)| vec![self.film_button(film, &names[at], &names[at + 1..])])
            .collect();
        if films.is_empty() && before.is_none() {
            rows.push(self.button("menu-make", &Press::Make));
        }
        if let (true, Some(last)) = (films.len() > FILMS, films.get(FILMS - 1)) {
            rows.push(self.button("button-older", &Press::Films(Some(last.job.0))));
        }
        Ok(self.page(self.say(id, &[]), rows))
    }

    /// The day and the product, as far as a button has room.
    fn name(&self, film: &Film) -> (String, String) {
        let words = film.product.split_whitespace().collect::<Vec<_>>().join(" ");
        (self.day(film.at), shorten(&words, LABEL))
    }

    /// Among those that would read the same, the second and later ones have a number, which stays
    /// theirs whatever comes.
    fn film_button(
        &self,
        film: &Film,
        name: &(String, String),
        earlier: &[(String, String)],
    ) -> Button {
        let (day, product) = name;
        let nth = 1 + earlier.iter().filter(|it| *it == name).count();
        let nth = match nth {
            1 => String::new(),
            _ => format!(" · {}", self.say("film-nth", &[("n", Arg::Num(nth as i64))])),
        };
        Button::data(format!("🎞 {day}{nth} · {product}"), Press::Film(film.job).data())
    }

    /// With the way back under it.
    pub(super) fn page(&self, html: String, mut rows: Rows) -> Content {
        rows.push(self.button("menu-cabinet", &Press::Cabinet));
        rows.push(self.menu_row());
        Content::text(html).with_buttons(rows)
    }

    /// The day as the shop's people have it.
    pub(super) fn day(&self, at: Millis) -> String {
        let zone = self.shop.options.zone.clone();
        let form = if self.user.lang == Lang::Ru { "%d.%m.%Y" } else { "%-d %b %Y" };
        jiff::Timestamp::from_millisecond(at)
            .map_or_else(|_| String::new(), |at| at.to_zoned(zone).strftime(form).to_string())
    }
}

/// Credits that are held for videos in the making.
fn held(conn: &Connection, user: &User) -> Result<i64> {
    Ok(conn
        .prepare_cached(
            "SELECT COALESCE(-SUM(hold.delta), 0)
             FROM jobs
             JOIN ledger AS hold ON hold.job_id = jobs.id AND hold.kind = 'hold'
             WHERE jobs.user_id = ?1
               AND jobs.status IN ('queued', 'processing')",
        )?
        .query_row([user.id], |row| row.get(0))?)
}

struct LastOrder {
    id: OrderId,
    template: String,
    videos: i64,
    ready: i64,
    canceled: i64,
    ended: bool,
}

fn last_orders(conn: &Connection, user: &User) -> Result<Vec<LastOrder>> {
    let mut query = conn.prepare_cached(
        "SELECT id, template_id, videos,
                (SELECT COUNT(*) FROM jobs WHERE order_id = orders.id AND status = 'done'),
                (SELECT COUNT(*) FROM jobs WHERE order_id = orders.id AND status = 'canceled'),
                finished_at IS NOT NULL
         FROM orders
         WHERE user_id = ?1
         ORDER BY id DESC
         LIMIT 5",
    )?;
    let rows = query.query_map([user.id], |row| {
        Ok(LastOrder {
            id: row.get(0)?,
            template: row.get(1)?,
            videos: row.get(2)?,
            ready: row.get(3)?,
            canceled: row.get(4)?,
            ended: row.get(5)?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
