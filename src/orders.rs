//! Orders: what a customer confirmed, the videos in it, and what the customer is told of them.
//!
//! An effect and the message about it are one commit: every function here that moves a job also
//! writes its message. One status message per order is edited in place (`status:ORDER`), one notice
//! per order and cause of failure (`fail:ORDER:CAUSE`), one message per video (`video:JOB`), and one
//! for a video that came after its refund (`gift:JOB`).

mod choice;
mod files;
mod forget;
pub mod gifts;
mod judged;
mod messages;
mod place;
mod ratings;
mod selling;
pub mod shelf;
mod status;
mod take_back;
mod trouble;
mod waiting;

pub use choice::{Offered, offered};
pub use files::{fail_to_be_kept, kept, not_kept};
pub use forget::{forget, prune_texts, take_all_back};
pub use judged::{Judged, judge, judged};
pub use messages::{menu_button, support_button};
pub use place::{NewOrder, Placed, place};
pub use ratings::rate;
pub use selling::{Closed, Selling, own_prompt_max, photo_rules, selling, usual_wait};
pub use status::{minutes, waits};
pub use take_back::{TakenBack, take_back};
pub use trouble::{Recovered, balance, given_back, recover, served, trouble, without_words};
pub use waiting::{moved, usual_wait_now};

use crate::alerts;
use crate::clock::{DAY, Millis};
use crate::db::{JobId, OrderId, Tx, UserId};
use crate::growth;
use crate::jobs::{self, End, Found, Job, Policy, Refines, Step, Why};
use crate::keys::Limits;
use crate::models::Catalogue;
use crate::outbox;
use crate::templates::Templates;
use crate::text::{Arg, Lang, Texts};
use anyhow::{Result, bail};
use messages::Gets;
use rusqlite::{Connection, OptionalExtension as _};

/// What is sold and how we speak of it; made once at the start.
pub struct Shop {
    /// All texts.
    pub texts: Texts,
    /// The models there are.
    pub catalogue: Catalogue,
    /// The templates there are.
    pub templates: Templates,
    /// The operator's choices.
    pub options: Options,
}

/// Credits for Telegram Stars.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pack {
    /// What the customer gets.
    pub credits: i64,
    /// What they pay.
    pub stars: i64,
}

/// Set by the configuration.
#[derive(Clone, Debug)]
pub struct Options {
    /// Credits for a new customer.
    pub signup: i64,
    /// Credits per video, where there is nothing to choose.
    pub per_video: i64,
    /// What can be bought, no two with as many credits; never empty.
    pub packs: Vec<Pack>,
    /// The models to use, the first one that serves, where there is nothing to choose.
    pub models: Vec<String>,
    /// Retries and time limits.
    pub policy: Policy,
    /// Per key.
    pub limits: Limits,
    /// How long a key without money is left alone.
    pub billing_cooldown: Millis,
    /// How long a limited key is left alone.
    pub rate_limit_cooldown: Millis,
    /// The provider's credits a day; 0: no cap.
    pub daily_spend_cap: f64,
    /// Whose midnight ends that day: the daily report's.
    pub zone: jiff::tz::TimeZone,
    /// Alert below this balance of a key.
    pub low_balance: f64,
    /// Orders of one customer in an hour.
    pub orders_per_hour: i64,
    /// Videos of one customer that render at once; the others wait.
    pub running_per_user: i64,
    /// Bytes; a larger video goes as a link.
    pub upload_limit: u64,
    /// A link to whoever helps; None: there is nobody.
    pub support: Option<String>,
    /// The terms, where consent is asked for.
    pub terms_url: Option<String>,
    /// The privacy policy.
    pub privacy_url: Option<String>,
    /// Invitations and bonuses.
    pub growth: growth::Options,
    /// Who gets alerts.
    pub admins: Vec<i64>,
}

impl Shop {
    /// The pack with so many credits, as it is sold now.
    pub fn pack(&self, credits: i64) -> Option<Pack> {
        self.options.packs.iter().find(|pack| pack.credits == credits).copied()
    }

    /// The keys' limits, with what a video takes.
    pub fn limits(&self) -> Limits {
        Limits { video_credits: self.least_price(), ..self.options.limits }
    }

    /// The language of alerts: the first administrator's own, if they ever wrote to the bot.
    pub fn admin_lang(&self, conn: &Connection) -> Lang {
        let admin = self.options.admins.first();
        let user = admin.and_then(|id| crate::users::by_tg(conn, *id).ok().flatten());
        user.map_or(Lang::Ru, |user| user.lang)
    }
}

/// A video on disk.
#[derive(Clone, Debug)]
pub struct Fetched {
    /// Relative to `videos/`.
    pub path: String,
    /// Its size.
    pub bytes: u64,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Its length.
    pub seconds: u32,
}

