//! What always holds, asked after the load: of the database, and of what the services saw.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use rusqlite::Connection;

use super::super::demo::report::broken_promises;
use crate::clock::Millis;
use crate::sandbox::Sandbox;
use crate::sandbox::telegram::Kind;

/// Every promise that was not kept by an appliance that has nothing left to do. Jobs up to `before`
/// and messages older than `since` were there from the beginning.
pub(super) fn broken(
    conn: &Connection,
    sandbox: &Sandbox,
    before: i64,
    since: Millis,
) -> Result<Vec<String>> {
    let mut broken = broken_promises(conn)?;
    broken.extend(sandbox.violations().into_iter().map(|rule| format!("rule broken: {rule}")));
    broken.extend(failures(conn, before)?);
    broken.extend(tasks(conn, sandbox, before)?);
    broken.extend(messages(conn, sandbox, since)?);
    broken.extend(videos(conn, sandbox, before)?);
    Ok(broken)
}

/// No service failed, so nothing may have.
fn failures(conn: &Connection, before: i64) -> Result<Vec<String>> {
    let mut query = conn.prepare(
        "SELECT 'job ' || id || ' failed: ' || COALESCE(error, error_class)
         FROM jobs
         WHERE id > ?1
           AND status <> 'done'
         LIMIT 10",
    )?;
    let rows = query.query_map([before], |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Each task at KIE is one job's, and each job has one.
fn tasks(conn: &Connection, sandbox: &Sandbox, before: i64) -> Result<Vec<String>> {
    let mut query =
        conn.prepare("SELECT COALESCE(task_id, outcome), job_id FROM submits WHERE job_id > ?1")?;
    let rows = query.query_map([before], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let ours: Vec<(String, i64)> = rows.collect::<rusqlite::Result<_>>()?;
    let theirs: BTreeSet<String> = sandbox.kie().tasks().into_iter().map(|task| task.id).collect();
    let jobs: BTreeSet<i64> = ours.iter().map(|(_, job)| *job).collect();
    let known: BTreeSet<&String> = ours.iter().map(|(task, _)| task).collect();
    let mut broken = Vec::new();
    if jobs.len() != ours.len() {
        broken.push(format!("{} submits of {} jobs", ours.len(), jobs.len()));
    }
    let lost = known.iter().filter(|task| !theirs.contains(**task)).count();
    let orphans = theirs.iter().filter(|task| !known.contains(task)).count();
    if lost + orphans > 0 {
        broken.push(format!("{lost} tasks that KIE does not know, {orphans} that nobody knows"));
    }
    Ok(broken)
}

/// Each message in a chat is one row of the outbox, and each row that was sent is there.
fn messages(conn: &Connection, sandbox: &Sandbox, since: Millis) -> Result<Vec<String>> {
    let mut query = conn.prepare(
        "SELECT message_id, chat_id
         FROM outbox
         WHERE message_id IS NOT NULL
           AND created_at >= ?1",
    )?;
    let rows = query.query_map([since], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let mut rows_of: BTreeMap<(i64, i64), u32> = BTreeMap::new();
    for row in rows {
        *rows_of.entry(row?).or_default() += 1;
    }
    let telegram = sandbox.telegram();
    let of_user = |user: &i64| telegram.messages(*user).into_iter().map(|it| (it.id, it.user));
    let shown: BTreeSet<(i64, i64)> = telegram.users().iter().flat_map(of_user).collect();
    let mut broken = Vec::new();
    let twice = rows_of.values().filter(|count| **count > 1).count();
    let lost = rows_of.keys().filter(|row| !shown.contains(row)).count();
    let unknown = shown.iter().filter(|message| !rows_of.contains_key(message)).count();
    if twice + lost + unknown > 0 {
        broken.push(format!(
            "{twice} messages are two rows, {lost} were lost, {unknown} came from nobody"
        ));
    }
    Ok(broken)
}

/// Each finished job is one video in a chat.
fn videos(conn: &Connection, sandbox: &Sandbox, before: i64) -> Result<Vec<String>> {
    let sql = "SELECT COUNT(*) FROM jobs WHERE id > ?1 AND status = 'done'";
    let done: i64 = conn.query_row(sql, [before], |row| row.get(0))?;
    let come = video_times(sandbox).len() as i64;
    let wrong = (done != come).then(|| format!("{done} videos are done, and {come} came"));
    Ok(wrong.into_iter().collect())
}

/// When each video came, in order.
pub(super) fn video_times(sandbox: &Sandbox) -> Vec<Millis> {
    let telegram = sandbox.telegram();
    let of_user = |user: &i64| telegram.messages(*user);
    let all = telegram.users();
    let videos = all.iter().flat_map(of_user).filter(|it| it.kind == Kind::Video);
    let mut times: Vec<Millis> = videos.map(|video| video.sent_at).collect();
    times.sort_unstable();
    times
}
