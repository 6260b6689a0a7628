//! A list with columns, a cursor that stays on its row while the rows move, and marks. What does
//! not fit into its row stands below the list, for the row under the cursor.

mod fit;

use super::look::{Look, Meaning};
use crate::text::columns;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use std::collections::BTreeSet;

/// Between two columns.
const GAP: usize = 2;

/// One column.
#[derive(Clone, Debug)]
pub(super) struct Column {
    pub(super) title: String,
    /// At most so many columns of the terminal.
    pub(super) most: usize,
    pub(super) right: bool,
    /// Those with the greatest number go first where there is no room; 0 stays always.
    pub(super) spare: u8,
}

impl Column {
    pub(super) fn new(title: String, most: usize) -> Self {
        Self { title, most, right: false, spare: 0 }
    }

    pub(super) fn right(self) -> Self {
        Self { right: true, ..self }
    }

    pub(super) fn spare(self, spare: u8) -> Self {
        Self { spare, ..self }
    }
}

/// One row: what it stands for, and its cells.
#[derive(Clone, Debug, Default)]
pub(super) struct Row {
    /// A job's id, a key's fingerprint.
    pub(super) key: String,
    pub(super) cells: Vec<(String, Meaning)>,
    /// What `y` copies; none: the key.
    pub(super) copy: Option<String>,
}

impl Row {
    pub(super) fn new(key: impl ToString) -> Self {
        Self { key: key.to_string(), ..Self::default() }
    }

    pub(super) fn copying(self, text: &str) -> Self {
        Self { copy: Some(text.to_owned()), ..self }
    }

    pub(super) fn cell(self, text: impl Into<String>) -> Self {
        self.meant(text, Meaning::Plain)
    }

    pub(super) fn meant(mut self, text: impl Into<String>, meaning: Meaning) -> Self {
        self.cells.push((text.into(), meaning));
        self
    }

    /// Whether each of the words stands somewhere in it.
    pub(super) fn has(&self, words: &str) -> bool {
        let all: String = self.cells.iter().map(|(text, _)| text.to_lowercase() + " ").collect();
        words.to_lowercase().split_whitespace().all(|word| all.contains(word))
    }
}

/// Where the operator stands in a list.
#[derive(Clone, Debug, Default)]
pub(super) struct List {
    at: usize,
    /// What stands there: the cursor follows it.
    key: Option<String>,
    top: usize,
    page: usize,
    pub(super) marks: BTreeSet<String>,
}

impl List {
    /// The row under the cursor.
    pub(super) fn selected(&self) -> Option<&str> {
        self.key.as_deref()
    }

    /// The marked rows, or the one under the cursor.
    pub(super) fn chosen(&self) -> Vec<String> {
        match self.marks.is_empty() {
            true => self.key.iter().cloned().collect(),
            false => self.marks.iter().cloned().collect(),
        }
    }

    /// New rows came: the cursor stays with its row, or with its place where that is gone.
    pub(super) fn follow(&mut self, rows: &[Row]) {
        let place = self.key.as_ref().and_then(|key| rows.iter().position(|row| row.key == *key));
        self.at = place.unwrap_or(self.at).min(rows.len().saturating_sub(1));
        self.key = rows.get(self.at).map(|row| row.key.clone());
        self.marks.retain(|key| rows.iter().any(|row| row.key == *key));
    }

    /// Moves the cursor by so many rows.
    pub(super) fn step(&mut self, by: isize, rows: &[Row]) {
        let last = rows.len().saturating_sub(1);
        self.at = self.at.saturating_add_signed(by).min(last);
        self.key = rows.get(self.at).map(|row| row.key.clone());
    }

    /// Moves it by a screenful.
    pub(super) fn turn(&mut self, pages: isize, rows: &[Row]) {
        self.step(pages * self.page.max(1) as isize, rows);
    }

    /// Back to the first row, without marks.
    pub(super) fn reset(&mut self) {
        *self = Self { page: self.page, ..Self::default() };
    }

    /// Marks or unmarks the row under the cursor and goes on to the next.
    pub(super) fn mark(&mut self, rows: &[Row]) {
        if let Some(key) = self.key.clone() {
            if !self.marks.remove(&key) {
                self.marks.insert(key);
            }
            self.step(1, rows);
        }
    }

    pub(super) fn draw(
        &mut self,
        columns: &[Column],
        rows: &[Row],
        look: Look,
        area: Rect,
        buffer: &mut Buffer,
    ) {
        let area = area.intersection(*buffer.area());
        if area.is_empty() {
            return;
        }
        let below = fit::lines_below(area.height);
        let list = Rect { height: area.height - below, ..area };
        let widths = self.scroll(columns, rows, list);
        let hides = |row: &Row| !fit::hidden(columns, &widths, row).is_empty();
        if below > 0 && self.shown(rows).iter().any(hides) {
            self.draw_rows(columns, &widths, rows, look, list, buffer);
            if let Some(row) = rows.get(self.at) {
                let rest = Rect { y: list.bottom(), height: below, ..area };
                fit::draw_hidden(&fit::hidden(columns, &widths, row), look, rest, buffer);
            }
        } else {
            let widths = self.scroll(columns, rows, area);
            self.draw_rows(columns, &widths, rows, look, area, buffer);
        }
    }

    /// So that the cursor is in sight; returns the widths of the columns then.
    fn scroll(&mut self, columns: &[Column], rows: &[Row], area: Rect) -> Vec<usize> {
        self.page = usize::from(area.height.saturating_sub(1)).max(1);
        self.top = self.top.min(self.at).max((self.at + 1).saturating_sub(self.page));
        self.top = self.top.min(rows.len().saturating_sub(self.page));
        fit::widths(columns, self.shown(rows), usize::from(area.width).saturating_sub(2))
    }

