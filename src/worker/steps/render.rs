//! Step render: polls until the provider's word, or until the time limit.

use super::submit::route;
use super::{commit, meaning, reading};
use crate::api::kie::Record;
use crate::clock::{MINUTE, Millis};
use crate::jobs::{self, Found, Job, Step, Trouble, Why};
use crate::models;
use crate::orders;
use crate::worker::calls::counted;
use crate::worker::dispatch::{questions, renders};
use crate::worker::gifts::{EVERY, Turn, watched};
use crate::worker::renders::Render;
use crate::worker::{Desk, POLL, timeout};
use anyhow::Result;

/// A fresh task may be unknown for this long.
const BECOMES_VISIBLE: Millis = 2 * MINUTE;

/// One poll from the watch; writes only when something changed.
pub(in crate::worker) fn poll(desk: &Desk, render: &Render) -> Result<()> {
    let job = &render.job;
    if ended_or_written(desk, job, look(desk, job))? {
        renders(desk).forget(job);
    } else {
        let at = desk.now() + desk.options.poll_interval;
        renders(desk).again(render, at);
    }
    Ok(())
}

/// The row came due: the time limit is over, or a restart missed it. One last look, then the end.
pub(super) fn last_look(desk: &Desk, job: &Job) -> Result<()> {
    renders(desk).forget(job);
    if job.task.is_none() {
        return commit(desk, job, |tx, _, job, now| {
            jobs::advance(tx, job, Step::Upload, &Found::default(), now, now).map(drop)
        });
    }
    let look = look(desk, job);
    if ended_or_written(desk, job, look)? || desk.stopping() {
        return Ok(());
    }
    let began = job.submitted_at.unwrap_or(job.step_since);
    let minutes = timeout(desk) / MINUTE;
    let deadline = began + timeout(desk);
    if desk.now() < deadline {
        // Its lease was lost, not its time: watch on.
        return commit(desk, job, move |tx, _, job, now| {
            jobs::advance(tx, job, Step::Render, &Found::default(), deadline, now).map(drop)
        })
        .map(|()| renders(desk).watch(job, desk.now() + desk.options.poll_interval, deadline));
    }
    let error = format!("no video within {minutes} minutes");
    commit(desk, job, move |tx, shop, job, now| {
        orders::fail(tx, shop, job, Why::Timeout, &error, now)
    })?;
    watched(desk).put(job.id, Turn::Poll, desk.now() + EVERY);
    Ok(())
}

pub(super) enum Look {
    /// Nothing new.
    Nothing,
    /// A video.
    Video { url: String, credits: Option<f64> },
    /// The provider says that it failed; what it cost all the same.
    Failed { what: Trouble, error: String, credits: Option<f64> },
}

pub(super) fn look(desk: &Desk, job: &Job) -> Look {
    let (Some(task), Some(key)) = (&job.task, job.key.as_deref().and_then(|key| desk.key(key)))
    else {
        let (id, order) = (job.id.0, job.order_no());
        tracing::debug!(
            job.id = id,
            order.id = order,
            "its key left the configuration: not polled"
        );
        return Look::Nothing;
    };
    let model = job.model.as_ref().and_then(|name| desk.shop.catalogue.get(name));
    let route = model.map_or(crate::api::kie::Route::Jobs, route);
    let young = desk.now() - job.submitted_at.unwrap_or(0) < BECOMES_VISIBLE;
    let ask = || desk.kie.record(key, route, task, desk.clock.deadline(POLL));
    match counted("kie", "recordInfo", ask) {
        Ok(Record::Running) => Look::Nothing,
        Ok(Record::Done { urls, credits }) => match urls.into_iter().next() {
            Some(url) => Look::Video { url, credits },
            None => failed(Trouble::Unknown, "success without a video", credits),
        },
        Ok(Record::Failed { class, code, text, credits }) => {
            failed(meaning(class), format!("{code} {text}").trim(), credits)
        }
        Ok(Record::NotFound) if young => Look::Nothing,
        Ok(Record::NotFound) => failed(Trouble::Temporary, "recordInfo is null", None),
        // Trouble while polling is not the task's failure.
        Err(error) => {
            let (_, error) = reading(&error);
            let order = job.order_no();
            tracing::debug!(job.id = job.id.0, order.id = order, error, "a poll brought nothing");
            Look::Nothing
        }
    }
}

fn failed(what: Trouble, error: &str, credits: Option<f64>) -> Look {
    let credits = credits.filter(|credits| *credits > 0.0);
    Look::Failed { what, error: error.to_owned(), credits }
}

/// Commits what a look found. `false`: nothing, and nothing was written.
fn ended_or_written(desk: &Desk, job: &Job, look: Look) -> Result<bool> {
    if let (Look::Video { .. } | Look::Failed { .. }, Some(key)) = (&look, &job.key) {
        questions(desk).soon(key, desk.now());
    }
    match look {
        Look::Nothing => return Ok(false),
        Look::Failed { what, error, credits } => {
            super::costly_trouble(desk, job, what, &error, credits)?;
        }
        Look::Video { url, credits } => {
            let model = job.model.clone().unwrap_or_default();
            let took = desk.now() - job.submitted_at.unwrap_or(desk.now());
            renders(desk).took(&model, took);
            commit(desk, job, move |tx, shop, job, now| {
                let found = Found { output_url: Some(&url), credits, ..Found::default() };
                if jobs::advance(tx, job, Step::Fetch, &found, now, now)? {
                    models::resume(tx, &model, now)?;
                    jobs::note(tx, job, "rendered", "", Some(took), now)?;
                    orders::refresh(tx, shop, job.order, now)?;
                }
                Ok(())
            })?;
        }
    }
    Ok(true)
}
