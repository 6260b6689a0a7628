//! One video's way through the steps, as rows.
//!
//! ```text
//! queued ─ script ─ upload ─ submit ─ render ─ fetch ─ deliver ─ done
//!    └────────────── failed / canceled: the hold is released in the same commit
//! ```
//!
//! `status` is for the outside: `queued` (waiting for a thread or a retry), `processing`, and the
//! three ends. `step` says what is to be done next. A thread claims a due job and gets a lease, a
//! number that every claim bumps; each change says `WHERE id = :id AND lease = :lease`, and zero
//! rows mean "not mine any more": do nothing, pay nothing, send nothing. `due_at` is when the job
//! next needs a thread, and while it is leased, when the lease expires: a dead thread's job is
//! simply due again.

mod by_hand;
mod carry;
mod claim;
mod enqueue;
mod forget;
mod history;
mod next;
mod product;
mod prune;
mod queue;
mod results;
mod submits;
mod uploads;
mod waiting;

pub use by_hand::{Stand, TOP_PRIORITY, hurry, prioritize, stand};
pub use carry::carry;
pub use claim::{claim, is_held, next_due};
pub use enqueue::{Enqueue, enqueue, is_rerun, live_of, rerun};
pub use forget::{begun_of, ended_of, forget, prune_texts};
pub use history::{Past, is_known, keep_past};
pub use next::{Next, OtherKey, Policy, Standing, Trouble, Why, next};
pub use product::{Product, Refines};
pub use prune::prune;
pub use queue::{ahead, pace, unbegun, waiting};
pub use results::{keep_file_id, late_video, live_photos, needs_no_file, spent};
pub use submits::{Reserved, accepted, lose_open, open_submits, reserve, settle_submit};
pub use uploads::{forget_upload, keep_upload, uploaded, wake_order};

use crate::clock::Millis;
use crate::db::{JobId, OrderId, Tx, UserId};
use crate::ledger::{self, Settle};
use anyhow::Result;
use rusqlite::{Connection, OptionalExtension as _, Row, named_params};

/// What a job needs next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// A prompt, by GPT.
    Script,
    /// A key, and the photo's copy at the provider.
    Upload,
    /// The createTask.
    Submit,
    /// The provider's word on the task; claimed only when its time limit is reached.
    Render,
    /// The video, to disk.
    Fetch,
    /// The bot to send it; claimed only when that takes a day.
    Deliver,
}

impl Step {
    /// In their order.
    pub const ALL: [Self; 6] =
        [Self::Script, Self::Upload, Self::Submit, Self::Render, Self::Fetch, Self::Deliver];

    /// As in `jobs.step`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Script => "script",
            Self::Upload => "upload",
            Self::Submit => "submit",
            Self::Render => "render",
            Self::Fetch => "fetch",
            Self::Deliver => "deliver",
        }
    }

    fn of(word: &str) -> Self {
        Self::ALL.into_iter().find(|step| step.word() == word).unwrap_or(Self::Script)
    }
}

/// Five leases that expired or panics on one step: something is wrong with this job.
pub const MAX_STRIKES: i64 = 5;

/// A job as its holder knows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    /// The row.
    pub id: JobId,
    /// The number that makes this holder the holder.
    pub lease: i64,
    /// Whose.
    pub user: UserId,
    /// The chat that gets the video.
    pub tg_user_id: i64,
    /// None: inserted by hand, or run again by the operator.
    pub order: Option<OrderId>,
    /// Which of its order's videos, from 1.
    pub ordinal: i64,
    /// `ugc`, `ad`, `self` or an operator's own.
    pub template: String,
    /// Relative to `photos/`, or an `http(s)` URL.
    pub photo: String,
    /// What the customer wrote about the product.
    pub product: Product,
    /// What the customer wished.
    pub wishes: Option<String>,
    /// The id of what the customer chose among the operator's choices.
    pub choice: Option<String>,
    /// What is to be done.
    pub step: Step,
    /// Since when.
    pub step_since: Millis,
    /// Failed tries of this step.
    pub tries: i64,
    /// createTasks accepted, lost or failed as TEMPORARY.
    pub attempts: i64,
    /// Expired leases and panics on this step.
    pub strikes: i64,
    /// Keys and models that were asked in this round.
    pub refused: Vec<String>,
    /// The model that serves it.
    pub model: Option<String>,
    /// The key's fingerprint.
    pub key: Option<String>,
    /// What the model is asked for.
    pub prompt: Option<String>,
    /// The photo as the provider sees it.
    pub input_url: Option<String>,
    /// The provider's id.
    pub task: Option<String>,
    /// When the task was accepted.
    pub submitted_at: Option<Millis>,
    /// Since when its calls reach nobody.
    pub unreached_since: Option<Millis>,
    /// Where the video lies at the provider.
    pub output_url: Option<String>,
}

