//! The one connection that writes, and group commit. Who finds it idle commits on the spot, in its
//! own thread: two wake-ups would cost as much as the fsync. Who finds it busy stands in line, and the
//! writer thread commits all that wait together. Who has time waits for somebody else's commit.

mod line;
mod work;

use super::compact;
use super::machine::{NotCommitted, fatal};
use anyhow::{Context as _, Result, anyhow};
use line::{Batch, Line, Place};
use rusqlite::{Connection, ErrorCode, ffi};
use std::ops::Deref;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, TryLockError};
use std::thread::JoinHandle;
use std::time::Duration;
use work::{Work, request};

/// Closures per commit, beyond which nobody joins: bounds how long the first waits for the last.
const GROUP: usize = 256;

/// A transaction that will be on disk before its caller goes on. Only the writer makes one, so a
/// function that takes it cannot be called anywhere else.
pub struct Tx<'a>(&'a Connection);

impl Deref for Tx<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.0
    }
}

type Ring = Arc<dyn Fn() + Send + Sync>;
type Stop = Arc<dyn Fn(String) + Send + Sync>;

#[derive(Default)]
struct Bells {
    watchers: Mutex<Vec<(Vec<&'static str>, Ring)>>,
    /// Tables of this transaction, each once.
    touched: Mutex<Vec<String>>,
    fatal: OnceLock<Stop>,
    /// Commits that the full disk refused.
    refused: AtomicU64,
    /// No compaction goes on: the program ends.
    hurries: Arc<AtomicBool>,
}

pub(super) struct Writer {
    pen: Arc<Pen>,
    thread: Option<JoinHandle<()>>,
    bells: Arc<Bells>,
}

/// Whoever holds the connection writes.
struct Pen {
    held: Mutex<Held>,
    line: Line,
}

struct Held {
    conn: Connection,
    /// An fsync that failed once may succeed the next time without having written what it was
    /// asked to: nothing is promised any more.
    dead: Option<NotCommitted>,
}

impl Pen {
    fn new(conn: Connection) -> Self {
        Self { held: Mutex::new(Held { conn, dead: None }), line: Line::default() }
    }

    fn free(&self) -> Option<MutexGuard<'_, Held>> {
        match self.held.try_lock() {
            Ok(held) => Some(held),
            Err(TryLockError::Poisoned(held)) => Some(held.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }
}

impl Writer {
    pub(super) fn start(conn: Connection) -> Result<Self> {
        let bells = Arc::new(Bells::default());
        let hook = Arc::clone(&bells);
        conn.update_hook(Some(move |_, _: &str, table: &str, _| {
            let mut touched = lock(&hook.touched);
            if !touched.iter().any(|it| it == table) {
                touched.push(table.to_owned());
            }
        }))
        .context("cannot watch the database")?;
        let pen = Arc::new(Pen::new(conn));
        let (shared, rings) = (Arc::clone(&pen), Arc::clone(&bells));
        let thread = std::thread::Builder::new()
            .name("db-writer".into())
            .spawn(move || {
                // Those who wait hear of it, and the next ones are served.
                while catch_unwind(AssertUnwindSafe(|| run(&shared, &rings))).is_err() {
                    tracing::error!("the database's writer panicked");
                }
            })
            .context("cannot start the writer thread")?;
        Ok(Self { pen, thread: Some(thread), bells })
    }

    pub(super) fn write<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Tx<'_>) -> Result<T> + Send + 'static,
    {
        let (request, answer) = request(work);
        self.serve_or_wait(self.pen.line.pass_or_stand(request, || self.pen.free()));
        answer.take()
    }

