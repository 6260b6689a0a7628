//! The steps: each does at most one remote call and commits what came of it.

mod fetch;
mod gift;
mod render;
mod script;
mod submit;
mod upload;
mod words;

pub(super) use gift::{fetch as fetch_gift, poll as poll_gift};
pub(super) use render::poll;

use super::Desk;
use super::dispatch::questions;
use crate::api::classify::Class;
use crate::api::kie;
use crate::db::{PACE, Tx};
use crate::jobs::{self, Job, MAX_STRIKES, Step, Trouble, Why};
use crate::orders::{self, Shop};
use anyhow::{Context as _, Result};
use std::path::Path;

/// Does the job's step.
pub(super) fn run(desk: &Desk, job: &Job) -> Result<()> {
    if job.strikes >= MAX_STRIKES {
        return fail(desk, job, Why::Strikes, "nobody could finish this step");
    }
    match job.step {
        Step::Script => script::run(desk, job),
        Step::Upload => upload::run(desk, job),
        Step::Submit => submit::run(desk, job),
        Step::Render => render::last_look(desk, job),
        Step::Fetch => fetch::run(desk, job),
        Step::Deliver => fetch::undelivered(desk, job),
    }
}

/// Commits a change to the job, along with others'.
fn commit<T: Send + 'static>(
    desk: &Desk,
    job: &Job,
    work: impl FnOnce(&Tx<'_>, &Shop, &Job, i64) -> Result<T> + Send + 'static,
) -> Result<T> {
    desk.db.write_paced(desk.clock.real_span(PACE), told(desk, job, work))
}

/// Commits what has cost money, at once.
fn commit_at_once<T: Send + 'static>(
    desk: &Desk,
    job: &Job,
    work: impl FnOnce(&Tx<'_>, &Shop, &Job, i64) -> Result<T> + Send + 'static,
) -> Result<T> {
    desk.db.write(told(desk, job, work))
}

/// The change, with what it needs to know.
fn told<T: Send + 'static>(
    desk: &Desk,
    job: &Job,
    work: impl FnOnce(&Tx<'_>, &Shop, &Job, i64) -> Result<T> + Send + 'static,
) -> impl FnOnce(&Tx<'_>) -> Result<T> + Send + 'static {
    let (shop, job, now) = (desk.shop.clone(), job.clone(), desk.now());
    move |tx| work(tx, &shop, &job, now)
}

fn fail(desk: &Desk, job: &Job, why: Why, error: &str) -> Result<()> {
    let error = error.to_owned();
    commit(desk, job, move |tx, shop, job, now| orders::fail(tx, shop, job, why, &error, now))
}

/// A call failed. One that the stop cut off is no trouble: the job is done again at the next start.
fn trouble(desk: &Desk, job: &Job, trouble: Trouble, error: &str) -> Result<()> {
    costly_trouble(desk, job, trouble, error, None)
}

/// The same, of a task that cost so many of the provider's credits.
fn costly_trouble(
    desk: &Desk,
    job: &Job,
    trouble: Trouble,
    error: &str,
    credits: Option<f64>,
) -> Result<()> {
    if desk.stopping() {
        return Ok(());
    }
    let (step, order) = (job.step.word(), job.order_no());
    tracing::warn!(job.id = job.id.0, order.id = order, step, ?trouble, error, "trouble");
    let error = error.to_owned();
    commit(desk, job, move |tx, shop, job, now| {
        if let Some(credits) = credits {
            jobs::spent(tx, job, credits)?;
        }
        orders::trouble(tx, shop, job, trouble, &error, now)
    })?;
    ask_about_money(desk, job, trouble);
    Ok(())
}

/// A key that was just blocked for money is asked how much there is: the operator sees it.
fn ask_about_money(desk: &Desk, job: &Job, trouble: Trouble) {
    if let (Trouble::Billing, Some(key)) = (trouble, &job.key) {
        questions(desk).soon(key, desk.now());
    }
}

/// What a class of the provider's errors means for a job.
fn meaning(class: Class) -> Trouble {
    match class {
        Class::Billing | Class::BadKey => Trouble::Billing,
        Class::RateLimit => Trouble::RateLimit,
        Class::ModelOff => Trouble::ModelOff,
        Class::UserViolation => Trouble::UserViolation,
        Class::DownloadFailed => Trouble::DownloadFailed,
        Class::Temporary => Trouble::Temporary,
        Class::OurMistake => Trouble::OurMistake,
        Class::Unknown => Trouble::Unknown,
    }
}

/// The same of a whole call.
fn reading(trouble: &kie::Trouble) -> (Trouble, String) {
    match trouble {
        kie::Trouble::Unreached(text) => (Trouble::Unreached, text.clone()),
        kie::Trouble::Lost(text) => (Trouble::Lost, text.clone()),
        kie::Trouble::Refused(refusal) => (meaning(refusal.class), refusal.to_string()),
    }
}

/// The photo is the provider's to load: it is given as it is.
fn is_url(photo: &str) -> bool {
    photo.starts_with("https://") || photo.starts_with("http://")
}

/// A photo of ours; `None`: it is not there. A row inserted by hand may name any path: one that
/// leads out of the folder names no photo.
fn photo(desk: &Desk, path: &str) -> Result<Option<Vec<u8>>> {
    let inside =
        Path::new(path).components().all(|part| matches!(part, std::path::Component::Normal(_)));
    if !inside || path.is_empty() {
        return Ok(None);
    }
    match std::fs::read(desk.options.photos.join(path)) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read the photo {path}")),
    }
}
