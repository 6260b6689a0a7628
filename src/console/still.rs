//! One screen without a terminal: for whoever measures what a frame costs.

use super::app::{App, Setting};
use super::back::News;
use super::frame;
use super::look::Look;
use super::picture::Reader;
use super::view::View;
use super::words::Words;
use crate::clock::Clock;
use crate::db::Db;
use crate::orders::Shop;
use crate::text::Lang;
use anyhow::{Context as _, Result};
use jiff::tz::TimeZone;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use std::sync::Arc;

/// The overview as it was when this was made.
pub struct Still {
    app: App,
    buffer: Buffer,
}

impl Still {
    /// Reads the overview for a screen of so many columns and rows.
    ///
    /// # Errors
    /// Those of the database.
    pub fn of(db: &Db, shop: &Arc<Shop>, (width, height): (u16, u16)) -> Result<Self> {
        let words = Arc::new(Words::new(Lang::En, TimeZone::UTC)?);
        let clock = Clock::real();
        let setting = Setting {
            look: Look { colour: true, unicode: true },
            readonly: false,
            owns: false,
            chat: None,
            words,
        };
        let mut app = App::new(setting, View::Overview, clock.now());
        let reader = Reader {
            db: db.clone(),
            shop: Arc::clone(shop),
            data_dir: db.path().parent().context("a database lies in a folder")?.to_owned(),
            zone: TimeZone::UTC,
            clock,
        };
        app.hear(News::Picture(Box::new(reader.read(&app.request())?)));
        Ok(Self { app, buffer: Buffer::empty(Rect::new(0, 0, width, height)) })
    }

    /// Lays it out and draws it anew. Returns how many cells hold something.
    pub fn draw(&mut self) -> usize {
        self.buffer.reset();
        frame::draw(&mut self.app, &mut self.buffer);
        self.buffer.content.iter().filter(|cell| cell.symbol() != " ").count()
    }
}
