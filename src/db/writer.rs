//! The one connection that writes, and group commit. Who finds it idle commits on the spot, in its
//! own thread: two wake-ups would cost as much as the fsync. Who finds it busy queues up, and the
//! writer thread commits all that wait together.

mod work;

use super::compact;
use super::machine::{NotCommitted, fatal};
use anyhow::{Context as _, Result, anyhow};
use rusqlite::{Connection, ErrorCode, ffi};
use std::collections::{HashSet, VecDeque};
use std::ops::Deref;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, TryLockError};
use std::thread::JoinHandle;
use std::time::Duration;
use work::{Compaction, Work, request};

/// Callers that may wait at once; the next ones block, which is the queue's limit.
const QUEUE: usize = 1_024;
/// Closures per commit: bounds how long the first of a group waits for the last.
const GROUP: usize = 256;
/// How long what nobody waits for waits for a commit to go along with.
const ALONG: Duration = Duration::from_millis(250);

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
    touched: Mutex<HashSet<String>>,
    fatal: OnceLock<Stop>,
    /// Commits that the full disk refused.
    refused: AtomicU64,
    /// No compaction goes on: the program ends.
    hurries: Arc<AtomicBool>,
}

pub(super) struct Writer {
    pen: Arc<Pen>,
    queue: Option<SyncSender<Box<dyn Work>>>,
    thread: Option<JoinHandle<()>>,
    bells: Arc<Bells>,
}

/// Whoever holds the connection writes.
struct Pen {
    held: Mutex<Held>,
    /// Who wants it and is in the queue, or about to be.
    wanted: AtomicUsize,
    /// What goes along with the next commit.
    along: Mutex<VecDeque<Box<dyn Work>>>,
}

struct Held {
    conn: Connection,
    /// An fsync that failed once may succeed the next time without having written what it was
    /// asked to: nothing is promised any more.
    dead: Option<NotCommitted>,
}

impl Pen {
    fn new(conn: Connection) -> Self {
        let held = Mutex::new(Held { conn, dead: None });
        Self { held, wanted: AtomicUsize::new(0), along: Mutex::default() }
    }

    fn next_along(&self) -> Option<Box<dyn Work>> {
        lock(&self.along).pop_front()
    }

    /// The pen, where nobody has it or waits for it: nobody may overtake the queue again and again.
    fn idle(&self) -> Option<MutexGuard<'_, Held>> {
        if self.wanted.load(Ordering::Relaxed) > 0 {
            return None;
        }
        match self.held.try_lock() {
            Ok(held) => Some(held),
            Err(TryLockError::Poisoned(held)) => Some(held.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }
}

impl Writer {
    pub(super) fn start(conn: Connection) -> Result<Self> {
        let (queue, waiting) = sync_channel(QUEUE);
        let bells = Arc::new(Bells::default());
        let hook = Arc::clone(&bells);
        conn.update_hook(Some(move |_, _: &str, table: &str, _| {
            let mut touched = lock(&hook.touched);
            if !touched.contains(table) {
                touched.insert(table.to_owned());
            }
        }))
        .context("cannot watch the database")?;
        let pen = Arc::new(Pen::new(conn));
        let (shared, rings) = (Arc::clone(&pen), Arc::clone(&bells));
        let thread = std::thread::Builder::new()
            .name("db-writer".into())
            .spawn(move || run(&shared, &waiting, &rings))
            .context("cannot start the writer thread")?;
        Ok(Self { pen, queue: Some(queue), thread: Some(thread), bells })
    }

    pub(super) fn write<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Tx<'_>) -> Result<T> + Send + 'static,
    {
        let (request, answer) = request(work);
        if let Some(mut held) = self.pen.idle() {
            let along = || self.pen.next_along();
            let next: Option<Next<'_>> =
                if lock(&self.pen.along).is_empty() { None } else { Some(&along) };
            held.serve(request, next, &self.bells);
        } else {
            self.wait(request)?;
        }
        answer.recv().map_err(|_| gone())?
    }

    /// As [`Writer::write`], with the next commit that somebody makes, or by itself after [`ALONG`].
    pub(super) fn write_along<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Tx<'_>) -> Result<T> + Send + 'static,
    {
        let (request, answer) = request(work);
        lock(&self.pen.along).push_back(request);
        loop {
            match answer.recv_timeout(ALONG) {
                Ok(done) => return done,
                Err(RecvTimeoutError::Disconnected) => return Err(gone()),
                Err(RecvTimeoutError::Timeout) => {}
            }
            if let Err(error) = self.write(|_| Ok(())) {
                // Whoever went along was told the same.
                return answer.try_recv().unwrap_or(Err(error));
            }
        }
    }

    fn wait(&self, request: Box<dyn Work>) -> Result<()> {
        let queue = self.queue.as_ref().ok_or_else(gone)?;
        self.pen.wanted.fetch_add(1, Ordering::Relaxed);
        queue.send(request).map_err(|_| gone())
    }

