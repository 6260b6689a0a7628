//! What a customer reads about an order: its status, its videos, its failures.

use super::{Fetched, Shop, usual_wait};
use crate::clock::MINUTE;
use crate::db::{OrderId, Tx};
use crate::jobs::{Job, Why};
use crate::outbox::{Button, Content};
use crate::text::{Arg, Lang};
use crate::users::{self, User};
use anyhow::Result;
use rusqlite::Connection;

/// Back to the menu.
pub fn menu_button(shop: &Shop, lang: Lang) -> Button {
    Button::data(shop.texts.say(lang, "button-menu", &[]), "menu")
}

/// To whoever helps, where there is somebody.
pub fn support_button(shop: &Shop, lang: Lang) -> Option<Button> {
    let url = shop.options.support.as_ref()?;
    Some(Button::url(shop.texts.say(lang, "button-support", &[]), url.clone()))
}

/// Another one with this product, and the menu.
fn after_video(shop: &Shop, lang: Lang, job: &Job) -> Vec<Vec<Button>> {
    let again = shop.texts.say(lang, "button-again", &[]);
    vec![vec![Button::data(again, format!("again:{}", job.id))], vec![menu_button(shop, lang)]]
}

fn which(conn: &Connection, shop: &Shop, lang: Lang, job: &Job, id: &str) -> Result<String> {
    let videos: i64 = match job.order {
        Some(order) => super::videos(conn, order)?,
        None => 1,
    };
    let args = [("ordinal", Arg::Num(job.ordinal)), ("videos", Arg::Num(videos))];
    Ok(shop.texts.say(lang, id, &args))
}