impl Job {
    /// Its order, as the log names it.
    pub fn order_no(&self) -> Option<i64> {
        self.order.map(|order| order.0)
    }
}

const COLUMNS: &str = "id, lease, user_id, tg_user_id, order_id, ordinal, template_id, \
    input_photo_path, product_info, extra_wishes, step, COALESCE(step_since, created_at), tries, \
    attempts, strikes, refused, model, api_key, prompt, input_url, kie_task_id, submitted_at, \
    output_url, unreached_since, choice";

fn read(row: &Row<'_>) -> rusqlite::Result<Job> {
    let product: String = row.get(8)?;
    let refused: String = row.get(15)?;
    Ok(Job {
        id: row.get(0)?,
        lease: row.get(1)?,
        user: row.get(2)?,
        tg_user_id: row.get(3)?,
        order: row.get(4)?,
        ordinal: row.get(5)?,
        template: row.get(6)?,
        photo: row.get(7)?,
        product: Product::read(&product),
        wishes: row.get(9)?,
        step: Step::of(&row.get::<_, String>(10)?),
        step_since: row.get(11)?,
        tries: row.get(12)?,
        attempts: row.get(13)?,
        strikes: row.get(14)?,
        refused: serde_json::from_str(&refused).unwrap_or_default(),
        model: row.get(16)?,
        key: row.get(17)?,
        prompt: row.get(18)?,
        input_url: row.get(19)?,
        task: row.get(20)?,
        submitted_at: row.get(21)?,
        output_url: row.get(22)?,
        unreached_since: row.get(23)?,
        choice: row.get(24)?,
    })
}

/// One job, whatever its state.
pub fn get(conn: &Connection, id: JobId) -> Result<Option<Job>> {
    let sql = format!("SELECT {COLUMNS} FROM jobs WHERE id = ?1");
    Ok(conn.prepare_cached(&sql)?.query_row([id], read).optional()?)
}

/// Everything that renders: the worker watches it from memory.
pub fn rendering(conn: &Connection) -> Result<Vec<Job>> {
    let sql = format!(
        "SELECT {COLUMNS}
         FROM jobs
         WHERE status IN ('queued', 'processing')
           AND step = 'render'
           AND kie_task_id IS NOT NULL"
    );
    let mut query = conn.prepare_cached(&sql)?;
    let jobs = query.query_map([], read)?;
    Ok(jobs.collect::<rusqlite::Result<_>>()?)
}

/// What a finished step found out; `None` leaves the column as it is.
#[derive(Clone, Debug, Default)]
pub struct Found<'a> {
    /// The prompt.
    pub prompt: Option<&'a str>,
    /// The model that will serve.
    pub model: Option<&'a str>,
    /// The key's fingerprint.
    pub key: Option<&'a str>,
    /// The photo at the provider.
    pub input_url: Option<&'a str>,
    /// The task's id.
    pub task: Option<&'a str>,
    /// The video at the provider.
    pub output_url: Option<&'a str>,
    /// The video here, relative to `videos/`.
    pub video_path: Option<&'a str>,
    /// What this task cost there: beside what the job's earlier ones did.
    pub credits: Option<f64>,
}

/// Ends a step and begins `step`, due at `due_at`. `false`: the job is somebody else's by now.
pub fn advance(
    tx: &Tx<'_>,
    job: &Job,
    step: Step,
    found: &Found<'_>,
    due_at: Millis,
    now: Millis,
) -> Result<bool> {
    let moved = tx
        .prepare_cached(
            "UPDATE jobs
             SET step = :step, step_since = :now, tries = 0, strikes = 0, leased_at = NULL,
                 due_at = :due_at, status = 'processing', error = NULL, error_class = NULL,
                 unreached_since = NULL,
                 prompt = COALESCE(:prompt, prompt),
                 model = COALESCE(:model, model),
                 api_key = COALESCE(:key, api_key),
                 input_url = COALESCE(:input_url, input_url),
                 kie_task_id = COALESCE(:task, kie_task_id),
                 submitted_at = CASE WHEN :task IS NULL THEN submitted_at ELSE :now END,
                 attempts = attempts + (:task IS NOT NULL),
                 output_url = COALESCE(:output_url, output_url),
                 video_path = COALESCE(:video_path, video_path),
                 provider_credits = IIF(:credits IS NULL, provider_credits,
                                        COALESCE(provider_credits, 0) + :credits)
             WHERE id = :id
               AND lease = :lease
               AND status IN ('queued', 'processing')",
        )?
        .execute(named_params! {
            ":step": step.word(), ":now": now, ":due_at": due_at, ":prompt": found.prompt,
            ":model": found.model, ":key": found.key, ":input_url": found.input_url,
            ":task": found.task, ":output_url": found.output_url,
            ":video_path": found.video_path, ":credits": found.credits,
            ":id": job.id, ":lease": job.lease,
        })?;
    Ok(moved == 1)
}