/// The video is here: the bot is to send it. `false`: the job is somebody else's by now.
pub fn fetched(tx: &Tx<'_>, shop: &Shop, job: &Job, video: &Fetched, now: Millis) -> Result<bool> {
    let found = Found { video_path: Some(&video.path), ..Found::default() };
    if !jobs::advance(tx, job, Step::Deliver, &found, now + DAY, now)? {
        return Ok(false);
    }
    let what = match &job.output_url {
        Some(url) if video.bytes > shop.options.upload_limit => Gets::Large(url),
        _ => Gets::File(video),
    };
    let content = messages::video(tx, shop, job, what)?;
    say_video(tx, shop, job, &content, now)?;
    Ok(true)
}

/// The video cannot be loaded by us: its link is what the customer gets.
pub fn link_instead(tx: &Tx<'_>, shop: &Shop, job: &Job, url: &str, now: Millis) -> Result<bool> {
    if !jobs::advance(tx, job, Step::Deliver, &Found::default(), now + DAY, now)? {
        return Ok(false);
    }
    let content = messages::video(tx, shop, job, Gets::Unfetched(url))?;
    say_video(tx, shop, job, &content, now)?;
    Ok(true)
}

fn say_video(
    tx: &Tx<'_>,
    shop: &Shop,
    job: &Job,
    content: &outbox::Content,
    now: Millis,
) -> Result<()> {
    let key = format!("video:{}", job.id);
    outbox::put(tx, job.tg_user_id, Some(&key), content, Some(job.id.0), now)?;
    refresh(tx, shop, job.order, now)
}

/// Telegram has the video, or the customer blocked the bot: either way the video was made and the
/// job ends, in the commit that records the message.
pub fn delivered(
    tx: &Tx<'_>,
    shop: &Shop,
    id: JobId,
    file_id: Option<&str>,
    now: Millis,
) -> Result<()> {
    let Some(job) = jobs::get(tx, id)? else { return Ok(()) };
    if jobs::end(tx, &job, &End::Done { file_id }, now)?.is_some() {
        jobs::note(tx, &job, "done", "", None, now)?;
        finish(tx, job.order, now)?;
        refresh(tx, shop, job.order, now)?;
    }
    Ok(())
}

/// The longest address that goes to a customer as a link, in bytes.
const LINK_MAX: usize = 2_048;
/// Why a video that cannot go as a file does not go as a link.
pub const NO_LINK: &str = "its address is too long for a link";

/// Whether a video's address, where its file cannot be sent, can be sent in its place.
pub fn fits_a_link(url: &str) -> bool {
    url.len() <= LINK_MAX
}

/// Telegram does not take the file: the link goes out in its place.
pub fn too_large(tx: &Tx<'_>, shop: &Shop, id: JobId, now: Millis) -> Result<()> {
    let Some(job) = jobs::get(tx, id)? else { return Ok(()) };
    if !jobs::is_held(tx, &job)? {
        return Ok(());
    }
    let Some(url) = job.output_url.clone() else {
        return fail(tx, shop, &job, Why::Undelivered, "the video is too large to send", now);
    };
    if !fits_a_link(&url) {
        return fail(tx, shop, &job, Why::Undelivered, NO_LINK, now);
    }
    let content = messages::video(tx, shop, &job, Gets::Large(&url))?;
    say_video(tx, shop, &job, &content, now)
}

/// Ends a job without a video: credits back and the notice, in one.
pub fn fail(tx: &Tx<'_>, shop: &Shop, job: &Job, why: Why, error: &str, now: Millis) -> Result<()> {
    if jobs::end(tx, job, &End::Failed { why, error }, now)?.is_none() {
        return Ok(());
    }
    jobs::note(tx, job, "failed", error, None, now)?;
    if why == Why::Timeout {
        gifts::watch(tx, job, now)?;
    }
    finish(tx, job.order, now)?;
    tell_operator(tx, shop, job, why, error, now)?;
    let (key, content) = messages::failure(tx, shop, job, why)?;
    outbox::put(tx, job.tg_user_id, Some(&key), &content, None, now)?;
    refresh(tx, shop, job.order, now)
}

/// Nobody will send the job's file any more: neither as its video nor as a gift.
pub fn needs_no_file(conn: &Connection, id: JobId) -> Result<bool> {
    Ok(jobs::needs_no_file(conn, id)? && !gifts::needs_file(conn, id)?)
}

/// The job's file is still to be sent, or being fetched: it has no age.
pub fn needs_file(conn: &Connection, id: JobId) -> Result<bool> {
    if jobs::stand(conn, id)?.is_some_and(|stand| stand.live) || gifts::needs_file(conn, id)? {
        return Ok(true);
    }
    let message = outbox::by_key(conn, &format!("video:{id}"))?;
    Ok(message.is_some_and(|row| row.state == outbox::State::Pending))
}

