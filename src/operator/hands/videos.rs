//! One video: again, sooner, before the others, or not at all.

use super::{Done, Refused, in_words, record};
use crate::audit::By;
use crate::clock::Millis;
use crate::db::{JobId, Tx};
use crate::instance;
use crate::jobs::{self, Stand, Step, TOP_PRIORITY};
use crate::orders::{self, Shop};
use crate::users;
use anyhow::Result;

/// How many jobs [`retry_all`] takes at once.
pub const RETRIES_MAX: usize = 1_000;

/// Runs an ended job again from `at` on as a new one, at the operator's cost. Returns the new job.
pub fn retry(tx: &Tx<'_>, by: &By, id: JobId, at: Millis, now: Millis) -> Result<JobId> {
    if stand(tx, id)?.live {
        return Err(Refused::StillRuns(id).into());
    }
    // Nothing is left to make it of, and nobody to send it to.
    if let Some(job) = jobs::get(tx, id)?
        && users::has_left(tx, job.tg_user_id)?
    {
        return Err(Refused::NoUser(job.tg_user_id).into());
    }
    let Some(new) = jobs::rerun(tx, id, at.max(now), now)? else {
        return Err(Refused::NoJob(id).into());
    };
    let (object, after) = (object(id), format!("runs again as job {new}"));
    record(tx, by, &Done { action: "retry", object, after, ..Done::default() }, now)?;
    Ok(new)
}

/// What came of an action on several jobs: a refusal of one stops none of the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Several<T> {
    /// Of those to which it was done, in the order in which they were named.
    pub done: Vec<T>,
    /// Why it was not done to the others.
    pub skipped: Vec<Refused>,
}

/// Does it to each of these jobs, once to one that is named twice; what is refused is skipped.
///
/// # Errors
/// Any error but a [`Refused`], which has written nothing.
pub fn each<T>(ids: &[JobId], mut act: impl FnMut(JobId) -> Result<T>) -> Result<Several<T>> {
    let mut seen = std::collections::HashSet::new();
    let mut several = Several { done: Vec::new(), skipped: Vec::new() };
    for id in ids.iter().filter(|id| seen.insert(**id)) {
        match act(*id) {
            Ok(done) => several.done.push(done),
            Err(error) => several.skipped.push(error.downcast::<Refused>()?),
        }
    }
    Ok(several)
}

/// Runs several again, the first at once and each next one `every` milliseconds later: the provider
/// and the customers get no burst. One that was run again before is skipped, so that a list which
/// has grown old makes nothing twice; by itself it can be run once more. Returns the new jobs.
pub fn retry_all(
    tx: &Tx<'_>,
    by: &By,
    ids: &[JobId],
    every: Millis,
    now: Millis,
) -> Result<Several<JobId>> {
    if ids.len() > RETRIES_MAX {
        return Err(Refused::TooMany(ids.len()).into());
    }
    let mut at = now;
    each(ids, |id| {
        if jobs::is_rerun(tx, id)? {
            return Err(Refused::RunAgain(id).into());
        }
        let new = retry(tx, by, id, at, now)?;
        at = at.saturating_add(every.max(0));
        Ok(new)
    })
}

/// Cancels a job. The credit goes back at once; what renders is paid to the provider all the same.
/// Returns the credits that went back.
pub fn cancel(tx: &Tx<'_>, shop: &Shop, by: &By, id: JobId, now: Millis) -> Result<i64> {
    let stand = stand(tx, id)?;
    let Some(back) = orders::cancel(tx, shop, id, now)? else {
        return Err(Refused::Ended(id).into());
    };
    let done = Done {
        action: "cancel",
        object: object(id),
        before: format!("at {}", stand.step.word()),
        after: format!("canceled, {} back", in_words(back)),
        note: "",
    };
    record(tx, by, &done, now)?;
    Ok(back)
}

/// Ends a job's wait: it is due now. `false`: it was due already and waits for a thread.
pub fn hurry(tx: &Tx<'_>, by: &By, id: JobId, now: Millis) -> Result<bool> {
    let stand = live(tx, id)?;
    // The provider's word is polled for from memory, and Telegram's limits are Telegram's: what is
    // due in these two rows is the end of patience.
    if matches!(stand.step, Step::Render | Step::Deliver) {
        return Err(Refused::NotOurs { job: id, step: stand.step.word() }.into());
    }
    if stand.leased {
        return Err(Refused::InWork(id).into());
    }
    if stand.step == Step::Submit && instance::state(tx)?.holds_submits() {
        return Err(Refused::SubmitsHeld(id).into());
    }
    if stand.due_at <= now {
        return Ok(false);
    }
    jobs::hurry(tx, id, now)?;
    let seconds = (stand.due_at - now + 999) / 1_000;
    let (before, after) = (format!("due in {seconds} s"), "due now".to_owned());
    record(tx, by, &Done { action: "run now", object: object(id), before, after, note: "" }, now)?;
    Ok(true)
}

/// Lets a job go before those of its old priority. Returns the new one, up to [`TOP_PRIORITY`].
pub fn raise(tx: &Tx<'_>, by: &By, id: JobId, now: Millis) -> Result<i64> {
    let stand = live(tx, id)?;
    if stand.priority >= TOP_PRIORITY {
        return Err(Refused::TopPriority(id).into());
    }
    let priority = stand.priority + 1;
    jobs::prioritize(tx, id, priority)?;
    let (before, after) = (format!("priority {}", stand.priority), format!("priority {priority}"));
    record(tx, by, &Done { action: "raise", object: object(id), before, after, note: "" }, now)?;
    Ok(priority)
}

fn stand(tx: &Tx<'_>, id: JobId) -> Result<Stand> {
    jobs::stand(tx, id)?.ok_or_else(|| Refused::NoJob(id).into())
}

fn live(tx: &Tx<'_>, id: JobId) -> Result<Stand> {
    let stand = stand(tx, id)?;
    if stand.live { Ok(stand) } else { Err(Refused::Ended(id).into()) }
}

fn object(id: JobId) -> String {
    format!("job {id}")
}