/// What a customer gets of a video.
#[derive(Clone, Copy)]
pub(super) enum Gets<'a> {
    File(&'a Fetched),
    /// The link to a file that Telegram does not take.
    Large(&'a str),
    /// The link to a file that could not be fetched: nobody knows for how long it works.
    Unfetched(&'a str),
}

pub(super) fn video(tx: &Tx<'_>, shop: &Shop, job: &Job, what: Gets<'_>) -> Result<Content> {
    let lang = users::by_id(tx, job.user)?.lang;
    Ok(gets(shop, lang, job, what, which(tx, shop, lang, job, "video-ready")?))
}

/// A video that came after its refund. `back`: the credits that came back.
pub(super) fn gift(
    tx: &Tx<'_>,
    shop: &Shop,
    job: &Job,
    what: Gets<'_>,
    back: i64,
) -> Result<Content> {
    let lang = users::by_id(tx, job.user)?.lang;
    let mut html = which(tx, shop, lang, job, "gift")?;
    if back > 0 {
        html.push_str("\n\n");
        html.push_str(&shop.texts.say(lang, "gift-credits", &[("n", Arg::Num(back))]));
    }
    Ok(gets(shop, lang, job, what, html))
}

fn gets(shop: &Shop, lang: Lang, job: &Job, what: Gets<'_>, html: String) -> Content {
    match what {
        Gets::File(video) => film(shop, lang, job, video, html),
        Gets::Large(url) => link(shop, lang, job, ("video-link", url), &html),
        Gets::Unfetched(url) => link(shop, lang, job, ("video-link-only", url), &html),
    }
}

fn film(shop: &Shop, lang: Lang, job: &Job, video: &Fetched, html: String) -> Content {
    Content::Video {
        path: Some(video.path.clone()),
        file_id: None,
        width: video.width,
        height: video.height,
        seconds: video.seconds,
        html,
        buttons: after_video(shop, lang, job),
    }
}

fn link(shop: &Shop, lang: Lang, job: &Job, (id, url): (&str, &str), words: &str) -> Content {
    let args = [("url", Arg::Str(url))];
    let html = format!("{words}\n\n{}", shop.texts.say(lang, id, &args));
    let mut buttons = after_video(shop, lang, job);
    let watch = Button::url(shop.texts.say(lang, "button-watch", &[]), url);
    buttons.insert(0, vec![watch]);
    Content::text(html).with_buttons(buttons)
}

/// The notice of a failure with its key: one per order and cause, whatever fails later.
pub(super) fn failure(tx: &Tx<'_>, shop: &Shop, job: &Job, why: Why) -> Result<(String, Content)> {
    let user = users::by_id(tx, job.user)?;
    let lang = user.lang;
    let (key, failed, back) = match job.order {
        Some(order) => {
            let (failed, back) = failures(tx, order, why)?;
            (format!("fail:{order}:{}", why.word()), failed, back)
        }
        None => (format!("fail:job:{}", job.id), 1, 0),
    };
    let unfit = match (why, job.order) {
        (Why::Words, Some(order)) => super::judged::why(tx, shop, lang, order)?,
        _ => String::new(),
    };
    let args = [("n", Arg::Num(failed)), ("why", Arg::Html(unfit))];
    let cause = shop.texts.say(lang, why_text(why), &args);
    let mut html = cause;
    if back > 0 {
        html.push_str("\n\n");
        html.push_str(&shop.texts.say(lang, "refund", &[("n", Arg::Num(back))]));
    }
    Ok((key, Content::text(html).with_buttons(after_failure(shop, lang, job, why))))
}

/// What helps: another photo where rules were broken, support where it was not the customer.
fn after_failure(shop: &Shop, lang: Lang, job: &Job, why: Why) -> Vec<Vec<Button>> {
    let again = match why {
        Why::Violation | Why::NoPhoto => ("button-new-photo", "make".to_owned()),
        // The same words would only be refused again.
        Why::Words => ("menu-make", "make".to_owned()),
        _ => ("button-try-again", format!("again:{}", job.id)),
    };
    let mut rows = vec![vec![Button::data(shop.texts.say(lang, again.0, &[]), again.1)]];
    if !matches!(why, Why::Violation | Why::Words | Why::Overload) {
        rows.extend(support_button(shop, lang).map(|button| vec![button]));
    }
    rows.push(vec![menu_button(shop, lang)]);
    rows
}

fn why_text(why: Why) -> &'static str {
    match why {
        Why::Violation => "fail-violation",
        Why::Words => "fail-words",
        Why::Overload => "fail-overload",
        Why::ModelOff => "fail-model-off",
        Why::Temporary => "fail-temporary",
        Why::Timeout | Why::Undelivered => "fail-once",
        Why::NoPhoto => "fail-no-photo",
        Why::NoPrompt => "fail-no-prompt",
        Why::Billing | Why::Mistake | Why::Unknown | Why::Strikes => "fail-technical",
    }
}

/// The order's videos that failed for this reason, and the credits that they gave back.
fn failures(conn: &Connection, order: OrderId, why: Why) -> Result<(i64, i64)> {
    Ok(conn
        .prepare_cached(
            "SELECT COUNT(*),
                    COALESCE(SUM((SELECT SUM(delta)
                                  FROM ledger
                                  WHERE kind = 'release'
                                    AND hold_id IN (SELECT id
                                                    FROM ledger
                                                    WHERE kind = 'hold'
                                                      AND job_id = jobs.id))), 0)
             FROM jobs
             WHERE order_id = ?1
               AND error_class = ?2
               AND status = 'failed'",
        )?
        .query_row((order, why.word()), |row| Ok((row.get(0)?, row.get(1)?)))?)
}

struct Line {
    status: String,
    step: String,
    attempts: i64,
    retrying: bool,
    ahead: i64,
}

/// The order's status message: which chat, and what it says now.
pub(super) fn status(tx: &Tx<'_>, shop: &Shop, order: OrderId) -> Result<(i64, Content)> {
    let user: crate::db::UserId = tx
        .prepare_cached("SELECT user_id FROM orders WHERE id = ?1")?
        .query_row([order], |row| row.get(0))?;
    let user = users::by_id(tx, user)?;
    let lines = lines(tx, order)?;
    let html = status_text(tx, shop, &user, order, &lines)?;
    Ok((user.tg_user_id, Content::text(html)))
}

fn lines(conn: &Connection, order: OrderId) -> Result<Vec<Line>> {
    let mut query = conn.prepare_cached(
        "SELECT status, step, attempts, error IS NOT NULL,
                CASE WHEN status = 'queued' AND step IN ('script', 'submit')
                     THEN (SELECT COUNT(*)
                           FROM jobs AS other
                           WHERE other.status IN ('queued', 'processing')
                             AND other.status = 'queued'
                             AND other.step IN ('script', 'submit')
                             AND (other.priority > jobs.priority
                                  OR (other.priority = jobs.priority AND other.id < jobs.id)))
                     ELSE 0 END
         FROM jobs
         WHERE order_id = ?1
         ORDER BY ordinal",
    )?;
    let rows = query.query_map([order], |row| {
        Ok(Line {
            status: row.get(0)?,
            step: row.get(1)?,
            attempts: row.get(2)?,
            retrying: row.get(3)?,
            ahead: row.get(4)?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn status_text(
    tx: &Tx<'_>,
    shop: &Shop,
    user: &User,
    order: OrderId,
    lines: &[Line],
) -> Result<String> {
    let say = |id: &str, args: &[(&str, Arg<'_>)]| shop.texts.say(user.lang, id, args);
    let videos = lines.len() as i64;
    let ready = lines.iter().filter(|line| line.status == "done").count() as i64;
    let ended =
        lines.iter().all(|line| matches!(line.status.as_str(), "done" | "failed" | "canceled"));
    let counts = [("n", Arg::Num(videos)), ("ready", Arg::Num(ready))];
    let mut html = match (ended, ready) {
        (false, _) => say("status-started", &counts),
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
    let back = returned(tx, order)?;
    if back > 0 {
        html.push_str(&format!("\n\n{}", say("refund", &[("n", Arg::Num(back))])));
    }
    if !ended && ready == 0 {
        let note = match usual_wait(tx)? {
            Some(ms) => say("status-wait", &[("minutes", Arg::Num(minutes(ms)))]),
            None => say("status-wait-unknown", &[]),
        };
        html.push_str(&format!("\n\n{note}"));
    }
    Ok(html)
}

/// Rounded up: nobody is promised zero minutes.
pub fn minutes(ms: i64) -> i64 {
    ((ms + MINUTE - 1) / MINUTE).max(1)
}

fn line_text(line: &Line, say: impl Fn(&str, &[(&str, Arg<'_>)]) -> String) -> String {
    match (line.status.as_str(), line.step.as_str()) {
        ("done", _) => say("line-done", &[]),
        ("failed", _) => say("line-failed", &[]),
        ("canceled", _) => say("line-canceled", &[]),
        (_, "deliver" | "fetch") => say("line-sending", &[]),
        (_, "render") => say("line-rendering", &[]),
        ("queued", _) if line.retrying || line.attempts > 0 => say("line-retrying", &[]),
        ("queued", "script") if line.ahead > 0 => queued(line, say),
        ("queued", "submit") => queued(line, say),
        (_, "script") => say("line-script", &[]),
        _ => say("line-starting", &[]),
    }
}

/// The place as 1 2 3 5 8 13 …, rounded up: far from the front it is edited seldom.
fn queued(line: &Line, say: impl Fn(&str, &[(&str, Arg<'_>)]) -> String) -> String {
    let (mut place, mut next) = (1, 2);
    while place < line.ahead + 1 {
        (place, next) = (next, place + next);
    }
    say("line-queued", &[("place", Arg::Num(place))])
}

fn returned(conn: &Connection, order: OrderId) -> Result<i64> {
    Ok(conn
        .prepare_cached(
            "SELECT COALESCE(SUM(settled.delta), 0)
             FROM jobs
             JOIN ledger AS hold ON hold.job_id = jobs.id AND hold.kind = 'hold'
             JOIN ledger AS settled ON settled.hold_id = hold.id
             WHERE jobs.order_id = ?1",
        )?
        .query_row([order], |row| row.get(0))?)
}
