//! Step submit: the createTask, written down before a byte of it leaves.

use super::{ask_about_money, commit, commit_at_once, fail, reading, trouble};
use crate::api::kie;
use crate::clock::{Millis, SECOND};
use crate::db::Machine;
use crate::instance;
use crate::jobs::{self, Found, Job, Reserved, Retry, Step, Trouble, Why};
use crate::keys::{self, Block};
use crate::models::{self, Model, Route};
use crate::orders;
use crate::worker::calls::counted;
use crate::worker::dispatch::renders;
use crate::worker::{CALL, Desk, timeout};
use anyhow::{Context as _, Result};

/// A customer's other videos have to come first; the more of them wait, the farther apart they look
/// again.
const OTHERS_FIRST: Millis = 10 * SECOND;
const APART: Millis = SECOND;

pub(super) fn run(desk: &Desk, job: &Job) -> Result<()> {
    let (Some(key), Some(prompt), Some(url)) = (&job.key, &job.prompt, &job.input_url) else {
        return back_to(desk, job, Step::Script);
    };
    let Some(model) = job.model.as_ref().and_then(|name| desk.shop.catalogue.get(name)) else {
        return back_to(desk, job, Step::Upload);
    };
    let Some(secret) = desk.key(key) else { return back_to(desk, job, Step::Upload) };
    if !(model.prompt_min..=model.prompt_max).contains(&prompt.chars().count()) {
        return fail(desk, job, Why::NoPrompt, "the prompt does not fit the model");
    }
    let (submit, asked_at) = match reserve(desk, job, key, model)? {
        Turn::Go { submit, asked_at } => (submit, asked_at),
        Turn::Later(at) => return wait(desk, job, at),
        Turn::Again => return back_to(desk, job, Step::Upload),
        Turn::Lost => return trouble(desk, job, Trouble::Lost, "a submit's outcome is unknown"),
        Turn::Gone => return Ok(()),
    };
    let seconds = desk.shop.seconds_of(job.choice.as_deref());
    let input = model.input(prompt, url, seconds);
    let deadline = desk.clock.deadline(CALL);
    let ask = || desk.kie.create_task(secret, route(model), &model.name, &input, deadline);
    let answer = counted("kie", "createTask", ask);
    match answer {
        Ok(task) => accepted(desk, job, submit, &task, asked_at),
        Err(error) => not_accepted(desk, job, submit, &error),
    }
}

pub(super) fn route(model: &Model) -> kie::Route {
    match model.route {
        Route::Jobs => kie::Route::Jobs,
        Route::Veo => kie::Route::Veo,
    }
}

enum Turn {
    Go {
        submit: i64,
        asked_at: Millis,
    },
    Later(Millis),
    /// Its key or model was taken out of service: it chooses again.
    Again,
    Lost,
    Gone,
}

fn reserve(desk: &Desk, job: &Job, key: &str, model: &Model) -> Result<Turn> {
    let (key, model) = (key.to_owned(), model.name.clone());
    let desperate = job.attempts + 1 >= desk.shop.options.policy.max_attempts;
    commit(desk, job, move |tx, shop, job, now| {
        let blocked = keys::blocked(tx, &key)?.filter(|(_, until)| *until > now);
        match blocked {
            Some((Block::RateLimit, _)) if desperate => {}
            Some(_) => return Ok(Turn::Again),
            None => {}
        }
        // Claimed a moment before submits were held: it waits unclaimed from here on.
        if instance::state(tx)?.holds_submits() {
            return Ok(Turn::Later(now));
        }
        // Another job has found out meanwhile.
        if models::paused(tx, now)?.contains(&model) {
            return Ok(Turn::Again);
        }
        if jobs::running_of(tx, job.user)? >= shop.options.running_per_user {
            let apart = APART * fastrand::i64(0..=jobs::waiting_of(tx, job.user)?.max(0));
            return Ok(Turn::Later(now + OTHERS_FIRST + apart));
        }
        Ok(match jobs::reserve(tx, job, &key, &model, shop.limits(), now)? {
            Reserved::Go(submit) => Turn::Go { submit, asked_at: now },
            Reserved::NotBefore(at) => Turn::Later(at),
            Reserved::Lost => Turn::Lost,
            Reserved::Gone => Turn::Gone,
        })
    })
}

