//! The cells of one row, and what is to be said of those that could not be taken as they are.

use super::report::Remark;
use super::rows::Cell;
use super::values::{Moment, moment};
use crate::clock::Millis;
use crate::text::columns::clean;

/// What is said of a cell.
const MENDED: &str = "broken UTF-8: what could not be read became �";
const CUT: &str = "a text longer than its limit: cut";
const NO_TIME: &str = "a time that cannot be read: the next best one taken";
const FUTURE: &str = "a time in the future: that of the import taken";

/// One row, being read.
pub(super) struct Cells<'a> {
    cells: &'a [Cell],
    /// Whose or which it is, as its remarks name it.
    pub(super) of: String,
    now: Millis,
    pub(super) remarks: Vec<Remark>,
}

impl<'a> Cells<'a> {
    pub(super) fn of(cells: &'a [Cell], now: Millis) -> Self {
        Self { cells, of: String::new(), now, remarks: Vec::new() }
    }

    /// That of the import.
    pub(super) fn now(&self) -> Millis {
        self.now
    }

    /// As it stands there; `None`: NULL, or there is no such column.
    pub(super) fn raw(&self, at: Option<usize>) -> Option<&'a [u8]> {
        self.cells.get(at?)?.as_deref()
    }

    /// A short word: an id, a number, a status.
    pub(super) fn word(&self, at: Option<usize>) -> Option<String> {
        let word = String::from_utf8_lossy(self.raw(at)?).trim().to_owned();
        (!word.is_empty()).then_some(word)
    }

    /// Words of a person, up to so many characters.
    pub(super) fn text(&mut self, at: Option<usize>, most: usize) -> Option<String> {
        let text = self.whole(at)?;
        if text.chars().count() > most {
            self.say(CUT, "");
            return Some(text.chars().take(most).collect());
        }
        (!text.trim().is_empty()).then_some(text)
    }

    /// Words, however many.
    pub(super) fn whole(&mut self, at: Option<usize>) -> Option<String> {
        let raw = self.raw(at)?;
        let text = String::from_utf8_lossy(raw);
        if std::str::from_utf8(raw).is_err() {
            self.say(MENDED, "");
        }
        Some(text.replace('\0', ""))
    }

    /// A name: on one line.
    pub(super) fn name(&mut self, at: Option<usize>, most: usize) -> Option<String> {
        let name = clean(&self.text(at, most)?).trim().to_owned();
        (!name.is_empty()).then_some(name)
    }

    /// `None`: there is none, or none that can be read.
    pub(super) fn time(&mut self, at: Option<usize>) -> Option<Millis> {
        let text = self.word(at)?;
        match moment(&text, self.now) {
            Moment::At(at) => Some(at),
            Moment::Future => {
                self.say(FUTURE, &text);
                Some(self.now)
            }
            Moment::None => {
                self.say(NO_TIME, &text);
                None
            }
        }
    }

    /// A small number; what is none, or none of these, is 0.
    pub(super) fn small(&self, at: Option<usize>, most: i64) -> i64 {
        self.word(at).and_then(|word| word.parse().ok()).unwrap_or(0).clamp(0, most)
    }

    /// Each thing once in a row.
    pub(super) fn say(&mut self, why: &'static str, what: &str) {
        if self.remarks.iter().any(|said| said.why == why) {
            return;
        }
        let detail = if what.is_empty() { self.of.clone() } else { format!("{}: {what}", self.of) };
        self.remarks.push(Remark { why, detail: clean(&detail) });
    }
}
