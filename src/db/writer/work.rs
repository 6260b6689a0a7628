//! What waits for the writer: a closure with its caller, or a compaction.

use super::super::machine::{NotCommitted, fatal_in};
use super::Tx;
use anyhow::{Result, anyhow};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// A closure with its caller: run in the transaction, answered after the commit.
pub(super) trait Work: Send {
    /// Whether its changes are to be kept.
    fn run(&mut self, tx: &Tx<'_>) -> bool;
    /// The disk failed under it.
    fn fatal(&self) -> Option<String>;
    /// What SQLite said to it.
    fn refusal(&self) -> Option<rusqlite::Error>;
    fn answer(self: Box<Self>, committed: Result<(), &NotCommitted>);
    /// It is done after the commit of its group, in no transaction.
    fn compacts(&self) -> bool {
        false
    }
}

pub(super) struct Compaction {
    pub(super) reply: SyncSender<Result<()>>,
}

impl Work for Compaction {
    fn run(&mut self, _tx: &Tx<'_>) -> bool {
        true
    }

    fn fatal(&self) -> Option<String> {
        None
    }

    fn refusal(&self) -> Option<rusqlite::Error> {
        None
    }

    fn answer(self: Box<Self>, committed: Result<(), &NotCommitted>) {
        // A caller that no longer waits needs no answer.
        let _ = self.reply.send(committed.map_err(|why| why.clone().into()));
    }

    fn compacts(&self) -> bool {
        true
    }
}

struct Request<T, F> {
    work: Option<F>,
    result: Option<Result<T>>,
    reply: SyncSender<Result<T>>,
}

impl<T, F> Work for Request<T, F>
where
    T: Send + 'static,
    F: FnOnce(&Tx<'_>) -> Result<T> + Send + 'static,
{
    fn run(&mut self, tx: &Tx<'_>) -> bool {
        let Some(work) = self.work.take() else { return false };
        let result = catch_unwind(AssertUnwindSafe(|| work(tx)))
            .unwrap_or_else(|_| Err(anyhow!("a panic inside a database transaction")));
        let keep = result.is_ok();
        self.result = Some(result);
        keep
    }

    fn fatal(&self) -> Option<String> {
        self.result.as_ref()?.as_ref().err().and_then(fatal_in)
    }

    fn refusal(&self) -> Option<rusqlite::Error> {
        let error = self.result.as_ref()?.as_ref().err()?;
        error.chain().find_map(|cause| match cause.downcast_ref()? {
            rusqlite::Error::SqliteFailure(said, words) => {
                Some(rusqlite::Error::SqliteFailure(*said, words.clone()))
            }
            _ => None,
        })
    }

    fn answer(self: Box<Self>, committed: Result<(), &NotCommitted>) {
        let result = match (committed, self.result) {
            (_, Some(Err(error))) => Err(error),
            (Ok(()), Some(Ok(value))) => Ok(value),
            (Ok(()), None) => Err(anyhow!("a transaction was not run")),
            (Err(why), _) => Err(why.clone().into()),
        };
        // A caller that no longer waits (its thread ended) needs no answer.
        let _ = self.reply.send(result);
    }
}

/// A caller's closure, and where its answer comes.
pub(super) fn request<T, F>(work: F) -> (Box<dyn Work>, Receiver<Result<T>>)
where
    T: Send + 'static,
    F: FnOnce(&Tx<'_>) -> Result<T> + Send + 'static,
{
    let (reply, answer) = sync_channel(1);
    (Box::new(Request { work: Some(work), result: None, reply }), answer)
}