    /// As [`Writer::write`], where nobody wrote for `pace`; else with the next commit that somebody
    /// makes, at the end of that time at the latest.
    pub(super) fn write_paced<T, F>(&self, pace: Duration, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Tx<'_>) -> Result<T> + Send + 'static,
    {
        let (request, answer) = request(work);
        self.serve_or_wait(self.pen.line.pass_or_follow(request, pace, || self.pen.free()));
        answer.take()
    }

    fn serve_or_wait(&self, place: Place<'_>) {
        match place {
            Ok((mut held, batch)) => held.serve(batch, &self.pen.line, Others::Wait, &self.bells),
            Err(answered) => *answered.wait(),
        }
    }

    /// As [`Writer::write`], with the next commit that somebody makes, or by itself after `patience`.
    pub(super) fn write_within<T, F>(&self, patience: Duration, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Tx<'_>) -> Result<T> + Send + 'static,
    {
        let (request, answer) = request(work);
        self.pen.line.go_along(request, patience).wait();
        answer.take()
    }

    /// Rewrites the file without its unused space; everybody who writes waits meanwhile.
    pub(super) fn compact(&self) -> Result<()> {
        let (reply, answer) = sync_channel(1);
        self.pen.line.compact(reply);
        answer.recv().map_err(|_| gone())?
    }

    /// No compaction begins any more, and one that is under way is given up, as long as it gathers
    /// what it is to write. While it writes that, nothing ends it.
    pub(super) fn hurry(&self) {
        self.bells.hurries.store(true, Ordering::Relaxed);
    }

    pub(super) fn watch(&self, tables: &[&'static str], ring: Ring) {
        lock(&self.bells.watchers).push((tables.to_vec(), ring));
    }

    pub(super) fn on_fatal(&self, stop: Stop) {
        let _first_one_stays = self.bells.fatal.set(stop);
    }

    /// A reader found out that the disk failed.
    pub(super) fn failed(&self, reason: String) {
        self.bells.stop(reason);
    }

    pub(super) fn refused(&self) -> u64 {
        self.bells.refused.load(Ordering::Relaxed)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.pen.line.close();
        if let Some(thread) = self.thread.take() {
            // The last handle may be dropped by a callback of the writer itself.
            if thread.thread().id() != std::thread::current().id() {
                let _ended = thread.join();
            }
        }
    }
}

fn gone() -> anyhow::Error {
    anyhow!("the database's writer has stopped: nobody knows whether this was written")
}

/// The writer thread: for those who found the pen held, and those whose patience ended.
fn run(pen: &Pen, bells: &Bells) {
    while pen.line.wait() {
        let mut held = lock(&pen.held);
        if let Some(batch) = pen.line.next() {
            held.serve(batch, &pen.line, Others::Join, bells);
        }
        held.compact(pen.line.compactions(), bells);
    }
}

/// What is done with those who come while a commit is under way.
#[derive(Clone, Copy)]
enum Others {
    Join,
    /// Whoever commits in their own thread does not do others' work.
    Wait,
}

impl Held {
    /// One commit, from the first statement to the answers.
    fn serve(&mut self, mut group: Batch, line: &Line, others: Others, bells: &Bells) {
        let all = || std::iter::from_fn(|| line.next_to_join());
        if let Some(dead) = &self.dead {
            all().for_each(|batch| group.join(batch));
            return group.answer(Err(dead));
        }
        if !self.conn.is_autocommit() {
            // Somebody panicked with the pen in hand.
            roll_back(&self.conn);
        }
        bells.forget(0);
        let committed = match (group.requests(), others) {
            ([alone], Others::Wait) => commit_alone(&self.conn, alone.as_mut(), bells),
            (_, Others::Wait) => commit(&self.conn, &mut group, || None, bells),
            (_, Others::Join) => commit(&self.conn, &mut group, || line.next_to_join(), bells),
        };
        if let Err(error) = &committed {
            if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) {
                // Somebody else held the file for all the time that one may wait: who stands behind
                // would wait as long again, each in turn.
                all().for_each(|batch| group.join(batch));
            }
            refused(&self.conn, error, group.requests().len(), bells);
        }
        let told = outcome(&committed);
        let failed = committed.err().as_ref().and_then(fatal);
        let failed = failed.or_else(|| group.requests().iter().find_map(|it| it.fatal()));
        if told.is_ok() {
            bells.ring();
        }
        group.answer(told.as_ref().copied());
        self.heed(failed, bells);
    }

    /// Once for all who asked.
    fn compact(&mut self, asked: Vec<SyncSender<Result<()>>>, bells: &Bells) {
        if asked.is_empty() {
            return;
        }
        let done = match &self.dead {
            Some(dead) => Err(dead.clone()),
            None => {
                let done = compact::rewrite(&self.conn, Arc::clone(&bells.hurries));
                self.heed(done.as_ref().err().and_then(fatal), bells);
                outcome(&done)
            }
        };
        for reply in asked {
            // A caller that no longer waits needs no answer.
            let _ = reply.send(done.clone().map_err(Into::into));
        }
    }

    fn heed(&mut self, failed: Option<String>, bells: &Bells) {
        let Some(reason) = failed else { return };
        self.dead = Some(NotCommitted { why: reason.clone(), code: None });
        bells.stop(reason);
    }
}

impl Bells {
    fn stop(&self, reason: String) {
        if let Some(stop) = self.fatal.get() {
            stop(reason);
        }
    }

    /// How many tables are touched, to go back to with [`Bells::forget`].
    fn mark(&self) -> usize {
        lock(&self.touched).len()
    }

    /// What was touched since the mark was rolled back.
    fn forget(&self, mark: usize) {
        lock(&self.touched).truncate(mark);
    }

    /// Who watches what was touched and committed.
    fn ring(&self) {
        let touched = std::mem::take(&mut *lock(&self.touched));
        let due: Vec<Ring> = lock(&self.watchers)
            .iter()
            .filter(|(tables, _)| tables.iter().any(|it| touched.iter().any(|one| one == it)))
            .map(|(_, ring)| Arc::clone(ring))
            .collect();
        for ring in due {
            ring();
        }
    }
}

/// One transaction on a connection that nobody else has.
pub(super) fn once<T>(conn: &Connection, work: impl FnOnce(&Tx<'_>) -> Result<T>) -> Result<T> {
    let tx = conn.unchecked_transaction()?;
    let done = work(&Tx(&tx))?;
    tx.commit()?;
    Ok(done)
}

fn outcome(done: &rusqlite::Result<()>) -> Result<(), NotCommitted> {
    done.as_ref()
        .copied()
        .map_err(|error| NotCommitted { why: error.to_string(), code: error.sqlite_error_code() })
}

fn refused(conn: &Connection, error: &rusqlite::Error, callers: usize, bells: &Bells) {
    let full = error.sqlite_error_code() == Some(ErrorCode::DiskFull);
    if full {
        bells.refused.fetch_add(1, Ordering::Relaxed);
        tracing::error!(%error, callers, "the disk is full: make room on it, then all goes on");
    } else {
        tracing::error!(%error, callers, "the database could not commit");
    }
    roll_back(conn);
}

fn roll_back(conn: &Connection) {
    if let Err(error) = conn.execute_batch("ROLLBACK") {
        tracing::debug!(%error, "nothing to roll back");
    }
}

fn commit_alone(conn: &Connection, request: &mut dyn Work, bells: &Bells) -> rusqlite::Result<()> {
    conn.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
    let keep = request.run(&Tx(conn));
    still_open(conn, request)?;
    if !keep {
        bells.forget(0);
    }
    conn.prepare_cached(if keep { "COMMIT" } else { "ROLLBACK" })?.execute([])?;
    Ok(())
}

/// Each in a savepoint: what one of them rolls back is nobody else's.
fn commit(
    conn: &Connection,
    group: &mut Batch,
    more: impl Fn() -> Option<Batch>,
    bells: &Bells,
) -> rusqlite::Result<()> {
    conn.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
    let mut done = 0;
    loop {
        for request in &mut group.requests()[done..] {
            in_savepoint(conn, request.as_mut(), bells)?;
            done += 1;
        }
        if done >= GROUP {
            break;
        }
        let Some(batch) = more() else { break };
        group.join(batch);
    }
    conn.prepare_cached("COMMIT")?.execute([])?;
    Ok(())
}

fn in_savepoint(conn: &Connection, request: &mut dyn Work, bells: &Bells) -> rusqlite::Result<()> {
    let mark = bells.mark();
    conn.prepare_cached("SAVEPOINT caller")?.execute([])?;
    let keep = request.run(&Tx(conn));
    still_open(conn, request)?;
    if !keep {
        bells.forget(mark);
        conn.prepare_cached("ROLLBACK TO caller")?.execute([])?;
    }
    conn.prepare_cached("RELEASE caller")?.execute([])?;
    Ok(())
}

/// A full disk, among others, may roll the whole transaction back inside a statement: nobody's
/// changes are left, and all hear the reason that this one heard.
fn still_open(conn: &Connection, request: &dyn Work) -> rusqlite::Result<()> {
    if !conn.is_autocommit() {
        return Ok(());
    }
    let lost = || {
        let code = ffi::Error::new(ffi::SQLITE_ABORT_ROLLBACK);
        rusqlite::Error::SqliteFailure(code, Some("the transaction was rolled back".into()))
    };
    Err(request.refusal().unwrap_or_else(lost))
}

/// A panic while holding one of these locks leaves nothing half done.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
