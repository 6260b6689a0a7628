//! What waits for the writer: a closure with its caller.

use super::super::machine::{NotCommitted, fatal_in};
use super::{Tx, gone, lock};
use anyhow::{Result, anyhow};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};

/// A closure with its caller: run in the transaction, answered after the commit.
pub(super) trait Work: Send {
    /// Whether its changes are to be kept.
    fn run(&mut self, tx: &Tx<'_>) -> bool;
    /// The disk failed under it.
    fn fatal(&self) -> Option<String>;
    /// What SQLite said to it.
    fn refusal(&self) -> Option<rusqlite::Error>;
    fn answer(self: Box<Self>, committed: Result<(), &NotCommitted>);
}

/// Where a caller finds what came of its closure, once it is answered.
pub(super) struct Answer<T>(Arc<Mutex<Option<Result<T>>>>);

impl<T> Answer<T> {
    pub(super) fn take(self) -> Result<T> {
        lock(&self.0).take().unwrap_or_else(|| Err(gone()))
    }
}

struct Request<T, F> {
    work: Option<F>,
    result: Option<Result<T>>,
    answer: Answer<T>,
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
        *lock(&self.answer.0) = Some(result);
    }
}

/// A caller's closure, and where its answer comes.
pub(super) fn request<T, F>(work: F) -> (Box<dyn Work>, Answer<T>)
where
    T: Send + 'static,
    F: FnOnce(&Tx<'_>) -> Result<T> + Send + 'static,
{
    let slot = Arc::new(Mutex::new(None));
    let answer = Answer(Arc::clone(&slot));
    (Box::new(Request { work: Some(work), result: None, answer }), Answer(slot))
}
