//! The order's one status message: what each of its videos is doing, its place in the queue, how
//! long it takes, what came back, and the button that takes back what has not begun.

use super::messages::gave_back;
use super::waiting::{time_left, told};
use super::{Shop, owner, usual_wait};
use crate::clock::{MINUTE, Millis};
use crate::db::{JobId, OrderId, Tx};
use crate::instance;
use crate::jobs;
use crate::outbox::{Button, Content};
use crate::text::Arg;
use crate::users::{self, User};
use anyhow::{Context as _, Result};
use rusqlite::Connection;

/// A status message as it should be now.
pub(super) struct Status {
    pub(super) chat: i64,
    pub(super) content: Content,
    /// The place that it tells. `None`: none of its videos waits, or somebody works on one now, so
    /// that it may have more to tell in a moment.
    pub(super) place: Option<i64>,
}

/// Writes it.
pub(super) fn write(tx: &Tx<'_>, shop: &Shop, order: OrderId, now: Millis) -> Result<Status> {
    let user = owner(tx, order)?.with_context(|| format!("there is no order {order}"))?;
    let user = users::by_id(tx, user)?;
    let lines = lines(tx, order)?;
    let html = words(tx, shop, &user, (order, &lines), now)?;
    let mut content = Content::text(html);
    if lines.iter().any(|line| line.can_be_taken_back) {
        let label = shop.texts.say(user.lang, "button-take-back", &[]);
        let button = Button::data(label, format!("takeback:{order}"));
        content = content.with_buttons(vec![vec![button]]);
    }
    let passing = lines.iter().any(|line| line.ahead.is_some() && !line.waits());
    let place = first_ahead(&lines).filter(|_| !passing).map(told);
    Ok(Status { chat: user.tg_user_id, content, place })
}

/// The place and the time of an order's first video that waits: how many are before it, and the
/// milliseconds that are left; `None`: none of its videos waits.
pub fn waits(
    conn: &Connection,
    order: OrderId,
    now: Millis,
) -> Result<Option<(i64, Option<Millis>)>> {
    let Some(ahead) = first_ahead(&lines(conn, order)?) else { return Ok(None) };
    let left = match instance::state(conn)?.holds_submits() {
        true => None,
        false => time_left(conn, ahead, now)?,
    };
    Ok(Some((told(ahead), left)))
}

struct Line {
    id: JobId,
    status: String,
    step: String,
    attempts: i64,
    retrying: bool,
    priority: i64,
    leased: bool,
    can_be_taken_back: bool,
    /// Who comes before it; `None`: it is in the queue no more.
    ahead: Option<i64>,
}

impl Line {
    /// It waits its turn: nobody works on it.
    fn waits(&self) -> bool {
        self.ahead.is_some() && !self.leased
    }
}

fn first_ahead(lines: &[Line]) -> Option<i64> {
    lines.iter().filter(|line| line.waits()).filter_map(|line| line.ahead).min()
}

fn lines(conn: &Connection, order: OrderId) -> Result<Vec<Line>> {
    let mut query = conn.prepare_cached(
        "SELECT id, status, step, attempts, error IS NOT NULL, priority, leased_at IS NOT NULL,
                status IN ('queued', 'processing')
                    AND (step = 'script' OR step = 'upload' OR step = 'submit')
         FROM jobs
         WHERE order_id = ?1
         ORDER BY ordinal",
    )?;
    let rows = query.query_map([order], |row| {
        Ok(Line {
            id: row.get(0)?,
            status: row.get(1)?,
            step: row.get(2)?,
            attempts: row.get(3)?,
            retrying: row.get(4)?,
            priority: row.get(5)?,
            leased: row.get(6)?,
            can_be_taken_back: false,
            ahead: row.get::<_, bool>(7)?.then_some(0),
        })
    })?;
    let mut lines: Vec<Line> = rows.collect::<rusqlite::Result<_>>()?;
    let unbegun = jobs::unbegun(conn, order)?;
    // An order's videos were queued together: who waits before the second is whoever waits before
    // the first, and the first.
    let mut before: Option<(i64, i64)> = None;
    for line in &mut lines {
        line.can_be_taken_back = unbegun.contains(&line.id);
        if line.ahead.is_none() {
            continue;
        }
        let ahead = match before {
            Some((priority, ahead)) if priority == line.priority => ahead + 1,
            _ => jobs::ahead(conn, line.priority, line.id)?,
        };
        line.ahead = Some(ahead);
        before = Some((line.priority, ahead));
    }
    Ok(lines)
}

