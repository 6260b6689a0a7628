//! `neurocards demo --fill DIR`: a database as after two busy months, for whoever measures or looks
//! around. Everything in it went through the schema's own checks and triggers, so it is a file that
//! an appliance could have written.

mod rows;

use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Result, bail};
use rusqlite::{ToSql, named_params};
use secrecy::SecretString;

use super::super::args::DemoArgs;
use super::super::screen;
use crate::clock::{Clock, DAY, MINUTE, Millis, SECOND};
use crate::db::{Db, FILE_NAME, InstanceLock, Mode, Tx};
use crate::sandbox;
use crate::serve::fingerprint;

/// The history's length; one transaction each.
const DAYS: i64 = 60;
/// Videos that are under way at its end.
const LIVE: i64 = 2_000;
/// The newest ended jobs that have their whole story; older ones were pruned.
const TOLD: i64 = 20_000;
/// Orders come in fives (one, one, one, three and five videos): so many videos.
const BLOCK: i64 = 11;
/// Pages kept in memory while it is filled, in KiB: the indexes are written all over.
const CACHE_KIB: i64 = 256 << 10;

/// How much, and when it is now.
#[derive(Clone, Copy, Debug)]
struct Size {
    users: i64,
    /// Fives of orders that have ended.
    blocks: i64,
    /// Fives of orders that are under way.
    live: i64,
    now: Millis,
}

impl Size {
    fn of(args: &DemoArgs, now: Millis) -> Self {
        let blocks = i64::from(args.jobs) / BLOCK + 1;
        let live = LIVE.min(i64::from(args.jobs)) / BLOCK + 1;
        Self { users: i64::from(args.users), blocks, live, now }
    }
}

/// Makes it, in a folder that has none.
pub(super) fn run(args: &DemoArgs, folder: &Path) -> Result<ExitCode> {
    let begun = Instant::now();
    let size = Size::of(args, Clock::real().now());
    fill(folder, size, |day, jobs| {
        let took = begun.elapsed().as_secs_f64();
        // Who stopped reading still gets the file.
        let _ = screen::print(&format!("day {day} of {DAYS}: {jobs} jobs, {took:.0} s\n"));
    })?;
    let bytes = std::fs::metadata(folder.join(FILE_NAME))?.len();
    screen::print(&format!(
        "{} customers, {} jobs ended and {} under way, {} MB in {}, {:.0} s\n",
        size.users,
        size.blocks * BLOCK,
        size.live * BLOCK,
        bytes >> 20,
        folder.display(),
        begun.elapsed().as_secs_f64()
    ))
}

/// The same without anything under way: for whoever puts work of their own in.
pub(in crate::cli) fn quiet(folder: &Path, users: u32, jobs: u32, now: Millis) -> Result<()> {
    let blocks = i64::from(jobs) / BLOCK + 1;
    fill(folder, Size { users: i64::from(users), blocks, live: 0, now }, |_, _| {})
}

fn fill(folder: &Path, size: Size, mut progress: impl FnMut(i64, i64)) -> Result<()> {
    if folder.join(FILE_NAME).exists() {
        bail!("there is a database in {} already: name a fresh folder", folder.display());
    }
    let _lock = InstanceLock::take(folder)?;
    let db = Db::open(folder, Mode::Demo, size.now - DAYS * DAY)?;
    let options = sandbox::Options::new(Clock::real());
    let keys: Vec<String> =
        (1..=3).map(|n| fingerprint(&SecretString::from(format!("sandbox-kie-key-{n}")))).collect();
    let bot_id: i64 = options.token.split(':').next().unwrap_or_default().parse()?;
    db.write(move |tx| {
        tx.pragma_update(None, "cache_size", -CACHE_KIB)?;
        begin(tx, size, bot_id, &keys)
    })?;
    for day in 0..DAYS {
        db.write(move |tx| history(tx, size, day))?;
        if (day + 1) % 10 == 0 {
            progress(day + 1, (day + 1) * size.blocks / DAYS * BLOCK);
        }
    }
    db.write(move |tx| present(tx, size))?;
    db.write(move |tx| stories(tx, size))
}

fn begin(tx: &Tx<'_>, size: Size, bot_id: i64, keys: &[String]) -> Result<()> {
    tx.execute(
        "UPDATE instance
         SET bot_id = ?1, bot_username = 'neurocards_sandbox_bot', version = ?2, threads = 20,
             threads_busy = 0, started_at = ?3",
        (bot_id, env!("CARGO_PKG_VERSION"), size.now - DAY),
    )?;
    for (key, position) in keys.iter().zip(1_i64..) {
        tx.execute(rows::KEY, named_params! { ":key": key, ":n": position, ":now": size.now })?;
        tx.execute(
            rows::BALANCES,
            named_params! { ":key": key, ":n": position, ":now": size.now },
        )?;
    }
    Ok(())
}