    fn shown<'a>(&self, rows: &'a [Row]) -> &'a [Row] {
        &rows[self.top.min(rows.len())..(self.top + self.page).min(rows.len())]
    }

    fn draw_rows(
        &self,
        columns: &[Column],
        widths: &[usize],
        rows: &[Row],
        look: Look,
        area: Rect,
        buffer: &mut Buffer,
    ) {
        let mut line = Line { x: area.x, y: area.y, end: area.right(), buffer };
        line.text("  ", look.style(Meaning::Dim));
        for (column, width) in columns.iter().zip(widths) {
            line.cell(&column.title, *width, column.right, look.style(Meaning::Title));
        }
        for (at, row) in self.shown(rows).iter().enumerate() {
            let y = area.y + 1 + at as u16;
            if y >= area.bottom() {
                break;
            }
            let marked = if self.marks.contains(&row.key) { "■ " } else { "  " };
            let mut line = Line { x: area.x, y, end: area.right(), buffer };
            line.text(marked, look.style(Meaning::Key));
            for ((column, width), (text, meaning)) in columns.iter().zip(widths).zip(&row.cells) {
                line.cell(text, *width, column.right, look.style(*meaning));
            }
            if self.top + at == self.at {
                let whole = Rect { x: area.x, y, width: area.width, height: 1 };
                buffer.set_style(whole, look.style(Meaning::Selected));
            }
        }
    }
}

struct Line<'a> {
    x: u16,
    y: u16,
    end: u16,
    buffer: &'a mut Buffer,
}

impl Line<'_> {
    fn text(&mut self, text: &str, style: ratatui::style::Style) {
        let room = usize::from(self.end.saturating_sub(self.x));
        if room > 0 {
            (self.x, _) = self.buffer.set_stringn(self.x, self.y, text, room, style);
        }
    }

    fn cell(&mut self, text: &str, width: usize, right: bool, style: ratatui::style::Style) {
        if width == 0 {
            return;
        }
        let text = columns::cut(text, width);
        let gap = width - columns::width(&text).min(width);
        let start = self.x;
        self.x += if right { gap as u16 } else { 0 };
        self.text(&text, style);
        self.x = start.saturating_add((width + GAP) as u16);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(keys: &[&str]) -> Vec<Row> {
        keys.iter().map(|key| Row::new(key).cell(*key).cell("text of this row")).collect()
    }

    fn columns() -> Vec<Column> {
        vec![Column::new("job".into(), 6).right(), Column::new("product".into(), 20)]
    }

    fn picture(list: &mut List, rows: &[Row], width: u16, height: u16) -> Vec<String> {
        let area = Rect::new(0, 0, width, height);
        let mut buffer = Buffer::empty(area);
        let look = Look { colour: false, unicode: true };
        list.draw(&columns(), rows, look, area, &mut buffer);
        let line = |y| (0..width).map(|x| buffer[(x, y)].symbol()).collect::<String>();
        (0..height).map(|y| line(y).trim_end().to_owned()).collect()
    }

    #[test]
    fn the_cursor_stays_with_its_row_and_marks_with_theirs() {
        let mut list = List::default();
        list.follow(&rows(&["1", "2", "3"]));
        list.step(1, &rows(&["1", "2", "3"]));
        assert_eq!(list.selected(), Some("2"));
        list.mark(&rows(&["1", "2", "3"]));
        assert_eq!((list.selected(), list.chosen()), (Some("3"), vec!["2".to_owned()]));
        list.follow(&rows(&["0", "2", "3", "4"]));
        assert_eq!(list.selected(), Some("3"));
        list.follow(&rows(&["0", "4"]));
        assert_eq!((list.selected(), list.chosen()), (Some("4"), vec!["4".to_owned()]));
        list.follow(&[]);
        assert_eq!((list.selected(), list.chosen()), (None, vec![]));
        list.step(-5, &[]);
        list.turn(1, &[]);
    }

    #[test]
    fn a_long_list_scrolls_under_its_heading() {
        let keys: Vec<String> = (0..50).map(|n| n.to_string()).collect();
        let rows = rows(&keys.iter().map(String::as_str).collect::<Vec<_>>());
        let mut list = List::default();
        list.follow(&rows);
        assert_eq!(
            picture(&mut list, &rows, 40, 4)[1..3],
            ["    0  text of this row", "    1  text of this row"]
        );
        list.step(30, &rows);
        let lines = picture(&mut list, &rows, 40, 4);
        assert_eq!(lines[0], "  job  product");
        assert_eq!(lines[3], "   30  text of this row");
    }

    #[test]
    fn wide_letters_keep_the_columns_and_no_size_is_too_small() {
        let rows = vec![
            Row::new(1).cell("保湿クリーム保湿クリーム").cell("x"),
            Row::new(2).cell("שלום").cell("y"),
        ];
        let columns = [Column::new("name".into(), 8), Column::new("b".into(), 3)];
        let area = Rect::new(0, 0, 20, 3);
        let mut buffer = Buffer::empty(area);
        let mut list = List::default();
        list.draw(&columns, &rows, Look { colour: true, unicode: true }, area, &mut buffer);
        assert_eq!(buffer[(12, 1)].symbol(), "x");
        assert_eq!(buffer[(12, 2)].symbol(), "y");
        for width in 0..30 {
            for height in 0..5 {
                picture(&mut list, &rows, width, height);
            }
        }
    }
}
