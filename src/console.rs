//! The operator's console: what the appliance does, at a glance, and hands to mend it with.
//!
//! One way round: a thread of its own reads a [`picture`] (short, query-only), the [`app`] makes
//! rows and lines of it, [`frame`] draws them, a key becomes an act by the one table in
//! [`keymap`], an act becomes a wish to that thread, or a deed that is asked about first. It works
//! beside a running appliance, or inside one, and knows neither: both meet in the database.

mod ahead;
mod app;
mod back;
mod chat;
mod command;
mod deeds;
mod frame;
mod keymap;
mod leaf;
mod logs;
mod look;
mod page;
mod picture;
mod progress;
mod screens;
mod still;
mod table;
mod terminal;
#[cfg(test)]
mod tests;
mod toasts;
mod view;
mod words;

pub use chat::{Chat, ChatKind, ChatMessage};
pub use look::Look;
pub use progress::{Progress, Snapshot};
pub use still::Still;

use crate::audit::By;
use crate::clock::Clock;
use crate::db::Db;
use crate::operator::head;
use crate::orders::Shop;
use crate::text::Lang;
use ahead::Ahead;
use anyhow::{Context as _, Result, anyhow};
use app::{App, Effect, Setting, Typed};
use back::{Back, News, Wish};
use crossterm::event::{Event, KeyEventKind};
use deeds::Doer;
use jiff::tz::TimeZone;
use picture::{Picture, Reader};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use terminal::Screen;
use view::View;
use words::Words;

/// The name of the console's thread: a panic on it gives the terminal back.
const THREAD: &str = "console";
/// New facts are drawn at most four times a second; what a key does is drawn at once.
const FACTS: Duration = Duration::from_millis(250);
/// Ages grow by the second.
const TICK: Duration = Duration::from_secs(1);
/// How long a stop may wait to be seen.
const NAP: Duration = Duration::from_millis(100);

/// What the console works with; filled by whoever starts it.
pub struct Options {
    /// The appliance's, or one of our own beside it.
    pub db: Db,
    /// Texts, models and limits.
    pub shop: Arc<Shop>,
    /// The process clock.
    pub clock: Clock,
    /// Whose files are looked at.
    pub data_dir: PathBuf,
    /// In which times are shown.
    pub zone: TimeZone,
    /// Of the console, not of the customers.
    pub lang: Lang,
    /// What the terminal can show.
    pub look: Look,
    /// Nothing can be changed.
    pub readonly: bool,
    /// Who sits here.
    pub by: By,
    /// Set by whoever wants it to end.
    pub stop: Arc<AtomicBool>,
    /// A customer's chat, in a demo: the first screen then.
    pub chat: Option<Box<dyn Chat>>,
    /// Leaving the console stops the appliance, so that it is asked about.
    pub owns: bool,
}

/// Shows the console until its user leaves or `stop` is set.
///
/// # Errors
/// Those of the terminal.
pub fn run(options: Options) -> Result<()> {
    let thread = std::thread::Builder::new().name(THREAD.into());
    let running = thread.spawn(move || watch(options)).context("cannot start the console")?;
    running.join().unwrap_or_else(|_| Err(anyhow!("the console panicked: see logs/")))
}

/// What may wait to be heard.
const WAITING: usize = 16;

/// The picture that was read last, until it is drawn.
#[derive(Default)]
struct Newest(Mutex<Option<Box<Picture>>>);

impl Newest {
    fn put(&self, picture: Box<Picture>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(picture);
    }