/// One day: who came, what they ordered, and how it ended.
fn history(tx: &Tx<'_>, size: Size, day: i64) -> Result<()> {
    let share = |of: i64| (of * day / DAYS, of * (day + 1) / DAYS);
    let span = DAYS * DAY - 20 * MINUTE;
    let begun = size.now - DAYS * DAY;
    let (from, to) = share(size.users);
    let people = named_params! {
        ":from": from, ":to": to, ":users": size.users, ":begun": begun, ":span": span,
    };
    tx.execute(rows::USERS, people)?;
    let signups: [(&str, &dyn ToSql); 2] = [(":from", &from), (":to", &to)];
    tx.execute(rows::SIGNUPS, &signups)?;
    let (from, to) = share(size.blocks);
    orders(
        tx,
        size,
        &Orders { from: from * 5, to: to * 5, begun, span, of: size.blocks * 5, first: 0 },
    )?;
    let range = named_params! { ":from": from * 5, ":to": to * 5 };
    tx.execute(rows::ENDED_JOBS, range)?;
    tx.execute(rows::HOLDS, range)?;
    tx.execute(rows::SETTLEMENTS, range)?;
    tx.execute(rows::ORDER_ENDS, range)?;
    Ok(())
}

/// What is under way.
fn present(tx: &Tx<'_>, size: Size) -> Result<()> {
    let (from, to) = (size.blocks * 5, (size.blocks + size.live) * 5);
    let (begun, span) = (size.now - 12 * MINUTE, 12 * MINUTE - SECOND);
    orders(tx, size, &Orders { from, to, begun, span, of: to - from, first: from })?;
    let range = named_params! { ":from": from, ":to": to };
    tx.execute(rows::LIVE_JOBS, named_params! { ":from": from, ":to": to, ":now": size.now })?;
    tx.execute(rows::HOLDS, range)?;
    Ok(())
}

/// Orders from number `from` up to `to`, spread over `span`.
struct Orders {
    from: i64,
    to: i64,
    begun: Millis,
    span: Millis,
    /// So many fill the span, beginning with number `first`.
    of: i64,
    first: i64,
}

fn orders(tx: &Tx<'_>, size: Size, new: &Orders) -> Result<()> {
    if new.from >= new.to {
        return Ok(());
    }
    let Orders { from, to, begun, span, of, first } = *new;
    tx.execute(
        rows::ORDERS,
        named_params! {
            ":from": from, ":to": to, ":begun": begun, ":span": span, ":of": of, ":first": first,
            ":users": size.users, ":all": (size.blocks + size.live) * 5,
        },
    )?;
    // Where customers are few, one would order more than the credits of the beginning pay for.
    let few = size.users < (size.blocks + size.live) * 5;
    tx.execute(rows::TOP_UPS, named_params! { ":from": from, ":to": to, ":few": few })?;
    Ok(())
}

/// What is kept of the newest for a while: stories, calls, messages; and what the operator did.
fn stories(tx: &Tx<'_>, size: Size) -> Result<()> {
    let last: i64 = tx.query_row("SELECT MAX(id) FROM jobs", [], |row| row.get(0))?;
    let from = (last - TOLD).max(0);
    for sql in [rows::EVENTS, rows::SUBMITS, rows::MESSAGES] {
        tx.execute(sql, named_params! { ":from": from })?;
    }
    for sql in [rows::INBOX, rows::ALERTS, rows::MODELS] {
        tx.execute(sql, named_params! { ":now": size.now })?;
    }
    tx.execute(rows::AUDIT, [])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::demo::report::broken_promises;

    #[test]
    fn what_it_makes_is_what_an_appliance_could_have_written() {
        let folder = tempfile::tempdir().unwrap();
        let now = Clock::real().now();
        let size = Size { users: 2_000, blocks: 90, live: 20, now };
        fill(folder.path(), size, |_, _| {}).unwrap();
        let db = Db::open_existing(folder.path()).unwrap();
        db.read(|conn| {
            let count = |sql: &str| conn.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
            assert_eq!(count("SELECT COUNT(*) FROM users"), 2_000);
            assert_eq!(count("SELECT COUNT(*) FROM jobs WHERE finished_at IS NOT NULL"), 990);
            let live = "SELECT COUNT(*) FROM jobs WHERE status IN ('queued', 'processing')";
            assert_eq!(count(live), 220);
            let render = "SELECT COUNT(*) FROM jobs WHERE step = 'render' AND finished_at IS NULL
                          AND kie_task_id IS NOT NULL AND due_at > ";
            assert!(count(&format!("{render} {now}")) > 150);
            assert!(count("SELECT COUNT(*) FROM jobs WHERE status = 'failed'") > 10);
            for table in ["events", "submits", "outbox", "inbox", "alerts", "audit", "balances"] {
                assert!(count(&format!("SELECT COUNT(*) FROM {table}")) > 0, "{table}");
            }
            assert_eq!(count("SELECT COUNT(*) FROM pragma_foreign_key_check"), 0);
            let late = "SELECT COUNT(*) FROM jobs JOIN users ON users.id = jobs.user_id
                        WHERE jobs.created_at < users.created_at";
            assert_eq!(count(late), 0);
            let mut broken = broken_promises(conn)?;
            broken.retain(|it| !it.contains("have not ended") && !it.contains("were not sent"));
            assert_eq!(broken, [] as [String; 0]);
            Ok(())
        })
        .unwrap();
        drop(db);
        let again = fill(folder.path(), size, |_, _| {}).unwrap_err();
        assert!(again.to_string().contains("a fresh folder"), "{again}");
    }
}