/// A step that is to be tried again.
#[derive(Clone, Debug)]
pub struct Retry<'a> {
    /// From which step on.
    pub step: Step,
    /// When.
    pub at: Millis,
    /// It used up an attempt.
    pub attempt: bool,
    /// It was a failed try of this step, not a wait for room.
    pub tried: bool,
    /// The call reached nobody.
    pub unreached: bool,
    /// What was asked in this round.
    pub refused: &'a [String],
    /// What happened, for the operator; empty for a wait that is nobody's fault.
    pub error: &'a str,
}

/// Waits and tries again. `false`: the job is somebody else's by now.
pub fn again(tx: &Tx<'_>, job: &Job, retry: &Retry<'_>, now: Millis) -> Result<bool> {
    let moved = tx
        .prepare_cached(
            "UPDATE jobs
             SET step_since = CASE WHEN step = :step THEN step_since ELSE :now END,
                 tries = CASE WHEN step = :step THEN tries + :tried ELSE 0 END,
                 strikes = 0, step = :step, leased_at = NULL, due_at = :at, status = 'queued',
                 attempts = attempts + :attempt, refused = :refused,
                 error = NULLIF(:error, ''),
                 unreached_since = CASE WHEN :unreached THEN COALESCE(unreached_since, :now) END,
                 -- A new round gets a new task; a video that is only being fetched keeps its own.
                 kie_task_id = CASE WHEN :step = 'script' OR :step = 'upload' OR :step = 'submit'
                                    THEN NULL ELSE kie_task_id END
             WHERE id = :id
               AND lease = :lease
               AND status IN ('queued', 'processing')",
        )?
        .execute(named_params! {
            ":step": retry.step.word(), ":now": now, ":tried": retry.tried, ":at": retry.at,
            ":unreached": retry.unreached,
            ":attempt": retry.attempt, ":error": retry.error,
            ":refused": serde_json::to_string(retry.refused)?,
            ":id": job.id, ":lease": job.lease,
        })?;
    Ok(moved == 1)
}

/// How a job ends.
#[derive(Clone, Debug)]
pub enum End<'a> {
    /// The video was delivered; the id by which Telegram sends it again.
    Done {
        /// None: it went as a link, or the customer had blocked the bot.
        file_id: Option<&'a str>,
    },
    /// It failed.
    Failed {
        /// For grouping.
        why: Why,
        /// In the service's words.
        error: &'a str,
    },
    /// The operator or the customer took it back.
    Canceled,
}

/// Ends a job and settles its hold, in one. `None`: it is not this holder's any more, or had
/// ended; else the credits that went back.
pub fn end(tx: &Tx<'_>, job: &Job, end: &End<'_>, now: Millis) -> Result<Option<i64>> {
    let (status, file_id, class, error) = match end {
        End::Done { file_id } => ("done", *file_id, None, None),
        End::Failed { why, error } => ("failed", None, Some(why.word()), Some(*error)),
        End::Canceled => ("canceled", None, None, None),
    };
    let ended = tx
        .prepare_cached(
            "UPDATE jobs
             SET status = :status, finished_at = :now, leased_at = NULL,
                 tg_file_id = COALESCE(:file_id, tg_file_id), error_class = :class, error = :error
             WHERE id = :id
               AND lease = :lease
               AND status IN ('queued', 'processing')",
        )?
        .execute(named_params! {
            ":status": status, ":now": now, ":file_id": file_id, ":class": class,
            ":error": error, ":id": job.id, ":lease": job.lease,
        })?;
    if ended == 0 {
        return Ok(None);
    }
    let how = if status == "done" { Settle::Charge } else { Settle::Release };
    ledger::settle(tx, job.id, how, now).map(Some)
}