    fn take(&self) -> Option<Box<Picture>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Where it comes in.
struct Ears {
    hear: Receiver<Heard>,
    newest: Arc<Newest>,
}

/// What the console's thread hears.
enum Heard {
    Typed(Typed),
    Resized,
    News(News),
    /// A picture is in its place.
    Picture,
}

fn watch(options: Options) -> Result<()> {
    let words = Arc::new(Words::new(options.lang, options.zone.clone())?);
    let mut screen = Screen::take()?;
    let (tell, hear) = sync_channel(WAITING);
    let newest = Arc::new(Newest::default());
    let over = Arc::new(AtomicBool::new(false));
    listen(tell.clone(), Arc::clone(&options.stop), Arc::clone(&over))?;
    let back = begin(&options, Arc::clone(&words), tell, Arc::clone(&newest))?;
    let first = if options.chat.is_some() { View::Chat } else { View::Overview };
    let setting = Setting {
        look: options.look,
        readonly: options.readonly,
        owns: options.owns,
        chat: options.chat,
        words,
    };
    let mut app = App::new(setting, first, options.clock.now());
    back.wish(Wish::Look(app.request()));
    let ended =
        turn(&mut app, &mut screen, &Ears { hear, newest }, &back, &options.clock, &options.stop);
    // The listener to the keys ends with us.
    over.store(true, Ordering::SeqCst);
    drop(screen);
    back.stop();
    ended
}

/// Hears, and draws when something is to be seen, until somebody leaves.
fn turn(
    app: &mut App,
    screen: &mut Screen,
    ears: &Ears,
    back: &Back,
    clock: &Clock,
    stop: &AtomicBool,
) -> Result<()> {
    let mut drawn = Instant::now();
    let mut chat = None;
    let mut ahead = Ahead::new();
    let (mut at_once, mut later) = (true, false);
    while !stop.load(Ordering::SeqCst) {
        app.now = clock.now();
        let revision = app.setting.chat.as_ref().map(|chat| chat.revision());
        later |= revision != std::mem::replace(&mut chat, revision);
        let age = drawn.elapsed();
        if at_once || (later && age >= FACTS) || age >= TICK {
            screen.draw(|buffer| frame::draw(app, buffer))?;
            (drawn, at_once, later) = (Instant::now(), false, false);
            ahead.drawn(app.is_coming());
        }
        let nap = if ahead.is_due() { Duration::ZERO } else { NAP };
        let mut next = match ears.hear.recv_timeout(nap) {
            Ok(heard) => Some(heard),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => return Ok(()),
        };
        // What came together is drawn together.
        while let Some(heard) = next {
            match heard {
                Heard::Typed(typed) => ahead.add(typed),
                Heard::Resized => at_once = true,
                Heard::Picture => {
                    if let Some(picture) = ears.newest.take() {
                        // The first picture of a screen is waited for.
                        at_once |= app.is_waiting();
                        later = true;
                        app.hear(News::Picture(picture));
                    }
                }
                Heard::News(news) => {
                    at_once |= matches!(news, News::Question(..) | News::Done(_));
                    later = true;
                    app.hear(news);
                }
            }
            next = ears.hear.try_recv().ok();
        }
        while let Some(typed) = ahead.next() {
            at_once = true;
            for effect in app.take(typed) {
                match effect {
                    Effect::Wish(wish) => back.wish(wish),
                    Effect::Copy(text) => terminal::copy(&text)?,
                    Effect::Leave => return Ok(()),
                }
            }
            ahead.pressed(app.is_coming());
        }
    }
    Ok(())
}

fn begin(
    options: &Options,
    words: Arc<Words>,
    tell: SyncSender<Heard>,
    newest: Arc<Newest>,
) -> Result<Back> {
    let reader = Reader {
        db: options.db.clone(),
        shop: Arc::clone(&options.shop),
        data_dir: options.data_dir.clone(),
        zone: options.zone.clone(),
        clock: options.clock.clone(),
    };
    let doer = Doer {
        db: options.db.clone(),
        shop: Arc::clone(&options.shop),
        by: options.by.clone(),
        words,
        alive_within: head::alive_within(&options.clock),
    };
    Back::start(reader, doer, move |news| match news {
        // A terminal that takes nothing for a while is owed one picture, not all of them.
        News::Picture(picture) => {
            newest.put(picture);
            !matches!(tell.try_send(Heard::Picture), Err(TrySendError::Disconnected(_)))
        }
        news => tell.send(Heard::News(news)).is_ok(),
    })
}

/// Hands on what is pressed, until the stop.
fn listen(tell: SyncSender<Heard>, stop: Arc<AtomicBool>, over: Arc<AtomicBool>) -> Result<()> {
    let thread = std::thread::Builder::new().name("console-keys".into());
    thread
        .spawn(move || {
            while !over.load(Ordering::SeqCst) {
                match crossterm::event::poll(NAP) {
                    Ok(true) => {}
                    Ok(false) => continue,
                    // The terminal went away, and its user with it.
                    Err(_) => return stop.store(true, Ordering::SeqCst),
                }
                let heard = match crossterm::event::read() {
                    Ok(Event::Key(key)) if key.kind != KeyEventKind::Release => {
                        Heard::Typed(Typed::Key(key))
                    }
                    Ok(Event::Resize(..)) => Heard::Resized,
                    Ok(Event::Paste(text)) => Heard::Typed(Typed::Pasted(text)),
                    _ => continue,
                };
                if tell.send(heard).is_err() {
                    return;
                }
            }
        })
        .context("cannot listen to the keyboard")?;
    Ok(())
}