/// The operator takes an order's video back: credits back, and the status message says so. What
/// renders is paid to the provider all the same. `None`: it had ended; else the credits.
pub fn cancel(tx: &Tx<'_>, shop: &Shop, id: JobId, now: Millis) -> Result<Option<i64>> {
    let Some(job) = jobs::get(tx, id)? else { bail!("there is no job {id}") };
    let Some(back) = jobs::end(tx, &job, &End::Canceled, now)? else { return Ok(None) };
    jobs::note(tx, &job, "canceled", "by the operator", None, now)?;
    finish(tx, job.order, now)?;
    if let Some(row) = outbox::by_key(tx, &format!("video:{id}"))? {
        outbox::dropped(tx, row.id, row.rev, "canceled by the operator")?;
    }
    refresh(tx, shop, job.order, now)?;
    Ok(Some(back))
}

/// The operator hears of what the customer cannot mend; BILLING and a model that is off have
/// alerts of their own.
fn tell_operator(
    tx: &Tx<'_>,
    shop: &Shop,
    job: &Job,
    why: Why,
    error: &str,
    now: Millis,
) -> Result<()> {
    if matches!(
        why,
        Why::Violation | Why::Words | Why::Overload | Why::Billing | Why::ModelOff | Why::NoPrompt
    ) {
        return Ok(());
    }
    let error = trouble::without_words(job, error);
    let args = [("job", Arg::Num(job.id.0)), ("error", Arg::Str(&error))];
    let html = shop.texts.say(shop.admin_lang(tx), "alert-failed", &args);
    alerts::raise(tx, &shop.options.admins, &format!("failed:{}", why.word()), &html, now)
}

/// The order ends with its last video.
fn finish(tx: &Tx<'_>, order: Option<OrderId>, now: Millis) -> Result<()> {
    let Some(order) = order else { return Ok(()) };
    tx.prepare_cached(
        "UPDATE orders
         SET finished_at = ?2
         WHERE id = ?1
           AND NOT EXISTS (SELECT 1
                           FROM jobs
                           WHERE order_id = ?1
                             AND status IN ('queued', 'processing'))",
    )?
    .execute((order, now))?;
    Ok(())
}

/// Makes the order's status message say what is true now.
pub fn refresh(tx: &Tx<'_>, shop: &Shop, order: Option<OrderId>, now: Millis) -> Result<()> {
    let Some(order) = order else { return Ok(()) };
    let status = status::write(tx, shop, order, now)?;
    tx.prepare_cached("UPDATE orders SET place = ?2 WHERE id = ?1 AND place IS NOT ?2")?
        .execute((order, status.place))?;
    let key = format!("status:{order}");
    outbox::put(tx, status.chat, Some(&key), &status.content, None, now)?;
    Ok(())
}

/// What another video after this one begins with.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Again {
    /// Relative to `photos/`.
    pub photo: String,
    /// The product, in the customer's words.
    pub product: String,
    /// The template's id.
    pub template: String,
    /// Template `self`.
    pub own_prompt: Option<String>,
    /// The customer's wishes.
    pub wishes: Option<String>,
    /// What they chose among the operator's choices.
    pub choice: Option<String>,
    /// What the model was asked for.
    pub script: Option<String>,
    /// The script that this one was a change of.
    pub refines: Option<Refines>,
}

/// What an own job was made of; `None` for somebody else's.
pub fn again(conn: &Connection, user: UserId, id: JobId) -> Result<Option<Again>> {
    let job = jobs::get(conn, id)?.filter(|job| job.user == user);
    Ok(job.map(|job| Again {
        photo: job.photo,
        product: job.product.text,
        // A row inserted by hand may have a prompt with any template: the prompt is what is sent.
        template: if job.product.user_prompt.is_some() { "self".into() } else { job.template },
        own_prompt: job.product.user_prompt,
        wishes: job.wishes,
        choice: job.choice,
        script: job.prompt,
        refines: job.product.refines,
    }))
}

/// Whose order it is; `None`: there is none.
pub fn owner(conn: &Connection, order: OrderId) -> Result<Option<UserId>> {
    Ok(conn
        .prepare_cached("SELECT user_id FROM orders WHERE id = ?1")?
        .query_row([order], |row| row.get(0))
        .optional()?)
}

/// How many videos an order has.
pub fn videos(conn: &Connection, order: OrderId) -> Result<i64> {
    Ok(conn
        .prepare_cached("SELECT videos FROM orders WHERE id = ?1")?
        .query_row([order], |row| row.get(0))?)
}

/// Whether a draft was confirmed.
pub fn exists(conn: &Connection, draft: &str) -> Result<bool> {
    let found: Option<i64> = conn
        .prepare_cached("SELECT id FROM orders WHERE draft = ?1")?
        .query_row([draft], |row| row.get(0))
        .optional()?;
    Ok(found.is_some())
}

#[cfg(test)]
pub(crate) mod tests;
