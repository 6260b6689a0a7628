//! What a customer reads about an order's videos, as they come or fail; its status is in `status`.

use super::{Fetched, Shop};
use crate::db::{OrderId, Tx};
use crate::jobs::{Job, Why};
use crate::outbox::{Button, Content, Does};
use crate::text::{self, Arg, Lang};
use crate::users;
use anyhow::Result;
use rusqlite::{Connection, OptionalExtension as _};

/// Back to the menu.
pub fn menu_button(shop: &Shop, lang: Lang) -> Button {
    Button::data(shop.texts.say(lang, "button-menu", &[]), "menu")
}

/// To whoever helps, where there is somebody.
pub fn support_button(shop: &Shop, lang: Lang) -> Option<Button> {
    let url = shop.options.support.as_ref()?;
    Some(Button::url(shop.texts.say(lang, "button-support", &[]), url.clone()))
}

/// Another one with this product, the same one again, one change; a word on this one; the menu.
pub(super) fn after_video(
    conn: &Connection,
    shop: &Shop,
    lang: Lang,
    job: &Job,
) -> Result<Vec<Vec<Button>>> {
    let button = |id: &str, does: &str| {
        Button::data(shop.texts.say(lang, id, &[]), format!("{does}:{}", job.id))
    };
    let rated: Option<bool> = conn
        .prepare_cached("SELECT good FROM ratings WHERE job_id = ?1")?
        .query_row([job.id], |row| row.get(0))
        .optional()?;
    let mut words = vec![button("button-good", "good"), button("button-bad", "bad")];
    if let Some(good) = rated {
        mark(shop, lang, &mut words, good);
    }
    words.push(menu_button(shop, lang));
    Ok(vec![
        vec![button("button-again", "again")],
        vec![button("button-same", "same"), button("button-refine", "refine")],
        words,
    ])
}

/// The same message with the customer's word on its video.
pub(super) fn marked(shop: &Shop, lang: Lang, content: Content, good: bool) -> Content {
    let (Content::Text { buttons, .. }
    | Content::Photo { buttons, .. }
    | Content::Video { buttons, .. }) = &content
    else {
        return content;
    };
    let mut buttons = buttons.clone();
    buttons.iter_mut().for_each(|row| mark(shop, lang, row, good));
    content.with_buttons(buttons)
}

fn mark(shop: &Shop, lang: Lang, row: &mut [Button], good: bool) {
    for button in row {
        let Does::Data(data) = &button.does else { continue };
        let id = match (data.split(':').next(), good) {
            (Some("good"), true) => "button-good-chosen",
            (Some("good"), false) => "button-good",
            (Some("bad"), false) => "button-bad-chosen",
            (Some("bad"), true) => "button-bad",
            _ => continue,
        };
        button.text = shop.texts.say(lang, id, &[]);
    }
}

/// What a video was made of, under one that is sent again.
pub(super) fn about(shop: &Shop, lang: Lang, job: &Job) -> String {
    let known = shop.templates.get(&job.template);
    let template = match known {
        Some(template) => text::escape(template.label(lang.code())),
        None => shop.texts.say(lang, "template-self", &[]),
    };
    let product = text::shorten(&job.product.text, 200);
    let args = [("template", Arg::Html(template)), ("product", Arg::Str(&product))];
    let mut html = shop.texts.say(lang, "film-about", &args);
    if let Some(prompt) = &job.prompt {
        html.push_str(&format!("\n\n<i>{}</i>", text::escape(&text::shorten(prompt, 600))));
    }
    html
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
    let html = which(tx, shop, lang, job, "video-ready")?;
    gets(tx, shop, (lang, job), what, html)
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
    gets(tx, shop, (lang, job), what, html)
}

fn gets(
    conn: &Connection,
    shop: &Shop,
    (lang, job): (Lang, &Job),
    what: Gets<'_>,
    html: String,
) -> Result<Content> {
    match what {
        Gets::File(video) => Ok(Content::Video {
            path: Some(video.path.clone()),
            file_id: None,
            width: video.width,
            height: video.height,
            seconds: video.seconds,
            html,
            buttons: after_video(conn, shop, lang, job)?,
        }),
        Gets::Large(url) => link(conn, shop, lang, job, ("video-link", url), &html),
        Gets::Unfetched(url) => link(conn, shop, lang, job, ("video-link-only", url), &html),
    }
}

pub(super) fn link(
    conn: &Connection,
    shop: &Shop,
    lang: Lang,
    job: &Job,
    (id, url): (&str, &str),
    words: &str,
) -> Result<Content> {
    let args = [("url", Arg::Str(url))];
    let html = format!("{words}\n\n{}", shop.texts.say(lang, id, &args));
    let mut buttons = after_video(conn, shop, lang, job)?;
    let watch = Button::url(shop.texts.say(lang, "button-watch", &[]), url);
    buttons.insert(0, vec![watch]);
    Ok(Content::text(html).with_buttons(buttons))
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
        None => (format!("fail:job:{}", job.id), 1, (0, 0)),
    };
    let unfit = match (why, job.order) {
        (Why::Words, Some(order)) => super::judged::why(tx, shop, lang, order)?,
        _ => String::new(),
    };
    let args = [("n", Arg::Num(failed)), ("why", Arg::Html(unfit))];
    let cause = shop.texts.say(lang, why_text(why), &args);
    let mut html = cause;
    if let Some(back) = gave_back(shop, lang, back) {
        html.push_str(&format!("\n\n{back}"));
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

/// So many credits came back, and so many of them went again at once: the payment that they came
/// with was given back before. `None`: none came.
pub(super) fn gave_back(shop: &Shop, lang: Lang, (back, repaid): (i64, i64)) -> Option<String> {
    let say = |id: &str, n: i64| shop.texts.say(lang, id, &[("n", Arg::Num(n))]);
    match (back, repaid) {
        (0, _) => None,
        (_, 0) => Some(say("refund", back)),
        _ => Some(format!("{} {}", say("refund", back), say("refund-repaid", repaid))),
    }
}

/// The order's videos that failed for this reason, the credits that they gave back, and those of
/// them that went again.
fn failures(conn: &Connection, order: OrderId, why: Why) -> Result<(i64, (i64, i64))> {
    Ok(conn
        .prepare_cached(
            "SELECT COUNT(*),
                    COALESCE(SUM((SELECT SUM(delta)
                                  FROM ledger
                                  WHERE kind = 'release'
                                    AND hold_id IN (SELECT id
                                                    FROM ledger
                                                    WHERE kind = 'hold'
                                                      AND job_id = jobs.id))), 0),
                    COALESCE(SUM((SELECT -SUM(delta)
                                  FROM ledger
                                  WHERE kind = 'repay'
                                    AND job_id = jobs.id)), 0)
             FROM jobs
             WHERE order_id = ?1
               AND error_class = ?2
               AND status = 'failed'",
        )?
        .query_row((order, why.word()), |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?))))?)
}