fn wait(desk: &Desk, job: &Job, at: Millis) -> Result<()> {
    commit(desk, job, move |tx, shop, job, now| {
        let retry = Retry {
            step: Step::Submit,
            at,
            attempt: false,
            tried: false,
            unreached: false,
            refused: &job.refused,
            error: "",
        };
        jobs::again(tx, job, &retry, now)?;
        orders::refresh(tx, shop, job.order, now)
    })
}

fn back_to(desk: &Desk, job: &Job, step: Step) -> Result<()> {
    commit(desk, job, move |tx, _, job, now| {
        jobs::advance(tx, job, step, &Found::default(), now, now).map(drop)
    })
}

fn accepted(desk: &Desk, job: &Job, submit: i64, task: &str, asked_at: Millis) -> Result<()> {
    let Some((watched, now)) = keep_task(desk, job, submit, task)? else { return Ok(()) };
    {
        let mut renders = renders(desk);
        let model = watched.model.as_deref().unwrap_or("");
        let first = now + renders.head_start(model, desk.options.poll_interval);
        renders.watch(&watched, first, now + timeout(desk));
    }
    // What is only told must not stand in the way of what is known.
    commit(desk, &watched, move |tx, shop, job, now| {
        orders::served(tx, shop, job, asked_at, now)?;
        orders::refresh(tx, shop, job.order, now)
    })
}

/// Writes the task's id down at once, however long the disk takes; at a stop there is time for one
/// try. A task that is paid and not known would be asked for again. The job that renders, and since
/// when; `None`: it has ended or has another task, and only the submit knows this one.
fn keep_task(desk: &Desk, job: &Job, submit: i64, task: &str) -> Result<Option<(Job, Millis)>> {
    let limit = timeout(desk);
    loop {
        let task_id = task.to_owned();
        let kept = commit_at_once(desk, job, move |tx, _, job, now| {
            let mine = jobs::accepted(tx, job, submit, &task_id, now + limit, now)?;
            let what = if mine.is_some() { "accepted" } else { "orphan" };
            jobs::note(tx, job, what, &task_id, Some(now - job.step_since), now)?;
            Ok(mine.map(|job| (job, now)))
        });
        match kept {
            Err(error) if !desk.stopping() => {
                let error = format!("{error:#}");
                let (id, order) = (job.id.0, job.order_no());
                tracing::error!(
                    job.id = id,
                    order.id = order,
                    error,
                    "a task's id is not on disk yet"
                );
                desk.pause(SECOND);
            }
            ended => return ended,
        }
    }
}

fn not_accepted(desk: &Desk, job: &Job, submit: i64, error: &kie::Trouble) -> Result<()> {
    let (what, error) = reading(error);
    let outcome = match what {
        Trouble::Lost => "lost",
        Trouble::Unreached => "unsent",
        _ => "refused",
    };
    // What is known of a submit that may have been billed is written down, however long the disk
    // takes; at a stop there is time for one try. One whose outcome is not known counts as lost.
    let (id, order) = (job.id.0, job.order_no());
    tracing::warn!(job.id = id, order.id = order, outcome, error, "the submit was not accepted");
    loop {
        let error = error.clone();
        let kept = commit(desk, job, move |tx, shop, job, now| {
            jobs::settle_submit(tx, submit, outcome, None, now)?;
            orders::trouble(tx, shop, job, what, &error, now)
        });
        match kept {
            Err(error) if Machine::of(&error).is_some() && !desk.stopping() => desk.pause(SECOND),
            ended => {
                ended.context("a submit's outcome could not be kept")?;
                ask_about_money(desk, job, what);
                return Ok(());
            }
        }
    }
}
