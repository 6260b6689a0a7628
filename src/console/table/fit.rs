//! How the columns share the width that there is, and where the rest is read.

use super::{Column, GAP, Row};
use crate::console::look::{Look, Meaning};
use crate::console::page::{span, wrap};
use crate::text::columns;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::Widget as _;

/// A column of times and words that is meant to be no wider gives nothing away.
const SHORT: usize = 16;
/// A list so high has room for what its rows hide, and this much of it.
const HIGH: [(u16, u16); 2] = [(30, 6), (12, 3)];

/// What each column gets: half of its most where room is short, its contents' width where there is
/// enough; 0 for one that is left out.
pub(super) fn widths(columns: &[Column], rows: &[Row], room: usize) -> Vec<usize> {
    let natural = |(at, column): (usize, &Column)| {
        let cells = rows.iter().filter_map(|row| row.cells.get(at));
        let widest = cells.map(|(text, _)| columns::width(text)).max().unwrap_or(0);
        widest.max(columns::width(&column.title)).min(column.most)
    };
    let natural: Vec<usize> = columns.iter().enumerate().map(natural).collect();
    let least = |(column, natural): (&Column, &usize)| match column.right || column.most <= SHORT {
        true => *natural,
        false => (*natural).min(column.most / 2),
    };
    let mut widths: Vec<usize> = columns.iter().zip(&natural).map(least).collect();
    let total = |widths: &[usize]| {
        widths.iter().filter(|width| **width > 0).map(|width| width + GAP).sum::<usize>()
    };
    let mut out: Vec<usize> = (0..columns.len()).filter(|at| columns[*at].spare > 0).collect();
    out.sort_by_key(|at| columns[*at].spare);
    while total(&widths) > room + GAP {
        match out.pop() {
            Some(at) => widths[at] = 0,
            None => break,
        }
    }
    // Nothing runs over the edge, where it would be cut without a sign.
    let over = total(&widths).saturating_sub(room + GAP);
    if let Some(widest) = widths.iter_mut().max() {
        *widest = widest.saturating_sub(over).max(1);
    }
    // What is left goes to those that lack it, the narrowest first.
    for _ in total(&widths)..room + GAP {
        let lacks = (0..widths.len()).filter(|at| (1..natural[*at]).contains(&widths[*at]));
        match lacks.min_by_key(|at| widths[*at]) {
            Some(at) => widths[at] += 1,
            None => break,
        }
    }
    widths
}

/// The lines below a list so high.
pub(super) fn lines_below(height: u16) -> u16 {
    HIGH.iter().find(|(high, _)| height >= *high).map_or(0, |(_, lines)| *lines)
}

/// What a row does not show whole, with the titles of its columns.
pub(super) fn hidden<'a>(
    columns: &'a [Column],
    widths: &[usize],
    row: &'a Row,
) -> Vec<(&'a str, &'a str)> {
    let cells = columns.iter().zip(widths).zip(&row.cells);
    let cut = cells.filter(|((_, width), (text, _))| columns::width(text) > **width);
    cut.map(|((column, _), (text, _))| (column.title.as_str(), text.as_str())).collect()
}

/// "error: Internal Error, Please try again later. · model: kling-3.0/video".
pub(super) fn draw_hidden(hidden: &[(&str, &str)], look: Look, area: Rect, buffer: &mut Buffer) {
    let told: Vec<String> =
        hidden.iter().map(|(title, text)| format!("{title}: {}", text.trim())).collect();
    let width = usize::from(area.width.saturating_sub(2));
    let mut lines = wrap(&told.join(" · "), width);
    let height = usize::from(area.height);
    if lines.len() > height {
        lines.truncate(height);
        if let Some(last) = lines.last_mut() {
            *last = columns::cut(&format!("{last} …"), width);
        }
    }
    for (y, line) in (area.y..area.bottom()).zip(lines) {
        let row = Rect { x: area.x + 2, y, width: area.width.saturating_sub(2), height: 1 };
        Line::from(span(line, Meaning::Dim, look)).render(row, buffer);
    }
}
