//! The thread behind the screen: it reads pictures and does deeds, so that a key is never slow.

use super::deeds::{Deed, Doer};
use super::picture::{Picture, Reader, Request};
use super::toasts::Toast;
use anyhow::{Context as _, Result};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// A picture is taken anew after this time at the earliest.
const EVERY: Duration = Duration::from_secs(1);
/// Reading takes at most one part in so many of a core, however large the database is.
const SHARE: u32 = 80;
/// But no picture grows older than this because of it.
const OLDEST: Duration = Duration::from_secs(10);

/// What the screen asks of the thread.
pub(super) enum Wish {
    /// This picture, now and then anew.
    Look(Request),
    /// The question before a deed.
    Weigh(Deed),
    Do(Deed),
}

/// What the thread has to say.
pub(super) enum News {
    Picture(Box<Picture>),
    /// Or why it makes no sense.
    Question(Deed, Result<String, String>),
    Done(Toast),
    /// The database could not be read.
    Trouble(String),
}

/// The thread; it ends when its wishes do.
pub(super) struct Back {
    wishes: Option<Sender<Wish>>,
    thread: Option<JoinHandle<()>>,
}

impl Back {
    pub(super) fn start(
        reader: Reader,
        doer: Doer,
        tell: impl Fn(News) -> bool + Send + 'static,
    ) -> Result<Self> {
        let (wishes, wished) = channel();
        let thread = std::thread::Builder::new()
            .name("console-back".into())
            .spawn(move || Worker { reader, doer, tell, request: None }.run(&wished))
            .context("cannot start the console's thread")?;
        Ok(Self { wishes: Some(wishes), thread: Some(thread) })
    }

    pub(super) fn wish(&self, wish: Wish) {
        if let Some(wishes) = &self.wishes {
            // It has ended only when the console ends, too.
            let _ = wishes.send(wish);
        }
    }

    /// Waits for what is being done.
    pub(super) fn stop(mut self) {
        self.wishes = None;
        if let Some(thread) = self.thread.take() {
            let _panicked_or_not = thread.join();
        }
    }
}

struct Worker<F> {
    reader: Reader,
    doer: Doer,
    tell: F,
    request: Option<Request>,
}

impl<F: Fn(News) -> bool> Worker<F> {
    fn run(mut self, wished: &Receiver<Wish>) {
        let mut next = Instant::now();
        loop {
            let wish = wished.recv_timeout(next.saturating_duration_since(Instant::now()));
            let heard = match wish {
                Ok(Wish::Look(request)) => {
                    self.request = Some(request);
                    true
                }
                Ok(Wish::Weigh(deed)) => {
                    let now = self.reader.clock.now();
                    let question = unwound(|| self.doer.question(&deed, now));
                    (self.tell)(News::Question(deed, question))
                }
                Ok(Wish::Do(deed)) => {
                    let now = self.reader.clock.now();
                    let toast = unwound(|| Ok(self.doer.run(&deed, now)));
                    (self.tell)(News::Done(toast.unwrap_or_else(Toast::bad)))
                }
                Err(RecvTimeoutError::Timeout) => true,
                Err(RecvTimeoutError::Disconnected) => return,
            };
            let begun = Instant::now();
            if !heard || !self.look() {
                return;
            }
            next = Instant::now() + (begun.elapsed() * SHARE).clamp(EVERY, OLDEST);
        }
    }

    fn look(&mut self) -> bool {
        let Some(request) = &self.request else { return true };
        match unwound(|| self.reader.read(request)) {
            Ok(picture) => (self.tell)(News::Picture(Box::new(picture))),
            Err(why) => (self.tell)(News::Trouble(why)),
        }
    }
}

/// A defect in one reading or deed is said like any other trouble; the thread lives on, or the
/// screen would show its last picture for ever.
fn unwound<T>(work: impl FnOnce() -> Result<T>) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(done) => done.map_err(|error| format!("{error:#}")),
        Err(_) => Err("a defect of this program: the log has its words".to_owned()),
    }
}
