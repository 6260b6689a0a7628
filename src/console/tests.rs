//! The console over one recorded evening of the real program: `tests/data/evening.sql` and `.log`,
//! written by `tests/scenarios/evening.rs`. Nothing here is a mock but the terminal.

mod deeds;
mod frame;
mod hands;
mod phone;
mod screens;
mod sizes;

use super::app::{App, Effect, Setting};
use super::back::{News, Wish};
use super::deeds::Doer;
use super::look::Look;
use super::picture::{Reader, Request};
use super::view::View;
use super::words::Words;
use crate::audit::{By, Way};
use crate::clock::{Clock, HOUR, Millis};
use crate::operator::machine::Machine;
use crate::text::{Lang, columns};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use jiff::tz::TimeZone;
use phone::Phone;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use std::sync::Arc;

const EVENING: &str = include_str!("../../tests/data/evening.sql");
const LOG: &str = include_str!("../../tests/data/evening.log");

const LANGUAGES: [(Lang, &str); 2] = [(Lang::En, "en"), (Lang::Ru, "ru")];
const COLOURS: Look = Look { colour: true, unicode: true };

/// The moment at which the evening was left.
fn moment() -> Millis {
    let head = EVENING.lines().next().unwrap();
    head.rsplit(' ').next().unwrap().trim_end_matches('.').parse().unwrap()
}

/// The evening in a database of its own, with the log beside it.
fn recorded() -> (tempfile::TempDir, crate::db::Db) {
    let (folder, db) = crate::db::tests::fresh();
    let load = |tx: &crate::db::Tx<'_>| {
        tx.execute_batch("DELETE FROM instance")?;
        tx.execute_batch(EVENING)?;
        // The machine's clock has gone on since that evening.
        tx.execute_batch("UPDATE instance SET heartbeat_wall = NULL")?;
        Ok(())
    };
    db.write(load).unwrap();
    std::fs::create_dir(folder.path().join("logs")).unwrap();
    std::fs::write(folder.path().join("logs/neurocards.2026-11-20.log"), LOG).unwrap();
    (folder, db)
}

/// How the console is started.
#[derive(Clone, Copy)]
struct Start {
    lang: Lang,
    look: Look,
    readonly: bool,
    owns: bool,
    chat: bool,
    size: (u16, u16),
}

impl Start {
    fn new(lang: Lang) -> Self {
        let size = (80, 24);
        Self { lang, look: COLOURS, readonly: false, owns: false, chat: false, size }
    }

    fn open(self) -> Desk {
        let (folder, db) = recorded();
        let shop = Arc::new(crate::operator::tests::shop());
        let zone = TimeZone::get("Europe/Moscow").unwrap();
        let words = Arc::new(Words::new(self.lang, zone.clone()).unwrap());
        let now = moment();
        let phone = Phone::with_some_talk(self.lang);
        let setting = Setting {
            look: self.look,
            readonly: self.readonly,
            owns: self.owns,
            chat: self.chat.then(|| Box::new(phone.clone()) as Box<dyn super::Chat>),
            words: Arc::clone(&words),
        };
        let by = By { way: Way::Console, who: "vera".into() };
        let reader = Reader {
            db: db.clone(),
            shop: Arc::clone(&shop),
            data_dir: folder.path().to_owned(),
            zone,
            clock: Clock::real(),
        };
        let mut desk = Desk {
            app: App::new(setting, View::Overview, now),
            reader,
            doer: Doer { db, shop, by, words, alive_within: HOUR },
            phone,
            now,
            size: self.size,
            copied: Vec::new(),
            left: false,
            done: Vec::new(),
            _folder: folder,
        };
        desk.looks();
        desk
    }
}

/// Somebody at the console: what its loop does with the terminal, done by hand.
struct Desk {
    app: App,
    reader: Reader,
    doer: Doer,
    phone: Phone,
    now: Millis,
    size: (u16, u16),
    /// What went to the clipboard.
    copied: Vec<String>,
    /// The console was left.
    left: bool,
    /// Every deed that reached the database.
    done: Vec<String>,
    _folder: tempfile::TempDir,
}

impl Desk {
    fn machine(&self) -> Machine {
        Machine {
            database_bytes: 18 << 20,
            wal_bytes: 4 << 20,
            disk_free_bytes: 37 << 30,
            disk_total_bytes: 160 << 30,
            last_backup_at: Some(self.now - 21 * HOUR),
        }
    }