/// A line of a job's story.
pub fn note(
    tx: &Tx<'_>,
    job: &Job,
    what: &str,
    detail: &str,
    ms: Option<i64>,
    now: Millis,
) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO events (job_id, at, step, what, detail, duration_ms)
         VALUES (:job, :now, :step, :what, NULLIF(:detail, ''), :ms)",
    )?
    .execute(named_params! {
        ":job": job.id, ":now": now, ":step": job.step.word(), ":what": what,
        ":detail": crate::text::shorten(detail, 500), ":ms": ms,
    })?;
    Ok(())
}

/// How many live jobs each step has, in the steps' order.
pub fn live_by_step(conn: &Connection) -> Result<Vec<(&'static str, usize)>> {
    let mut query = conn.prepare_cached(
        "SELECT COUNT(*)
         FROM jobs
         WHERE status IN ('queued', 'processing')
           AND step = ?1",
    )?;
    let count = |step: Step| {
        let jobs: i64 = query.query_row([step.word()], |row| row.get(0))?;
        Ok((step.word(), jobs as usize))
    };
    Step::ALL.into_iter().map(count).collect()
}

/// Lets go of everything at an orderly stop: the next start finds nothing to rescue.
pub fn release_all(tx: &Tx<'_>, now: Millis) -> Result<usize> {
    Ok(tx.execute(
        "UPDATE jobs
         SET leased_at = NULL, due_at = ?1
         WHERE status IN ('queued', 'processing')
           AND leased_at IS NOT NULL",
        [now],
    )?)
}

/// Its holder could not work for a reason that is not the job's: somebody tries again at `at`, and
/// no strike is counted. A job that its holder has moved on already keeps the time of its next step.
pub fn let_go(tx: &Tx<'_>, job: &Job, at: Millis) -> Result<()> {
    tx.prepare_cached(
        "UPDATE jobs
         SET due_at = ?3, leased_at = NULL
         WHERE id = ?1
           AND lease = ?2
           AND leased_at IS NOT NULL",
    )?
    .execute((job.id, job.lease, at))?;
    Ok(())
}

/// Its holder did a part of its step and lets it go: it is due again, before all that was queued
/// after it.
pub fn back_in_line(tx: &Tx<'_>, job: &Job, now: Millis) -> Result<()> {
    tx.prepare_cached(
        "UPDATE jobs
         SET due_at = MIN(created_at, ?3), leased_at = NULL
         WHERE id = ?1
           AND lease = ?2
           AND leased_at IS NOT NULL",
    )?
    .execute((job.id, job.lease, now))?;
    Ok(())
}

/// A thread panicked over this job: it is tried again, and the next claim counts a strike. As with
/// [`let_go`], only while the job is still its.
pub fn panicked(tx: &Tx<'_>, job: &Job, at: Millis) -> Result<()> {
    tx.execute(
        "UPDATE jobs SET due_at = ?3 WHERE id = ?1 AND lease = ?2 AND leased_at IS NOT NULL",
        (job.id, job.lease, at),
    )?;
    Ok(())
}

/// Videos of a user that the provider works on, or is being asked for.
pub fn running_of(conn: &Connection, user: UserId) -> Result<i64> {
    Ok(conn.prepare_cached(RUNNING_OF)?.query_row([user], |row| row.get(0))?)
}

const RUNNING_OF: &str = "SELECT COUNT(*)
     FROM jobs
     WHERE user_id = ?1
       AND status IN ('queued', 'processing')
       AND (step IN ('render', 'fetch')
            OR EXISTS (SELECT 1
                       FROM submits
                       WHERE job_id = jobs.id
                         AND outcome = 'sending'))";

/// Videos of a user that wait for their createTask.
pub fn waiting_of(conn: &Connection, user: UserId) -> Result<i64> {
    Ok(conn.prepare_cached(WAITING_OF)?.query_row([user], |row| row.get(0))?)
}

const WAITING_OF: &str = "SELECT COUNT(*)
     FROM jobs
     WHERE user_id = ?1
       AND status IN ('queued', 'processing')
       AND step = 'submit'";

/// The prompts that an order's videos have by now: the next one is to differ.
pub fn prompts_of(conn: &Connection, order: OrderId) -> Result<Vec<String>> {
    let mut query = conn.prepare_cached(
        "SELECT prompt
         FROM jobs
         WHERE order_id = ?1
           AND prompt IS NOT NULL
         ORDER BY ordinal",
    )?;
    let prompts = query.query_map([order], |row| row.get(0))?;
    Ok(prompts.collect::<rusqlite::Result<_>>()?)
}

#[cfg(test)]
mod tests;
