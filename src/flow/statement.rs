//! What moved a customer's credits, in words: what was bought and given, what orders took, what
//! came back.

use super::Press;
use super::screens::{Rows, View};
use crate::clock::Millis;
use crate::db::{OrderId, UserId};
use crate::outbox::Content;
use crate::text::Arg;
use anyhow::Result;
use rusqlite::{Connection, Row};

/// Lines on a page.
const LINES: usize = 8;
/// An order takes a line of the ledger for each of its videos, up to ten.
const MOVES: i64 = 10 * LINES as i64 + 1;

/// A line of the ledger that moved something.
struct Move {
    id: i64,
    at: Millis,
    delta: i64,
    kind: String,
    /// What the ledger does once only: `signup:7`, `refund:…`.
    key: String,
    order: Option<OrderId>,
    /// Of the job that a release belongs to.
    status: String,
    /// A hold of a video in the making.
    open: bool,
}

/// Moves that are told in one line: an order's videos were paid together.
struct Entry {
    first: Move,
    delta: i64,
    count: i64,
    open: i64,
    /// The oldest of them.
    last: i64,
}

impl Move {
    fn belongs_to(&self, entry: &Entry) -> bool {
        let first = &entry.first;
        self.order.is_some()
            && (self.order, words(self)) == (first.order, words(first))
            && (self.kind == "hold" || self.at == first.at)
    }
}

impl View<'_> {
    /// A page of the statement, the newest first.
    pub(super) fn statement(&self, before: Option<i64>) -> Result<Content> {
        let (entries, more) = entries(self.conn, self.user.id, before)?;
        let have = ("credits", Arg::Html(self.credits(self.user.credits)));
        let mut html = self.say("statement", &[have]);
        if entries.is_empty() {
            html.push_str(&format!("\n\n{}", self.say("statement-none", &[])));
        }
        let mut day = String::new();
        for entry in &entries {
            let this = self.day(entry.first.at);
            if this != day {
                html.push_str(&format!("\n\n<b>{this}</b>"));
                day = this;
            }
            html.push_str(&format!("\n{}", self.entry(entry)));
        }
        let mut rows: Rows = Vec::new();
        if let (true, Some(last)) = (more, entries.iter().map(|entry| entry.last).min()) {
            rows.push(self.button("button-older", &Press::Statement(Some(last))));
        }
        Ok(self.page(html, rows))
    }

    fn entry(&self, entry: &Entry) -> String {
        let sign = if entry.delta < 0 { '−' } else { '+' };
        let moved = format!("<b>{sign}{}</b>", entry.delta.abs());
        let args = [
            ("moved", Arg::Html(moved)),
            ("order", Arg::Num(entry.first.order.map_or(0, |order| order.0))),
            ("n", Arg::Num(entry.count)),
        ];
        let mut line = self.say(words(&entry.first), &args);
        if entry.open > 0 {
            let open = self.say("move-open", &[("n", Arg::Num(entry.open))]);
            line.push_str(&format!(" · {open}"));
        }
        line
    }
}

/// The text that tells of it.
fn words(first: &Move) -> &'static str {
    match (first.kind.as_str(), first.status.as_str()) {
        ("purchase", _) => "move-purchase",
        ("hold", _) => "move-order",
        ("release", "canceled") => "move-canceled",
        ("release", _) => "move-failed",
        _ if first.key.starts_with("signup:") => "move-welcome",
        _ if first.key.starts_with("refund:") => "move-refund",
        _ if first.key.starts_with("left:") => "move-left",
        ("grant", _) if first.delta > 0 => "move-given",
        ("invite", _) if first.key.starts_with("invited:") => "move-invited",
        ("invite", _) if first.delta > 0 => "move-invite",
        ("bonus", _) if first.delta > 0 => "move-bonus",
        ("promo", _) => "move-promo",
        ("import", _) if first.key.starts_with("import:job:") => "move-import-back",
        ("import", _) => "move-import",
        _ if first.key.starts_with("invite:") => "move-invite-back",
        ("bonus" | "repay", _) => "move-refund",
        _ if first.delta > 0 => "move-gift",
        _ => "move-taken",
    }
}

/// The page's lines, and whether there are older ones. What was spent already moves nothing, and is
/// left out.
fn entries(conn: &Connection, user: UserId, before: Option<i64>) -> Result<(Vec<Entry>, bool)> {
    let mut query = conn.prepare_cached(
        "SELECT line.id, line.created_at, line.delta, line.kind, COALESCE(line.key, ''),
                jobs.order_id, COALESCE(jobs.status, ''),
                line.kind = 'hold'
                AND NOT EXISTS (SELECT 1 FROM ledger WHERE hold_id = line.id)
         FROM ledger AS line
         LEFT JOIN jobs ON jobs.id = line.job_id
         WHERE line.user_id = ?1
           AND line.id < ?2
           AND line.delta <> 0
         ORDER BY line.id DESC
         LIMIT ?3",
    )?;
    let moves = query.query_map((user, before.unwrap_or(i64::MAX), MOVES), read)?;
    let mut entries: Vec<Entry> = Vec::new();
    for one in moves {
        let one = one?;
        // What came back of a video and went at once for a refund are two lines, in turns.
        let newest = entries.iter_mut().rev().take(2);
        if let Some(entry) = newest.into_iter().find(|entry| one.belongs_to(entry)) {
            entry.delta += one.delta;
            entry.count += 1;
            entry.open += i64::from(one.open);
            entry.last = one.id;
            continue;
        }
        if entries.len() == LINES {
            return Ok((entries, true));
        }
        let (delta, open, last) = (one.delta, i64::from(one.open), one.id);
        entries.push(Entry { delta, count: 1, open, last, first: one });
    }
    Ok((entries, false))
}

fn read(row: &Row<'_>) -> rusqlite::Result<Move> {
    let kind: String = row.get(3)?;
    // A hold is told as what it was taken for, whatever became of it.
    let status = if kind == "release" { row.get(6)? } else { String::new() };
    Ok(Move {
        id: row.get(0)?,
        at: row.get(1)?,
        delta: row.get(2)?,
        kind,
        key: row.get(4)?,
        order: row.get(5)?,
        status,
        open: row.get(7)?,
    })
}
