//! What happens to a job next, and when.

use anyhow::Result;
use rusqlite::{Connection, OptionalExtension as _};
use serde::Serialize;

use super::Job;
use crate::clock::Millis;
use crate::keys::{self, Pick};
use crate::orders::Shop;

/// What happens next. Times are unix milliseconds.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Next {
    /// Nothing: it ended.
    Ended {
        /// When.
        at: Millis,
    },
    /// A thread works on it.
    Running {
        /// At which step.
        step: String,
        /// Since when.
        since: Millis,
        /// When somebody else takes it over if nothing comes of it.
        lease_until: Millis,
    },
    /// A thread takes it as soon as one is free, or at a time that is to come.
    Due {
        /// For which step.
        step: String,
        /// From when on; may be past.
        at: Millis,
    },
    /// Something failed; it is tried again.
    Retry {
        /// From which step on.
        step: String,
        /// When.
        at: Millis,
        /// Failed tries of this step.
        tries: i64,
        /// createTasks used up.
        attempts: i64,
        /// createTasks that there are.
        max_attempts: i64,
    },
    /// The provider works on it and is asked every few seconds.
    Rendering {
        /// Since when.
        since: Millis,
        /// When it is given up.
        until: Millis,
    },
    /// Its message is on its way to Telegram.
    WaitingForTelegram {
        /// Since when.
        since: Millis,
        /// When it is given up.
        until: Millis,
        /// Failed tries.
        tries: i64,
        /// The next try; none: as soon as it can be sent.
        next_at: Option<Millis>,
        /// What Telegram said.
        error: Option<String>,
    },
    /// No key may be used for it now.
    WaitsForKey {
        /// When it looks for one again.
        at: Millis,
        /// When the first limited key is free; none: no key has money.
        free_at: Option<Millis>,
    },
    /// Nothing goes to the provider, by the operator's word or in safe mode.
    Paused {
        /// Which of the two.
        by: Pause,
        /// Since when.
        since: Millis,
    },
}

/// Why nothing goes to the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Pause {
    /// The appliance kept dying.
    SafeMode,
    /// The operator said so.
    Operator,
}

pub(super) fn read(conn: &Connection, shop: &Shop, job: &Job, now: Millis) -> Result<Next> {
    let step = job.step.clone();
    if let Some(at) = job.finished_at {
        return Ok(Next::Ended { at });
    }
    if let Some(since) = job.leased_at {
        return Ok(Next::Running { step, since, lease_until: job.due_at });
    }
    let since = job.step_since.unwrap_or(job.created_at);
    match step.as_str() {
        "render" if job.kie_task_id.is_some() => {
            let since = job.submitted_at.unwrap_or(since);
            return Ok(Next::Rendering { since, until: job.due_at });
        }
        "deliver" => return waiting_for_telegram(conn, job, since),
        "submit" => {
            if let Some((by, since)) = pause(conn)? {
                return Ok(Next::Paused { by, since });
            }
        }
        _ => {}
    }
    if matches!(step.as_str(), "upload" | "submit")
        && let Some(waits) = waits_for_key(conn, job, now)?
    {
        return Ok(waits);
    }
    if job.error.is_some() || job.tries > 0 {
        return Ok(Next::Retry {
            step,
            at: job.due_at,
            tries: job.tries,
            attempts: job.attempts,
            max_attempts: shop.options.policy.max_attempts,
        });
    }
    Ok(Next::Due { step, at: job.due_at.max(job.created_at) })
}

fn pause(conn: &Connection) -> Result<Option<(Pause, Millis)>> {
    let sql = "SELECT safe_mode_at, submitting_paused_at FROM instance";
    let found: Option<(Option<Millis>, Option<Millis>)> =
        conn.prepare_cached(sql)?.query_row([], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    Ok(found.and_then(|(safe, paused)| {
        safe.map(|at| (Pause::SafeMode, at)).or(paused.map(|at| (Pause::Operator, at)))
    }))
}

fn waits_for_key(conn: &Connection, job: &Job, now: Millis) -> Result<Option<Next>> {
    let free_at = match keys::pick(&keys::all(conn)?, &[], false, now) {
        Pick::Key(_) => return Ok(None),
        Pick::AllLimited(at) => Some(at),
        Pick::None => None,
    };
    Ok(Some(Next::WaitsForKey { at: job.due_at, free_at }))
}

fn waiting_for_telegram(conn: &Connection, job: &Job, since: Millis) -> Result<Next> {
    let message: Option<(i64, Millis, Option<String>)> = conn
        .prepare_cached(
            "SELECT tries, due_at, error
             FROM outbox
             WHERE job_id = ?1
               AND state = 'pending'",
        )?
        .query_row([job.id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let (tries, next_at, error) = message.unwrap_or((0, 0, None));
    let next_at = Some(next_at).filter(|at| *at > 0);
    Ok(Next::WaitingForTelegram { since, until: job.due_at, tries, next_at, error })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::JobId;
    use crate::operator::tests::{sample, shop};

    #[track_caller]
    fn check(change: &str, expected: Next) {
        let (conn, now) = sample();
        conn.execute_batch(change).unwrap();
        let story = super::super::read(&conn, &shop(), JobId(3), now).unwrap().unwrap();
        assert_eq!(story.next, expected, "{change}");
    }

    #[test]
    fn what_happens_next_is_read_from_the_row() {
        let at = 1_000_005_000;
        let step = |step: &str| step.to_owned();
        let to = |columns: &str| format!("UPDATE jobs SET due_at = {at}, {columns} WHERE id = 3;");
        check(&to("status = 'failed', finished_at = 5, error = 'no'"), Next::Ended { at: 5 });
        check(
            &to("leased_at = 7, step = 'fetch'"),
            Next::Running { step: step("fetch"), since: 7, lease_until: at },
        );
        check(&to("submitted_at = 8"), Next::Rendering { since: 8, until: at });
        check(&to("step = 'script'"), Next::Due { step: step("script"), at });
        check(
            &to("step = 'fetch', tries = 2, attempts = 1, error = 'x'"),
            Next::Retry { step: step("fetch"), at, tries: 2, attempts: 1, max_attempts: 3 },
        );
        check(&to("step = 'submit'"), Next::Due { step: step("submit"), at });
        let paused = to("step = 'submit'") + "UPDATE instance SET submitting_paused_at = 6";
        check(&paused, Next::Paused { by: Pause::Operator, since: 6 });
        let safe = paused + ", safe_mode_at = 4";
        check(&safe, Next::Paused { by: Pause::SafeMode, since: 4 });
        let blocked = to("step = 'upload'")
            + "UPDATE api_keys SET blocked_class = 'billing', blocked_until = 9000000000";
        check(&blocked, Next::WaitsForKey { at, free_at: None });
        let limited = blocked + "; UPDATE api_keys SET blocked_class = 'rate_limit'";
        check(&limited, Next::WaitsForKey { at, free_at: Some(9_000_000_000) });
        let sending = to("step = 'deliver', step_since = 3")
            + "INSERT INTO outbox (seq, chat_id, content, job_id, created_at, tries, due_at, error)
               VALUES (60, 7, '{}', 3, 5, 2, 11, 'too many')";
        check(
            &sending,
            Next::WaitingForTelegram {
                since: 3,
                until: at,
                tries: 2,
                next_at: Some(11),
                error: Some("too many".to_owned()),
            },
        );
    }
}