    /// Rewrites the file without its unused space; everybody who writes waits meanwhile.
    pub(super) fn compact(&self) -> Result<()> {
        let (reply, answer) = sync_channel(1);
        self.wait(Box::new(Compaction { reply }))?;
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

    /// Somebody else found out that the disk failed.
    pub(super) fn failed(&self, reason: String) {
        if let Some(stop) = self.bells.fatal.get() {
            stop(reason);
        }
    }

    pub(super) fn refused(&self) -> u64 {
        self.bells.refused.load(Ordering::Relaxed)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.queue.take());
        if let Some(thread) = self.thread.take() {
            // The last handle may be dropped by a callback of the writer itself.
            if thread.thread().id() != std::thread::current().id() {
                let _ended = thread.join();
            }
        }
    }
}

/// Who waits next, if anybody does.
type Next<'a> = &'a dyn Fn() -> Option<Box<dyn Work>>;

fn gone() -> anyhow::Error {
    anyhow!("the database's writer has stopped")
}

/// The writer thread: those who found the pen held.
fn run(pen: &Pen, waiting: &Receiver<Box<dyn Work>>, bells: &Bells) {
    let next = || {
        let Ok(next) = waiting.try_recv() else { return pen.next_along() };
        pen.wanted.fetch_sub(1, Ordering::Relaxed);
        Some(next)
    };
    while let Ok(first) = waiting.recv() {
        let mut held = lock(&pen.held);
        pen.wanted.fetch_sub(1, Ordering::Relaxed);
        let mut first = Some(first);
        while let Some(request) = first {
            held.serve(request, Some(&next), bells);
            first = next();
        }
    }
}

impl Held {
    /// One commit, from the first statement to the answers. Others may join the first where there is
    /// a `next`.
    fn serve(&mut self, first: Box<dyn Work>, next: Option<Next<'_>>, bells: &Bells) {
        if let Some(dead) = &self.dead {
            let others = std::iter::from_fn(|| next.and_then(|next| next()));
            std::iter::once(first).chain(others).for_each(|one| one.answer(Err(dead)));
            return;
        }
        let mut group = vec![first];
        lock(&bells.touched).clear();
        let committed = match next {
            None => commit_alone(&self.conn, group[0].as_mut()),
            Some(next) => commit(&self.conn, &mut group, next),
        };
        if let (Err(error), Some(next)) = (&committed, next)
            && error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
        {
            // Somebody else held the file for all the time that one may wait: who stands behind would
            // wait as long again, each in turn.
            group.extend(std::iter::from_fn(next));
        }
        if let Err(error) = &committed {
            refused(&self.conn, error, group.len(), bells);
        }
        let told = outcome(&committed);
        let failed = match &committed {
            Err(error) => fatal(error),
            Ok(()) => None,
        };
        let failed = failed.or_else(|| group.iter().find_map(|request| request.fatal()));
        if told.is_ok() {
            ring(bells);
        }
        let (compactions, others): (Vec<_>, Vec<_>) =
            group.into_iter().partition(|request| request.compacts());
        for request in others {
            request.answer(told.as_ref().copied());
        }
        let failed = failed.or_else(|| compact(&self.conn, compactions, told, &bells.hurries));
        if let Some(reason) = failed {
            self.dead = Some(NotCommitted { why: reason.clone(), code: None });
            if let Some(stop) = bells.fatal.get() {
                stop(reason);
            }
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

/// Once for all who asked. Returns why nothing is promised any more, should the disk fail.
fn compact(
    conn: &Connection,
    asked: Vec<Box<dyn Work>>,
    committed: Result<(), NotCommitted>,
    hurries: &Arc<AtomicBool>,
) -> Option<String> {
    if asked.is_empty() {
        return None;
    }
    let done = match &committed {
        Ok(()) => compact::rewrite(conn, Arc::clone(hurries)),
        Err(_) => Ok(()),
    };
    let told = committed.and_then(|()| outcome(&done));
    for request in asked {
        request.answer(told.as_ref().copied());
    }
    done.err().as_ref().and_then(fatal)
}

fn refused(conn: &Connection, error: &rusqlite::Error, callers: usize, bells: &Bells) {
    let full = error.sqlite_error_code() == Some(ErrorCode::DiskFull);
    if full {
        bells.refused.fetch_add(1, Ordering::Relaxed);
        tracing::error!(%error, callers, "the disk is full: make room on it, then all goes on");
    } else {
        tracing::error!(%error, callers, "the database could not commit");
    }
    if let Err(error) = conn.execute_batch("ROLLBACK") {
        tracing::debug!(%error, "nothing to roll back");
    }
}

fn commit_alone(conn: &Connection, request: &mut dyn Work) -> rusqlite::Result<()> {
    conn.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
    let keep = request.run(&Tx(conn));
    still_open(conn, request)?;
    conn.prepare_cached(if keep { "COMMIT" } else { "ROLLBACK" })?.execute([])?;
    Ok(())
}

/// Each in a savepoint: what one of them rolls back is nobody else's.
fn commit(
    conn: &Connection,
    group: &mut Vec<Box<dyn Work>>,
    next: Next<'_>,
) -> rusqlite::Result<()> {
    conn.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
    let mut done = 0;
    loop {
        while done < group.len() {
            in_savepoint(conn, group[done].as_mut())?;
            done += 1;
        }
        if group.len() == GROUP {
            break;
        }
        let Some(request) = next() else { break };
        group.push(request);
    }
    conn.prepare_cached("COMMIT")?.execute([])?;
    Ok(())
}

fn in_savepoint(conn: &Connection, request: &mut dyn Work) -> rusqlite::Result<()> {
    conn.prepare_cached("SAVEPOINT caller")?.execute([])?;
    let keep = request.run(&Tx(conn));
    still_open(conn, request)?;
    if !keep {
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

fn ring(bells: &Bells) {
    let touched = std::mem::take(&mut *lock(&bells.touched));
    if touched.is_empty() {
        return;
    }
    let due: Vec<Ring> = lock(&bells.watchers)
        .iter()
        .filter(|(tables, _)| tables.iter().any(|table| touched.contains(*table)))
        .map(|(_, ring)| Arc::clone(ring))
        .collect();
    for ring in due {
        ring();
    }
}

/// A panic while holding one of these locks leaves nothing half done.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