    /// A new picture of the screen at hand comes, and is drawn.
    fn looks(&mut self) {
        let request = self.app.request();
        self.hears_picture(&request);
        self.draw();
    }

    fn hears_picture(&mut self, request: &Request) {
        let picture = self.reader.read_at(request, Some(self.machine()), self.now).unwrap();
        self.app.hear(News::Picture(Box::new(picture)));
    }

    fn shows(&mut self, view: View) -> &mut Self {
        self.app.stack = vec![view];
        self.looks();
        self
    }

    fn key(&mut self, code: KeyCode, modifiers: KeyModifiers) -> &mut Self {
        let effects = self.app.press(KeyEvent::new(code, modifiers));
        self.work(effects);
        self.draw();
        self
    }

    fn press(&mut self, code: KeyCode) -> &mut Self {
        self.key(code, KeyModifiers::NONE)
    }

    fn types(&mut self, text: &str) -> &mut Self {
        for letter in text.chars() {
            self.press(KeyCode::Char(letter));
        }
        self
    }

    /// Types a line and sends it.
    fn enters(&mut self, text: &str) -> &mut Self {
        self.types(text).press(KeyCode::Enter)
    }

    /// What the console's threads do.
    fn work(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            let news = match effect {
                Effect::Wish(Wish::Look(request)) => return self.hears_picture(&request),
                Effect::Wish(Wish::Weigh(deed)) => {
                    let question = self.doer.question(&deed, self.now);
                    News::Question(deed, question)
                }
                Effect::Wish(Wish::Do(deed)) => {
                    self.done.push(format!("{deed:?}"));
                    News::Done(self.doer.run(&deed, self.now))
                }
                Effect::Copy(text) => return self.copied.push(text),
                Effect::Leave => {
                    self.left = true;
                    return;
                }
            };
            self.app.hear(news);
            let request = self.app.request();
            self.hears_picture(&request);
        }
    }

    fn draw(&mut self) -> Buffer {
        let mut buffer = Buffer::empty(Rect::new(0, 0, self.size.0, self.size.1));
        super::frame::draw(&mut self.app, &mut buffer);
        buffer
    }

    /// The screen as it is read.
    fn text(&mut self) -> String {
        lines(&self.draw())
    }

    #[track_caller]
    fn sees(&mut self, part: &str) -> &mut Self {
        let text = self.text();
        assert!(text.contains(part), "`{part}` is not in\n{text}");
        self
    }

    #[track_caller]
    fn misses(&mut self, part: &str) -> &mut Self {
        let text = self.text();
        assert!(!text.contains(part), "`{part}` is in\n{text}");
        self
    }

    /// The newest thing that was said.
    fn said(&self) -> String {
        self.app.toasts.all().next().map_or_else(String::new, |(_, toast)| toast.text.clone())
    }

    fn number(&self, sql: &str) -> i64 {
        self.reader.db.read(|conn| Ok(conn.query_row(sql, [], |row| row.get(0))?)).unwrap()
    }

    fn words_of(&self, sql: &str) -> String {
        self.reader.db.read(|conn| Ok(conn.query_row(sql, [], |row| row.get(0))?)).unwrap()
    }

    fn sql(&mut self, sql: &str) -> &mut Self {
        let sql = sql.to_owned();
        self.reader.db.write(move |tx| Ok(tx.execute_batch(&sql)?)).unwrap();
        self.looks();
        self
    }

    /// A job that failed for good, one at the provider, one that waits to be tried again.
    fn failed(&self) -> i64 {
        self.number("SELECT MIN(id) FROM jobs WHERE error_class = 'temporary'")
    }

    fn rendering(&self) -> i64 {
        self.number("SELECT MIN(id) FROM jobs WHERE status = 'processing' AND step = 'render'")
    }

    fn waiting(&self) -> i64 {
        self.number("SELECT MIN(id) FROM jobs WHERE status = 'queued' AND attempts > 0")
    }
}

/// The letters of a screen.
fn lines(buffer: &Buffer) -> String {
    let mut text = String::new();
    for y in 0..buffer.area.height {
        let (mut line, mut x) = (String::new(), 0);
        while x < buffer.area.width {
            let symbol = buffer[(x, y)].symbol();
            line.push_str(symbol);
            x += columns::width(symbol).max(1) as u16;
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}