fn words(
    tx: &Tx<'_>,
    shop: &Shop,
    user: &User,
    (order, lines): (OrderId, &[Line]),
    now: Millis,
) -> Result<String> {
    let say = |id: &str, args: &[(&str, Arg<'_>)]| shop.texts.say(user.lang, id, args);
    let videos = lines.len() as i64;
    let ready = lines.iter().filter(|line| line.status == "done").count() as i64;
    let ended =
        lines.iter().all(|line| matches!(line.status.as_str(), "done" | "failed" | "canceled"));
    let counts = [("n", Arg::Num(videos)), ("ready", Arg::Num(ready))];
    let mut html = match (ended, ready) {
        (false, _) => say("status-started", &counts),
        (true, 0) if lines.iter().all(|line| line.status == "canceled") => {
            say("status-canceled", &counts)
        }
        (true, 0) => say("status-failed", &counts),
        (true, _) => say("status-done", &counts),
    };
    html.push('\n');
    for (at, line) in lines.iter().enumerate() {
        let words = line_text(line, say);
        html.push_str(&match videos {
            1 => format!("\n{words}"),
            _ => format!("\n{}. {words}", at + 1),
        });
    }
    if !ended && ready > 0 {
        html.push_str(&format!("\n\n{}", say("status-ready", &counts)));
    }
    if let Some(back) = gave_back(shop, user.lang, returned(tx, order)?) {
        html.push_str(&format!("\n\n{back}"));
    }
    if !ended && let Some(note) = note(tx, lines, ready, say, now)? {
        html.push_str(&format!("\n\n{note}"));
    }
    Ok(html)
}

/// How long it takes: of who waits, by those before them; else as usual, until one is there.
fn note(
    conn: &Connection,
    lines: &[Line],
    ready: i64,
    say: impl Fn(&str, &[(&str, Arg<'_>)]) -> String,
    now: Millis,
) -> Result<Option<String>> {
    let first = first_ahead(lines);
    if first.is_some() && instance::state(conn)?.holds_submits() {
        return Ok(Some(say("status-held", &[])));
    }
    if let Some(ahead) = first.filter(|ahead| *ahead > 0)
        && let Some(left) = time_left(conn, ahead, now)?
    {
        return Ok(Some(say("status-left", &[("minutes", Arg::Num(minutes(left)))])));
    }
    if ready > 0 {
        return Ok(None);
    }
    Ok(Some(match usual_wait(conn)? {
        Some(ms) => say("status-wait", &[("minutes", Arg::Num(minutes(ms)))]),
        None => say("status-wait-unknown", &[]),
    }))
}

/// Rounded up: nobody is promised zero minutes.
pub fn minutes(ms: i64) -> i64 {
    (ms.saturating_add(MINUTE - 1) / MINUTE).max(1)
}

fn line_text(line: &Line, say: impl Fn(&str, &[(&str, Arg<'_>)]) -> String) -> String {
    let ahead = line.ahead.unwrap_or(0);
    let queued = || say("line-queued", &[("place", Arg::Num(told(ahead)))]);
    match (line.status.as_str(), line.step.as_str()) {
        ("done", _) => say("line-done", &[]),
        ("failed", _) => say("line-failed", &[]),
        ("canceled", _) => say("line-canceled", &[]),
        (_, "deliver" | "fetch") => say("line-sending", &[]),
        (_, "render") => say("line-rendering", &[]),
        ("queued", _) if line.retrying || line.attempts > 0 => say("line-retrying", &[]),
        (_, "script" | "upload") if line.waits() && ahead > 0 => queued(),
        (_, "submit") if line.waits() => queued(),
        (_, "script") => say("line-script", &[]),
        _ => say("line-starting", &[]),
    }
}

/// The credits that came back, and those of them that went again at once.
fn returned(conn: &Connection, order: OrderId) -> Result<(i64, i64)> {
    Ok(conn
        .prepare_cached(
            "SELECT COALESCE(SUM(settled.delta), 0),
                    COALESCE(SUM((SELECT -SUM(delta)
                                  FROM ledger
                                  WHERE job_id = jobs.id
                                    AND kind = 'repay')), 0)
             FROM jobs
             JOIN ledger AS hold ON hold.job_id = jobs.id AND hold.kind = 'hold'
             JOIN ledger AS settled ON settled.hold_id = hold.id
             WHERE jobs.order_id = ?1",
        )?
        .query_row([order], |row| Ok((row.get(0)?, row.get(1)?)))?)
}
